//! Logical ids and the names they are made of.
//!
//! An id is made of what the thing *is*, not of where it stands in the manifest: CloudFormation takes
//! a changed id for a new resource, and many resources cannot exist twice.

use crate::manifest::Function;
use crate::template::substitution::{Piece, pieces, split_attribute};

/// `worker-queue` becomes `WorkerQueue`; characters that an id cannot hold separate words.
pub(super) fn pascal(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut characters = word.chars();
        id.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(characters.as_str());
    }
    id
}

/// `HelloHttpGetOrdersId` for `GET /orders/{id}` of `Hello`.
pub(super) fn route(function: &Function, method: &str, path: &str) -> String {
    let method = pascal(&method.to_lowercase());
    let path = if path == "/" { "Root".to_owned() } else { pascal(path) };
    format!("{}Http{method}{path}", function.logical_id)
}

/// A short PascalCase name of the queue, stream or topic that an ARN text means.
pub(super) fn source(text: &str) -> String {
    let variable = pieces(text).find_map(|piece| match piece {
        Piece::Variable(name) if !name.starts_with("AWS::") => Some(name),
        _ => None,
    });
    if let Some(variable) = variable {
        return pascal(split_attribute(variable).0);
    }
    let fields = arn_fields(text);
    // `table/orders/stream/2026-…` and `stream/clicks` carry the name second.
    let resource = fields.get(5).copied().unwrap_or(text);
    pascal(resource.split('/').nth(1).unwrap_or(resource))
}

/// The six fields of an ARN, where a `:` inside `${AWS::Region}` separates nothing.
pub(super) fn arn_fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::with_capacity(6);
    let (mut start, mut depth) = (0, 0_usize);
    for (position, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && fields.len() < 5 => {
                fields.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    fields.push(&text[start..]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_readable_ids() {
        assert_eq!(pascal("worker-queue"), "WorkerQueue");
        assert_eq!(pascal("/orders/{orderId}/items"), "OrdersOrderIdItems");
        assert_eq!(pascal("HTTPProxy"), "HTTPProxy");
    }

    #[test]
    fn a_source_is_named_after_its_resource() {
        assert_eq!(source("${WorkerQueue.Arn}"), "WorkerQueue");
        assert_eq!(source("arn:aws:sqs:eu-central-1:123456789012:new-orders"), "NewOrders");
        assert_eq!(
            source("arn:${AWS::Partition}:kinesis:${AWS::Region}:1:stream/clicks"),
            "Clicks"
        );
        assert_eq!(source("arn:aws:dynamodb:eu-west-1:1:table/Orders/stream/2026-01-01"), "Orders");
    }
}
