//! Publishes plugins to registries.

use semver::Version;

use crate::hint::{BoxError, Explain, Kind};
use crate::plugin::{About, Inspection};
use crate::registry::{Artifact, ArtifactAbout, PrivateKey, Reference, RegistryError};

use super::plugins::Registries;

impl Registries {
    /// Publishes a component under its version. The same bytes again are no error.
    ///
    /// # Errors
    /// When it is no plugin, that version has other content already, or the registry does not take it.
    pub async fn publish(
        &self,
        component: Vec<u8>,
        place: &str,
        mut about: ArtifactAbout,
        key: Option<&PrivateKey>,
    ) -> Result<Published, BoxError> {
        let reference = Reference::parse(place)?;
        let inspection = self.host.inspect(place, &component)?;
        let version =
            reference.tag.clone().or(about.version.take()).or_else(|| inspection.version.clone());
        let version = version.ok_or(PublishError::NoVersion)?;
        let parsed = Version::parse(&version);
        let parsed = parsed.map_err(|error| PublishError::BadVersion {
            version: version.clone(),
            reason: error.to_string(),
        })?;
        if !parsed.build.is_empty() {
            let reason = "a tag of a registry cannot hold `+`".to_owned();
            return Err(PublishError::BadVersion { version, reason }.into());
        }
        about.version = Some(version.clone());
        about.title = about.title.or_else(|| inspection.name.clone());
        let own = About::read(&component);
        about.description = about.description.or(own.description);
        about.source = about.source.or(own.source);
        about.revision = about.revision.or(own.revision);
        about.licenses = about.licenses.or(own.licenses);
        about.documentation = about.documentation.or(own.homepage);
        let artifact = Artifact::new(component, &inspection.imports, &inspection.exports, &about);
        let reference = reference.with_tag(&version);
        let digest = artifact.digest();
        let is_new = match self.client.digest_of(&reference).await? {
            Some(there) if there == digest => false,
            Some(_) => {
                let place = reference.place();
                return Err(RegistryError::Published { place, version }.into());
            }
            None => {
                self.client.push(&reference, &artifact).await?;
                true
            }
        };
        if let Some(key) = key {
            self.client.sign(&reference, &digest, key).await?;
        }
        Ok(Published { reference: reference.to_string(), digest, is_new, inspection })
    }
}

/// A plugin that is in a registry now.
#[derive(Debug, Clone)]
pub struct Published {
    /// With its version.
    pub reference: String,
    /// The manifest's digest, `sha256:…`.
    pub digest: String,
    /// False when the same was there already.
    pub is_new: bool,
    /// What the component is.
    pub inspection: Inspection,
}

/// A component cannot be published as it is.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No version is named anywhere.
    #[error("no version is named, and the component has none of its own")]
    NoVersion,
    /// The version is none.
    #[error("`{version}` is no version: {reason}")]
    BadVersion {
        /// The text.
        version: String,
        /// Why not.
        reason: String,
    },
}

impl Explain for PublishError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoVersion => "no-version",
            Self::BadVersion { .. } => "bad-version",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec!["such as `1.2.3`: name it with `--version`".into()]
    }
}
