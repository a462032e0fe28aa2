//! `phalanx plugin publish`.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use phalanx::fs;
use phalanx::hint::{BoxError, Explain, Kind};
use phalanx::pipeline::Published;
use phalanx::plugin::MAX_COMPONENT;
use phalanx::registry::{ArtifactAbout, PrivateKey};
use phalanx::text::size;
use serde::Serialize;

use super::super::confirm::at_terminal;
use super::super::output::Answer;
use super::super::session::Session;

/// The variable that cosign, too, takes its password from.
const PASSWORD: &str = "COSIGN_PASSWORD";
/// Components above this many bytes are published with a warning: everyone who uses one compiles it.
const LARGE: u64 = 4 << 20;

/// Publish a component as a plugin in an OCI registry; a released version is never replaced
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub(in crate::cli) struct Publish {
    /// The component
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// `oci://REGISTRY/PATH`, with `:VERSION` if the component's own version will not do
    #[arg(value_name = "TO")]
    to: String,
    /// Its version; the component's own without
    #[arg(long)]
    version: Option<String>,
    /// One sentence on what it does
    #[arg(long)]
    description: Option<String>,
    /// Where its sources are
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// The revision of the sources
    #[arg(long)]
    revision: Option<String>,
    /// Its licence, an SPDX expression
    #[arg(long, value_name = "SPDX")]
    license: Option<String>,
    /// Sign it with this private key (PEM, PKCS #8 or cosign's own, opened with `COSIGN_PASSWORD` or at the terminal):
    /// the signature is one that cosign verifies
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Where its documentation is
    #[arg(long, value_name = "URL")]
    documentation: Option<String>,
}

impl Publish {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let path = session.settings.absolute(&self.file);
        let component = fs::read_start(&path, MAX_COMPONENT + 1)?;
        let about = ArtifactAbout {
            title: None,
            version: self.version,
            description: self.description,
            source: self.source,
            revision: self.revision,
            licenses: self.license,
            documentation: self.documentation,
        };
        let registries = session.registries()?;
        let key = self.sign.as_deref().map(|file| private_key(session, file)).transpose()?;
        let published = registries.publish(component, &self.to, about, key.as_ref()).await?;
        let Published { inspection, .. } = &published;
        if inspection.size > LARGE {
            session.reporter.warn(
                format!("the component has {}", size(inspection.size)),
                Some("build it for size and strip it: whoever uses it compiles all of it".into()),
            );
        }
        if !inspection.wasi.is_empty() {
            session.reporter.warn(
                format!(
                    "the component imports {} interfaces of WASI, which do nothing here",
                    inspection.wasi.len()
                ),
                Some("leave them out if your toolchain can: they make the component larger".into()),
            );
        }
        Ok(Answer::new(&Shown {
            reference: published.reference,
            digest: published.digest,
            is_new: published.is_new,
        }))
    }
}

/// The key in a file; one that is sealed is opened with the password of `COSIGN_PASSWORD`, or of who sits there.
fn private_key(session: &Session, file: &Path) -> Result<PrivateKey, BoxError> {
    let name = file.display().to_string();
    let pem = fs::read_to_string(&session.settings.absolute(file))?;
    if !PrivateKey::is_sealed(&pem) {
        return Ok(PrivateKey::parse(&name, &pem, None)?);
    }
    let password = match session.settings.environment.get(PASSWORD) {
        Some(password) => password.clone(),
        None if at_terminal() => {
            session.finish();
            rpassword::prompt_password(format!("password of {name}: "))
                .map_err(|_| NoPassword { key: name.clone() })?
        }
        None => return Err(NoPassword { key: name }.into()),
    };
    Ok(PrivateKey::parse(&name, &pem, Some(&password))?)
}

/// A sealed key, and nobody who could open it.
#[derive(Debug, thiserror::Error)]
#[error("the key `{key}` is sealed with a password, and there is none")]
struct NoPassword {
    key: String,
}

impl Explain for NoPassword {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-password"
    }

    fn hints(&self) -> Vec<String> {
        vec![format!("set `{PASSWORD}`, as for cosign, or run it at a terminal")]
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Shown {
    reference: String,
    digest: String,
    #[serde(rename = "new")]
    is_new: bool,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_new {
            true => writeln!(f, "published {}@{}", self.reference, self.digest),
            false => writeln!(f, "{}@{} is published already", self.reference, self.digest),
        }
    }
}
