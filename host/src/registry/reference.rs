//! Names of artifacts in registries.

use std::fmt;

use super::RegistryError;

/// `REGISTRY/PATH`, with a tag or a digest when it fixes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host, with its port if it has one.
    pub registry: String,
    /// Path in the registry.
    pub path: String,
    /// The tag.
    pub tag: Option<String>,
    /// The manifest's digest, `sha256:…`.
    pub digest: Option<String>,
}

impl Reference {
    /// Takes a reference apart; `oci://` before it does no harm.
    ///
    /// # Errors
    /// When it has no registry or no path.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let bad = || RegistryError::BadReference { reference: text.to_owned() };
        let rest = text.strip_prefix("oci://").unwrap_or(text);
        let (registry, rest) = rest.split_once('/').ok_or_else(bad)?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (rest, None),
        };
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag.to_owned())),
            None => (rest, None),
        };
        let is_word = |part: &str| {
            let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
            !part.is_empty() && part.bytes().all(good)
        };
        if registry.is_empty() || !path.split('/').all(is_word) {
            return Err(bad());
        }
        Ok(Self { registry: registry.to_owned(), path: path.to_owned(), tag, digest })
    }

    /// The same artifact's other version: with this tag instead.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), digest: None, ..self.clone() }
    }

    /// The manifest with this digest, in the same place.
    #[must_use]
    pub fn with_digest(&self, digest: &str) -> Self {
        Self { tag: None, digest: Some(digest.to_owned()), ..self.clone() }
    }

    /// True for a registry on this machine, which speaks plain HTTP, as Docker has it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.registry)
    }

    /// `REGISTRY/PATH` alone.
    pub fn place(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }
}

/// Whether `host` or `host:port` is this machine.
pub(super) fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart_and_put_together() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in [
            "registry.example.com/team/p".to_owned(),
            "127.0.0.1:5000/p:1.2.3".to_owned(),
            format!("r.example.com/a/b:1@{digest}"),
        ] {
            assert_eq!(Reference::parse(&format!("oci://{text}")).unwrap().to_string(), text);
        }
        for bad in ["", "host", "host/", "/path", "host/Path", "host/a//b"] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn registries_of_this_machine_are_known() {
        let loopback = |text: &str| Reference::parse(text).unwrap().is_loopback();
        assert!(loopback("localhost/p") && loopback("127.0.0.1:5000/p"));
        assert!(!loopback("localhost.example.com/p") && !loopback("example.com:127/p"));
    }
}
