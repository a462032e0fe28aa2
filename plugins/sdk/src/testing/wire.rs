//! The functions of `wit/pipeline.wit`, answered by the [`Host`](super::Host) in scope.

use crate::bindings::wire::types::Failure;

fn failure(code: &str, message: impl Into<String>) -> Failure {
    Failure { code: code.to_owned(), message: message.into(), hint: None }
}

pub(crate) mod run {
    use crate::testing::with;

    pub(crate) fn service() -> String {
        "service".to_owned()
    }

    pub(crate) fn stage() -> String {
        with(|host| host.stage.clone())
    }

    pub(crate) fn stack_name() -> String {
        with(|host| format!("service-{}", host.stage))
    }

    pub(crate) fn region() -> String {
        "eu-central-1".to_owned()
    }

    pub(crate) fn account() -> Option<String> {
        Some("123456789012".to_owned())
    }

    pub(crate) fn build_id() -> String {
        "0".repeat(64)
    }

    pub(crate) fn dry_run() -> bool {
        with(|host| host.dry_run)
    }

    pub(crate) fn config() -> String {
        with(|host| host.config.to_string())
    }
}

pub(crate) mod log {
    use crate::testing::with;

    pub(crate) fn log(level: &str, message: &str) {
        with(|host| host.log.push((level.to_owned(), message.to_owned())));
    }
}

pub(crate) mod context {
    use super::{Failure, failure};
    use crate::testing::with;

    pub(crate) fn get(key: &str) -> Option<String> {
        with(|host| host.context.get(key).map(ToString::to_string))
    }

    pub(crate) fn set(key: &str, value: &str) -> Result<(), Failure> {
        let value =
            serde_json::from_str(value).map_err(|error| failure("not-json", error.to_string()))?;
        with(|host| host.context.insert(key.to_owned(), value));
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn remove(key: &str) -> Result<bool, Failure> {
        Ok(with(|host| host.context.remove(key).is_some()))
    }

    pub(crate) fn keys() -> Vec<String> {
        with(|host| host.context.keys().cloned().collect())
    }
}

pub(crate) mod template_view {
    use serde_json::Value;

    use crate::testing::with;

    pub(crate) fn get(pointer: &str) -> Option<String> {
        with(|host| host.template.pointer(pointer).map(ToString::to_string))
    }

    pub(crate) fn logical_ids(of_type: Option<&str>) -> Vec<String> {
        with(|host| {
            let Some(Value::Object(resources)) = host.template.get("Resources") else {
                return Vec::new();
            };
            let wanted =
                |resource: &Value| of_type.is_none_or(|of_type| resource["Type"] == of_type);
            resources.iter().filter(|(_, r)| wanted(r)).map(|(id, _)| id.clone()).collect()
        })
    }

    pub(crate) fn document() -> String {
        with(|host| host.template.to_string())
    }
}

pub(crate) mod template_edit {
    use serde_json::Value;

    use super::{Failure, failure};
    use crate::Pointer;
    use crate::testing::{document, with};

    fn parse(json: &str) -> Result<Value, Failure> {
        serde_json::from_str(json).map_err(|error| failure("not-json", error.to_string()))
    }

    pub(crate) fn set(pointer: &str, value: &str) -> Result<(), Failure> {
        let value = parse(value)?;
        with(|host| document::set(&mut host.template, pointer, value))
            .map_err(|message| failure("bad-pointer", message))
    }

    pub(crate) fn set_all(edits: &[(String, String)]) -> Result<(), Failure> {
        let before = with(|host| host.template.clone());
        edits.iter().try_for_each(|(pointer, value)| set(pointer, value)).inspect_err(|_| {
            with(|host| host.template = before);
        })
    }

    pub(crate) fn add(section: &str, logical_id: &str, value: &str) -> Result<(), Failure> {
        let pointer = Pointer::root().join(section).join(logical_id);
        if super::template_view::get(pointer.as_str()).is_some() {
            let message = format!("`{logical_id}` is taken in `{section}`");
            return Err(failure("id-taken", message));
        }
        set(pointer.as_str(), value)
    }

    pub(crate) fn merge(pointer: &str, patch: &str) -> Result<(), Failure> {
        let patch = parse(patch)?;
        let mut value = with(|host| host.template.pointer(pointer).cloned()).unwrap_or_default();
        document::merge(&mut value, patch);
        set(pointer, &value.to_string())
    }

    pub(crate) fn remove(pointer: &str) -> Result<bool, Failure> {
        with(|host| document::remove(&mut host.template, pointer))
            .map_err(|message| failure("bad-pointer", message))
    }

    pub(crate) fn replace(document: &str) -> Result<(), Failure> {
        let document = parse(document)?;
        with(|host| host.template = document);
        Ok(())
    }
}

pub(crate) mod artifacts {
    use super::{Failure, failure};
    use crate::bindings::wire::artifacts::Artifact;
    use crate::testing::with;

    pub(crate) fn list() -> Vec<Artifact> {
        with(|host| {
            let packages = host.packages.iter();
            packages
                .map(|(function, files)| Artifact {
                    function: function.clone(),
                    logical_id: function.clone(),
                    sha256: "0".repeat(64),
                    size: files.values().map(|bytes| bytes.len() as u64).sum(),
                })
                .collect()
        })
    }

    pub(crate) fn files(function: &str) -> Result<Vec<String>, Failure> {
        with(|host| host.packages.get(function).map(|files| files.keys().cloned().collect()))
            .ok_or_else(|| failure("no-function", format!("no function `{function}`")))
    }

    pub(crate) fn read(function: &str, path: &str) -> Result<Vec<u8>, Failure> {
        with(|host| host.packages.get(function).and_then(|files| files.get(path)).cloned())
            .ok_or_else(|| failure("no-file", format!("no file `{path}` in `{function}`")))
    }

    pub(crate) fn write(
        function: &str,
        path: &str,
        bytes: &[u8],
        _mode: u32,
    ) -> Result<(), Failure> {
        with(|host| {
            let files = host.packages.get_mut(function)?;
            files.insert(path.to_owned(), bytes.to_vec());
            Some(())
        })
        .ok_or_else(|| failure("no-function", format!("no function `{function}`")))
    }
}

pub(crate) mod stack {
    use crate::bindings::wire::stack::StackResource;
    use crate::testing::with;

    pub(crate) fn id() -> String {
        let stack = super::run::stack_name();
        format!("arn:aws:cloudformation:eu-central-1:123456789012:stack/{stack}/0")
    }

    pub(crate) fn created() -> bool {
        true
    }

    pub(crate) fn unchanged() -> bool {
        false
    }

    pub(crate) fn outputs() -> Vec<(String, String)> {
        with(|host| host.outputs.clone())
    }

    pub(crate) fn resources() -> Vec<StackResource> {
        with(|host| host.resources.clone())
    }
}

pub(crate) mod outcome {
    use super::{Failure, failure};
    use crate::testing::with;

    pub(crate) fn failed_step() -> String {
        with(|host| host.failure.as_ref().map(|(step, _)| step.clone())).unwrap_or_default()
    }

    pub(crate) fn error() -> Failure {
        with(|host| host.failure.as_ref().map(|(_, error)| error.clone().into_wire()))
            .unwrap_or_else(|| failure("failed", "the run failed"))
    }

    pub(crate) fn completed() -> Vec<String> {
        Vec::new()
    }
}

pub(crate) mod commands {
    use super::{Failure, failure};
    use crate::bindings::wire::commands::{Command, Output};
    use crate::testing::with;

    pub(crate) fn run(command: &Command) -> Result<Output, Failure> {
        let answer = with(|host| host.commands.clone());
        answer.map_or_else(
            || Err(failure("not-granted", format!("no answer for {:?}", command.argv))),
            |answer| answer(command).map_err(crate::Failure::into_wire),
        )
    }
}

pub(crate) mod files {
    use super::{Failure, failure};
    use crate::testing::with;

    /// Knows the globs `prefix*suffix` only.
    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn list(glob: &str) -> Result<Vec<String>, Failure> {
        let (prefix, suffix) = glob.split_once('*').unwrap_or((glob, ""));
        let suffix = suffix.trim_start_matches(['*', '/']);
        let wanted = |path: &&String| path.starts_with(prefix) && path.ends_with(suffix);
        Ok(with(|host| host.files.keys().filter(wanted).cloned().collect()))
    }

    pub(crate) fn read(path: &str) -> Result<Vec<u8>, Failure> {
        with(|host| host.files.get(path).cloned())
            .ok_or_else(|| failure("not-found", format!("no file `{path}`")))
    }
}

pub(crate) mod environment {
    use crate::testing::with;

    pub(crate) fn get(name: &str) -> Option<String> {
        with(|host| host.environment.get(name).cloned())
    }
}

pub(crate) mod images {
    use super::{Failure, failure};
    use crate::bindings::wire::images::{BuildRequest, BuiltImage, PushedImage};
    use crate::testing::with;

    /// Where images of the test's account go.
    fn reference(repository: &str, tag: &str) -> String {
        format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{repository}:{tag}")
    }

    /// A digest that depends on the name alone.
    fn digest(image: &str) -> String {
        let sum = image.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        format!("sha256:{}", format!("{sum:016x}").repeat(4))
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn check(_: &BuildRequest, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn fingerprint(request: &BuildRequest) -> Result<String, Failure> {
        Ok(digest(&format!("{request:?}")).split_off("sha256:".len()))
    }

    pub(crate) fn will_push() -> bool {
        with(|host| !host.dry_run)
    }

    pub(crate) fn find_in_ecr(repository: &str, tag: &str) -> Result<Option<PushedImage>, Failure> {
        Ok(list_in_ecr(repository)?.into_iter().find(|image| image.tag == tag))
    }

    pub(crate) fn build(request: &BuildRequest) -> Result<BuiltImage, Failure> {
        with(|host| host.built.push(request.tag.clone()));
        Ok(BuiltImage { id: digest(&request.tag), size: 1_000 })
    }

    pub(crate) fn push_to_ecr(
        image: &str,
        repository: &str,
        tag: &str,
    ) -> Result<PushedImage, Failure> {
        let (dry_run, built) =
            with(|host| (host.dry_run, host.built.iter().any(|built| built == image)));
        let reference = reference(repository, tag);
        if dry_run {
            return Ok(PushedImage { reference, tag: tag.to_owned(), digest: None });
        }
        if !built {
            return Err(failure("no-such-image", format!("there is no image `{image}`")));
        }
        with(|host| host.images.insert((repository.to_owned(), tag.to_owned())));
        Ok(PushedImage { digest: Some(digest(&reference)), reference, tag: tag.to_owned() })
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn list_in_ecr(repository: &str) -> Result<Vec<PushedImage>, Failure> {
        let tags = with(|host| {
            let images = host.images.iter().filter(|(of, _)| of == repository);
            images.map(|(_, tag)| tag.clone()).collect::<Vec<_>>()
        });
        let image = |tag: String| {
            let reference = reference(repository, &tag);
            PushedImage { digest: Some(digest(&reference)), reference, tag }
        };
        Ok(tags.into_iter().map(image).collect())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the contract's signature")]
    pub(crate) fn delete_from_ecr(repository: &str, tag: &str) -> Result<bool, Failure> {
        Ok(with(|host| host.images.remove(&(repository.to_owned(), tag.to_owned()))))
    }
}

pub(crate) mod aws {
    use super::{Failure, failure};
    use crate::bindings::wire::aws::{Request, Response};

    pub(crate) fn call(_: &Request) -> Result<Response, Failure> {
        Err(failure("not-in-testing", "`aws` is not part of `phalanx_plugin::testing`"))
    }
}
