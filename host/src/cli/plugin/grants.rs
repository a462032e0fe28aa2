//! Grants on the command line: `images`, `aws=sns:Publish`, `commands=git rev-parse`.

use phalanx::manifest::Grants;

/// One `--grant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    key: String,
    value: Option<String>,
}

/// Reads one; what is wrong with it is told as clap shows it.
pub(super) fn parse(text: &str) -> Result<Grant, String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key.trim(), Some(value.trim().to_owned())),
        None => (text.trim(), None),
    };
    match (key, &value) {
        ("images" | "clock" | "random", None) => {}
        ("images" | "clock" | "random", Some(_)) => return Err(format!("`{key}` takes no value")),
        ("commands" | "files" | "env" | "aws" | "network", Some(value)) if !value.is_empty() => {}
        ("commands", _) => return Err("write `commands=git rev-parse`".into()),
        ("files", _) => return Err("write `files=schema/**`".into()),
        ("env", _) => return Err("write `env=CI_*`".into()),
        ("aws", _) => return Err("write `aws=sns:Publish`".into()),
        ("network", _) => return Err("write `network=api.example.com`".into()),
        _ => {
            let known = "commands, files, env, aws, network, images, clock, random";
            return Err(format!("`{key}` is no grant; the grants are {known}"));
        }
    }
    Ok(Grant { key: key.to_owned(), value })
}

/// All of them together.
pub(super) fn all(grants: &[Grant]) -> Grants {
    let mut all = Grants::default();
    for Grant { key, value } in grants {
        let value = value.clone().unwrap_or_default();
        match key.as_str() {
            "commands" => {
                all.commands.push(value.split_whitespace().map(str::to_owned).collect());
            }
            "files" => all.files.push(value),
            "env" => all.env.push(value),
            "aws" => all.aws.push(value),
            "network" => all.network.push(value),
            "images" => all.images = true,
            "clock" => all.clock = true,
            _ => all.random = true,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_from_words() {
        let words = ["images", "aws=sns:Publish", "commands=git  rev-parse", "env=CI_*"];
        let grants = all(&words.map(|word| parse(word).unwrap()));
        assert!(grants.images && !grants.clock);
        assert_eq!(grants.aws, ["sns:Publish"]);
        assert_eq!(grants.commands, [["git", "rev-parse"]]);
        assert_eq!(grants.env, ["CI_*"]);
        for bad in ["", "imges", "aws", "aws=", "images=true", "commands"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
