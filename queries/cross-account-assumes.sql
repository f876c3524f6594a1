-- title: Roles assumed across accounts
-- answers: Who from which other account assumed roles here, and who from here assumed roles elsewhere?
-- param account text default none: Only where this is the role's or the caller's account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column recorded_in text: The account whose record this is; one request may be recorded in both.
-- column caller_account text: The account of the caller.
-- column caller text: The caller's ARN, or its unique id where the record is the role's account's.
-- column role_account text: The account of the role.
-- column role_arn text: The role asked for; of a refused call, whose parameters are not logged, the one that AWS's
--     message names.
-- column session_name text: The session name that the caller chose.
-- column external_id boolean: Whether an external id was given.
-- column outcome text: `ok`, `denied`, `throttled` or `failed`.
-- column error_code text: The error, when the request failed.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column user_agent text: The agent that the caller claims.
-- column caller_logs boolean: Whether this lake holds records of the caller's account.
-- column shared_event_id text: Joins both accounts' records of one request.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Callers that sign in with SAML or a web identity, and AWS services, have no account and are not
--     listed.
with asked as (
  select
    *,
    coalesce(json_get_str(request_parameters, 'roleArn'), denial_resource(error_message)) as role_arn
  from events
  where event_source = 'sts.amazonaws.com'
  and event_name = 'AssumeRole'
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
), assumed as (
  select *, split_part(role_arn, ':', 5) as role_account from asked
)
select
  event_time,
  account as recorded_in,
  identity_account_id as caller_account,
  coalesce(identity_arn, principal_id) as caller,
  role_account,
  role_arn,
  json_get_str(request_parameters, 'roleSessionName') as session_name,
  json_contains(request_parameters, 'externalId') as external_id,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  error_code,
  source_ip_address,
  user_agent,
  known is not null as caller_logs,
  shared_event_id,
  event_id,
  object,
  record_index
from assumed
left join (select distinct account as known from events) on identity_account_id = known
where role_account <> identity_account_id
  and ($account is null or role_account = $account or identity_account_id = $account)
order by event_time, event_id, object, record_index
