//! Compiled code is executable code: what is not exactly what this user's Phalanx wrote never runs.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::{Finished, Project, guests};

/// The compiled plugins in a project's own cache.
pub(super) fn entries(project: &Project) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(project.home()).sort_by_file_name().into_iter().flatten();
    let files = files.map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm")).collect()
}

/// A service whose plugin is compiled and cached.
fn compiled() -> (Project, PathBuf) {
    let project = Project::new(super::GOOD).file("recorder.wasm", guests::component("recorder"));
    project.phalanx("package").own_cache().succeeds();
    let mut entries = entries(&project);
    assert_eq!(entries.len(), 1);
    let entry = entries.remove(0);
    (project, entry)
}

/// Runs, which must compile again with a warning and mend the entry; then once more in silence.
fn recompiles(project: &Project, entry: &Path, good: &[u8]) -> String {
    let run =
        project.phalanx("package").own_cache().succeeds().says("recorder ran template-decorate");
    let mended = fs::read(entry).unwrap();
    assert!(mended == good, "the entry was not written anew\n{}", run.scene());
    assert!(fs::symlink_metadata(entry).unwrap().is_file());
    let next = project.phalanx("package").own_cache().succeeds();
    assert!(!next.stderr.contains("warning"), "{}", next.scene());
    warning(&run, entry)
}

/// The warning with its hint, the entry's name replaced.
fn warning(run: &Finished, entry: &Path) -> String {
    let lines: Vec<_> =
        run.stderr.lines().skip_while(|line| !line.starts_with("warning:")).take(2).collect();
    let folder = entry.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let name = entry.file_name().unwrap().to_string_lossy().into_owned();
    lines.join("\n").replace(&folder, "[ENGINE]").replace(&name, "[COMPONENT].cwasm")
}

#[test]
fn an_entry_with_a_flipped_bit_is_compiled_again() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    for path in [&entry, &entry.with_extension("seal")] {
        for position in [0, 3, 7] {
            let mut bad = fs::read(path).unwrap();
            // From the first byte to the last.
            let position = (bad.len() - 1) * position / 7;
            bad[position] ^= 1;
            fs::write(path, bad).unwrap();
            insta::allow_duplicates! {
                insta::assert_snapshot!(recompiles(&project, &entry, &good), @"
warning: the compiled code of plugin `recorder` in the cache was thrown away: its contents are not what Phalanx wrote (`[HOME]/.cache/phalanx/components/[ENGINE]/[COMPONENT].cwasm`)
  hint: it is compiled again; if this happens often, find out who else writes there
");
            }
        }
    }
}

#[test]
fn an_entry_that_was_cut_short_is_compiled_again() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    for path in [&entry, &entry.with_extension("seal")] {
        for length in [0, 7, 40] {
            fs::write(path, &fs::read(path).unwrap()[..length]).unwrap();
            assert!(
                recompiles(&project, &entry, &good)
                    .starts_with("warning: the compiled code of plugin `recorder`")
            );
        }
    }
}

#[test]
fn the_entry_of_another_plugin_is_not_taken() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    let other = Project::new(&super::GOOD.replace("config = { label = \"recorder\" }", ""))
        .file("recorder.wasm", guests::component("writer"));
    // The same cache and the same key, so that only the component differs.
    for name in ["PHALANX_CACHE_DIR", "PHALANX_DATA_DIR"] {
        assert!(std::env::var_os(name).is_none(), "{name} would change what is tested");
    }
    let home = project.home();
    other.phalanx("package").own_cache().env("HOME", &home).succeeds();
    let strange = entries(&project).into_iter().find(|path| *path != entry).unwrap();
    for extension in ["cwasm", "seal"] {
        fs::copy(strange.with_extension(extension), entry.with_extension(extension)).unwrap();
    }
    insta::assert_snapshot!(recompiles(&project, &entry, &good), @"
warning: the compiled code of plugin `recorder` in the cache was thrown away: its contents are not what Phalanx wrote (`[HOME]/.cache/phalanx/components/[ENGINE]/[COMPONENT].cwasm`)
  hint: it is compiled again; if this happens often, find out who else writes there
");
}

#[test]
fn a_link_in_place_of_an_entry_is_not_followed() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    let elsewhere = project.home().join("elsewhere");
    fs::rename(&entry, &elsewhere).unwrap();
    symlink(&elsewhere, &entry).unwrap();
    insta::assert_snapshot!(recompiles(&project, &entry, &good), @"
warning: the compiled code of plugin `recorder` in the cache was thrown away: it is a symbolic link (`[HOME]/.cache/phalanx/components/[ENGINE]/[COMPONENT].cwasm`)
  hint: it is compiled again; if this happens often, find out who else writes there
");
    assert_eq!(fs::read(elsewhere).unwrap(), good);
}

#[test]
fn a_folder_in_place_of_an_entry_is_a_warning() {
    let (project, entry) = compiled();
    fs::remove_file(&entry).unwrap();
    fs::create_dir(&entry).unwrap();
    let run = project.phalanx("package").own_cache().succeeds();
    insta::assert_snapshot!(warning(&run, &entry), @"
warning: the compiled code of plugin `recorder` in the cache was thrown away: it is not a regular file (`[HOME]/.cache/phalanx/components/[ENGINE]/[COMPONENT].cwasm`)
  hint: it is compiled again; if this happens often, find out who else writes there
");
}

#[test]
fn an_entry_that_others_may_write_is_not_trusted() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).unwrap();
    insta::assert_snapshot!(recompiles(&project, &entry, &good), @"
warning: the compiled code of plugin `recorder` in the cache was thrown away: others may write it (`[HOME]/.cache/phalanx/components/[ENGINE]/[COMPONENT].cwasm`)
  hint: it is compiled again; if this happens often, find out who else writes there
");
}

#[test]
fn another_key_makes_all_entries_strange() {
    let (project, entry) = compiled();
    let good = fs::read(&entry).unwrap();
    let keys = walkdir::WalkDir::new(project.home()).into_iter().flatten();
    let key =
        keys.map(walkdir::DirEntry::into_path).find(|path| path.ends_with("component-cache.key"));
    let key = key.unwrap();
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    fs::remove_file(&key).unwrap();
    assert!(
        recompiles(&project, &entry, &good).contains("its contents are not what Phalanx wrote")
    );
}

#[test]
fn the_folders_of_the_cache_are_private_again_after_a_run() {
    let (project, entry) = compiled();
    let folders = [entry.parent().unwrap(), entry.parent().unwrap().parent().unwrap()];
    for folder in folders {
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    project.phalanx("package").own_cache().succeeds();
    for folder in folders {
        assert_eq!(fs::metadata(folder).unwrap().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_cache_that_is_a_link_or_a_file_is_not_used() {
    let (project, entry) = compiled();
    let components = entry.parent().unwrap().parent().unwrap().to_owned();
    let elsewhere = project.home().join("elsewhere");
    fs::rename(&components, &elsewhere).unwrap();
    symlink(&elsewhere, &components).unwrap();
    let run = project.phalanx("package").own_cache().succeeds();
    insta::assert_snapshot!(warning(&run, &entry), @"
warning: compiled plugins are not kept: cannot create private folder `[HOME]/.cache/phalanx/components`: it is a symbolic link
  hint: every run compiles them again until this is mended
");
    fs::remove_file(&components).unwrap();
    fs::write(&components, "").unwrap();
    let run = project.phalanx("package").own_cache().succeeds();
    insta::assert_snapshot!(warning(&run, &entry), @"
warning: compiled plugins are not kept: cannot create private folder `[HOME]/.cache/phalanx/components`: File exists (os error 17)
  hint: every run compiles them again until this is mended
");
}
