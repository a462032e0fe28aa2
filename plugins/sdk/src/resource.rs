//! Resources of the template, built property by property, and their logical ids.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Result, intrinsics, template};

/// A logical id, which knows how the template refers to it.
///
/// ```
/// use phalanx_plugin::{LogicalId, json};
///
/// let worker = LogicalId::of("queue-worker");
/// assert_eq!(worker.as_str(), "QueueWorker");
/// let role = worker.child("Role");
/// assert_eq!(role.reference(), json!({ "Ref": "QueueWorkerRole" }));
/// assert_eq!(role.arn(), json!({ "Fn::GetAtt": ["QueueWorkerRole", "Arn"] }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogicalId(String);

impl LogicalId {
    /// `queue-worker` becomes `QueueWorker`: what cannot stand in a logical id separates words.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut id = String::with_capacity(name.len());
        for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
            let mut characters = word.chars();
            id.extend(characters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(characters.as_str());
        }
        Self(id)
    }

    /// The id of something that belongs to this: `Worker` and `Role` make `WorkerRole`.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(format!("{self}{name}"))
    }

    /// `{"Ref": …}`
    #[must_use]
    pub fn reference(&self) -> Value {
        intrinsics::reference(&self.0)
    }

    /// `{"Fn::GetAtt": [… , name]}`
    #[must_use]
    pub fn attribute(&self, name: &str) -> Value {
        intrinsics::get_att(&self.0, name)
    }

    /// The attribute `Arn`.
    #[must_use]
    pub fn arn(&self) -> Value {
        self.attribute("Arn")
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LogicalId {
    /// Takes `id` as it is.
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl AsRef<str> for LogicalId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A resource that is to be added to the template.
///
/// ```
/// # use phalanx_plugin::{LogicalId, Resource, Result, json, testing::Host, template};
/// # fn decorate() -> Result {
/// let topic = LogicalId::from("Alerts");
/// Resource::new("AWS::SNS::Topic").add(&topic)?;
/// Resource::new("AWS::SNS::Subscription")
///     .property("TopicArn", topic.reference())
///     .property("Protocol", "email")
///     .property("Endpoint", "ops@example.com")
///     .depends_on([&topic])
///     .add(&topic.child("Mail"))
/// # }
/// # let mut host = Host::new();
/// # host.run(|_: &phalanx_plugin::Value| decorate()).unwrap();
/// # assert_eq!(host.template()["Resources"]["AlertsMail"]["DependsOn"], json!(["Alerts"]));
/// # assert_eq!(host.template()["Resources"]["Alerts"], json!({ "Type": "AWS::SNS::Topic" }));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    members: Map<String, Value>,
    properties: Map<String, Value>,
}

impl Resource {
    /// A resource of this type without properties.
    #[must_use]
    pub fn new(resource_type: &str) -> Self {
        let members = Map::from_iter([("Type".to_owned(), resource_type.into())]);
        Self { members, properties: Map::new() }
    }

    /// Sets a property. `null` leaves it out, so that what is optional needs no `if`.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        insert(&mut self.properties, name, value.into());
        self
    }

    /// Sets a property to a list, unless the list is empty.
    #[must_use]
    pub fn list(self, name: &str, values: impl IntoIterator<Item = Value>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        if values.is_empty() { self } else { self.property(name, values) }
    }

    /// Resources that must be there first, though no property refers to them; there may be none.
    #[must_use]
    pub fn depends_on(mut self, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        for id in ids {
            let all = self.members.entry("DependsOn").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(all) = all {
                all.push(Value::from(id.as_ref()));
            }
        }
        self
    }

    /// The condition under which the resource exists.
    #[must_use]
    pub fn condition(self, condition: &str) -> Self {
        self.member("Condition", condition)
    }

    /// What becomes of the resource when it is deleted or replaced: `Delete`, `Retain`, `Snapshot`.
    #[must_use]
    pub fn deletion_policy(self, policy: &str) -> Self {
        self.member("DeletionPolicy", policy).member("UpdateReplacePolicy", policy)
    }

    /// Sets a member beside `Properties`, such as `UpdatePolicy` or `Metadata`; `null` leaves it out.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        insert(&mut self.members, name, value.into());
        self
    }

    /// Adds it to the template.
    ///
    /// # Errors
    /// When the logical id is taken.
    pub fn add(&self, id: impl AsRef<str>) -> Result {
        template::add_resource(id.as_ref(), self)
    }

    /// The resource as it stands in a template.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut members = self.members.clone();
        if !self.properties.is_empty() {
            members.insert("Properties".to_owned(), Value::Object(self.properties.clone()));
        }
        Value::Object(members)
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

fn insert(members: &mut Map<String, Value>, name: &str, value: Value) {
    if !value.is_null() {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn what_is_null_or_empty_is_left_out() {
        let resource = Resource::new("AWS::SQS::Queue")
            .property("QueueName", Value::Null)
            .property("DelaySeconds", None::<u32>)
            .list("Tags", [])
            .depends_on([""; 0])
            .member("Condition", Value::Null);
        assert_eq!(resource.value(), json!({ "Type": "AWS::SQS::Queue" }));
    }

    #[test]
    fn members_stand_before_properties_in_the_order_they_were_set() {
        let resource = Resource::new("AWS::Logs::LogGroup")
            .property("RetentionInDays", 14)
            .depends_on(["A"])
            .depends_on([LogicalId::from("B")])
            .condition("IsProd")
            .deletion_policy("Delete");
        assert_eq!(
            resource.value().to_string(),
            r#"{"Type":"AWS::Logs::LogGroup","DependsOn":["A","B"],"Condition":"IsProd","DeletionPolicy":"Delete","UpdateReplacePolicy":"Delete","Properties":{"RetentionInDays":14}}"#
        );
    }

    #[test]
    fn ids_are_made_of_names() {
        assert_eq!(LogicalId::of("worker_2.blue").as_str(), "Worker2Blue");
        assert_eq!(LogicalId::of("HTTPWorker").as_str(), "HTTPWorker");
    }
}
