//! What CloudFormation's resource types are like: which properties replace a resource, which
//! attributes it has, how it takes tags.
//!
//! The knowledge is one generated text, `table.txt` (see `xtask/specs.py`), in which a type is found
//! by binary search: nothing is parsed or built before someone asks, so it costs a run nothing.
//! Types that are not in it (`Custom::*`, third-party types, newer ones) are unknown, never wrong.

use std::fmt;

use super::plan;

static TABLE: &str = include_str!("table.txt");

/// What is known of `resource_type`, such as `AWS::SQS::Queue`.
pub fn lookup(resource_type: &str) -> Option<ResourceSpec> {
    let (mut low, mut high) = (table_start(), TABLE.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = TABLE[low..middle].rfind('\n').map_or(low, |newline| low + newline + 1);
        let line = line_at(start);
        match type_of(line).cmp(resource_type) {
            std::cmp::Ordering::Equal => return Some(ResourceSpec::read(line)),
            std::cmp::Ordering::Less => low = start + line.len() + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Every type of the table, sorted.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLE[table_start()..].lines().map(type_of)
}

/// What is known of one resource type. Paths are below `Properties`, with `/` between their tokens;
/// `*` stands for any item of a list.
#[derive(Clone, Copy)]
pub struct ResourceSpec {
    fields: [&'static str; FIELDS],
}

/// How a type takes tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taggable {
    /// The property, mostly `Tags`.
    pub property: &'static str,
    /// What the property holds.
    pub shape: TagShape,
}

/// The two forms of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagShape {
    /// `[{"Key": …, "Value": …}]`
    List,
    /// `{key: value}`
    Map,
}

impl ResourceSpec {
    /// The type's name.
    pub fn resource_type(&self) -> &'static str {
        self.fields[0]
    }

    /// What `Ref` returns: a property or attribute, or several whose values are joined by `|`.
    pub fn ref_property(&self) -> &'static str {
        self.fields[1]
    }

    /// How it takes tags, when it does.
    pub fn taggable(&self) -> Option<Taggable> {
        let field = self.fields[2];
        let list = field.strip_suffix("[]").map(|property| (property, TagShape::List));
        let map = || field.strip_suffix("{}").map(|property| (property, TagShape::Map));
        list.or_else(map).map(|(property, shape)| Taggable { property, shape })
    }

    /// Whether it holds data that the template cannot make again.
    pub fn is_stateful(&self) -> bool {
        !self.fields[3].is_empty()
    }

    /// What `Fn::GetAtt` can return; `Outputs.*` stands for any output of a nested stack.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> {
        self.fields[4].split_ascii_whitespace()
    }

    /// Whether `Fn::GetAtt` can return `attribute`.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        self.attributes().any(|known| match known.strip_suffix('*') {
            Some(prefix) => attribute.len() > prefix.len() && attribute.starts_with(prefix),
            None => known == attribute,
        })
    }

    /// Properties whose change always replaces the resource.
    pub fn create_only(&self) -> impl Iterator<Item = &'static str> {
        self.fields[5].split_ascii_whitespace()
    }

    /// Properties whose change replaces the resource under conditions that only AWS knows.
    pub fn conditionally_create_only(&self) -> impl Iterator<Item = &'static str> {
        self.fields[6].split_ascii_whitespace()
    }

    /// Top-level properties that must be there.
    pub fn required(&self) -> impl Iterator<Item = &'static str> {
        self.fields[7].split_ascii_whitespace()
    }

    fn read(line: &'static str) -> Self {
        let mut fields = [""; FIELDS];
        for (field, text) in fields.iter_mut().zip(line.split('\t')) {
            *field = text;
        }
        Self { fields }
    }
}

/// The table as the plan asks it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Table;

impl plan::Spec for Table {
    fn replacement(&self, resource_type: &str, property_path: &[&str]) -> plan::Replacement {
        let Some(spec) = lookup(resource_type) else { return plan::Replacement::Never };
        let is_it = |known: &str| known.split('/').eq(property_path.iter().copied());
        if spec.create_only().any(is_it) {
            plan::Replacement::Always
        } else if spec.conditionally_create_only().any(is_it) {
            plan::Replacement::Conditional
        } else {
            plan::Replacement::Never
        }
    }

    fn stateful(&self, resource_type: &str) -> bool {
        lookup(resource_type).is_some_and(|spec| spec.is_stateful())
    }
}

impl fmt::Debug for ResourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceSpec").field(&self.resource_type()).finish()
    }
}

/// The fields of a line; `xtask/specs.py` says what they are.
const FIELDS: usize = 8;

/// The first line says where the table comes from.
fn table_start() -> usize {
    TABLE.find('\n').map_or(TABLE.len(), |newline| newline + 1)
}

fn line_at(start: usize) -> &'static str {
    let rest = &TABLE[start..];
    &rest[..rest.find('\n').unwrap_or(rest.len())]
}

fn type_of(line: &str) -> &str {
    line.split('\t').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_and_nothing_else() {
        let mut last = "";
        for name in types() {
            assert!(last < name, "`{last}` stands before `{name}`");
            assert_eq!(lookup(name).map(|spec| spec.resource_type()), Some(name));
            last = name;
        }
        for unknown in ["", "A", "AWS::", "AWS::SQS::Queu", "AWS::SQS::Queues", "Custom::X", "zz"] {
            assert!(lookup(unknown).is_none(), "`{unknown}`");
        }
    }

    #[test]
    fn every_line_has_all_fields_and_plain_ascii() {
        for line in TABLE.lines().skip(1) {
            assert_eq!(line.split('\t').count(), FIELDS, "{line}");
            assert!(line.bytes().all(|byte| byte == b'\t' || (32..127).contains(&byte)), "{line}");
        }
        assert!(TABLE.len() < 500_000, "the table is in every binary: {} bytes", TABLE.len());
    }

    #[test]
    fn knows_what_a_queue_is_like() {
        let queue = lookup("AWS::SQS::Queue").expect("queues are known");
        assert_eq!(queue.ref_property(), "QueueUrl");
        assert!(queue.is_stateful());
        assert_eq!(queue.taggable(), Some(Taggable { property: "Tags", shape: TagShape::List }));
        assert_eq!(queue.create_only().collect::<Vec<_>>(), ["FifoQueue", "QueueName"]);
        assert!(queue.has_attribute("Arn") && !queue.has_attribute("ARN"));
    }

    #[test]
    fn knows_the_odd_ones() {
        let of = |name| lookup(name).expect("a known type");
        assert!(of("AWS::CloudFormation::Stack").has_attribute("Outputs.Url"));
        assert!(!of("AWS::CloudFormation::Stack").has_attribute("Outputs."));
        assert!(of("AWS::RDS::DBInstance").has_attribute("Endpoint.Address"));
        assert_eq!(of("AWS::ApiGatewayV2::Route").ref_property(), "RouteId");
        let tags = Taggable { property: "Tags", shape: TagShape::Map };
        assert_eq!(of("AWS::SSM::Parameter").taggable(), Some(tags));
        // Its tags need `PropagateAtLaunch`.
        assert_eq!(of("AWS::AutoScaling::AutoScalingGroup").taggable(), None);
        assert!(!of("AWS::Lambda::Function").is_stateful());
        assert_eq!(of("AWS::Lambda::Function").required().collect::<Vec<_>>(), ["Code", "Role"]);
    }

    #[test]
    fn tells_the_plan_what_replaces_a_resource() {
        use plan::{Replacement, Spec};
        let of = |name, path: &[&str]| Table.replacement(name, path);
        assert_eq!(of("AWS::SQS::Queue", &["QueueName"]), Replacement::Always);
        assert_eq!(of("AWS::SQS::Queue", &["DelaySeconds"]), Replacement::Never);
        assert_eq!(of("AWS::RDS::DBInstance", &["Engine"]), Replacement::Conditional);
        assert_eq!(of("AWS::FMS::Policy", &["Nothing", "*", "Here"]), Replacement::Never);
        assert_eq!(of("Custom::X", &["Name"]), Replacement::Never);
        assert!(Table.stateful("AWS::DynamoDB::Table") && !Table.stateful("Custom::X"));
        let nested = ["ConnectPeerConfiguration", "BgpConfigurations", "*", "PeerAsn"];
        let connect_peer = "AWS::EC2::TransitGatewayConnectPeer";
        assert_eq!(of(connect_peer, &nested), Replacement::Always);
    }
}
