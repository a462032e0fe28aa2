//! Evaluates CloudFormation's functions, for clouds that provision by themselves and for checks.
//!
//! [`resolve`] replaces every `Ref` and `Fn::…` in a value; what they name comes from a [`Scope`].
//! Macros (`Fn::Transform`, `Fn::ForEach`) run inside CloudFormation only and are refused by name.

use serde_json::{Map, Value};

mod cidr;
mod condition;
mod error;
mod functions;

pub use condition::evaluate_conditions;
pub use error::ResolveError;

use super::pointer::Pointer;

/// What functions can name. Each answer is none when there is no such thing.
pub trait Scope {
    /// The value of a parameter: text, or a list of texts.
    fn parameter(&self, name: &str) -> Option<Value>;
    /// What `Ref` gives for a resource: mostly its physical id.
    fn resource_ref(&self, logical_id: &str) -> Option<Value>;
    /// What `Fn::GetAtt` gives; `attribute` may have dots.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value>;
    /// The value of a mapping under its two keys.
    fn mapping(&self, name: &str, first_key: &str, second_key: &str) -> Option<Value>;
    /// Whether a condition holds; see [`evaluate_conditions`].
    fn condition(&self, name: &str) -> Option<bool>;
    /// A pseudo parameter such as `AWS::Region`. `AWS::NoValue` is never asked for.
    fn pseudo(&self, name: &str) -> Option<Value>;
    /// An output that another stack exports.
    fn export(&self, name: &str) -> Option<Value>;
    /// The availability zones of a region.
    fn zones(&self, region: &str) -> Option<Vec<String>>;
}

/// `value` with every function in it evaluated. Keys and list elements whose value is `AWS::NoValue`
/// disappear; when it is the whole value, the result is null.
///
/// # Errors
/// When a function is malformed, unknown, or names what is not in `scope`. The pointer in the error
/// starts at `value`.
pub fn resolve(value: &Value, scope: &dyn Scope) -> Result<Value, ResolveError> {
    resolve_at(value, Pointer::root(), scope)
}

/// [`resolve`] for a value that stands at `at`, so that errors tell its place in the template.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_at(value: &Value, at: Pointer, scope: &dyn Scope) -> Result<Value, ResolveError> {
    let mut resolver = Resolver { scope, limit: at.depth() + MAX_DEPTH, at };
    Ok(resolver.value(value)?.unwrap_or(Value::Null))
}

/// Levels a value may have: what a JSON reader lets through, so that no stack overflows.
const MAX_DEPTH: usize = 128;

/// Bytes a text may come to: CloudFormation's limit of a whole template. Nested functions can make a
/// text grow by a factor at every level.
const MAX_TEXT: usize = 1 << 20;

/// The result of a function; none is `AWS::NoValue`.
type Resolved = Result<Option<Value>, ResolveError>;

struct Resolver<'a> {
    scope: &'a dyn Scope,
    /// Where the value under evaluation stands.
    at: Pointer,
    /// Depth that `at` may have.
    limit: usize,
}

impl Resolver<'_> {
    fn value(&mut self, value: &Value) -> Resolved {
        match value {
            Value::Object(map) => match function(map) {
                Some((name, argument)) => self.below(name, |own| own.call(name, argument)),
                None => self.object(map).map(Some),
            },
            Value::Array(list) => self.list(list).map(|list| Some(Value::Array(list))),
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn object(&mut self, map: &Map<String, Value>) -> Result<Value, ResolveError> {
        let mut resolved = Map::with_capacity(map.len());
        for (name, value) in map {
            if let Some(value) = self.below(name, |own| own.value(value))? {
                resolved.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn list(&mut self, list: &[Value]) -> Result<Vec<Value>, ResolveError> {
        let mut resolved = Vec::with_capacity(list.len());
        for index in 0..list.len() {
            resolved.extend(self.element(list, index)?);
        }
        Ok(resolved)
    }

    /// The element of a list of arguments, evaluated; the caller has checked that it is there.
    fn element(&mut self, list: &[Value], index: usize) -> Resolved {
        self.below(&index.to_string(), |own| own.value(&list[index]))
    }

    /// Does something one level down.
    fn below<T>(
        &mut self,
        token: &str,
        act: impl FnOnce(&mut Self) -> Result<T, ResolveError>,
    ) -> Result<T, ResolveError> {
        if self.at.depth() >= self.limit {
            return Err(ResolveError::TooDeep { at: self.at.clone(), limit: MAX_DEPTH });
        }
        self.at.push(token);
        // The place is popped only on success: an error ends the evaluation.
        let done = act(self)?;
        self.at.pop();
        Ok(done)
    }
}

/// The function that an object calls, if it does. `Fn::…` beside other keys is no call either; that
/// is left for CloudFormation to judge, which gives it a meaning for some macros.
fn function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = map.iter().next()?;
    let calls = map.len() == 1 && (name == "Ref" || name.starts_with("Fn::"));
    calls.then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests;
