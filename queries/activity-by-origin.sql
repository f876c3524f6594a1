-- title: Activity by origin
-- answers: Who is behind the activity, through all sessions and keys, and how much of it?
-- param account text default none: Only events of this account.
-- param origin text default none: Only this origin, as the answer names it, and what may be of it.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column origin_kind text: `iam-user`, `root`, `service`, `saml`, `web-identity`, `identity-center-user`,
--     `certificate`, `account`, `anonymous` or `unknown`.
-- column origin text: The origin: an ARN where it has one, else a name; `unknown` where nobody is known. Of several that
--     come into question all, parted by ` or `.
-- column root text: Whoever made the origin's key or password or launched its workload, as far up as known; the
--     origin itself where nobody did. Of several that come into question all, parted by ` or `.
-- column calls bigint: How many events; of a request that two accounts recorded both.
-- column writes bigint: How many of them change something.
-- column denied bigint: How many of them were denied.
-- column callers bigint: How many different credentials, sessions and services made them.
-- column through_sessions bigint: How many of the events were made in a role session or with a temporary key that
--     somebody issued.
-- column complete boolean: Whether every step up to the origin is proven for every event.
-- column certain boolean: Whether no other origin comes into question; events of which that is so are apart from others.
-- column root_certain boolean: Whether nobody else comes into question as root, and no step up to there is only claimed;
--     events of which that is so are apart from others.
-- column first_event timestamp: The first event.
-- column last_event timestamp: The last event.
-- reads: events, origins
-- caveat: Origins are found over all events of the lake, the window only chooses what is counted. Who acts with a key is
--     its origin; who made the key is `root`, and need not be who acts.
select
  coalesce(origin_kind, 'unknown') as origin_kind,
  coalesce(origin, 'unknown') as origin,
  coalesce(root, origin, 'unknown') as root,
  count(*) as calls,
  count(*) filter (where coalesce(not read_only, name_writes(event_name))) as writes,
  count(*) filter (where is_denied(error_code)) as denied,
  count(distinct caller) as callers,
  count(*) filter (where depth > 0 and caller_class = 'credential') as through_sessions,
  bool_and(coalesce(complete, false)) as complete,
  coalesce(certain, false) as certain,
  coalesce(root_certain, false) as root_certain,
  min(event_time) as first_event,
  max(event_time) as last_event
from event_origins
where ($account is null or account = $account)
  and (
    $origin is null
    or coalesce(origin, 'unknown') = $origin
    or (gap = 'several-origins' and array_has(string_to_array(origin, ' or '), $origin))
  )
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
group by
  coalesce(origin_kind, 'unknown'),
  coalesce(origin, 'unknown'),
  coalesce(root, origin, 'unknown'),
  coalesce(certain, false),
  coalesce(root_certain, false)
order by calls desc, origin_kind, origin, root, certain, root_certain
