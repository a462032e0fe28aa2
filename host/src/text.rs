//! Makes foreign text safe and short enough to show.
//!
//! Text from plugins, build commands and clouds is untrusted: control characters could drive the
//! user's terminal and bidirectional marks could disguise a message.

use std::borrow::Cow;
use std::time::SystemTime;

/// Replaces control characters (but tab), bidirectional marks and zero-width characters by visible
/// escapes such as `\u{1b}`; line breaks too.
pub fn safe_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// [`safe_line`] for text of several lines, whose line breaks stay.
pub fn safe_text(text: &str) -> String {
    text.lines().map(safe_line).collect::<Vec<_>>().join("\n")
}

/// At most `max` characters of `text`; an ellipsis tells where it was cut.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Bytes for people, in binary units: `512 B`, `4.8 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Bytes in JSON: as text where they are UTF-8, else `{ "base64": … }`. For serde's `with`.
pub mod readable {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Readable {
        Text(String),
        Bytes { base64: String },
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let readable = match std::str::from_utf8(bytes) {
            Ok(text) => Readable::Text(text.to_owned()),
            Err(_) => Readable::Bytes { base64: BASE64_STANDARD.encode(bytes) },
        };
        readable.serialize(serializer)
    }

    /// Reads them.
    ///
    /// # Errors
    /// When they are neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Ok(match Readable::deserialize(deserializer)? {
            Readable::Text(text) => text.into_bytes(),
            Readable::Bytes { base64 } => {
                BASE64_STANDARD.decode(base64).map_err(D::Error::custom)?
            }
        })
    }
}

/// A moment for people and programs alike: `2026-11-25T14:03:07Z`.
pub fn utc(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(moment).to_string()
}

fn is_unsafe(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_could_drive_a_terminal() {
        assert_eq!(safe_line("a\u{1b}[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert!(matches!(safe_line("plain\ttext é"), Cow::Borrowed(_)));
        assert_eq!(safe_text("a\nb\r\nc\u{7}"), "a\nb\nc\\u{7}");
    }

    #[test]
    fn words_for_people() {
        assert_eq!(shorten("héllo", 2), "hé…");
        assert_eq!(size(512), "512 B");
        assert_eq!(size(5_033_164), "4.8 MiB");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        assert_eq!(utc(moment), "2001-09-09T01:46:40Z");
    }
}
