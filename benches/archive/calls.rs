//! The calls that the archive is made of: how often each comes, and the JSON of its request and response.

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A user or a role session.
    Anyone,
    /// An AWS service for itself.
    Service(&'static str),
    /// An AWS service that forwards the call of a user or a role session.
    Forwarded(&'static str),
    /// A service-linked role.
    Linked(&'static str),
    /// A service reports something that nobody called.
    Event(&'static str),
    /// A principal of another account, of which only the account and the unique id are known.
    OtherAccount,
}

/// One operation. Text holds `$(name)` places (see [`super::text`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    /// How often it comes, beside the others.
    pub(crate) weight: u64,
    /// `eventSource` without `.amazonaws.com`.
    pub(crate) source: &'static str,
    /// `eventName`.
    pub(crate) name: &'static str,
    pub(crate) read: bool,
    /// Whether it is a data event.
    pub(crate) data: bool,
    /// Whether only us-east-1 records it.
    pub(crate) global: bool,
    pub(crate) caller: Caller,
    /// `requestParameters`.
    pub(crate) request: &'static str,
    /// `responseElements`.
    pub(crate) response: &'static str,
    /// Further members, with a comma behind each.
    pub(crate) more: &'static str,
}

const READ: Call = Call {
    weight: 10,
    source: "",
    name: "",
    read: true,
    data: false,
    global: false,
    caller: Caller::Anyone,
    request: "null",
    response: "null",
    more: "",
};
const WRITE: Call = Call { weight: 4, read: false, ..READ };

/// The call that everybody may make.
pub(crate) const WHO_AM_I: Call = Call { weight: 22, source: "sts", name: "GetCallerIdentity", ..READ };

const S3_DATA: &str = r#""additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"$(tag)=","bytesTransferredOut":$(number)},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::$(bucket)/$(object)"},{"accountId":"$(account)","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$(bucket)"}],"#;
const S3_BUCKET: &str = r#""additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"$(tag)=","bytesTransferredOut":$(small)},"resources":[{"accountId":"$(account)","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$(bucket)"}],"#;
const S3_REQUEST: &str =
    r#"{"bucketName":"$(bucket)","Host":"$(bucket).s3.$(region).amazonaws.com","key":"$(object)"}"#;
const KMS: &str = r#""resources":[{"accountId":"$(account)","type":"AWS::KMS::Key","ARN":"arn:aws:kms:$(region):$(account):key/$(key)"}],"#;
const TABLE: &str = r#""resources":[{"accountId":"$(account)","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:$(region):$(account):table/$(table)"}],"#;

/// Every operation but the issuances, which [`super::world`] makes.
#[rustfmt::skip]
pub(crate) const CALLS: &[Call] = &[
    WHO_AM_I,

    Call { weight: 42, source: "ec2", name: "DescribeInstances", request: r#"{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"},{"value":"pending"}]}},{"name":"vpc-id","valueSet":{"items":[{"value":"$(vpc)"}]}}]}}"#, ..READ },
    Call { weight: 18, source: "ec2", name: "DescribeInstances", request: r#"{"instancesSet":{"items":[{"instanceId":"$(instance)"}]},"filterSet":{}}"#, ..READ },
    Call { weight: 15, source: "ec2", name: "DescribeInstanceStatus", caller: Caller::Linked("autoscaling"), request: r#"{"instancesSet":{"items":[{"instanceId":"$(instance*)"},{"instanceId":"$(instance*)"},{"instanceId":"$(instance*)"}]},"filterSet":{},"includeAllInstances":true}"#, ..READ },
    Call { weight: 14, source: "ec2", name: "DescribeVolumes", request: r#"{"maxResults":500,"volumeSet":{"items":[{"volumeId":"$(volume)"}]},"filterSet":{}}"#, ..READ },
    Call { weight: 20, source: "ec2", name: "DescribeSecurityGroups", request: r#"{"maxResults":1000,"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"$(group)"}]},"filterSet":{}}"#, ..READ },
    Call { weight: 22, source: "ec2", name: "DescribeNetworkInterfaces", request: r#"{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"attachment.instance-id","valueSet":{"items":[{"value":"$(instance)"}]}},{"name":"subnet-id","valueSet":{"items":[{"value":"$(subnet)"}]}}]}}"#, ..READ },
    Call { weight: 12, source: "ec2", name: "DescribeSubnets", request: r#"{"subnetSet":{"items":[{"subnetId":"$(subnet*)"},{"subnetId":"$(subnet*)"}]},"filterSet":{}}"#, ..READ },
    Call { source: "ec2", name: "DescribeVpcs", request: r#"{"vpcSet":{"items":[{"vpcId":"$(vpc)"}]},"filterSet":{}}"#, ..READ },
    Call { source: "ec2", name: "DescribeRouteTables", request: r#"{"routeTableIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"$(vpc)"}]}}]}}"#, ..READ },
    Call { source: "ec2", name: "DescribeImages", request: r#"{"executableBySet":{},"imagesSet":{"items":[{"imageId":"$(image)"}]},"ownersSet":{},"filterSet":{}}"#, ..READ },
    Call { source: "ec2", name: "DescribeTags", request: r#"{"maxResults":1000,"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"$(instance)"}]}}]}}"#, ..READ },
    Call { source: "ec2", name: "DescribeAvailabilityZones", request: r#"{"availabilityZoneSet":{},"availabilityZoneIdSet":{},"allAvailabilityZones":false}"#, ..READ },
    Call { weight: 5, source: "ec2", name: "RunInstances", caller: Caller::Linked("autoscaling"), request: r#"{"instancesSet":{"items":[{"imageId":"$(image)","minCount":1,"maxCount":1}]},"instanceType":"m6i.large","blockDeviceMapping":{},"subnetId":"$(subnet)","monitoring":{"enabled":false},"disableApiTermination":false,"clientToken":"fleet-$(uuid)","launchTemplate":{"launchTemplateId":"lt-0$(hex16)","version":"$(small)"},"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"aws:autoscaling:groupName","value":"$(service)"}]}]}}"#, response: r#"{"requestId":"$(uuid*)","reservationId":"r-0$(hex16*)","ownerId":"$(account)","groupSet":{},"instancesSet":{"items":[{"instanceId":"$(instance)","imageId":"$(image)","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-$(private).$(region).compute.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"m6i.large","launchTime":$(millis),"placement":{"availabilityZone":"$(region)$(zone)","tenancy":"default"},"monitoring":{"state":"disabled"},"subnetId":"$(subnet)","vpcId":"$(vpc)","privateIpAddress":"$(private)","stateReason":{"code":"pending","message":"pending"},"architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","groupSet":{"items":[{"groupId":"$(group)","groupName":"nodes"}]},"sourceDestCheck":true,"networkInterfaceSet":{"items":[{"networkInterfaceId":"$(eni)","subnetId":"$(subnet)","vpcId":"$(vpc)","ownerId":"$(account)","status":"in-use","privateIpAddress":"$(private)","sourceDestCheck":true,"interfaceType":"interface","attachment":{"attachmentId":"eni-attach-0$(hex16*)","deviceIndex":0,"networkCardIndex":0,"status":"attaching","attachTime":$(millis),"deleteOnTermination":true}}]},"iamInstanceProfile":{"arn":"arn:aws:iam::$(account):instance-profile/$(role)","id":"AIPAEXAMPLE$(hex8)"},"ebsOptimized":false,"enaSupport":true,"cpuOptions":{"coreCount":1,"threadsPerCore":2},"capacityReservationSpecification":{"capacityReservationPreference":"open"},"metadataOptions":{"state":"pending","httpTokens":"required","httpPutResponseHopLimit":2,"httpEndpoint":"enabled"}}]}}"#, ..WRITE },
    Call { weight: 5, source: "ec2", name: "TerminateInstances", caller: Caller::Linked("autoscaling"), request: r#"{"instancesSet":{"items":[{"instanceId":"$(instance)"}]}}"#, response: r#"{"requestId":"$(uuid)","instancesSet":{"items":[{"instanceId":"$(instance)","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}"#, ..WRITE },
    Call { weight: 8, source: "ec2", name: "CreateTags", request: r#"{"resourcesSet":{"items":[{"resourceId":"$(volume)"}]},"tagSet":{"items":[{"key":"kubernetes.io/created-for/pvc/name","value":"data-$(service)"},{"key":"ebs.csi.aws.com/cluster","value":"true"}]}}"#, response: r#"{"requestId":"$(uuid)","_return":true}"#, ..WRITE },
    Call { weight: 9, source: "ec2", name: "CreateNetworkInterface", caller: Caller::Forwarded("lambda"), request: r#"{"subnetId":"$(subnet)","description":"AWS Lambda VPC ENI-$(function)-$(uuid)","groupSet":{"items":[{"groupId":"$(group)"}]},"privateIpAddressesSet":{}}"#, response: r#"{"requestId":"$(uuid*)","networkInterface":{"networkInterfaceId":"$(eni)","subnetId":"$(subnet)","vpcId":"$(vpc)","availabilityZone":"$(region)$(zone)","description":"AWS Lambda VPC ENI-$(function)-$(uuid)","ownerId":"$(account)","requesterManaged":false,"status":"pending","privateIpAddress":"$(private)","sourceDestCheck":true,"interfaceType":"interface","groupSet":{"items":[{"groupId":"$(group)","groupName":"functions"}]}}}"#, ..WRITE },
    Call { weight: 9, source: "ec2", name: "DeleteNetworkInterface", caller: Caller::Forwarded("lambda"), request: r#"{"networkInterfaceId":"$(eni)"}"#, response: r#"{"requestId":"$(uuid)","_return":true}"#, ..WRITE },
    Call { weight: 1, source: "ec2", name: "AuthorizeSecurityGroupIngress", request: r#"{"groupId":"$(group)","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"ipRanges":{"items":[{"cidrIp":"$(ip)/32","description":"office"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#, response: r#"{"requestId":"$(uuid)","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"$(account)","groupId":"$(group)","securityGroupRuleId":"sgr-0$(hex16)","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"$(ip)/32"}]}}"#, ..WRITE },
    Call { weight: 1, source: "ec2", name: "RevokeSecurityGroupIngress", request: r#"{"groupId":"$(group)","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0$(hex16)"}]}}"#, response: r#"{"requestId":"$(uuid)","_return":true}"#, ..WRITE },
    Call { source: "ec2", name: "CreateSnapshot", caller: Caller::Linked("dlm"), request: r#"{"volumeId":"$(volume)","description":"Created for policy: policy-0$(hex16) schedule: Default Schedule","tagSpecificationSet":{"items":[{"resourceType":"snapshot","tags":[{"key":"dlm:managed","value":"true"}]}]}}"#, response: r#"{"requestId":"$(uuid)","snapshotId":"$(snapshot)","volumeId":"$(volume)","status":"pending","startTime":$(millis),"ownerId":"$(account)","volumeSize":"$(small)","encrypted":true}"#, ..WRITE },
    Call { source: "ec2", name: "DeleteSnapshot", caller: Caller::Linked("dlm"), request: r#"{"snapshotId":"$(snapshot)","force":false}"#, response: r#"{"requestId":"$(uuid)","_return":true}"#, ..WRITE },
    Call { weight: 1, source: "ec2", name: "SharedSnapshotVolumeCreated", caller: Caller::Event("ec2"), more: r#""serviceEventDetails":{"snapshotId":"$(snapshot)"},"#, ..WRITE },

    Call { weight: 150, source: "s3", name: "GetObject", data: true, request: S3_REQUEST, more: S3_DATA, ..READ },
    Call { weight: 70, source: "s3", name: "PutObject", data: true, request: S3_REQUEST, response: r#"{"x-amz-server-side-encryption":"AES256","x-amz-version-id":"$(hex16)$(hex16*)"}"#, more: S3_DATA, ..WRITE },
    Call { weight: 30, source: "s3", name: "HeadObject", data: true, request: S3_REQUEST, more: S3_DATA, ..READ },
    Call { source: "s3", name: "DeleteObject", data: true, request: S3_REQUEST, more: S3_DATA, ..WRITE },
    Call { weight: 25, source: "s3", name: "ListObjects", data: true, request: r#"{"list-type":"2","bucketName":"$(bucket)","prefix":"year=2026/month=01/day=$(small)/","max-keys":"1000","encoding-type":"url","Host":"$(bucket).s3.$(region).amazonaws.com"}"#, more: S3_BUCKET, ..READ },
    Call { source: "s3", name: "GetBucketAcl", caller: Caller::Service("cloudtrail"), request: r#"{"bucketName":"$(bucket)","Host":"$(bucket).s3.$(region).amazonaws.com","acl":""}"#, more: S3_BUCKET, ..READ },
    Call { source: "s3", name: "GetBucketLocation", request: r#"{"bucketName":"$(bucket)","Host":"s3.$(region).amazonaws.com","location":""}"#, more: S3_BUCKET, ..READ },
    Call { weight: 5, source: "s3", name: "GetBucketEncryption", request: r#"{"bucketName":"$(bucket)","Host":"$(bucket).s3.$(region).amazonaws.com","encryption":""}"#, more: S3_BUCKET, ..READ },
    Call { weight: 4, source: "s3", name: "ListBuckets", request: r#"{"Host":"s3.$(region).amazonaws.com"}"#, more: r#""additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"$(tag)=","bytesTransferredOut":5120},"#, ..READ },
    Call { weight: 1, source: "s3", name: "PutBucketPolicy", request: r#"{"bucketPolicy":{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::$(bucket)","arn:aws:s3:::$(bucket)/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]},"bucketName":"$(bucket)","Host":"$(bucket).s3.$(region).amazonaws.com","policy":""}"#, more: S3_BUCKET, ..WRITE },

    Call { weight: 90, source: "kms", name: "Decrypt", caller: Caller::Forwarded("secretsmanager"), request: r#"{"encryptionContext":{"SecretARN":"arn:aws:secretsmanager:$(region):$(account):secret:$(secret)-AbCdEf","SecretVersionId":"$(key)"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#, more: KMS, ..READ },
    Call { weight: 60, source: "kms", name: "Decrypt", caller: Caller::Forwarded("lambda"), request: r#"{"encryptionContext":{"aws:lambda:FunctionArn":"arn:aws:lambda:$(region):$(account):function:$(function)"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#, more: KMS, ..READ },
    Call { weight: 30, source: "kms", name: "GenerateDataKey", caller: Caller::Service("cloudtrail"), request: r#"{"keyId":"arn:aws:kms:$(region):$(account):key/$(key)","encryptionContext":{"aws:cloudtrail:arn":"arn:aws:cloudtrail:$(region):$(account):trail/main","aws:s3:arn":"arn:aws:s3:::$(bucket)/AWSLogs/$(account)/CloudTrail/$(region)/$(hex16).json.gz"},"keySpec":"AES_256"}"#, more: KMS, ..READ },
    Call { weight: 8, source: "kms", name: "GenerateDataKey", caller: Caller::OtherAccount, request: r#"{"keyId":"arn:aws:kms:$(region):$(account):key/$(key)","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::$(bucket)"},"keySpec":"AES_256"}"#, more: KMS, ..READ },
    Call { source: "kms", name: "Encrypt", request: r#"{"keyId":"arn:aws:kms:$(region):$(account):key/$(key)","encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#, more: KMS, ..READ },
    Call { source: "kms", name: "DescribeKey", request: r#"{"keyId":"$(key)"}"#, more: KMS, ..READ },
    Call { weight: 8, source: "kms", name: "CreateGrant", caller: Caller::Forwarded("ec2"), request: r#"{"keyId":"arn:aws:kms:$(region):$(account):key/$(key)","operations":["Decrypt"],"granteePrincipal":"ec2.$(region).amazonaws.com","constraints":{"encryptionContextSubset":{"aws:ebs:id":"$(volume)"}}}"#, response: r#"{"grantId":"$(digest)","keyId":"arn:aws:kms:$(region):$(account):key/$(key)"}"#, more: KMS, ..WRITE },
    Call { weight: 1, source: "kms", name: "RotateKey", caller: Caller::Event("kms"), more: r#""serviceEventDetails":{"keyId":"$(key)","rotationType":"AUTOMATIC"},"#, ..WRITE },

    Call { weight: 40, source: "lambda", name: "Invoke", data: true, request: r#"{"functionName":"arn:aws:lambda:$(region):$(account):function:$(function)","invocationType":"Event","qualifier":"live","sourceArn":"arn:aws:events:$(region):$(account):rule/$(service)"}"#, more: r#""apiVersion":"2015-03-31","additionalEventData":{"functionVersion":"arn:aws:lambda:$(region):$(account):function:$(function):$(small)"},"resources":[{"accountId":"$(account)","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:$(region):$(account):function:$(function)"}],"#, ..WRITE },
    Call { source: "lambda", name: "GetFunction20150331v2", request: r#"{"functionName":"$(function)"}"#, more: r#""apiVersion":"2015-03-31","#, ..READ },
    Call { weight: 6, source: "lambda", name: "ListFunctions20150331", request: r#"{"maxItems":50}"#, more: r#""apiVersion":"2015-03-31","#, ..READ },
    Call { weight: 2, source: "lambda", name: "UpdateFunctionCode20150331v2", request: r#"{"functionName":"$(function)","s3Bucket":"$(bucket)","s3Key":"build/$(digest).zip","dryRun":false,"publish":true}"#, response: r#"{"functionName":"$(function)","functionArn":"arn:aws:lambda:$(region):$(account):function:$(function)","runtime":"python3.13","role":"arn:aws:iam::$(account):role/$(role)","handler":"app.handler","codeSize":$(number),"timeout":30,"memorySize":512,"lastModified":"$(time)","codeSha256":"$(hex16)$(hex16*)=","version":"$(small)","environment":{},"tracingConfig":{"mode":"PassThrough"},"revisionId":"$(uuid)","state":"Active","lastUpdateStatus":"InProgress","packageType":"Zip","architectures":["arm64"],"ephemeralStorage":{"size":512}}"#, more: r#""apiVersion":"2015-03-31","#, ..WRITE },

    Call { weight: 60, source: "logs", name: "CreateLogStream", request: r#"{"logGroupName":"$(loggroup)","logStreamName":"2026/01/$(small)/[$LATEST]$(hex16)$(hex16*)"}"#, ..WRITE },
    Call { weight: 4, source: "logs", name: "CreateLogGroup", request: r#"{"logGroupName":"$(loggroup)"}"#, ..WRITE },
    Call { weight: 12, source: "logs", name: "DescribeLogGroups", request: r#"{"logGroupNamePrefix":"$(loggroup)","limit":50}"#, ..READ },
    Call { source: "logs", name: "FilterLogEvents", request: r#"{"logGroupName":"$(loggroup)","startTime":$(millis),"filterPattern":"?ERROR ?Exception","limit":10000}"#, ..READ },
    Call { weight: 5, source: "logs", name: "StartQuery", request: r#"{"logGroupName":"$(loggroup)","startTime":1767571200,"endTime":1767657600,"queryString":"fields @timestamp, @message | filter @message like /$(hex8)/ | sort @timestamp desc | limit 200"}"#, response: r#"{"queryId":"$(uuid)"}"#, ..READ },

    Call { weight: 20, source: "monitoring", name: "DescribeAlarms", request: r#"{"alarmNamePrefix":"TargetTracking-$(service)","maxRecords":100}"#, ..READ },
    Call { weight: 3, source: "monitoring", name: "PutMetricAlarm", caller: Caller::Forwarded("autoscaling"), request: r#"{"alarmName":"$(alarm)-AlarmHigh-$(uuid)","alarmDescription":"DO NOT EDIT OR DELETE.","actionsEnabled":true,"alarmActions":["arn:aws:autoscaling:$(region):$(account):scalingPolicy:$(uuid):resource/ecs/service/$(cluster)/$(service)"],"metricName":"CPUUtilization","namespace":"AWS/ECS","statistic":"Average","dimensions":[{"name":"ClusterName","value":"$(cluster)"},{"name":"ServiceName","value":"$(service)"}],"period":60,"evaluationPeriods":3,"threshold":70.0,"comparisonOperator":"GreaterThanThreshold"}"#, ..WRITE },

    Call { weight: 35, source: "dynamodb", name: "GetItem", data: true, request: r#"{"tableName":"$(table)","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS"},"consistentRead":false}"#, more: TABLE, ..READ },
    Call { weight: 18, source: "dynamodb", name: "PutItem", data: true, request: r#"{"tableName":"$(table)","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS"},"items":["pk","sk","body","expires"]}"#, more: TABLE, ..WRITE },
    Call { weight: 20, source: "dynamodb", name: "Query", data: true, request: r#"{"tableName":"$(table)","indexName":"by-day","keyConditionExpression":"pk = :pk","limit":$(small)}"#, more: TABLE, ..READ },
    Call { source: "dynamodb", name: "DescribeTable", request: r#"{"tableName":"$(table)"}"#, more: TABLE, ..READ },

    Call { weight: 12, source: "sqs", name: "GetQueueAttributes", request: r#"{"queueUrl":"https://sqs.$(region).amazonaws.com/$(account)/$(queue)","attributeNames":["ApproximateNumberOfMessages","ApproximateNumberOfMessagesNotVisible"]}"#, ..READ },
    Call { weight: 15, source: "sns", name: "Publish", data: true, request: r#"{"topicArn":"arn:aws:sns:$(region):$(account):$(queue)","message":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#, response: r#"{"messageId":"$(uuid)"}"#, ..WRITE },
    Call { weight: 4, source: "sns", name: "ListTopics", ..READ },

    Call { weight: 35, source: "ssm", name: "GetParameter", request: r#"{"name":"$(parameter)","withDecryption":true}"#, ..READ },
    Call { weight: 14, source: "ssm", name: "GetParametersByPath", request: r#"{"path":"/prod/shop/","recursive":true,"withDecryption":true,"maxResults":10,"nextToken":"$(tag)"}"#, ..READ },
    Call { weight: 45, source: "ssm", name: "UpdateInstanceInformation", request: r#"{"instanceId":"$(instance)","agentVersion":"3.3.1345.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"$(private)","computerName":"ip-$(private).$(region).compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"$(region)$(zone)","sSMConnectionChannel":"ssmmessages"}"#, ..WRITE },
    Call { weight: 6, source: "ssm", name: "PutInventory", request: r#"{"instanceId":"$(instance)","items":[{"typeName":"AWS:InstanceInformation","schemaVersion":"1.0","captureTime":"$(time)","contentHash":"$(hex16)=="}]}"#, ..WRITE },
    Call { weight: 6, source: "ssm", name: "DescribeInstanceInformation", request: r#"{"maxResults":50,"filters":[{"key":"InstanceIds","values":["$(instance)"]}]}"#, ..READ },

    Call { weight: 70, source: "secretsmanager", name: "GetSecretValue", request: r#"{"secretId":"$(secret)"}"#, ..READ },
    Call { weight: 6, source: "secretsmanager", name: "DescribeSecret", request: r#"{"secretId":"$(secret)"}"#, ..READ },
    Call { weight: 3, source: "secretsmanager", name: "ListSecrets", request: r#"{"maxResults":100,"filters":[{"key":"name","values":["prod"]}]}"#, ..READ },

    Call { weight: 60, source: "iam", name: "GetRole", global: true, request: r#"{"roleName":"$(role)"}"#, ..READ },
    Call { weight: 40, source: "iam", name: "ListAttachedRolePolicies", global: true, request: r#"{"roleName":"$(role)"}"#, ..READ },
    Call { weight: 40, source: "iam", name: "ListRolePolicies", global: true, request: r#"{"roleName":"$(role)"}"#, ..READ },
    Call { weight: 20, source: "iam", name: "GetPolicyVersion", global: true, request: r#"{"policyArn":"arn:aws:iam::$(account):policy/$(service)","versionId":"v$(small)"}"#, ..READ },
    Call { weight: 15, source: "iam", name: "ListRoles", global: true, request: r#"{"maxItems":1000}"#, ..READ },
    Call { weight: 15, source: "iam", name: "GetUser", global: true, request: r#"{"userName":"$(user)"}"#, ..READ },
    Call { source: "iam", name: "ListAccessKeys", global: true, request: r#"{"userName":"$(user)"}"#, ..READ },
    Call { weight: 2, source: "iam", name: "CreateRole", global: true, request: r#"{"roleName":"$(role)","path":"/","assumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"}"#, response: r#"{"role":{"path":"/","roleName":"$(role)","roleId":"AROAEXAMPLE$(hex8)","arn":"arn:aws:iam::$(account):role/$(role)","createDate":"$(longtime)","assumeRolePolicyDocument":"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D"}}"#, ..WRITE },
    Call { weight: 2, source: "iam", name: "PutRolePolicy", global: true, request: r#"{"roleName":"$(role)","policyName":"inline","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::$(bucket)\",\"arn:aws:s3:::$(bucket)/*\"]}]}"}"#, ..WRITE },
    Call { weight: 2, source: "iam", name: "AttachRolePolicy", global: true, request: r#"{"roleName":"$(role)","policyArn":"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}"#, ..WRITE },

    Call { weight: 30, source: "ecs", name: "DescribeServices", request: r#"{"cluster":"$(cluster)","services":["$(service)"]}"#, ..READ },
    Call { weight: 12, source: "ecs", name: "DescribeTasks", request: r#"{"cluster":"$(cluster)","tasks":["arn:aws:ecs:$(region):$(account):task/$(cluster)/$(hex16)$(hex16*)"]}"#, ..READ },
    Call { weight: 6, source: "ecs", name: "RunTask", request: r#"{"cluster":"$(cluster)","taskDefinition":"$(service):$(small)","count":1,"launchType":"FARGATE","networkConfiguration":{"awsvpcConfiguration":{"subnets":["$(subnet)"],"securityGroups":["$(group)"],"assignPublicIp":"DISABLED"}}}"#, response: r#"{"tasks":[{"taskArn":"arn:aws:ecs:$(region):$(account):task/$(cluster)/$(hex16)$(hex16*)","clusterArn":"arn:aws:ecs:$(region):$(account):cluster/$(cluster)","taskDefinitionArn":"arn:aws:ecs:$(region):$(account):task-definition/$(service):$(small)","overrides":{"containerOverrides":[{"name":"app"}],"inferenceAcceleratorOverrides":[]},"lastStatus":"PROVISIONING","desiredStatus":"RUNNING","cpu":"512","memory":"1024","containers":[{"containerArn":"arn:aws:ecs:$(region):$(account):container/$(cluster)/$(uuid)","name":"app","image":"$(account).dkr.ecr.$(region).amazonaws.com/$(repository):$(hex8)","lastStatus":"PENDING","cpu":"0"}],"version":1,"createdAt":"$(longtime)","group":"family:$(service)","launchType":"FARGATE","platformVersion":"1.4.0","platformFamily":"Linux","availabilityZone":"$(region)$(zone)"}],"failures":[]}"#, ..WRITE },
    Call { weight: 3, source: "ecs", name: "UpdateService", request: r#"{"cluster":"$(cluster)","service":"$(service)","taskDefinition":"$(service):$(small)"}"#, response: r#"{"service":{"serviceArn":"arn:aws:ecs:$(region):$(account):service/$(cluster)/$(service)","serviceName":"$(service)","clusterArn":"arn:aws:ecs:$(region):$(account):cluster/$(cluster)","status":"ACTIVE","desiredCount":3,"runningCount":3,"pendingCount":0,"launchType":"FARGATE","taskDefinition":"arn:aws:ecs:$(region):$(account):task-definition/$(service):$(small)"}}"#, ..WRITE },
    Call { weight: 2, source: "ecs", name: "RegisterTaskDefinition", request: r#"{"family":"$(service)","networkMode":"awsvpc","executionRoleArn":"arn:aws:iam::$(account):role/$(role)","requiresCompatibilities":["FARGATE"],"cpu":"512","memory":"1024","containerDefinitions":[{"name":"app","image":"$(account).dkr.ecr.$(region).amazonaws.com/$(repository)@sha256:$(digest)","essential":true,"portMappings":[{"containerPort":8080}],"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"$(loggroup)","awslogs-region":"$(region)","awslogs-stream-prefix":"app"}}}]}"#, response: r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:$(region):$(account):task-definition/$(service):$(small)","family":"$(service)","revision":$(small),"status":"ACTIVE","registeredAt":"$(longtime)"}}"#, ..WRITE },

    Call { weight: 25, source: "ecr", name: "BatchGetImage", request: r#"{"registryId":"$(account)","repositoryName":"$(repository)","imageIds":[{"imageDigest":"sha256:$(digest)"}],"acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json","application/vnd.oci.image.manifest.v1+json"]}"#, more: r#""resources":[{"accountId":"$(account)","ARN":"arn:aws:ecr:$(region):$(account):repository/$(repository)"}],"#, ..READ },
    Call { weight: 18, source: "ecr", name: "GetDownloadUrlForLayer", request: r#"{"registryId":"$(account)","repositoryName":"$(repository)","layerDigest":"sha256:$(digest)"}"#, more: r#""resources":[{"accountId":"$(account)","ARN":"arn:aws:ecr:$(region):$(account):repository/$(repository)"}],"#, ..READ },
    Call { weight: 16, source: "ecr", name: "GetAuthorizationToken", ..READ },
    Call { weight: 2, source: "ecr", name: "PutImage", request: r#"{"repositoryName":"$(repository)","imageTag":"$(hex8)","imageManifest":"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":$(number),\"digest\":\"sha256:$(digest*)\"},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"size\":$(number*),\"digest\":\"sha256:$(digest*)\"},{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"size\":$(number*),\"digest\":\"sha256:$(digest*)\"}]}"}"#, response: r#"{"image":{"registryId":"$(account)","repositoryName":"$(repository)","imageId":{"imageDigest":"sha256:$(digest)","imageTag":"$(hex8)"},"imageManifestMediaType":"application/vnd.oci.image.manifest.v1+json"}}"#, more: r#""resources":[{"accountId":"$(account)","ARN":"arn:aws:ecr:$(region):$(account):repository/$(repository)"}],"#, ..WRITE },

    Call { weight: 12, source: "rds", name: "DescribeDBInstances", request: r#"{"dBInstanceIdentifier":"$(database)"}"#, ..READ },
    Call { weight: 1, source: "rds", name: "CreateDBSnapshot", request: r#"{"dBSnapshotIdentifier":"$(database)-$(hex8)","dBInstanceIdentifier":"$(database)"}"#, response: r#"{"dBSnapshotIdentifier":"$(database)-$(hex8)","dBInstanceIdentifier":"$(database)","engine":"postgres","allocatedStorage":200,"status":"creating","port":5432,"availabilityZone":"$(region)$(zone)","vpcId":"$(vpc)","engineVersion":"16.4","licenseModel":"postgresql-license","snapshotType":"manual","percentProgress":0,"storageType":"gp3","encrypted":true,"kmsKeyId":"arn:aws:kms:$(region):$(account):key/$(key)","dBSnapshotArn":"arn:aws:rds:$(region):$(account):snapshot:$(database)-$(hex8)"}"#, ..WRITE },

    Call { weight: 14, source: "cloudformation", name: "DescribeStacks", request: r#"{"stackName":"$(stack)"}"#, ..READ },
    Call { weight: 8, source: "cloudformation", name: "DescribeStackEvents", request: r#"{"stackName":"arn:aws:cloudformation:$(region):$(account):stack/$(stack)/$(key)"}"#, ..READ },
    Call { weight: 2, source: "cloudformation", name: "CreateChangeSet", request: r#"{"stackName":"$(stack)","changeSetName":"cdk-deploy-change-set","changeSetType":"UPDATE","capabilities":["CAPABILITY_IAM","CAPABILITY_NAMED_IAM"],"templateURL":"https://s3.$(region).amazonaws.com/$(bucket)/$(digest).json","includeNestedStacks":true}"#, response: r#"{"id":"arn:aws:cloudformation:$(region):$(account):changeSet/cdk-deploy-change-set/$(uuid)","stackId":"arn:aws:cloudformation:$(region):$(account):stack/$(stack)/$(key)"}"#, ..WRITE },

    Call { weight: 40, source: "elasticloadbalancing", name: "DescribeTargetHealth", request: r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:$(region):$(account):targetgroup/$(target)/0123456789abcdef"}"#, more: r#""apiVersion":"2015-12-01","#, ..READ },
    Call { source: "elasticloadbalancing", name: "DescribeLoadBalancers", request: r#"{"pageSize":400}"#, more: r#""apiVersion":"2015-12-01","#, ..READ },
    Call { weight: 6, source: "elasticloadbalancing", name: "RegisterTargets", caller: Caller::Linked("ecs"), request: r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:$(region):$(account):targetgroup/$(target)/0123456789abcdef","targets":[{"id":"$(private)","port":8080}]}"#, more: r#""apiVersion":"2015-12-01","#, ..WRITE },
    Call { weight: 25, source: "autoscaling", name: "DescribeAutoScalingGroups", request: r#"{"autoScalingGroupNames":["$(service)"],"maxRecords":100}"#, ..READ },

    Call { weight: 4, source: "cloudtrail", name: "DescribeTrails", request: r#"{"trailNameList":[],"includeShadowTrails":false}"#, ..READ },
    Call { weight: 4, source: "cloudtrail", name: "GetTrailStatus", request: r#"{"name":"arn:aws:cloudtrail:$(region):$(account):trail/main"}"#, ..READ },
    Call { weight: 4, source: "cloudtrail", name: "LookupEvents", request: r#"{"maxResults":50,"lookupAttributes":[{"attributeKey":"ResourceName","attributeValue":"$(instance)"}]}"#, ..READ },
    Call { weight: 9, source: "config", name: "PutEvaluations", request: r#"{"evaluations":[{"complianceResourceType":"AWS::EC2::Volume","complianceResourceId":"$(volume)","complianceType":"COMPLIANT","orderingTimestamp":"$(longtime)"}],"resultToken":"$(token)"}"#, response: r#"{"failedEvaluations":[]}"#, ..WRITE },
    Call { weight: 8, source: "config", name: "DescribeConfigRules", ..READ },
    Call { weight: 5, source: "route53", name: "ListResourceRecordSets", global: true, request: r#"{"hostedZoneId":"Z0$(hex8)","maxItems":"300"}"#, ..READ },
    Call { weight: 4, source: "route53", name: "ChangeResourceRecordSets", global: true, request: r#"{"hostedZoneId":"Z0$(hex8)","changeBatch":{"changes":[{"action":"UPSERT","resourceRecordSet":{"name":"$(service).internal.example.com","type":"A","tTL":60,"resourceRecords":[{"value":"$(private)"}]}}]}}"#, response: r#"{"changeInfo":{"id":"/change/C$(hex16)","status":"PENDING","submittedAt":"$(longtime)"}}"#, ..WRITE },
    Call { source: "eks", name: "DescribeCluster", request: r#"{"name":"$(cluster)"}"#, ..READ },
    Call { source: "eks", name: "ListClusters", request: r#"{"maxResults":100}"#, ..READ },
    Call { source: "glue", name: "GetTable", request: r#"{"catalogId":"$(account)","databaseName":"lake","name":"$(table)"}"#, ..READ },
    Call { source: "athena", name: "StartQueryExecution", request: r#"{"queryString":"HIDDEN_DUE_TO_SECURITY_REASONS","clientRequestToken":"$(uuid)","queryExecutionContext":{"database":"lake"},"resultConfiguration":{"outputLocation":"s3://$(bucket)/athena/"},"workGroup":"primary"}"#, response: r#"{"queryExecutionId":"$(uuid*)"}"#, ..WRITE },
    Call { source: "athena", name: "GetQueryExecution", request: r#"{"queryExecutionId":"$(uuid)"}"#, ..READ },
    Call { weight: 3, source: "events", name: "ListRules", request: r#"{"namePrefix":"$(service)"}"#, ..READ },
    Call { weight: 3, source: "guardduty", name: "ListFindings", request: r#"{"detectorId":"$(hex16)$(hex16*)","maxResults":50,"findingCriteria":{"criterion":{"service.archived":{"eq":["false"]}}}}"#, ..READ },
    Call { weight: 4, source: "health", name: "DescribeEventAggregates", global: true, request: r#"{"aggregateField":"eventTypeCategory","filter":{"eventStatusCodes":["open","upcoming"]}}"#, ..READ },
    Call { weight: 2, source: "organizations", name: "ListAccounts", global: true, ..READ },
    Call { weight: 8, source: "tagging", name: "GetResources", request: r#"{"tagFilters":[{"key":"team","values":["shop"]}],"resourcesPerPage":100,"paginationToken":"$(tag)"}"#, ..READ },
];
