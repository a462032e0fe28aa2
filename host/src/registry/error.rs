//! What can go wrong with registries and the lock file, and what to do about it.

use crate::fs::FsError;
use crate::hint::{Explain, Kind};
use crate::text::{safe_line, size as in_units};

/// A plugin could not be fetched, published or locked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The text is no reference.
    #[error("`{}` is no OCI reference", safe_line(reference))]
    BadReference {
        /// The text.
        reference: String,
    },
    /// A credential helper fails.
    #[error("the credentials for `{registry}` cannot be read: {}", safe_line(reason))]
    Credentials {
        /// The registry.
        registry: String,
        /// What the helper says.
        reason: String,
    },
    /// The registry does not take who we are.
    #[error("registry `{registry}` does not let us at `{reference}`")]
    Unauthorized {
        /// The registry.
        registry: String,
        /// The artifact.
        reference: String,
    },
    /// Nothing answers.
    #[error("registry `{registry}` cannot be reached: {reason}")]
    Unreachable {
        /// The registry.
        registry: String,
        /// Why.
        reason: String,
    },
    /// There is no such artifact.
    #[error("there is no `{reference}`")]
    NotThere {
        /// The artifact.
        reference: String,
    },
    /// The registry says something else.
    #[error("the registry refused `{reference}`: {reason}")]
    Refused {
        /// The artifact.
        reference: String,
        /// What it says.
        reason: String,
    },
    /// It is ill, or has too much to do.
    #[error("registry `{registry}` cannot serve us now: it says {status}{}", later(*wait))]
    Busy {
        /// The registry.
        registry: String,
        /// Its answer.
        status: String,
        /// When it wants to be asked again.
        wait: Option<std::time::Duration>,
    },
    /// It sends more than there should be.
    #[error("the registry sends more than {} for `{reference}`", in_units(*limit))]
    Overlong {
        /// The artifact.
        reference: String,
        /// Bytes that it may have.
        limit: u64,
    },
    /// This process can make no connections.
    #[error("nothing can be fetched: {0}")]
    NoClient(String),
    /// It is some other kind of artifact.
    #[error("`{reference}` is no plugin: it is {}", safe_line(found))]
    NotAPlugin {
        /// The artifact.
        reference: String,
        /// The media types found.
        found: String,
    },
    /// Its config tells another type than the component has.
    #[error(
        "`{reference}` is not what it says: the {what} `{}` {}", safe_line(name),
        if *says { "is in its config, and not in the component" } else { "is in the component, and not in its config" }
    )]
    OtherType {
        /// The artifact.
        reference: String,
        /// `import` or `export`.
        what: &'static str,
        /// The interface.
        name: String,
        /// Whether the config has it.
        says: bool,
    },
    /// It is larger than is accepted.
    #[error("`{reference}` has {}, and {} are accepted", in_units(*size), in_units(*limit))]
    TooLarge {
        /// The artifact.
        reference: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The registry gave other bytes than its own digest says.
    #[error(
        "the registry gave other bytes for `{reference}`: sha256:{found} instead of sha256:{wanted}"
    )]
    OtherBytes {
        /// The artifact.
        reference: String,
        /// The digest asked for.
        wanted: String,
        /// The digest of what came.
        found: String,
    },
    /// The manifest holds another component than the lock file says.
    #[error(
        "`{reference}` holds the component sha256:{found}, and the lock file names sha256:{locked}"
    )]
    OtherComponent {
        /// The manifest.
        reference: String,
        /// The digest in the lock file.
        locked: String,
        /// The digest in the manifest.
        found: String,
    },
    /// A vendored component was changed.
    #[error("`{}` is sha256:{found}, and its name says something else", path.display())]
    OtherVendored {
        /// The file.
        path: std::path::PathBuf,
        /// What it is.
        found: String,
    },
    /// A key cannot be used.
    #[error("`{key}` cannot be used as a key: {reason}")]
    BadKey {
        /// The file.
        key: String,
        /// Why not.
        reason: String,
    },
    /// Nobody with the key signed it.
    #[error("`{reference}` is not signed as {wanted_by} wants, with {keys}")]
    NotSigned {
        /// The artifact.
        reference: String,
        /// The fingerprints of the keys of which one would do.
        keys: String,
        /// The manifest's `signer`, or a policy.
        wanted_by: String,
    },
    /// The annotations name another version than the tag.
    #[error("`{reference}` says of itself that it is version {}", safe_line(found))]
    OtherVersion {
        /// The artifact.
        reference: String,
        /// What its annotations say.
        found: String,
    },
    /// No version fits.
    #[error("no version of `{place}` fits `{requirement}`")]
    NoVersion {
        /// The repository.
        place: String,
        /// What was asked for.
        requirement: String,
        /// The newest version there is.
        newest: Option<String>,
    },
    /// A released version is never replaced.
    #[error("version {version} of `{place}` is published already, with other content")]
    Published {
        /// The repository.
        place: String,
        /// The version.
        version: String,
    },
    /// A document on the web cannot be had.
    #[error("`{}` cannot be fetched: {}", safe_line(url), safe_line(reason))]
    Document {
        /// Its address.
        url: String,
        /// Why not.
        reason: String,
    },
    /// A document on the web is another one than was pinned.
    #[error("`{}` is sha256:{found} now, and sha256:{wanted} is wanted", safe_line(url))]
    OtherDocument {
        /// Its address.
        url: String,
        /// The digest that was asked for.
        wanted: String,
        /// The digest of what came.
        found: String,
    },
    /// No registry is configured for a package.
    #[error("no registry is configured for `{package}`")]
    NoRegistry {
        /// The package.
        package: String,
        /// Its namespace.
        namespace: String,
        /// The configuration's file.
        path: std::path::PathBuf,
    },
    /// The package's registry is no OCI registry.
    #[error("`{package}` is in `{registry}`, which speaks `{}`", safe_line(protocol))]
    OtherProtocol {
        /// The package.
        package: String,
        /// Its registry.
        registry: String,
        /// What that speaks.
        protocol: String,
    },
    /// The configuration of `wkg` cannot be understood.
    #[error("`{}` is no configuration of wkg: {reason}", path.display())]
    BadConfiguration {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        reason: String,
    },
    /// It is not here, and nothing may be fetched.
    #[error(
        "`{}` would have to be asked for over the network, which `--offline` forbids",
        safe_line(what)
    )]
    Offline {
        /// The artifact or address.
        what: String,
    },
    /// The lock file cannot be understood.
    #[error("`{}` is not a lock file of Phalanx: {reason}", path.display())]
    BadLock {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        reason: String,
    },
    /// A newer version of Phalanx wrote the lock file.
    #[error("`{}` has the format {found}, and this version of Phalanx knows {known}", path.display())]
    NewerLock {
        /// The file.
        path: std::path::PathBuf,
        /// Its format.
        found: u64,
        /// The newest that is known.
        known: u64,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FsError),
}

impl Explain for RegistryError {
    fn kind(&self) -> Kind {
        match self {
            Self::BadReference { .. }
            | Self::NotThere { .. }
            | Self::NotAPlugin { .. }
            | Self::NoVersion { .. }
            | Self::Published { .. }
            | Self::BadLock { .. }
            | Self::BadKey { .. }
            | Self::NoRegistry { .. }
            | Self::OtherProtocol { .. }
            | Self::BadConfiguration { .. }
            | Self::NewerLock { .. } => Kind::BadInput,
            Self::OtherBytes { .. }
            | Self::Overlong { .. }
            | Self::OtherType { .. }
            | Self::OtherDocument { .. }
            | Self::OtherComponent { .. }
            | Self::OtherVendored { .. }
            | Self::OtherVersion { .. }
            | Self::NotSigned { .. } => Kind::Refused,
            Self::File(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadReference { .. } => "bad-reference",
            Self::Credentials { .. } => "registry-credentials",
            Self::Unauthorized { .. } => "registry-unauthorized",
            Self::Unreachable { .. } => "registry-unreachable",
            Self::NotThere { .. } => "not-in-registry",
            Self::Refused { .. } => "registry-refused",
            Self::Busy { .. } => "registry-busy",
            Self::Overlong { .. } => "registry-overlong",
            Self::NoClient(_) => "no-network-client",
            Self::NotAPlugin { .. } => "not-a-plugin",
            Self::OtherType { .. } => "plugin-other-type",
            Self::TooLarge { .. } => "plugin-too-large",
            Self::OtherBytes { .. } => "registry-other-bytes",
            Self::OtherComponent { .. } => "lock-other-component",
            Self::OtherVendored { .. } => "vendored-changed",
            Self::BadKey { .. } => "bad-key",
            Self::NotSigned { .. } => "plugin-not-signed",
            Self::OtherVersion { .. } => "plugin-other-version",
            Self::NoVersion { .. } => "no-version",
            Self::Published { .. } => "already-published",
            Self::Document { .. } => "no-document",
            Self::OtherDocument { .. } => "other-document",
            Self::NoRegistry { .. } => "no-registry",
            Self::OtherProtocol { .. } => "registry-other-protocol",
            Self::BadConfiguration { .. } => "bad-registry-configuration",
            Self::Offline { .. } => "offline",
            Self::BadLock { .. } => "bad-lock",
            Self::NewerLock { .. } => "newer-lock",
            Self::File(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::BadReference { .. } => {
                one("such as `oci://registry.example.com/team/plugin:1.2.3`")
            }
            Self::Credentials { registry, .. } => {
                vec![format!(
                    "run `docker login {registry}` again, or mend the helper that Docker's `config.json` names"
                )]
            }
            Self::Unauthorized { registry, .. } => vec![
                format!(
                    "run `docker login {registry}` (or `podman login`), with an account that may do this"
                ),
                "many registries answer this for what is not there, too: check the path".into(),
            ],
            Self::Unreachable { .. } => one(
                "check the registry's name and the network (`HTTPS_PROXY`, `SSL_CERT_FILE`, `PHALANX_NETWORK_TIMEOUT`); what is in the store needs no registry",
            ),
            Self::NotThere { .. } => {
                one("check path and version: `phalanx plugin add` shows what a requirement takes")
            }
            Self::Refused { .. } => {
                one("correct what the registry names, then run the same command again")
            }
            Self::NotAPlugin { .. } => one(
                "a plugin is one layer `application/wasm` with a config `application/vnd.wasm.config.v0+json`: publish it with `phalanx plugin publish`",
            ),
            Self::OtherType { .. } => {
                one("ask its publisher to publish it again, with a tool that reads the component")
            }
            Self::TooLarge { .. } => one("build it for size, and strip it"),
            Self::Busy { .. } => one("run the same command again a little later"),
            Self::NoClient(_) => {
                one("see whether `SSL_CERT_FILE` and the proxy's variables are right")
            }
            Self::OtherBytes { .. } | Self::Overlong { .. } => one(
                "something between here and the registry changes what it serves: tell who runs it, and do not use this plugin",
            ),
            Self::OtherComponent { .. } => one(
                "someone has edited the lock file by hand, or the registry was changed: run `phalanx plugin update` if you trust what is there",
            ),
            Self::BadKey { .. } => one(
                "make a pair with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`, or with cosign, whose public key is one as it is",
            ),
            Self::NotSigned { .. } => {
                one("ask its publisher for a signature; what wants it names the keys that will do")
            }
            Self::OtherVendored { .. } => {
                one("take it from version control again, or run `phalanx plugin vendor`")
            }
            Self::OtherVersion { .. } => {
                one("an old release under a new tag? ask its publisher; nothing was changed")
            }
            Self::NoVersion { newest: Some(newest), .. } => {
                vec![format!("the newest release is {newest}")]
            }
            Self::NoVersion { .. } => one("it has no tag that is a version"),
            Self::Published { .. } => {
                one("give it another version: what is released never changes")
            }
            Self::Document { .. } => one("check the address and the network, then run it again"),
            Self::OtherDocument { .. } => {
                one("look at what has changed in it, then write its new digest")
            }
            Self::NoRegistry { namespace, path, .. } => vec![format!(
                "name one in `{}`, such as `[namespace_registries]` with `{namespace} = \"registry.example.com\"`, or write `oci://REGISTRY/PATH`",
                path.display()
            )],
            Self::OtherProtocol { .. } => one("plugins come from OCI registries"),
            Self::BadConfiguration { .. } => one("correct it: `wkg config --edit` opens it"),
            Self::Offline { .. } => one(
                "run the command once without `--offline`; `phalanx plugin vendor` keeps plugins in the repository",
            ),
            Self::BadLock { .. } => one(
                "take it from version control again, or delete it and run `phalanx plugin update`",
            ),
            Self::NewerLock { .. } => one("update Phalanx"),
            Self::File(error) => error.hints(),
        }
    }
}

fn later(wait: Option<std::time::Duration>) -> String {
    wait.map(|wait| format!(", for {} s", wait.as_secs())).unwrap_or_default()
}
