//! Accounts, regions and credentials that will not do: told before anything is changed.

use super::{change, orders, stacks};
use crate::support::Account;

#[test]
fn another_account_than_the_manifest_names() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(&project, "name = \"orders\"", "name = \"orders\"\naccount = \"123456789012\"");
    let refused = account.phalanx(&project, "deploy").exits(2);
    let error = refused.error();
    let expected = format!(
        "error: the credentials are of account {}, and this stage must be in account 123456789012\n",
        account.id
    );
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.contains("`--profile`"), "{error}");
    assert_eq!(stacks(&account), Vec::<String>::new());
}

#[test]
fn no_region_anywhere() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    change(&project, "region = \"eu-central-1\"\n", "");
    let refused = account.phalanx(&project, "plan").exits(2);
    insta::assert_snapshot!(refused.error(), @r#"
    error: no AWS region is named

    hint: set `region` in `[service]` or in the stage, or give `--region`
    "#);
    account.phalanx(&project, "plan --region eu-central-1").succeeds();
    account.phalanx(&project, "plan").env("AWS_REGION", "eu-west-1").succeeds();
}

#[test]
fn a_profile_without_credentials() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let refused = account.phalanx(&project, "plan --profile nobody").exits(1);
    assert!(
        refused.error().starts_with("error: there are no AWS credentials in profile `nobody`"),
        "{}",
        refused.error()
    );
}

#[test]
fn an_endpoint_that_does_not_answer() {
    let Some(account) = Account::new() else { return };
    let project = orders();
    let run = account.phalanx(&project, "status").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let error = run.exits(1).error().to_owned();
    assert!(
        error.starts_with("error: AWS cannot be reached for `sts:GetCallerIdentity`"),
        "{error}"
    );
    assert!(error.contains("AWS_ENDPOINT_URL"), "{error}");
}
