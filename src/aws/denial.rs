//! What AWS itself says about why it refused a request: the `errorMessage` of a denied call.
//!
//! The forms are AWS's (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>; S3 quotes
//! the resource, <https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html>):
//!
//! ```text
//! User: ARN is not authorized to perform: ACTION on resource: ARN because no session policy allows the ACTION action
//! User: ARN is not authorized to perform: ACTION with an explicit deny in a service control policy: POLICY-ARN
//! You are not authorized to perform this operation. User: … Encoded authorization failure message: …
//! ```
//!
//! SES quotes what it names, as in ``is not authorized to perform `ACTION' on resource `ARN'``, and states no reason.
//! Older services stop after the action or the resource, many say only `Access Denied`, some quote another service's
//! message. What a message does not say stays unsaid: nothing is guessed.

/// How the refusal came about, as AWS states it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// A policy denies it.
    Explicit,
    /// No policy of the layer allows it.
    Implicit,
    /// The message does not say.
    #[default]
    NotStated,
}

/// The kind of policy that refused, as AWS names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The policies of the user, its groups, or the role.
    IdentityBased,
    /// The policy of the resource.
    ResourceBased,
    /// The organization's policy over principals (SCP).
    ServiceControl,
    /// The organization's policy over resources (RCP).
    ResourceControl,
    /// The permissions boundary of the user or role.
    PermissionsBoundary,
    /// The policy that was given when the session was made.
    Session,
    /// The policy of the VPC endpoint that the request came through.
    VpcEndpoint,
    /// The trust policy of the role that was to be assumed.
    RoleTrust,
}

/// The words of the messages; `a sessions policy` stands in AWS's own examples.
const LAYERS: [(&str, Layer); 9] = [
    ("identity-based policy", Layer::IdentityBased),
    ("resource-based policy", Layer::ResourceBased),
    ("service control policy", Layer::ServiceControl),
    ("resource control policy", Layer::ResourceControl),
    ("permissions boundary", Layer::PermissionsBoundary),
    ("session policy", Layer::Session),
    ("sessions policy", Layer::Session),
    ("VPC endpoint policy", Layer::VpcEndpoint),
    ("role trust policy", Layer::RoleTrust),
];

impl Layer {
    /// AWS's words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        LAYERS.iter().find(|(_, layer)| *layer == self).map_or("", |(words, _)| words)
    }
}

/// What a message of a refused request states; the default states nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Denial<'a> {
    /// Who asked: an ARN, or `anonymous`.
    pub principal: Option<&'a str>,
    /// The action that was refused: `iam:PassRole`. Not always the event's own.
    pub action: Option<&'a str>,
    /// The resource as written: an ARN, `*`, or words as `user ann`.
    pub resource: Option<&'a str>,
    /// Explicit or implicit.
    pub effect: Effect,
    /// Whose policy. Of a VPC endpoint policy that refuses because of another policy, that other one.
    pub layer: Option<Layer>,
    /// The policy itself.
    pub policy_arn: Option<&'a str>,
    /// The encoded message of EC2 and others, for `aws sts decode-authorization-message`
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>).
    pub encoded: Option<&'a str>,
}

/// How the messages of refusals begin that no policy makes; what refused; and the page on it.
const BEYOND_POLICIES: [(&str, &str, &str); 3] = [
    (
        "Access Denied because object protected by object lock",
        "S3's Object Lock",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html",
    ),
    (
        "Insufficient Lake Formation permission",
        "Lake Formation",
        "https://docs.aws.amazon.com/lake-formation/latest/dg/troubleshooting.html",
    ),
    (
        "Mfa Authentication must be used for this request",
        "S3's MFA delete",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html",
    ),
];

/// Behind the request that S3 refuses because of Block Public Access
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>).
const PUBLIC: &str = " because public policies are ";

const ENCODED: &str = "Encoded authorization failure message:";
const IMPLICIT: &str = "because no ";
const EXPLICIT: &str = "with an explicit deny";
/// Where the words after an unquoted resource begin, if no reason is given.
const AFTER_RESOURCE: [&str; 6] =
    [" (Service:", " because ", " with an explicit deny", " status code:", ". Go to ", "\n"];
/// What may stand right after a word without being part of it.
const PUNCTUATION: [char; 7] = ['.', ',', ';', ')', '(', '"', '\''];

impl<'a> Denial<'a> {
    /// Reads a message; one of another form states nothing.
    #[must_use]
    pub fn parse(message: &'a str) -> Self {
        let (text, encoded) = match message.rsplit_once(ENCODED) {
            Some((text, after)) => (text, Some(word(after)).filter(|word| !word.is_empty())),
            None => (message, None),
        };
        let Some(request) = Request::find(text) else {
            return Self { encoded, ..Self::default() };
        };
        let quoted = request.rest.trim_start().starts_with("on resource: \"");
        let (subject, reason) = split_reason(request.rest, quoted);
        Self {
            principal: request.principal,
            action: Some(request.action),
            resource: resource(subject, quoted),
            effect: reason.effect,
            layer: reason.layer,
            policy_arn: reason.policy_arn,
            encoded,
        }
    }

    /// What else than a policy refused, in words, where a message says so: `S3's Object Lock`, for one.
    #[must_use]
    pub fn beyond_policies(message: &str) -> Option<&'static str> {
        let is_it = |(begin, ..): &&(&str, &str, &str)| message.starts_with(begin);
        let named = BEYOND_POLICIES.iter().find(is_it).map(|(_, words, _)| *words);
        let is_public = || message.contains(PUBLIC) && message.contains("BlockPublicPolicy");
        named.or_else(|| is_public().then_some("S3's Block Public Access"))
    }

    /// Whether the message states who refused: the effect or the layer.
    #[must_use]
    pub fn has_reason(&self) -> bool {
        self.effect != Effect::NotStated || self.layer.is_some()
    }
}

/// `User: PRINCIPAL is not authorized to perform: ACTION`, and what follows.
struct Request<'a> {
    principal: Option<&'a str>,
    action: &'a str,
    rest: &'a str,
}

impl<'a> Request<'a> {
    /// The first that names an action: `not authorized to perform this operation` does not.
    fn find(text: &'a str) -> Option<Self> {
        text.match_indices("ot authorized to perform").find_map(|(at, matched)| {
            let (before, after) = text.split_at_checked(at)?;
            let after = after.strip_prefix(matched)?;
            let after = after.strip_prefix(':').unwrap_or(after).trim_start();
            // SES quotes what it names: `ses:SendEmail'.
            let (after, end) = after.strip_prefix('`').map_or((after, ""), |after| (after, "'"));
            let action = word(after);
            let rest = after.strip_prefix(action)?.strip_prefix(end)?;
            is_action(action).then(|| Self { principal: principal(before), action, rest })
        })
    }
}

/// The principal at the end of `User: PRINCIPAL is n`.
fn principal(before: &str) -> Option<&str> {
    let before = before.strip_suffix('n')?.trim_end().strip_suffix(" is")?;
    let (lead, last) = before.rsplit_once(char::is_whitespace).unwrap_or(("", before));
    let last = last.trim_start_matches(PUNCTUATION);
    let last = last.strip_prefix('`').and_then(|last| last.strip_suffix('\'')).unwrap_or(last);
    let named = last.starts_with("arn:") || lead.trim_end().ends_with("User:");
    (named && !last.is_empty()).then_some(last)
}

fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_*".contains(&b))
        };
        fits(service) && fits(name)
    })
}

/// The first word, without the punctuation that follows it.
fn word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("").trim_end_matches(PUNCTUATION)
}

/// Parts the words on the resource from the reason behind them. The last reason counts, and one inside the quotes of
/// the resource is none: object keys are chosen by callers.
fn split_reason(rest: &str, quoted: bool) -> (&str, Reason<'_>) {
    let implicit = rest.rmatch_indices(IMPLICIT);
    let explicit = rest.rmatch_indices(EXPLICIT);
    let mut places: Vec<usize> = implicit.chain(explicit).map(|(at, _)| at).collect();
    places.sort_unstable();
    for at in places.into_iter().rev() {
        let Some((before, clause)) = rest.split_at_checked(at) else { continue };
        let apart = before.ends_with(char::is_whitespace) && (!quoted || before.trim_end().ends_with('"'));
        let Some((reason, after)) = Reason::parse(clause).filter(|_| apart) else { continue };
        let inside = quoted && after.starts_with('"');
        if !inside
            && (after.is_empty() || after.starts_with(char::is_whitespace) || after.starts_with(PUNCTUATION))
        {
            return (before, reason);
        }
    }
    (rest, Reason::default())
}

#[derive(Default)]
struct Reason<'a> {
    effect: Effect,
    layer: Option<Layer>,
    policy_arn: Option<&'a str>,
}

impl<'a> Reason<'a> {
    /// The reason at the beginning of the text, and what follows it.
    fn parse(clause: &'a str) -> Option<(Self, &'a str)> {
        let (effect, layer, rest) = if let Some(rest) = clause.strip_prefix(IMPLICIT) {
            let (layer, rest) = layer(rest);
            // The words of a layer that is not known here are skipped.
            let (_, rest) = rest.split_once("allows the ")?;
            (Effect::Implicit, layer, rest.strip_prefix(word(rest))?.strip_prefix(" action")?)
        } else {
            let (layer, rest) = explicit_layer(clause.strip_prefix(EXPLICIT)?);
            (Effect::Explicit, layer, rest)
        };
        let policy_arn = rest.strip_prefix(": ").map(word).filter(|word| word.starts_with("arn:"));
        let rest = match policy_arn {
            Some(arn) => rest.strip_prefix(": ")?.strip_prefix(arn)?,
            None => rest.strip_prefix(':').unwrap_or(rest),
        };
        Some((Self { effect, layer, policy_arn }, rest))
    }
}

/// ` in a LAYER`, or ` in a VPC endpoint policy transitively through a LAYER`: then the latter holds the deny.
fn explicit_layer(rest: &str) -> (Option<Layer>, &str) {
    let Some((named, after)) = article(rest, " in ").map(layer).filter(|(named, _)| named.is_some()) else {
        return (None, rest);
    };
    match article(after, " transitively through ").map(layer) {
        Some((Some(through), after)) => (Some(through), after),
        Some((None, _)) | None => (named, after),
    }
}

fn article<'a>(text: &'a str, lead: &str) -> Option<&'a str> {
    let text = text.strip_prefix(lead)?;
    ["a ", "an ", "the "].iter().find_map(|article| text.strip_prefix(article))
}

fn layer(text: &str) -> (Option<Layer>, &str) {
    let named = LAYERS.iter().find_map(|(words, layer)| Some((Some(*layer), text.strip_prefix(words)?)));
    named.unwrap_or((None, text))
}

/// The resource of ` on resource: RESOURCE`, without quotes. `on the specified resource` names none.
fn resource(subject: &str, quoted: bool) -> Option<&str> {
    let text = subject.trim_start().strip_prefix("on resource")?;
    let text = text.strip_prefix(':').unwrap_or(text).trim();
    if quoted {
        let (inside, _) = text.strip_prefix('"')?.rsplit_once('"')?;
        return (!inside.is_empty()).then_some(inside);
    }
    let end = AFTER_RESOURCE.iter().filter_map(|after| text.find(after)).min().unwrap_or(text.len());
    let text = text.get(..end)?.trim_end().trim_end_matches(['.', ',', '"']);
    let text = text.strip_prefix('`').map_or(text, |text| text.strip_suffix('\'').unwrap_or(text));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
