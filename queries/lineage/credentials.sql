-- view: credentials
-- what: Every caller, one row each, with what it did.
-- column calls bigint: How many events are its own.
-- column denied bigint: How many of them were denied.
-- column failed bigint: How many of them failed otherwise or were throttled, told by an error code or a message. A sign-in
--     that failed is no caller's.
-- column forwarded bigint: How many of them a service made for it.
-- column first_use timestamp: The first of them.
-- column last_use timestamp: The last of them.
-- column direct boolean: Whether it signed a request itself: neither a service nor the console made it.
select
  caller,
  min(caller_class) as caller_class,
  min(identity_type) as identity_type,
  min(caller_account) as caller_account,
  min(caller_key) as caller_key,
  min(identity_arn) as identity_arn,
  min(principal_id) as principal_id,
  min(user_name) as user_name,
  min(caller_created) as caller_created,
  min(session_issuer_type) as session_issuer_type,
  min(session_issuer_arn) as session_issuer_arn,
  min(session_issuer_user_name) as session_issuer_user_name,
  bool_or(mfa_authenticated) as mfa_authenticated,
  min(source_identity) as source_identity,
  min(invoked_by) as invoked_by,
  min(identity_provider) as identity_provider,
  min(federated_provider) as federated_provider,
  min(web_id_attributes) as web_id_attributes,
  min(in_scope_of) as in_scope_of,
  min(ec2_role_delivery) as ec2_role_delivery,
  min(on_behalf_of_user_id) as on_behalf_of_user_id,
  min(on_behalf_of_identity_store_arn) as on_behalf_of_identity_store_arn,
  bool_or(assumed_root) as assumed_root,
  min(invoked_by_delegate_account_id) as invoked_by_delegate_account_id,
  min(sign_in_session) as sign_in_session,
  bool_or(direct) as direct,
  count(*) as calls,
  count(*) filter (where is_denied(error_code)) as denied,
  count(*) filter (
    where (error_code <> '' or error_message <> '') and not is_denied(error_code)
  ) as failed,
  count(*) filter (where invoked_by is not null) as forwarded,
  min(event_time) as first_use,
  max(event_time) as last_use
from calls
where caller is not null
group by caller
