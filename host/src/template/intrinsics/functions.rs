//! The functions themselves, each with the forms of arguments that CloudFormation takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{MAX_TEXT, ResolveError, Resolved, Resolver, cidr};
use crate::template::substitution::{Piece, pieces, split_attribute};

impl Resolver<'_> {
    /// Evaluates one function; `self.at` is the place of its argument.
    pub(super) fn call(&mut self, name: &str, argument: &Value) -> Resolved {
        match name {
            "Ref" => self.reference(argument),
            "Fn::GetAtt" => self.attribute(argument).map(Some),
            "Fn::Sub" => self.substitute(argument).map(Some),
            "Fn::Join" => self.join(argument).map(Some),
            "Fn::Select" => self.select(argument).map(Some),
            "Fn::Split" => self.split(argument).map(Some),
            "Fn::If" => self.choose(argument),
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                self.condition_function(name, argument).map(|holds| Some(Value::Bool(holds)))
            }
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::Base64" => {
                let text = self.text(name, argument)?;
                self.made(name, STANDARD.encode(text)).map(Some)
            }
            "Fn::GetAZs" => self.zones(argument).map(Some),
            "Fn::Cidr" => self.cidr(argument).map(Some),
            "Fn::ImportValue" => {
                let export = self.text(name, argument)?;
                let value = self.scope.export(&export);
                self.known(name, &export, "an output that a stack exports", value).map(Some)
            }
            "Fn::Length" => match self.value(argument)? {
                Some(Value::Array(list)) => Ok(Some(Value::from(list.len()))),
                _ => Err(self.malformed(name, "takes a list")),
            },
            "Fn::ToJsonString" => {
                let Some(value @ (Value::Object(_) | Value::Array(_))) = self.value(argument)?
                else {
                    return Err(self.malformed(name, "takes an object or a list"));
                };
                self.made(name, value.to_string()).map(Some)
            }
            _ => Err(ResolveError::Unsupported { function: name.to_owned(), at: self.at.clone() }),
        }
    }

    fn reference(&mut self, argument: &Value) -> Resolved {
        let Some(name) = argument.as_str() else {
            return Err(self.malformed("Ref", "takes a name"));
        };
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        self.named("Ref", name).map(Some)
    }

    /// What a plain name stands for, in `Ref` and in `Fn::Sub`.
    fn named(&self, function: &str, name: &str) -> Result<Value, ResolveError> {
        if name.starts_with("AWS::") {
            return self.known(function, name, "a pseudo parameter", self.scope.pseudo(name));
        }
        let value = self.scope.parameter(name).or_else(|| self.scope.resource_ref(name));
        self.known(function, name, "a parameter or a resource", value)
    }

    fn attribute(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes `Resource.Attribute` or a list of both";
        let function = "Fn::GetAtt";
        match argument {
            Value::String(dotted) => match split_attribute(dotted) {
                (id, Some(attribute)) => self.attribute_of(function, id, attribute),
                (_, None) => Err(self.malformed(function, FORMS)),
            },
            Value::Array(list) if list.len() == 2 => {
                let (id, attribute) =
                    (self.text_at(function, list, 0)?, self.text_at(function, list, 1)?);
                self.attribute_of(function, &id, &attribute)
            }
            _ => Err(self.malformed(function, FORMS)),
        }
    }

    fn attribute_of(
        &self,
        function: &str,
        id: &str,
        attribute: &str,
    ) -> Result<Value, ResolveError> {
        let value = self.scope.attribute(id, attribute);
        self.known(function, &format!("{id}.{attribute}"), "an attribute of a resource", value)
    }

    fn substitute(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes a text, or a list of a text and an object";
        let function = "Fn::Sub";
        let (text, own) = match argument {
            Value::String(text) => (text, None),
            Value::Array(list) => match list.as_slice() {
                [Value::String(text)] => (text, None),
                [Value::String(text), Value::Object(own)] => (text, Some(own)),
                _ => return Err(self.malformed(function, FORMS)),
            },
            _ => return Err(self.malformed(function, FORMS)),
        };
        let own = match own {
            Some(own) => self.below("1", |resolver| resolver.own_names(own))?,
            None => Map::new(),
        };
        let mut made = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => made.push_str(text),
                Piece::Literal(name) => made.extend(["${", name, "}"]),
                Piece::Variable(name) => made.push_str(&match own.get(name) {
                    Some(value) => self.scalar(function, value)?,
                    None => {
                        let value = match split_attribute(name) {
                            (name, None) => self.named(function, name)?,
                            (id, Some(attribute)) => self.attribute_of(function, id, attribute)?,
                        };
                        self.scalar(function, &value)?
                    }
                }),
                Piece::Invalid(name) => {
                    let problem = format!("has `${{{name}}}`, which is not a name");
                    return Err(self.malformed(function, problem));
                }
            }
            if made.len() > MAX_TEXT {
                break;
            }
        }
        self.made(function, made)
    }

    /// The names that a substitution brings along.
    fn own_names(&mut self, own: &Map<String, Value>) -> Result<Map<String, Value>, ResolveError> {
        match self.object(own)? {
            Value::Object(resolved) => Ok(resolved),
            _ => Ok(Map::new()),
        }
    }

    fn join(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes a list of a delimiter and a list of values";
        let function = "Fn::Join";
        let Some([Value::String(delimiter), _]) = argument.as_array().map(Vec::as_slice) else {
            return Err(self.malformed(function, FORMS));
        };
        let Some(Value::Array(values)) = self.element_of(argument, 1)? else {
            return Err(self.malformed(function, FORMS));
        };
        let mut made = String::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                made.push_str(delimiter);
            }
            made.push_str(&self.scalar(function, value)?);
            if made.len() > MAX_TEXT {
                break;
            }
        }
        self.made(function, made)
    }

    fn select(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes a list of an index and a list of values";
        let function = "Fn::Select";
        let list = self.arguments(function, argument, 2..=2, FORMS)?;
        let index = self.text_at(function, list, 0)?;
        let Some(Value::Array(mut values)) = self.element(list, 1)? else {
            return Err(self.malformed(function, FORMS));
        };
        match index.parse::<usize>() {
            Ok(index) if index < values.len() => Ok(values.swap_remove(index)),
            _ => {
                let length = values.len();
                let problem = format!("selects `{index}` from a list of {length}");
                Err(self.malformed(function, problem))
            }
        }
    }

    fn split(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes a list of a delimiter, which is not empty, and a text";
        let function = "Fn::Split";
        let list = self.arguments(function, argument, 2..=2, FORMS)?;
        let (delimiter, text) =
            (self.text_at(function, list, 0)?, self.text_at(function, list, 1)?);
        if delimiter.is_empty() {
            return Err(self.malformed(function, FORMS));
        }
        Ok(text.split(delimiter.as_str()).map(Value::from).collect())
    }

    /// `Fn::If`: only the branch that is taken is evaluated.
    fn choose(&mut self, argument: &Value) -> Resolved {
        const FORMS: &str = "takes a list of a condition and two values";
        let list = self.arguments("Fn::If", argument, 3..=3, FORMS)?;
        let Some(name) = list[0].as_str() else {
            return Err(self.malformed("Fn::If", FORMS));
        };
        let holds = self.known("Fn::If", name, "a condition", self.scope.condition(name))?;
        self.element(list, if holds { 1 } else { 2 })
    }

    fn find_in_map(&mut self, argument: &Value) -> Resolved {
        const FORMS: &str = "takes a list of a mapping and two keys";
        let function = "Fn::FindInMap";
        let list = self.arguments(function, argument, 3..=4, FORMS)?;
        let name = self.text_at(function, list, 0)?;
        let (first, second) = (self.text_at(function, list, 1)?, self.text_at(function, list, 2)?);
        let found = self.scope.mapping(&name, &first, &second);
        if found.is_none()
            && let Some(default) = list.get(3).and_then(|options| options.get("DefaultValue"))
        {
            return self.below("3", |own| own.below("DefaultValue", |own| own.value(default)));
        }
        self.known(function, &format!("{name}.{first}.{second}"), "in a mapping", found).map(Some)
    }

    fn zones(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        let function = "Fn::GetAZs";
        let mut region = self.text(function, argument)?;
        if region.is_empty() {
            let own = self.named(function, "AWS::Region")?;
            region = self.scalar(function, &own)?;
        }
        let zones = self.scope.zones(&region);
        self.known(function, &region, "a region", zones).map(Value::from)
    }

    fn cidr(&mut self, argument: &Value) -> Result<Value, ResolveError> {
        const FORMS: &str = "takes a list of an address block, a count and the bits of each subnet";
        let function = "Fn::Cidr";
        let list = self.arguments(function, argument, 2..=3, FORMS)?;
        let block = self.text_at(function, list, 0)?;
        let mut number = |index: usize| -> Result<Option<u32>, ResolveError> {
            if index >= list.len() {
                return Ok(None);
            }
            let text = self.text_at(function, list, index)?;
            text.parse().map(Some).map_err(|_| self.malformed(function, FORMS))
        };
        let (count, bits) = (number(1)?.unwrap_or_default(), number(2)?);
        cidr::subnets(&block, count, bits)
            .map(Value::from)
            .map_err(|problem| self.malformed(function, problem))
    }

    /// The elements of an argument that is a list of the right length.
    pub(super) fn arguments<'v>(
        &self,
        function: &str,
        argument: &'v Value,
        length: std::ops::RangeInclusive<usize>,
        forms: &str,
    ) -> Result<&'v [Value], ResolveError> {
        match argument {
            Value::Array(list) if length.contains(&list.len()) => Ok(list),
            _ => Err(self.malformed(function, forms)),
        }
    }

    fn element_of(&mut self, argument: &Value, index: usize) -> Resolved {
        match argument {
            Value::Array(list) if index < list.len() => self.element(list, index),
            _ => Ok(None),
        }
    }

    fn text_at(
        &mut self,
        function: &str,
        list: &[Value],
        index: usize,
    ) -> Result<String, ResolveError> {
        match self.element(list, index)? {
            Some(value) => self.scalar(function, &value),
            None => Err(self.malformed(function, "takes no `AWS::NoValue`")),
        }
    }

    fn text(&mut self, function: &str, argument: &Value) -> Result<String, ResolveError> {
        match self.value(argument)? {
            Some(value) => self.scalar(function, &value),
            None => Err(self.malformed(function, "takes no `AWS::NoValue`")),
        }
    }

    /// A value as text, as CloudFormation writes numbers and booleans.
    pub(super) fn scalar(&self, function: &str, value: &Value) -> Result<String, ResolveError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(truth.to_string()),
            Value::Null => Err(self.malformed(function, "needs a text and got null")),
            Value::Array(_) => Err(self.malformed(function, "needs a text and got a list")),
            Value::Object(_) => Err(self.malformed(function, "needs a text and got an object")),
        }
    }

    /// A text that a function made, unless it is too large.
    fn made(&self, function: &str, text: String) -> Result<Value, ResolveError> {
        if text.len() > MAX_TEXT {
            let (function, at) = (function.to_owned(), self.at.clone());
            return Err(ResolveError::TooLarge { function, at, limit: MAX_TEXT });
        }
        Ok(Value::String(text))
    }

    pub(super) fn known<T>(
        &self,
        function: &str,
        name: &str,
        wanted: &'static str,
        found: Option<T>,
    ) -> Result<T, ResolveError> {
        found.ok_or_else(|| ResolveError::Unknown {
            function: function.to_owned(),
            name: name.to_owned(),
            wanted,
            at: self.at.clone(),
        })
    }

    pub(super) fn malformed(&self, function: &str, problem: impl Into<String>) -> ResolveError {
        let (function, problem) = (function.to_owned(), problem.into());
        ResolveError::Malformed { function, problem, at: self.at.clone() }
    }
}
