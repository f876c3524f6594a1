-- view: calls
-- what: Every event, with who called.
-- column caller bigint: Equal for the same caller: a credential (account, key, ARN, unique id and creation of its
--     session together), or the service, subject or foreign principal where there is none; a foreign principal is
--     another caller in each request to STS that two accounts recorded. Sign-ins of a user are one caller, its other calls that
--     neither a key nor a session signed are another. NULL where the record names nobody, as a sign-in that failed does: it
--     proves neither the user nor a password.
-- column caller_class text: `credential`, `service`, `outside` (a subject of an identity provider), `account` (a
--     principal of another account) or `nobody`.
-- column caller_account text: The account of the caller: its own, else that of its session, else that of the
--     record.
-- column caller_key text: The access key id that signed; NULL also where the record has an empty one.
-- column caller_created timestamp: When the session of the caller was created, in whole seconds; a record of switching
--     roles in the console does not say so, but is of the session that it made
--     (https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html).
-- column sign_in_session text: The sign-in session that the credential belongs to (`signInSessionArn`).
-- column direct boolean: Whether the caller signed the request itself: no service made it for the caller, and no console
--     session. Both use keys of their own
--     (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
select
  caller_id(
    identity_type, event_source, event_name, error_code, error_message, invoked_by, identity_account_id,
    session_issuer_account_id, account, access_key_id, identity_arn, principal_id, user_name, identity_provider,
    on_behalf_of_user_id, on_behalf_of_identity_store_arn, shared_event_id,
    created
  ) as caller,
  caller_class(
    identity_type, event_source, event_name, error_code, error_message, invoked_by, identity_account_id,
    session_issuer_account_id, account, access_key_id, identity_arn, principal_id, user_name, identity_provider,
    on_behalf_of_user_id, on_behalf_of_identity_store_arn, shared_event_id,
    created
  ) as caller_class,
  coalesce(identity_account_id, session_issuer_account_id, account) as caller_account,
  nullif(access_key_id, '') as caller_key,
  date_trunc('second', created) as caller_created,
  coalesce(
    json_get_str(identity_rest, 'sessionContext', 'signInSessionArn'),
    json_get_str(identity_rest, 'signInSessionArn')
  ) as sign_in_session,
  invoked_by is null and not coalesce(session_credential_from_console, false) as direct,
  told.* except (created)
from (
  select
    *,
    -- `crate::lineage::is_switch` says the same.
    coalesce(
      session_created,
      case
        when event_source = 'signin.amazonaws.com'
          and event_name in ('SwitchRole', 'RenewRole')
          and identity_type in ('AssumedRole', 'Role')
          and nullif(access_key_id, '') is null
          then event_time
      end
    ) as created
  from events
) as told
