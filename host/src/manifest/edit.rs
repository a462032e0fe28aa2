//! Changes of the manifest's text that keep all else of it as it is, comments and blank lines included.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::Grants;

/// The manifest's text with a plugin added at its end, which makes it the last in every hook.
///
/// # Errors
/// When the text is no TOML, or has a plugin of that name.
pub fn add_plugin(
    text: &str,
    name: &str,
    source: &str,
    version: Option<&str>,
    signer: Option<&str>,
    grants: &Grants,
) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let plugins = document.entry("plugins").or_insert_with(|| {
        let mut plugins = Table::new();
        plugins.set_implicit(true);
        Item::Table(plugins)
    });
    let plugins = plugins.as_table_mut().ok_or(EditError::Inline)?;
    if plugins.contains_key(name) {
        return Err(EditError::Taken { plugin: name.to_owned() });
    }
    let mut plugin = Table::new();
    plugin["source"] = toml_edit::value(source);
    if let Some(version) = version {
        plugin["version"] = toml_edit::value(version);
    }
    if let Some(signer) = signer {
        plugin["signer"] = toml_edit::value(signer);
    }
    let grants = inline(grants);
    if !grants.is_empty() {
        plugin["grants"] = toml_edit::value(grants);
    }
    plugin.decor_mut().set_prefix("\n");
    plugins.insert(name, Item::Table(plugin));
    Ok(document.to_string())
}

/// The manifest's text without a plugin.
///
/// # Errors
/// When the text is no TOML, or has no such plugin.
pub fn remove_plugin(text: &str, name: &str) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let missing = || EditError::Missing { plugin: name.to_owned() };
    let plugins =
        document.get_mut("plugins").and_then(Item::as_table_like_mut).ok_or_else(missing)?;
    plugins.remove(name).ok_or_else(missing)?;
    if plugins.is_empty() {
        document.remove("plugins");
    }
    Ok(document.to_string())
}

/// Why a manifest cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is no TOML.
    #[error("the manifest cannot be edited")]
    Syntax(#[from] toml_edit::TomlError),
    /// The plugins are one inline table.
    #[error("`plugins` is written in one line, which cannot be added to")]
    Inline,
    /// The name is taken.
    #[error("the manifest has a plugin `{plugin}` already")]
    Taken {
        /// The name.
        plugin: String,
    },
    /// There is no such plugin.
    #[error("the manifest has no plugin `{plugin}`")]
    Missing {
        /// The name.
        plugin: String,
    },
}

impl crate::hint::Explain for EditError {
    fn kind(&self) -> crate::hint::Kind {
        crate::hint::Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "bad-manifest",
            Self::Inline => "inline-plugins",
            Self::Taken { .. } => "plugin-name-taken",
            Self::Missing { .. } => "no-such-plugin",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Syntax(_) => Vec::new(),
            Self::Inline => vec!["write it as `[plugins.NAME]`".into()],
            Self::Taken { plugin } => vec![format!(
                "take another name with `--name`, or change it with `phalanx plugin update {plugin}`"
            )],
            Self::Missing { .. } => vec!["`phalanx plugin list` shows those that it has".into()],
        }
    }
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    Ok(text.parse()?)
}

/// The grants in one line, those that are given.
fn inline(grants: &Grants) -> InlineTable {
    let mut table = InlineTable::new();
    if !grants.commands.is_empty() {
        let prefixes = grants.commands.iter().map(|prefix| Array::from_iter(prefix.iter()));
        table.insert("commands", Value::Array(prefixes.collect()));
    }
    let lists = [
        ("files", &grants.files),
        ("env", &grants.env),
        ("aws", &grants.aws),
        ("network", &grants.network),
    ];
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        table.insert(key, Value::Array(Array::from_iter(list.iter())));
    }
    let flags = [("images", grants.images), ("clock", grants.clock), ("random", grants.random)];
    for (key, _) in flags.into_iter().filter(|(_, set)| *set) {
        table.insert(key, Value::from(true));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
# Orders of the shop.
[service]
name = \"orders\"      # never renamed

[plugins.tags]
source = \"builtin:stack-tags\"
config = { tags = { team = \"shop\" } }   # whose it is

[stages.prod]
region = \"eu-west-1\"
";

    #[test]
    fn what_is_there_stays_as_it_is() {
        let grants = Grants {
            commands: vec![vec!["git".into(), "rev-parse".into()]],
            aws: vec!["sns:Publish".into()],
            images: true,
            ..Grants::default()
        };
        let source = "oci://registry.example.com/team/audit";
        let added =
            add_plugin(MANIFEST, "audit", source, Some("^1.2"), Some("keys/team.pub"), &grants)
                .unwrap();
        insta::assert_snapshot!(added, @r#"
        # Orders of the shop.
        [service]
        name = "orders"      # never renamed

        [plugins.tags]
        source = "builtin:stack-tags"
        config = { tags = { team = "shop" } }   # whose it is

        [plugins.audit]
        source = "oci://registry.example.com/team/audit"
        version = "^1.2"
        signer = "keys/team.pub"
        grants = { commands = [["git", "rev-parse"]], aws = ["sns:Publish"], images = true }

        [stages.prod]
        region = "eu-west-1"
        "#);
        assert_eq!(remove_plugin(&added, "audit").unwrap(), MANIFEST);
        assert!(matches!(
            add_plugin(&added, "audit", source, None, None, &grants),
            Err(EditError::Taken { .. })
        ));
        assert!(matches!(remove_plugin(MANIFEST, "audit"), Err(EditError::Missing { .. })));
    }

    #[test]
    fn the_first_plugin_makes_the_section() {
        let text = "[service]\nname = \"orders\"\n";
        let added =
            add_plugin(text, "tags", "builtin:stack-tags", None, None, &Grants::default()).unwrap();
        insta::assert_snapshot!(added, @r#"
        [service]
        name = "orders"

        [plugins.tags]
        source = "builtin:stack-tags"
        "#);
        assert_eq!(remove_plugin(&added, "tags").unwrap(), text);
    }
}
