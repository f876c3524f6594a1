-- title: Denied calls, with AWS's reason
-- answers: Which calls were denied, to whom, and what does AWS say why?
-- param who text default none: ARN, name or unique id of a user or role, access key id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column service text: The service called, as `iam`.
-- column event_name text: The operation called.
-- column error_code text: The error, when the request failed.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column denied_action text: The action that AWS says was not allowed; it may be another than the operation.
-- column denied_resource text: The resource that it was not allowed on.
-- column denied_by text: The kind of policy that decided, where AWS says so.
-- column denied_how text: `explicit` (a statement denies) or `implicit` (none allows), where AWS says so.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column access_key_id text: The access key id that signed the request.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column error_message text: The error's text, as the service wrote it.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Many services say only `Access Denied`: then the reason is empty. A denial seconds after a role or
--     policy was made may be IAM's delay and no policy at all.
select
  event_time,
  service(event_source) as service,
  event_name,
  error_code,
  source_ip_address,
  denial_action(error_message) as denied_action,
  denial_resource(error_message) as denied_resource,
  denial_layer(error_message) as denied_by,
  denial_effect(error_message) as denied_how,
  coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
  identity_arn,
  access_key_id,
  account,
  aws_region,
  error_message,
  event_id,
  object,
  record_index
from events
where is_denied(error_code)
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
