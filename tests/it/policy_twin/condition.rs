//! The condition operators
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use std::net::IpAddr;

use backtrail::policy::{Context, Standing};
use serde_json::Value;

use super::pattern::{Reading, Token, arn_fits, fits, parts, text_fits, tokens};
use super::rule::{Rule, Rules};

/// An operator as a policy writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operator {
    /// In lower case, without its negation: `stringequals` for `StringNotEquals`.
    pub(crate) base: String,
    pub(crate) negated: bool,
    pub(crate) if_exists: bool,
    /// `forallvalues` or `foranyvalue`.
    pub(crate) quantifier: Option<String>,
}

/// The operators without their negations, and those that have one.
const BASES: [(&str, Option<&str>); 19] = [
    ("stringequals", Some("stringnotequals")),
    ("stringequalsignorecase", Some("stringnotequalsignorecase")),
    ("stringlike", Some("stringnotlike")),
    ("numericequals", Some("numericnotequals")),
    ("numericlessthan", None),
    ("numericlessthanequals", None),
    ("numericgreaterthan", None),
    ("numericgreaterthanequals", None),
    ("dateequals", Some("datenotequals")),
    ("datelessthan", None),
    ("datelessthanequals", None),
    ("dategreaterthan", None),
    ("dategreaterthanequals", None),
    ("bool", None),
    ("binaryequals", None),
    ("ipaddress", Some("notipaddress")),
    ("arnequals", Some("arnnotequals")),
    ("arnlike", Some("arnnotlike")),
    ("null", None),
];

/// Reads an operator; None if AWS has none of this name.
pub(crate) fn operator(text: &str, rules: Rules) -> Option<Operator> {
    let is_mixed = text.contains(char::is_uppercase);
    if !is_mixed && !rules.on(Rule::OperatorsIgnoreCase) {
        return None;
    }
    let text = text.to_lowercase();
    let (quantifier, name) = match text.split_once(':') {
        None => (None, text.as_str()),
        Some((word @ ("forallvalues" | "foranyvalue"), name)) => (Some(word.to_owned()), name),
        Some(_) => return None,
    };
    let (name, if_exists) = name.strip_suffix("ifexists").map_or((name, false), |name| (name, true));
    let (base, negation) = BASES.iter().find(|(base, negation)| *base == name || *negation == Some(name))?;
    if *base == "null" && (if_exists || quantifier.is_some()) {
        return None;
    }
    Some(Operator { base: (*base).to_owned(), negated: *negation == Some(name), if_exists, quantifier })
}

impl Operator {
    /// Whether variables in its values are replaced.
    pub(crate) fn takes_variables(&self) -> bool {
        self.base.starts_with("string") || self.base.starts_with("arn") || self.base == "bool"
    }
}

impl Operator {
    /// Whether a value of a policy can be compared at all.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let base = self.base.as_str();
        match base {
            "bool" | "null" => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
            "binaryequals" => base64(text).is_some(),
            "ipaddress" => address_fits(text, text.split('/').next().unwrap_or(text), Rules::default()),
            _ if base.starts_with("numeric") => number(text).is_some(),
            _ if base.starts_with("date") => instant(text, Rules::default()).is_some(),
            _ => true,
        }
    }
}

/// A value of a policy as text.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One item, or a list of them.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// Where a condition stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) context: &'a Context,
    pub(crate) rules: Rules,
    /// Whether the document's version replaces variables.
    pub(crate) variables: bool,
    /// Whether a negated ARN operator fits a value that is no ARN; None if that is not known.
    pub(crate) odd_arns: Option<bool>,
}

/// Whether a whole `Condition` element holds; `open` is whether what is not known is as it must be to hold.
pub(crate) fn all_hold(condition: &Value, place: Place<'_>, open: bool) -> bool {
    let holds = |name: &str, keys: &Value| -> Vec<bool> {
        let Some(operator) = operator(name, place.rules) else { return vec![false] };
        let keys = keys.as_object().into_iter().flatten();
        keys.map(|(key, values)| holds(&operator, key, &list(values), place, open)).collect()
    };
    let mut each = condition.as_object().into_iter().flatten().flat_map(|(name, keys)| holds(name, keys));
    if place.rules.on(Rule::ConditionsAreAnded) {
        each.all(|holds| holds)
    } else {
        let each: Vec<bool> = each.collect();
        each.is_empty() || each.contains(&true)
    }
}

/// Whether the condition on one key holds.
fn holds(operator: &Operator, key: &str, wanted: &[&Value], place: Place<'_>, open: bool) -> bool {
    let rules = place.rules;
    let standing = place.context.standing(key);
    if standing == Standing::Unknown {
        let open = open && rules.on(Rule::UnknownKeysAreOpen);
        return holds_anyway(operator, wanted, place).unwrap_or(open);
    }
    let values = match standing {
        Standing::Values(values) => values,
        _ => Vec::new(),
    };
    let nothing = values.iter().all(String::is_empty);
    if operator.base == "null" {
        let nothing = if rules.on(Rule::NullLooksAtEmptiness) { nothing } else { values.is_empty() };
        return wanted
            .iter()
            .any(|wanted| text_of(wanted).eq_ignore_ascii_case(if nothing { "true" } else { "false" }));
    }
    if values.is_empty() {
        if operator.if_exists && rules.on(Rule::IfExistsHoldsOnAbsent) {
            return true;
        }
        return match operator.quantifier.as_deref() {
            Some("forallvalues") => rules.on(Rule::ForAllValuesHoldsOnAbsent),
            Some(_) => !rules.on(Rule::ForAnyValueFailsOnAbsent),
            None if operator.negated => rules.on(Rule::NegatedHoldsOnAbsent),
            None => !rules.on(Rule::PositiveFailsOnAbsent),
        };
    }
    let one = |value: &String| -> bool {
        let negated = operator.negated;
        let is_arn = value.matches(':').count() >= 5;
        let is_odd = operator.base.starts_with("arn") && !is_arn && !wanted.iter().any(|it| *it == "*");
        if negated && is_odd && rules.on(Rule::NegatedArnsOfNoArnAreOpen) {
            return place.odd_arns.unwrap_or(open);
        }
        let mut each = wanted.iter().map(|wanted| {
            value_fits(operator, &text_of(wanted), value, place, if negated { !open } else { open })
        });
        let any = if !negated && !rules.on(Rule::ValuesAreOred)
            || negated && !rules.on(Rule::NegatedValuesAreNored)
        {
            each.all(|fits| fits)
        } else {
            each.any(|fits| fits)
        };
        any != negated
    };
    match operator.quantifier.as_deref() {
        Some("forallvalues") if nothing && rules.on(Rule::ForAllValuesHoldsOnEmpty) => true,
        Some("forallvalues") if rules.on(Rule::ForAllValuesWantsAll) => values.iter().all(one),
        Some("foranyvalue") if nothing && rules.on(Rule::ForAnyValueFailsOnEmpty) => false,
        _ if rules.on(Rule::ForAnyValueWantsOne) => values.iter().any(one),
        _ => values.iter().all(one),
    }
}

/// Whether a condition on a key that is not known holds, where that makes no difference: all that it is held against has a variable
/// without a value, which is like nothing. Whether a negated ARN operator fits a value that is no ARN is a matter of its own.
fn holds_anyway(operator: &Operator, wanted: &[&Value], place: Place<'_>) -> Option<bool> {
    let is_arn = operator.base.starts_with("arn");
    let is_nothing = |wanted: &&Value| {
        let variables = place.variables && operator.takes_variables();
        let reading = Reading { context: place.context, rules: place.rules, variables, wildcards: true };
        tokens(&text_of(wanted), reading).is_none()
    };
    let can_be = is_arn || operator.base.starts_with("string");
    if !can_be || wanted.is_empty() || !wanted.iter().all(is_nothing) {
        return None;
    }
    let is_for_all = operator.quantifier.as_deref() == Some("forallvalues");
    if operator.negated {
        (operator.quantifier.is_none() && !is_arn).then_some(true)
    } else {
        (!operator.if_exists && !is_for_all).then_some(false)
    }
}

/// Whether one value of the request fits one value of the policy, negation aside.
fn value_fits(operator: &Operator, wanted: &str, value: &str, place: Place<'_>, open: bool) -> bool {
    let rules = place.rules;
    let pattern = |wildcards: bool| -> Option<Vec<Token>> {
        let variables = place.variables && operator.takes_variables();
        tokens(wanted, Reading { context: place.context, rules, variables, wildcards })
    };
    match operator.base.as_str() {
        "stringequals" => {
            pattern(!rules.on(Rule::EqualsHasNoWildcards)).is_some_and(|it| text_fits(&it, value, open))
        }
        "stringequalsignorecase" if rules.on(Rule::IgnoreCaseIgnoresCase) => {
            let folded = |token: Token| match token {
                Token::Char(char) => Token::Char(char.to_ascii_lowercase()),
                other => other,
            };
            let pattern = pattern(false).map(|it| it.into_iter().map(folded).collect::<Vec<_>>());
            pattern.is_some_and(|it| text_fits(&it, &value.to_ascii_lowercase(), open))
        }
        "stringequalsignorecase" => pattern(false).is_some_and(|it| text_fits(&it, value, open)),
        "stringlike" => {
            pattern(rules.on(Rule::LikeHasWildcards)).is_some_and(|it| text_fits(&it, value, open))
        }
        "arnequals" | "arnlike" => pattern(true).is_some_and(|it| {
            let text: Vec<char> = value.chars().collect();
            if it == [Token::Many] && rules.on(Rule::ArnStarFitsAll) || !rules.on(Rule::ArnPartsAreApart) {
                return text_fits(&it, value, open);
            }
            if !place.variables || !wanted.contains("${") || !rules.on(Rule::ArnPartsHoldVariables) {
                return arn_fits(&it, &text, open);
            }
            // What a variable stands for stays in the part where the variable stands. Of a text of fewer parts nobody
            // can say which part that is; it is compared as a whole.
            let reading = Reading { context: place.context, rules, variables: true, wildcards: true };
            let pattern: Option<Vec<Vec<Token>>> =
                written_parts(wanted).iter().map(|part| tokens(part, reading)).collect();
            let pattern = pattern.unwrap_or_default();
            let parts = parts(&text, ':');
            if pattern.len() < 6 {
                return parts.len() == 6
                    && rules.on(Rule::ShortArnsWithVariablesAreWhole)
                    && text_fits(&it, value, open);
            }
            parts.len() == 6 && pattern.iter().zip(&parts).all(|(pattern, part)| fits(pattern, part, open))
        }),
        "bool" => pattern(false).is_some_and(|it| {
            ["true", "false"].iter().any(|word| {
                value.eq_ignore_ascii_case(word)
                    && it
                        .iter()
                        .copied()
                        .map(folded)
                        .collect::<Option<String>>()
                        .map_or(open, |it| it == **word)
            })
        }),
        "binaryequals" => base64(wanted).is_some_and(|bytes| {
            value.as_bytes() == bytes
                || rules.on(Rule::BinaryIsComparedByBytes)
                    && base64(value).is_some_and(|value| value == bytes)
        }),
        "ipaddress" => address_fits(wanted, value, rules),
        numeric if numeric.starts_with("numeric") => number(wanted)
            .zip(number(value))
            .is_some_and(|(wanted, value)| compare(numeric, value.partial_cmp(&wanted), rules)),
        date => instant(wanted, rules)
            .zip(instant(value, rules))
            .is_some_and(|(wanted, value)| compare(date, value.partial_cmp(&wanted), rules)),
    }
}

/// The parts of an ARN as a policy writes it: split at the first five colons outside of variables.
fn written_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut inside = false;
    for (at, char) in text.char_indices() {
        inside = inside && char != '}' || text[at..].starts_with("${");
        if char == ':' && !inside && parts.len() < 6 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(char);
        }
    }
    parts
}

fn folded(token: Token) -> Option<char> {
    match token {
        Token::Char(char) => Some(char.to_ascii_lowercase()),
        Token::Many | Token::One | Token::Open => None,
    }
}

/// What the name of an operator asks of an order.
fn compare(name: &str, order: Option<std::cmp::Ordering>, rules: Rules) -> bool {
    let Some(order) = order else { return false };
    let less = name.contains("less") && rules.on(Rule::LessIsLess);
    let greater = name.contains("greater") && rules.on(Rule::GreaterIsGreater);
    let equals = name.ends_with("equals") && rules.on(Rule::EqualsIsEqual);
    less && order.is_lt() || greater && order.is_gt() || equals && order.is_eq()
}

fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.chars().all(|char| char.is_ascii_digit() || char == '.');
    if plain { text.parse().ok() } else { None }
}

/// Seconds since 1970 of an ISO 8601 time as W3C profiles it (<https://www.w3.org/TR/NOTE-datetime>), or of seconds.
fn instant(text: &str, rules: Rules) -> Option<f64> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let fields: Vec<&str> = date.split('-').collect();
    let all =
        |text: &str, length: usize| text.len() == length && text.chars().all(|char| char.is_ascii_digit());
    let lengths: Vec<usize> = fields.iter().map(|field| field.len()).collect();
    if time.is_none() && !matches!(lengths.as_slice(), [4] | [4, 2] | [4, 2, 2]) {
        return if rules.on(Rule::DatesMayBeSeconds) { number(text) } else { None };
    }
    let field = |at: usize, length: usize| -> Option<i64> {
        let text = fields.get(at).copied();
        match text {
            None => Some(1),
            Some(text) => all(text, length).then(|| text.parse().ok()).flatten(),
        }
    };
    let (year, month, day) = (field(0, 4)?, field(1, 2)?, field(2, 2)?);
    if fields.len() > 3 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |year: i64, month: i64| match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let mut days = day - 1;
    days += (1..month).map(|month| length(year, month)).sum::<i64>();
    days += (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum::<i64>();
    days -= (year..1970).map(|year| if leap(year) { 366 } else { 365 }).sum::<i64>();
    let seconds = time.map_or(Some(0.0), |time| clock(time, rules))?;
    Some(days as f64 * 86_400.0 + seconds)
}

/// Seconds of `HH:MM[:SS[.s]]` and its offset, `Z` or `±HH:MM`.
fn clock(text: &str, rules: Rules) -> Option<f64> {
    let (time, offset) = match text.find(['Z', '+', '-'])? {
        at if text[at..] == *"Z" => (&text[..at], 0.0),
        at => {
            let (hours, minutes) = text[at + 1..].split_once(':')?;
            let minutes = hours.parse::<f64>().ok()? * 60.0 + minutes.parse::<f64>().ok()?;
            (&text[..at], if text[at..].starts_with('-') { -minutes } else { minutes })
        }
    };
    let fields: Vec<&str> = time.split(':').collect();
    let field = |at: usize| fields.get(at).map_or(Some(0.0), |text| text.parse::<f64>().ok());
    let (hours, minutes, seconds) = (field(0)?, field(1)?, field(2)?);
    if !(2..=3).contains(&fields.len()) || hours > 23.0 || minutes > 59.0 || seconds >= 61.0 {
        return None;
    }
    let offset = if rules.on(Rule::DatesHaveOffsets) { offset } else { 0.0 };
    Some(hours * 3_600.0 + (minutes - offset) * 60.0 + seconds)
}

/// The bytes of a base64 text.
fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for char in digits.chars() {
        let digit = DIGITS.find(char)?;
        bits.extend((0..6).rev().map(|bit| digit >> bit & 1));
    }
    Some(
        bits.chunks_exact(8)
            .map(|bits| bits.iter().fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit == 1)))
            .collect(),
    )
}

/// Whether an address lies in a range; without a mask the range is the one address.
fn address_fits(wanted: &str, value: &str, rules: Rules) -> bool {
    let (range, mask) = match wanted.split_once('/') {
        Some((range, mask)) => (range, mask.parse::<usize>().ok()),
        None => (wanted, Some(128)),
    };
    let (Ok(range), Ok(value), Some(mask)) = (range.parse::<IpAddr>(), value.parse::<IpAddr>(), mask) else {
        return false;
    };
    let bits = |address: IpAddr| -> Vec<u8> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect()
    };
    let (range, value) = (bits(range), bits(value));
    let mask = if rules.on(Rule::AddressesHaveMasks) { mask.min(range.len()) } else { range.len() };
    range.len() == value.len() && range[..mask] == value[..mask]
}
