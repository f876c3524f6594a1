-- Principals of other accounts, whom a record names by unique id and session name: what answered with both, within the life of
-- a session before. Who takes the rows leaves out accounts whose own logs are here. `crate::lineage::fit` says the same of one
-- pair.
select nodes.caller as c, steps.i, cast(50 as bigint) as rank
from nodes join steps on nodes.id_hash = steps.id_hash
where nodes.caller_class = 'account'
  and nodes.created_s is null
  and steps.by_sts
  and not steps.session_token
  and coalesce(nodes.account_hash = steps.account_hash, true)
  and steps.at_s between nodes.first_s - 43200 and nodes.first_s + 2
