//! The programs that the registry tests hold phalanx against: who else reads and writes such artifacts and signatures.

use crate::run::{Outcome, command, root, run_command};
use crate::setup::{cargo_tool, install, tool};

/// Signs and verifies; Go's toolchain builds it.
const COSIGN: &str = "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3";
/// Publishes and fetches WebAssembly.
const WKG: &str = "wkg@0.16.1";
/// Reads any artifact.
const ORAS: &str = "oras==0.2.43";

/// Builds or installs them, once.
pub(crate) fn peers() -> Outcome {
    tool("oras", &[ORAS])?;
    install("cosign", &[COSIGN], |folder| {
        let mut go = command(&root(), &["go", "install", "-ldflags=-s -w", COSIGN]);
        go.env("GOBIN", folder.join("bin"));
        run_command(&mut go).map_err(|error| {
            format!("{error}\nhint: install Go 1.26 or newer, then run this again")
        })
    })?;
    cargo_tool("wkg", &[WKG])
}
