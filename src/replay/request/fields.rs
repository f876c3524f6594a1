//! Which columns a request is told from.

use super::authentication::depends_on_credentials;
use super::{Asked, Origin, Reading, ResourceFrom, assumes_role};
use crate::catalog::event::{self, MappedAction, Mapping, Presence};
use crate::catalog::resource::{Certainty, reads_response};
use crate::catalog::{catalog, dependent};
use crate::replay::{Field, Fields};

/// What every reading needs: what was called, how it ended, where, and by which account.
const ALWAYS: [Field; 13] = [
    Field::EventSource,
    Field::EventName,
    Field::EventType,
    Field::ErrorCode,
    Field::ErrorMessage,
    Field::AwsRegion,
    Field::Account,
    Field::RecipientAccountId,
    Field::IdentityType,
    Field::IdentityArn,
    Field::IdentityAccountId,
    Field::SessionIssuerArn,
    Field::SessionIssuerAccountId,
];

/// The columns that [`super::requests`] reads for a call of this source and name. Records that agree in them have the same
/// requests. Parameters and resources are among them only where an action of the call, or what it implies, is told from
/// them; the response only where it can complete a name, see [`needs_response`].
#[must_use]
pub fn fields_of_request(source: &str, name: &str) -> Fields {
    let mut fields = Fields::of(&ALWAYS);
    if depends_on_credentials(source, name) {
        let of_credentials = [Field::AccessKeyId, Field::InvokedBy, Field::SessionCredentialFromConsole];
        fields = fields.and(Fields::of(&of_credentials));
    }
    if assumes_role(name, source) {
        fields = fields.and(Fields::of(&[Field::SourceIdentity]));
    }
    let Mapping::Actions(actions, _) = catalog().actions_of_event(source, name) else { return fields };
    let takes_resources = actions.iter().any(|mapped| !mapped.action.is_wildcard_only());
    if takes_resources {
        fields = fields.and(Fields::of(&[Field::RequestParameters, Field::Resources]));
    }
    let implies = || actions.iter().any(|mapped| dependent::reads_parameters(mapped.action));
    if event::reads_parameters(source, name) || implies() {
        fields = fields.and(Fields::of(&[Field::RequestParameters]));
    }
    let is_answered =
        |mapped: &MappedAction| reads_response(mapped.action) || dependent::reads_response(mapped.action);
    if actions.iter().any(is_answered) {
        fields = fields.and(Fields::of(&[Field::ResponseElements]));
    }
    fields
}

/// Whether a reading without the response may change with it.
///
/// Responses are large and differ in every event, and few are needed. So a record may be read with
/// [`crate::replay::Parsed::response`] left None first: if this is false of what comes out, the response would change
/// nothing; if it is true, it must be read again with the response.
#[must_use]
pub fn needs_response(without_response: &Reading) -> bool {
    let Reading::Requests(asked) = without_response else { return false };
    let known = |asked: &Asked| catalog().action(&asked.action);
    // What a template hides of a launch, the response tells: the role that is passed with it, too. So it does what is tagged.
    let is_untold = |own: &Asked| own.presence == Presence::Possible || own.certainty == Certainty::Unknown;
    let hides_more = asked.iter().any(|own| own.origin == Origin::Derived && is_untold(own))
        && asked.iter().filter_map(known).any(dependent::reads_response);
    hides_more
        || asked.iter().any(|asked| {
            let is_open = matches!(asked.certainty, Certainty::PathUnknown | Certainty::Pattern)
                || asked.from == ResourceFrom::Snapshot
                || asked.presence == Presence::Possible;
            is_open && asked.origin != Origin::Derived && known(asked).is_some_and(reads_response)
        })
}
