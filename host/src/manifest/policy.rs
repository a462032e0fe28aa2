//! Policies: which plugins the services of an organisation may use, and what these may be granted.

use globset::{GlobBuilder, GlobMatcher};

use super::node::Node;
use super::problem::{ManifestError, complaint};
use super::shape::Text;
use super::source::Sources;
use super::{Grants, Location, keys, lower, single};

/// What one policy says.
#[derive(Debug)]
pub struct Policy {
    /// The file or address that it was read from, as people are shown it.
    pub name: String,
    /// Where plugins may come from; anywhere when there is no rule.
    pub sources: Vec<SourceRule>,
    /// The most that any plugin may be granted.
    pub ceiling: Option<Grants>,
    /// Digests, `sha256:…`: no others may run.
    pub allow: Option<Vec<String>>,
    /// Digests, `sha256:…`, that may not run.
    pub deny: Vec<String>,
}

/// One place that plugins may come from.
#[derive(Debug)]
pub struct SourceRule {
    /// As it is written.
    pub pattern: String,
    /// Keys of which one must have signed: files beside the policy, or PEM. None: unsigned will do.
    pub signers: Vec<String>,
    /// The most that plugins from here may be granted.
    pub ceiling: Option<Grants>,
    /// Where it stands.
    pub location: Location,
    matcher: SourcePattern,
}

impl SourceRule {
    /// Whether the rule is about plugins from `source`, without tag and digest.
    pub fn matches(&self, source: &str) -> bool {
        self.matcher.matches(source)
    }
}

/// Reads a policy's text; `name` is what people are shown.
///
/// # Errors
/// All mistakes at once.
pub fn read_policy(name: &str, text: String) -> Result<Policy, ManifestError> {
    let (tree, sources) = single::read(name, text, &keys::policy::POLICY)?;
    Ok(policy(name, &tree, &sources))
}

/// The policy of a tree in which nothing is wrong.
fn policy(name: &str, tree: &Node, sources: &Sources) -> Policy {
    let ceiling = |node: &Node| node.get("ceiling").map(lower::grants);
    let rule = |node: &Node| {
        let pattern = node.text("match")?;
        Some(SourceRule {
            matcher: SourcePattern::parse(&pattern).ok()?,
            pattern,
            signers: node.texts("signers"),
            ceiling: ceiling(node),
            location: sources.locate(node.at),
        })
    };
    Policy {
        name: name.to_owned(),
        sources: tree.items("sources").iter().filter_map(rule).collect(),
        ceiling: ceiling(tree),
        allow: tree.get("allow").map(|_| tree.texts("allow")),
        deny: tree.texts("deny"),
    }
}

/// A pattern of sources. In what stands behind the scheme `*` goes up to the next `/` and `**` across it: else a
/// pattern for one registry's hosts would match paths of another.
#[derive(Debug)]
struct SourcePattern {
    scheme: String,
    rest: GlobMatcher,
}

impl SourcePattern {
    fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = split(text).ok_or("it has no scheme")?;
        let glob = GlobBuilder::new(rest).literal_separator(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        Ok(Self { scheme: scheme.to_owned(), rest: glob.compile_matcher() })
    }

    fn matches(&self, source: &str) -> bool {
        split(source)
            .is_some_and(|(scheme, rest)| scheme == self.scheme && self.rest.is_match(rest))
    }
}

/// Scheme and rest of a source.
fn split(source: &str) -> Option<(&str, &str)> {
    let schemes = ["oci://", "builtin:", "file:"];
    let scheme = schemes.into_iter().find(|scheme| source.starts_with(scheme))?;
    Some(source.split_at(scheme.len()))
}

/// A pattern of sources.
pub(super) const PATTERN: Text = Text {
    what: "a pattern of sources such as `oci://registry.example.com/platform/**`",
    pattern: Some("^(builtin:|file:|oci://)."),
    check: |text| match SourcePattern::parse(text) {
        Ok(_) => Ok(()),
        Err(reason) => Err(complaint(
            format!("`{text}` is no pattern of sources: {reason}"),
            "such as `oci://registry.example.com/platform/**`, `builtin:*` or `file:**`; packages of a \
             namespace count as what they resolve to",
        )),
    },
};

/// A SHA-256 digest.
pub(super) const DIGEST: Text = Text {
    what: "a digest such as `sha256:` and 64 digits",
    pattern: Some("^sha256:[0-9a-f]{64}$"),
    check: |text| {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let good = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if good {
            return Ok(());
        }
        let hint = "`sha256:` and 64 lower-case hex digits, as `phalanx.lock` has them";
        Err(complaint(format!("`{text}` is no SHA-256 digest"), hint))
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hint::Explain as _;

    #[test]
    fn patterns_stay_inside_their_host() {
        let matches =
            |pattern: &str, source: &str| SourcePattern::parse(pattern).unwrap().matches(source);
        assert!(matches("oci://registry.example.com/**", "oci://registry.example.com/a/b"));
        assert!(matches("oci://*.example.com/**", "oci://eu.example.com/a"));
        assert!(!matches("oci://*.example.com/**", "oci://evil.test/a.example.com/b"));
        assert!(!matches(
            "oci://registry.example.com/**",
            "oci://registry.example.com.evil.test/a"
        ));
        assert!(matches("builtin:*", "builtin:stack-tags") && matches("file:**", "file:a/b.wasm"));
        assert!(!matches("builtin:*", "file:a.wasm") && !matches("file:*", "file:a/b.wasm"));
        assert!(matches("oci://**", "oci://any.test/a/b"));
        assert!(SourcePattern::parse("acme:*").is_err() && SourcePattern::parse("file:[").is_err());
    }

    #[test]
    fn all_mistakes_are_shown_where_they_stand() {
        let text = "ceiling = { aws = [\"sns\"] }\ndeny = [\"sha256:12\"]\n\n\
                    [[sources]]\nmtach = \"oci://r/**\"\n\n[[sources]]\nmatch = \"acme:*\"\nsigners = []\n";
        let error = read_policy("policy.toml", text.to_owned()).unwrap_err();
        insta::assert_snapshot!(format!("{error}\n{}", error.details().unwrap()), @r#"
        `policy.toml` has 6 problems
        `ceiling.aws[0]`: `sns` is not an IAM action
         --> policy.toml:1:20
          |
        1 | ceiling = { aws = ["sns"] }
          |                    ^^^^^
          = help: such as `sqs:SendMessage`

        `deny[0]`: `sha256:12` is no SHA-256 digest
         --> policy.toml:2:9
          |
        2 | deny = ["sha256:12"]
          |         ^^^^^^^^^^^
          = help: `sha256:` and 64 lower-case hex digits, as `phalanx.lock` has them

        missing key `match` in `sources[0]`
         --> policy.toml:4:1
          |
        4 | [[sources]]
          | ^^^^^^^^^^^
          = help: `match`: such as `oci://registry.example.com/platform/**`, `builtin:*` or `file:**`

        unknown key `mtach` in `sources[0]`
         --> policy.toml:5:1
          |
        5 | mtach = "oci://r/**"
          | ^^^^^
          = help: did you mean `match`?

        `sources[1].match`: `acme:*` is no pattern of sources: it has no scheme
         --> policy.toml:8:9
          |
        8 | match = "acme:*"
          |         ^^^^^^^^
          = help: such as `oci://registry.example.com/platform/**`, `builtin:*` or `file:**`; packages of a namespace count as what they resolve to

        `sources[1].signers` must not be empty
         --> policy.toml:9:11
          |
        9 | signers = []
          |           ^^
        "#);
    }

    #[test]
    fn a_policy_says_what_it_says() {
        let text = "[ceiling]\nimages = true\n[[sources]]\nmatch = \"builtin:*\"\n";
        let policy = read_policy("policy.toml", text.to_owned()).unwrap();
        assert!(policy.ceiling.is_some_and(|ceiling| ceiling.images && !ceiling.clock));
        assert!(policy.sources[0].ceiling.is_none() && policy.allow.is_none());
        assert_eq!(policy.sources[0].location.to_string(), "policy.toml:3:1");
        let nothing = read_policy("policy.toml", String::new()).unwrap();
        assert!(nothing.ceiling.is_none() && nothing.sources.is_empty());
    }
}
