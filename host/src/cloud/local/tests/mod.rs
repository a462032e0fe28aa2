//! The local cloud as the pipeline sees it.

use std::time::{Duration, UNIX_EPOCH};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;
use crate::cloud::Change;
use crate::cloud::archive::{Archive as _, Limits};
use crate::fs;
use crate::hint::Explain as _;
use crate::report::{Event, Recorder};

mod kills;

struct Rig {
    folder: tempfile::TempDir,
    local: Local,
    recorder: Arc<Recorder>,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = open(folder.path());
        Self { folder, local, recorder: Arc::default() }
    }

    async fn apply(&self, template: &Value) -> Result<Applied, BoxError> {
        self.local.apply(&request(template), self.recorder.clone()).await
    }

    async fn deploy(&self, template: &Value) -> Applied {
        self.apply(template).await.unwrap_or_else(|error| panic!("{error}: {:?}", error.hints()))
    }

    async fn refusal(&self, template: &Value) -> String {
        let error = self.apply(template).await.map(|applied| applied.change).unwrap_err();
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&*error);
        while let Some(source) = cause {
            text = format!("{text}\n  caused by: {source}");
            cause = source.source();
        }
        error.hints().iter().fold(text, |text, hint| format!("{text}\n  hint: {hint}"))
    }

    /// What was told since the last call: `id STATUS`.
    fn told(&self, from: usize) -> Vec<String> {
        let events = self.recorder.events();
        let resources = events.iter().filter_map(|event| match event {
            Event::Resource { logical_id, status, .. } => Some(format!("{logical_id} {status}")),
            _ => None,
        });
        resources.skip(from).collect()
    }
}

fn open(root: &Path) -> Local {
    Local::open(root, "eu-central-1", UNIX_EPOCH + Duration::from_secs(3_600))
}

fn request(template: &Value) -> ApplyRequest {
    ApplyRequest {
        stack: "orders-dev".into(),
        template: template.clone(),
        parameters: IndexMap::new(),
        tags: IndexMap::new(),
        // As the pipeline's: another template is another run.
        token: Digest::of(template.to_string()).short(),
        settings: crate::cloud::StackSettings::default(),
    }
}

/// Collects all garbage, however young; gives the names of what is gone.
async fn collect(local: &Local) -> Result<Vec<String>, BoxError> {
    let now = UNIX_EPOCH + Duration::from_secs(1 << 33);
    let limits = Limits { keep: 10, min_age: Some(Duration::ZERO), now };
    let garbage = local.garbage(&limits).await?;
    let discarded = local.discard(&garbage.pieces, &limits).await?;
    Ok(discarded.removed.into_iter().map(|piece| piece.name).collect())
}

fn artifact(folder: &Path, content: &str) -> Artifact {
    let path = folder.join(format!("{content}.zip"));
    fs::write(&path, content).unwrap();
    let size = content.len() as u64;
    Artifact { digest: Digest::of(content), path, size, label: "package of hello".into() }
}

fn queue() -> Value {
    json!({
        "Resources": {
            "Policy": { "Type": "AWS::SQS::QueuePolicy", "Properties": {
                "Queues": [{ "Ref": "Queue" }], "PolicyDocument": { "Resource": { "Fn::GetAtt": ["Queue", "Arn"] } } } },
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "DelaySeconds": 1 } },
        },
        "Outputs": { "Url": { "Value": { "Fn::Sub": "${Queue}" } }, "Arn": { "Value": { "Fn::GetAtt": "Queue.Arn" } } },
    })
}

#[tokio::test]
async fn a_stack_is_created_changed_and_deleted() {
    let rig = Rig::new();
    assert_eq!(rig.local.stack("orders-dev").await.unwrap(), None);
    let created = rig.deploy(&queue()).await;
    assert_eq!(created.change, Change::Created);
    assert_eq!(created.stack.status, "CREATE_COMPLETE");
    let url = &created.stack.outputs["Url"];
    assert!(
        url.starts_with("https://sqs.eu-central-1.amazonaws.com/000000000000/orders-dev-Queue-")
    );
    assert_eq!(
        rig.told(0),
        [
            "orders-dev CREATE_IN_PROGRESS",
            "Queue CREATE_IN_PROGRESS",
            "Queue CREATE_COMPLETE",
            "Policy CREATE_IN_PROGRESS",
            "Policy CREATE_COMPLETE",
            "orders-dev CREATE_COMPLETE"
        ]
    );

    let mut changed = queue();
    changed["Resources"]["Queue"]["Properties"]["DelaySeconds"] = json!(2);
    let told = rig.told(0).len();
    let updated = rig.deploy(&changed).await;
    assert_eq!(updated.change, Change::Updated);
    assert_eq!(&updated.stack.outputs["Url"], url);
    assert_eq!(updated.stack.id, created.stack.id);
    assert_eq!(
        rig.told(told),
        [
            "orders-dev UPDATE_IN_PROGRESS",
            "Queue UPDATE_IN_PROGRESS",
            "Queue UPDATE_COMPLETE",
            "orders-dev UPDATE_COMPLETE"
        ]
    );

    assert!(rig.local.delete("orders-dev", &[], rig.recorder.clone()).await.unwrap());
    assert!(!rig.local.delete("orders-dev", &[], rig.recorder.clone()).await.unwrap());
    assert_eq!(rig.local.stack("orders-dev").await.unwrap(), None);
    assert_eq!(rig.local.events("orders-dev").unwrap().last().unwrap().status, "DELETE_COMPLETE");
    let again = rig.deploy(&queue()).await;
    assert_eq!(again.change, Change::Created);
    assert_ne!(again.stack.id, created.stack.id);
}

#[tokio::test]
async fn a_second_apply_without_changes_changes_nothing() {
    let rig = Rig::new();
    let mut template = queue();
    let first = rig.deploy(&template).await;
    template["Metadata"] = json!({ "Phalanx": "another build" });
    let second = rig.deploy(&template).await;
    assert_eq!(second.change, Change::Unchanged);
    assert_eq!(second.stack, first.stack);
    // Nor does the same request again, as after a lost reply.
    assert_eq!(rig.deploy(&queue()).await.change, Change::Unchanged);
    assert_eq!(rig.local.history("orders-dev").all().unwrap().len(), 1);
}

#[tokio::test]
async fn a_replacement_changes_the_id_and_everything_that_uses_it() {
    let rig = Rig::new();
    let before = rig.deploy(&queue()).await.stack;
    let mut named = queue();
    named["Resources"]["Queue"]["Properties"]["QueueName"] = json!("work");
    let told = rig.told(0).len();
    let after = rig.deploy(&named).await.stack;
    assert_ne!(before.outputs["Arn"], after.outputs["Arn"]);
    assert_eq!(after.outputs["Arn"], "arn:aws:sqs:eu-central-1:000000000000:work");
    assert_eq!(
        rig.told(told)[1..],
        [
            "Queue UPDATE_IN_PROGRESS",
            "Queue UPDATE_COMPLETE",
            "Policy UPDATE_IN_PROGRESS",
            "Policy UPDATE_COMPLETE",
            "Queue DELETE_IN_PROGRESS",
            "Queue DELETE_COMPLETE",
            "orders-dev UPDATE_COMPLETE"
        ]
    );
}

#[tokio::test]
async fn what_is_to_be_retained_is_kept_and_told() {
    let rig = Rig::new();
    let mut template = queue();
    template["Resources"]["Queue"]["DeletionPolicy"] = json!("Retain");
    rig.deploy(&template).await;
    rig.local.delete("orders-dev", &[], rig.recorder.clone()).await.unwrap();
    let note = Event::Note { message: "kept by their deletion policy: `Queue`".into() };
    assert!(rig.recorder.events().contains(&note));
    let last = rig.local.history("orders-dev").current().unwrap().unwrap();
    assert_eq!(last.stack.resources[0].status, "DELETE_SKIPPED");
    let removed = collect(&rig.local).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(removed, ["stacks/eu-central-1/orders-dev"]);
    assert!(rig.local.events("orders-dev").unwrap().is_empty());
}

#[tokio::test]
async fn parameters_conditions_mappings_and_exports_are_evaluated() {
    let rig = Rig::new();
    let template = json!({
        "Parameters": { "Stage": { "Type": "String", "Default": "dev" } },
        "Mappings": { "Sizes": { "dev": { "delay": 5 } } },
        "Conditions": { "Prod": { "Fn::Equals": [{ "Ref": "Stage" }, "prod"] } },
        "Resources": {
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
                "DelaySeconds": { "Fn::FindInMap": ["Sizes", { "Ref": "Stage" }, "delay"] },
                "KmsMasterKeyId": { "Fn::If": ["Prod", "key", { "Ref": "AWS::NoValue" }] } } },
            "Alarm": { "Type": "AWS::CloudWatch::Alarm", "Condition": "Prod" },
            "Thing": { "Type": "Custom::Thing", "Properties": { "ServiceToken": "t" } },
        },
        "Outputs": { "Name": { "Value": { "Fn::GetAtt": ["Queue", "QueueName"] }, "Export": { "Name": "queue" } },
                     "Made": { "Value": { "Fn::GetAtt": ["Thing", "Anything"] } } },
    });
    let stack = rig.deploy(&template).await.stack;
    assert_eq!(stack.resources.len(), 2);
    assert_eq!(stack.parameters["Stage"], "dev");
    let revision = rig.local.history("orders-dev").current().unwrap().unwrap();
    assert_eq!(
        Value::Object(revision.resources["Queue"].properties.clone()),
        json!({ "DelaySeconds": 5 })
    );
    let warned = |event: &Event| matches!(event, Event::Warning { message, .. } if message.contains("`Thing` is a custom resource"));
    assert!(rig.recorder.events().iter().any(warned));

    let user = json!({ "Resources": { "Topic": { "Type": "AWS::SNS::Topic", "Properties": {
        "DisplayName": { "Fn::ImportValue": "queue" } } } } });
    let second = ApplyRequest { stack: "other".into(), ..request(&user) };
    rig.local.apply(&second, rig.recorder.clone()).await.unwrap_or_else(|error| panic!("{error}"));
    let clash = ApplyRequest { stack: "third".into(), ..request(&template) };
    let error = rig.local.apply(&clash, rig.recorder.clone()).await.map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stack `orders-dev` already exports `queue`, which output `Name` exports too"
    );
}

#[tokio::test]
async fn what_cannot_be_provisioned_names_resource_and_property() {
    let rig = Rig::new();
    let resources = |resources: Value| json!({ "Resources": resources });
    let unknown = resources(json!({ "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
        "QueueName": { "Fn::GetAtt": ["Topic", "Nope"] } } }, "Topic": { "Type": "AWS::SNS::Topic" } }));
    insta::assert_snapshot!(rig.refusal(&unknown).await, @r"
    cannot provision `Queue` (AWS::SQS::Queue): its `QueueName` cannot be evaluated
      caused by: `Fn::GetAtt` at `/Resources/Queue/Properties/QueueName/Fn::GetAtt` names `Topic.Nope`, which is not an attribute of a resource
    ");
    let cycle = resources(json!({ "A": { "Type": "AWS::SNS::Topic", "DependsOn": "B" },
        "B": { "Type": "AWS::SNS::Topic", "Properties": { "DisplayName": { "Ref": "A" } } } }));
    insta::assert_snapshot!(rig.refusal(&cycle).await, @"resources depend on each other: B → A → B");
    let function = resources(json!({ "Hello": { "Type": "AWS::Lambda::Function", "Properties": {
        "Code": { "S3Bucket": "mine", "S3Key": "code.zip" } } } }));
    insta::assert_snapshot!(rig.refusal(&function).await, @r"
    the package of function `Hello` is not stored: no `code.zip` in bucket `mine`
      hint: the local cloud holds only packages that Phalanx made: give the function a `code` path in `[functions]`
    ");
    let list = json!({ "Resources": {}, "Outputs": { "All": { "Value": [1] } } });
    insta::assert_snapshot!(rig.refusal(&list).await, @"output `All` is a list, and an output must be text");
    assert_eq!(rig.told(0), Vec::<String>::new());
    assert_eq!(rig.local.stack("orders-dev").await.unwrap(), None);
}

fn service(digest: &Digest) -> Value {
    let location = artifacts::location(digest);
    json!({ "Resources": {
        "Queue": { "Type": "AWS::SQS::Queue" },
        "SayHello": { "Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": { "Fn::Sub": "${AWS::StackName}-say-hello" },
            "Code": { "S3Bucket": location.bucket, "S3Key": location.key },
            "Handler": "bootstrap", "Runtime": "provided.al2023", "MemorySize": 256, "Timeout": 30,
            "Environment": { "Variables": { "QUEUE_URL": { "Ref": "Queue" } } } } },
    } })
}

#[tokio::test]
async fn functions_are_told_with_all_that_running_them_needs() {
    let rig = Rig::new();
    let code = artifact(rig.folder.path(), "code");
    let store = || rig.local.store(&code, rig.recorder.clone());
    assert_eq!(store().await.unwrap_or_else(|error| panic!("{error}")), Stored::New);
    assert_eq!(store().await.unwrap_or_else(|error| panic!("{error}")), Stored::Present);
    rig.deploy(&service(&code.digest)).await;
    let function = rig.local.function("orders-dev", "say-hello").unwrap();
    assert_eq!(function, rig.local.function("orders-dev", "SayHello").unwrap());
    assert_eq!(function.function_name, "orders-dev-say-hello");
    assert_eq!((function.memory, function.timeout), (256, Duration::from_secs(30)));
    assert!(function.environment["QUEUE_URL"].starts_with("https://sqs."));
    let (path, digest) = rig.local.package(&function).unwrap();
    assert_eq!((fs::read_to_string(&path).unwrap().as_str(), digest), ("code", code.digest));

    let error = rig.local.function("orders-dev", "sayhelo").unwrap_err();
    assert_eq!(error.hints(), ["did you mean `say-hello`?"]);

    // Damaged once, it is stored anew by the next deploy.
    fs::write(&path, "dirt").unwrap();
    assert!(matches!(rig.local.package(&function), Err(LocalError::ArtifactDamaged(_))));
    assert_eq!(store().await.unwrap_or_else(|error| panic!("{error}")), Stored::New);
    assert!(rig.local.package(&function).is_ok());
}

#[tokio::test]
async fn a_second_run_is_told_who_is_at_it_until_the_first_one_ends() {
    let rig = Rig::new();
    let lock = rig.local.lock("orders-dev", "apply").unwrap();
    let text = rig.refusal(&queue()).await;
    let pid = std::process::id();
    assert_eq!(
        text,
        format!(
            "stack `orders-dev` is being changed by another run (process {pid}, apply since \
             01:00:00 UTC)\n  hint: wait for it, or stop process {pid}"
        )
    );
    drop(lock);
    assert_eq!(rig.deploy(&queue()).await.change, Change::Created);
}

#[tokio::test]
async fn a_stack_cannot_be_named_like_a_path() {
    let rig = Rig::new();
    let bad = ApplyRequest { stack: "../x".into(), ..request(&queue()) };
    let error = rig.local.apply(&bad, rig.recorder.clone()).await.map(drop).unwrap_err();
    assert_eq!(error.code(), "bad-name");
}
