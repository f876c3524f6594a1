#!/bin/sh
# Fills a folder with the current policies of an account and, run in the management account, of its organization:
#
#     backtrail snapshot --print-commands > snapshot.sh
#     AWS_PROFILE=shop sh snapshot.sh DIR          # once for each account, into the same DIR
#     AWS_PROFILE=management sh snapshot.sh DIR    # adds the organization, its SCPs and RCPs
#     backtrail snapshot DIR                       # what it holds, what is missing
#
# Every call only reads (get, list, describe; one has IAM write its credential report anew). REGIONS="eu-west-1 us-east-1" names the regions whose resources are read;
# the profile's region if it is not given. What cannot be read is named on stderr, and is missing in the snapshot.
set -u
dir=${1:?usage: sh snapshot.sh DIR}
regions=${REGIONS:-$(aws configure get region)}
identity=$(aws sts get-caller-identity --query '[Account, Arn]' --output text) || exit 2
account=$(printf '%s\n' "$identity" | cut -f 1)
partition=$(printf '%s\n' "$identity" | cut -f 2 | cut -d : -f 2)
mkdir -p "$dir/accounts" "$dir/access-keys" "$dir/scp" "$dir/rcp" "$dir/resource-policies" "$dir/vpc-endpoint-policies" || exit 2
rm -f "$dir/failed"

# failure COMMAND...: names a call that failed, with what it said.
failure() {
    printf 'not read: %s\n' "$*" | tee -a "$dir/failed" >&2
    cat "$dir/error" >&2
}

# list COMMAND...: the words that a command prints.
list() {
    if "$@" --output text >"$dir/words" 2>"$dir/error"; then
        grep -v '^None$' "$dir/words"
    else
        failure "$@"
    fi
}

# add FILE COMMAND...: adds the output of a command to a file, or nothing if it fails.
add() {
    file=$1
    shift
    if "$@" --output json >"$dir/part" 2>"$dir/error"; then
        cat "$dir/part" >>"$file"
    else
        failure "$@"
    fi
}

# add_policy FILE ARN ERROR COMMAND...: as add; the error of that name says that the resource has no policy.
add_policy() {
    file=$1 arn=$2 none=$3
    shift 3
    if "$@" --output json >"$dir/part" 2>"$dir/error"; then
        cat "$dir/part" >>"$file"
    elif grep -q "$none" "$dir/error"; then
        printf '{"arn": "%s", "account": "%s", "policy": null}\n' "$arn" "$account" >>"$file"
    else
        failure "$@"
    fi
}

# fresh FILE: begins a file anew.
fresh() {
    rm -f "$1"
}

# --- users, groups, roles, managed policies
fresh "$dir/accounts/$account.json"
add "$dir/accounts/$account.json" aws iam get-account-authorization-details

# --- passwords and access keys of users
fresh "$dir/credential-report-$account.csv"
fresh "$dir/access-keys/$account.json"
tries=0
while [ "$tries" -lt 10 ] && [ "$(list aws iam generate-credential-report --query State)" != COMPLETE ]; do
    tries=$((tries + 1))
    sleep 2
done
if aws iam get-credential-report --query Content --output text >"$dir/words" 2>"$dir/error"; then
    base64 -d <"$dir/words" >"$dir/credential-report-$account.csv"
else
    failure aws iam get-credential-report
fi
for user in $(list aws iam list-users --query 'Users[].UserName'); do
    add "$dir/access-keys/$account.json" aws iam list-access-keys --user-name "$user"
done

# --- the organization, where this account may read it
organization=$dir/organization.json

attachments() {
    for type in SERVICE_CONTROL_POLICY RESOURCE_CONTROL_POLICY; do
        add "$organization" aws organizations list-policies-for-target --target-id "$1" --filter "$type" \
            --query "{Target: '$1', Type: '$type', Policies: Policies[].{Id: Id, Name: Name}}"
    done
}

# below PARENT: its accounts and units, and all below them.
below() {
    attachments "$1"
    add "$organization" aws organizations list-accounts-for-parent --parent-id "$1" \
        --query "{Parent: '$1', Accounts: Accounts[].{Id: Id, Name: Name}}"
    for member in $(list aws organizations list-accounts-for-parent --parent-id "$1" --query 'Accounts[].Id'); do
        attachments "$member"
    done
    add "$organization" aws organizations list-organizational-units-for-parent --parent-id "$1" \
        --query "{Parent: '$1', OrganizationalUnits: OrganizationalUnits[].{Id: Id, Name: Name}}"
    for unit in $(list aws organizations list-organizational-units-for-parent --parent-id "$1" --query 'OrganizationalUnits[].Id'); do
        below "$unit"
    done
}

control_policies() {
    for policy in $(list aws organizations list-policies --filter "$1" --query 'Policies[].Id'); do
        fresh "$2/$policy.json"
        add "$2/$policy.json" aws organizations describe-policy --policy-id "$policy"
    done
}

if roots=$(aws organizations list-roots --query 'Roots[].Id' --output text 2>"$dir/error"); then
    fresh "$organization"
    add "$organization" aws organizations describe-organization
    add "$organization" aws organizations list-roots
    for root in $roots; do
        below "$root"
    done
    control_policies SERVICE_CONTROL_POLICY "$dir/scp"
    control_policies RESOURCE_CONTROL_POLICY "$dir/rcp"
elif grep -q AWSOrganizationsNotInUseException "$dir/error"; then
    printf '{"Organization": null}\n' >"$organization"
else
    printf 'the organization cannot be read from account %s; run this in the management account, too\n' "$account" >&2
fi

# --- policies of buckets
policies=$dir/resource-policies/$account-s3.json
fresh "$policies"
for bucket in $(list aws s3api list-buckets --query 'Buckets[].Name'); do
    arn=arn:$partition:s3:::$bucket
    add_policy "$policies" "$arn" NoSuchBucketPolicy aws s3api get-bucket-policy --bucket "$bucket" \
        --query "{arn: '$arn', account: '$account', policy: Policy}"
done

# --- policies and tags of resources in each region
for region in $regions; do
    AWS_REGION=$region AWS_DEFAULT_REGION=$region
    export AWS_REGION AWS_DEFAULT_REGION
    at=arn:$partition

    policies=$dir/resource-policies/$account-$region-kms.json
    fresh "$policies"
    for key in $(list aws kms list-keys --query 'Keys[].KeyArn'); do
        add "$policies" aws kms get-key-policy --key-id "$key" --policy-name default \
            --query "{arn: '$key', account: '$account', policy: Policy}"
    done

    policies=$dir/resource-policies/$account-$region-sqs.json
    fresh "$policies"
    for queue in $(list aws sqs list-queues --query 'QueueUrls'); do
        add "$policies" aws sqs get-queue-attributes --queue-url "$queue" --attribute-names Policy QueueArn \
            --query "{arn: Attributes.QueueArn, account: '$account', policy: Attributes.Policy}"
    done

    policies=$dir/resource-policies/$account-$region-sns.json
    fresh "$policies"
    for topic in $(list aws sns list-topics --query 'Topics[].TopicArn'); do
        add "$policies" aws sns get-topic-attributes --topic-arn "$topic" \
            --query "{arn: Attributes.TopicArn, account: '$account', policy: Attributes.Policy}"
    done

    policies=$dir/resource-policies/$account-$region-secretsmanager.json
    fresh "$policies"
    for secret in $(list aws secretsmanager list-secrets --query 'SecretList[].ARN'); do
        add "$policies" aws secretsmanager get-resource-policy --secret-id "$secret" \
            --query "{arn: ARN, account: '$account', policy: ResourcePolicy}"
    done

    policies=$dir/resource-policies/$account-$region-lambda.json
    fresh "$policies"
    for function in $(list aws lambda list-functions --query 'Functions[].FunctionArn'); do
        add_policy "$policies" "$function" ResourceNotFoundException aws lambda get-policy --function-name "$function" \
            --query "{arn: '$function', account: '$account', policy: Policy}"
    done

    policies=$dir/resource-policies/$account-$region-ecr.json
    fresh "$policies"
    for repository in $(list aws ecr describe-repositories --query 'repositories[].repositoryName'); do
        arn=$at:ecr:$region:$account:repository/$repository
        add_policy "$policies" "$arn" RepositoryPolicyNotFoundException aws ecr get-repository-policy --repository-name "$repository" \
            --query "{arn: '$arn', account: '$account', policy: policyText}"
    done

    policies=$dir/resource-policies/$account-$region-dynamodb.json
    fresh "$policies"
    for table in $(list aws dynamodb list-tables --query 'TableNames'); do
        arn=$at:dynamodb:$region:$account:table/$table
        add_policy "$policies" "$arn" PolicyNotFoundException aws dynamodb get-resource-policy --resource-arn "$arn" \
            --query "{arn: '$arn', account: '$account', policy: Policy}"
    done

    tags=$dir/resource-policies/$account-$region-tags.json
    fresh "$tags"
    add "$tags" aws resourcegroupstaggingapi get-resources

    endpoints=$dir/vpc-endpoint-policies/$account-$region.json
    fresh "$endpoints"
    add "$endpoints" aws ec2 describe-vpc-endpoints
done

rm -f "$dir/part" "$dir/words" "$dir/error"
if [ -s "$dir/failed" ]; then
    printf '%s calls failed; what they would have told is missing in %s\n' "$(grep -c . "$dir/failed")" "$dir" >&2
    rm -f "$dir/failed"
    exit 3
fi
