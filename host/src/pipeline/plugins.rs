//! Finds plugins in registries, and publishes them. Nothing of a service is changed here.

use std::sync::Arc;

use semver::{Version, VersionReq};
use serde::Serialize;

use crate::hint::BoxError;
use crate::manifest::Grants;
use crate::plugin::{Host, HostOptions, Inspection};
use crate::registry::{
    Artifact, ArtifactAbout, Client, Locked, LockedGrants, PrivateKey, Proof, PublicKey, Reference,
    RegistryError, choose, newest,
};

use super::locked::{capabilities, hooks};
use super::registries;
use super::run::Environment;

/// A plugin as a registry has it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The version that was chosen; the tag, when it is no version.
    pub version: String,
    /// The manifest's digest, `sha256:…`.
    pub manifest: String,
    /// What the component is.
    pub inspection: Inspection,
    /// Who signed it, when someone must have.
    pub signed: Option<Signed>,
}

/// A signature that was verified.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The key's fingerprint.
    pub signer: String,
    /// The signature.
    pub proof: Proof,
}

impl Candidate {
    /// Its block in the lock file, with these grants approved.
    pub fn locked(&self, source: &str, requirement: Option<&str>, grants: &Grants) -> Locked {
        Locked {
            source: source.to_owned(),
            requirement: requirement.map(str::to_owned),
            version: self.version.clone(),
            manifest: self.manifest.clone(),
            component: self.inspection.digest,
            hooks: hooks(&self.inspection),
            capabilities: capabilities(&self.inspection),
            signer: self.signed.as_ref().map(|signed| signed.signer.clone()),
            grants: LockedGrants::from(grants),
            proof: self.signed.as_ref().map(|signed| signed.proof.clone()),
        }
    }
}

/// Registries, and a host that tells what a component is.
pub struct Registries {
    client: Client,
    host: Host,
}

impl Registries {
    /// The registries that this process can reach.
    ///
    /// # Errors
    /// When there is no engine for plugins.
    pub fn open(environment: &Environment, profile: Option<&str>) -> Result<Self, BoxError> {
        let Environment { settings, reporter, compiler, .. } = environment;
        let mut options = HostOptions::new(settings, Arc::clone(reporter));
        options.compiler.clone_from(compiler);
        Ok(Self { client: registries::client(settings, profile), host: Host::new(options)? })
    }

    /// The newest version of a plugin that the requirement takes, fetched and looked at. With a key, its owner
    /// must have signed it.
    ///
    /// # Errors
    /// When there is none, it is no plugin, or it is not signed so.
    pub async fn find(
        &self,
        source: &str,
        requirement: Option<&str>,
        key: Option<&PublicKey>,
    ) -> Result<Candidate, BoxError> {
        let reference = Reference::parse(source)?;
        let (reference, version) = self.choose(&reference, requirement).await?;
        let found = self.client.fetch(&reference).await?;
        // A tag can be put on anything; the annotation is covered by the digest.
        if let (Ok(wanted), Some(says)) = (Version::parse(&version), &found.version)
            && Version::parse(says).ok() != Some(wanted)
        {
            let (reference, found) = (reference.to_string(), says.clone());
            return Err(RegistryError::OtherVersion { reference, found }.into());
        }
        let signed = match key {
            Some(key) => Some(self.signed(&reference, &found.manifest, key).await?),
            None => None,
        };
        let inspection = self.host.inspect(&reference.to_string(), &found.bytes)?;
        let version = found.version.filter(|_| reference.digest.is_some()).unwrap_or(version);
        Ok(Candidate { version, manifest: found.manifest, inspection, signed })
    }

    /// The plugins below a place in a registry, each with its newest release. Images are left out.
    ///
    /// # Errors
    /// When the registry does not tell what it has.
    pub async fn search(&self, place: &str) -> Result<Vec<Listed>, BoxError> {
        let place = Reference::parse(place)?;
        let mut listed = Vec::new();
        for path in self.client.repositories(&place).await? {
            let reference = Reference { path, ..place.clone() };
            let tags = self.client.tags(&reference).await?;
            let Some((version, tag)) = newest(&tags) else { continue };
            match self.client.description(&reference.with_tag(tag)).await {
                Ok(description) => listed.push(Listed {
                    source: format!("oci://{}", reference.place()),
                    version: version.to_string(),
                    description,
                }),
                Err(RegistryError::NotAPlugin { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        listed.sort_by(|a, b| a.source.cmp(&b.source));
        Ok(listed)
    }

    /// What a component is that comes from no registry.
    ///
    /// # Errors
    /// When it is no plugin.
    pub fn inspect(&self, label: &str, component: &[u8]) -> Result<Inspection, BoxError> {
        Ok(self.host.inspect(label, component)?)
    }

    /// The signature of a manifest by this key.
    async fn signed(
        &self,
        reference: &Reference,
        manifest: &str,
        key: &PublicKey,
    ) -> Result<Signed, BoxError> {
        let proofs = self.client.proofs(reference, manifest).await?;
        let proof = proofs.into_iter().find(|proof| proof.shows(key, manifest));
        let proof = proof.ok_or_else(|| RegistryError::NotSigned {
            reference: reference.to_string(),
            key: key.fingerprint(),
        })?;
        Ok(Signed { signer: key.fingerprint(), proof })
    }

    /// The newest release of a plugin, whatever is required.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn newest(&self, source: &str) -> Result<Option<String>, BoxError> {
        let tags = self.client.tags(&Reference::parse(source)?).await?;
        Ok(newest(&tags).map(|(version, _)| version.to_string()))
    }

    /// The digest that a locked version's tag has now; none when the tag is gone.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn tagged(&self, locked: &Locked) -> Result<Option<String>, BoxError> {
        let reference = Reference::parse(&locked.source)?;
        let tag = reference.tag.clone().unwrap_or_else(|| locked.version.clone());
        Ok(self.client.digest_of(&reference.with_tag(&tag)).await?)
    }

    /// The component that is locked.
    ///
    /// # Errors
    /// When it is neither in the store nor in its registry.
    pub async fn component(&self, locked: &Locked) -> Result<Vec<u8>, BoxError> {
        let reference = Reference::parse(&locked.source)?.with_digest(&locked.manifest);
        Ok(self.client.fetch_locked(&reference, locked.component).await?)
    }

    /// Fetches what is locked and looks at it again.
    ///
    /// # Errors
    /// When it is not there, or is not what the lock file says.
    pub async fn verify(&self, name: &str, locked: &Locked) -> Result<Inspection, BoxError> {
        let bytes = self.component(locked).await?;
        Ok(self.host.inspect(name, &bytes)?)
    }

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

    /// The reference to fetch, and the version that it is.
    async fn choose(
        &self,
        reference: &Reference,
        requirement: Option<&str>,
    ) -> Result<(Reference, String), BoxError> {
        if let Some(digest) = &reference.digest {
            let version = reference.tag.clone().unwrap_or_else(|| digest.clone());
            return Ok((reference.with_digest(digest), version));
        }
        if let Some(tag) = &reference.tag {
            return Ok((reference.clone(), tag.clone()));
        }
        let text = requirement.unwrap_or("*");
        let wanted = VersionReq::parse(text).map_err(|_| PublishError::BadVersion {
            version: text.to_owned(),
            reason: "it is no requirement".into(),
        })?;
        let tags = self.client.tags(reference).await?;
        let (version, tag) = choose(&wanted, &tags).ok_or_else(|| RegistryError::NoVersion {
            place: reference.place(),
            requirement: text.to_owned(),
            newest: newest(&tags).map(|(version, _)| version.to_string()),
        })?;
        Ok((reference.with_tag(tag), version.to_string()))
    }
}

/// A plugin that a registry has.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// As the manifest would name it.
    pub source: String,
    /// Its newest release.
    pub version: String,
    /// What it says that it does.
    pub description: Option<String>,
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

impl crate::hint::Explain for PublishError {
    fn kind(&self) -> crate::hint::Kind {
        crate::hint::Kind::BadInput
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
