//! Which resource types carry tags, where and in which form: a sorted table in the module's data,
//! searched as text, so a lookup allocates nothing and start-up costs nothing.

/// One line a type: `type<TAB>property<TAB>list|map`, sorted by type.
const TABLE: &str = include_str!("taggable.txt");

/// How a type writes its tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `[{ "Key": …, "Value": … }]`
    List,
    /// `{ key: value }`
    Map,
}

/// The tags' property and form, for a type that has tags.
pub(crate) fn lookup(resource_type: &str) -> Option<(&'static str, Form)> {
    search(TABLE, resource_type)
}

fn search<'t>(table: &'t str, resource_type: &str) -> Option<(&'t str, Form)> {
    let (mut from, mut to) = (0, table.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let bytes = table.as_bytes();
        let start =
            bytes[from..middle].iter().rposition(|&b| b == b'\n').map_or(from, |n| from + n + 1);
        let end = bytes[middle..to].iter().position(|&b| b == b'\n').map_or(to, |n| middle + n);
        let (name, tags) = table[start..end].split_once('\t')?;
        match name.cmp(resource_type) {
            std::cmp::Ordering::Less => from = end + 1,
            std::cmp::Ordering::Greater => to = start,
            std::cmp::Ordering::Equal => {
                let (property, form) = tags.split_once('\t')?;
                return Some((property, if form == "map" { Form::Map } else { Form::List }));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found() {
        for line in TABLE.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let form = match fields[2] {
                "list" => Form::List,
                "map" => Form::Map,
                other => panic!("unknown form `{other}`"),
            };
            assert_eq!(lookup(fields[0]), Some((fields[1], form)), "{line}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_knows_the_common_types() {
        assert!(TABLE.lines().is_sorted());
        assert_eq!(lookup("AWS::SQS::Queue"), Some(("Tags", Form::List)));
        assert_eq!(lookup("AWS::ApiGatewayV2::Api"), Some(("Tags", Form::Map)));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for absent in ["", "A", "AWS::SQS::QueuePolicy", "AWS::SQS::Queu", "ZZZ"] {
            assert_eq!(lookup(absent), None, "{absent}");
        }
        assert_eq!(search("", "A"), None);
        assert_eq!(search("A\tTags\tlist\n", "A"), Some(("Tags", Form::List)));
    }
}
