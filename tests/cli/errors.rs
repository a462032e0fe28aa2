//! What a user gets wrong: the whole message, the hint and the exit code of each.

use insta::assert_snapshot;

use super::{ORDERS, orders};
use crate::support::{Project, Transcript};

#[test]
fn words_that_are_no_command_line() {
    let project = orders();
    let mut session = Transcript::new(&project);
    session.run(2, "");
    session.run(2, "depoly");
    session.run(2, "plan --lokal");
    session.run(2, "plan -v -q");
    session.run(2, "plan --output yaml");
    session.run(2, "explain");
    session.run(2, "plugin");
    session.run(2, "completions tcsh");
    session.run(2, "init --template ruts");
    // All of it is on standard error: standard output is for results.
    assert!(project.phalanx("plan --lokal").exits(2).stdout.is_empty());
    assert_snapshot!(session.text());
}

#[test]
fn help_and_version_are_results() {
    let project = orders();
    for line in ["--help", "-h", "help", "help plan", "plan --help", "--version", "-V"] {
        let finished = project.phalanx(line).succeeds();
        assert!(finished.stderr.is_empty() && !finished.stdout.is_empty(), "{}", finished.scene());
    }
    let help = project.phalanx("--help").succeeds().stdout;
    for code in
        ["0 done", "1 failed", "2 bad input", "3 refused", "4 there are changes", "101 bug", "130"]
    {
        assert!(help.contains(code), "{code}\n{help}");
    }
}

#[test]
fn a_folder_without_a_manifest() {
    let project = Project::new("");
    std::fs::remove_file(project.root().join("phalanx.toml")).unwrap();
    let mut session = Transcript::new(&project);
    session.run(2, "plan --local");
    session.run(2, "status --local");
    session.run(2, "plan --local -f elsewhere");
    session.run(2, "plan --local -f elsewhere/phalanx.toml");
    session.run(2, "plugin inspect tags");
    assert_snapshot!(session.text());
}

#[test]
fn without_credentials_each_command_says_what_to_do() {
    let project = orders();
    for words in [
        "plan",
        "deploy",
        "deploy --dry-run",
        "delete",
        "status",
        "outputs",
        "invoke hello",
        "logs",
        "drift",
    ] {
        let run = project.phalanx(words).env("AWS_EC2_METADATA_DISABLED", "true").exits(1);
        let error = run.error();
        assert!(error.starts_with("error: there are no AWS credentials\n"), "{error}");
        assert!(error.contains("hint: add `--local`"), "{error}");
    }
}

#[test]
fn things_that_are_not_there() {
    let project = orders();
    let mut session = Transcript::new(&project);
    session.run(1, "status --local");
    session.run(1, "outputs --local");
    session.run(1, "invoke hello --local");
    session.run(2, "plan --local --stage prodd");
    session.run(2, "plan --local --stage test");
    project.phalanx("deploy --local").succeeds();
    session.run(2, "outputs QueueUlr --local");
    session.run(2, "outputs Nothing --local");
    session.run(2, "explain Quue -q");
    session.run(2, "explain Queue.Properties.Tag -q");
    session.run(2, "explain /Outputs/Nothing -q");
    session.run(2, "invoke hello --local -d '{ \"name'");
    session.run(2, "invoke hello --local -d @missing.json");
    session.run(2, "plugin inspect builtin:stack-tag");
    session.run(2, "plugin inspect tag");
    session.run(2, "plugin inspect app/main.py");
    assert_snapshot!(session.text());
}

#[test]
fn code_that_was_not_built() {
    let project = Project::new(ORDERS);
    let mut session = Transcript::new(&project);
    session.run(1, "plan --local");
    assert_snapshot!(session.text());
}

#[test]
fn a_build_that_fails() {
    let project = orders();
    let build = "[build]\ncommand = \"echo compiling; echo 'no such type' >&2; exit 3\"\n";
    project.write("phalanx.toml", ORDERS.to_owned() + build);
    let mut session = Transcript::new(&project);
    session.run(1, "build -q");
    let finished = project.phalanx("build").exits(1);
    for line in ["build service | compiling", "build service | no such type"] {
        assert!(finished.stderr.contains(line), "{}", finished.scene());
    }
    assert_snapshot!(session.text());
}

#[test]
fn a_function_that_fails_is_a_result_and_an_error() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let line = ["invoke", "hello", "--local", "-d", r#"{"fail":true}"#];
    let failed = project.phalanx_with(&line).exits(1);
    assert_eq!(failed.json()["errorType"], "ValueError");
    assert!(failed.error().starts_with("error: function `hello` failed: ValueError: no luck\n"));
    let failed = project.phalanx_with(&[&line[..], &["--output", "json"]].concat()).exits(1);
    assert_eq!(failed.json()["function-error"]["message"], "no luck");
}

#[test]
fn data_is_lost_only_when_that_is_confirmed() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let queue = "[resources.Queue]\nType = \"AWS::SQS::Queue\"\n\n[outputs.QueueUrl]\nValue = \"${Queue}\"\n";
    project.write("phalanx.toml", ORDERS.replace(queue, ""));
    let refused = project.phalanx("deploy --local -q").finish();
    assert_eq!(refused.code, Some(1), "{}", refused.scene());
    assert!(refused.stdout.is_empty());
    assert!(refused.stderr.contains("- Queue  AWS::SQS::Queue  LOSES DATA"), "{}", refused.scene());
    project.phalanx("outputs QueueUrl --local").succeeds();
    project.phalanx("deploy --local --yes").succeeds();
    project.phalanx("outputs QueueUrl --local").exits(2);
}

#[test]
fn every_problem_of_a_manifest_at_once() {
    let project = Project::new(
        "[service]\nname = \"orders\"\nregoin = \"eu-central-1\"\n\n[functions.hello]\n\
         code = \"app\"\nmemory = 12\ntimout = \"10s\"\n\n[plugins.tags]\nsource = \"builtin:tags\"\n",
    );
    let mut session = Transcript::new(&project);
    session.run(2, "plan --local");
    session.run(2, "deploy --local --output json");
    session.run(2, "status --local --events");
    project.write("phalanx.toml", "[service\nname = 1\n");
    session.run(2, "plan --local");
    assert_snapshot!(session.text());
}

#[test]
fn a_plugin_that_is_not_configured_or_not_there() {
    let wrong = [
        ("config = { tags = { team = \"orders\" } }", "config = { tag = { team = \"orders\" } }"),
        ("builtin:stack-tags", "builtin:stack-tag"),
    ];
    let project = orders();
    let mut session = Transcript::new(&project);
    for (from, to) in wrong {
        project.write("phalanx.toml", ORDERS.replace(from, to));
        session.run(2, "plan --local");
    }
    assert_snapshot!(session.text());
}

#[test]
fn a_policy_refuses_with_its_own_exit_code() {
    let project = orders();
    let open = "[resources.Open]\nType = \"AWS::S3::Bucket\"\nProperties = { AccessControl = \"PublicRead\" }\n\
                [plugins.guardrails]\nsource = \"builtin:guardrails\"\n";
    project.write("phalanx.toml", ORDERS.to_owned() + open);
    for line in ["plan --local", "deploy --local -q --output json"] {
        let refused = project.phalanx(line).exits(3);
        assert!(refused.stdout.is_empty(), "{}", refused.scene());
        let error = refused.error();
        assert!(error.contains("public-bucket: bucket `Open` has the ACL `PublicRead`"), "{error}");
        assert!(error.contains("/Resources/Open/Properties/AccessControl"), "{error}");
        assert!(
            error.ends_with("hint: remove `AccessControl`; serve public files through CloudFront")
        );
    }
    project.phalanx("status --local").exits(1);
}
