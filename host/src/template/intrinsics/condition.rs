//! Conditions: the functions that give a truth, and the `Conditions` section as a whole.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::{ResolveError, Resolver, Scope, function};
use crate::template::pointer::Pointer;
use crate::template::references::{self, Kind};

/// Whether each condition of a template's `Conditions` section holds, in the order of the document.
/// Conditions may use each other; `scope` is asked for everything but conditions.
///
/// # Errors
/// When one cannot be evaluated, or they depend on each other in a circle.
pub fn evaluate_conditions(
    document: &Value,
    scope: &dyn Scope,
) -> Result<IndexMap<String, bool>, ResolveError> {
    let empty = Map::new();
    let conditions = document.get("Conditions").and_then(Value::as_object).unwrap_or(&empty);
    let mut known = IndexMap::with_capacity(conditions.len());
    for name in in_order(conditions)? {
        let at = Pointer::of(["Conditions", name]);
        let scope = Known { scope, conditions: &known };
        let mut resolver = Resolver { scope: &scope, limit: at.depth() + super::MAX_DEPTH, at };
        let holds = resolver.condition(&conditions[name])?;
        known.insert(name.to_owned(), holds);
    }
    Ok(conditions.keys().map(|name| (name.clone(), known[name])).collect())
}

/// The names of the conditions, each after those it uses. Without recursion, since nothing limits how
/// long a chain of conditions is.
fn in_order(conditions: &Map<String, Value>) -> Result<IndexSet<&str>, ResolveError> {
    let uses: IndexMap<&str, Vec<&str>> = conditions
        .iter()
        .map(|(name, condition)| {
            let used = references::in_value(condition, &Pointer::root())
                .filter(|found| found.kind == Kind::Condition)
                .filter_map(|found| conditions.get_key_value(&found.target))
                .map(|(name, _)| name.as_str());
            (name.as_str(), used.collect())
        })
        .collect();
    let mut done = IndexSet::with_capacity(uses.len());
    for start in uses.keys().copied() {
        let mut path = IndexMap::from([(start, 0)]);
        while let Some((&name, next)) = path.last_mut() {
            let Some(&used) = uses[name].get(*next).filter(|_| !done.contains(name)) else {
                done.insert(name);
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(from) = path.get_index_of(used) {
                let mut names: Vec<String> =
                    path.keys().skip(from).map(ToString::to_string).collect();
                names.push(used.to_owned());
                return Err(ResolveError::Cycle { names });
            }
            path.insert(used, 0);
        }
    }
    Ok(done)
}

impl Resolver<'_> {
    /// Whether a condition, which stands at `self.at`, holds.
    fn condition(&mut self, condition: &Value) -> Result<bool, ResolveError> {
        let Some(map) = condition.as_object() else {
            return self.truth(condition);
        };
        if map.len() == 1
            && let Some(Value::String(name)) = map.get("Condition")
        {
            return self.known("Condition", name, "a condition", self.scope.condition(name));
        }
        match function(map) {
            Some((name @ ("Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not"), argument)) => {
                self.below(name, |own| own.condition_function(name, argument))
            }
            _ => {
                let value = self.value(condition)?;
                self.truth(&value.unwrap_or(Value::Null))
            }
        }
    }

    pub(super) fn condition_function(
        &mut self,
        name: &str,
        argument: &Value,
    ) -> Result<bool, ResolveError> {
        match name {
            "Fn::Equals" => {
                let sides = self.arguments(name, argument, 2..=2, "takes a list of two values")?;
                let (left, right) = (self.element(sides, 0)?, self.element(sides, 1)?);
                Ok(match (&left, &right) {
                    (Some(left), Some(right)) => {
                        // Parameters are texts always: `1` and `"1"` are the same to CloudFormation.
                        match (self.scalar(name, left), self.scalar(name, right)) {
                            (Ok(left), Ok(right)) => left == right,
                            _ => left == right,
                        }
                    }
                    (left, right) => left == right,
                })
            }
            "Fn::Not" => {
                let list =
                    self.arguments(name, argument, 1..=1, "takes a list of one condition")?;
                self.below("0", |own| own.condition(&list[0])).map(|holds| !holds)
            }
            _ => {
                let forms = "takes a list of 2 to 10 conditions";
                let list = self.arguments(name, argument, 2..=10, forms)?;
                let mut holds = Vec::with_capacity(list.len());
                for (index, condition) in list.iter().enumerate() {
                    holds.push(self.below(&index.to_string(), |own| own.condition(condition))?);
                }
                let all = name == "Fn::And";
                Ok(if all { holds.iter().all(|holds| *holds) } else { holds.contains(&true) })
            }
        }
    }

    fn truth(&self, value: &Value) -> Result<bool, ResolveError> {
        match value {
            Value::Bool(holds) => Ok(*holds),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(self.malformed("Condition", "must be a function that gives true or false")),
        }
    }
}

/// A scope with the conditions that are evaluated already.
struct Known<'a> {
    scope: &'a dyn Scope,
    conditions: &'a IndexMap<String, bool>,
}

impl Scope for Known<'_> {
    fn condition(&self, name: &str) -> Option<bool> {
        self.conditions.get(name).copied()
    }

    fn parameter(&self, name: &str) -> Option<Value> {
        self.scope.parameter(name)
    }

    fn resource_ref(&self, logical_id: &str) -> Option<Value> {
        self.scope.resource_ref(logical_id)
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        self.scope.attribute(logical_id, attribute)
    }

    fn mapping(&self, name: &str, first_key: &str, second_key: &str) -> Option<Value> {
        self.scope.mapping(name, first_key, second_key)
    }

    fn pseudo(&self, name: &str) -> Option<Value> {
        self.scope.pseudo(name)
    }

    fn export(&self, name: &str) -> Option<Value> {
        self.scope.export(name)
    }

    fn zones(&self, region: &str) -> Option<Vec<String>> {
        self.scope.zones(region)
    }
}
