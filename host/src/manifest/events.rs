//! Rules for what calls a function: routes and schedules.

use super::problem::{Complaint, complaint, did_you_mean};
use super::shape::{Text, Verdict};

/// `GET /orders/{id}`.
pub(super) const ROUTE: Text = Text {
    what: "a method and a path such as `GET /orders`",
    pattern: Some("^[A-Za-z]+ +/[^ ?#]*$"),
    check: |text| parse_route(text).map(|_| ()),
};

/// `rate(…)` or `cron(…)`.
pub(super) const SCHEDULE: Text = Text {
    what: "a schedule such as `rate(5 minutes)`",
    pattern: Some(r"^(rate|cron)\(.+\)$"),
    check: schedule,
};

/// HTTP methods of an API route.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];

/// Method and path.
pub(super) fn parse_route(text: &str) -> Result<(&'static str, &str), Complaint> {
    let Some((method, path)) = text.split_once(' ') else {
        let path = if text.starts_with('/') { text } else { "/orders" };
        return Err(complaint(
            format!("`{text}` is not a route"),
            format!(
                "a route is a method and a path, such as `GET {path}`; `ANY {path}` for all methods"
            ),
        ));
    };
    let path = path.trim_start_matches(' ');
    let Some(known) = METHODS.iter().find(|known| **known == method) else {
        let hint = did_you_mean(method, METHODS.iter().copied())
            .unwrap_or_else(|| format!("the methods are {}", METHODS.join(", ")));
        return Err(complaint(format!("`{method}` is not an HTTP method"), hint));
    };
    check_path(path)?;
    Ok((known, path))
}

fn check_path(path: &str) -> Verdict {
    let bad = |why: &str| {
        let hint = "such as `/orders/{id}`; `{rest+}` at the end takes all that follows";
        Err(complaint(format!("`{path}` is not the path of a route: {why}"), hint))
    };
    let Some(inner) = path.strip_prefix('/') else { return bad("it must begin with `/`") };
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        return bad("it holds a character that no path has");
    }
    let mut names = Vec::new();
    let count = inner.split('/').count();
    for (index, segment) in inner.split('/').enumerate() {
        let last = index + 1 == count;
        if segment.is_empty() && !last {
            return bad("a part is empty");
        }
        let Some(name) = segment.strip_prefix('{') else {
            if segment.contains(['{', '}']) {
                return bad("a parameter must be the whole part between two `/`");
            }
            continue;
        };
        let Some(name) = name.strip_suffix('}') else { return bad("a `{` is not closed") };
        let greedy = name.ends_with('+');
        let name = name.trim_end_matches('+');
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        {
            return bad("a parameter's name needs letters, digits, `.`, `_` or `-`");
        }
        if greedy && !last {
            return bad("`{…+}` must come last");
        }
        if names.contains(&name) {
            return bad("two parameters have one name");
        }
        names.push(name);
    }
    Ok(())
}

/// The route as API Gateway tells routes apart: parameter names do not count.
pub(super) fn route_identity(method: &str, path: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{') {
        Some(name) if name.ends_with("+}") => "{+}".to_owned(),
        Some(_) => "{}".to_owned(),
        None => segment.to_owned(),
    };
    format!("{method} {}", path.split('/').map(segment).collect::<Vec<_>>().join("/"))
}

fn schedule(text: &str) -> Verdict {
    let inner = |prefix| text.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix(')'));
    if let Some(rate) = inner("rate(") {
        return check_rate(rate).map_err(|why| {
            complaint(
                format!("`{text}` is not a rate: {why}"),
                "such as `rate(1 minute)`, `rate(5 minutes)`, `rate(2 hours)`, `rate(7 days)`",
            )
        });
    }
    if let Some(cron) = inner("cron(") {
        return check_cron(cron).map_err(|why| {
            complaint(
                format!("`{text}` is not a cron expression: {why}"),
                "minutes, hours, day of month, month, day of week, year, with `?` for one of the days: `cron(0 12 * * ? *)`",
            )
        });
    }
    let hint = "write `rate(5 minutes)` or `cron(0 12 * * ? *)`";
    Err(complaint(format!("`{text}` is not a schedule"), hint))
}

fn check_rate(rate: &str) -> Result<(), &'static str> {
    let Some((number, unit)) = rate.split_once(' ') else {
        return Err("it needs a number and a unit");
    };
    let number: u32 = number.parse().map_err(|_| "it needs a whole number")?;
    match (number, unit) {
        (0, _) => Err("the number must be at least 1"),
        (1, "minute" | "hour" | "day") => Ok(()),
        (1, _) => Err("the unit of 1 is `minute`, `hour` or `day`"),
        (_, "minutes" | "hours" | "days") => Ok(()),
        _ => Err("the unit is `minutes`, `hours` or `days`"),
    }
}

fn check_cron(cron: &str) -> Result<(), &'static str> {
    let fields: Vec<_> = cron.split_ascii_whitespace().collect();
    let [_, _, day, _, weekday, _] = fields[..] else { return Err("it needs six fields") };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "*?,-/#".contains(c);
    if !fields.iter().all(|field| field.chars().all(allowed)) {
        return Err("a field holds a character that has no meaning there");
    }
    match (day == "?", weekday == "?") {
        (true, true) => Err("only one of the two days can be `?`"),
        (false, false) => Err("one of the two days must be `?`"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_a_method_and_a_path() {
        assert_eq!(parse_route("GET /orders/{id}"), Ok(("GET", "/orders/{id}")));
        assert_eq!(parse_route("ANY  /"), Ok(("ANY", "/")));
        assert!(parse_route("GET /files/{path+}").is_ok());
        for bad in [
            "",
            "/x",
            "GET",
            "get /x",
            "GTE /x",
            "GET x",
            "GET /a//b",
            "GET /{a}/{a}",
            "GET /{a+}/b",
            "GET /{a",
            "GET /a{b}",
            "GET /{}",
            "GET /a?b",
            "GET /a b",
            "GET ",
        ] {
            assert!(parse_route(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parameter_names_do_not_tell_routes_apart() {
        assert_eq!(route_identity("GET", "/a/{x}"), route_identity("GET", "/a/{y}"));
        assert_ne!(route_identity("GET", "/a/{x}"), route_identity("GET", "/a/{x+}"));
    }

    #[test]
    fn schedules_are_rates_or_cron_expressions() {
        for good in [
            "rate(1 minute)",
            "rate(5 minutes)",
            "cron(0 12 * * ? *)",
            "cron(0/15 8-17 ? * MON-FRI *)",
        ] {
            assert_eq!(schedule(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "5 minutes",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(0 minutes)",
            "rate(5)",
            "rate(5 weeks)",
            "rate(5 minutes",
            "cron(* * * * *)",
            "cron(0 12 * * * *)",
            "cron(0 12 ? * ? *)",
        ] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }
}
