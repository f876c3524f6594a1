-- All issuances but for the plain delegations that `crate::query::lineage::pass` takes, with hashes of what is joined by.
-- Of what was asked for, an origin needs neither role nor source identity: their JSON is not read.
-- Times are whole seconds since 1970.
select
  * replace (cast(null as text) as role, cast(null as text) as asked_identity),
  text_hash(shared_event_id) as shared_hash,
  coalesce(
    account = made_account and coalesce(caller_account <> account, true), false
  ) as role_side,
  coalesce(account = caller_account and coalesce(made_account <> account, true), false) as caller_side,
  event_source = 'sts.amazonaws.com' as by_sts,
  event_source = 'signin.amazonaws.com' as by_sign_in,
  kind in ('console-login', 'switch-role', 'oauth') as signs_in,
  case when kind = 'portal' then nullif(on_behalf_of_user_id, '') end as portal_user_id,
  case when kind = 'portal' then nullif(split_part(on_behalf_of_identity_store_arn, '/', -1), '') end as portal_store,
  switch_from is not null as switched,
  coalesce(identity_type in ('AssumedRole', 'Role'), false) as role_session,
  kind in ('assume-role', 'web-identity', 'assume-root', 'session-token', 'federation-token', 'other')
    and coalesce(starts_with(made_key, 'ASIA'), false)
    and coalesce(invoked_by not in ('AWS Internal', 'signin.amazonaws.com'), true) as names_key,
  coalesce(invoked_by in ('AWS Internal', 'signin.amazonaws.com'), false) as by_console,
  kind = 'session-token' as session_token,
  text_hash(
    case when kind = 'federation-token' and identity_type in ('IAMUser', 'Root') then nullif(identity_arn, '') end
  ) as issuer_hash,
  text_hash(
    case
      when kind = 'web-identity'
        then nullif(regexp_replace(provider, '^(.*?:oidc-provider/)?(https://)?(.*?)/*$', '\3'), '')
      -- Root comes to none of the sessions that AssumeRoot makes by a sign-in or token of its own: their hash is another.
      when kind in ('console-login', 'switch-role', 'oauth', 'session-token') and identity_type = 'Root' then 'root'
    end
  ) as provider_hash,
  text_hash(made_key) as key_hash,
  text_hash(made_arn) as arn_hash,
  text_hash(telling_id(made_id)) as id_hash,
  text_hash(made_account) as account_hash,
  text_hash(case when switch_from like '%:assumed-role/%' then switch_from end) as switch_hash,
  text_hash(case when switch_from like '%:user/%' then switch_from end) as user_switch_hash,
  text_hash(case when kind = 'console-login' then made_arn end) as sign_in_hash,
  cast(caller_created as bigint) / 1000000 as created_s,
  cast(event_time as bigint) / 1000000 as at_s
from issuances
