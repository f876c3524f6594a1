-- title: Console sign-ins, with MFA
-- answers: Who signed in to the console or the access portal, from where, with MFA or not, and did it work?
-- param user text default none: Only this user name, id or ARN; `root` is the root user.
-- param account text default none: Only records of this account.
-- param from timestamp default earliest: Events at or after this time.
-- param to timestamp default latest: Events before this time.
-- column event_time timestamp: When the request was made.
-- column event_name text: The operation called.
-- column user text: The user name; of a role session its name; of an Identity Center user the name or the id;
--     `HIDDEN_DUE_TO_SECURITY_REASONS` when a wrong name was typed.
-- column outcome text: `ok` or `failed`; a refused sign-in has no error code.
-- column mfa_used text: `Yes` or `No`, as AWS wrote it; of a federated user it tells nothing about the
--     identity provider's MFA.
-- column source_ip_address text: The caller's address, or the name of a service.
-- column identity_type text: What kind of caller it was.
-- column identity_arn text: The caller's ARN; the session's for a role session.
-- column account text: The account that the record belongs to.
-- column aws_region text: The region of the request.
-- column mfa_device text: The MFA device.
-- column user_agent text: The agent that the caller claims.
-- column login_to text: The page, or from the access portal the permission set, that the sign-in led to.
-- column switch_from text: For a switch of roles, who switched.
-- column error_message text: The error's text, as the service wrote it.
-- column event_id text: CloudTrail's id of the event.
-- column object text: The log object that holds the record.
-- column record_index bigint: The record's place in that object, from 0.
-- reads: events
-- caveat: Sign-ins are logged in the region of the endpoint used, for the root user and global endpoints in
--     us-east-1 or another: a trail of one region misses others.
select
  event_time,
  event_name,
  coalesce(user_name, json_get_str(additional_event_data, 'UserName'), case when identity_type = 'Root' then 'root' end, nullif(split_part(identity_arn, '/', -1), ''), on_behalf_of_user_id) as user,
  outcome(event_source, error_code, error_message, response_elements, service_event_details) as outcome,
  json_get_str(additional_event_data, 'MFAUsed') as mfa_used,
  source_ip_address,
  identity_type,
  identity_arn,
  account,
  aws_region,
  json_get_str(additional_event_data, 'MFAIdentifier') as mfa_device,
  user_agent,
  coalesce(
    json_get_str(additional_event_data, 'LoginTo'),
    json_get_str(additional_event_data, 'RedirectTo'),
    json_get_str(service_event_details, 'role_name')
  ) as login_to,
  json_get_str(additional_event_data, 'SwitchFrom') as switch_from,
  error_message,
  event_id,
  object,
  record_index
from events
where (
    event_source = 'signin.amazonaws.com'
    or (event_source = 'sso.amazonaws.com' and event_name in ('Authenticate', 'Federate'))
  )
  and ($user is null or (
    user_name = $user
    or json_get_str(additional_event_data, 'UserName') = $user
    or on_behalf_of_user_id = $user
    or identity_arn = $user
    or ($user = 'root' and identity_type = 'Root')
    or split_part(identity_arn, '/', -1) = $user
  ))
  and ($account is null or account = $account)
  and event_time >= $from
  and event_time < $to
  and event_date >= cast($from as date)
  and event_date <= cast($to as date)
order by event_time, event_id, object, record_index
