//! Credentials that are expired, refused or missing: the error says which call, which identity, which
//! permission, and what to do.

use super::orders;
use crate::support::{Answer, Scripted};

/// What STS says of a session that has ended.
const EXPIRED: &str = "The security token included in the request is expired";

#[test]
fn expired() {
    let (server, project) = (Scripted::new(), orders());
    server.script("GetCallerIdentity", [Answer::error(403, "ExpiredToken", EXPIRED)]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `sts:GetCallerIdentity` with access key `123456789012`: The security token included in the request is expired (ExpiredToken)

    hint: the credentials are expired or wrong: sign in again, for example with `aws sso login`, or name another profile with `--profile`
    ");
    assert_eq!(server.operations(), ["GetCallerIdentity"], "no retry helps");
}

#[test]
fn expired_in_the_middle_of_a_run() {
    let (server, project) = (Scripted::new(), orders());
    server.script(
        "DescribeStacks",
        [Answer::no_stack("orders-dev"), Answer::error(403, "ExpiredToken", EXPIRED)],
    );
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `cloudformation:DescribeStacks`: The security token included in the request is expired (ExpiredToken)

    hint: the credentials are expired or wrong: sign in again, for example with `aws sso login`, or name another profile with `--profile`
    ");
}

#[test]
fn a_wrong_key() {
    let (server, project) = (Scripted::new(), orders());
    let text = "The security token included in the request is invalid.";
    server.script("GetCallerIdentity", [Answer::error(403, "InvalidClientTokenId", text)]);
    let refused = server.phalanx(&project, "status").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `sts:GetCallerIdentity` with access key `123456789012`: The security token included in the request is invalid. (InvalidClientTokenId)

    hint: the credentials are expired or wrong: sign in again, for example with `aws sso login`, or name another profile with `--profile`
    ");
}

/// AWS's own sentence about a denial.
fn denial(action: &str, resource: &str) -> Answer {
    let text = format!(
        "User: arn:aws:sts::123456789012:assumed-role/deployer/ada is not authorized to perform: \
         {action} on resource: {resource} because no identity-based policy allows the {action} action"
    );
    Answer::error(403, "AccessDenied", &text)
}

#[test]
fn denied() {
    let (server, project) = (Scripted::new(), orders());
    let stack = "arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/*";
    server.script("DescribeStacks", [denial("cloudformation:DescribeStacks", stack)]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `cloudformation:DescribeStacks`: User: arn:aws:sts::123456789012:assumed-role/deployer/ada is not authorized to perform: cloudformation:DescribeStacks on resource: arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/* because no identity-based policy allows the cloudformation:DescribeStacks action (AccessDenied)

    hint: allow `cloudformation:DescribeStacks` on `arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/*` for arn:aws:sts::123456789012:assumed-role/deployer/ada
    ");
}

#[test]
fn an_upload_that_is_denied() {
    let (server, project) = (Scripted::new(), orders());
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    // The bucket is there, the package is not.
    server.script("HeadObject", [Answer::body(200, ""), Answer::error(404, "NotFound", "")]);
    let object = "arn:aws:s3:::phalanx-artifacts-123456789012-eu-central-1/artifacts/0.zip";
    server.script("PutObject", [denial("s3:PutObject", object)]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: AWS refused `s3:PutObject`: User: arn:aws:sts::123456789012:assumed-role/deployer/ada is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::phalanx-artifacts-123456789012-eu-central-1/artifacts/0.zip because no identity-based policy allows the s3:PutObject action (AccessDenied)

    hint: allow `s3:PutObject` on `arn:aws:s3:::phalanx-artifacts-123456789012-eu-central-1/artifacts/0.zip` for arn:aws:sts::123456789012:assumed-role/deployer/ada
    ");
}

#[test]
fn a_bucket_that_may_not_be_looked_at() {
    let (server, project) = (Scripted::new(), orders());
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    server.script("HeadObject", [Answer::error(403, "AccessDenied", "")]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: bucket `phalanx-artifacts-123456789012-eu-central-1` cannot be used: S3 denies access to arn:aws:iam::123456789012:user/ada

    hint: allow `s3:ListBucket`, `s3:GetObject` and `s3:PutObject` on it, in IAM and in its policy
    hint: it may also belong to another account
    ");
}

#[test]
fn none_at_all() {
    let (server, project) = (Scripted::new(), orders());
    let run = server
        .phalanx(&project, "deploy")
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "");
    insta::assert_snapshot!(run.exits(1).error(), @r"
    error: there are no AWS credentials
      caused by: the credential provider was not enabled
      caused by: no credentials found in chain. Attempted:
      Environment: the credential provider was not enabled: environment variable not set
      Profile: the credential provider was not enabled
      WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
      EcsContainer: the credential provider was not enabled: ECS provider not configured
      Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`

    hint: sign in with `aws sso login`, name a profile with `--profile`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`
    hint: add `--local` to use the embedded local cloud, which needs no account
    ");
    assert_eq!(server.operations(), Vec::<String>::new());
}
