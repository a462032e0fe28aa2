//! The plugins of a service as lock file and policies let them be. A run resolves nothing: what it may use stands
//! there.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::fs;
use crate::hint::BoxError;
use crate::manifest::{PluginUse, Service, Source};
use crate::plugin::{self, Hook, Host, Inspection, Plugin};
use crate::registry::{
    Client, Judged, LockFile, Locked, LockedGrants, LockedLimits, PublicKey, Reference,
    RegistryError, Signers, Trust, builtin, vendor,
};

use super::error::PipelineError;
use super::lock_error::LockError;
use super::run::{Environment, Request};
use super::{policies, registries};

/// What a service's plugins are checked against.
pub(super) struct Pins {
    root: PathBuf,
    lock: LockFile,
    trust: Trust,
    client: Client,
    /// `--locked`: the lock file must be neither more nor less than the manifest, and pin files too.
    strict: bool,
}

impl Pins {
    /// Reads lock file and policies.
    ///
    /// # Errors
    /// When one of them cannot be had or understood; with `--locked`, when the lock file has plugins that the
    /// manifest does not have.
    pub(super) async fn open(
        environment: &Environment,
        request: &Request,
        service: &Service,
    ) -> Result<Self, BoxError> {
        let settings = &environment.settings;
        let client = registries::client(settings, request.profile.as_deref(), request.offline);
        let trust = policies::trust(settings, &client, service).await?;
        // A service whose plugins are all of files may have none, or one that nobody has looked at for long.
        let is_used = service.plugins.values().any(|usage| usage.source.is_in_registry());
        let lock = match is_used || request.locked {
            true => LockFile::read(&service.root)?,
            false => LockFile::default(),
        };
        let strict = request.locked;
        if let Some(name) = lock.plugins.keys().find(|name| !service.plugins.contains_key(*name))
            && strict
        {
            let what = format!("it pins plugin `{name}`, which the manifest does not have");
            return Err(LockError::Stale { what }.into());
        }
        Ok(Self { root: service.root.clone(), lock, trust, client, strict })
    }

    /// The component of a plugin: of this binary, of its file, or the one that is locked, which is in the service's
    /// own folder, in the store, or fetched from its registry by digest.
    ///
    /// # Errors
    /// When it is not there, is not locked although it must be, or a policy does not allow it.
    pub(super) async fn component(
        &self,
        usage: &PluginUse,
    ) -> Result<Cow<'static, [u8]>, BoxError> {
        match &usage.source {
            Source::Builtin(wanted) => {
                let bytes = built_in(usage, wanted)?;
                self.judge(usage, &usage.source.to_string(), || Digest::of(bytes), None)?;
                Ok(Cow::Borrowed(bytes))
            }
            Source::File(file) => {
                let bytes = read(&self.root, usage, file)?;
                self.judge(usage, &usage.source.to_string(), || Digest::of(&bytes), None)?;
                if self.strict {
                    self.check_file(usage, file, &bytes)?;
                }
                Ok(Cow::Owned(bytes))
            }
            Source::Oci(_) | Source::Package(_) => Ok(Cow::Owned(self.fetch(usage).await?)),
        }
    }

    /// The plugin, when its component is locked and was compiled on this machine before: then it need be neither
    /// fetched nor read. One in the service's own folder is read, so that it is told when it is another.
    ///
    /// # Errors
    /// As [`Self::component`], and when it cannot be loaded.
    pub(super) fn kept(&self, usage: &PluginUse, host: &Host) -> Result<Option<Plugin>, BoxError> {
        if !usage.source.is_in_registry() {
            return Ok(None);
        }
        let (_, component) = self.locked(usage)?;
        if vendor::has(&self.root, &component) {
            return Ok(None);
        }
        let plugin = host.load_kept(usage, component)?;
        if plugin.is_some() {
            self.client.note_use(&component);
        }
        Ok(plugin)
    }

    /// The component that is locked for a plugin of a registry, from where it can be had.
    async fn fetch(&self, usage: &PluginUse) -> Result<Vec<u8>, BoxError> {
        let (reference, component) = self.locked(usage)?;
        if let Some(bytes) = vendor::read(&self.root, &component)? {
            return Ok(bytes);
        }
        Ok(self.client.fetch_locked(&reference, component).await?)
    }

    /// What is locked for a plugin of a registry: where it is, and the component's digest.
    fn locked(&self, usage: &PluginUse) -> Result<(Reference, Digest), BoxError> {
        let missing = || LockError::Missing {
            plugin: usage.name.clone(),
            location: usage.location.to_string(),
        };
        let locked = self.lock.plugins.get(&usage.name).ok_or_else(missing)?;
        self.agrees(usage, locked)?;
        let reference = locked.reference()?.ok_or_else(missing)?;
        let source = format!("oci://{}", reference.place());
        let manifest = reference.digest.as_deref();
        self.judge(usage, &source, || locked.component, manifest)?;
        self.is_signed(usage, &source, locked)?;
        Ok((reference, locked.component))
    }

    /// Whether the lock file has what the manifest wants.
    fn agrees(&self, usage: &PluginUse, locked: &Locked) -> Result<(), LockError> {
        let shown = |source: &str, requirement: Option<&str>| match requirement {
            Some(requirement) => format!("`{source}` {requirement}"),
            None => format!("`{source}`"),
        };
        let source = usage.source.to_string();
        if locked.source != source || locked.requirement != usage.version {
            return Err(LockError::Other {
                plugin: usage.name.clone(),
                locked: shown(&locked.source, locked.requirement.as_deref()),
                wanted: shown(&source, usage.version.as_deref()),
            });
        }
        let granted = LockedGrants::from(&usage.grants);
        let limits = LockedLimits::from(&usage.limits);
        let wider =
            [locked.grants.widened_by(&granted), locked.limits.widened_by(&limits)].concat();
        if !wider.is_empty() {
            return Err(LockError::Widened { plugin: usage.name.clone(), grants: wider });
        }
        let more = [granted.widened_by(&locked.grants), limits.widened_by(&locked.limits)].concat();
        if self.strict && !more.is_empty() {
            let (plugin, more) = (&usage.name, more.join(", "));
            let what = format!("it lets plugin `{plugin}` have what the manifest does not: {more}");
            return Err(LockError::Stale { what });
        }
        Ok(())
    }

    /// Whether a file is the one that is locked.
    fn check_file(&self, usage: &PluginUse, file: &str, bytes: &[u8]) -> Result<(), LockError> {
        let plugin = usage.name.clone();
        let Some(locked) = self.lock.plugins.get(&plugin) else {
            return Err(LockError::Missing { plugin, location: usage.location.to_string() });
        };
        self.agrees(usage, locked)?;
        let found = Digest::of(bytes);
        if found != locked.component {
            return Err(LockError::OtherFile {
                plugin,
                file: file.to_owned(),
                locked: locked.component.to_string(),
                found: found.to_string(),
            });
        }
        Ok(())
    }

    /// Whether the policies allow a plugin; its digest is taken only when there is one.
    fn judge(
        &self,
        usage: &PluginUse,
        source: &str,
        component: impl FnOnce() -> Digest,
        manifest: Option<&str>,
    ) -> Result<(), BoxError> {
        if self.trust.is_empty() {
            return Ok(());
        }
        let component = format!("sha256:{}", component());
        let digests = [Some(component.as_str()), manifest];
        let (plugin, grants) = (&usage.name, &usage.grants);
        Ok(self.trust.judge(Judged { plugin, source, grants, digests })?)
    }

    /// Whether the lock file shows the signatures that manifest and policies want. Needs no registry.
    fn is_signed(&self, usage: &PluginUse, source: &str, locked: &Locked) -> Result<(), BoxError> {
        let key = public_key(&self.root, usage.signer.as_deref())?;
        let manifest = locked.manifest.as_deref().unwrap_or_default();
        let wanted = signers(key.as_ref(), &self.trust, source);
        for signers in &wanted {
            if signers.find(&locked.proofs, manifest).is_none() {
                let (plugin, keys) = (usage.name.clone(), signers.fingerprints());
                let wanted_by = signers.wanted_by.clone();
                return Err(LockError::NotSigned { plugin, wanted_by, keys }.into());
            }
        }
        if !wanted.is_empty() && !locked.is_bound() {
            let (plugin, component) = (usage.name.clone(), locked.component.to_string());
            return Err(LockError::OtherSigned { plugin, component }.into());
        }
        Ok(())
    }

    /// Whether a component is what the lock file says that it is.
    pub(super) fn is_as_locked(
        &self,
        usage: &PluginUse,
        inspection: &Inspection,
    ) -> Result<(), LockError> {
        let is_pinned = self.strict || usage.source.is_in_registry();
        let Some(locked) = self.lock.plugins.get(&usage.name).filter(|_| is_pinned) else {
            return Ok(());
        };
        let pairs = [
            ("hooks", &locked.hooks, hooks(inspection)),
            ("capabilities", &locked.capabilities, capabilities(inspection)),
        ];
        for (what, locked, found) in pairs {
            if *locked != found {
                let words = |list: &[String]| match list {
                    [] => "none".to_owned(),
                    list => list.join(", "),
                };
                return Err(LockError::Edited {
                    plugin: usage.name.clone(),
                    what,
                    locked: words(locked),
                    found: words(&found),
                });
            }
        }
        Ok(())
    }
}

fn built_in(usage: &PluginUse, wanted: &str) -> Result<&'static [u8], PipelineError> {
    builtin::get(wanted).ok_or_else(|| PipelineError::NoBuiltin {
        plugin: usage.name.clone(),
        wanted: wanted.to_owned(),
        location: usage.location.to_string(),
    })
}

fn read(root: &Path, usage: &PluginUse, file: &str) -> Result<Vec<u8>, PipelineError> {
    let path = root.join(file);
    // One byte more than a component may have: enough to tell that it is too large.
    fs::read_start(&path, plugin::MAX_COMPONENT + 1).map_err(|source| {
        let near = fs::nearest_name(&path).filter(|_| !fs::exists(&path));
        PipelineError::Unreadable {
            plugin: usage.name.clone(),
            location: usage.location.to_string(),
            near,
            source,
        }
    })
}

/// The key that the manifest names, and its file.
///
/// # Errors
/// When it cannot be read, or is none.
pub(super) fn public_key(
    root: &Path,
    file: Option<&str>,
) -> Result<Option<(String, PublicKey)>, RegistryError> {
    let Some(file) = file else { return Ok(None) };
    let pem = fs::read_to_string(&root.join(file))?;
    Ok(Some((file.to_owned(), PublicKey::parse(file, &pem)?)))
}

/// Who must have signed a plugin from `source`: each of them.
pub(super) fn signers<'a>(
    key: Option<&'a (String, PublicKey)>,
    trust: &'a Trust,
    source: &str,
) -> Vec<Signers<'a>> {
    let own = key.map(|(file, key)| Signers {
        wanted_by: format!("`signer = \"{file}\"`"),
        keys: vec![key],
    });
    own.into_iter().chain(trust.signers(source)).collect()
}

/// Its hooks, as the lock file names them.
pub(super) fn hooks(inspection: &Inspection) -> Vec<String> {
    inspection.hooks.iter().copied().map(Hook::name).map(str::to_owned).collect()
}

/// Its capabilities, as the lock file names them.
pub(super) fn capabilities(inspection: &Inspection) -> Vec<String> {
    inspection.capabilities.iter().map(|capability| capability.interface.clone()).collect()
}
