//! What keeps an image from being built or pushed is told before anything on AWS is changed.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::images::orders;
use crate::support::{Account, Answer, Engine, Project, Scripted, change};

/// The calls that change nothing.
const LOOKS: [&str; 3] = ["GetCallerIdentity", "DescribeStacks", "ListStacks"];

/// Deploys and gives the error. Nothing may have been changed, and nothing built.
fn refused(engine: &Engine, account: &Account, change: impl FnOnce(&Project)) -> String {
    let (server, project) = (Scripted::before(account), orders(account));
    change(&project);
    let [(name, host)] = engine.environment();
    let run = server.phalanx(&project, "deploy").env(name, host).finish();
    assert!(matches!(run.code, Some(1..=3)), "{}", run.scene());
    for call in server.operations() {
        assert!(LOOKS.contains(&call.as_str()), "{call}\n{}", run.scene());
    }
    assert!(!run.stderr.contains("Step 1"), "{}", run.scene());
    run.error().replace(&account.id, "[ACCOUNT]")
}

#[test]
fn what_is_wrong_is_told_before_anything_is_built() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::new() else { return };
    let repository = format!("team/o{}", account.id);
    let told = |change: &dyn Fn(&Project)| refused(&engine, &account, change);

    insta::assert_snapshot!(told(&|project| std::fs::rename(project.root().join("Dockerfile"), project.root().join("Dockerfil")).unwrap()), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: there is no `Dockerfile` in the build context `.`

    hint: did you mean `Dockerfil`?
    ");
    insta::assert_snapshot!(told(&|project| change(project, &repository, "Team/Orders")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: `Team/Orders` is no name of an ECR repository: `T` is not allowed: lower-case letters, digits, `.`, `_`, `-` and `/`

    hint: for example `team/orders`
    ");
    insta::assert_snapshot!(told(&|project| change(project, "\" }\n", "\", platform = \"amd64\" }\n")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: `amd64` is no platform

    hint: write `linux/amd64` or `linux/arm64`
    ");
    insta::assert_snapshot!(told(&|project| change(project, "\" }\n", "\", context = \"..\" }\n")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: `..` leaves the folder `[SERVICE]`

    hint: name a path inside the service's folder, with `/` between its parts
    ");
    insta::assert_snapshot!(told(&|project| change(project, "\" }\n", "\", context = \"app/bootstrap\" }\n")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: the build context `app/bootstrap` is no folder of the service

    hint: name a folder inside the service's folder, `.` for all of it
    ");
    insta::assert_snapshot!(told(&|project| change(project, "\" }\n", "\", tag = \"latest\" }\n")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: `tag` is `latest`, which does not differ from image to image

    hint: put `{fingerprint}` into it once: without it, CloudFormation would not see that the image has changed
    ");
    insta::assert_snapshot!(told(&|project| change(project, "\" }\n", "\", dockrfile = \"x\" }\n")), @"
    error: the configuration of plugin `image` does not fit its schema
      config: Additional properties are not allowed ('dockrfile' was unexpected)

    hint: correct `config` of `[plugins.image]`, at phalanx.toml:13:10
    hint: run `phalanx plugin inspect image` to see the schema
    ");
    insta::assert_snapshot!(told(&|project| project.write(".dockerignore", "a\n[b\n")), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: line 2 of `.dockerignore` is no pattern: `[b`: unclosed character class; missing ']'

    hint: correct the line in `.dockerignore`
    ");
    insta::assert_snapshot!(told(&|project| change(project, "grants = { images = true }\n", "")), @"
    error: plugin `image` 0.1.0 cannot be loaded: it needs a capability that the manifest does not grant: `images`

    hint: if you trust it with `images`, add `images = true` to `[plugins.image.grants]`
    ");
}

#[test]
fn an_engine_that_cannot_be_used_is_told() {
    let Some(account) = Account::new() else { return };
    let project = orders(&account);
    let told = |host: &str| {
        let run = account.phalanx(&project, "deploy").env("DOCKER_HOST", host).exits(3);
        run.error().to_owned()
    };
    insta::assert_snapshot!(told("unix:///nowhere/docker.sock"), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: no Docker Engine answers at `unix:///nowhere/docker.sock`: No such file or directory (os error 2)

    hint: install and start Docker or Podman, or set `DOCKER_HOST` to where it listens
    ");
    // A socket that nobody listens on any more.
    let socket = project.root().join("docker.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    insta::assert_snapshot!(told(&format!("unix://{}", socket.display())), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: no Docker Engine answers at `unix://[SERVICE]/docker.sock`: Connection refused (os error 111)

    hint: start Docker (or `podman system service`), then run the same command again
    ");
    let wrong = account.phalanx(&project, "deploy").env("DOCKER_HOST", "somewhere").finish();
    insta::assert_snapshot!(wrong.error(), @"
    error: plugin `image` 0.1.0 failed in `pre-build`: `DOCKER_HOST` is `somewhere`, which is no address of a Docker Engine

    hint: set it to `unix://PATH` or `tcp://HOST:PORT`, or unset it
    ");
    // Something that is no engine.
    let server = Scripted::new();
    let host = server.url().replace("http://", "tcp://");
    let text = told(&host).replace(&host, "[HOST]");
    insta::assert_snapshot!(text, @"
    error: plugin `image` 0.1.0 failed in `pre-build`: no Docker Engine answers at `[HOST]`: Docker responded with status code 400: ?

    hint: start Docker (or `podman system service`), then run the same command again
    ");
}

#[test]
fn a_socket_that_belongs_to_others_is_told() {
    let Some(account) = Account::new() else { return };
    let project = orders(&account);
    let socket = project.root().join("docker.sock");
    let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o000)).unwrap();
    let host = format!("unix://{}", socket.display());
    let plain = account.phalanx(&project, "deploy").env("DOCKER_HOST", host).into_command();
    // Even root must do without what lets it pass over permissions.
    let mut run = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        run.arg("--bounding-set=-dac_override,-dac_read_search");
    }
    run.arg(plain.get_program()).args(plain.get_args()).env_clear();
    run.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run.current_dir(project.root()).output().unwrap();
    let said =
        String::from_utf8(output.stderr).unwrap().replace(socket.to_str().unwrap(), "SOCKET");
    assert!(said.contains("you may not use the Docker Engine at `SOCKET`"), "{said}");
    assert!(said.contains("add yourself to the group that owns `SOCKET`"), "{said}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_build_that_fails_is_told_with_its_reason() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let project = orders(&account);
    let told = |dockerfile: &str| {
        project.write("Dockerfile", dockerfile);
        let run = account.phalanx(&project, "deploy").finish();
        let error = run.error().replace(&account.id, "[ACCOUNT]");
        let tag = error.find("orders-dev-").map(|start| error[start..start + 31].to_owned());
        tag.map_or(error.clone(), |tag| error.replace(&tag, "[TAG]"))
    };
    insta::assert_snapshot!(told("FROM scratch\nCOPY missing /\n"), @"
    error: plugin `image` 0.1.0 failed in `post-build`: building image `team/o[ACCOUNT]:[TAG]` failed: COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist

    hint: correct the Dockerfile or what it copies; `docker build` tells the same
    ");
    insta::assert_snapshot!(told("FROM scratch\nCOPPY app /\n"), @"
    error: plugin `image` 0.1.0 failed in `post-build`: building image `team/o[ACCOUNT]:[TAG]` failed: dockerfile parse error line 2: unknown instruction: COPPY

    hint: correct the Dockerfile or what it copies; `docker build` tells the same
    ");
    insta::assert_snapshot!(told("FROM scratch\nRUN [\"/nothing\"]\n"), @r#"
    error: plugin `image` 0.1.0 failed in `post-build`: building image `team/o[ACCOUNT]:[TAG]` failed: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nothing": stat /nothing: no such file or directory: unknown

    hint: correct the Dockerfile or what it copies; `docker build` tells the same
    "#);
    assert!(told("FROM 127.0.0.1:9/base\n").contains("the base image cannot be fetched"));
}

#[test]
fn who_may_not_use_ecr_is_told_the_permission() {
    let Some(engine) = Engine::start() else { return };
    let Some(account) = Account::with_engine(&engine) else { return };
    let (server, project) = (Scripted::before(&account), orders(&account));
    let [(name, host)] = engine.environment();
    let mut errors = String::new();
    for operation in
        ["DescribeImages", "DescribeRepositories", "CreateRepository", "GetAuthorizationToken"]
    {
        server.forward_all();
        server.script(operation, [Answer::error(400, "AccessDeniedException", "not allowed")]);
        let run = server.phalanx(&project, "deploy").env(name, &host);
        let run = run.env("PHALANX_ECR_REGISTRY", account.registry()).finish();
        errors += &format!("{}\n\n", run.error());
    }
    insta::assert_snapshot!(errors, @"
    error: plugin `image` 0.1.0 failed in `post-build`: AWS refused `ecr:DescribeImages`: not allowed (AccessDeniedException)

    hint: allow the action `ecr:DescribeImages` for the identity that `aws sts get-caller-identity` names

    error: plugin `image` 0.1.0 failed in `post-build`: AWS refused `ecr:DescribeRepositories`: not allowed (AccessDeniedException)

    hint: allow the action `ecr:DescribeRepositories` for the identity that `aws sts get-caller-identity` names

    error: plugin `image` 0.1.0 failed in `post-build`: AWS refused `ecr:CreateRepository`: not allowed (AccessDeniedException)

    hint: allow the action `ecr:CreateRepository` for the identity that `aws sts get-caller-identity` names

    error: plugin `image` 0.1.0 failed in `post-build`: AWS refused `ecr:GetAuthorizationToken`: not allowed (AccessDeniedException)

    hint: allow the action `ecr:GetAuthorizationToken` for the identity that `aws sts get-caller-identity` names
    ");
}
