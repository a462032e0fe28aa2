//! What policies let plugins be and do. Every policy in force must agree: there is no way to say more in one than
//! another allows.

use std::path::Path;

use super::{LockedGrants, Proof, PublicKey, RegistryError};
use crate::fs::{self, FsError};
use crate::hint::{Explain, Kind, in_one_line};
use crate::manifest::{Grants, Policy, SourceRule};
use crate::text::safe_line;

/// The policies in force. None of them: everything is allowed.
#[derive(Default)]
pub struct Trust(Vec<Enacted>);

/// A policy with its keys.
struct Enacted {
    policy: Policy,
    /// For each rule for sources.
    signers: Vec<Vec<PublicKey>>,
}

/// Keys of which one must have signed a plugin.
pub struct Signers<'a> {
    /// Who wants it: the manifest's key, or a policy.
    pub wanted_by: String,
    /// The keys.
    pub keys: Vec<&'a PublicKey>,
}

impl Signers<'_> {
    /// The first of these signatures that one of the keys made of the manifest with this digest, with the key's
    /// fingerprint.
    pub fn find<'p>(&self, proofs: &'p [Proof], manifest: &str) -> Option<(&'p Proof, String)> {
        proofs.iter().find_map(|proof| {
            let key = self.keys.iter().find(|key| proof.shows(key, manifest))?;
            Some((proof, key.fingerprint()))
        })
    }

    /// The keys' fingerprints, for messages.
    pub fn fingerprints(&self) -> String {
        self.keys.iter().map(|key| key.fingerprint()).collect::<Vec<_>>().join(" or ")
    }
}

/// A plugin that policies judge.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// Its name in the manifest.
    pub plugin: &'a str,
    /// Where it comes from, without tag and digest.
    pub source: &'a str,
    /// What it is granted.
    pub grants: &'a Grants,
    /// Digests of its component, and of its manifest if it has one, `sha256:…`.
    pub digests: [Option<&'a str>; 2],
}

impl Trust {
    /// True when everything is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a policy in force. Its keys are files in `folder`; a policy from elsewhere has none and holds them itself.
    ///
    /// # Errors
    /// When a key cannot be read, or is none.
    pub fn enact(&mut self, policy: Policy, folder: Option<&Path>) -> Result<(), RegistryError> {
        let key = |text: &String| {
            let bad = |reason: &str| RegistryError::BadKey {
                key: safe_line(text).into_owned(),
                reason: reason.to_owned(),
            };
            if text.contains("-----BEGIN") {
                return PublicKey::parse(&policy.name, text);
            }
            let folder =
                folder.ok_or_else(|| bad("a policy from an address must hold its keys itself"))?;
            let pem = fs::read_to_string(&folder.join(text)).map_err(|error| {
                let reason = in_one_line(&error.source);
                bad(&format!("policy `{}` names it, and it cannot be read: {reason}", policy.name))
            })?;
            PublicKey::parse(text, &pem)
        };
        let keys = |rule: &SourceRule| rule.signers.iter().map(key).collect::<Result<_, _>>();
        let signers = policy.sources.iter().map(keys).collect::<Result<_, _>>()?;
        self.0.push(Enacted { policy, signers });
        Ok(())
    }

    /// Who must have signed a plugin from `source`; each of the results must hold.
    pub fn signers(&self, source: &str) -> Vec<Signers<'_>> {
        let mut all = Vec::new();
        for enacted in &self.0 {
            let keys = enacted.rule(source).map(|at| &enacted.signers[at]);
            if let Some(keys) = keys.filter(|keys| !keys.is_empty()) {
                let wanted_by = format!("policy `{}`", enacted.policy.name);
                all.push(Signers { wanted_by, keys: keys.iter().collect() });
            }
        }
        all
    }

    /// Whether every policy allows a plugin. Its signatures are looked at elsewhere.
    ///
    /// # Errors
    /// What the first one objects to.
    pub fn judge(&self, judged: Judged<'_>) -> Result<(), PolicyError> {
        self.0.iter().try_for_each(|enacted| enacted.judge(judged))
    }
}

impl Enacted {
    /// The first rule about this source.
    fn rule(&self, source: &str) -> Option<usize> {
        self.policy.sources.iter().position(|rule| rule.matches(source))
    }

    fn judge(&self, judged: Judged<'_>) -> Result<(), PolicyError> {
        let (plugin, policy) = (judged.plugin.to_owned(), self.policy.name.clone());
        let rule = self.rule(judged.source).map(|at| &self.policy.sources[at]);
        if rule.is_none() && !self.policy.sources.is_empty() {
            let allowed = self.policy.sources.iter().map(|rule| rule.pattern.clone()).collect();
            let place = judged.source.to_owned();
            return Err(PolicyError::Source { plugin, policy, place, allowed });
        }
        let is_signed = rule.is_some_and(|rule| !rule.signers.is_empty());
        if is_signed && judged.digests[1].is_none() {
            return Err(PolicyError::Unsigned { plugin, policy, place: judged.source.to_owned() });
        }
        let digests = || judged.digests.into_iter().flatten();
        let is_in = |list: &[String]| digests().any(|digest| list.iter().any(|one| one == digest));
        if is_in(&self.policy.deny) {
            return Err(PolicyError::Denied { plugin, policy });
        }
        if self.policy.allow.as_deref().is_some_and(|list| !is_in(list)) {
            let digest = digests().next().unwrap_or_default().to_owned();
            return Err(PolicyError::NotAllowed { plugin, policy, digest });
        }
        let ceiling = rule.and_then(|rule| rule.ceiling.as_ref()).or(self.policy.ceiling.as_ref());
        let beyond = ceiling.map(|ceiling| judged.grants.beyond(ceiling)).unwrap_or_default();
        if beyond != Grants::default() {
            let grants = LockedGrants::from(&beyond).words();
            return Err(PolicyError::Grants { plugin, policy, grants });
        }
        Ok(())
    }
}

/// A policy does not let a plugin be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("the policy that `{named_by}` names cannot be read")]
    Unreadable {
        /// The manifest's key, or the variable.
        named_by: &'static str,
        /// Why not.
        source: FsError,
    },
    /// Its address does not say which content it must have.
    #[error("policy `{}` has no digest", safe_line(policy))]
    Unpinned {
        /// The address.
        policy: String,
    },
    /// It comes from where none may come from.
    #[error("policy `{policy}` does not let plugin `{plugin}` come from `{}`", safe_line(place))]
    Source {
        /// The plugin.
        plugin: String,
        /// The policy's file or address.
        policy: String,
        /// Where the plugin comes from.
        place: String,
        /// Where plugins may come from.
        allowed: Vec<String>,
    },
    /// It must be signed, and nothing from there can be.
    #[error(
        "policy `{policy}` wants plugin `{plugin}` signed, which `{}` cannot be",
        safe_line(place)
    )]
    Unsigned {
        /// The plugin.
        plugin: String,
        /// The policy's file or address.
        policy: String,
        /// Where the plugin comes from.
        place: String,
    },
    /// Its digest is denied.
    #[error("policy `{policy}` denies plugin `{plugin}` by its digest")]
    Denied {
        /// The plugin.
        plugin: String,
        /// The policy's file or address.
        policy: String,
    },
    /// Its digest is not among those that are allowed.
    #[error("policy `{policy}` does not list plugin `{plugin}`, which is {digest}")]
    NotAllowed {
        /// The plugin.
        plugin: String,
        /// The policy's file or address.
        policy: String,
        /// The component's digest.
        digest: String,
    },
    /// It is granted more than the ceiling.
    #[error("policy `{policy}` does not let plugin `{plugin}` have: {}", grants.join(", "))]
    Grants {
        /// The plugin.
        plugin: String,
        /// The policy's file or address.
        policy: String,
        /// What is beyond the ceiling, in words.
        grants: Vec<String>,
    },
}

impl Explain for PolicyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable { .. } | Self::Unpinned { .. } => Kind::BadInput,
            _ => Kind::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "policy-unreadable",
            Self::Unpinned { .. } => "policy-unpinned",
            Self::Source { .. } => "policy-source",
            Self::Unsigned { .. } => "policy-unsigned",
            Self::Denied { .. } => "policy-denied",
            Self::NotAllowed { .. } => "policy-not-allowed",
            Self::Grants { .. } => "policy-grants",
        }
    }

    fn hints(&self) -> Vec<String> {
        let one = |hint: &str| vec![hint.to_owned()];
        match self {
            Self::Unreadable { named_by, .. } => {
                vec![format!("correct `{named_by}`, or bring the file back")]
            }
            Self::Unpinned { .. } => {
                one("write `https://…@sha256:…`, so that it changes only when someone says so")
            }
            Self::Source { allowed, .. } => {
                vec![format!("plugins may come from {}", allowed.join(", "))]
            }
            Self::Unsigned { .. } => {
                one("publish it to a registry, signed with `phalanx plugin publish --sign`")
            }
            Self::Denied { .. } => {
                one("someone has found fault with it: update it, or ask who keeps the policy")
            }
            Self::NotAllowed { .. } => one("ask who keeps the policy to look at it and add it"),
            Self::Grants { plugin, .. } => vec![format!(
                "take them out of `[plugins.{plugin}.grants]`, or ask who keeps the policy"
            )],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::read_policy;

    fn trust(texts: &[&str]) -> Trust {
        let mut trust = Trust::default();
        for text in texts {
            let policy = read_policy("policy.toml", (*text).to_owned()).unwrap();
            trust.enact(policy, None).unwrap();
        }
        trust
    }

    fn code(trust: &Trust, source: &str, grants: &Grants) -> &'static str {
        let digests = [Some("sha256:component"), Some("sha256:manifest")];
        let judged = Judged { plugin: "tags", source, grants, digests };
        trust.judge(judged).map_or_else(|error| error.code(), |()| "allowed")
    }

    #[test]
    fn the_first_rule_that_matches_counts_and_all_policies_must_agree() {
        let own = "[ceiling]\nimages = true\n[[sources]]\nmatch = \"oci://r.test/team/**\"\nceiling = {}\n\
                   [[sources]]\nmatch = \"oci://r.test/**\"\n";
        let (images, nothing) = (Grants { images: true, ..Grants::default() }, Grants::default());
        let alone = trust(&[own]);
        assert_eq!(code(&alone, "oci://r.test/team/p", &nothing), "allowed");
        assert_eq!(code(&alone, "oci://r.test/team/p", &images), "policy-grants");
        assert_eq!(code(&alone, "oci://r.test/other/p", &images), "allowed");
        assert_eq!(code(&alone, "builtin:p", &nothing), "policy-source");
        let both = trust(&[own, "[[sources]]\nmatch = \"oci://r.test/team/*\"\n"]);
        assert_eq!(code(&both, "oci://r.test/team/p", &nothing), "allowed");
        assert_eq!(code(&both, "oci://r.test/other/p", &nothing), "policy-source");
        assert_eq!(code(&Trust::default(), "file:p", &images), "allowed");
        assert!(Trust::default().is_empty() && !both.is_empty());
    }

    #[test]
    fn digests_of_component_and_manifest_count() {
        let digest = |text: &str| format!("sha256:{}", crate::digest::Digest::of(text));
        let (component, manifest) = (digest("component"), digest("manifest"));
        let code = |text: String| {
            let digests = [Some(component.as_str()), Some(manifest.as_str())];
            let grants = Grants::default();
            let judged = Judged { plugin: "tags", source: "file:p", grants: &grants, digests };
            trust(&[&text]).judge(judged).map_or_else(|error| error.code(), |()| "allowed")
        };
        assert_eq!(code(format!("deny = [\"{manifest}\"]")), "policy-denied");
        assert_eq!(code(format!("allow = [\"{component}\"]")), "allowed");
        assert_eq!(code(format!("allow = [\"{}\"]", digest("other"))), "policy-not-allowed");
        assert_eq!(code("allow = []".into()), "policy-not-allowed");
    }

    #[test]
    fn keys_of_a_policy_from_elsewhere_are_in_it() {
        let text = "[[sources]]\nmatch = \"oci://**\"\nsigners = [\"keys/team.pub\"]\n";
        let policy = read_policy("https://example.com/p.toml", text.to_owned()).unwrap();
        let error = Trust::default().enact(policy, None).unwrap_err();
        insta::assert_snapshot!(error, @"`keys/team.pub` cannot be used as a key: a policy from an address must hold its keys itself");
    }
}
