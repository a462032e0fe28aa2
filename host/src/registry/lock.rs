//! The lock file: which plugins a service runs, and what they may do.
//!
//! One block a plugin, sorted by name, each value on a line of its own: two branches that change different
//! plugins merge without a conflict. It is written by `phalanx plugin add` and `update` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::authority::{LockedGrants, LockedLimits};
use super::{Proof, Reference, RegistryError, artifact};
use crate::digest::Digest;
use crate::fs;
use crate::text::safe_line;

/// The file's name, beside the manifest.
pub const FILE: &str = "phalanx.lock";

/// The format that is written.
const VERSION: u64 = 1;

const HEADER: &str = "# Which plugins this service runs, and what they may do. Made by `phalanx plugin add` and\n\
    # `phalanx plugin update`, which show what changes; keep it in version control.\n";

/// The locked plugins of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockFile {
    /// By name in the manifest.
    pub plugins: BTreeMap<String, Locked>,
}

/// One locked plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Locked {
    /// As in the manifest, such as `oci://registry.example.com/team/plugin`.
    pub source: String,
    /// Where a package of a namespace is, such as `oci://registry.example.com/acme/plugin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The requirement in the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The version that was chosen; the tag, when it is no version. A file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The manifest's digest, `sha256:…`. A file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The component's digest, `sha256:…`.
    #[serde(with = "prefixed")]
    pub component: Digest,
    /// The hooks that it exports.
    pub hooks: Vec<String>,
    /// The capabilities that it imports.
    pub capabilities: Vec<String>,
    /// Fingerprints of the keys that signed it, for each that manifest or policies want.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
    /// The manifest that they signed, in base64: it names the component, which no signature does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// What it was granted when this was approved.
    #[serde(default, skip_serializing_if = "LockedGrants::is_empty")]
    pub grants: LockedGrants,
    /// The limits that were approved, where they are above the usual ones.
    #[serde(default, skip_serializing_if = "LockedLimits::is_empty")]
    pub limits: LockedLimits,
    /// Their signatures, with which every run checks again that they signed this manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<Proof>,
}

impl Locked {
    /// The manifest in its registry, by digest; none for a file.
    ///
    /// # Errors
    /// When its place is none.
    pub fn reference(&self) -> Result<Option<Reference>, RegistryError> {
        let Some(manifest) = &self.manifest else { return Ok(None) };
        let reference = Reference::parse(self.place.as_ref().unwrap_or(&self.source))?;
        Ok(Some(reference.with_digest(manifest)))
    }

    /// The tag that its version had when it was locked; none when a digest was asked for, or for a file.
    ///
    /// # Errors
    /// When its place is none.
    pub fn tagged(&self) -> Result<Option<Reference>, RegistryError> {
        let Some(version) = &self.version else { return Ok(None) };
        let reference = Reference::parse(self.place.as_ref().unwrap_or(&self.source))?;
        if reference.digest.is_some() {
            return Ok(None);
        }
        let tag = reference.tag.clone().unwrap_or_else(|| version.clone());
        Ok(Some(reference.with_tag(&tag)))
    }

    /// A manifest as [`Self::signed`] keeps it.
    pub fn kept(manifest: &[u8]) -> String {
        BASE64_STANDARD.encode(manifest)
    }

    /// Whether what was signed is about its component: the manifest that it keeps has the digest that it pins, and
    /// names the component that it pins.
    pub fn is_bound(&self) -> bool {
        let decode = |text: &String| BASE64_STANDARD.decode(text).ok();
        let (Some(signed), Some(manifest)) =
            (self.signed.as_ref().and_then(decode), &self.manifest)
        else {
            return false;
        };
        let names = |bytes: &[u8]| artifact::component_of(&self.source, bytes).ok();
        format!("sha256:{}", Digest::of(&signed)) == *manifest
            && names(&signed).is_some_and(|layer| layer.digest == self.component)
    }

    /// The first thing that it lacks: what comes from a registry has all, a file has none.
    fn lacks(&self) -> Option<&'static str> {
        if self.source.starts_with("file:") {
            return None;
        }
        let is_package = !self.source.starts_with("oci://");
        let fields = [
            ("place", is_package && self.place.is_none()),
            ("version", self.version.is_none()),
            ("manifest", self.manifest.is_none()),
        ];
        fields.into_iter().find_map(|(name, is_missing)| is_missing.then_some(name))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    plugins: BTreeMap<String, Locked>,
}

/// The least of a file of any version.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl LockFile {
    /// Where the lock file of a service is.
    pub fn path(root: &Path) -> PathBuf {
        root.join(FILE)
    }

    /// Reads a service's lock file; one that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn read(root: &Path) -> Result<Self, RegistryError> {
        let path = Self::path(root);
        let Some(bytes) = fs::read_if_present(&path)? else { return Ok(Self::default()) };
        let bad = |reason: String| RegistryError::BadLock { path: path.clone(), reason };
        let text = String::from_utf8(bytes).map_err(|error| bad(error.to_string()))?;
        let Versioned { version } =
            toml::from_str(&text).map_err(|error| bad(reason(&text, &error)))?;
        if version > VERSION {
            return Err(RegistryError::NewerLock { path, found: version, known: VERSION });
        }
        let file: File = toml::from_str(&text).map_err(|error| bad(reason(&text, &error)))?;
        for (name, locked) in &file.plugins {
            if let Some(field) = locked.lacks() {
                return Err(bad(format!("plugin `{}` has no `{field}`", safe_line(name))));
            }
        }
        Ok(Self { plugins: file.plugins })
    }

    /// Writes it, whole; one without plugins is removed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, root: &Path) -> Result<(), RegistryError> {
        let path = Self::path(root);
        if self.plugins.is_empty() {
            if fs::exists(&path) {
                fs::remove_file(&path)?;
            }
            return Ok(());
        }
        Ok(fs::write(&path, self.text())?)
    }

    /// Digests, in hexadecimal digits, of all components and manifests that it pins.
    pub fn digests(&self) -> BTreeSet<String> {
        let manifest = |locked: &Locked| {
            locked.manifest.as_deref()?.strip_prefix("sha256:").map(str::to_owned)
        };
        let both = |locked: &Locked| {
            [Some(locked.component.to_string()), manifest(locked)].into_iter().flatten()
        };
        self.plugins.values().flat_map(both).collect()
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let file = File { version: VERSION, plugins: self.plugins.clone() };
        let body = toml::to_string_pretty(&file).expect("a lock file is plain TOML");
        format!("{HEADER}{body}")
    }
}

/// Where and what, in one line.
pub(super) fn reason(text: &str, error: &toml::de::Error) -> String {
    let message = safe_line(error.message().trim()).into_owned();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return message };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// Digests with `sha256:` before them, as registries write them.
mod prefixed {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use crate::digest::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&format!("sha256:{digest}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        let hex = text.strip_prefix("sha256:").and_then(|hex| hex.parse().ok());
        hex.ok_or_else(|| de::Error::custom(format!("`{text}` is no SHA-256 digest")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked() -> Locked {
        Locked {
            source: "oci://registry.example.com/team/tagger".into(),
            requirement: Some("^1.2".into()),
            place: None,
            version: Some("1.2.3".into()),
            manifest: Some(format!("sha256:{}", Digest::of("manifest"))),
            component: Digest::of("component"),
            hooks: vec!["template-decorate".into()],
            capabilities: vec!["commands".into()],
            signers: Vec::new(),
            signed: None,
            limits: LockedLimits::default(),
            proofs: Vec::new(),
            grants: LockedGrants {
                commands: vec![vec!["git".into(), "rev-parse".into()]],
                ..LockedGrants::default()
            },
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(LockFile::read(folder.path()).unwrap(), LockFile::default());
        let mut lock = LockFile::default();
        lock.plugins.insert("tagger".into(), locked());
        lock.plugins.insert("audit".into(), Locked { grants: LockedGrants::default(), ..locked() });
        lock.write(folder.path()).unwrap();
        assert_eq!(LockFile::read(folder.path()).unwrap(), lock);
        insta::assert_snapshot!(lock.text(), @r#"
        # Which plugins this service runs, and what they may do. Made by `phalanx plugin add` and
        # `phalanx plugin update`, which show what changes; keep it in version control.
        version = 1

        [plugins.audit]
        source = "oci://registry.example.com/team/tagger"
        requirement = "^1.2"
        version = "1.2.3"
        manifest = "sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f"
        component = "sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa"
        hooks = ["template-decorate"]
        capabilities = ["commands"]

        [plugins.tagger]
        source = "oci://registry.example.com/team/tagger"
        requirement = "^1.2"
        version = "1.2.3"
        manifest = "sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f"
        component = "sha256:6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa"
        hooks = ["template-decorate"]
        capabilities = ["commands"]

        [plugins.tagger.grants]
        commands = [[
            "git",
            "rev-parse",
        ]]
        "#);
        LockFile::default().write(folder.path()).unwrap();
        assert!(!fs::exists(&LockFile::path(folder.path())));
    }

    #[test]
    fn what_is_no_lock_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            fs::write(&LockFile::path(folder.path()), text).unwrap();
            let error = LockFile::read(folder.path()).unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "FOLDER")
        };
        insta::assert_snapshot!(read("version = 2\n"), @"`FOLDER/phalanx.lock` has the format 2, and this version of Phalanx knows 1");
        insta::assert_snapshot!(read("<<<<<<< HEAD\n"), @"`FOLDER/phalanx.lock` is not a lock file of Phalanx: line 1, column 9: key with no value, expected `=`");
        insta::assert_snapshot!(read("version = 1\n[plugins.a]\nsource = \"x\"\n"), @"`FOLDER/phalanx.lock` is not a lock file of Phalanx: line 2, column 1: missing field `component`");
        let digest = format!("sha256:{}", Digest::of("component"));
        let block = |source: &str| {
            format!(
                "version = 1\n[plugins.a]\nsource = \"{source}\"\ncomponent = \"{digest}\"\nhooks = []\ncapabilities = []\n"
            )
        };
        insta::assert_snapshot!(read(&block("oci://r.test/a")), @"`FOLDER/phalanx.lock` is not a lock file of Phalanx: plugin `a` has no `version`");
        insta::assert_snapshot!(read(&block("acme:a")), @"`FOLDER/phalanx.lock` is not a lock file of Phalanx: plugin `a` has no `place`");
    }
}
