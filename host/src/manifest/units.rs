//! Amounts of time and memory as people write them: `30`, `"30s"`, `"5m"`, `"256MiB"`.

use super::node::{Content, Node};
use super::problem::{Complaint, complaint, quoted};
use crate::text;

/// One kind of amount.
#[derive(Debug)]
pub(super) struct Quantity {
    /// What an integer without a unit counts, for messages.
    pub(super) bare_unit: &'static str,
    /// Base units (milliseconds or bytes) in an integer without a unit.
    pub(super) bare: u64,
    /// Base units in one unit of the result.
    pub(super) step: u64,
    /// The result's unit, for messages.
    pub(super) step_unit: &'static str,
    /// Least result.
    pub(super) min: u64,
    /// Greatest result.
    pub(super) max: u64,
    /// [`TIME`] or [`SIZE`].
    pub(super) units: &'static [(&'static str, u64)],
}

/// Units of time in milliseconds.
pub(super) const TIME: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Units of memory in bytes. Decimal units are left out: Lambda and WebAssembly count in binary ones.
pub(super) const SIZE: &[(&str, u64)] =
    &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl Quantity {
    /// The amount in units of the result.
    pub(super) fn parse(&self, node: &Node) -> Result<u64, Complaint> {
        let base = match &node.content {
            Content::Number(number) => {
                number.as_u64().and_then(|number| number.checked_mul(self.bare))
            }
            Content::Text(text) => Some(self.parse_text(text)?),
            Content::Null | Content::Bool(_) | Content::List(_) | Content::Table(_) => None,
        };
        let out_of_range = || {
            Complaint::from(format!(
                "must be between {} and {}",
                self.show(self.min),
                self.show(self.max)
            ))
        };
        let base = base.ok_or_else(out_of_range)?;
        if base % self.step != 0 {
            return Err(format!("must be a whole number of {}", self.step_unit).into());
        }
        let amount = base / self.step;
        if (self.min..=self.max).contains(&amount) { Ok(amount) } else { Err(out_of_range()) }
    }

    fn parse_text(&self, text: &str) -> Result<u64, Complaint> {
        let bad = || {
            let units = quoted(self.units.iter().map(|(unit, _)| *unit));
            complaint(
                format!("`{text}` is not a number with a unit"),
                format!(
                    "write a whole number and one of {units}, such as `\"{}\"`",
                    self.example()
                ),
            )
        };
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| bad())?;
        let unit = unit.trim_start();
        let factor = self.units.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
        number.checked_mul(factor).ok_or_else(bad)
    }

    fn show(&self, amount: u64) -> String {
        match self.step_unit {
            "bytes" => text::size(amount),
            "seconds" => text::count(usize::try_from(amount).unwrap_or(usize::MAX), "second"),
            unit => format!("{amount} {unit}"),
        }
    }

    fn example(&self) -> &'static str {
        if self.step_unit == "minutes" {
            "30m"
        } else if self.units[0].0 == "ms" {
            "30s"
        } else {
            "256MiB"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::source::{At, Sources};

    fn parse(quantity: &Quantity, content: Content) -> Result<u64, String> {
        let file = Sources::default().add(String::new(), String::new());
        let node = Node::new(At::new(file, 0, 0), content);
        quantity.parse(&node).map_err(|complaint| complaint.message)
    }

    #[test]
    fn reads_amounts_with_and_without_units() {
        let timeout = &crate::manifest::keys::function::TIMEOUT;
        let text = |text: &str| parse(timeout, Content::Text(text.into()));
        assert_eq!(text("30s"), Ok(30));
        assert_eq!(text(" 5 m "), Ok(300));
        assert_eq!(text("2000ms"), Ok(2));
        assert_eq!(parse(timeout, Content::Number(45.into())), Ok(45));
        assert_eq!(text("1500ms"), Err("must be a whole number of seconds".into()));
        assert_eq!(text("16m"), Err("must be between 1 second and 900 seconds".into()));
        for bad in ["", "s", "30", "30 seconds", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(text(bad), Err(format!("`{bad}` is not a number with a unit")), "{bad}");
        }
        assert!(text("18446744073709551615h").is_err());
    }
}
