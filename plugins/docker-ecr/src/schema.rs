//! What the host checks of the config before anything runs.

use phalanx_plugin::{Value, json};

use crate::tag;

/// The schema of the config.
pub(crate) fn schema() -> Value {
    let texts = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": { "type": "string" },
            "default": {},
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "docker-ecr",
        "type": "object",
        "properties": {
            "context": {
                "description": "The build context: a folder inside the service's.",
                "type": "string",
                "minLength": 1,
                "default": ".",
            },
            "dockerfile": {
                "description": "Path of the Dockerfile inside the context.",
                "type": "string",
                "minLength": 1,
                "default": "Dockerfile",
            },
            "args": texts("Build arguments, for `ARG` in the Dockerfile."),
            "platform": {
                "description": "`linux/amd64` or `linux/arm64`; the engine's own without.",
                "type": "string",
            },
            "target": {
                "description": "The stage of the Dockerfile at which to stop.",
                "type": "string",
                "minLength": 1,
            },
            "labels": texts("Labels of the image."),
            "cache-from": {
                "description": "Images whose layers may be used again.",
                "type": "array",
                "items": { "type": "string", "minLength": 1 },
                "default": [],
            },
            "repository": {
                "description": "The repository in ECR, made when it is missing; the service's name without.",
                "type": "string",
                "minLength": 2,
                "maxLength": 256,
            },
            "tag": {
                "description": "How the tag is made: from `{service}`, `{stage}` and `{fingerprint}`.",
                "type": "string",
                "default": tag::DEFAULT,
            },
            "context-key": {
                "description": "Where other plugins find the image in the run's context.",
                "type": "string",
                "minLength": 1,
                "default": "image",
            },
            "remove-images": {
                "description": "Whether `phalanx delete` also removes the images that were pushed for the stage.",
                "type": "boolean",
                "default": false,
            },
        },
        "additionalProperties": false,
    })
}
