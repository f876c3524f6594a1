-- title: Principals by number of calls
-- answers: Who called most, from how many places, and with how many errors?
-- param account text default none: Only records of this account.
-- param limit bigint default 50: How many principals, the busiest first.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column identity_types text: What kinds of caller these were.
-- column calls bigint: All calls.
-- column writes bigint: Calls that change something: the record says so, or says nothing and the name does.
-- column denied bigint: Calls for which permission was missing.
-- column errors bigint: Calls that ended in any error; of a failed sign-in to the console, too, which has no error code.
-- column actions bigint: How many different operations were called.
-- column keys bigint: How many access keys were used.
-- column addresses bigint: How many addresses were used.
-- column regions bigint: How many regions were used.
-- column first_time timestamp: The first call.
-- column last_time timestamp: The last call.
-- reads: events
-- caveat: Sessions of one role are one principal. Busy is not suspicious: scanners and services lead this
--     list.
select
  coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
  string_agg(distinct identity_type, ', ' order by identity_type) as identity_types,
  count(*) as calls,
  count(*) filter (where coalesce(not read_only, name_writes(event_name))) as writes,
  count(*) filter (where is_denied(error_code)) as denied,
  count(*) filter (where error_code <> '' or error_message <> '') as errors,
  count(distinct coalesce(event_source, '') || ':' || coalesce(event_name, '')) as actions,
  count(distinct nullif(access_key_id, '')) as keys,
  count(distinct source_ip_address) as addresses,
  count(distinct aws_region) as regions,
  min(event_time) as first_time,
  max(event_time) as last_time
from events
where ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
group by coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown')
order by calls desc, principal
limit $limit
