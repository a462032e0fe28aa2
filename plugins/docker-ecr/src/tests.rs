use phalanx_plugin::testing::Host;
use phalanx_plugin::{Failure, json};

use super::*;

fn pushed(host: &Host) -> Vec<String> {
    host.images().iter().map(|(repository, tag)| format!("{repository}:{tag}")).collect()
}

#[test]
fn an_image_is_built_once_for_each_content() {
    let mut host = Host::new();
    host.run(DockerEcr::pre_build).unwrap();
    host.run(DockerEcr::post_build).unwrap();
    let [tag] = &pushed(&host)[..] else { panic!("one image") };
    assert!(tag.starts_with("service:service-dev-"), "{tag}");
    let image = host.context()["image"].clone();
    let reference = image["reference"].as_str().unwrap();
    assert!(
        reference.starts_with("123456789012.dkr.ecr.eu-central-1.amazonaws.com/service@sha256:")
    );
    assert_eq!(image["pushed"], true);

    host.run(DockerEcr::post_build).unwrap();
    assert_eq!(host.built().len(), 1, "it is there already");
    assert_eq!(host.context()["image"]["reference"], image["reference"]);
    assert_eq!(host.context()["image"]["pushed"], false);

    let mut host = host.config(json!({ "args": { "VERSION": "2" } }));
    host.run(DockerEcr::post_build).unwrap();
    assert_eq!((host.built().len(), host.images().len()), (2, 2));
}

#[test]
fn a_dry_run_builds_nothing_and_says_what_it_would_be() {
    let mut host = Host::new().dry_run();
    host.run(DockerEcr::post_build).unwrap();
    assert!(host.built().is_empty() && host.images().is_empty());
    let image = &host.context()["image"];
    assert_eq!(image["digest"], json!(null));
    assert!(image["reference"].as_str().unwrap().contains("/service:service-dev-"));
}

#[test]
fn a_rollback_takes_back_what_this_run_pushed() {
    let failed = |host: Host| host.failed("provision", Failure::new("x", "x"));
    let mut host = failed(Host::new());
    host.run(DockerEcr::post_build).unwrap();
    host.run(DockerEcr::rollback).unwrap();
    assert!(host.images().is_empty());

    let mut host = failed(Host::new());
    host.run(DockerEcr::post_build).unwrap();
    host.run(DockerEcr::post_build).unwrap();
    host.run(DockerEcr::rollback).unwrap();
    assert_eq!(host.images().len(), 1, "another run pushed it");
    failed(Host::new()).run(DockerEcr::rollback).unwrap();
}

#[test]
fn a_deletion_removes_the_images_of_the_stage_when_it_is_told_to() {
    let digits = "0123456789abcdef0123";
    let host = || {
        Host::new()
            .image("service", &format!("service-dev-{digits}"))
            .image("service", &format!("service-prod-{digits}"))
            .image("service", "service-dev-by-hand")
    };
    let mut kept = host();
    kept.run(DockerEcr::post_delete).unwrap();
    assert_eq!(kept.images().len(), 3);
    let mut removed = host().config(json!({ "remove-images": true }));
    removed.run(DockerEcr::post_delete).unwrap();
    assert_eq!(
        pushed(&removed),
        ["service:service-dev-by-hand".to_owned(), format!("service:service-prod-{digits}")]
    );
}

#[test]
fn a_tag_that_could_not_change_is_refused() {
    let mut host = Host::new().config(json!({ "tag": "latest" }));
    let failure = host.run(DockerEcr::pre_build).unwrap_err();
    assert_eq!(failure.message(), "`tag` is `latest`, which does not differ from image to image");
    let mut host = Host::new().config(json!({ "tag": "{version}-{fingerprint}" }));
    let failure = host.run(DockerEcr::pre_build).unwrap_err();
    assert_eq!(
        failure.message(),
        "`tag` is `{version}-{fingerprint}`, which has a placeholder that is not known"
    );
}

#[test]
fn several_images_have_keys_of_their_own() {
    let mut host = Host::new().config(json!({ "context-key": "web", "repository": "team/web" }));
    host.run(DockerEcr::post_build).unwrap();
    assert_eq!(host.context()["web"]["repository"], "team/web");
}
