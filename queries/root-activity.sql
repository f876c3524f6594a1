-- title: Activity of root users
-- answers: What was done as root, and how was it signed in?
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column service text: The service called, as `iam`.
-- column event_name text: The operation called.
-- column outcome text: `ok`, `denied`, `throttled` or `failed`.
-- column error_code text: The error, when the request failed.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column access_key_id text: The access key id that signed the request.
-- column invoked_by text: The service that made the call for the caller; empty for a call made directly.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column user_agent text: The agent that the caller claims.
-- column mfa_authenticated boolean: Whether the session was authenticated with MFA; empty for keys and
--     sign-ins.
-- column assumed_root boolean: Whether it is a central root session made with AssumeRoot.
-- column request_parameters text: The request's parameters, as JSON.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Calls with invoked_by were made by a service in root's name, after something that root had set up.
select
  event_time,
  service(event_source) as service,
  event_name,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  error_code,
  source_ip_address,
  identity_arn,
  access_key_id,
  invoked_by,
  account,
  aws_region,
  user_agent,
  mfa_authenticated,
  assumed_root,
  request_parameters,
  event_id,
  object,
  record_index
from events
where (
    identity_type = 'Root'
    or assumed_root
    or session_issuer_type = 'Root'
    or identity_arn like 'arn:%:iam::%:root'
  )
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
order by event_time, event_id, object, record_index
