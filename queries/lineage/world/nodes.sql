-- Every caller, with hashes of what is joined by. Times are whole seconds since 1970.
select
  *,
  caller_class = 'credential' and coalesce(caller_key not like 'AKIA%', true) as climbs,
  coalesce(identity_type in ('AssumedRole', 'Role'), false) as role_session,
  text_hash(caller_key) as key_hash,
  text_hash(identity_arn) as arn_hash,
  text_hash(telling_id(principal_id)) as id_hash,
  text_hash(caller_account) as account_hash,
  case
    when identity_arn like '%:assumed-role/AWSReservedSSO_%'
      then permission_set(split_part(identity_arn, '/', 2))
  end as permission_set,
  case when identity_arn like '%:assumed-role/AWSReservedSSO_%' then split_part(identity_arn, '/', 3) end as portal_user,
  cast(caller_created as bigint) / 1000000 as created_s,
  cast(first_use as bigint) / 1000000 as first_s
from credentials
