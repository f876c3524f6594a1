//! What stands beside CloudTrail logs and holds no events.

/// A kind of object that stands beside CloudTrail logs and holds no events; it is set aside and named, not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Foreign {
    /// A CloudTrail digest file:
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>.
    Digest,
    /// An AWS Config snapshot or history file.
    Config,
    /// An S3 event notification, or its test message.
    S3Notification,
    /// An aggregated event, which counts data events of five minutes and is none:
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html>.
    Aggregated,
    /// A folder of these in a bucket, not looked into.
    AggregatedFolder,
    /// An event in the Open Cybersecurity Schema Framework (Security Lake).
    Ocsf,
    /// An EventBridge event that is not CloudTrail's.
    EventBridge,
    /// A control message of a CloudWatch Logs subscription.
    LogsControl,
    /// A notification that CloudTrail sends through SNS when it delivered an object.
    SnsNotification,
    /// A Parquet file.
    Parquet,
    /// A log of another service, by its place under `AWSLogs/`.
    OtherService,
    /// A folder that is a Delta table, not looked into.
    Table,
    /// A pipe, a device or a socket.
    NoFile,
    /// A file whose name begins with a dot.
    Hidden,
    /// A folder of digest files in a bucket, not looked into.
    DigestFolder,
    /// A folder of another service's logs in a bucket, not looked into.
    OtherServiceFolder,
    /// An object or a folder in a bucket that stands beside the folders of the log layout, not looked into.
    BesideLogs,
}

impl Foreign {
    /// The kind in words.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Foreign::Digest => "CloudTrail digest",
            Foreign::Config => "AWS Config file",
            Foreign::S3Notification => "S3 event notification",
            Foreign::Aggregated => "aggregated event",
            Foreign::AggregatedFolder => "folder of aggregated events",
            Foreign::Ocsf => "OCSF event",
            Foreign::EventBridge => "another EventBridge event",
            Foreign::LogsControl => "CloudWatch Logs control message",
            Foreign::SnsNotification => "delivery notification",
            Foreign::Parquet => "Parquet file",
            Foreign::OtherService => "another service's log",
            Foreign::Table => "folder of a Delta table",
            Foreign::NoFile => "pipe, device or socket",
            Foreign::Hidden => "hidden file",
            Foreign::DigestFolder => "folder of digests",
            Foreign::OtherServiceFolder => "folder of another service",
            Foreign::BesideLogs => "object or folder beside the logs",
        }
    }
}
