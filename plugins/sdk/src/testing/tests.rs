use serde::Deserialize;

use super::*;
use crate::{Pointer, context, log, template};

#[derive(Deserialize)]
struct Plain {}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read from the config")]
struct Nested {
    tags: BTreeMap<String, String>,
}

fn run<T>(host: &mut Host, hook: impl FnOnce() -> Result<T>) -> Result<T> {
    host.run(|_: &Plain| hook())
}

#[test]
fn edits_create_parents_and_append() {
    let mut host = Host::with_template(json!({ "Resources": { "Q": { "Type": "T" } } }));
    run(&mut host, || {
        template::set(Pointer::property("Q", "Tags"), &json!([1]))?;
        template::set(Pointer::property("Q", "Tags").end(), &2)?;
        template::merge("/Metadata", &json!({ "a": { "b": 1 } }))?;
        template::add_output("Url", &json!({ "Value": "x" }))?;
        assert!(template::remove("/Resources/Q/Type")?);
        assert!(!template::remove("/Resources/Q/Type")?);
        Ok(())
    })
    .unwrap();
    assert_eq!(
        host.template(),
        &json!({
            "Resources": { "Q": { "Properties": { "Tags": [1, 2] } } },
            "Metadata": { "a": { "b": 1 } },
            "Outputs": { "Url": { "Value": "x" } },
        })
    );
}

#[test]
fn a_failing_hook_leaves_nothing_behind() {
    let mut host = Host::with_template(json!({ "A": "text" }));
    let failure = run(&mut host, || {
        log::info!("going on");
        context::set("key", "value")?;
        template::set("/B", &1)?;
        template::set("/A/x", &1)
    })
    .unwrap_err();
    assert_eq!(failure.message(), "`/A/x` leads through a value without members");
    assert_eq!(host.template(), &json!({ "A": "text" }));
    assert!(host.context().is_empty());
    assert_eq!(host.logged("info"), ["going on"]);
}

#[test]
fn taken_ids_are_refused() {
    let mut host = Host::with_template(json!({ "Resources": { "Q": {} } }));
    let failure = run(&mut host, || template::add_resource("Q", &json!({}))).unwrap_err();
    assert_eq!(failure.code(), "id-taken");
}

#[test]
fn a_bad_config_is_explained_by_its_key() {
    let mut host = Host::new().config(json!({ "tags": { "owner": 3 } }));
    let failure = host.run(|_: &Nested| Ok(())).unwrap_err();
    assert_eq!(
        failure.message(),
        "bad `config` at `tags.owner`: invalid type: integer `3`, expected a string"
    );
    let mut host = Host::new();
    let failure = host.run(|_: &Nested| Ok(())).unwrap_err();
    assert_eq!(failure.message(), "bad `config`: missing field `tags`");
}

#[test]
fn resources_are_found_by_type_in_document_order() {
    let mut host = Host::with_template(json!({ "Resources": {
        "Z": { "Type": "AWS::SQS::Queue" },
        "M": { "Type": "AWS::SNS::Topic" },
        "A": { "Type": "AWS::SQS::Queue" },
    } }));
    run(&mut host, || {
        assert_eq!(template::resources_of_type("AWS::SQS::Queue"), ["Z", "A"]);
        assert_eq!(template::logical_ids(), ["Z", "M", "A"]);
        assert_eq!(template::resource_type("M").as_deref(), Some("AWS::SNS::Topic"));
        assert_eq!(template::resource_type("none"), None);
        Ok(())
    })
    .unwrap();
}
