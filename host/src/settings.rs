//! What the process's surroundings say, read once by the binary and passed down.
//!
//! The library never reads the environment: two runs with equal [`Settings`] and equal files give
//! equal results, and a test can have settings of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where compiled plugins and downloaded blobs are kept; default `$XDG_CACHE_HOME/phalanx`.
pub const CACHE_DIR: &str = "PHALANX_CACHE_DIR";
/// Where the key of the compiled-code cache is kept; default `$XDG_DATA_HOME/phalanx`.
pub const DATA_DIR: &str = "PHALANX_DATA_DIR";
/// Seconds since 1970 that count as the start of the run, for reproducible runs.
pub const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";
/// `HOST[:PORT]` of a registry that stands in for the account's own in ECR: images are pushed there, and
/// templates name it.
pub const ECR_REGISTRY: &str = "PHALANX_ECR_REGISTRY";
/// The organisation's policy for plugins: a file, or `https://…@sha256:…`. It counts beside the service's own.
pub const POLICY: &str = "PHALANX_POLICY";
/// Seconds without an answer after which a registry or server is given up; default 60.
pub const NETWORK_TIMEOUT: &str = "PHALANX_NETWORK_TIMEOUT";
/// Set to anything but the empty text: no colours (<https://no-color.org>).
pub const NO_COLOR: &str = "NO_COLOR";

/// The surroundings of one process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder in which the command was started.
    pub current_dir: PathBuf,
    /// Compiled plugins and blobs; safe to delete at any time.
    pub cache_dir: PathBuf,
    /// What must not lie in the cache: the key that authenticates it.
    pub data_dir: PathBuf,
    /// The start of the run. Plugins see no other time unless `clock` is granted.
    pub now: SystemTime,
    /// Environment variables, for build commands and granted lookups. Variables that are not Unicode
    /// are left out.
    pub environment: BTreeMap<String, String>,
    /// What stands in for the account's registry for images, `HOST[:PORT]`.
    pub ecr_registry: Option<String>,
    /// The organisation's policy for plugins.
    pub policy: Option<String>,
    /// Where `wkg` has its configuration, which says in which registry a package is.
    pub wkg_config: PathBuf,
    /// How long registries may keep silent.
    pub network_timeout: Duration,
    /// True unless `NO_COLOR` is set.
    pub color: bool,
}

impl Settings {
    /// Settings from a snapshot of the environment.
    pub fn new(
        environment: BTreeMap<String, String>,
        current_dir: PathBuf,
        clock: SystemTime,
    ) -> Self {
        let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        let home = set("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let folder = |own: &str, xdg: &str, default: &str| {
            set(own).map(PathBuf::from).unwrap_or_else(|| {
                set(xdg).map_or_else(|| home.join(default), PathBuf::from).join("phalanx")
            })
        };
        let now = set(SOURCE_DATE_EPOCH)
            .and_then(|seconds| seconds.parse().ok())
            .map_or(clock, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        Self {
            cache_dir: folder(CACHE_DIR, "XDG_CACHE_HOME", ".cache"),
            data_dir: folder(DATA_DIR, "XDG_DATA_HOME", ".local/share"),
            // People copy addresses with their scheme.
            ecr_registry: set(ECR_REGISTRY).map(|address| {
                let host = address.split_once("://").map_or(address.as_str(), |(_, host)| host);
                host.trim_end_matches('/').to_owned()
            }),
            network_timeout: set(NETWORK_TIMEOUT)
                .and_then(|seconds| seconds.parse().ok())
                .map_or(Duration::from_secs(60), Duration::from_secs),
            policy: set(POLICY).cloned(),
            // As wkg itself looks for it.
            wkg_config: set("WKG_CONFIG_FILE").map_or_else(
                || {
                    let folder = set("XDG_CONFIG_HOME").map(PathBuf::from);
                    folder.unwrap_or_else(|| home.join(".config")).join("wasm-pkg/config.toml")
                },
                PathBuf::from,
            ),
            color: set(NO_COLOR).is_none(),
            now,
            current_dir,
            environment,
        }
    }

    /// A program on PATH.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        find_program(name, self.environment.get("PATH").map(String::as_str).unwrap_or_default())
    }

    /// `path`, absolute: joined to the current folder when it is relative.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.current_dir.join(path)
    }
}

/// A program in one of the folders of a search path, which stand with `:` between them.
pub fn find_program(name: &str, search_path: &str) -> Option<PathBuf> {
    search_path
        .split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_own_variables_then_xdg_then_home() {
        let settings = |pairs: &[(&str, &str)]| {
            let environment =
                pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            Settings::new(environment, "/work".into(), UNIX_EPOCH)
        };
        assert_eq!(settings(&[("HOME", "/h")]).cache_dir, Path::new("/h/.cache/phalanx"));
        assert_eq!(settings(&[("XDG_CACHE_HOME", "/c")]).cache_dir, Path::new("/c/phalanx"));
        assert_eq!(settings(&[("PHALANX_CACHE_DIR", "/p")]).cache_dir, Path::new("/p"));
        let wkg = |pairs: &[(&str, &str)]| settings(pairs).wkg_config;
        assert_eq!(wkg(&[("HOME", "/h")]), Path::new("/h/.config/wasm-pkg/config.toml"));
        assert_eq!(wkg(&[("WKG_CONFIG_FILE", "/w.toml")]), Path::new("/w.toml"));
        assert_eq!(
            settings(&[("SOURCE_DATE_EPOCH", "7")]).now,
            UNIX_EPOCH + Duration::from_secs(7)
        );
    }
}
