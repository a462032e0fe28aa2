//! Programs that come with the system: a Docker Engine, Podman, and a registry of images.

use crate::run::{Outcome, command, read, root, run_command};

/// Programs of the system that tests and the demo start, with the Debian packages that have them.
const SYSTEM: [(&str, &str); 3] =
    [("dockerd", "docker.io"), ("docker-registry", "docker-registry"), ("podman", "podman")];

/// Installs a Docker Engine, Podman and a registry where that is possible: as root on Debian and its like. The
/// tests start their own of each. Elsewhere it says what is missing, which is an error in CI.
pub(crate) fn docker() -> Outcome {
    let missing = || SYSTEM.into_iter().filter(|(program, _)| !on_path(program));
    let packages: Vec<_> = missing().map(|(_, package)| package).collect();
    if !packages.is_empty() && on_path("apt-get") && is_root() {
        install_packages(&packages)?;
    }
    let programs: Vec<_> = missing().map(|(program, _)| format!("`{program}`")).collect();
    if programs.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} not on the path: install {} (this command does that as root on Debian)",
        programs.join(" and "),
        packages.join(" and "),
    );
    if std::env::var_os("CI").is_some() {
        return Err(message);
    }
    eprintln!("\n*** {message}; what needs it is not tested ***\n");
    Ok(())
}

/// Installs packages of the system. Whether their own daemons run is left to the machine.
fn install_packages(packages: &[&str]) -> Outcome {
    let known = |package: &&str| read(&root(), &["apt-cache", "show", package]).is_some();
    let apt = |words: &[&str]| {
        run_command(command(&root(), words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    if !packages.iter().all(known) {
        apt(&["apt-get", "update"])?;
    }
    let install = ["apt-get", "install", "-y", "--no-install-recommends"];
    let all = [&install[..], packages].concat();
    // Lists that are there may name versions that are not any more.
    apt(&all).or_else(|_| apt(&["apt-get", "update"]).and_then(|()| apt(&all)))
}

/// True for the one who may install packages and start daemons.
pub(crate) fn is_root() -> bool {
    read(&root(), &["id", "-u"]).is_some_and(|id| id.trim() == "0")
}

/// True when this program would be found.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
