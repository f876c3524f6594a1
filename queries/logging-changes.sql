-- title: Changes of logging and detection
-- answers: Who changed what is recorded, or what watches: trails, configuration recorders, detectors, flow
--     logs, alarms?
-- param who text default none: ARN, name or unique id of a user or role, access key id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column event_name text: The operation called.
-- column outcome text: `ok`, `denied`, `throttled` or `failed`.
-- column target text: What was changed, as far as the parameters, or AWS's reason for a denial, name it.
-- column why text: Why the call matters.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column access_key_id text: The access key id that signed the request.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column service text: The service called, as `iam`.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column request_parameters text: The request's parameters, as JSON.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Attempts that failed are listed too: see outcome. After a trail is stopped, nothing shows here, the
--     starting again neither unless another trail saw it.
select
  event_time,
  event_name,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  coalesce(target(request_parameters), denial_resource(error_message)) as target,
  sensitive_why(event_source, event_name) as why,
  coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
  identity_arn,
  access_key_id,
  source_ip_address,
  service(event_source) as service,
  account,
  aws_region,
  request_parameters,
  event_id,
  object,
  record_index
from events
where sensitive_category(event_source, event_name) = 'logging'
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
