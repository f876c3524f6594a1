-- title: Calls by action and outcome
-- answers: Which operations were called how often, and how did they end?
-- param who text default none: ARN, name or unique id of a user or role, access key id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column service text: The service called, as `iam`.
-- column event_name text: The operation called.
-- column calls bigint: All calls.
-- column ok bigint: Calls that did what was asked.
-- column denied bigint: Calls for which permission was missing.
-- column throttled bigint: Calls that came too fast.
-- column failed bigint: Calls that failed for any other reason.
-- column writes bigint: Calls that change something: the record says so, or says nothing and the name does.
-- column principals bigint: How many users, roles and services called.
-- column first_time timestamp: The first call.
-- column last_time timestamp: The last call.
-- reads: events
-- caveat: Counts records: one batch call is one record, and retries of the caller are records of their own.
with calls as (
  select
    coalesce(service(event_source), '') as service,
    coalesce(event_name, '') as event_name,
    outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
    coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
    read_only,
    event_time
  from events
  where ($who is null or (
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
)
select
  service,
  event_name,
  count(*) as calls,
  count(*) filter (where outcome = 'ok') as ok,
  count(*) filter (where outcome = 'denied') as denied,
  count(*) filter (where outcome = 'throttled') as throttled,
  count(*) filter (where outcome = 'failed') as failed,
  count(*) filter (where coalesce(not read_only, name_writes(event_name))) as writes,
  count(distinct principal) as principals,
  min(event_time) as first_time,
  max(event_time) as last_time
from calls
group by service, event_name
order by service, event_name
