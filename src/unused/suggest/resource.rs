//! What is written for resources that were seen: their parts that vary from one to the next become wildcards.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::variable;
use crate::catalog::catalog;
use crate::policy::{Match, Resources, Truth, resource_covers};

/// How far resources that were seen stand for others like them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generality {
    /// Not at all: each as it was seen.
    Exact,
    /// Ids, dates and numbers among their parts stand for any where two of them differ in them; of many that differ in their
    /// last part only, that does.
    #[default]
    Templated,
    /// Each stands for all of its type in its region and account, an object for all of its bucket.
    Wide,
}

/// More resources than this that differ in their last part only are written as one.
const SIBLINGS_MAX: usize = 4;

/// Whether a statement covers all that a written resource stands for.
pub(super) fn is_within(resources: &Resources, written: &str) -> bool {
    match resources.matching {
        Match::Listed => resources.patterns.iter().any(|pattern| covers(pattern, written)),
        Match::NotListed => is_outside(&resources.patterns, written),
    }
}

/// Whether nothing that a written resource stands for is among these.
pub(super) fn is_outside(patterns: &[String], written: &str) -> bool {
    // Somebody's own may be any.
    let written = variable::widest(written);
    patterns.iter().all(|pattern| !pattern.contains("${") && resource_covers(pattern, &written) == Truth::No)
}

/// Whether a pattern stands for all that another one stands for, whatever variables stand for.
pub(in super::super) fn covers(pattern: &str, written: &str) -> bool {
    let covers = || resource_covers(&variable::opaque(pattern), &variable::opaque(written)) == Truth::Yes;
    pattern == written || pattern == "*" || written != "*" && covers()
}

/// What is written for the resources that requests for an action named, as policies write them, as far as `fits` says that
/// today's policies allow it.
/// Parts of them that are made anew for each thing become wildcards where two of them differ in such a part: one resource alone
/// stands for itself, unless all of its type are wanted.
pub(super) fn written(
    arns: &BTreeSet<String>,
    action: &str,
    generality: Generality,
    fits: &dyn Fn(&str) -> bool,
) -> BTreeSet<String> {
    // Roles are named one by one: each is a way to further permissions.
    let is_of_role = matches!(action, "iam:PassRole" | "sts:AssumeRole");
    let is_general = generality >= Generality::Templated && !is_of_role;
    let is_wide = generality == Generality::Wide && !is_of_role;
    let mut left: BTreeSet<&str> = arns.iter().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    let mut write = |left: &mut BTreeSet<&str>, form: String, arns: &[&str]| {
        if fits(&form) {
            left.retain(|arn| !arns.contains(arn));
            found.insert(form);
        }
    };
    if is_wide {
        for arn in left.clone() {
            if let Some(form) = of_type(arn, action) {
                write(&mut left, form, &[arn]);
            }
        }
    }
    // Where today's policies are narrower, fewer parts vary.
    let most = left.iter().map(|arn| parts(arn).1.iter().filter(|part| part.is_variable).count()).max();
    for kept in 0..most.unwrap_or_default() {
        let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for arn in left.iter().filter(|_| is_general) {
            alike.entry(templated(arn, kept)).or_default().push(arn);
        }
        for (form, arns) in alike {
            if is_wide && form.contains('*') {
                write(&mut left, form, &arns);
            } else if arns.len() > 1 {
                write(&mut left, common(&arns), &arns);
            }
        }
    }
    found.extend(left.into_iter().map(str::to_owned));
    found
}

/// An ARN that stands for itself: what a policy would take for wildcards and variables is escaped
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars>).
pub(super) fn exact(arn: &str) -> String {
    arn.char_indices().map(|(at, letter)| escaped(arn, at, letter)).collect()
}

/// A letter of an ARN, by its place, as a policy writes it.
pub(in super::super) fn escaped(arn: &str, at: usize, letter: char) -> String {
    let is_last = || arn.get(at + 1..) == Some("");
    let is_behind = || arn.get(..at).is_some_and(|head| head.ends_with(['/', ':']));
    match letter {
        // What is made has no id yet: AWS itself asks for `instance/*`, and policies name it so.
        '*' if is_last() && is_behind() => "*".to_owned(),
        '*' | '?' | '$' => format!("${{{letter}}}"),
        // IAM takes no other letters: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
        letter if !('\u{20}'..='\u{ff}').contains(&letter) => "?".to_owned(),
        letter => letter.to_string(),
    }
}

/// All resources of the type, in the same region and account.
fn of_type(arn: &str, action: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, _, region, account, resource] = parts.as_slice() else { return None };
    let types = catalog().action(action)?.resources;
    let kind = types.iter().map(|own| own.kind).find(|kind| kind.arn.matches(arn))?;
    // A bucket is no resource among others of its kind, and all objects of all buckets are too many.
    if action.starts_with("s3:") {
        let (bucket, _) = resource.split_once('/')?;
        return Some(format!("arn:{partition}:s3:::{bucket}/*"));
    }
    kind.arn.fill(|name| {
        Some(match name {
            "Partition" => Cow::Borrowed(*partition),
            "Region" => Cow::Borrowed(*region),
            "Account" => Cow::Borrowed(*account),
            _ => Cow::Borrowed("*"),
        })
    })
}

/// A part of a resource between slashes and colons that are not inside of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part<'a> {
    text: &'a str,
    /// What stands behind it.
    end: &'a str,
    /// Whether it is made anew for each thing.
    is_variable: bool,
    /// Whether it goes on with the date that the part before it is of: `2026/07/22` is one.
    goes_on: bool,
}

/// An ARN up to its resource, and the parts of that. The first part is a type or a bucket, and stands for itself.
fn parts(arn: &str) -> (&str, Vec<Part<'_>>) {
    let Some(at) = arn.match_indices(':').nth(4).map(|(at, _)| at) else { return (arn, Vec::new()) };
    let (head, resource) = arn.split_at_checked(at + 1).unwrap_or((arn, ""));
    let mut parts: Vec<Part<'_>> = Vec::new();
    // Two slashes in a row have an empty part between them; behind one at the end there is none.
    for (text, end) in variable::split(resource, &['/', ':']) {
        if text.is_empty() && end.is_empty() {
            continue;
        }
        let is_variable = !parts.is_empty() && (is_variable(text) || text == "*");
        let goes_on = is_variable
            && is_of_date(text)
            && parts.last().is_some_and(|last| last.is_variable && is_of_date(last.text));
        parts.push(Part { text, end, is_variable, goes_on });
    }
    (head, parts)
}

/// A year, a month, a day or an hour.
fn is_of_date(text: &str) -> bool {
    let number = text.split_once('=').map_or(text, |(_, number)| number);
    (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// With `*` for the parts that are ids, dates or numbers, but for the first so many of them.
fn templated(arn: &str, kept: usize) -> String {
    let (head, parts) = parts(arn);
    let mut variables = 0;
    let varies = parts.iter().map(|part| {
        let varies = part.is_variable && variables >= kept;
        variables += usize::from(part.is_variable);
        varies
    });
    let varies: Vec<bool> = varies.collect();
    with_stars(head, &parts, &varies)
}

/// What resources of one template have in common: `*` stands where two of them differ, for a date as a whole.
fn common(arns: &[&str]) -> String {
    let all: Vec<(&str, Vec<Part<'_>>)> = arns.iter().map(|arn| parts(arn)).collect();
    let Some((head, first)) = all.first() else { return String::new() };
    let differs = |at: usize| {
        let text = |(_, parts): &(&str, Vec<Part<'_>>)| parts.get(at).map(|part| part.text.to_owned());
        all.iter().any(|other| text(other) != first.get(at).map(|part| part.text.to_owned()))
    };
    let mut varies: Vec<bool> =
        first.iter().enumerate().map(|(at, part)| part.is_variable && differs(at)).collect();
    let mut begin = 0;
    for at in 1..=first.len() {
        if first.get(at).is_some_and(|part| part.goes_on) {
            continue;
        }
        if let Some(own) = varies.get_mut(begin..at)
            && own.contains(&true)
        {
            own.fill(true);
        }
        begin = at;
    }
    with_stars(head, first, &varies)
}

fn with_stars(head: &str, parts: &[Part<'_>], varies: &[bool]) -> String {
    let mut written = head.to_owned();
    for (part, varies) in parts.iter().zip(varies) {
        written.push_str(if *varies { "*" } else { part.text });
        written.push_str(part.end);
    }
    written
}

/// Whether a part is made anew for each thing: an id, a date, a number.
fn is_variable(part: &str) -> bool {
    let bare = part.split_once('.').map_or(part, |(bare, _)| bare);
    let hex = |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let only_digits = bare.bytes().all(|byte| byte.is_ascii_digit() || b"-_T:Z".contains(&byte));
    let is_uuid = bare.len() == 36
        && bare.split('-').count() == 5
        && bare.replace('-', "").bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = bare.rsplit_once('-').is_some_and(|(kind, id)| {
        hex(id) && has_digit(id) && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    is_uuid || is_id || hex(bare) && has_digit(bare) && bare.len() >= 12 || only_digits && digits >= 1
}

/// Without those that others stand for; many that differ in their last part only are one.
pub(super) fn simplified(all: &BTreeSet<String>, may_join: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let mut siblings: BTreeMap<&str, usize> = BTreeMap::new();
    for text in all {
        if let Some((parent, _)) = parent_of(text) {
            *siblings.entry(parent).or_default() += 1;
        }
    }
    let together = |text: &String| match parent_of(text) {
        Some((parent, _)) if siblings.get(parent).is_some_and(|count| *count > SIBLINGS_MAX) => {
            let joined = format!("{parent}/*");
            if may_join(&joined) { joined } else { text.clone() }
        }
        _ => text.clone(),
    };
    let joined: BTreeSet<String> = all.iter().map(together).collect();
    let covering = Covering::of(&joined);
    joined.iter().filter(|text| !covering.covers_beside(text)).cloned().collect()
}

/// Resources, by what they begin with: a pattern can stand only for what begins as it does.
pub(super) struct Covering<'a> {
    all: &'a BTreeSet<String>,
    patterns: HashMap<&'a str, Vec<&'a str>>,
    /// The lengths of those beginnings.
    lengths: BTreeSet<usize>,
}

impl<'a> Covering<'a> {
    pub(super) fn of(all: &'a BTreeSet<String>) -> Self {
        let mut patterns: HashMap<&str, Vec<&str>> = HashMap::new();
        for pattern in all.iter().filter(|text| text.contains(['*', '?'])) {
            let beginning = pattern.split(['*', '?']).next().unwrap_or_default();
            patterns.entry(beginning).or_default().push(pattern);
        }
        let lengths = patterns.keys().map(|beginning| beginning.len()).collect();
        Self { all, patterns, lengths }
    }

    /// Whether one of them stands for all that a written resource stands for.
    pub(super) fn covers(&self, written: &str) -> bool {
        self.all.contains(written) || self.covers_beside(written)
    }

    /// The same of another one than itself.
    fn covers_beside(&self, written: &str) -> bool {
        let beginnings = self.lengths.iter().filter_map(|length| written.get(..*length));
        let mut fitting = beginnings.filter_map(|beginning| self.patterns.get(beginning)).flatten();
        // Of two that stand for the same the first one stays.
        let is_first = |pattern: &str| pattern < written || !covers(written, pattern);
        fitting.any(|pattern| *pattern != written && covers(pattern, written) && is_first(pattern))
    }
}

/// What stands before the last slash, of objects only: their keys are many.
fn parent_of(text: &str) -> Option<(&str, &str)> {
    let is_object = text.starts_with("arn:") && text.contains(":s3:::");
    let last = variable::split(text, &['/']).last().map_or(0, |(name, _)| name.len());
    let (parent, name) = text.split_at_checked(text.len().saturating_sub(last))?;
    let split = parent.strip_suffix('/').map(|parent| (parent, name));
    split.filter(|(parent, name)| is_object && !parent.is_empty() && *name != "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_dates_and_numbers_vary_and_names_do_not() {
        for (arn, expected) in [
            ("arn:aws:s3:::example-logs/2026/07/22/app.gz", "arn:aws:s3:::example-logs/*/*/*/app.gz"),
            ("arn:aws:s3:::example-logs/daily/2026-06-01.tar", "arn:aws:s3:::example-logs/daily/*"),
            (
                "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
                "arn:aws:ec2:eu-west-1:111122223333:instance/*",
            ),
            (
                "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "arn:aws:kms:eu-west-1:111122223333:key/*",
            ),
            (
                "arn:aws:lambda:eu-west-1:111122223333:function:shop-orders",
                "arn:aws:lambda:eu-west-1:111122223333:function:shop-orders",
            ),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/carts",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/carts",
            ),
            ("arn:aws:s3:::20260722-example", "arn:aws:s3:::20260722-example"),
        ] {
            assert_eq!(templated(arn, 0), expected);
        }
        assert_eq!(
            templated("arn:aws:s3:::example-logs/2026/07/22/app.gz", 1),
            "arn:aws:s3:::example-logs/2026/*/*/app.gz"
        );
    }

    #[test]
    fn an_exact_resource_stands_for_itself_alone() {
        assert_eq!(exact("arn:aws:s3:::example/a*b?${c}"), "arn:aws:s3:::example/a${*}b${?}${$}{c}");
        let made = "arn:aws:ec2:eu-west-1:111122223333:instance/*";
        assert_eq!((exact(made), templated(made, 0)), (made.to_owned(), made.to_owned()));
    }

    #[test]
    fn what_others_stand_for_is_left_out_and_many_siblings_are_one() {
        let of = |all: &[&str]| simplified(&all.iter().map(|text| (*text).to_owned()).collect(), &|_| true);
        assert_eq!(of(&["arn:aws:s3:::b/x/*", "arn:aws:s3:::b/x/1"]).len(), 1);
        let many: Vec<String> =
            ["a", "b", "c", "d", "e"].iter().map(|key| format!("arn:aws:s3:::b/x/{key}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many).into_iter().collect::<Vec<_>>(), ["arn:aws:s3:::b/x/*"]);
        assert_eq!(of(&many[..SIBLINGS_MAX]).len(), SIBLINGS_MAX);
    }

    fn of(arns: &[&str], generality: Generality, within: &str) -> Vec<String> {
        let arns: BTreeSet<String> = arns.iter().map(|arn| (*arn).to_owned()).collect();
        let fits = |text: &str| covers(within, text);
        written(&arns, "s3:GetObject", generality, &fits).into_iter().collect()
    }

    #[test]
    fn one_resource_stands_for_itself_and_two_for_what_they_differ_in() {
        let logs = |path: &str| format!("arn:aws:s3:::example-logs/{path}");
        let (one, next) = (logs("2026/07/22/app.gz"), logs("2026/07/23/app.gz"));
        let all = "arn:aws:s3:::*";
        assert_eq!(of(&[&one], Generality::Templated, all), std::slice::from_ref(&one));
        // A date is one thing: its year and month do not stay when its day goes on.
        assert_eq!(of(&[&one, &next], Generality::Templated, all), [logs("*/*/*/app.gz")]);
        assert_eq!(of(&[&one, &next], Generality::Exact, all), [one.clone(), next.clone()]);
        // What is no date varies by itself: of the tenant there is one only.
        let (tenant, key) = ("0123456789ab", "1234abcd-12ab-34cd-56ef-1234567890ab");
        let files = [logs(&format!("{tenant}/files/1")), logs(&format!("{tenant}/files/2"))];
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(of(&files, Generality::Templated, all), [logs(&format!("{tenant}/files/*"))]);
        let other = logs(&format!("{key}/x"));
        assert_eq!(of(&[files[0], &other], Generality::Templated, all), [files[0].to_owned(), other.clone()]);
        // Only as far as today's policies reach.
        let july = logs("2026/07/*");
        assert_eq!(of(&[&one, &next], Generality::Templated, &july), [one.clone(), next.clone()]);
        assert_eq!(of(&[&one], Generality::Wide, all), ["arn:aws:s3:::example-logs/*"]);
        assert_eq!(of(&[&one], Generality::Wide, &logs("*/app.gz")), [logs("*/*/*/app.gz")]);
    }

    #[test]
    fn a_wide_resource_is_all_of_its_type_and_of_an_object_its_bucket() {
        let wide = |arn: &str, action| {
            let one = BTreeSet::from([arn.to_owned()]);
            written(&one, action, Generality::Wide, &|_| true).pop_first().unwrap()
        };
        assert_eq!(
            wide("arn:aws:lambda:eu-west-1:111122223333:function:shop", "lambda:InvokeFunction"),
            "arn:aws:lambda:eu-west-1:111122223333:function:*"
        );
        assert_eq!(wide("arn:aws:s3:::example/a/b", "s3:GetObject"), "arn:aws:s3:::example/*");
        assert_eq!(wide("arn:aws:s3:::example", "s3:ListBucket"), "arn:aws:s3:::example");
    }
}
