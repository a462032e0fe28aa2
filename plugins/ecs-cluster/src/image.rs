//! The image that the worker runs, and the ECR repository that it comes from.

use phalanx_plugin::intrinsics::{self, sole_variable};
use phalanx_plugin::{LogicalId, Result, Value, arn, context, log, template};

use crate::EcsCluster;

/// The image.
pub(crate) struct Image {
    text: String,
    /// The value of `Image` in the task definition.
    pub(crate) value: Value,
    /// ARN of its repository, when it is one of ECR's.
    pub(crate) repository: Option<Value>,
}

impl Image {
    /// The image that the config names, or that an earlier plugin left in the context.
    pub(crate) fn of(config: &EcsCluster) -> Result<Self> {
        if let Some(text) = &config.image {
            let repository = repository(text);
            if repository.is_none() && text.starts_with("${") {
                log::warn!(
                    "`image` does not show which repository it means, so the execution role may \
                     pull from none; name it: `${{Repository.RepositoryUri}}:tag`"
                );
            }
            return Ok(Self { text: text.clone(), value: intrinsics::value(text), repository });
        }
        let text: String = context::require(&config.image_from).map_err(|failure| {
            let hint = failure.hint().unwrap_or_default();
            let hint = format!("{hint}; or name a fixed `image` in this plugin's `config`");
            failure.with_hint(hint)
        })?;
        let repository = repository(&text);
        Ok(Self { value: Value::String(text.clone()), text, repository })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The ARN of the ECR repository of an image such as
/// `123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/orders@sha256:…`, any part of which may be
/// `${…}`, or of one that begins with the URI of a repository of the template.
fn repository(image: &str) -> Option<Value> {
    if let Some((account, rest)) = image.split_once(".dkr.ecr.") {
        let (host, path) = rest.split_once('/')?;
        let region = host.split('.').next()?;
        let path = path.split('@').next().unwrap_or(path);
        // A tag stands behind the last `/`; a `:` inside `${…}` is none.
        let start = path.rfind('/').map_or(0, |slash| slash + 1);
        let name = arn::fields(&path[start..], 2)[0];
        let resource = format!("repository/{}{name}", &path[..start]);
        return Some(intrinsics::value(&arn::full("ecr", region, account, &resource)));
    }
    let (id, attribute) = sole_variable(&image[..=image.find('}')?])?;
    let is_repository = template::resource_type(id).as_deref() == Some("AWS::ECR::Repository");
    (is_repository && attribute == Some("RepositoryUri")).then(|| LogicalId::from(id).arn())
}

#[cfg(test)]
mod tests {
    use phalanx_plugin::json;
    use phalanx_plugin::testing::Host;

    use super::*;

    fn arn_of(image: &str) -> Option<Value> {
        let resources = json!({ "Images": { "Type": "AWS::ECR::Repository" } });
        let mut host = Host::with_template(json!({ "Resources": resources }));
        host.run(|_: &Value| Ok(repository(image))).unwrap()
    }

    #[test]
    fn a_repository_of_ecr_is_named_by_the_reference() {
        let arn = |region, account, name| {
            let arn = format!("arn:${{AWS::Partition}}:ecr:{region}:{account}:repository/{name}");
            Some(json!({ "Fn::Sub": arn }))
        };
        let own = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
        for (image, expected) in [
            (format!("{own}/orders@sha256:abc"), arn("eu-central-1", "123456789012", "orders")),
            (format!("{own}/team/orders:1.2"), arn("eu-central-1", "123456789012", "team/orders")),
            (format!("{own}/orders:1@sha256:abc"), arn("eu-central-1", "123456789012", "orders")),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/orders".to_owned(),
                arn("cn-north-1", "123456789012", "orders"),
            ),
            (
                "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${AWS::StackName}:1"
                    .to_owned(),
                arn("${AWS::Region}", "${AWS::AccountId}", "${AWS::StackName}"),
            ),
        ] {
            assert_eq!(arn_of(&image), expected, "{image}");
        }
    }

    #[test]
    fn a_repository_of_the_template_is_named_by_its_uri() {
        let expected = json!({ "Fn::GetAtt": ["Images", "Arn"] });
        assert_eq!(arn_of("${Images.RepositoryUri}:latest"), Some(expected));
        assert!(arn_of("${Images.RepositoryUri}").is_some());
    }

    #[test]
    fn other_registries_need_no_permission() {
        for image in ["alpine:3", "127.0.0.1:5000/orders@sha256:abc", "${Image}", "${Images}", "${"]
        {
            assert_eq!(arn_of(image), None, "{image}");
        }
    }
}
