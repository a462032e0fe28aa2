//! What can go wrong with images, and what to do about it.

use std::path::PathBuf;

use bollard::errors::Error;

use super::Engine;
use crate::fs::{FsError, OutsideError};
use crate::hint::{Explain, Kind, in_one_line};
use crate::text::safe_line;

/// An image could not be built or pushed.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The context is not there.
    #[error("the build context `{context}` is no folder of the service")]
    NoContext {
        /// The folder.
        context: String,
    },
    /// The Dockerfile is not there.
    #[error("there is no `{dockerfile}` in the build context `{context}`")]
    NoDockerfile {
        /// The file.
        dockerfile: String,
        /// The folder.
        context: String,
        /// A file with a name like it.
        near: Option<String>,
    },
    /// A line of an ignore file is no pattern.
    #[error("line {line} of `{file}` is no pattern: `{pattern}`: {reason}")]
    BadIgnore {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The line.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// A file's name cannot be sent.
    #[error("the name of `{}` is not Unicode, so it cannot go into a build context", path.display())]
    OddName {
        /// The file.
        path: PathBuf,
    },
    /// The context leads out of the service's folder.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FsError),
    /// The context could not be sent.
    #[error("the build context `{context}` cannot be sent")]
    Context {
        /// The folder.
        context: String,
        /// Why.
        source: std::io::Error,
    },
    /// ECR would refuse the repository.
    #[error("`{name}` is no name of an ECR repository: {reason}")]
    BadRepository {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A registry would refuse the tag.
    #[error("`{}` is no tag of an image", safe_line(tag))]
    BadTag {
        /// The tag.
        tag: String,
    },
    /// There is no such platform.
    #[error("`{}` is no platform", safe_line(platform))]
    BadPlatform {
        /// The platform.
        platform: String,
    },
    /// `DOCKER_HOST` cannot be used.
    #[error("`DOCKER_HOST` is `{}`, which is no address of a Docker Engine", safe_line(host))]
    BadHost {
        /// Its value.
        host: String,
    },
    /// No engine answers.
    #[error("no Docker Engine answers at `{host}`: {reason}")]
    NoEngine {
        /// Where it was looked for.
        host: String,
        /// Why it cannot be reached.
        reason: String,
        /// True when there is no socket at all: nothing was ever started there.
        missing: bool,
    },
    /// The socket belongs to others.
    #[error("you may not use the Docker Engine at `{socket}`: permission denied")]
    NoPermission {
        /// The socket.
        socket: String,
    },
    /// The engine went away.
    #[error("the Docker Engine at `{host}` was lost while {action} an image: {reason}")]
    Lost {
        /// `building` or `pushing`.
        action: &'static str,
        /// Where it was.
        host: String,
        /// What was seen of it.
        reason: String,
    },
    /// The engine's disk is full.
    #[error("the Docker Engine has no space left for image `{image}`: {message}")]
    DiskFull {
        /// The image.
        image: String,
        /// What the engine says.
        message: String,
    },
    /// The builder failed.
    #[error("building image `{image}` failed: {message}")]
    Build {
        /// The image.
        image: String,
        /// What the builder says.
        message: String,
    },
    /// The engine refused something else.
    #[error("the Docker Engine cannot {action} image `{image}`: {message}")]
    Engine {
        /// Such as `tag`.
        action: &'static str,
        /// The image.
        image: String,
        /// What the engine says.
        message: String,
    },
    /// The registry does not take the login.
    #[error("registry `{registry}` refused to take image `{reference}` from us: {message}")]
    Unauthorized {
        /// The registry.
        registry: String,
        /// The image.
        reference: String,
        /// What it says.
        message: String,
    },
    /// The registry could not take the image.
    #[error("pushing image `{reference}` failed: {message}")]
    Push {
        /// The image.
        reference: String,
        /// What the registry says.
        message: String,
        /// True when trying again may help.
        passing: bool,
    },
    /// The engine does not know what it pushed.
    #[error("the Docker Engine does not say what the digest of `{reference}` is")]
    NoDigest {
        /// The image.
        reference: String,
    },
}

impl ImageError {
    /// A builder's failure; `last` is the last line that it said before.
    pub(super) fn build(image: &str, message: &str, last: &str) -> Self {
        let image = image.to_owned();
        let mut message = safe_line(message.trim()).into_owned();
        if is_disk_full(&message) || is_disk_full(last) {
            return Self::DiskFull { image, message };
        }
        // A program's own words say more than its exit code.
        if message.contains("non-zero code") && !last.is_empty() {
            message = format!("{message}, and the last line was `{}`", safe_line(last.trim()));
        }
        Self::Build { image, message }
    }

    /// A refusal of a push.
    pub(super) fn push(reference: &str, registry: &str, message: &str) -> Self {
        let (reference, message) = (reference.to_owned(), safe_line(message.trim()).into_owned());
        if is_disk_full(&message) {
            return Self::DiskFull { image: reference, message };
        }
        let text = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&UNAUTHORIZED) {
            return Self::Unauthorized { registry: registry.to_owned(), reference, message };
        }
        Self::Push { reference, passing: says(&PASSING), message }
    }

    /// True when another login may help.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }

    /// True when trying again may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Push { passing: true, .. })
    }
}

/// What registries and engines say of a login that is missing, wrong or too old. There are no codes for it.
const UNAUTHORIZED: [&str; 6] = [
    "no basic auth credentials",
    "unauthorized",
    "authentication required",
    "authorization token has expired",
    "incorrect username or password",
    "denied",
];

/// What engines say of a registry that is down or too busy. There are no codes for it.
const PASSING: [&str; 14] = [
    "eof",
    "connection reset",
    "connection refused",
    "broken pipe",
    "timeout",
    "timed out",
    "no such host",
    "temporarily unavailable",
    "service unavailable",
    "bad gateway",
    "internal server error",
    "toomanyrequests",
    "too many requests",
    "received unexpected http status: 5",
];

/// What engines say of a base image that they cannot get.
const NO_BASE: [&str; 5] =
    ["pull access denied", "manifest unknown", "not found: manifest", "dial tcp", "no such host"];

fn is_disk_full(message: &str) -> bool {
    message.contains("no space left on device")
}

/// The error of an operation that answers at once.
pub(super) fn engine_failure(
    engine: &Engine,
    action: &'static str,
    image: &str,
    error: &Error,
) -> ImageError {
    let image = image.to_owned();
    match error {
        Error::DockerResponseServerError { message, .. } if is_disk_full(message) => {
            ImageError::DiskFull { image, message: safe_line(message).into_owned() }
        }
        Error::DockerResponseServerError { message, .. } => {
            ImageError::Engine { action, image, message: safe_line(message).into_owned() }
        }
        other => ImageError::Lost {
            action: "working on",
            host: engine.host.clone(),
            reason: in_one_line(other),
        },
    }
}

impl Explain for ImageError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoContext { .. }
            | Self::NoDockerfile { .. }
            | Self::BadIgnore { .. }
            | Self::OddName { .. }
            | Self::BadRepository { .. }
            | Self::BadTag { .. }
            | Self::BadPlatform { .. }
            | Self::BadHost { .. } => Kind::BadInput,
            Self::Outside(error) => error.kind(),
            Self::File(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoContext { .. } => "no-build-context",
            Self::NoDockerfile { .. } => "no-dockerfile",
            Self::BadIgnore { .. } => "bad-dockerignore",
            Self::OddName { .. } => "odd-file-name",
            Self::Outside(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Context { .. } => "build-context-failed",
            Self::BadRepository { .. } => "bad-repository",
            Self::BadTag { .. } => "bad-image-tag",
            Self::BadPlatform { .. } => "bad-platform",
            Self::BadHost { .. } => "bad-docker-host",
            Self::NoEngine { .. } => "no-docker",
            Self::NoPermission { .. } => "docker-denied",
            Self::Lost { .. } => "docker-lost",
            Self::DiskFull { .. } => "docker-disk-full",
            Self::Build { .. } => "image-build-failed",
            Self::Engine { .. } => "docker-refused",
            Self::Unauthorized { .. } => "registry-unauthorized",
            Self::Push { .. } => "image-push-failed",
            Self::NoDigest { .. } => "no-image-digest",
        }
    }

    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::NoContext { .. } => {
                one("name a folder inside the service's folder, `.` for all of it")
            }
            Self::NoDockerfile { near: Some(near), .. } => vec![format!("did you mean `{near}`?")],
            Self::NoDockerfile { .. } => {
                one("the path of the Dockerfile counts from the build context")
            }
            Self::BadIgnore { file, .. } => vec![format!("correct the line in `{file}`")],
            Self::OddName { .. } => one("rename the file, or name it in `.dockerignore`"),
            Self::Outside(error) => error.hints(),
            Self::File(error) => error.hints(),
            Self::Context { .. } => {
                one("run the command again when nothing changes the files any more")
            }
            Self::BadRepository { .. } => one("for example `team/orders`"),
            Self::BadTag { .. } => {
                one("letters, digits, `_`, `.` and `-`, at most 128, and the first no `.` or `-`")
            }
            Self::BadPlatform { .. } => one("write `linux/amd64` or `linux/arm64`"),
            Self::BadHost { .. } => {
                one("set it to `unix://PATH` or `tcp://HOST:PORT`, or unset it")
            }
            Self::NoEngine { missing: false, .. } => vec![
                "start Docker (or `podman system service`), then run the same command again".into(),
                "set `DOCKER_HOST` if it listens elsewhere".into(),
            ],
            Self::NoEngine { .. } => vec![
                "install and start Docker or Podman, or set `DOCKER_HOST` to where it listens"
                    .into(),
            ],
            Self::NoPermission { socket } => vec![format!(
                "add yourself to the group that owns `{socket}`, usually `docker`, and log in again; or run Docker rootless"
            )],
            Self::Lost { .. } => one(
                "see why it stopped in its own log, start it, then run the same command again: nothing on AWS was changed",
            ),
            Self::DiskFull { .. } => one(
                "free some of its disk, for example with `docker system prune`, then run the same command again",
            ),
            Self::Build { message, .. }
                if message.contains("no match for platform")
                    || message.contains("exec format error") =>
            {
                one(
                    "the base image, or this machine, does not have that platform: choose another `platform` or base image",
                )
            }
            Self::Build { message, .. } if NO_BASE.iter().any(|words| message.contains(words)) => {
                one(
                    "the base image cannot be fetched: check its name in the Dockerfile, and that the engine reaches its registry",
                )
            }
            Self::Build { .. } => {
                one("correct the Dockerfile or what it copies; `docker build` tells the same")
            }
            Self::Engine { .. } => {
                one("correct what the engine names, then run the same command again")
            }
            Self::Unauthorized { .. } => one(
                "allow `ecr:GetAuthorizationToken`, and on the repository `ecr:BatchCheckLayerAvailability`, `ecr:InitiateLayerUpload`, `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload` and `ecr:PutImage`",
            ),
            Self::Push { passing: true, .. } => one(
                "it was tried several times: run the same command again when the registry is well",
            ),
            Self::Push { .. } => {
                one("correct what the registry names, then run the same command again")
            }
            Self::NoDigest { .. } => {
                one("use another engine: without a digest the image cannot be pinned")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What engines and registries say, and what it means.
    #[test]
    fn refusals_of_a_push_are_told_apart() {
        let kind = |message: &str| match ImageError::push("r/p:1", "r", message) {
            ImageError::Unauthorized { .. } => "sign in again",
            ImageError::DiskFull { .. } => "make room",
            ImageError::Push { passing: true, .. } => "wait",
            ImageError::Push { passing: false, .. } => "give up",
            _ => "something else",
        };
        let said = [
            (
                "denied: Your authorization token has expired. Reauthenticate and try again.",
                "sign in again",
            ),
            ("no basic auth credentials", "sign in again"),
            ("unauthorized: authentication required", "sign in again"),
            ("received unexpected HTTP status: 503 Service Unavailable", "wait"),
            ("dial tcp 127.0.0.1:5000: connect: connection refused", "wait"),
            ("read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", "wait"),
            ("write /var/lib/docker/tmp/x: no space left on device", "make room"),
            (
                "tag invalid: The image tag '1' already exists in the 'p' repository and cannot be overwritten because the repository is immutable.",
                "give up",
            ),
            (
                "name unknown: The repository with name 'p' does not exist in the registry",
                "give up",
            ),
        ];
        for (message, meaning) in said {
            assert_eq!(kind(message), meaning, "{message}");
        }
    }

    #[test]
    fn a_program_s_own_words_are_told_with_its_exit_code() {
        let error = ImageError::build(
            "p:1",
            "The command '/bin/sh -c make' returned a non-zero code: 2",
            "make: *** No rule to make target 'x'.\n",
        );
        insta::assert_snapshot!(error, @"building image `p:1` failed: The command '/bin/sh -c make' returned a non-zero code: 2, and the last line was `make: *** No rule to make target 'x'.`");
        let full = ImageError::build("p:1", "write /var/lib/docker/x: no space left on device", "");
        assert_eq!(full.code(), "docker-disk-full");
        assert!(full.hints()[0].contains("docker system prune"));
    }
}
