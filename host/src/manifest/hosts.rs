//! One entry of `network`: which hosts it means.

/// `host`, `host:port` or `*.domain`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// Lower case, without `*.`.
    host: String,
    /// Written `*.host`: one label or more before it.
    below: bool,
    port: u16,
}

impl HostRule {
    /// Takes a rule apart; 443 is the port of one without.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, port) = match text.rsplit_once(':') {
            // `[::1]` has colons of its own.
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| "the port must be a number up to 65535")?)
            }
            _ => (text, 443),
        };
        let (below, host) = match host.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, host),
        };
        if host.is_empty() || host.contains(['*', '/', '@', ' ']) {
            return Err("write `host`, `host:port` or `*.domain`");
        }
        Ok(Self { host: host.to_lowercase(), below, port })
    }

    /// Whether this host may be called at this port.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.to_lowercase();
        let matches = if self.below { is_below(&host, &self.host) } else { host == self.host };
        matches && port == self.port
    }

    /// Whether this rule allows all that `other` allows.
    pub fn covers(&self, other: &Self) -> bool {
        let hosts = match (self.below, other.below) {
            (true, true) => other.host == self.host || is_below(&other.host, &self.host),
            (true, false) => is_below(&other.host, &self.host),
            (false, below) => !below && other.host == self.host,
        };
        hosts && self.port == other.port
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> HostRule {
        HostRule::parse(text).unwrap()
    }

    #[test]
    fn rules_are_read() {
        assert!(rule("[::1]:8080").allows("[::1]", 8080));
        for bad in ["", "a:b", "a:99999", "*", "a/b", "a@b"] {
            assert!(HostRule::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_covers_what_it_allows_and_no_more() {
        let covers = |outer: &str, inner: &str| rule(outer).covers(&rule(inner));
        assert!(covers("*.example.com", "api.example.com") && covers("a.com", "A.com:443"));
        assert!(covers("*.example.com", "*.eu.example.com") && covers("*.a.com", "*.a.com"));
        assert!(!covers("*.example.com", "example.com") && !covers("a.com", "*.a.com"));
        assert!(!covers("a.com", "a.com:80") && !covers("*.example.com", "badexample.com"));
    }
}
