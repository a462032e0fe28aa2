//! Registries that want to know who asks: Docker's configuration says it.

use base64::Engine as _;

use super::orders;
use crate::support::{CREDENTIALS, Registry};

#[test]
fn docker_s_logins_are_used() {
    let Some(registry) = Registry::start() else { return };
    let project = orders();
    project.write("plugin.wasm", phalanx::registry::builtin::get("dashboard").unwrap());
    let to = format!("oci://{}/team/dashboard", registry.host);
    let publish = |password: Option<&str>| {
        if let Some(password) = password {
            let auth = format!("{}:{password}", CREDENTIALS.0);
            let auth = base64::prelude::BASE64_STANDARD.encode(auth);
            let config = format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host);
            project.write("docker/config.json", config);
        }
        let words = ["plugin", "publish", "plugin.wasm", &to, "--version", "1.0.0"];
        let run = project.phalanx_with(&words).own_cache();
        run.env("DOCKER_CONFIG", project.root().join("docker"))
    };
    for password in [None, Some("wrong")] {
        let refused = publish(password).exits(1);
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused.error().replace(&registry.host, "REGISTRY"), @"
            error: registry `REGISTRY` does not let us at `REGISTRY/team/dashboard:1.0.0`

            hint: run `docker login REGISTRY` (or `podman login`), with an account that may do this
            hint: many registries answer this for what is not there, too: check the path
            ");
        }
        assert!(!refused.stderr.contains("wrong"), "{}", refused.scene());
    }
    publish(Some(CREDENTIALS.1)).succeeds();
}
