//! The house rules of a platform team: every queue is encrypted and keeps its messages for two weeks.
//!
//! With the feature `commit`, which its release 1.1 has, it also writes down of which commit a stack is. That needs
//! a capability more, so no service gets it without saying yes.

use phalanx_plugin::{Pointer, Result, TemplateDecorate, log, template};

/// Two weeks, in seconds: the longest that SQS allows.
const RETENTION: u32 = 1_209_600;

/// The plugin; it has no config.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseRules {}

impl TemplateDecorate for HouseRules {
    fn decorate_service(&self) -> Result {
        for queue in template::resources_of_type("AWS::SQS::Queue") {
            template::set(Pointer::property(&queue, "SqsManagedSseEnabled"), &true)?;
            template::set(Pointer::property(&queue, "MessageRetentionPeriod"), &RETENTION)?;
            log::info!("`{queue}` is encrypted and keeps its messages for two weeks");
        }
        #[cfg(feature = "commit")]
        template::set("/Metadata/Commit", &commit()?)?;
        Ok(())
    }
}

/// The commit that is checked out.
#[cfg(feature = "commit")]
fn commit() -> Result<String> {
    use phalanx_plugin::{Failure, commands};

    let output = commands::run(&["git", "rev-parse", "HEAD"])?;
    match output.status {
        0 => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        _ => Err(Failure::new("no-commit", "the service is in no commit")
            .with_hint("commit it, so that its stack can say what it was made of")),
    }
}

phalanx_plugin::export!(HouseRules: template_decorate);

#[cfg(test)]
mod tests {
    use phalanx_plugin::commands::Output;
    use phalanx_plugin::{json, testing::Host};

    use super::*;

    #[test]
    fn queues_follow_the_rules() {
        let template = json!({ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue" } } });
        let commit = || Output { status: 0, stdout: b"4f2a9c1\n".to_vec(), stderr: Vec::new() };
        let mut host =
            Host::with_template(template).config(json!({})).on_command(move |_| Ok(commit()));
        host.run(HouseRules::decorate_service).unwrap();
        let properties = &host.template()["Resources"]["Jobs"]["Properties"];
        assert_eq!(properties["SqsManagedSseEnabled"], true);
        assert_eq!(properties["MessageRetentionPeriod"], RETENTION);
        if cfg!(feature = "commit") {
            assert_eq!(host.template()["Metadata"]["Commit"], "4f2a9c1");
        }
    }
}
