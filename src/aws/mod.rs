//! The words of AWS: account, ARN, access key id, principal, denial message, time. No I/O.
//!
//! Everything here reads text that someone else wrote: what is no such word is `None` or an error, never a panic.
//! Types borrow from the text they were read from.

mod account;
mod address;
mod arn;
mod denial;
mod error_code;
mod identifier;
mod subject;
pub mod time;
mod verb;

/// What CloudTrail writes in place of a value that it hides, as the name of a user who does not exist
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>).
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

pub use account::AccountId;
pub use address::{SourceAddress, service_of};
pub use arn::{Arn, Principal};
pub use denial::{Denial, Effect, Layer};
pub use error_code::{is_denied, is_denied_behind, is_throttled};
pub use identifier::{AccessKeyId, IdKind, UniqueId};
pub use subject::{Subject, SubjectError};
pub use time::{Time, TimeError};
pub use verb::writes_by_name;
