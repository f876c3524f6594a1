-- title: What is new since a date
-- answers: Which actions, addresses, regions and agents did a principal use that it never used before?
-- param since timestamp required: What was used before this time is not new.
-- param who text default none: ARN, name or unique id of a user or role, access key id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param to timestamp default latest: Events before this time.
-- column first_time timestamp: Its first use.
-- column kind text: `action`, `address`, `region` or `agent`.
-- column value text: What is new.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column calls bigint: How often it was used.
-- column denied bigint: How many of these calls were denied.
-- column last_time timestamp: Its last use.
-- column known_since timestamp: The first event of the principal at all; if it is not before `since`, all it
--     does is new.
-- reads: events
-- caveat: Never before means: not in this lake. Where the lake begins shortly before `since`, much looks new.
--     Calls that services made as themselves are left out.
with calls as (
  select
    coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
    service(event_source) || ':' || event_name as action,
    source_ip_address,
    aws_region,
    user_agent,
    event_time,
    is_denied(error_code) as denied
  from events
  where coalesce(identity_type, '') <> 'AWSService'
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
  and event_time < $to
  and event_date <= cast($to as date)
),
used as (
  select principal, 'action' as kind, action as value, event_time, denied from calls
  union all
  select principal, 'address' as kind, source_ip_address as value, event_time, denied from calls
  union all
  select principal, 'region' as kind, aws_region as value, event_time, denied from calls
  union all
  select principal, 'agent' as kind, user_agent as value, event_time, denied from calls
),
firsts as (
  select
    principal,
    kind,
    value,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as calls,
    count(*) filter (where denied) as denied
  from used
  where value is not null
  group by principal, kind, value
),
known as (
  select *, min(first_time) over (partition by principal) as known_since
  from firsts
)
select first_time, kind, value, principal, calls, denied, last_time, known_since
from known
where first_time >= $since
order by first_time, principal, kind, value
