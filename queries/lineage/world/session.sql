-- The further steps of the ladder, for those that no key links: same session and second, by STS before sign-in records;
-- same person, permission set, account and second; same sign-in session; same name only, or the second of an issuance that
-- answered with another key, for a caller that signs itself. Smaller ranks are stronger, see
-- `crate::lineage::Rank`; who takes the rows keeps those with the smallest. Of a step in the access portal whose person
-- these two records do not tell to be the session's the rank ends in 3: `super::portal` decides by all others.
with near as (
  select
    *,
    nullif(on_behalf_of_user_id, '') as person,
    nullif(split_part(on_behalf_of_identity_store_arn, '/', -1), '') as store,
    -- Equality alone is joined by: the spans of 8 s that the seconds up to 2 s from the creation lie in.
    unnest(range((created_s - 2) / 8, (created_s + 2) / 8 + 1)) as span
  from rest
  where created_s is not null
), fitting as (
  select
    near.caller as c,
    steps.i,
    10 + 10 * abs(steps.at_s - near.created_s) + case when steps.signs_in or steps.session_token then 1 else 0 end as rank
  from near join steps on near.arn_hash = steps.arn_hash and near.span = steps.at_s / 8
  where steps.at_s between near.created_s - 2 and near.created_s + 2
    and (steps.switched or near.caller <> coalesce(steps.caller, 0))
    and coalesce(near.account_hash = steps.account_hash, true)
    and coalesce(near.issuer_hash = steps.issuer_hash, true)
    and coalesce(near.provider_hash = steps.provider_hash, true)
    and coalesce(near.id_hash = steps.id_hash, true)
    and coalesce(near.key_hash <> steps.key_hash, true)
    and not (near.other_keys_disprove and steps.names_key)
    and not (near.of_console and steps.session_token)
    and not (
      steps.signs_in
      and not steps.switched
      and steps.role_session
      and steps.created_s is not distinct from near.created_s
    )
    and steps.at_s <= near.first_s + 2
  union all
  select
    near.caller as c,
    steps.i,
    10 + 10 * abs(steps.at_s - near.created_s) + case when steps.signs_in or steps.session_token then 1 else 0 end as rank
  from near join steps on near.id_hash = steps.id_hash and near.span = steps.at_s / 8
  where steps.at_s between near.created_s - 2 and near.created_s + 2
    and (near.arn_hash is null or steps.arn_hash is null)
    and (steps.switched or near.caller <> coalesce(steps.caller, 0))
    and coalesce(near.account_hash = steps.account_hash, true)
    and coalesce(near.issuer_hash = steps.issuer_hash, true)
    and coalesce(near.provider_hash = steps.provider_hash, true)
    and coalesce(near.key_hash <> steps.key_hash, true)
    and not (near.other_keys_disprove and steps.names_key)
    and not (near.of_console and steps.session_token)
    and not (
      steps.signs_in
      and not steps.switched
      and steps.role_session
      and steps.created_s is not distinct from near.created_s
    )
    and steps.at_s <= near.first_s + 2
  union all
  select
    near.caller as c,
    steps.i,
    10 + 10 * abs(steps.at_s - near.created_s)
      + case when coalesce(near.portal_user = steps.made_user, near.person = steps.portal_user_id) then 2 else 3 end as rank
  from near join steps
    on near.permission_set = steps.permission_set
    and near.account_hash = steps.account_hash
    and near.span = steps.at_s / 8
  where steps.at_s between near.created_s - 2 and near.created_s + 2
    and coalesce(near.portal_user = steps.made_user, true)
    and coalesce(near.person = steps.portal_user_id, true)
    and coalesce(near.store = steps.portal_store, true)
    and near.caller <> coalesce(steps.caller, 0)
    and steps.at_s <= near.first_s + 2
  union all
  select rest.caller as c, steps.i, 40 as rank
  from rest join steps on rest.sign_in_session = steps.sign_in_session
  where steps.by_sign_in
    and rest.caller <> coalesce(steps.caller, 0)
    and coalesce(rest.account_hash = steps.account_hash, true)
    and coalesce(rest.issuer_hash = steps.issuer_hash, true)
    and coalesce(rest.provider_hash = steps.provider_hash, true)
    and coalesce(rest.arn_hash = steps.arn_hash, true)
    and coalesce(rest.id_hash = steps.id_hash, true)
    and steps.at_s between coalesce(rest.first_s, rest.created_s) - 43202 and rest.first_s + 2
  union all
  select rest.caller as c, steps.i, 50 as rank
  from rest join steps on rest.arn_hash = steps.arn_hash
  where rest.created_s is null
    and rest.role_session
    and (steps.by_sts or steps.switched)
    and rest.caller <> coalesce(steps.caller, 0)
    and coalesce(rest.account_hash = steps.account_hash, true)
    and coalesce(rest.issuer_hash = steps.issuer_hash, true)
    and coalesce(rest.provider_hash = steps.provider_hash, true)
    and coalesce(rest.id_hash = steps.id_hash, true)
    and coalesce(rest.key_hash <> steps.key_hash, true)
    and steps.at_s between rest.first_s - 43200 and rest.first_s + 2
  union all
  select rest.caller as c, steps.i, 50 as rank
  from rest join steps on rest.arn_hash = steps.arn_hash and rest.created_s = steps.at_s
  where rest.other_keys_disprove
    and steps.names_key
    and rest.role_session
    and rest.caller <> coalesce(steps.caller, 0)
    and coalesce(rest.account_hash = steps.account_hash, true)
    and coalesce(rest.issuer_hash = steps.issuer_hash, true)
    and coalesce(rest.provider_hash = steps.provider_hash, true)
    and coalesce(rest.id_hash = steps.id_hash, true)
    and rest.key_hash <> steps.key_hash
    and steps.at_s between rest.first_s - 43200 and rest.first_s + 2
)
select c, i, cast(rank as bigint) as rank from fitting
