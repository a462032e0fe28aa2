//! `outputs --dotenv`: lines that shells and dotenv readers take as environment variables.

use std::fmt::Write as _;

use indexmap::IndexMap;
use phalanx::hint::{Explain, Kind};

/// Output values by the names of environment variables.
pub(super) fn variables(
    outputs: IndexMap<String, String>,
) -> Result<IndexMap<String, String>, NameClash> {
    let mut names: IndexMap<String, String> = IndexMap::new();
    for key in outputs.keys() {
        let variable = variable(key);
        if let Some(first) = names.insert(variable.clone(), key.clone()) {
            return Err(NameClash { variable, first, second: key.clone() });
        }
    }
    Ok(names.into_keys().zip(outputs.into_values()).collect())
}

/// One line for each variable.
pub(super) fn draw(variables: &IndexMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in variables {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name}={}", quoted(value));
    }
    text
}

/// `QUEUE_URL` for `QueueUrl`, `API_ENDPOINT` for `APIEndpoint`.
fn variable(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    let mut name = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        // No variable begins with a digit.
        if begins || (index == 0 && letter.is_ascii_digit()) {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// In the quotes that shells and dotenv readers understand alike: double ones where nothing in the
/// value is special in them, single ones where they can be. What has all of it is escaped as shells
/// want it, since readers do not agree.
fn quoted(value: &str) -> String {
    let special = |character| matches!(character, '"' | '\\' | '$' | '`' | '\n' | '\r' | '!');
    if !value.contains(special) {
        return format!("\"{value}\"");
    }
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut escaped = String::from('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped + "\""
}

/// Two outputs would be one variable.
#[derive(Debug, thiserror::Error)]
#[error("outputs `{first}` and `{second}` would both be the variable `{variable}`")]
pub(super) struct NameClash {
    variable: String,
    first: String,
    second: String,
}

impl Explain for NameClash {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "variable-clash"
    }

    fn hints(&self) -> Vec<String> {
        vec!["rename one of them in `[outputs]`, or ask for each with `phalanx outputs KEY`".into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_case_of_variables() {
        for (key, name) in [
            ("QueueUrl", "QUEUE_URL"),
            ("APIEndpointURL", "API_ENDPOINT_URL"),
            ("Queue2Url", "QUEUE2_URL"),
            ("url", "URL"),
            ("2ndQueue", "_2ND_QUEUE"),
        ] {
            assert_eq!(variable(key), name);
        }
    }
}
