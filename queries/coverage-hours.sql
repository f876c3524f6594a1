-- title: Coverage by hour
-- answers: In which hours are there events, and how long are the gaps before them?
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column hour timestamp: The hour's beginning.
-- column events bigint: Its events.
-- column objects bigint: How many log objects hold them.
-- column empty_hours_before bigint: How many hours without an event lie between the hour before that has any
--     and this one; none for the first.
-- reads: events
-- caveat: An empty hour may be quiet, not delivered, or not recorded. Hours are of event time; delivery may
--     be later.
with hours as (
  -- By their number since 1970, as `date_trunc` looks up the time zone for every row.
  select account, aws_region, cast(event_time as bigint) / 3600000000 as hour, count(*) as events, count(distinct object) as objects
  from events
  where ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
  group by account, aws_region, cast(event_time as bigint) / 3600000000
)
select
  account,
  aws_region,
  arrow_cast(hour * 3600000000, 'Timestamp(Microsecond, Some("UTC"))') as hour,
  events,
  objects,
  hour - lag(hour) over (partition by account, aws_region order by hour) - 1 as empty_hours_before
from hours
order by account, aws_region, hour
