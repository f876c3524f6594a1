-- Those who switched roles in the console as a session of a role, of which the record names no more than the ARN: what STS
-- may have made that session by, within its life. c is the number of the record of the switch. `crate::lineage::fit` says
-- the same of such a caller.
select switched.i as c, steps.i, cast(50 as bigint) as rank
from steps as switched join steps on switched.switch_hash = steps.arn_hash
where steps.by_sts
  and steps.at_s between switched.at_s - 43200 and switched.at_s + 2
union all
-- Of users that switched the sign-ins by which they may have come: `crate::lineage::find_sign_ins`.
select switched.i as c, steps.i, cast(50 as bigint) as rank
from steps as switched join steps on switched.user_switch_hash = steps.sign_in_hash
where steps.at_s between switched.at_s - 43200 and switched.at_s + 2
