-- view: issuances
-- what: Every record whose success made a credential, a session or a way in, with who called.
-- column kind text: `assume-role`, `saml`, `web-identity`, `assume-root`, `session-token`, `federation-token`,
--     `console-login`, `switch-role`, `portal`, `oauth`, `access-key`, `user`, `password`, `other-way`, `other`; or `hidden`:
--     a call that made a session, or a sign-in, whose answer is hidden or absent so that no field tells which session.
-- column made_key text: The access key id that it answered with.
-- column made_arn text: The ARN of the session; made of role and session name where the answer does not name it.
-- column made_id text: The unique id of the session, or of the user that was made.
-- column made_account text: The account in which the session acts.
-- column role text: The role asked for.
-- column permission_set text: The permission set of a step in the access portal.
-- column made_user text: The user that a key, password or other way in is for; the user of the access portal.
-- column switch_from text: Who switched to the role in the console.
-- column subject text: The subject that an identity provider vouched for, or that of a certificate.
-- column provider text: The provider.
-- column token_id text: The id of a token by which AWS itself vouched for the subject: the GetWebIdentityToken by which somebody
--     got it answers with the same (`webIdentityTokenId`).
-- column source_principal text: The ARN of whoever got that token in another partition.
-- column mfa_used boolean: Whether a console sign-in used MFA.
-- column tags text: The session tags that a service asked for, as JSON.
-- column asked_identity text: The source identity that was asked for.
-- Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html (STS, sign-in),
--     https://docs.aws.amazon.com/singlesignon/latest/userguide/understanding-sign-in-events.html (portal),
--     https://docs.aws.amazon.com/rolesanywhere/latest/userguide/monitoring-overview.html,
--     https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_cross_partition_auditing.html (tokens),
--     https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
with named as (
  select
    *,
    case
      when event_source = 'sts.amazonaws.com' then case event_name
        when 'AssumeRole' then 'assume-role'
        when 'AssumeRoleWithSAML' then 'saml'
        when 'AssumeRoleWithWebIdentity' then 'web-identity'
        when 'AssumeRoot' then 'assume-root'
        when 'GetSessionToken' then 'session-token'
        when 'GetFederationToken' then 'federation-token'
        when 'GetDelegatedAccessToken' then 'other'
      end
      when event_source = 'signin.amazonaws.com' then case event_name
        when 'ConsoleLogin' then 'console-login'
        when 'SwitchRole' then 'switch-role'
        when 'RenewRole' then 'switch-role'
        when 'CreateOAuth2Token' then 'oauth'
      end
      when event_source in ('sso.amazonaws.com', 'portal.sso.amazonaws.com') then case event_name
        when 'Federate' then 'portal'
        when 'GetRoleCredentials' then 'portal'
      end
      when event_source = 'iam.amazonaws.com' then case event_name
        when 'CreateAccessKey' then 'access-key'
        when 'CreateUser' then 'user'
        when 'CreateLoginProfile' then 'password'
        when 'UpdateLoginProfile' then 'password'
        when 'ChangePassword' then 'password'
        when 'CreateServiceSpecificCredential' then 'other-way'
        when 'ResetServiceSpecificCredential' then 'other-way'
        when 'UploadSigningCertificate' then 'other-way'
        when 'UploadSSHPublicKey' then 'other-way'
      end
      when event_source = 'cognito-identity.amazonaws.com' and event_name = 'GetCredentialsForIdentity' then 'other'
      when event_source = 'rolesanywhere.amazonaws.com' and event_name = 'CreateSession' then 'other'
      when event_source = 'eks-auth.amazonaws.com' and event_name = 'AssumeRoleForPodIdentity' then 'other'
      when issued_access_key_id is not null and event_source <> 'signin.amazonaws.com' then 'other'
    end as kind
  from calls
  where (
      issued_access_key_id is not null
      or assumed_role_arn is not null
      or event_name in (
        'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', 'GetSessionToken',
        'GetFederationToken', 'GetDelegatedAccessToken', 'ConsoleLogin', 'SwitchRole', 'RenewRole',
        'CreateOAuth2Token', 'Federate', 'GetRoleCredentials', 'CreateAccessKey', 'CreateUser', 'CreateLoginProfile',
        'UpdateLoginProfile', 'ChangePassword', 'CreateServiceSpecificCredential', 'ResetServiceSpecificCredential',
        'UploadSigningCertificate', 'UploadSSHPublicKey',
        'GetCredentialsForIdentity', 'CreateSession', 'AssumeRoleForPodIdentity'
      )
    )
    and nullif(error_code, '') is null
    and nullif(error_message, '') is null
    and event_category is distinct from 'Insight'
), placed as (
  select
    *,
    -- Where no ARN names it the region tells: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    case
      when identity_arn like 'arn:%' then split_part(identity_arn, ':', 2)
      when aws_region like 'us-gov-%' then 'aws-us-gov'
      when aws_region like 'cn-%' then 'aws-cn'
      else 'aws'
    end as partition
  from named
), made as (
  select
    *,
    coalesce(
      issued_access_key_id,
      case
        when event_source = 'rolesanywhere.amazonaws.com'
          then json_get_str(response_elements, 'credentialSet', 0, 'credentials', 'accessKeyId')
        when kind = 'oauth' then coalesce(
          json_get_str(response_elements, 'accessToken', 'accessKeyId'),
          json_get_str(response_elements, 'accessKeyId')
        )
      end
    ) as made_key,
    case
      when kind in ('console-login', 'switch-role', 'oauth') then coalesce(
        nullif(identity_arn, ''),
        case
          when identity_type = 'IAMUser' then concat('arn:', partition, ':iam::', caller_account, ':user/', user_name)
          when identity_type = 'Root' then concat('arn:', partition, ':iam::', caller_account, ':root')
        end
      )
      when kind = 'session-token' then identity_arn
      -- Its name is the one that was asked for:
      -- https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
      when kind = 'federation-token' then coalesce(
        json_get_str(response_elements, 'federatedUser', 'arn'),
        'arn:' || partition || ':sts::' || caller_account || ':federated-user/' || json_get_str(request_parameters, 'name')
      )
      when kind = 'assume-root' then 'arn:' || partition || ':iam::'
        || regexp_replace(json_get_str(request_parameters, 'targetPrincipal'), '^.*?([0-9]{12}).*$', '\1') || ':root'
      when not starts_with(assumed_role_arn, 'HIDDEN_DUE_TO_SECURITY_REASONS') then assumed_role_arn
      when event_source = 'rolesanywhere.amazonaws.com'
        then json_get_str(response_elements, 'credentialSet', 0, 'assumedRoleUser', 'arn')
      -- NULL where one of both is not told.
      when kind in ('assume-role', 'saml', 'web-identity') then regexp_replace(
          json_get_str(request_parameters, 'roleArn'),
          '^arn:([^:]*):iam::([^:]*):role/(.*/)?([^/]*)$', 'arn:\1:sts::\2:assumed-role/\4/'
        ) || json_get_str(request_parameters, 'roleSessionName')
    end as made_arn,
    case
      when kind in ('console-login', 'switch-role', 'oauth', 'session-token') then principal_id
      when kind = 'federation-token' then json_get_str(response_elements, 'federatedUser', 'federatedUserId')
      when kind = 'user' then json_get_str(response_elements, 'user', 'userId')
      when event_source = 'rolesanywhere.amazonaws.com'
        then json_get_str(response_elements, 'credentialSet', 0, 'assumedRoleUser', 'assumedRoleId')
      else assumed_role_id
    end as made_id
  from placed
  where kind is not null
    -- Not `or`: that would read the JSON of every row.
    and case
      -- A sign-in that failed says so (and has an error message); one whose answer is hidden says nothing:
      -- https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
      when kind in ('console-login', 'switch-role')
        then coalesce(json_get_str(response_elements, event_name) = 'Success', true)
      else true
    end
)
select
  event_time,
  event_id,
  event_source,
  event_name,
  account,
  aws_region,
  object,
  record_index,
  case
    when kind in ('console-login', 'switch-role')
      then case when json_get_str(response_elements, event_name) is null then 'hidden' else kind end
    when kind in ('assume-role', 'saml', 'web-identity', 'assume-root', 'federation-token', 'other')
      and (coalesce(made_key, '') = '' or starts_with(made_key, 'HIDDEN_DUE_TO_SECURITY_REASONS'))
      and nullif(made_arn, '') is null then 'hidden'
    else kind
  end as kind,
  made_key,
  made_arn,
  made_id,
  case
    when kind = 'portal' then coalesce(
      json_get_str(service_event_details, 'account_id'), json_get_str(request_parameters, 'accountId')
    )
    when made_arn is not null then nullif(split_part(made_arn, ':', 5), '')
    when kind in ('access-key', 'user', 'password', 'other-way') then account
  end as made_account,
  json_get_str(request_parameters, 'roleArn') as role,
  case
    when kind = 'portal' then coalesce(
      json_get_str(service_event_details, 'role_name'), json_get_str(request_parameters, 'roleName')
    )
  end as permission_set,
  case
    when kind in ('access-key', 'user', 'password', 'other-way') then coalesce(
      json_get_str(response_elements, 'accessKey', 'userName'),
      json_get_str(request_parameters, 'userName'),
      -- Root's own keys and password are no user's.
      case when identity_type is distinct from 'Root' then user_name end
    )
    when kind = 'portal' then user_name
  end as made_user,
  case when kind = 'switch-role' then json_get_str(additional_event_data, 'SwitchFrom') end as switch_from,
  coalesce(
    sign_in_session,
    case when kind in ('oauth', 'console-login') then json_get_str(additional_event_data, 'signInSessionArn') end
  ) as sign_in_session,
  case
    when kind = 'saml' then json_get_str(response_elements, 'subject')
    when kind = 'web-identity' then json_get_str(response_elements, 'subjectFromWebIdentityToken')
    when event_source = 'cognito-identity.amazonaws.com' then json_get_str(request_parameters, 'identityId')
    -- It passes the certificate's subject: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    when kind = 'assume-role' and caller_class = 'service' and invoked_by = 'rolesanywhere.amazonaws.com'
      then json_get_str(request_parameters, 'sourceIdentity')
    when event_source = 'rolesanywhere.amazonaws.com' then coalesce(
      json_get_str(additional_event_data, 'x509Subject'),
      json_get_str(request_parameters, 'x509Subject'),
      json_get_str(response_elements, 'credentialSet', 0, 'sourceIdentity'),
      json_get_str(response_elements, 'subjectArn')
    )
  end as subject,
  case
    when kind = 'saml' then json_get_str(request_parameters, 'principalArn')
    when kind = 'web-identity' then coalesce(
      identity_provider, json_get_str(response_elements, 'provider'), json_get_str(request_parameters, 'providerId')
    )
    when kind = 'other' then event_source
  end as provider,
  case when kind = 'web-identity' then json_get_str(request_parameters, 'webIdentityTokenId') end as token_id,
  case
    when kind = 'web-identity' then json_get_str(additional_event_data, 'crossPartitionData', 'sourcePrincipalArn')
  end as source_principal,
  case when kind = 'console-login' then json_get_str(additional_event_data, 'MFAUsed') = 'Yes' end as mfa_used,
  case when caller_class = 'service' then json_get_json(request_parameters, 'tags') end as tags,
  json_get_str(request_parameters, 'sourceIdentity') as asked_identity,
  shared_event_id,
  issued_access_key_id,
  assumed_role_arn,
  caller,
  caller_class,
  identity_type,
  caller_account,
  caller_key,
  identity_arn,
  principal_id,
  user_name,
  caller_created,
  session_issuer_type,
  session_issuer_arn,
  session_issuer_user_name,
  mfa_authenticated,
  source_identity,
  invoked_by,
  identity_provider,
  federated_provider,
  web_id_attributes,
  in_scope_of,
  ec2_role_delivery,
  on_behalf_of_user_id,
  on_behalf_of_identity_store_arn,
  assumed_root,
  invoked_by_delegate_account_id,
  direct
from made
