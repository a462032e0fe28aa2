//! What goes into packages, and what must not.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{BOOTSTRAP, entries_of, zips};
use crate::support::{Finished, Project};

/// A service with one Python function whose code is the folder `site`.
fn site(more: &str) -> Project {
    let manifest = format!(
        "[service]\nname = \"site\"\nregion = \"eu-central-1\"\n[functions.web]\ncode = \"site\"\n\
         handler = \"app.handler\"\nruntime = \"python3.13\"\n{more}\n"
    );
    Project::new(&manifest).file("site/app.py", "handler = print\n")
}

/// A service with one function whose code is a program.
fn tool(more: &str) -> Project {
    Project::new(&format!(
        "[service]\nname = \"tools\"\nregion = \"eu-central-1\"\n[functions.tool]\ncode = \"tool\"\n{more}\n"
    ))
}

fn names(project: &Project) -> Vec<String> {
    project.phalanx("package").succeeds();
    let zips = zips(project);
    assert_eq!(zips.len(), 1);
    entries_of(&zips[0].1).into_iter().map(|(name, _)| name).collect()
}

fn refused(project: &Project, code: i32) -> Finished {
    let refused = project.phalanx("package").exits(code);
    assert_eq!(zips(project), [], "{}", refused.scene());
    refused
}

#[test]
fn a_folder_without_what_is_excluded() {
    let project = site("exclude = [\"*.pyc\", \"!keep.pyc\", \"/tests/\"]")
        .file("site/app.pyc", "")
        .file("site/lib/keep.pyc", "")
        .file("site/lib/one.py", "")
        .file("site/tests/test.py", "")
        .file("site/lib/tests/stays.py", "")
        .file("site/notes.txt", "")
        .file("site/.git/config", "")
        .file("site/.hidden", "")
        .file("site/.phalanxignore", "notes.txt\n")
        .script("site/run.sh", "#!/bin/sh\n");
    assert_eq!(
        names(&project),
        [".hidden", "app.py", "lib/keep.pyc", "lib/one.py", "lib/tests/stays.py", "run.sh"]
    );
    let entries = entries_of(&zips(&project)[0].1);
    let modes: Vec<u32> = entries.into_iter().map(|(_, mode)| mode).collect();
    assert_eq!(modes, [0o644, 0o644, 0o644, 0o644, 0o644, 0o755]);
}

#[test]
fn a_file_becomes_bootstrap() {
    let project = tool("").script("tool", BOOTSTRAP);
    project.phalanx("package").succeeds();
    assert_eq!(entries_of(&zips(&project)[0].1), [("bootstrap".to_owned(), 0o755)]);
}

#[test]
fn links_within_the_folder_are_followed_and_others_refused() {
    let project = site("").file("site/lib/one.txt", "one");
    let link = project.root().join("site/link");
    let point = |target: &str| {
        let _ = std::fs::remove_file(&link);
        symlink(target, &link).unwrap();
    };
    point("lib");
    assert_eq!(names(&project), ["app.py", "lib/one.txt", "link/one.txt"]);
    point("lib/one.txt");
    std::fs::remove_dir_all(project.root().join(".phalanx")).unwrap();
    assert_eq!(names(&project), ["app.py", "lib/one.txt", "link"]);
    std::fs::remove_dir_all(project.root().join(".phalanx")).unwrap();

    point("/etc/passwd");
    insta::assert_snapshot!(refused(&project, 2).error(), @r"
    error: `link` in the code of function `web` is a link to `/etc/passwd`, outside that folder

    hint: copy what it links to into the folder, or add it to `functions.web.exclude`
    ");
    point("../phalanx.toml");
    assert!(refused(&project, 2).error().contains("outside that folder"));
    point("nowhere");
    insta::assert_snapshot!(refused(&project, 2).error(), @r"
    error: `link` in the code of function `web` is a broken link to `nowhere`

    hint: remove it, or add it to `functions.web.exclude`
    ");
    point(".");
    insta::assert_snapshot!(refused(&project, 2).error(), @r"
    error: `link` in the code of function `web` is a link to `.`, which holds it

    hint: add it to `functions.web.exclude`
    ");
}

#[test]
fn functions_that_share_code_share_a_package() {
    let function = |name: &str, code: &str| {
        format!(
            "[functions.{name}]\ncode = \"{code}\"\nhandler = \"app.{name}\"\nruntime = \"python3.13\"\n"
        )
    };
    let manifest = "[service]\nname = \"shared\"\nregion = \"eu-central-1\"\n".to_owned()
        + &function("one", "site")
        + &function("two", "site")
        // The same content in another folder is the same package too.
        + &function("three", "copy")
        + &function("other", "other");
    let project = Project::new(&manifest)
        .file("site/app.py", "one = two = three = print\n")
        .file("copy/app.py", "one = two = three = print\n")
        .file("other/app.py", "other = print\n");
    let result = project.phalanx("package --output json").succeeds().json();
    let functions: Vec<_> = result["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["functions"].clone())
        .collect();
    assert_eq!(functions, [json!(["one", "two", "three"]), json!(["other"])]);
    assert_eq!(zips(&project).len(), 2);
    let template = project.template();
    let code = |id: &str| template["Resources"][id]["Properties"]["Code"].clone();
    assert_eq!(code("One"), code("Two"));
    assert_eq!(code("One"), code("Three"));
    assert_ne!(code("One"), code("Other"));
    project.phalanx("deploy --local").succeeds().says("2 stored, 0 already there");
    project.phalanx("deploy --local").succeeds().says("0 stored, 2 already there");
}

#[test]
fn a_ready_made_archive_stays_as_it_is() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("app.py", options).unwrap();
    writer.write_all(b"def handler(event, context):\n    return 'from the archive'\n").unwrap();
    let archive = writer.finish().unwrap().into_inner();
    let project = site("").file("site.zip", &archive);
    super::change(&project, "code = \"site\"", "code = \"site.zip\"");
    project.phalanx("package").succeeds();
    assert_eq!(zips(&project)[0].1, archive);

    std::fs::remove_dir_all(project.root().join(".phalanx")).unwrap();
    project.write("site.zip", "no archive");
    insta::assert_snapshot!(refused(&project, 2).error(), @r"
    error: the code of function `web` is not a zip archive: `site.zip`

    hint: `.zip` and `.jar` files are taken as ready-made packages: name a zip archive, or a file or folder of another name, in `functions.web.code`
    ");
}

/// The first bytes of a Linux program for a processor.
fn elf(machine: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend(2_u16.to_le_bytes());
    header.extend(machine.to_le_bytes());
    header.resize(64, 0);
    header
}

#[test]
fn a_program_for_another_machine_is_refused() {
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    let project = tool("").file("tool", elf(AARCH64));
    insta::assert_snapshot!(refused(&project, 2).error(), @r#"
    error: `bootstrap` of function `tool` is built for arm64, and the function runs on x86_64

    hint: build it for `x86_64-unknown-linux-musl`, or set `architecture = "arm64"` in `[functions.tool]`
    "#);
    project.write("tool", elf(X86_64));
    project.phalanx("package").succeeds();
    let arm = tool("architecture = \"arm64\"").file("tool", elf(AARCH64));
    arm.phalanx("package").succeeds();
    let mac = tool("").file("tool", b"\xcf\xfa\xed\xfe\x07\0\0\x01 and so on");
    insta::assert_snapshot!(refused(&mac, 2).error(), @r"
    error: `bootstrap` of function `tool` is built for macOS, and Lambda runs Linux programs

    hint: build it for Linux, with cargo by `--target x86_64-unknown-linux-musl`
    ");
}

#[test]
fn what_lambda_does_not_take_is_refused_with_the_largest_files() {
    let project = site("").file("site/small.txt", "small");
    for (name, mebibytes) in [("big.bin", 200), ("lib/bigger.bin", 60)] {
        project.write(&format!("site/{name}"), "");
        // Sparse: it takes no room on the disk.
        let file =
            File::options().write(true).open(project.root().join("site").join(name)).unwrap();
        file.set_len(mebibytes << 20).unwrap();
    }
    insta::assert_snapshot!(refused(&project, 2).error(), @r"
    error: the package of function `web` is too large: 260.0 MiB of at most 250.0 MiB unpacked
     200.0 MiB  big.bin
      60.0 MiB  lib/bigger.bin
          16 B  app.py
           5 B  small.txt

    hint: leave out what the function does not need by `functions.web.exclude`, strip debug information, or move files to a layer
    ");
}

#[test]
fn code_that_is_not_there_empty_or_outside() {
    let missing = Project::new(&site("").read("phalanx.toml")).file("sites/app.py", "");
    insta::assert_snapshot!(refused(&missing, 1).error(), @r"
    error: the code of function `web` is not there: `site`

    hint: did you mean `sites`? change `functions.web.code`
    ");
    let empty = site("exclude = [\"*\"]");
    insta::assert_snapshot!(refused(&empty, 2).error(), @r"
    error: the package of function `web` is empty: nothing to package in `site`

    hint: check `functions.web.code` and `functions.web.exclude`
    ");
    let outside = site("");
    std::fs::rename(outside.root().join("site"), outside.root().join("../away")).unwrap();
    symlink("../away", outside.root().join("site")).unwrap();
    let away = outside.root().parent().unwrap().join("away").display().to_string();
    insta::assert_snapshot!(refused(&outside, 2).error().replace(&away, "[AWAY]"), @r#"
    error: cannot use the code of function `web`
      caused by: `site` leads through a symbolic link to `[OUTSIDE]/away`, outside the folder `[SERVICE]`

    hint: name a path inside the service's folder, with `/` between its parts
    "#);
}
