//! The words of AWS: account, ARN, access key id, principal, denial message, time. No I/O.
