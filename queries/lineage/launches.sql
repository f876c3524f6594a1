-- view: launches
-- what: Every record that launched an instance, function, task or build, gave it a role, replaced a function's code or put
--     layers on it, one row for each, with who called.
-- column workload text: `instance:`, `function:`, `task:` or `build:` and the id, as sessions of its role bear it; or
--     `definition:` and the ARN of a task definition that was registered with a role.
-- column role_passed text: The role or instance profile that was passed to it; of replaced code the role that the
--     function had.
-- column execution_role text: Of a task and of a task definition the role with which ECS fetches what it needs to run it
--     (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html).
-- column task_definition text: Of a task the ARN of its task definition, which gives it its role where the launch passes none
--     (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html).
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
    -- A launch template may name it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
    case
      when event_name = 'RunInstances'
        then json_get_str(response_elements, 'instancesSet', 'items', 0, 'iamInstanceProfile', 'arn')
    end,
    case when event_name like 'UpdateFunctionCode%' then json_get_str(response_elements, 'role') end,
    case when event_name = 'RegisterTaskDefinition' then json_get_str(request_parameters, 'taskRoleArn') end
  ) as role_passed,
  case
    when event_name in ('RunTask', 'StartTask') then json_get_str(request_parameters, 'overrides', 'executionRoleArn')
    when event_name = 'RegisterTaskDefinition' then json_get_str(request_parameters, 'executionRoleArn')
  end as execution_role,
  case
    when event_name in ('RunTask', 'StartTask') then json_get_str(response_elements, 'tasks', 0, 'taskDefinitionArn')
  end as task_definition,
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
  in_scope_of,
  ec2_role_delivery,
  on_behalf_of_user_id,
  on_behalf_of_identity_store_arn,
  sign_in_session,
  direct
from (
  select *, unnest(launched(event_source, event_name, request_parameters, response_elements)) as workload
  from calls
  where event_source in ('ec2.amazonaws.com', 'lambda.amazonaws.com', 'ecs.amazonaws.com', 'codebuild.amazonaws.com')
    and (
      event_name in (
        'RunInstances', 'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation', 'RunTask', 'StartTask',
        'StartBuild', 'RegisterTaskDefinition'
      )
      or event_name like 'CreateFunction%'
      or event_name like 'UpdateFunctionConfiguration%'
      or event_name like 'UpdateFunctionCode%'
    )
    and nullif(error_code, '') is null
    and nullif(error_message, '') is null
)
