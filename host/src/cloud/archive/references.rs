//! What a template refers to in the archive.

use serde_json::Value;

use crate::digest::Digest;

/// An artifact that a template names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactUse {
    /// The resource that needs it.
    pub logical_id: String,
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

/// Every artifact whose bucket and key a template names as texts, in its order. What other tools write
/// otherwise, such as by parameters, is not of our making.
pub fn artifacts_of(template: &Value) -> Vec<ArtifactUse> {
    let mut found = Vec::new();
    let resources = template["Resources"].as_object().into_iter().flatten();
    for (logical_id, resource) in resources {
        collect(logical_id, &resource["Properties"], &mut found);
    }
    found
}

fn collect(logical_id: &str, value: &Value, found: &mut Vec<ArtifactUse>) {
    match value {
        Value::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Value::as_str);
            if let (Some(bucket), Some(key)) = (text("S3Bucket"), text("S3Key")) {
                found.push(ArtifactUse {
                    logical_id: logical_id.to_owned(),
                    bucket: bucket.to_owned(),
                    key: key.to_owned(),
                });
            }
            map.values().for_each(|child| collect(logical_id, child, found));
        }
        Value::Array(list) => list.iter().for_each(|child| collect(logical_id, child, found)),
        _ => {}
    }
}

/// Every digest in a text. Whoever names an object of ours, in whatever way, must write its digest: so
/// a text without a digest does not need the object.
pub(crate) fn digests_in(text: &str) -> impl Iterator<Item = Digest> {
    text.split(|character: char| !character.is_ascii_hexdigit()).filter_map(|run| run.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn artifacts_are_found_wherever_a_resource_names_them() {
        let template = json!({ "Resources": {
            "Hello": { "Type": "AWS::Lambda::Function", "Properties": { "Code": { "S3Bucket": "b", "S3Key": "k" } } },
            "Layer": { "Type": "AWS::Lambda::LayerVersion", "Properties": { "Content": [{ "S3Bucket": "b", "S3Key": "l" }] } },
            "Other": { "Type": "AWS::Lambda::Function", "Properties": { "Code": { "S3Bucket": { "Ref": "B" }, "S3Key": "k" } } },
        } });
        let found: Vec<String> =
            artifacts_of(&template).into_iter().map(|one| one.logical_id + &one.key).collect();
        assert_eq!(found, ["Hellok", "Layerl"]);
    }

    #[test]
    fn digests_are_found_in_any_text() {
        let (a, b) = (Digest::of("a"), Digest::of("b"));
        let text = format!("Key: !Sub artifacts/{a}.zip\nurl: https://x/{b}.json?y={a}0 {a:?}");
        assert_eq!(digests_in(&text).collect::<Vec<_>>(), [a, b, a]);
        assert_eq!(digests_in("abcdef 0123").count(), 0);
    }
}
