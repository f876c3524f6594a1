-- The same for those that are left, up to 2 s from the creation.
select rest.caller as c, steps.i, abs(rest.off) as rank
from (select *, unnest(make_array(-2, -1, 1, 2)) as off from rest where created_s is not null and key_hash is not null) as rest
join steps on rest.key_hash = steps.key_hash and rest.created_s + rest.off = steps.at_s
where rest.caller <> coalesce(steps.caller, 0)
  and coalesce(rest.account_hash = steps.account_hash, true)
  and coalesce(rest.issuer_hash = steps.issuer_hash, true)
  and coalesce(rest.provider_hash = steps.provider_hash, true)
  and coalesce(rest.arn_hash = steps.arn_hash, true)
  and coalesce(rest.id_hash = steps.id_hash, true)
  and steps.at_s <= rest.first_s + 2
