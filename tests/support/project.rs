//! A service in a temporary folder, with a home of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::command::Phalanx;

/// A service in a temporary folder that is removed at the end.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A project with this manifest.
    pub fn new(manifest: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("phalanx-test-").tempdir().unwrap();
        let project = Self { folder };
        fs::create_dir(project.folder.path().join("service")).unwrap();
        project.file("phalanx.toml", manifest)
    }

    /// A project whose files are a copy of a folder of the repository, without what builds made.
    pub fn copy_of(path: &str) -> Self {
        let source = repository().join(path);
        let project = Self::new("");
        copy(&source, &project.root());
        project
    }

    /// Adds or replaces a file.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(path, content);
        self
    }

    /// Adds or replaces a file.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Adds an executable file.
    pub fn script(self, path: &str, content: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(path, content);
        fs::set_permissions(self.root().join(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The service's folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("service")
    }

    /// The text of one of its files.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// True when the service has this file.
    pub fn has(&self, path: &str) -> bool {
        self.root().join(path).exists()
    }

    /// The template that the last run wrote.
    pub fn template(&self) -> serde_json::Value {
        serde_json::from_str(&self.read(".phalanx/template.json")).unwrap()
    }

    /// A home folder: cache and data lie below it.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The binary, to be run in the service's folder. `words` are separated by spaces.
    pub fn phalanx(&self, words: &str) -> Phalanx {
        Phalanx::new(self, words.split_whitespace())
    }

    /// The binary with arguments as they are.
    pub fn phalanx_with(&self, words: &[&str]) -> Phalanx {
        Phalanx::new(self, words.iter().copied())
    }
}

/// Replaces a part of the project's manifest, which must have it.
pub fn change(project: &Project, from: &str, to: &str) {
    change_file(project, "phalanx.toml", from, to);
}

/// Replaces a part of one of the project's files, which must have it.
pub fn change_file(project: &Project, file: &str, from: &str, to: &str) {
    let text = project.read(file);
    assert!(text.contains(from), "{file} lacks {from:?}");
    project.write(file, text.replace(from, to));
}

/// The repository's folder.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, path) = (entry.file_name(), entry.path());
        if name == "target" || name == ".phalanx" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(&name)).unwrap();
            // Cargo compares times: what has been compiled for another copy is still fresh.
            let modified = entry.metadata().unwrap().modified().unwrap();
            let file = fs::File::options().append(true).open(to.join(name)).unwrap();
            file.set_modified(modified).unwrap();
        }
    }
}
