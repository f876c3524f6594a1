-- title: Coverage by day
-- answers: For which accounts, regions and days are there events?
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column event_date date: The day, in UTC.
-- column events bigint: All events.
-- column management bigint: Management events.
-- column data bigint: Data events.
-- column writes bigint: Events that change something: the record says so, or says nothing and the name does.
-- column objects bigint: How many log objects hold them.
-- column first_time timestamp: The first event of the day.
-- column last_time timestamp: The last event of the day.
-- reads: events
-- caveat: A day without a row has no events here: quiet, not delivered, or not recorded. Only a trail's
--     settings and digests can tell which.
select
  account,
  aws_region,
  event_date,
  count(*) as events,
  count(*) filter (where coalesce(nullif(event_category, ''), case when management_event = false then 'Data' else 'Management' end) = 'Management') as management,
  count(*) filter (where coalesce(nullif(event_category, ''), case when management_event = false then 'Data' else 'Management' end) = 'Data') as data,
  count(*) filter (where coalesce(not read_only, name_writes(event_name))) as writes,
  count(distinct object) as objects,
  min(event_time) as first_time,
  max(event_time) as last_time
from events
where event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
group by account, aws_region, event_date
order by account, aws_region, event_date
