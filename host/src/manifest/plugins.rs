//! Rules for plugins: sources, versions and grants.

use super::Source;
use super::names;
use super::policy;
use super::problem::{Complaint, complaint, did_you_mean};
use super::shape::{Text, Verdict};

/// `builtin:NAME`, `file:PATH`, `oci://REGISTRY/PATH` or `NAMESPACE:NAME`.
pub(super) const SOURCE: Text = Text {
    what: "a source such as `builtin:stack-tags`",
    pattern: Some("^[a-z][a-z0-9-]*:."),
    check: |text| parse_source(text).map(|_| ()),
};

/// A semver requirement.
pub(super) const VERSION: Text = Text {
    what: "a version requirement such as `^1.2`",
    pattern: Some(r"\S"),
    check: |text| match semver::VersionReq::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(complaint(
            format!("`{text}` is not a version requirement: {error}"),
            "such as `^1.2`, `~1.2.3`, `=1.2.3` or `>=1.2, <2`",
        )),
    },
};

/// A file of the service, or an address whose content is pinned.
pub(super) const POLICY: Text = Text {
    what: "a policy: a path inside the service's folder, or `https://…@sha256:…`",
    pattern: None,
    check: |text| match text.split_once("://") {
        None => (names::PATH.check)(text),
        Some((scheme, rest)) => {
            let hint = "such as `https://example.com/phalanx-policy.toml@sha256:…`: `sha256sum` gives the digest";
            if !matches!(scheme, "https" | "http") {
                return Err(complaint(format!("`{text}` is no address of a policy"), hint));
            }
            let digest = rest.rsplit_once('@').map(|(_, digest)| digest).unwrap_or_default();
            (policy::DIGEST.check)(digest).map_err(|_| {
                complaint(format!("`{text}` does not say which content it must have"), hint)
            })
        }
    },
};

/// `host` or `host:port`.
pub(super) const NETWORK: Text = Text {
    what: "a host such as `api.example.com:443`",
    pattern: Some(r"^(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?$"),
    check: network,
};

/// Template pointers and context keys of other plugins.
pub(super) const OVERRIDE: Text = Text {
    what: "a template pointer such as `/Resources/*/Properties/Tags`, or a context key",
    pattern: Some(r"^\S+$"),
    check: |text| {
        if !text.is_empty() && !text.contains(char::is_whitespace) {
            return Ok(());
        }
        Err(complaint(
            format!("`{text}` is neither a template pointer nor a context key"),
            "such as `/Resources/*/Properties/Tags` or `image.reference`",
        ))
    },
};

impl Source {
    /// Reads a source as a manifest has it; none when it names no plugin.
    pub fn parse(text: &str) -> Option<Self> {
        parse_source(text).ok()
    }
}

/// The source that a text names.
pub(super) fn parse_source(text: &str) -> Result<Source, Complaint> {
    const FORMS: &str =
        "write `builtin:NAME`, `file:PATH`, `oci://REGISTRY/PATH` or `NAMESPACE:NAME`";
    if let Some(reference) = text.strip_prefix("oci://") {
        check_reference(reference)
            .map_err(|why| complaint(format!("`{text}` is not an OCI reference: {why}"), OCI))?;
        return Ok(Source::Oci(reference.to_owned()));
    }
    match text.split_once(':') {
        Some(("builtin", name)) => {
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(good) {
                let hint = "such as `builtin:stack-tags`";
                return Err(complaint(
                    format!("`{name}` is not the name of a built-in plugin"),
                    hint,
                ));
            }
            Ok(Source::Builtin(name.to_owned()))
        }
        Some(("file", path)) => {
            if path.trim().is_empty() || path.starts_with("//") || path.contains('\0') {
                let hint = "such as `file:plugins/mine.wasm`, relative to the service's folder";
                return Err(complaint(format!("`{}` names no file", text.escape_debug()), hint));
            }
            Ok(Source::File(path.to_owned()))
        }
        Some((scheme, name)) => {
            let hint = did_you_mean(scheme, ["builtin", "file", "oci"]);
            if hint.is_none() && is_label(scheme) && is_label(name) {
                return Ok(Source::Package(text.to_owned()));
            }
            Err(complaint(format!("`{scheme}` is not a kind of plugin source"), FORMS)
                .hint(hint.map(|hint| format!("{hint} {FORMS}"))))
        }
        None => {
            let form =
                if text.ends_with(".wasm") || text.contains('/') { "file" } else { "builtin" };
            let hint = format!("{FORMS}: perhaps `{form}:{text}`");
            Err(complaint(format!("`{text}` is not a plugin source"), hint))
        }
    }
}

/// A name as WIT packages have them: words of lower-case letters and digits, with `-` between them.
pub(super) fn is_label(text: &str) -> bool {
    let word = |word: &str| {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.bytes().all(good)
    };
    text.split('-').all(word)
}

const OCI: &str =
    "such as `oci://registry.example.com/team/plugin`, with `:TAG` or `@sha256:DIGEST` if need be";

fn check_reference(reference: &str) -> Result<(), &'static str> {
    let (registry, rest) = reference.split_once('/').ok_or("it needs a registry and a path")?;
    let host = registry.split(':').next().unwrap_or_default();
    let port = registry.strip_prefix(host).unwrap_or_default().strip_prefix(':');
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    {
        return Err("its registry is not a host");
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("its port is not a number");
    }
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (rest, None),
    };
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").ok_or("its digest must begin with `sha256:`")?;
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("its digest must have 64 lower-case hex digits");
        }
    }
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if !path.split('/').all(|part| !part.is_empty() && part.bytes().all(plain)) {
        return Err("its path must be lower-case letters, digits, `.`, `_`, `-` and `/`");
    }
    let word = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if tag.is_some_and(|tag| tag.is_empty() || tag.len() > 128 || !tag.bytes().all(word)) {
        return Err("its tag is not one");
    }
    Ok(())
}

/// A reference that fixes its version itself, by tag or digest.
pub(super) fn has_tag(reference: &str) -> bool {
    reference.split_once('/').is_some_and(|(_, path)| path.contains([':', '@']))
}

fn network(text: &str) -> Verdict {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let labels = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if labels.split('.').all(label) && good_port {
        return Ok(());
    }
    let hint = if text.contains("://") {
        "leave scheme and path away: `api.example.com`"
    } else {
        "such as `api.example.com`, `localhost:8080` or `*.example.com`"
    };
    Err(complaint(format!("`{text}` is not a host"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_builtin_file_or_oci() {
        let good = [
            "builtin:stack-tags",
            "file:plugin.wasm",
            "file:../shared/p.wasm",
            "file:/abs/p.wasm",
            "oci://registry.example.com/team/p",
            "oci://localhost:5000/p:1.2",
            "acme:stack-tagger",
        ];
        for source in good {
            assert_eq!(parse_source(source).unwrap().to_string(), source);
        }
        for bad in [
            "",
            "stack-tags",
            "p.wasm",
            "builtin:",
            "builtin:A",
            "file:",
            "file://x",
            "http://x/y",
            "oci://",
            "oci://host",
            "oci://host/",
            "oci://host/A",
            "oci://host:x/a",
            "oci:host/a",
            "bultin:a",
            "acme:A",
            "acme:a-",
            "acme:a/b",
            "oci://h/a@sha256:12",
        ] {
            assert!(parse_source(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn network_grants_are_hosts() {
        for good in ["a.example.com", "localhost:8080", "*.example.com:443", "127.0.0.1:1"] {
            assert_eq!(network(good), Ok(()), "{good}");
        }
        for bad in ["", "https://a.com", "a.com/x", "a.com:0", "a.com:99999", "*", "a.*.com", "a b"]
        {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}
