//! Outputs for shells and dotenv readers, and states that may be shown to strangers.

use std::process::Command;

use super::{ORDERS, change};
use crate::support::transcript::without_digests;
use crate::support::{Account, Project};

#[test]
fn a_shell_reads_the_values_as_they_are() {
    let values = [
        ("Plain", "a b"),
        ("DollarSign", "$HOME `id` \\\\ \\\""),
        ("OneQuote", "it's"),
        ("AllQuotes", "it's \\\"$HOME\\\" `id`"),
    ];
    let outputs = values.map(|(name, value)| format!("[outputs.{name}]\nValue = \"{value}\"\n"));
    let project = Project::new(&format!("{ORDERS}{}", outputs.concat()))
        .script("app/bootstrap", "#!/bin/sh\n");
    let Some(account) = Account::new() else { return };
    account.phalanx(&project, "deploy").succeeds();
    let dotenv = account.phalanx(&project, "outputs --dotenv").succeeds().stdout;
    let shown: Vec<&str> = dotenv.lines().filter(|line| !line.starts_with("QUEUE_URL=")).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    ALL_QUOTES="it's \"\$HOME\" \`id\`"
    DOLLAR_SIGN='$HOME `id` \ "'
    ONE_QUOTE="it's"
    PLAIN="a b"
    "#);
    project.write("outputs.env", &dotenv);
    let script =
        ". ./outputs.env; printf '%s|' \"$PLAIN\" \"$DOLLAR_SIGN\" \"$ONE_QUOTE\" \"$ALL_QUOTES\"";
    let read =
        Command::new("sh").args(["-c", script]).current_dir(project.root()).output().unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    assert_eq!(read, "a b|$HOME `id` \\ \"|it's|it's \"$HOME\" `id`|");
    let json = account.phalanx(&project, "outputs --dotenv --output json").succeeds().json();
    assert_eq!(json["ONE_QUOTE"], "it's");
    assert_eq!(account.phalanx(&project, "outputs OneQuote").succeeds().stdout, "it's\n");

    change(&project, "outputs.Plain", "outputs.ONEQuote");
    project.phalanx("deploy --local").succeeds();
    let clash = project.phalanx("outputs --dotenv --local").exits(2);
    insta::assert_snapshot!(clash.error(), @r#"
    error: outputs `ONEQuote` and `OneQuote` would both be the variable `ONE_QUOTE`

    hint: rename one of them in `[outputs]`, or ask for each with `phalanx outputs KEY`
    "#);
}

/// A stack with a secret in each place where one can be.
const SECRETS: &str = r#"
[parameters.Password]
Type = "String"
NoEcho = true
Default = "hunter2"

[outputs.Login]
Value = "ada:${Password}"

[outputs.AdminToken]
Value = "abc"
"#;

#[test]
fn a_redacted_status_tells_no_secrets() {
    let manifest = format!("{ORDERS}{SECRETS}");
    let project = Project::new(&manifest).script("app/bootstrap", "#!/bin/sh\n");
    project.phalanx("deploy --local").succeeds();
    let full = project.phalanx("status --local").succeeds().stdout;
    assert!(full.contains("Login = ada:hunter2"), "{full}");
    let shown = project.phalanx("status --local --redact").succeeds().stdout;
    insta::assert_snapshot!(without_digests(&shown), @r#"
    stack    orders-dev  CREATE_COMPLETE
    id       arn:aws:cloudformation:eu-central-1:<account>:stack/orders-dev/f847fdab-dc45-4b36-818f-[DIGEST]
    service  orders  stage dev
    build    [DIGEST]
      Hello          CREATE_COMPLETE  AWS::Lambda::Function  orders-dev-hello
      HelloLogGroup  CREATE_COMPLETE  AWS::Logs::LogGroup    /aws/lambda/orders-dev-hello
      HelloRole      CREATE_COMPLETE  AWS::IAM::Role         orders-dev-HelloRole-RTBJIJ6JXTQL6
      WorkerQueue    CREATE_COMPLETE  AWS::SQS::Queue        https://sqs.eu-central-1.amazonaws.com/<account>/orders-dev-WorkerQueue-EUQLGGVEZTCND
    output   AdminToken = <hidden>
    output   Login = <hidden>
    output   QueueUrl = https://sqs.eu-central-1.amazonaws.com/<account>/orders-dev-WorkerQueue-EUQLGGVEZTCND
    "#);
    let json = project.phalanx("status --local --redact --output json").succeeds();
    for secret in ["hunter2", "abc", "000000000000"] {
        assert!(!json.stdout.contains(secret), "{secret} in {}", json.stdout);
    }
    assert_eq!(json.json()["stack"]["parameters"]["Password"], "<hidden>");

    let Some(account) = Account::new() else { return };
    change(&project, SECRETS, "");
    account.phalanx(&project, "deploy").succeeds();
    for words in ["status --redact", "status --redact --output json"] {
        let shown = account.phalanx(&project, words).succeeds().stdout;
        assert!(!shown.contains(&account.id), "{shown}");
        assert!(shown.contains("/<account>/orders-dev-WorkerQueue"), "{shown}");
    }
}
