-- title: One event in full
-- answers: What does the record with this event id say?
-- param id text required: The event id.
-- column event_time timestamp: When the request was made.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column event_source text: The service called.
-- column event_name text: The operation called.
-- column outcome text: `ok`, `denied`, `throttled` or `failed`.
-- column error_code text: The error, when the request failed.
-- column error_message text: The error's text, as the service wrote it.
-- column event_type text: What kind of record it is.
-- column event_category text: `Management`, `Data`, `NetworkActivity` or `Insight`.
-- column read_only boolean: Whether the operation only reads.
-- column identity_type text: What kind of caller it was.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column principal_id text: The caller's unique id.
-- column access_key_id text: The access key id that signed the request.
-- column user_name text: The caller's friendly name.
-- column invoked_by text: The service that made the call for the caller; empty for a call made directly.
-- column session_issuer_arn text: The role or user that issued the session.
-- column session_created timestamp: When the session was created.
-- column mfa_authenticated boolean: Whether the session was authenticated with MFA.
-- column source_identity text: The source identity of the chain of sessions.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column user_agent text: The agent that the caller claims.
-- column request_parameters text: The request's parameters, as JSON.
-- column response_elements text: The response, as JSON.
-- column additional_event_data text: More about the event, as JSON.
-- column resources text: The resources accessed, as JSON.
-- column service_event_details text: What a service event reports, as JSON.
-- column shared_event_id text: Joins the copies of one action in several accounts.
-- column vpc_endpoint_id text: The VPC endpoint that the request came through.
-- column identity_rest text: Every other member of the identity, as JSON.
-- column rest text: Every other member of the record, as JSON.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: One id may have several records: both halves of a request across accounts, and updates of an
--     earlier record.
select
  event_time,
  account,
  aws_region,
  event_source,
  event_name,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  error_code,
  error_message,
  event_type,
  event_category,
  read_only,
  identity_type,
  identity_arn,
  principal_id,
  access_key_id,
  user_name,
  invoked_by,
  session_issuer_arn,
  session_created,
  mfa_authenticated,
  source_identity,
  source_ip_address,
  user_agent,
  request_parameters,
  response_elements,
  additional_event_data,
  resources,
  service_event_details,
  shared_event_id,
  vpc_endpoint_id,
  identity_rest,
  rest,
  event_id,
  object,
  record_index
from events
where event_id = $id
order by event_time, event_id, object, record_index
