//! What made-up resources are called: the table of the common types. Rules for all others are in
//! `made_up`.
//!
//! A pattern holds placeholders in braces: `{name}` (the name given in the properties, or a made-up
//! one), `{region}`, `{account}`, `{hex8}` and `{hex17}` (hex digits), `{id10}` and `{ID13}` (letters
//! and digits), `{uuid}`, and `{=Property}` for a property's value.

/// How a type names itself.
pub(super) struct Naming {
    /// The type.
    pub(super) resource_type: &'static str,
    /// The property with the name; empty when there is none.
    pub(super) property: &'static str,
    /// Longest name.
    pub(super) limit: usize,
    /// What `Ref` gives.
    pub(super) reference: &'static str,
    /// What `Fn::GetAtt` gives.
    pub(super) attributes: &'static [(&'static str, &'static str)],
}

/// The naming of a common type.
pub(super) fn naming(resource_type: &str) -> Option<&'static Naming> {
    TABLE.iter().find(|naming| naming.resource_type == resource_type)
}

const fn of(
    resource_type: &'static str,
    property: &'static str,
    limit: usize,
    reference: &'static str,
    attributes: &'static [(&'static str, &'static str)],
) -> Naming {
    Naming { resource_type, property, limit, reference, attributes }
}

#[rustfmt::skip]
static TABLE: &[Naming] = &[
    of("AWS::ApiGateway::RestApi", "Name", 1024, "{id10}", &[
        ("RestApiId", "{id10}"), ("RootResourceId", "{hex8}")]),
    of("AWS::ApiGatewayV2::Api", "Name", 128, "{id10}", &[
        ("ApiId", "{id10}"), ("ApiEndpoint", "https://{id10}.execute-api.{region}.amazonaws.com"),
        ("ExecuteApiArn", "arn:aws:execute-api:{region}:{account}:{id10}")]),
    of("AWS::ApiGatewayV2::Stage", "StageName", 128, "{name}", &[]),
    of("AWS::CloudWatch::Alarm", "AlarmName", 255, "{name}", &[
        ("Arn", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}")]),
    of("AWS::CloudWatch::Dashboard", "DashboardName", 255, "{name}", &[]),
    of("AWS::Cognito::UserPool", "UserPoolName", 128, "{region}_{hex8}", &[
        ("Arn", "arn:aws:cognito-idp:{region}:{account}:userpool/{region}_{hex8}"), ("UserPoolId", "{region}_{hex8}"),
        ("ProviderName", "cognito-idp.{region}.amazonaws.com/{region}_{hex8}"),
        ("ProviderURL", "https://cognito-idp.{region}.amazonaws.com/{region}_{hex8}")]),
    of("AWS::DynamoDB::Table", "TableName", 255, "{name}", &[
        ("Arn", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
        ("StreamArn", "arn:aws:dynamodb:{region}:{account}:table/{name}/stream/2020-01-01T00:00:00.000")]),
    of("AWS::EC2::InternetGateway", "", 0, "igw-{hex17}", &[("InternetGatewayId", "igw-{hex17}")]),
    of("AWS::EC2::NatGateway", "", 0, "nat-{hex17}", &[("NatGatewayId", "nat-{hex17}")]),
    of("AWS::EC2::RouteTable", "", 0, "rtb-{hex17}", &[("RouteTableId", "rtb-{hex17}")]),
    of("AWS::EC2::SecurityGroup", "GroupName", 255, "sg-{hex17}", &[
        ("GroupId", "sg-{hex17}"), ("Id", "sg-{hex17}"), ("VpcId", "{=VpcId}")]),
    of("AWS::EC2::Subnet", "", 0, "subnet-{hex17}", &[
        ("SubnetId", "subnet-{hex17}"), ("AvailabilityZone", "{region}a"), ("NetworkAclAssociationId", "aclassoc-{hex17}")]),
    of("AWS::EC2::VPC", "", 0, "vpc-{hex17}", &[
        ("VpcId", "vpc-{hex17}"), ("DefaultNetworkAcl", "acl-{hex17}"), ("DefaultSecurityGroup", "sg-{hex17}")]),
    of("AWS::ECR::Repository", "RepositoryName", 256, "{name}", &[
        ("Arn", "arn:aws:ecr:{region}:{account}:repository/{name}"),
        ("RepositoryUri", "{account}.dkr.ecr.{region}.amazonaws.com/{name}")]),
    of("AWS::ECS::Cluster", "ClusterName", 255, "{name}", &[
        ("Arn", "arn:aws:ecs:{region}:{account}:cluster/{name}")]),
    of("AWS::ECS::Service", "ServiceName", 255, "arn:aws:ecs:{region}:{account}:service/{name}", &[
        ("Name", "{name}"), ("ServiceArn", "arn:aws:ecs:{region}:{account}:service/{name}")]),
    of("AWS::ECS::TaskDefinition", "Family", 255, "arn:aws:ecs:{region}:{account}:task-definition/{name}:1", &[
        ("TaskDefinitionArn", "arn:aws:ecs:{region}:{account}:task-definition/{name}:1")]),
    of("AWS::Events::EventBus", "Name", 256, "{name}", &[
        ("Arn", "arn:aws:events:{region}:{account}:event-bus/{name}"), ("Name", "{name}")]),
    of("AWS::Events::Rule", "Name", 64, "{name}", &[
        ("Arn", "arn:aws:events:{region}:{account}:rule/{name}"), ("RuleName", "{name}")]),
    of("AWS::IAM::InstanceProfile", "InstanceProfileName", 128, "{name}", &[
        ("Arn", "arn:aws:iam::{account}:instance-profile/{name}")]),
    of("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128, "arn:aws:iam::{account}:policy/{name}", &[
        ("PolicyArn", "arn:aws:iam::{account}:policy/{name}"), ("PolicyId", "ANPA{ID13}")]),
    of("AWS::IAM::Role", "RoleName", 64, "{name}", &[
        ("Arn", "arn:aws:iam::{account}:role/{name}"), ("RoleId", "AROA{ID13}LOCA")]),
    of("AWS::IAM::User", "UserName", 64, "{name}", &[("Arn", "arn:aws:iam::{account}:user/{name}")]),
    of("AWS::KMS::Key", "", 0, "{uuid}", &[
        ("Arn", "arn:aws:kms:{region}:{account}:key/{uuid}"), ("KeyId", "{uuid}")]),
    of("AWS::Kinesis::Stream", "Name", 128, "{name}", &[
        ("Arn", "arn:aws:kinesis:{region}:{account}:stream/{name}")]),
    of("AWS::Lambda::EventSourceMapping", "", 0, "{uuid}", &[
        ("Id", "{uuid}"), ("EventSourceMappingArn", "arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid}")]),
    of("AWS::Lambda::Function", "FunctionName", 64, "{name}", &[
        ("Arn", "arn:aws:lambda:{region}:{account}:function:{name}")]),
    of("AWS::Lambda::LayerVersion", "LayerName", 140, "arn:aws:lambda:{region}:{account}:layer:{name}:1", &[
        ("LayerVersionArn", "arn:aws:lambda:{region}:{account}:layer:{name}:1")]),
    of("AWS::Lambda::Url", "", 0, "{=TargetFunctionArn}", &[
        ("FunctionArn", "{=TargetFunctionArn}"), ("FunctionUrl", "https://{id10}.lambda-url.{region}.on.aws/")]),
    of("AWS::Logs::LogGroup", "LogGroupName", 512, "{name}", &[
        ("Arn", "arn:aws:logs:{region}:{account}:log-group:{name}:*")]),
    of("AWS::S3::Bucket", "BucketName", 63, "{name}", &[
        ("Arn", "arn:aws:s3:::{name}"), ("DomainName", "{name}.s3.amazonaws.com"),
        ("DualStackDomainName", "{name}.s3.dualstack.{region}.amazonaws.com"),
        ("RegionalDomainName", "{name}.s3.{region}.amazonaws.com"),
        ("WebsiteURL", "http://{name}.s3-website.{region}.amazonaws.com")]),
    of("AWS::SNS::Subscription", "", 0, "{=TopicArn}:{uuid}", &[("Arn", "{=TopicArn}:{uuid}")]),
    of("AWS::SNS::Topic", "TopicName", 256, "arn:aws:sns:{region}:{account}:{name}", &[
        ("TopicArn", "arn:aws:sns:{region}:{account}:{name}"), ("TopicName", "{name}")]),
    of("AWS::SQS::Queue", "QueueName", 80, "https://sqs.{region}.amazonaws.com/{account}/{name}", &[
        ("Arn", "arn:aws:sqs:{region}:{account}:{name}"), ("QueueName", "{name}"),
        ("QueueUrl", "https://sqs.{region}.amazonaws.com/{account}/{name}")]),
    of("AWS::SSM::Parameter", "Name", 2048, "{name}", &[("Type", "{=Type}"), ("Value", "{=Value}")]),
    of("AWS::Scheduler::Schedule", "Name", 64, "{name}", &[
        ("Arn", "arn:aws:scheduler:{region}:{account}:schedule/default/{name}")]),
    of("AWS::SecretsManager::Secret", "Name", 512, "arn:aws:secretsmanager:{region}:{account}:secret:{name}", &[
        ("Id", "arn:aws:secretsmanager:{region}:{account}:secret:{name}")]),
    of("AWS::StepFunctions::StateMachine", "StateMachineName", 80, "arn:aws:states:{region}:{account}:stateMachine:{name}", &[
        ("Arn", "arn:aws:states:{region}:{account}:stateMachine:{name}"), ("Name", "{name}")]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::spec;

    #[test]
    fn the_table_knows_only_types_and_attributes_that_there_are() {
        let mut last = "";
        for naming in TABLE {
            assert!(last < naming.resource_type, "`{last}` before `{}`", naming.resource_type);
            last = naming.resource_type;
            let spec = spec::lookup(naming.resource_type).expect(naming.resource_type);
            for (attribute, _) in naming.attributes {
                let known = spec.has_attribute(attribute);
                assert!(known, "`{}` has no `{attribute}`", naming.resource_type);
            }
        }
    }
}
