//! A disk that does not do what is asked: the message names the path and what is in the way, and when
//! that is gone the next run works.

use super::{QUEUE_URL, orders};
use crate::support::Project;

/// Puts a file in the place of a folder, or a folder in the place of a file, around `look`.
fn obstructed(project: &Project, path: &str, folder: bool, look: impl FnOnce()) {
    let path = project.root().join(path);
    let aside = path.with_extension("aside");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let had = std::fs::rename(&path, &aside).is_ok();
    if folder {
        std::fs::create_dir_all(path.join("deep")).unwrap();
    } else {
        std::fs::write(&path, "in the way").unwrap();
    }
    look();
    if folder {
        std::fs::remove_dir_all(&path).unwrap();
    } else {
        std::fs::remove_file(&path).unwrap();
    }
    if had {
        std::fs::rename(aside, path).unwrap();
    }
}

#[test]
fn a_file_in_the_place_of_a_folder_and_a_folder_in_that_of_a_file() {
    let project = orders();
    obstructed(&project, ".phalanx", false, || {
        let failed = project.phalanx("deploy --local").exits(1);
        insta::assert_snapshot!(failed.error(), @r"
        error: cannot create folder `[SERVICE]/.phalanx/local/locks/eu-central-1/orders-dev`
          caused by: Not a directory (os error 20)

        hint: `[SERVICE]/.phalanx` is no folder: move it away
        ");
    });
    for place in [
        ".phalanx/build",
        ".phalanx/packages",
        ".phalanx/local",
        ".phalanx/local/artifacts",
        ".phalanx/local/stacks",
    ] {
        obstructed(&project, place, false, || {
            let failed = project.phalanx("deploy --local").exits(1);
            let hint = format!("hint: `[SERVICE]/{place}` is no folder: move it away");
            assert!(failed.error().ends_with(&hint), "{}", failed.scene());
        });
    }
    obstructed(&project, ".phalanx/template.json", true, || {
        let failed = project.phalanx("deploy --local").exits(1);
        insta::assert_snapshot!(failed.error(), @r"
        error: cannot read `[SERVICE]/.phalanx/template.json`
          caused by: Is a directory (os error 21)

        hint: `[SERVICE]/.phalanx/template.json` is a folder: move it away
        ");
    });
    let created = project.phalanx("deploy --local").succeeds();
    assert!(created.stdout.starts_with("created"), "{}", created.scene());
    assert!(created.stdout.contains(QUEUE_URL));
}

#[test]
fn damaged_files_are_told_or_made_anew() {
    let project = orders();
    project.phalanx("deploy --local").succeeds();
    let stack = ".phalanx/local/stacks/eu-central-1/orders-dev";

    // What can be made again is made again.
    for (path, _) in super::tree(&project, ".phalanx") {
        if path.starts_with("build/") || path.starts_with("packages/") || path == "template.json" {
            project.write(&format!(".phalanx/{path}"), "dirt");
        }
    }
    let again = project.phalanx("deploy --local").succeeds();
    assert!(again.stdout.starts_with("no changes"), "{}", again.scene());

    // A package that was damaged in the cloud is noticed, and the next deployment stores it again.
    for (path, _) in super::tree(&project, ".phalanx/local/artifacts") {
        project.write(&format!(".phalanx/local/artifacts/{path}"), "dirt");
    }
    let damaged = project.phalanx("invoke hello --local").exits(1);
    assert!(damaged.error().contains("was damaged and has been removed"), "{}", damaged.scene());
    assert!(damaged.error().ends_with("hint: run `phalanx deploy --local`"), "{}", damaged.scene());
    project.phalanx("deploy --local").succeeds().says("1 stored, 0 already there");
    project.phalanx("invoke hello --local").succeeds();

    // What a stack is cannot be guessed.
    let pointer = format!("{stack}/current.json");
    let sound = project.read(&pointer);
    project.write(&pointer, "dirt");
    let failed = project.phalanx("deploy --local").exits(1);
    insta::assert_snapshot!(failed.error(), @r"
    error: cannot understand `[SERVICE]/.phalanx/local/stacks/eu-central-1/orders-dev/current.json`
      caused by: expected value at line 1 column 1

    hint: it was changed by hand: restore it, or remove `[SERVICE]/.phalanx/local/stacks/eu-central-1/orders-dev/current.json`
    ");
    project.write(&pointer, sound);
    std::fs::remove_file(project.root().join(format!("{stack}/000001.json"))).unwrap();
    let failed = project.phalanx("status --local").exits(1);
    insta::assert_snapshot!(failed.error(), @r"
    error: `[SERVICE]/.phalanx/local/stacks/eu-central-1/orders-dev/000001.json` is gone, which tells how stack `orders-dev` stands

    hint: it was removed by hand: restore it, or remove the folder `[SERVICE]/.phalanx/local/stacks/eu-central-1/orders-dev` to start the stack anew
    ");
    std::fs::remove_dir_all(project.root().join(stack)).unwrap();
    project.phalanx("deploy --local").succeeds();
}
