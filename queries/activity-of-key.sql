-- title: Activity of an access key
-- answers: What did this access key do, when, from where, with what outcome?
-- param key text required: The access key id, as AKIA… or ASIA….
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
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column user_agent text: The agent that the caller claims.
-- column request_parameters text: The request's parameters, as JSON.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Only records that name the key. Calls that a service forwarded, and console calls, may carry other
--     keys of the same user or session.
select
  event_time,
  service(event_source) as service,
  event_name,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  error_code,
  source_ip_address,
  identity_arn,
  access_key_id,
  account,
  aws_region,
  user_agent,
  request_parameters,
  event_id,
  object,
  record_index
from events
where access_key_id = $key
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
order by event_time, event_id, object, record_index
