-- title: Secrets read
-- answers: Who read secrets, parameters, passwords and tokens, and which?
-- param who text default none: ARN, name or unique id of a user or role, access key id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column service text: The service called, as `iam`.
-- column event_name text: The operation called.
-- column outcome text: `ok`, `denied`, `throttled` or `failed`.
-- column secret text: What was asked for, as far as the parameters, or AWS's reason for a denial, name it.
-- column decrypted boolean: For parameters, whether plain text was asked for.
-- column error_code text: The error, when the request failed.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column access_key_id text: The access key id that signed the request.
-- column invoked_by text: The service that made the call for the caller; empty for a call made directly.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Names, not contents, are logged. A parameter is a secret only if it is a SecureString and was asked
--     for in plain text. Code and environment of functions may hold secrets, too. Keys that KMS gave out or
--     decrypted are not here: `calls-by-action` counts them.
select
  event_time,
  service(event_source) as service,
  event_name,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  coalesce(
    json_get_str(request_parameters, 'secretId'),
    json_get_json(request_parameters, 'secretIdList'),
    json_get_str(request_parameters, 'name'),
    json_get_json(request_parameters, 'names'),
    json_get_str(request_parameters, 'path'),
    json_get_str(request_parameters, 'instanceId'),
    json_get_str(request_parameters, 'functionName'),
    json_get_str(request_parameters, 'keyId'),
    json_get_str(resources, 0, 'ARN'),
    denial_resource(error_message)
  ) as secret,
  json_get_bool(request_parameters, 'withDecryption') as decrypted,
  error_code,
  source_ip_address,
  coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
  identity_arn,
  access_key_id,
  invoked_by,
  account,
  aws_region,
  event_id,
  object,
  record_index
from events
where (
    (event_source = 'secretsmanager.amazonaws.com' and event_name in ('GetSecretValue', 'BatchGetSecretValue'))
    or (
      event_source = 'ssm.amazonaws.com'
      and event_name in ('GetParameter', 'GetParameters', 'GetParametersByPath', 'GetParameterHistory')
    )
    or (event_source = 'ec2.amazonaws.com' and event_name = 'GetPasswordData')
    or (event_source = 'ecr.amazonaws.com' and event_name = 'GetAuthorizationToken')
    or (event_source = 'lightsail.amazonaws.com' and event_name in ('DownloadDefaultKeyPair', 'GetInstanceAccessDetails'))
    or (event_source = 'redshift.amazonaws.com' and event_name in ('GetClusterCredentials', 'GetClusterCredentialsWithIAM'))
  )
  and ($who is null or (
    identity_arn = $who
    or session_issuer_arn = $who
    or user_name = $who
    or session_issuer_user_name = $who
    or principal_id = $who
    or session_issuer_principal_id = $who
    or on_behalf_of_user_id = $who
    or access_key_id = $who
    or source_ip_address = $who
    or ($who = 'root' and identity_type = 'Root')
    or ($who like 'ARO%' and starts_with(principal_id, $who || ':'))
    or (identity_arn like 'arn:%:user/%' and split_part(identity_arn, '/', -1) = $who)
    or (identity_arn like 'arn:%:assumed-role/%' and split_part(identity_arn, '/', 2) = $who)
    or (
      $who like 'arn:%:iam::%:role/%'
      and starts_with(
        identity_arn,
        regexp_replace($who, '^(arn:[^:]*):iam::([^:]*):role/(.*/)?([^/]*)$', '\1:sts::\2:assumed-role/\4/')
      )
    )
  ))
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
order by event_time, event_id, object, record_index
