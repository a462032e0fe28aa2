//! `gc`: removes what is stored in the cloud and nobody needs any more.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::cloud::archive::{ArtifactUse, Garbage, Kept, Limits, Piece, PieceKind};
use crate::cloud::{ArtifactLocation, Cloud};
use crate::fs;
use crate::hint::BoxError;
use crate::invoke::{self, Unpacked};
use crate::manifest::Service;
use crate::registry::{Blob, LockFile, Store};
use crate::text::{count, size};

use super::error::PipelineError;
use super::load::load;
use super::run::{Environment, Request, open_cloud, state_dir};

/// What garbage collection came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Collected {
    /// The cloud: `local` or `aws`.
    pub cloud: &'static str,
    /// True when nothing was removed, only looked for.
    pub dry_run: bool,
    /// What is gone, or in a dry run would be.
    pub removed: Vec<Piece>,
    /// Bytes of it.
    pub bytes: u64,
    /// Unused too, and left since it is young.
    pub young: Vec<Piece>,
    /// What could not be removed, and why.
    pub failed: Vec<Kept>,
    /// Stacks that may go back to a template that is not known: everything that they could need is left.
    pub unsure: Vec<String>,
    /// How many objects are in use.
    pub used: usize,
}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.removed {
            line(f, piece, "")?;
        }
        for piece in &self.young {
            line(f, piece, "  (left: young)")?;
        }
        let verb = if self.dry_run { "would remove" } else { "removed" };
        let what = match self.removed.len() {
            0 => "nothing".to_owned(),
            number => format!("{}, {}", count(number, "object"), size(self.bytes)),
        };
        let mut rest = vec![format!("{} in use", self.used)];
        if !self.young.is_empty() {
            rest.push(format!("{} too young", self.young.len()));
        }
        if !self.failed.is_empty() {
            rest.push(format!("{} not removed", self.failed.len()));
        }
        writeln!(f, "{verb} {what}; {}", rest.join(", "))
    }
}

fn line(f: &mut fmt::Formatter<'_>, piece: &Piece, remark: &str) -> fmt::Result {
    let size = if piece.size == 0 { String::new() } else { format!("  {}", size(piece.size)) };
    writeln!(f, "{:10}  {}{size}{remark}", piece.kind.name(), piece.name)
}

/// Finds garbage, asks, and removes it. `confirm` sees what would be removed.
///
/// # Errors
/// When not everything that could need something can be read: then nothing is removed.
pub async fn gc(
    environment: &Environment,
    request: &Request,
    limits: &Limits,
    confirm: impl AsyncFnOnce(&Collected) -> Result<(), BoxError>,
) -> Result<Collected, BoxError> {
    let mut interrupt = environment.interrupt.clone();
    tokio::select! {
        biased;
        () = interrupt.raised() => Err(PipelineError::Interrupted { at: "gc" }.into()),
        collected = gc_now(environment, request, limits, confirm) => collected,
    }
}

async fn gc_now(
    environment: &Environment,
    request: &Request,
    limits: &Limits,
    confirm: impl AsyncFnOnce(&Collected) -> Result<(), BoxError>,
) -> Result<Collected, BoxError> {
    let service = load(request)?;
    let cloud = open_cloud(environment, request, &service).await?;
    let cache = state_dir(&service).join("invoke");
    let settings = &environment.settings;
    let store = Store::new(&settings.cache_dir, settings.now);
    let mut garbage = cloud.garbage(limits).await?;
    if request.local {
        add_unpacked(&*cloud, &cache, limits, &mut garbage).await?;
    }
    add_blobs(&store, &service, limits, &mut garbage)?;
    for stack in &garbage.unsure {
        environment.reporter.warn(
            format!("stack {stack} may go back to a template that is not recorded: all packages and templates are left"),
            Some("run `phalanx gc` again when the stack is at rest".into()),
        );
    }
    let mut collected = Collected {
        cloud: cloud.name(),
        dry_run: request.dry_run,
        bytes: bytes(&garbage.pieces),
        removed: garbage.pieces,
        young: garbage.young,
        failed: Vec::new(),
        unsure: garbage.unsure,
        used: garbage.used,
    };
    if request.dry_run || collected.removed.is_empty() {
        return Ok(collected);
    }
    confirm(&collected).await?;
    let of = |kind: PieceKind| move |piece: &Piece| piece.kind == kind;
    let (unpacked, rest): (Vec<_>, Vec<_>) =
        collected.removed.into_iter().partition(of(PieceKind::Unpacked));
    let (blobs, stored): (Vec<_>, Vec<_>) = rest.into_iter().partition(of(PieceKind::Blob));
    let discarded = cloud.discard(&stored, limits).await?;
    for blob in &blobs {
        fs::remove_file(Path::new(&blob.id))?;
    }
    if !unpacked.is_empty() {
        invoke::remove_unpacked(&cache, unpacked.iter().map(|piece| Path::new(&piece.id)))?;
    }
    collected.removed = discarded.removed;
    collected.removed.extend(unpacked);
    collected.removed.extend(blobs);
    collected.bytes = bytes(&collected.removed);
    collected.failed = discarded.failed;
    Ok(collected)
}

/// Packages that calls have unpacked, and that are not stored any more or are garbage themselves.
async fn add_unpacked(
    cloud: &dyn Cloud,
    cache: &Path,
    limits: &Limits,
    garbage: &mut Garbage,
) -> Result<(), BoxError> {
    for Unpacked { digest, path, size, since } in invoke::unpacked(cache)? {
        let ArtifactLocation { bucket, key } = cloud.artifact_location(&digest);
        let goes = garbage.pieces.iter().any(|piece| piece.name == key);
        let wanted = ArtifactUse { logical_id: String::new(), bucket, key };
        if !goes && cloud.missing(vec![wanted]).await?.is_empty() {
            continue;
        }
        let (name, id) = (format!("invoke/{digest}"), path.display().to_string());
        let piece = Piece { kind: PieceKind::Unpacked, name, size, id };
        garbage.add(piece, limits.is_old(since, limits.object_age()));
    }
    Ok(())
}

/// What was fetched for plugins, was not used for long, and is not pinned by this service. Of other services'
/// plugins only the time of use tells, and they can be fetched again.
fn add_blobs(
    store: &Store,
    service: &Service,
    limits: &Limits,
    garbage: &mut Garbage,
) -> Result<(), BoxError> {
    let pinned = LockFile::read(&service.root)?.digests();
    for Blob { path, name, size, used } in store.list()? {
        if limits.is_old(used, limits.blob_age()) && !pinned.contains(&name) {
            let (name, id) = (format!("sha256:{name}"), path.display().to_string());
            garbage.pieces.push(Piece { kind: PieceKind::Blob, name, size, id });
        }
    }
    Ok(())
}

fn bytes(pieces: &[Piece]) -> u64 {
    pieces.iter().map(|piece| piece.size).sum()
}
