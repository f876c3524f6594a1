-- Those that are left, and would fit an issuance if it did not come after their first use.
select rest.caller as c, min(steps.i) as i
from rest join steps on rest.key_hash = steps.key_hash
where rest.caller <> coalesce(steps.caller, 0)
  and coalesce(rest.account_hash = steps.account_hash, true)
  and coalesce(rest.issuer_hash = steps.issuer_hash, true)
  and coalesce(rest.provider_hash = steps.provider_hash, true)
  and coalesce(rest.arn_hash = steps.arn_hash, true)
  and coalesce(rest.id_hash = steps.id_hash, true)
  and coalesce(abs(rest.created_s - steps.at_s) <= 2, true)
  and steps.at_s > rest.first_s + 2
group by rest.caller
