//! A service with a custom resource that does what its property says: a real function answers
//! CloudFormation, so that real stacks come into every state.

use crate::support::{Account, Project, change};

const THINGS: &str = r#"
[service]
name = "tACCOUNT"
region = "eu-central-1"

[functions.maker]
code = "maker"
runtime = "python3.13"
handler = "maker.handler"
timeout = "90s"

[resources.Thing]
Type = "Custom::Thing"

[resources.Thing.Properties]
ServiceToken = { "Fn::GetAtt" = ["Maker", "Arn"] }
Does = "nothing"
"#;

/// The function. What a property `Does` may name: `fail-create`, `fail-update`, `fail-delete` (the
/// deletion fails), `fail-back` (an update to it fails, and so does the one back), `slow` (three
/// seconds), `slow long` (65 of them).
const MAKER: &str = r#"
import json, time, urllib.request

def handler(event, context):
    kind = event["RequestType"].lower()
    does = event["ResourceProperties"]["Does"].split()
    before = event.get("OldResourceProperties", {}).get("Does", "").split()
    if "slow" in does:
        time.sleep(65 if "long" in does else 3)
    fails = f"fail-{kind}" in does or (kind == "update" and "fail-back" in does + before)
    answer = {
        "Status": "FAILED" if fails else "SUCCESS",
        "Reason": f"told to fail the {kind}",
        "PhysicalResourceId": event.get("PhysicalResourceId", "thing"),
    }
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        answer[key] = event[key]
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"#;

/// A service whose thing does this. It is named after its account: ministack ends the functions of the
/// same name in all accounts when one is deleted.
pub(super) fn things(account: &Account, does: &str) -> Project {
    let manifest = THINGS.replace("ACCOUNT", &account.id).replace("nothing", does);
    Project::new(&manifest).file("maker/maker.py", MAKER)
}

/// The name of that service's stack.
pub(super) fn stack(account: &Account) -> String {
    format!("t{}-dev", account.id)
}

/// Has the thing do something else from now on.
pub(super) fn tell(project: &Project, does: &str) {
    let manifest = project.read("phalanx.toml");
    let told = manifest.split("Does = \"").nth(1).unwrap().split('"').next().unwrap();
    change(project, &format!("Does = \"{told}\""), &format!("Does = \"{does}\""));
}

/// Adds a second thing, made after the first.
pub(super) fn tell_another(project: &Project, does: &str) {
    let thing = "\n[resources.Other]\nType = \"Custom::Thing\"\nDependsOn = \"Thing\"\n\n\
        [resources.Other.Properties]\nServiceToken = { \"Fn::GetAtt\" = [\"Maker\", \"Arn\"] }\n";
    let manifest = format!("{}{thing}Does = \"{does}\"\n", project.read("phalanx.toml"));
    project.write("phalanx.toml", manifest);
}
