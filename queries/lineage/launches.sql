-- view: launches
-- what: Every record that launched an instance, function, task, build or automation, gave it a role, replaced a function's code, put
--     layers on it or took them away, or published a version of it, one row for each, with who called.
-- column workload text: `instance:`, `function:`, `task:`, `build:` or `automation:` and the id, as sessions of its role bear it; or
--     `definition:` and the ARN of a task definition that was registered, or `profile:` and the name of an instance profile
--     that a role was put into, or `project:`, what a call set of a project of CodeBuild (`source`, `environment` or
--     `serviceRole`), a blank and its ARN.
-- column role_passed text: The role or instance profile that was passed to it; of replaced code the role that the
--     function had.
-- column execution_role text: Of a task and of a task definition the role with which ECS fetches what it needs to run it
--     (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
-- column task_definition text: Of a task the ARN of its task definition, which gives it its role where the launch passes none
--     (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html); of a build the ARN of its project.
-- column layers text: The layers that the call put on a function in place of those before, as JSON; `[]` took them away
--     (https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html).
-- column published_version text: The version of a function that the call published, `?` where its answer does not tell
--     which (https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html).
select
  event_time,
  event_id,
  event_source,
  event_name,
  account,
  aws_region,
  object,
  record_index,
  workload,
  coalesce(
    json_get_str(request_parameters, 'iamInstanceProfile', 'arn'),
    json_get_str(request_parameters, 'iamInstanceProfile', 'name'),
    json_get_str(request_parameters, 'AssociateIamInstanceProfileRequest', 'IamInstanceProfile', 'Arn'),
    json_get_str(request_parameters, 'AssociateIamInstanceProfileRequest', 'IamInstanceProfile', 'Name'),
    json_get_str(request_parameters, 'ReplaceIamInstanceProfileAssociationRequest', 'IamInstanceProfile', 'Arn'),
    json_get_str(request_parameters, 'ReplaceIamInstanceProfileAssociationRequest', 'IamInstanceProfile', 'Name'),
    json_get_str(request_parameters, 'role'),
    json_get_str(request_parameters, 'overrides', 'taskRoleArn'),
    json_get_str(response_elements, 'build', 'serviceRole'),
    -- Where the runbook takes its role by the name that those of AWS give it:
    -- https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup.html
    nullif(json_get_str(request_parameters, 'parameters', 'AutomationAssumeRole', 0), ''),
    -- A launch template may name it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    case
      when event_name = 'RunInstances'
        then json_get_str(response_elements, 'instancesSet', 'items', 0, 'iamInstanceProfile', 'arn')
    end,
    case when event_name like 'UpdateFunctionCode%' then json_get_str(response_elements, 'role') end,
    case when event_name = 'RegisterTaskDefinition' then json_get_str(request_parameters, 'taskRoleArn') end,
    case when event_name = 'AddRoleToInstanceProfile' then json_get_str(request_parameters, 'roleName') end
  ) as role_passed,
  case
    when event_name in ('RunTask', 'StartTask') then json_get_str(request_parameters, 'overrides', 'executionRoleArn')
    when event_name = 'RegisterTaskDefinition' then json_get_str(request_parameters, 'executionRoleArn')
  end as execution_role,
  case
    when event_name in ('RunTask', 'StartTask') then json_get_str(response_elements, 'tasks', 0, 'taskDefinitionArn')
    -- `arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:ID`
    when event_name in ('StartBuild', 'RetryBuild')
      then regexp_replace(json_get_str(response_elements, 'build', 'arn'), ':build/([^:]*):.*$', ':project/\1')
  end as task_definition,
  json_get_json(request_parameters, 'layers') as layers,
  case
    when
      event_source = 'lambda.amazonaws.com'
      and (event_name like 'PublishVersion%' or json_as_text(request_parameters, 'publish') = 'true')
      then coalesce(json_get_str(response_elements, 'version'), '?')
  end as published_version,
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
  sign_in_session,
  direct
from (
  select *, unnest(launched(event_source, event_name, request_parameters, response_elements)) as workload
  from calls
  where event_source in (
      'ec2.amazonaws.com', 'lambda.amazonaws.com', 'ecs.amazonaws.com', 'codebuild.amazonaws.com', 'iam.amazonaws.com',
      'ssm.amazonaws.com'
    )
    and (
      event_name in (
        'RunInstances', 'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation', 'RunTask', 'StartTask',
        'StartBuild', 'RetryBuild', 'RegisterTaskDefinition', 'AddRoleToInstanceProfile', 'StartAutomationExecution',
        'StartChangeRequestExecution', 'CreateProject', 'UpdateProject'
      )
      or event_name like 'CreateFunction%'
      or event_name like 'UpdateFunctionConfiguration%'
      or event_name like 'UpdateFunctionCode%'
      or event_name like 'PublishVersion%'
    )
    and nullif(error_code, '') is null
    and nullif(error_message, '') is null
)
