-- What was done, one row for each address; not for SQL.
select
  source_ip_address,
  count(*) as calls,
  count(*) filter (where is_denied(error_code)) as denied,
  count(*) filter (
    where (error_code <> '' or error_message <> '') and not is_denied(error_code)
  ) as failed,
  count(*) filter (where invoked_by is not null) as forwarded,
  min(event_time) as first_use,
  max(event_time) as last_use
from events
group by source_ip_address
