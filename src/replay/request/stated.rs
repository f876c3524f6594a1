//! What AWS states in the message of a denied call: the action that it refused and the resource. That is taken as it stands
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>).

use super::{Asked, Call, Origin, Reading, ResourceFrom, name, unnamed};
use crate::aws::{AccountId, Arn, Denial};
use crate::catalog::catalog;
use crate::catalog::event::Presence;
use crate::catalog::resource::Certainty;
use crate::policy::Resource;

/// The words that IAM puts before names, and the type in the ARN.
const IAM_WORDS: [(&str, &str); 4] =
    [("user ", "user"), ("role ", "role"), ("group ", "group"), ("instance profile ", "instance-profile")];

/// A resource as AWS states it.
struct Stated {
    resource: Resource,
    shown: String,
    certainty: Certainty,
}

impl Call<'_> {
    /// The reading with what the message states; as it is where it states no action.
    pub(super) fn state(&self, reading: Reading, message: &str) -> Reading {
        let denial = Denial::parse(message);
        let Some(action) = denial.action.filter(|action| !action.contains('*')) else { return reading };
        let asked = match reading {
            Reading::Requests(asked) => asked,
            // Nobody asked for what a service did by itself; what AWS refused, somebody did.
            Reading::NotRequest(_) | Reading::Unmapped(_) => Vec::new(),
        };
        let (mut refused, mut others): (Vec<Asked>, Vec<Asked>) =
            asked.into_iter().partition(|asked| asked.action.eq_ignore_ascii_case(action));
        let stated = denial.resource.and_then(|words| self.resource(words));
        if let Some(stated) = stated {
            let one = match refused.iter().position(|own| stated.is(own)) {
                Some(place) => refused.remove(place),
                None => self.replace(action, &mut refused, stated),
            };
            refused.insert(0, Asked { origin: Origin::Stated, presence: Presence::Certain, ..one });
        } else {
            if refused.is_empty() {
                refused.push(self.foreign(action));
            }
            for asked in &mut refused {
                (asked.origin, asked.presence) = (Origin::Stated, Presence::Certain);
            }
        }
        refused.append(&mut others);
        Reading::Requests(refused)
    }

    /// An action that the call is not mapped to.
    fn foreign(&self, name: &str) -> Asked {
        match catalog().action(name) {
            Some(action) => self.ask(action, unnamed(action), Origin::Stated, Presence::Certain),
            None => Asked {
                action: name.to_owned(),
                resource: Resource::Unknown,
                shown: "*".to_owned(),
                certainty: Certainty::Unknown,
                from: ResourceFrom::Action,
                resource_account: None,
                again: None,
                origin: Origin::Stated,
                presence: Presence::Certain,
            },
        }
    }

    /// The request on the stated resource. Of the action's own it leaves those on resources of other types, for a call may
    /// ask for several: a launch needs subnet and image.
    fn replace(&self, action: &str, ours: &mut Vec<Asked>, stated: Stated) -> Asked {
        let first = ours.first().cloned().unwrap_or_else(|| self.foreign(action));
        let is_one_of_several = ours.len() > 1 && stated.resource != Resource::Any;
        ours.retain(|own| {
            is_one_of_several
                && own.certainty != Certainty::Unknown
                && type_of(&own.shown) != type_of(&stated.shown)
        });
        let resource_account = match (&stated.resource, catalog().action(&first.action)) {
            (Resource::Any, _) => self.scene.caller,
            (_, Some(action)) => self.owner(action, &stated.shown, None),
            (_, None) => Arn::parse(&stated.shown).and_then(Arn::account_id),
        };
        Asked {
            resource: stated.resource,
            shown: stated.shown,
            certainty: stated.certainty,
            from: ResourceFrom::Stated,
            resource_account,
            ..first
        }
    }

    /// Reads the stated resource: an ARN, `*`, or IAM's words for one of its entities. Other words name a thing of which
    /// the ARN is not certain.
    fn resource(&self, words: &str) -> Option<Stated> {
        if words == "*" {
            return Some(Stated {
                resource: Resource::Any,
                shown: words.to_owned(),
                certainty: Certainty::Exact,
            });
        }
        let arn = words.strip_prefix("policy ").unwrap_or(words);
        if Arn::parse(arn).is_some() {
            return Some(Stated::exactly(arn.to_owned()));
        }
        let (kind, name) =
            IAM_WORDS.iter().find_map(|(begin, kind)| Some((*kind, words.strip_prefix(begin)?)))?;
        let is_name =
            !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '/');
        // IAM's calls are on the caller's own account.
        let account: AccountId = self.scene.caller.or(self.scene.recipient).filter(|_| is_name)?;
        let bare = format!("arn:{}:iam::{account}:{kind}/{name}", self.scene.place.partition);
        Some(match self.snapshot.and_then(|snapshot| name::with_path(snapshot, &bare)) {
            Some(arn) => Stated::exactly(arn),
            None => {
                Stated { resource: name::any_path(&bare), shown: bare, certainty: Certainty::PathUnknown }
            }
        })
    }
}

impl Stated {
    fn exactly(arn: String) -> Self {
        Self { resource: Resource::Named(arn.clone()), shown: arn, certainty: Certainty::Exact }
    }

    /// Whether the request is on exactly this resource; of an IAM entity that is stated by its name, whether it bears it.
    fn is(&self, asked: &Asked) -> bool {
        if asked.certainty != Certainty::Exact {
            return false;
        }
        if self.certainty == Certainty::Exact {
            return asked.shown == self.shown;
        }
        let (begin, name) = self.shown.split_once('/').unwrap_or_default();
        let rest = asked.shown.strip_prefix(begin).filter(|rest| rest.starts_with('/'));
        rest.and_then(|rest| rest.strip_suffix(name)).is_some_and(|path| path.ends_with('/'))
    }
}

/// Service and type of an ARN: `ec2` and `instance`. S3's buckets and objects have no word for the type.
fn type_of(arn: &str) -> Option<(&str, &str)> {
    let arn = Arn::parse(arn)?;
    let word = arn.resource.split(['/', ':']).next().unwrap_or_default();
    let word = if arn.service == "s3" && arn.account.is_empty() {
        if arn.resource.contains('/') { "object" } else { "bucket" }
    } else {
        word
    };
    Some((arn.service, word))
}
