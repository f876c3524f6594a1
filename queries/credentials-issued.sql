-- title: Credentials made
-- answers: Which keys and sessions were made, by whom and for whom?
-- param made text default none: Only where this access key id, session ARN or session id was made.
-- param who text default none: Only what was made by: ARN, name or unique id of a user or role, access key
--     id, IP address, or `root`.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column event_name text: The operation called.
-- column made_key text: The access key id that was made.
-- column made_session text: The session ARN that was made.
-- column made_for text: The role or user that it is for.
-- column principal text: The role or user behind the call; the service, or the unique id, where no ARN is
--     logged.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column access_key_id text: The access key id that signed the request.
-- column invoked_by text: The service that made the call for the caller; empty for a call made directly.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column source_identity text: The source identity of the maker's session.
-- column requested_identity text: The source identity that the maker asked for.
-- column session_name text: The session name that the maker chose.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Console switches of roles, Identity Center and SAML sessions use other keys than the record names.
--     Keys made in accounts or regions without a trail are not here.
select
  event_time,
  event_name,
  issued_access_key_id as made_key,
  coalesce(assumed_role_arn, json_get_str(response_elements, 'federatedUser', 'arn')) as made_session,
  coalesce(
    json_get_str(request_parameters, 'roleArn'),
    json_get_str(response_elements, 'accessKey', 'userName'),
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'name')
  ) as made_for,
  coalesce(nullif(session_issuer_arn, ''), nullif(identity_arn, ''), nullif(invoked_by, ''), nullif(principal_id, ''), on_behalf_of_user_id, identity_type, 'unknown') as principal,
  identity_arn,
  access_key_id,
  invoked_by,
  source_ip_address,
  account,
  aws_region,
  source_identity,
  json_get_str(request_parameters, 'sourceIdentity') as requested_identity,
  json_get_str(request_parameters, 'roleSessionName') as session_name,
  event_id,
  object,
  record_index
from events
where (issued_access_key_id is not null or assumed_role_arn is not null)
  and nullif(error_code, '') is null
  and ($made is null or issued_access_key_id = $made or assumed_role_arn = $made or assumed_role_id = $made)
  and ($who is null or (
    identity_arn = $who
    or session_issuer_arn = $who
    or user_name = $who
    or session_issuer_user_name = $who
    or principal_id = $who
    or session_issuer_principal_id = $who
    or on_behalf_of_user_id = $who
    or access_key_id = $who
    or source_ip_address = $who
    or ($who = 'root' and identity_type = 'Root')
    or ($who like 'ARO%' and starts_with(principal_id, $who || ':'))
    or (identity_arn like 'arn:%:user/%' and split_part(identity_arn, '/', -1) = $who)
    or (identity_arn like 'arn:%:assumed-role/%' and split_part(identity_arn, '/', 2) = $who)
    or (
      $who like 'arn:%:iam::%:role/%'
      and starts_with(
        identity_arn,
        regexp_replace($who, '^(arn:[^:]*):iam::([^:]*):role/(.*/)?([^/]*)$', '\1:sts::\2:assumed-role/\4/')
      )
    )
  ))
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
order by event_time, event_id, object, record_index
