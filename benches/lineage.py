"""The closure of `benches/lineage.rs` in DuckDB: who stands behind every credential of a lake, by a recursive CTE.

It reads the Parquet files of the table `events` below the first argument and prints rows of origin kind, depth, complete,
credentials and calls as JSON. The rules are those of the program as far as the generated records need them: a link by key, session and
moment; the copies of two accounts joined; else a link by session and moment, or by a step of the access portal; then up
to the origin. What stands above origins, and why chains stop, is left out.
"""

import json
import sys

import duckdb

SLACK = 2  # seconds

connection = duckdb.connect()
connection.sql("set enable_progress_bar = false")  # it would stand in the output
files = sys.argv[1] + "/events/**/*.parquet"

# Every record once, with the credential that signed it and its account; `caller` is null where none signed.
connection.sql(f"""
create temp view calls as
select *,
    case when identity_type in ('AssumedRole', 'IAMUser', 'Root', 'FederatedUser')
        then hash(home, key, identity_arn, principal_id, created) end as caller
from (
    select *,
        coalesce(identity_account_id, session_issuer_account_id, account) as home,
        nullif(access_key_id, '') as key,
        epoch(session_created)::bigint as created,
        epoch(event_time)::bigint as time
    from read_parquet('{files}', hive_partitioning = false)
)
""")

connection.sql("""
create temp table callers as
select caller, any_value(home) as home, any_value(key) as key, any_value(identity_arn) as arn,
    any_value(principal_id) as id, any_value(created) as created, any_value(identity_type) as type,
    any_value(session_issuer_arn) as issuer, any_value(federated_provider) as provider,
    any_value(in_scope_of) as scope, any_value(ec2_role_delivery) as delivery, any_value(on_behalf_of_user_id) as behalf,
    min(time) as first_use, count(*) as calls, count(*) filter (where invoked_by is null) as own
from calls where caller is not null group by caller
""")

# Issuances, each with who made it: a caller, or a kind of origin.
connection.sql("""
create temp table records as
select event_id, account, time, shared_event_id as shared, event_name as name, issued_access_key_id as key,
    case when event_name in ('ConsoleLogin', 'GetSessionToken') then identity_arn
        when event_name = 'GetFederationToken' then response_elements ->> '$.federatedUser.arn'
        when assumed_role_arn is not null then assumed_role_arn
        when event_source = 'sts.amazonaws.com' then regexp_replace(
            request_parameters ->> '$.roleArn', '^arn:([^:]*):iam::([^:]*):role/(.*/)?([^/]*)$',
            'arn:\\1:sts::\\2:assumed-role/\\4/') || (request_parameters ->> '$.roleSessionName') end as arn,
    case when event_name in ('ConsoleLogin', 'GetSessionToken') then principal_id
        when event_name = 'GetFederationToken' then response_elements ->> '$.federatedUser.federatedUserId'
        else assumed_role_id end as id,
    case when event_name = 'GetRoleCredentials' then service_event_details ->> '$.account_id' end as portal_account,
    case when event_name = 'GetRoleCredentials' then service_event_details ->> '$.role_name' end as portal_set,
    user_name, home, caller as parent,
    case when caller is not null then null
        when identity_type = 'AWSService' then 'service'
        when identity_type = 'WebIdentityUser' then 'web-identity'
        when identity_type = 'AWSAccount' then 'account'
        when identity_type = 'SAMLUser' and request_parameters ->> '$.principalArn' not like '%:saml-provider/AWSSSO_%'
            then 'saml'
        else 'identity-center-user' end as kind
from calls
where event_name in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetSessionToken',
        'GetFederationToken', 'ConsoleLogin', 'GetRoleCredentials')
    and nullif(error_code, '') is null
    and (event_name <> 'ConsoleLogin' or response_elements ->> '$.ConsoleLogin' = 'Success')
""")

# Of two copies the one of the role's account counts, and the other tells who called.
connection.sql("""
create temp table issuances as
with sided as (
    select *, coalesce(portal_account, split_part(arn, ':', 5)) as made_account, account = home as is_own from records
), caller_side as (
    select shared, any_value(parent) as parent from sided
    where shared is not null and parent is not null and made_account <> account group by shared
), role_side as (
    select s.*, c.parent as other from sided s left join caller_side c on s.shared = c.shared and s.kind = 'account'
)
select event_id, time, name, key, arn, id, portal_set, user_name, made_account,
    coalesce(other, parent) as parent, case when other is null then kind end as kind
from role_side r
where not (parent is not null and made_account <> account and shared in (
    select shared from sided where kind = 'account' and shared is not null))
""")

# The best issuance of each credential.
connection.sql(f"""
create temp table links as
with sessions as (
    select *, (id like 'AROA%:%' or id like '____________:%') as formed from callers
    where not (type in ('IAMUser', 'Root') and key is not null and key not like 'ASIA%')
), by_key as (
    select c.caller, min_by((i.parent, i.kind), (abs(i.time - c.created) > 0, i.time, i.event_id)) as made
    from sessions c join issuances i on i.key = c.key and i.made_account = c.home
    where (i.arn is null or i.arn = c.arn) and (i.id is null or not c.formed or i.id = c.id)
        and i.time <= c.first_use + {SLACK} and i.parent is distinct from c.caller
        and case when c.created is null then i.time >= c.first_use - 36 * 3600
            else abs(i.time - c.created) <= {SLACK} end
    group by c.caller
), rest as (
    select c.*, d.apart from sessions c, (select unnest([0, 1, -1, 2, -2]) as apart) d
    where c.created is not null and c.caller not in (select caller from by_key)
), by_session as (
    select c.caller, min_by((i.parent, i.kind), (c.apart <> 0, i.time, i.event_id)) as made
    from rest c join issuances i on i.arn = c.arn and i.made_account = c.home and i.time = c.created + c.apart
    where (i.id is null or not c.formed or i.id = c.id) and i.key is distinct from c.key
        and i.time <= c.first_use + {SLACK} and i.parent is distinct from c.caller
    group by c.caller
), by_portal as (
    select c.caller, min_by((i.parent, i.kind), (c.apart <> 0, i.time, i.event_id)) as made
    from rest c join issuances i on i.portal_set is not null and i.made_account = c.home and i.time = c.created + c.apart
        and i.user_name = split_part(c.arn, '/', 3)
    where starts_with(split_part(c.arn, '/', 2), 'AWSReservedSSO_' || i.portal_set || '_')
        and i.time <= c.first_use + {SLACK}
    group by c.caller
), by_claim as (
    select c.caller, min_by((i.parent, i.kind), (i.time, i.event_id)) as made
    from sessions c join issuances i on i.arn = c.arn and i.made_account = c.home
    where c.created is null and c.type = 'AssumedRole' and c.caller not in (select caller from by_key)
        and i.time between c.first_use - 12 * 3600 and c.first_use + {SLACK}
    group by c.caller
)
select caller, made[1] as parent, made[2] as kind, proven from (
    select caller, made, true as proven from by_key
    union all select caller, made, true as proven from by_session
    union all select caller, made, true as proven from by_portal where caller not in (select caller from by_session)
    union all select caller, made, false as proven from by_claim
)
""")

# From every caller up to the one that nobody made, which ends in the kind of who made it or in its own.
rows = connection.sql("""
with recursive up(start, current, depth, proven) as (
    select caller, caller, 0, true from callers
    union all
    select up.start, links.parent, up.depth + 1, up.proven and links.proven
    from up join links on links.caller = up.current where links.parent is not null
), top as (
    select start, max(depth) as depth, max_by(current, depth) as current, bool_and(proven) as proven from up group by start
), ends as (
    select t.depth + (l.kind is not null)::int as depth, s.calls, t.proven and coalesce(l.proven, true) as proven,
        l.kind as made_by, c.*
    from top t join callers s on s.caller = t.start join callers c on c.caller = t.current
        left join links l on l.caller = t.current
), named as (
    select *, case
        when made_by is not null then made_by
        when type = 'IAMUser' or type = 'FederatedUser' then 'iam-user'
        when type = 'Root' then 'root'
        when scope is not null or (delivery is not null and arn like '%/i-%') then 'service'
        when issuer like '%:role/aws-service-role/%' then 'service'
        when arn like '%:assumed-role/AWSReservedSSO_%' or behalf is not null then 'identity-center-user'
        when provider is not null then 'web-identity'
        else 'unknown' end as origin
    from ends
)
select origin, depth, proven and case
        when made_by is not null then made_by <> 'account'
        when type in ('IAMUser', 'Root') then key is null or key not like 'ASIA%' or own = 0
        else false end as complete,
    count(*), sum(calls)::bigint
from named group by all order by all
""").fetchall()
print(json.dumps(rows))
