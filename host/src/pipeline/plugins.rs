//! Finds plugins where they come from, and says what they are. Nothing of a service is changed here.

use std::path::Path;

use semver::{Version, VersionReq};
use serde::Serialize;

use crate::fs;
use crate::hint::{BoxError, Explain, Kind};
use crate::manifest::{Grants, Limits, Service, Source};
use crate::plugin::{Host, Inspection, MAX_COMPONENT};
use crate::registry::{
    Client, Judged, Locked, LockedGrants, LockedLimits, Packages, PolicyError, Proof, PublicKey,
    Reference, RegistryError, Signers, Trust, builtin, choose, newest,
};
use crate::text::safe_line;

use super::locked::{capabilities, hooks, public_key, signers};
use super::publish::PublishError;
use super::run::Environment;
use super::{policies, registries};

/// A plugin that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The service's folder, in which files and keys are.
    pub root: &'a Path,
    /// Where it comes from.
    pub source: &'a Source,
    /// Which versions will do.
    pub requirement: Option<&'a str>,
    /// The file of the key that must have signed it.
    pub signer: Option<&'a str>,
}

/// A plugin that was found.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Where it comes from, without tag and digest: a package of a namespace is in a registry.
    pub place: String,
    /// What a registry has of it; none for one of this binary or of a file.
    pub release: Option<Release>,
    /// What the component is.
    pub inspection: Inspection,
}

/// A release in a registry.
#[derive(Debug, Clone)]
pub struct Release {
    /// The version that was chosen; the tag, when it is no version.
    pub version: String,
    /// The manifest's digest, `sha256:…`.
    pub manifest: String,
    /// The manifest itself.
    pub manifest_bytes: Vec<u8>,
    /// Who signed it, of those who must have: fingerprints of their keys.
    pub signers: Vec<String>,
    /// Their signatures.
    pub proofs: Vec<Proof>,
}

impl Candidate {
    /// Its block in the lock file, with these grants and limits approved; none for a plugin of this binary.
    pub fn locked(&self, wanted: &Wanted<'_>, grants: &Grants, limits: &Limits) -> Option<Locked> {
        if let Source::Builtin(_) = wanted.source {
            return None;
        }
        let is_package = matches!(wanted.source, Source::Package(_));
        let release = self.release.as_ref();
        let listed = |list: fn(&Release) -> Vec<String>| release.map(list).unwrap_or_default();
        Some(Locked {
            source: wanted.source.to_string(),
            place: is_package.then(|| self.place.clone()),
            requirement: wanted.requirement.map(str::to_owned),
            version: release.map(|release| release.version.clone()),
            manifest: release.map(|release| release.manifest.clone()),
            component: self.inspection.digest,
            hooks: hooks(&self.inspection),
            capabilities: capabilities(&self.inspection),
            signers: listed(|release| release.signers.clone()),
            signed: release
                .filter(|release| !release.proofs.is_empty())
                .map(|release| Locked::kept(&release.manifest_bytes)),
            grants: LockedGrants::from(grants),
            limits: LockedLimits::from(limits),
            proofs: release.map(|release| release.proofs.clone()).unwrap_or_default(),
        })
    }

    /// Whether the policies allow it under this name, with these grants.
    ///
    /// # Errors
    /// What the first one objects to.
    pub fn judge(&self, plugin: &str, grants: &Grants, trust: &Trust) -> Result<(), PolicyError> {
        let component = format!("sha256:{}", self.inspection.digest);
        let manifest = self.release.as_ref().map(|release| release.manifest.as_str());
        let digests = [Some(component.as_str()), manifest];
        trust.judge(Judged { plugin, source: &self.place, grants, digests })
    }
}

/// Registries, and a host that tells what a component is.
pub struct Registries {
    pub(super) client: Client,
    pub(super) host: Host,
    environment: Environment,
}

impl Registries {
    /// The registries that this process can reach, none when it is `offline`.
    ///
    /// # Errors
    /// When there is no engine for plugins.
    pub fn open(
        environment: &Environment,
        profile: Option<&str>,
        offline: bool,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            client: registries::client(&environment.settings, profile, offline),
            host: Host::new(environment.host_options())?,
            environment: environment.clone(),
        })
    }

    /// The policies in force for a service.
    ///
    /// # Errors
    /// When one cannot be had, or is none.
    pub async fn trust(&self, service: &Service) -> Result<Trust, BoxError> {
        policies::trust(&self.environment.settings, &self.client, service).await
    }

    /// A plugin as it is now: of this binary, of its file, or the newest release that the requirement takes.
    /// Who must have signed it has; whether policies allow the rest is [`Candidate::judge`]'s.
    ///
    /// # Errors
    /// When there is none, it is no plugin, or it is not signed so.
    pub async fn find(&self, wanted: &Wanted<'_>, trust: &Trust) -> Result<Candidate, BoxError> {
        let text = wanted.source.to_string();
        let bytes = match wanted.source {
            Source::Builtin(name) => {
                let component = builtin::get(name);
                component.ok_or_else(|| NoSource { wanted: text.clone() })?.to_vec()
            }
            Source::File(path) => fs::read_start(&wanted.root.join(path), MAX_COMPONENT + 1)?,
            Source::Oci(reference) => {
                return self.released(wanted, Reference::parse(reference)?, trust).await;
            }
            Source::Package(name) => {
                let packages = Packages::new(&self.environment.settings.wkg_config);
                let reference = packages.place(&self.client, name).await?;
                return self.released(wanted, reference, trust).await;
            }
        };
        let inspection = self.host.inspect(&text, &bytes)?;
        Ok(Candidate { place: text, release: None, inspection })
    }

    /// The newest release that the requirement takes, fetched and looked at.
    async fn released(
        &self,
        wanted: &Wanted<'_>,
        reference: Reference,
        trust: &Trust,
    ) -> Result<Candidate, BoxError> {
        let place = format!("oci://{}", reference.place());
        let (reference, version) = self.choose(&reference, wanted.requirement).await?;
        let found = self.client.fetch(&reference).await?;
        // A tag can be put on anything; the annotation is covered by the digest.
        if let (Ok(wanted), Some(says)) = (Version::parse(&version), &found.version)
            && Version::parse(says).ok() != Some(wanted)
        {
            let (reference, found) = (reference.to_string(), says.clone());
            return Err(RegistryError::OtherVersion { reference, found }.into());
        }
        let key: Option<(String, PublicKey)> = public_key(wanted.root, wanted.signer)?;
        let needed = signers(key.as_ref(), trust, &place);
        let (signers, proofs) = self.signed(&reference, &found.manifest, &needed).await?;
        let name = reference.to_string();
        let inspection = self.host.inspect(&name, &found.bytes)?;
        if let Some(claims) = found.claims {
            claims.check(&name, &inspection.imports, &inspection.exports)?;
        }
        let version = found.version.filter(|_| reference.digest.is_some()).unwrap_or(version);
        let (manifest, manifest_bytes) = (found.manifest, found.manifest_bytes);
        let release = Some(Release { version, manifest, manifest_bytes, signers, proofs });
        Ok(Candidate { place, release, inspection })
    }

    /// The signatures of a manifest by those who must have signed it, with the keys' fingerprints.
    async fn signed(
        &self,
        reference: &Reference,
        manifest: &str,
        needed: &[Signers<'_>],
    ) -> Result<(Vec<String>, Vec<Proof>), BoxError> {
        let (mut names, mut kept) = (Vec::new(), Vec::new());
        if needed.is_empty() {
            return Ok((names, kept));
        }
        let proofs = self.client.proofs(reference, manifest).await?;
        for signers in needed {
            let found = signers.find(&proofs, manifest);
            let (proof, name) = found.ok_or_else(|| RegistryError::NotSigned {
                reference: reference.to_string(),
                wanted_by: signers.wanted_by.clone(),
                keys: signers.fingerprints(),
            })?;
            // One signature may be what several want.
            if !names.contains(&name) {
                names.push(name);
                kept.push(proof.clone());
            }
        }
        Ok((names, kept))
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

    /// The newest release of a plugin, whatever is required.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn newest(&self, place: &Reference) -> Result<Option<String>, BoxError> {
        let tags = self.client.tags(place).await?;
        Ok(newest(&tags).map(|(version, _)| version.to_string()))
    }

    /// The digest that a tag has now; none when it is gone.
    ///
    /// # Errors
    /// When the registry does not answer.
    pub async fn tagged(&self, reference: &Reference) -> Result<Option<String>, BoxError> {
        Ok(self.client.digest_of(reference).await?)
    }

    /// The component that is locked at this reference.
    ///
    /// # Errors
    /// When it is neither in the store nor in its registry.
    pub async fn component(
        &self,
        reference: &Reference,
        locked: &Locked,
    ) -> Result<Vec<u8>, BoxError> {
        Ok(self.client.fetch_locked(reference, locked.component).await?)
    }

    /// What a component is.
    ///
    /// # Errors
    /// When it is no plugin.
    pub fn inspect(&self, label: &str, component: &[u8]) -> Result<Inspection, BoxError> {
        Ok(self.host.inspect(label, component)?)
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

/// A text names no plugin.
#[derive(Debug, thiserror::Error)]
#[error("`{}` names no plugin", safe_line(wanted))]
pub struct NoSource {
    /// The text.
    pub wanted: String,
}

impl Explain for NoSource {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-plugin"
    }

    fn hints(&self) -> Vec<String> {
        let known = builtin::names().collect::<Vec<_>>().join(", ");
        vec![
            "write `oci://REGISTRY/PATH`, `NAMESPACE:NAME`, `file:PATH` or `builtin:NAME`".into(),
            format!("built-in plugins: {known}"),
        ]
    }
}
