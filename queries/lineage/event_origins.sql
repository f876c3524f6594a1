-- view: event_origins
-- what: Every event, with who called and who is behind it: `calls` joined with `origins`.
select
  calls.*,
  origins.depth,
  origins.origin_kind,
  origins.origin,
  origins.origin_account,
  origins.origin_access_key,
  origins.complete,
  origins.certain,
  origins.gap,
  origins.root_kind,
  origins.root,
  origins.root_certain
from calls left join origins on calls.caller = origins.caller
