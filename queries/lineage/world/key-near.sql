-- The same for those that are left, up to 2 s from the creation. Equality alone is joined by: of each caller there is a row
-- for each span of 8 s that these seconds lie in.
select rest.caller as c, steps.i, abs(steps.at_s - rest.created_s) as rank
from (
  select *, unnest(range((created_s - 2) / 8, (created_s + 2) / 8 + 1)) as span
  from rest
  where created_s is not null and key_hash is not null
) as rest
join steps on rest.key_hash = steps.key_hash and rest.span = steps.at_s / 8
where steps.at_s between rest.created_s - 2 and rest.created_s + 2
  and steps.at_s <> rest.created_s
  and rest.caller <> coalesce(steps.caller, 0)
  and coalesce(rest.account_hash = steps.account_hash, true)
  and coalesce(rest.issuer_hash = steps.issuer_hash, true)
  and coalesce(rest.provider_hash = steps.provider_hash, true)
  and coalesce(rest.arn_hash = steps.arn_hash, true)
  and coalesce(rest.id_hash = steps.id_hash, true)
  and steps.at_s <= rest.first_s + 2
