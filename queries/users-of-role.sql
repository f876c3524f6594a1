-- title: Users of a role
-- answers: Who used this role, when, from where, with MFA or not?
-- param role text required: The role's ARN or name.
-- param user text default none: Only the sessions that were really this user's, or may have been: the origin's ARN or name.
-- param account text default none: Only events of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column origin_kind text: `iam-user`, `root`, `service`, `saml`, `web-identity`, `identity-center-user`,
--     `certificate`, `account`, `anonymous` or `unknown`.
-- column origin text: Who it really was: an ARN where it has one, else a name. Of several that come into question all,
--     parted by ` or `.
-- column session_name text: The session's name, which whoever assumed the role chose.
-- column session_created timestamp: When the session was created.
-- column mfa_authenticated boolean: Whether the session was authenticated with MFA.
-- column source_identity text: The source identity, which stays the same down a chain.
-- column calls bigint: How many events.
-- column denied bigint: How many of them were denied.
-- column keys bigint: How many access keys.
-- column source_ip_addresses text: The callers' addresses, or names of services, separated by commas.
-- column complete boolean: Whether every step up to the origin is proven.
-- column certain boolean: Whether no other origin comes into question.
-- column first_event timestamp: The first event.
-- column last_event timestamp: The last event.
-- column account text: The account of the role.
-- column role_id text: The role's unique id: a role that is made anew under the same name has another one.
-- reads: events, origins
-- caveat: The session's name is a claim of whoever assumed the role; the origin is what the logs prove.
select
  coalesce(origin_kind, 'unknown') as origin_kind,
  coalesce(origin, 'unknown') as origin,
  split_part(identity_arn, '/', 3) as session_name,
  caller_created as session_created,
  mfa_authenticated,
  source_identity,
  count(*) as calls,
  count(*) filter (where is_denied(error_code)) as denied,
  count(distinct caller_key) as keys,
  array_to_string(array_sort(array_agg(distinct source_ip_address)), ', ') as source_ip_addresses,
  bool_and(coalesce(complete, false)) as complete,
  bool_and(coalesce(certain, false)) as certain,
  min(event_time) as first_event,
  max(event_time) as last_event,
  caller_account as account,
  nullif(split_part(principal_id, ':', 1), '') as role_id
from event_origins
where identity_type = 'AssumedRole'
  and (
    session_issuer_arn = $role
    or session_issuer_user_name = $role
    or (identity_arn like 'arn:%:assumed-role/%' and split_part(identity_arn, '/', 2) = $role)
  )
  -- Of several origins each; of a user also the name alone.
  and (
    $user is null
    or array_has(string_to_array(origin, ' or '), $user)
    or array_has(
      string_to_array(regexp_replace(origin, 'arn:[^: ]*:iam::[0-9]*:user/([^ ]*/)?([^/ ]+)', '\2', 'g'), ' or '), $user
    )
  )
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
group by
  coalesce(origin_kind, 'unknown'), coalesce(origin, 'unknown'), split_part(identity_arn, '/', 3), caller_created,
  mfa_authenticated, source_identity, caller_account, nullif(split_part(principal_id, ':', 1), '')
order by
  first_event, origin, session_name, session_created, mfa_authenticated, source_identity, account, role_id
