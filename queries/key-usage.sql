-- title: First and last use of each access key
-- answers: Which access keys were used, by whom, from when to when?
-- param key text default none: Only this key.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column access_key_id text: The access key id.
-- column first_used timestamp: Its first call in the window.
-- column last_used timestamp: Its last call in the window.
-- column calls bigint: Its calls.
-- column errors bigint: Those of them that ended in an error.
-- column identity_arn text: The caller, where all its records name the same.
-- column identities bigint: How many callers (ARNs) its records name; more than one is odd.
-- column accounts bigint: How many accounts its records belong to.
-- column key_account text: The account that the id encodes; empty for ids of the old format. Where it differs
--     from the records, believe these.
-- column forwarded bigint: Those of its calls that a service made for the caller.
-- column addresses bigint: How many addresses it was used from.
-- column regions bigint: How many regions it was used in.
-- reads: events
-- caveat: Use is what the log shows: calls that were not logged (data events, other regions, other accounts'
--     trails) are no use here. Times belong to the key, not to the data set.
select
  access_key_id,
  min(event_time) as first_used,
  max(event_time) as last_used,
  count(*) as calls,
  count(*) filter (where error_code <> '' or error_message <> '') as errors,
  case when count(distinct identity_arn) = 1 and count(identity_arn) = count(*) then min(identity_arn) end as identity_arn,
  count(distinct identity_arn) as identities,
  count(distinct account) as accounts,
  key_account(access_key_id) as key_account,
  count(invoked_by) as forwarded,
  count(distinct source_ip_address) as addresses,
  count(distinct aws_region) as regions
from events
where access_key_id <> ''
  and ($key is null or access_key_id = $key)
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
group by access_key_id
order by first_used, access_key_id
