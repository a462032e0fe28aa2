//! Points in time as people write them: RFC 3339, in UTC.
//!
//! The calendar is the proleptic Gregorian one; the two conversions are Howard Hinnant's, which count
//! years from March so that the leap day comes last.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use toml::value::{Datetime, Offset};

const DAY: i64 = 86_400;

/// `2026-11-25T22:40:01.123Z`; always with milliseconds, so that columns of times line up.
pub fn utc(time: SystemTime) -> String {
    let milliseconds = since_epoch(time);
    let (seconds, rest) = (milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let clock = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

/// A point in time in RFC 3339, with an offset or `Z`; seconds may be left out.
pub fn parse(text: &str) -> Option<SystemTime> {
    let Datetime { date: Some(date), time: Some(time), offset: Some(offset) } =
        text.parse().ok()?
    else {
        return None;
    };
    let offset = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_to(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let clock = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 - offset * 60;
    let seconds = days * DAY + clock + i64::from(time.second.unwrap_or(0));
    let whole = u64::try_from(seconds).ok()?;
    Some(UNIX_EPOCH + Duration::new(whole, time.nanosecond.unwrap_or(0)))
}

/// Milliseconds since 1970.
pub fn since_epoch(time: SystemTime) -> i64 {
    let distance = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => distance(after),
        Err(before) => -distance(before.duration()),
    }
}

/// Year, month and day of a count of days since 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Days from 1970 to a date.
fn days_to(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T23:59:59.000Z", 951_868_799),
            ("2023-11-14T22:13:20.000Z", 1_700_000_000),
            ("2100-03-01T00:00:00.000Z", 4_107_542_400),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(utc(time), text);
            assert_eq!(parse(text), Some(time), "{text}");
        }
        assert_eq!(utc(UNIX_EPOCH - Duration::from_millis(1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(parse("2023-11-15T00:13:20.5+02:00"), parse("2023-11-14T22:13:20.500Z"));
        for wrong in ["2023-11-14", "2023-11-14T22:13:20", "22:13", "2023-02-30T00:00:00Z", "now"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
