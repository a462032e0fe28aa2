//! The build context: what of a folder goes to the builder, and what it comes to.

use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::ignored::Ignored;
use super::{ImageError, ImageRequest};
use crate::digest::{Digest, Hasher};
use crate::fs;

/// Files that a builder reads as of this time, 1 January 1980, so that the same files make the same layers
/// wherever they were checked out.
const MODIFIED: u64 = 315_532_800;

/// The files of a build context.
#[derive(Debug)]
pub struct Context {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// With `/` between its parts.
    name: String,
    path: PathBuf,
    kind: EntryKind,
}

#[derive(Debug)]
enum EntryKind {
    Folder,
    /// `0o644` or `0o755`.
    File(u32),
    /// Where it leads. It is not followed: the builder gets the link.
    Link(PathBuf),
}

impl Context {
    /// Finds the files of the request's context, in the service's folder `root`, that its `.dockerignore` lets through. The one beside the
    /// Dockerfile (`Dockerfile.dockerignore`) goes first, as with Docker.
    ///
    /// # Errors
    /// When the context is no folder inside the service's, has no such Dockerfile, or cannot be read.
    pub fn read(root: &Path, request: &ImageRequest) -> Result<Self, ImageError> {
        let root = fs::inside(root, &request.context)?;
        if !root.is_dir() {
            return Err(ImageError::NoContext { context: request.context.clone() });
        }
        let dockerfile = fs::inside(&root, &request.dockerfile)?;
        if !dockerfile.is_file() {
            return Err(ImageError::NoDockerfile {
                dockerfile: request.dockerfile.clone(),
                context: request.context.clone(),
                near: fs::nearest_name(&dockerfile),
            });
        }
        let own = format!("{}.dockerignore", request.dockerfile);
        let ignored = match read_ignored(&root, &own)? {
            Some(ignored) => ignored,
            None => read_ignored(&root, ".dockerignore")?.unwrap_or_default(),
        };
        let mut walk = Walk { ignored, always: clean(&request.dockerfile), entries: Vec::new() };
        walk.enter(&root, "")?;
        Ok(Self { entries: walk.entries })
    }

    /// Digest of everything that decides what the image is: the files, and what else the request says. The
    /// local name and the cache do not.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn fingerprint(&self, request: &ImageRequest) -> Result<Digest, ImageError> {
        let mut hasher = Hasher::new();
        hasher.field("phalanx image 1").field(&request.dockerfile);
        for pairs in [&request.args, &request.labels] {
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort();
            hasher.field(pairs.len().to_le_bytes());
            for (name, value) in pairs {
                hasher.field(name).field(value);
            }
        }
        for option in [&request.platform, &request.target] {
            hasher.field(option.as_deref().unwrap_or_default());
        }
        for entry in &self.entries {
            hasher.field(&entry.name);
            match &entry.kind {
                EntryKind::Folder => hasher.field("folder"),
                EntryKind::Link(target) => hasher.field("link").field(path_bytes(target)),
                EntryKind::File(mode) => {
                    let content = Digest::of_reader(fs::open(&entry.path)?)
                        .map_err(|source| read_error(&entry.path, source))?;
                    hasher.field(mode.to_le_bytes()).field(content.as_bytes())
                }
            };
        }
        Ok(hasher.finish())
    }

    /// Writes the context as a tar archive. The same files give the same bytes.
    ///
    /// # Errors
    /// When a file cannot be read, or the archive cannot be written.
    pub(super) fn write(&self, output: impl Write) -> io::Result<()> {
        let mut archive = tar::Builder::new(output);
        for entry in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_mtime(MODIFIED);
            header.set_uid(0);
            header.set_gid(0);
            header.set_size(0);
            match &entry.kind {
                EntryKind::Folder => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(0o755);
                    archive.append_data(&mut header, format!("{}/", entry.name), io::empty())?;
                }
                EntryKind::Link(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_mode(0o777);
                    archive.append_link(&mut header, &entry.name, target)?;
                }
                EntryKind::File(mode) => {
                    let file = fs::open(&entry.path).map_err(io::Error::other)?;
                    let size = file.metadata()?.len();
                    header.set_entry_type(tar::EntryType::Regular);
                    header.set_mode(*mode);
                    header.set_size(size);
                    // A file that grows meanwhile must not break the archive; one that shrinks does.
                    let file = Exactly { file: file.take(size), name: &entry.name, left: size };
                    archive.append_data(&mut header, &entry.name, file)?;
                }
            }
        }
        archive.into_inner()?.flush()
    }
}

/// Reads a file that must have as many bytes as was said.
struct Exactly<'a, R> {
    file: R,
    name: &'a str,
    left: u64,
}

impl<R: Read> Read for Exactly<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left -= read as u64;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            let message = format!("`{}` became shorter while it was read", self.name);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        Ok(read)
    }
}

struct Walk {
    ignored: Ignored,
    /// The Dockerfile: a builder needs it whatever is ignored.
    always: String,
    entries: Vec<Entry>,
}

impl Walk {
    /// Lists one folder, whose name in the context is `prefix`.
    fn enter(&mut self, folder: &Path, prefix: &str) -> Result<(), ImageError> {
        for path in fs::list(folder)? {
            let Some(own) = path.file_name().and_then(|name| name.to_str()) else {
                return Err(ImageError::OddName { path });
            };
            let name = if prefix.is_empty() { own.to_owned() } else { format!("{prefix}/{own}") };
            // What Phalanx keeps for itself changes with every run.
            if name == ".phalanx" {
                continue;
            }
            let excluded = self.ignored.excludes(&name) && name != self.always;
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_dir() {
                let way_to_dockerfile = self.always.starts_with(&format!("{name}/"));
                if excluded && !way_to_dockerfile && !self.ignored.may_keep_below(&name) {
                    continue;
                }
                let place = self.entries.len();
                self.enter(&path, &name)?;
                // A folder that is left out comes along only for what is in it.
                if !excluded || self.entries.len() > place {
                    self.entries.insert(place, Entry { name, path, kind: EntryKind::Folder });
                }
                continue;
            }
            let kind = if metadata.is_symlink() {
                EntryKind::Link(fs::read_link(&path)?)
            } else if metadata.is_file() {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                EntryKind::File(if executable { 0o755 } else { 0o644 })
            } else {
                // Sockets and pipes mean nothing elsewhere; Docker leaves them out too.
                continue;
            };
            if !excluded {
                self.entries.push(Entry { name, path, kind });
            }
        }
        Ok(())
    }
}

/// The ignore file `name`, when it is there.
fn read_ignored(root: &Path, name: &str) -> Result<Option<Ignored>, ImageError> {
    let Some(bytes) = fs::read_if_present(&root.join(name))? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    Ignored::parse(&text).map(Some).map_err(|bad| ImageError::BadIgnore {
        file: name.to_owned(),
        line: bad.line,
        pattern: bad.pattern,
        reason: bad.reason,
    })
}

/// The path as walking would name it.
fn clean(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn path_bytes(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes()
}

fn read_error(path: &Path, source: io::Error) -> fs::FsError {
    fs::FsError { action: "read", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> ImageRequest {
        ImageRequest {
            context: ".".into(),
            dockerfile: "Dockerfile".into(),
            args: vec![("B".into(), "2".into()), ("A".into(), "1".into())],
            tag: "x:y".into(),
            platform: None,
            target: None,
            labels: Vec::new(),
            cache_from: Vec::new(),
        }
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(&folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn names(context: &Context) -> Vec<&str> {
        context.entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn the_dockerfile_goes_whatever_is_ignored() {
        let folder = folder(&[
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "*\n!out/app"),
            ("out/app", "binary"),
            ("out/app.d", "deps"),
            ("src/main.rs", "fn main() {}"),
            (".phalanx/template.json", "{}"),
        ]);
        let context = Context::read(folder.path(), &request()).unwrap();
        assert_eq!(names(&context), ["Dockerfile", "out", "out/app"]);
    }

    #[test]
    fn a_fingerprint_is_of_what_the_image_is_made_of() {
        let files = [("Dockerfile", "FROM scratch\nCOPY a /a"), ("a", "1")];
        let (one, two) = (folder(&files), folder(&files));
        let of_folder = |folder: &tempfile::TempDir, request: &ImageRequest| {
            let context = Context::read(folder.path(), request).unwrap();
            context.fingerprint(request).unwrap().to_string()
        };
        let of = |request: &ImageRequest| of_folder(&one, request);
        let first = request();
        let same = ImageRequest { tag: "other:name".into(), ..request() };
        assert_eq!(
            of(&first),
            of_folder(&two, &same),
            "neither the folder nor the local name counts"
        );
        let mut turned = first.clone();
        turned.args.reverse();
        assert_eq!(of(&first), of(&turned), "the order of arguments does not count");
        let others = [
            ImageRequest { args: Vec::new(), ..first.clone() },
            ImageRequest { labels: vec![("B".into(), "2".into())], ..first.clone() },
            ImageRequest { target: Some("x".into()), ..first.clone() },
            ImageRequest { platform: Some("x".into()), ..first.clone() },
        ];
        for other in &others {
            assert_ne!(of(&first), of(other), "{other:?}");
        }
        fs::write(&two.path().join("a"), "2").unwrap();
        assert_ne!(of(&first), of_folder(&two, &same), "the content counts");
    }

    #[test]
    fn the_archive_is_the_same_wherever_and_whenever_it_is_made() {
        let long = "deep/".repeat(30) + "file";
        let files = [("Dockerfile", "FROM scratch"), (long.as_str(), "x")];
        let archive = |folder: &Path| {
            fs::symlink(Path::new("Dockerfile"), &folder.join("link")).unwrap();
            let mut bytes = Vec::new();
            Context::read(folder, &request()).unwrap().write(&mut bytes).unwrap();
            bytes
        };
        let (one, two) = (folder(&files), folder(&files));
        let bytes = archive(one.path());
        assert_eq!(bytes, archive(two.path()));
        let mut read = tar::Archive::new(&bytes[..]);
        let entries: Vec<_> = read.entries().unwrap().map(Result::unwrap).collect();
        let name = |entry: &tar::Entry<_>| entry.path().unwrap().to_str().unwrap().to_owned();
        assert!(entries.iter().any(|entry| name(entry) == long));
        let link = entries.iter().find(|entry| name(entry) == "link").unwrap();
        assert_eq!(link.link_name().unwrap().unwrap().to_str(), Some("Dockerfile"));
    }

    #[test]
    fn bad_contexts_are_told() {
        let folder = folder(&[("Dockerfil", ""), ("d/Dockerfile", ""), ("d/.dockerignore", "[a")]);
        let read = |change: fn(&mut ImageRequest)| {
            let mut request = request();
            change(&mut request);
            Context::read(folder.path(), &request).unwrap_err().to_string()
        };
        insta::assert_snapshot!(read(|_| {}), @"there is no `Dockerfile` in the build context `.`");
        insta::assert_snapshot!(read(|request| request.context = "x".into()), @"the build context `x` is no folder of the service");
        insta::assert_snapshot!(read(|request| request.context = "d".into()), @"line 1 of `.dockerignore` is no pattern: `[a`: unclosed character class; missing ']'");
        assert!(read(|request| request.context = "..".into()).contains("leaves"));
    }
}
