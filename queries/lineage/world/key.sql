-- The first step of the ladder: an issuance names the key, and session and second agree; where the record does not say
-- when the session was created, it came not later than 2 s after the first use and not more than 36 hours before.
-- `crate::lineage::fit` says the same of one pair.
select nodes.caller as c, steps.i, cast(0 as bigint) as rank
from nodes join steps on nodes.key_hash = steps.key_hash and nodes.created_s = steps.at_s
where nodes.climbs
  and nodes.caller <> coalesce(steps.caller, 0)
  and coalesce(nodes.account_hash = steps.account_hash, true)
  and coalesce(nodes.issuer_hash = steps.issuer_hash, true)
  and coalesce(nodes.provider_hash = steps.provider_hash, true)
  and coalesce(nodes.arn_hash = steps.arn_hash, true)
  and coalesce(nodes.id_hash = steps.id_hash, true)
  and steps.at_s <= nodes.first_s + 2
union all
select nodes.caller as c, steps.i, cast(0 as bigint) as rank
from nodes join steps on nodes.key_hash = steps.key_hash
where nodes.climbs
  and nodes.created_s is null
  and nodes.caller <> coalesce(steps.caller, 0)
  and coalesce(nodes.account_hash = steps.account_hash, true)
  and coalesce(nodes.issuer_hash = steps.issuer_hash, true)
  and coalesce(nodes.provider_hash = steps.provider_hash, true)
  and coalesce(nodes.arn_hash = steps.arn_hash, true)
  and coalesce(nodes.id_hash = steps.id_hash, true)
  and steps.at_s between nodes.first_s - 129600 and nodes.first_s + 2
