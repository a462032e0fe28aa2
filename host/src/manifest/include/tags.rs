//! The short tags of CloudFormation's YAML: `!Sub text` is `{ "Fn::Sub": text }`.

use super::function;
use crate::manifest::node::{Content, Node};
use crate::manifest::problem::{Complaint, complaint, suggest};
use crate::manifest::source::At;

/// Tag to key.
const TAGS: &[(&str, &str)] = &[
    ("And", "Fn::And"),
    ("Base64", "Fn::Base64"),
    ("Cidr", "Fn::Cidr"),
    ("Condition", "Condition"),
    ("Contains", "Fn::Contains"),
    ("EachMemberEquals", "Fn::EachMemberEquals"),
    ("EachMemberIn", "Fn::EachMemberIn"),
    ("Equals", "Fn::Equals"),
    ("FindInMap", "Fn::FindInMap"),
    ("GetAZs", "Fn::GetAZs"),
    ("GetAtt", "Fn::GetAtt"),
    ("If", "Fn::If"),
    ("ImportValue", "Fn::ImportValue"),
    ("Join", "Fn::Join"),
    ("Length", "Fn::Length"),
    ("Not", "Fn::Not"),
    ("Or", "Fn::Or"),
    ("Ref", "Ref"),
    ("RefAll", "Fn::RefAll"),
    ("Select", "Fn::Select"),
    ("Split", "Fn::Split"),
    ("Sub", "Fn::Sub"),
    ("ToJsonString", "Fn::ToJsonString"),
    ("Transform", "Fn::Transform"),
    ("ValueOf", "Fn::ValueOf"),
    ("ValueOfAll", "Fn::ValueOfAll"),
];

/// The node that `!name` makes of its argument.
pub(super) fn expand(name: &str, at: At, argument: Node) -> Result<Node, Complaint> {
    let Some((_, key)) = TAGS.iter().find(|(tag, _)| *tag == name) else {
        let hint = suggest(name, "short tags", TAGS.iter().map(|(tag, _)| *tag));
        return Err(complaint(format!("unknown short tag `!{}`", name.escape_debug()), hint));
    };
    let argument = if name == "GetAtt" { attribute(argument)? } else { argument };
    Ok(function(key, at, argument))
}

/// `Queue.Arn` becomes `["Queue", "Arn"]`; what follows the first dot is all attribute.
fn attribute(argument: Node) -> Result<Node, Complaint> {
    let Some(text) = argument.as_text() else { return Ok(argument) };
    let Some((resource, attribute)) =
        text.split_once('.').filter(|(a, b)| !a.is_empty() && !b.is_empty())
    else {
        let hint = "such as `!GetAtt Queue.Arn`";
        return Err(complaint(format!("`!GetAtt {text}` names no attribute"), hint));
    };
    let part = |text: &str| Node::new(argument.at, Content::Text(text.to_owned()));
    Ok(Node::new(argument.at, Content::List(vec![part(resource), part(attribute)])))
}
