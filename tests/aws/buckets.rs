//! A bucket that the manifest names: used as it is, or refused before anything is changed.

use super::{change, orders, stacks};
use crate::support::{Account, Answer, Project, Scripted};

/// The service, with a bucket of this name for its artifacts.
fn with_bucket(bucket: &str) -> Project {
    let project = orders();
    let manifest = project.read("phalanx.toml");
    project.write("phalanx.toml", format!("{manifest}\n[deploy]\nbucket = \"{bucket}\"\n"));
    project
}

fn make_bucket(account: &Account, name: &str, region: &str) {
    let place = format!("CreateBucketConfiguration={{'LocationConstraint': '{region}'}}");
    account.evaluate(
        "s3",
        &format!(
            "boto3.client('s3', region_name='{region}').create_bucket(Bucket='{name}', {place})"
        ),
    );
}

fn keys(account: &Account, bucket: &str) -> Vec<String> {
    let listed = account.ask("s3", &format!("list_objects_v2(Bucket='{bucket}')"));
    let objects = listed["Contents"].as_array().into_iter().flatten();
    objects.map(|object| object["Key"].as_str().unwrap().to_owned()).collect()
}

/// The bucket cannot be used, which is told with this message, and nothing is made.
fn refusal(account: &Account, bucket: &str, code: i32) -> String {
    let project = with_bucket(bucket);
    let refused = account.phalanx(&project, "deploy").exits(code);
    assert_eq!(stacks(account), Vec::<String>::new());
    refused.error().replace(bucket, "[BUCKET]").replace(&account.id, "[ACCOUNT]")
}

#[test]
fn services_share_a_bucket_and_leave_it_as_it_is() {
    let Some(account) = Account::new() else { return };
    let bucket = format!("shared-{}", account.id);
    make_bucket(&account, &bucket, "eu-central-1");
    let project = with_bucket(&bucket);
    account.phalanx(&project, "deploy").succeeds().says("1 stored, 0 already there");
    let other = with_bucket(&bucket);
    change(&other, "\"orders\"", "\"other\"");
    account.phalanx(&other, "deploy").succeeds().says("0 stored, 1 already there");
    let keys = keys(&account, &bucket);
    for (kind, count) in [("artifacts/", 1), ("templates/", 2), ("deployments/", 2)] {
        assert_eq!(keys.iter().filter(|key| key.starts_with(kind)).count(), count, "{keys:#?}");
    }
    assert_eq!(keys.len(), 5, "{keys:#?}");
    let buckets = account.ask("s3", "list_buckets()");
    assert_eq!(buckets["Buckets"].as_array().unwrap().len(), 1, "no bucket of our own is made");
    // Its settings are its owner's matter.
    let policy = account.wire("s3", "GET", &format!("/{bucket}?policy"), "");
    assert!(policy.contains("NoSuchBucketPolicy"), "{policy}");
}

#[test]
fn another_accounts_bucket_that_lets_us_in() {
    let Some(account) = Account::new() else { return };
    let owner = Account::new().unwrap();
    let bucket = format!("lent-{}", owner.id);
    make_bucket(&owner, &bucket, "eu-central-1");
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{}:root", account.id) },
        "Action": "s3:*", "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
    }] });
    owner.ask("s3", &format!("put_bucket_policy(Bucket='{bucket}', Policy=json.dumps({policy}))"));
    account.phalanx(&with_bucket(&bucket), "deploy").succeeds();
    assert_eq!(keys(&owner, &bucket).len(), 3);
}

#[test]
fn no_such_bucket() {
    let Some(account) = Account::new() else { return };
    let bucket = format!("nobodys-{}", account.id);
    insta::assert_snapshot!(refusal(&account, &bucket, 2), @r"
    error: there is no bucket `[BUCKET]`, which the manifest names for artifacts

    hint: make it, or correct `bucket` in `[deploy]`
    hint: or take `bucket` out of `[deploy]`: Phalanx then makes one for this account and region
    ");
    let buckets = account.ask("s3", "list_buckets()");
    assert_eq!(buckets["Buckets"], serde_json::json!([]), "it is not made");
}

#[test]
fn a_bucket_in_another_region() {
    let Some(account) = Account::new() else { return };
    let bucket = format!("elsewhere-{}", account.id);
    make_bucket(&account, &bucket, "eu-west-1");
    insta::assert_snapshot!(refusal(&account, &bucket, 2), @r"
    error: bucket `[BUCKET]` lies in eu-west-1, and artifacts must lie in eu-central-1

    hint: name a bucket in eu-central-1 as `bucket` in `[deploy]`
    hint: or take `bucket` out of `[deploy]`: Phalanx then makes one for this account and region
    ");
    assert_eq!(keys(&account, &bucket), Vec::<String>::new());
}

#[test]
fn a_bucket_of_another_account() {
    let Some(account) = Account::new() else { return };
    let owner = Account::new().unwrap();
    let bucket = format!("foreign-{}", owner.id);
    make_bucket(&owner, &bucket, "eu-central-1");
    insta::assert_snapshot!(refusal(&account, &bucket, 1), @r"
    error: bucket `[BUCKET]` belongs to another account, which does not let arn:aws:iam::[ACCOUNT]:root use it

    hint: correct `bucket` in `[deploy]`, or let its owner allow arn:aws:iam::[ACCOUNT]:root in its policy
    hint: or take `bucket` out of `[deploy]`: Phalanx then makes one for this account and region
    ");
}

#[test]
fn someone_else_has_the_name_of_our_own_bucket() {
    let Some(account) = Account::new() else { return };
    let owner = Account::new().unwrap();
    let bucket = format!("phalanx-artifacts-{}-eu-central-1", account.id);
    make_bucket(&owner, &bucket, "eu-central-1");
    let refused = account.phalanx(&orders(), "deploy").exits(1);
    let error = refused.error().replace(&account.id, "[ACCOUNT]");
    insta::assert_snapshot!(error, @r"
    error: bucket `phalanx-artifacts-[ACCOUNT]-eu-central-1` belongs to another account, which does not let arn:aws:iam::[ACCOUNT]:root use it

    hint: someone has taken the name that Phalanx uses: name a bucket of yours as `bucket` in `[deploy]`
    ");
    assert_eq!(stacks(&account), Vec::<String>::new());
    assert_eq!(keys(&owner, &bucket), Vec::<String>::new());
}

#[test]
fn a_bucket_of_ours_that_denies_us() {
    let (server, project) = (Scripted::new(), with_bucket("ours"));
    server.script("DescribeStacks", [Answer::no_stack("orders-dev")]);
    server.script("HeadBucket", [Answer::error(403, "AccessDenied", "")]);
    let buckets = "<ListAllMyBucketsResult><Buckets><Bucket><Name>ours</Name></Bucket></Buckets></ListAllMyBucketsResult>";
    server.script("ListBuckets", [Answer::body(200, buckets)]);
    let refused = server.phalanx(&project, "deploy").exits(1);
    insta::assert_snapshot!(refused.error(), @r"
    error: bucket `ours` cannot be used: S3 denies access to arn:aws:iam::123456789012:user/ada

    hint: allow `s3:ListBucket`, `s3:GetObject` and `s3:PutObject` on it, in IAM and in its policy
    ");
    assert!(!server.operations().contains(&"CreateChangeSet".to_owned()));
}

#[test]
fn all_packages_of_a_run_share_one_look_at_the_bucket() {
    let Some(account) = Account::new() else { return };
    let server = Scripted::before(&account);
    let functions =
        (0..6).map(|number| format!("\n[functions.f{number}]\ncode = \"f{number}/bootstrap\"\n"));
    let project = orders();
    project.write("phalanx.toml", project.read("phalanx.toml") + &functions.collect::<String>());
    let project = (0..6).fold(project, |project, number| {
        project.script(&format!("f{number}/bootstrap"), &format!("#!/bin/sh\necho {number}\n"))
    });
    server.phalanx(&project, "deploy").succeeds().says("7 stored, 0 already there");
    let counts = server.counts();
    assert_eq!(counts["CreateBucket"], 1, "{counts:#?}");
    // The mark of the bucket, and each package.
    assert_eq!(counts["HeadObject"], 8, "{counts:#?}");
}
