//! What plugins reach outside their sandbox through. The plugin host has checked the grants before
//! it calls here; this file does the work and keeps it inside the service's folder.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use globset::GlobBuilder;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::images::ImageWorks;
use crate::cloud::{CallRequest, CallResponse};
use crate::fs::{self, FsError, OutsideError};
use crate::hint::{Explain, in_one_line};
use crate::plugin::{self, CommandOutput, Failure, Images, Services};
use crate::text::{shorten, size};

/// Variables of the user's environment that a granted program sees. The rest may hold secrets, and
/// whatever a program prints a plugin reads.
const PASSED: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM"];

/// The service's folder, programs and variables.
pub(super) struct HostServices {
    pub(super) root: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) images: ImageWorks,
}

#[async_trait]
impl Services for HostServices {
    async fn run_command(&self, command: plugin::Command) -> Result<CommandOutput, Failure> {
        let folder = match &command.dir {
            Some(folder) => {
                let path =
                    fs::inside(&self.root, folder).map_err(|error| outside(folder, &error))?;
                // Otherwise it would look as if the program were not there.
                if !path.is_dir() {
                    let message = format!("`{folder}` is no folder of the service");
                    return Err(Failure::new("no-such-folder", message));
                }
                path
            }
            None => self.root.clone(),
        };
        let shown = shorten(&command.argv.join(" "), 200).into_owned();
        let cannot = |what: &str, error: &std::io::Error| {
            let program = command.argv.first().map(String::as_str).unwrap_or_default();
            let mut failure =
                Failure::new("command-failed", format!("cannot {what} `{shown}`: {error}"));
            if error.kind() == ErrorKind::NotFound {
                failure.hint = Some(format!("install `{program}`, or put it on PATH"));
            }
            failure
        };
        let Some((program, arguments)) = command.argv.split_first() else {
            return Err(Failure::new("bad-command", "the command is empty"));
        };
        let passed = PASSED.iter().filter_map(|name| self.environment.get_key_value(*name));
        let mut group = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(passed)
            .envs(command.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map(Group::new)
            .map_err(|error| cannot("start", &error))?;
        let limit = command.output_limit;
        let result = group.converse(&command.stdin, limit).await;
        let (status, stdout, stderr) = result.map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => Failure {
                code: "output-too-large".into(),
                message: format!("`{shown}` printed more than {}", size(limit)),
                hint: Some("raise `host-data` in the plugin's `limits`".into()),
            },
            _ => cannot("follow", &error),
        })?;
        Ok(CommandOutput { status: exit_code(status), stdout, stderr })
    }

    fn list_files(&self, glob: &str) -> Result<Vec<String>, Failure> {
        let matcher = GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
            .map_err(|error| Failure::new("bad-glob", error.to_string()))?
            .compile_matcher();
        let mut files = Vec::new();
        let entries = walkdir::WalkDir::new(&self.root).sort_by_file_name().into_iter();
        // What phalanx and git keep for themselves is not the service's.
        let entries = entries.filter_entry(|entry| {
            entry.depth() == 0 || (entry.file_name() != ".phalanx" && entry.file_name() != ".git")
        });
        for entry in entries {
            let entry = entry.map_err(|error| {
                let path = error.path().and_then(|path| path.strip_prefix(&self.root).ok());
                let path = path.unwrap_or(Path::new("")).to_string_lossy().into_owned();
                unreadable(&path, &error.into())
            })?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path().strip_prefix(&self.root).unwrap_or(entry.path());
            if let Some(path) = path.to_str().filter(|path| matcher.is_match(path)) {
                files.push(path.to_owned());
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn read_file(&self, path: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        let file = fs::inside(&self.root, path).map_err(|error| outside(path, &error))?;
        let failed = |error: FsError| unreadable(path, &error.source);
        let length = fs::metadata(&file).map_err(failed)?.len();
        if length > limit {
            return Err(Failure {
                code: "file-too-large".into(),
                message: format!("`{path}` has {}, and {} are allowed", size(length), size(limit)),
                hint: Some("raise `host-data` in the plugin's `limits`".into()),
            });
        }
        // No more than that, even if the file grows; and no pipe, which nobody may ever write to.
        fs::read_start(&file, limit).map_err(failed)
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn images(&self) -> &dyn Images {
        &self.images
    }

    async fn call_aws(&self, call: CallRequest) -> Result<CallResponse, Failure> {
        let Some(calls) = self.images.cloud.calls() else {
            let message = format!("the local cloud has no `{}` to call", call.service);
            let hint = "deploy to AWS, or leave the plugin out of the stage".to_owned();
            return Err(Failure { code: "no-aws".into(), message, hint: Some(hint) });
        };
        calls.call(call).await.map_err(|error| failure(&*error))
    }
}

/// An error as a plugin gets it.
pub(super) fn failure(error: &dyn Explain) -> Failure {
    Failure {
        code: error.code().to_owned(),
        message: super::failure::full_message(error),
        hint: error.hints().into_iter().next(),
    }
}

/// Why a file of the service cannot be read, as a plugin gets it: by the path that it asked for. Where the service
/// lies on this machine, and whose it is, is no business of a plugin.
fn unreadable(path: &str, error: &io::Error) -> Failure {
    Failure::new("file-error", format!("cannot read `{path}`: {}", in_one_line(error)))
}

/// [`unreadable`], for a path that may not even be one of the service.
fn outside(path: &str, error: &OutsideError) -> Failure {
    let reason = match error {
        OutsideError::Fs(error) => return unreadable(path, &error.source),
        OutsideError::Leaves { .. } => "leaves the service's folder",
        OutsideError::Link { .. } => "leads through a symbolic link out of the service's folder",
    };
    Failure {
        code: error.code().to_owned(),
        message: format!("`{path}` {reason}"),
        hint: error.hints().into_iter().next(),
    }
}

/// A program and everything that it starts; all of it ends with this value.
struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Group {
    fn new(child: Child) -> Self {
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Self { child, id }
    }

    /// Feeds the program and reads what it prints, until it ends. As soon as it has printed more than
    /// `limit`, that is an error: [`ErrorKind::FileTooLarge`].
    async fn converse(
        &mut self,
        stdin: &[u8],
        limit: u64,
    ) -> std::io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        let child = &mut self.child;
        let mut input = child.stdin.take().expect("it is piped");
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let feed = async move {
            // A program need not read its input.
            let _ = input.write_all(stdin).await;
            Ok(())
        };
        // The first that has too much ends all three: the program waits for a reader from then on.
        let ((), stdout, stderr) =
            tokio::try_join!(feed, read_some(stdout, limit), read_some(stderr, limit))?;
        if (stdout.len() + stderr.len()) as u64 > limit {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok((self.child.wait().await?, stdout, stderr))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What the program left running goes too: nobody would ever stop it.
        if let Some(id) = self.id {
            // All of it may have ended by itself.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// All that comes out of the pipe, if it is no more than `limit`.
async fn read_some(pipe: impl AsyncRead + Unpin, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(limit + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > limit {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// As shells tell it: 128 and the signal's number when a signal ended the program.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}
