//! Grants: what a plugin may reach outside its sandbox, decided from the manifest alone.
//!
//! The only place where this is decided. Whole capabilities are checked before any code of the plugin
//! runs; the parameters of each call are checked here before the host does anything.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::actions::{Actions, Refusal};
use super::bindings::aws::Request;
use super::error::{MissingGrant, Problem};
use super::inspect::Inspection;
use super::world::Failure;
use crate::manifest::{Grants, HostRule};
use crate::text::{safe_line, shorten};

/// Code of the failure that a plugin gets when it asks for more than was granted.
pub(super) const NOT_GRANTED: &str = "not-granted";

/// The grants of one plugin, ready for checking.
#[derive(Debug)]
pub(super) struct Granted {
    plugin: String,
    commands: Vec<Vec<String>>,
    files: Globs,
    env: Globs,
    images: bool,
    aws: Actions,
    network: Vec<HostRule>,
    network_text: Vec<String>,
    /// The real clock.
    pub clock: bool,
    /// Real randomness.
    pub random: bool,
}

#[derive(Debug)]
struct Globs {
    set: GlobSet,
    text: Vec<String>,
}

impl Granted {
    /// Checks that the grants can be understood.
    pub(super) fn new(plugin: &str, grants: &Grants) -> Result<Self, Problem> {
        let host = |text: &String| {
            HostRule::parse(text).map_err(|reason| Problem::BadGrant {
                grant: "network",
                pattern: text.clone(),
                reason: reason.to_owned(),
            })
        };
        let network: Result<_, _> = grants.network.iter().map(host).collect();
        Ok(Self {
            plugin: plugin.to_owned(),
            commands: grants.commands.iter().filter(|prefix| !prefix.is_empty()).cloned().collect(),
            files: Globs::new("files", &grants.files)?,
            env: Globs::new("env", &grants.env)?,
            images: grants.images,
            aws: Actions::new(&grants.aws)?,
            network: network?,
            network_text: grants.network.clone(),
            clock: grants.clock,
            random: grants.random,
        })
    }

    /// The capabilities of `inspection` that nothing is granted for.
    pub(super) fn check(&self, inspection: &Inspection) -> Result<(), Problem> {
        let mut missing = Vec::new();
        for capability in &inspection.capabilities {
            let (granted, capability, example) = match capability.interface.as_str() {
                "commands" => {
                    (!self.commands.is_empty(), "commands", r#"commands = [["git", "rev-parse"]]"#)
                }
                "images" => (self.images, "images", "images = true"),
                "aws" => (!self.aws.is_empty(), "aws", r#"aws = ["sns:Publish"]"#),
                "files" => (!self.files.text.is_empty(), "files", r#"files = ["schema/**"]"#),
                _ => (!self.env.text.is_empty(), "environment", r#"env = ["CI_*"]"#),
            };
            if !granted {
                missing.push(MissingGrant { capability, example });
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(Problem::NotGranted { missing }) }
    }

    /// A command may run when a granted list is how its arguments begin.
    pub(super) fn command(&self, argv: &[String]) -> Result<(), Failure> {
        if self.commands.iter().any(|prefix| argv.starts_with(prefix)) {
            return Ok(());
        }
        let asked = shown(&argv.join(" "));
        let example: Vec<_> = argv.iter().take(2).map(|word| shown(word)).collect();
        Err(self.denial(
            format!(
                "running `{asked}` is not granted: `commands` allows {}",
                words(self.commands.iter().map(|prefix| format!("{} …", prefix.join(" "))))
            ),
            &format!("`{example:?}` to `commands`"),
        ))
    }

    /// A file may be read when a granted glob matches its path inside the service's folder.
    pub(super) fn file(&self, path: &str) -> Result<(), Failure> {
        if self.allows_file(path) {
            return Ok(());
        }
        let name = shown(path);
        if !is_plain(path) {
            let hint = "a path goes from the service's folder, with `/` and without `.` and `..`";
            return Err(Failure {
                code: NOT_GRANTED.to_owned(),
                message: format!("reading `{name}` is not granted: no grant reaches such a path"),
                hint: Some(hint.to_owned()),
            });
        }
        Err(self.denial(
            format!("reading `{name}` is not granted: `files` allows {}", self.files.words()),
            &format!("`\"{name}\"` to `files`"),
        ))
    }

    /// Whether [`Self::file`] would allow `path`.
    pub(super) fn allows_file(&self, path: &str) -> bool {
        is_plain(path) && self.files.set.is_match(path)
    }

    /// What a plugin is told when it lists files, and none of those that are there is granted.
    pub(super) fn no_files(&self, glob: &str) -> Failure {
        let glob = shown(glob);
        self.denial(
            format!("listing `{glob}` is not granted: `files` allows {}", self.files.words()),
            &format!("`\"{glob}\"` to `files`"),
        )
    }

    /// A variable may be read when its name is granted.
    pub(super) fn variable(&self, name: &str) -> Result<(), Failure> {
        if self.env.set.is_match(name) {
            return Ok(());
        }
        let name = shown(name);
        Err(self.denial(
            format!(
                "reading the variable `{name}` is not granted: `env` allows {}",
                self.env.words()
            ),
            &format!("`\"{name}\"` to `env`"),
        ))
    }

    /// A call may be made when its action is granted, and the call is what it says it is.
    pub(super) fn aws_call(&self, request: &Request, dry_run: bool) -> Result<(), Failure> {
        self.aws.check(request, dry_run).map_err(|refusal| match refusal {
            Refusal::NotGranted { action } => {
                let action = shown(&action);
                self.denial(
                    format!("calling `{action}` is not granted: `aws` allows {}", self.aws.words()),
                    &format!("`\"{action}\"` to `aws`"),
                )
            }
            Refusal::NotWhatItSays(failure) => failure,
        })
    }

    /// A host may be called when it is granted with this port.
    pub(super) fn host(&self, host: &str, port: u16) -> Result<(), Failure> {
        if self.network.iter().any(|rule| rule.allows(host, port)) {
            return Ok(());
        }
        let host = shown(host);
        Err(self.denial(
            format!(
                "calling `{host}:{port}` is not granted: `network` allows {}",
                words(self.network_text.iter().cloned())
            ),
            &format!("`\"{host}:{port}\"` to `network`"),
        ))
    }

    fn denial(&self, message: String, add: &str) -> Failure {
        Failure {
            code: NOT_GRANTED.to_owned(),
            message,
            hint: Some(format!("add {add} in `[plugins.{}.grants]`", self.plugin)),
        }
    }
}

impl Globs {
    fn new(grant: &'static str, patterns: &[String]) -> Result<Self, Problem> {
        let bad = |pattern: &str, error: &globset::Error| Problem::BadGrant {
            grant,
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        };
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            builder.add(glob.map_err(|error| bad(pattern, &error))?);
        }
        let set = builder.build().map_err(|error| bad(&patterns.join(", "), &error))?;
        Ok(Self { set, text: patterns.to_vec() })
    }

    fn words(&self) -> String {
        words(self.text.iter().cloned())
    }
}

/// A path with dots could mean another file than the one that a glob matches.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', '\0'])
}

/// `a`, `b`, or `nothing`.
pub(super) fn words(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.map(|item| format!("`{item}`")).collect();
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

/// What a plugin asked for, as it may be shown.
pub(super) fn shown(text: &str) -> String {
    shorten(&safe_line(text), 200).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(change: impl FnOnce(&mut Grants)) -> Granted {
        let mut grants = Grants::default();
        change(&mut grants);
        Granted::new("acme", &grants).unwrap()
    }

    #[test]
    fn commands_are_granted_by_how_they_begin() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let granted = granted(|grants| grants.commands = vec![words("git rev-parse"), vec![]]);
        assert!(granted.command(&words("git rev-parse HEAD")).is_ok());
        assert!(granted.command(&words("git")).is_err());
        assert!(granted.command(&words("git rev-parsex")).is_err());
        assert!(granted.command(&[]).is_err(), "an empty list grants nothing");
        let failure = granted.command(&words("git push --force")).unwrap_err();
        insta::assert_snapshot!(failure.message, @"running `git push --force` is not granted: `commands` allows `git rev-parse …`");
        insta::assert_snapshot!(failure.hint.unwrap(), @r#"add `["git", "push"]` to `commands` in `[plugins.acme.grants]`"#);
        assert_eq!(failure.code, "not-granted");
    }

    #[test]
    fn files_are_granted_by_globs_and_never_with_dots() {
        let granted = granted(|grants| grants.files = vec!["schema/**".into(), "*.json".into()]);
        assert!(granted.file("schema/a/b.sql").is_ok());
        assert!(granted.file("package.json").is_ok());
        for path in [
            "deep/x.json",
            "schema/../secret",
            "./package.json",
            "/etc/passwd",
            "schema//a",
            "schema\\a",
        ] {
            assert!(granted.file(path).is_err(), "{path}");
        }
        insta::assert_snapshot!(granted.file("a\u{1b}b").unwrap_err().message, @r"reading `a\u{1b}b` is not granted: `files` allows `schema/**`, `*.json`");
    }

    #[test]
    fn variables_and_hosts_are_granted_by_name() {
        let granted = granted(|grants| {
            grants.env = vec!["CI_*".into(), "HOME".into()];
            grants.network =
                vec!["API.example.com".into(), "*.test:8080".into(), "[::1]:80".into()];
        });
        assert!(granted.variable("CI_COMMIT").is_ok() && granted.variable("HOME").is_ok());
        assert!(granted.variable("AWS_SECRET_ACCESS_KEY").is_err());
        assert!(granted.host("api.example.com", 443).is_ok());
        assert!(granted.host("api.example.com", 80).is_err());
        assert!(granted.host("a.b.test", 8080).is_ok());
        assert!(granted.host("test", 8080).is_err() && granted.host("xtest", 8080).is_err());
        assert!(granted.host("[::1]", 80).is_ok());
        insta::assert_snapshot!(granted.host("evil.com", 443).unwrap_err().message, @"calling `evil.com:443` is not granted: `network` allows `API.example.com`, `*.test:8080`, `[::1]:80`");
    }

    #[test]
    fn a_grant_that_cannot_be_understood_is_an_error() {
        for network in ["host:port", "*", "", "https://x", "a:99999"] {
            let grants = Grants { network: vec![network.into()], ..Grants::default() };
            assert!(Granted::new("acme", &grants).is_err(), "{network}");
        }
        let grants = Grants { files: vec!["a[".into()], ..Grants::default() };
        let problem = Granted::new("acme", &grants).unwrap_err();
        insta::assert_snapshot!(problem, @"the grant `files` has `a[`, which is not a valid pattern: unclosed character class; missing ']'");
    }
}
