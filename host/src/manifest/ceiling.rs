//! Whether grants stay below a ceiling.
//!
//! A granted pattern is below a ceiling when the ceiling matches all that it could match. Where that cannot be
//! told for certain it is not: a ceiling that errs lets nothing through.

use super::{Grants, HostRule};

impl Grants {
    /// What is granted here and not below the ceiling.
    #[must_use]
    pub fn beyond(&self, ceiling: &Self) -> Self {
        let rest = |granted: &[String], covered: &dyn Fn(&str) -> bool| {
            granted.iter().filter(|text| !covered(text)).cloned().collect()
        };
        let command = |argv: &&Vec<String>| {
            !ceiling.commands.iter().any(|prefix| !prefix.is_empty() && argv.starts_with(prefix))
        };
        Self {
            commands: self.commands.iter().filter(command).cloned().collect(),
            files: rest(&self.files, &|text| {
                ceiling.files.iter().any(|outer| covers_paths(outer, text))
            }),
            env: rest(&self.env, &|text| ceiling.env.iter().any(|outer| covers(outer, text))),
            aws: rest(&self.aws, &|text| {
                let text = text.to_lowercase();
                ceiling.aws.iter().any(|outer| covers(&outer.to_lowercase(), &text))
            }),
            network: rest(&self.network, &|text| {
                let rule = |text: &str| HostRule::parse(text).ok();
                let hosts = |outer: &String| Some(rule(outer)?.covers(&rule(text)?));
                ceiling.network.iter().any(|outer| hosts(outer) == Some(true))
            }),
            images: self.images && !ceiling.images,
            clock: self.clock && !ceiling.clock,
            random: self.random && !ceiling.random,
        }
    }
}

/// Whether the glob `outer` matches all that `inner` matches, for names without `/`.
fn covers(outer: &str, inner: &str) -> bool {
    if outer == inner || outer == "*" {
        return true;
    }
    // Stars alone can be compared: one in `inner` is taken in by one in `outer`.
    let plain = |text: &str| !text.contains(['?', '[', '{', '\\']);
    plain(outer) && plain(inner) && takes_in(outer.as_bytes(), inner.as_bytes())
}

/// Whether `outer` takes in `inner`, read as plain text: a star of `inner` is a character that only a star of
/// `outer` takes in.
fn takes_in(outer: &[u8], inner: &[u8]) -> bool {
    match (outer, inner) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            takes_in(rest, inner)
                || inner.split_first().is_some_and(|(_, less)| takes_in(outer, less))
        }
        ([a, outer @ ..], [b, inner @ ..]) if a == b && *b != b'*' => takes_in(outer, inner),
        _ => false,
    }
}

/// [`covers`] for paths, in which only `**` goes across `/`.
fn covers_paths(outer: &str, inner: &str) -> bool {
    if outer == inner || outer == "**" {
        return true;
    }
    // Braces and brackets may hold `/`, so such a pattern has no parts to compare.
    if [outer, inner].iter().any(|text| text.contains(['{', '[', '\\'])) {
        return false;
    }
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    parts_cover(&parts(outer), &parts(inner))
}

fn parts_cover(outer: &[String], inner: &[String]) -> bool {
    match (outer, inner) {
        ([], []) => true,
        // At the end it stands for one part or more, elsewhere for none or more.
        ([any], inner) if any == "**" => !inner.is_empty(),
        ([any, rest @ ..], _) if any == "**" => {
            parts_cover(rest, inner)
                || inner.split_first().is_some_and(|(_, less)| parts_cover(outer, less))
        }
        ([a, outer @ ..], [b, inner @ ..]) => {
            b != "**" && covers(a, b) && parts_cover(outer, inner)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_match_and_no_more() {
        for (outer, inner) in
            [("CI_*", "CI_JOB"), ("CI_*", "CI_JOB_*"), ("*", "?"), ("a*b*", "ab"), ("A", "A")]
        {
            assert!(covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [
            ("CI_*", "*"),
            ("CI_?", "CI_*"),
            ("CI_*", "C*"),
            ("a", "b"),
            ("[ab]", "a"),
            ("a*", "a?"),
        ] {
            assert!(!covers(outer, inner), "{outer} {inner}");
        }
    }

    #[test]
    fn paths_are_covered_part_by_part() {
        for (outer, inner) in [
            ("schema/**", "schema/a.json"),
            ("schema/**", "schema/**"),
            ("schema/**", "schema/v1/*.json"),
            ("**", "a/{b,c/d}"),
            ("**/*.json", "schema/**/*.json"),
            ("*/a", "b/a"),
        ] {
            assert!(covers_paths(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [
            ("schema/*", "schema/**"),
            ("schema/*", "schema/a/b"),
            ("schema/**", "schema"),
            ("schema/**", "**"),
            ("*/*", "{a/b,c}"),
        ] {
            assert!(!covers_paths(outer, inner), "{outer} {inner}");
        }
    }

    #[test]
    fn what_is_beyond_the_ceiling_is_named() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let ceiling = Grants {
            commands: vec![words(&["git"])],
            aws: words(&["sns:*"]),
            network: words(&["*.example.com"]),
            clock: true,
            ..Grants::default()
        };
        let granted = Grants {
            commands: vec![words(&["git", "rev-parse"]), words(&["sh"])],
            aws: words(&["SNS:Publish", "s3:*"]),
            network: words(&["api.example.com", "example.org"]),
            images: true,
            clock: true,
            ..Grants::default()
        };
        let beyond = Grants {
            commands: vec![words(&["sh"])],
            aws: words(&["s3:*"]),
            network: words(&["example.org"]),
            images: true,
            ..Grants::default()
        };
        assert_eq!(granted.beyond(&ceiling), beyond);
        assert_eq!(granted.beyond(&granted), Grants::default());
    }
}
