//! Misordering: a plugin enumerated resources before another one added more of them.
//!
//! A tagger that runs before the decorator that adds a cluster leaves the cluster without tags, and
//! nobody would notice. The template notes what each plugin enumerated; here it is compared with what
//! came later.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use serde::Serialize;
use serde_json::Value;

use super::Template;
use super::journal::{Edit, as_text};
use crate::text;

/// For each plugin and the resource type that it enumerated (none: all types), how many edits had been
/// kept before it last did.
pub(super) type Listings = IndexMap<(Arc<str>, Option<String>), usize>;

/// Resources that a plugin did not see, since another one added them after it had looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Missed {
    /// The plugin that enumerated resources.
    #[serde(serialize_with = "as_text")]
    pub lister: Arc<str>,
    /// Which type it enumerated; none for all.
    #[serde(rename = "type")]
    pub of_type: Option<String>,
    /// The plugin that added some later.
    #[serde(serialize_with = "as_text")]
    pub adder: Arc<str>,
    /// The logical ids it added, in the order of adding.
    pub logical_ids: Vec<String>,
}

impl Missed {
    /// One sentence for a warning.
    pub fn message(&self) -> String {
        let kind = match &self.of_type {
            Some(of_type) => format!("the resources of type `{of_type}`"),
            None => "all resources".to_owned(),
        };
        let ids: Vec<_> = self.logical_ids.iter().map(|id| format!("`{id}`")).collect();
        let ids = text::shorten(&ids.join(", "), 200).into_owned();
        format!(
            "plugin `{}` looked at {kind} before plugin `{}` added {ids}",
            self.lister, self.adder
        )
    }
}

impl Template {
    /// What plugins did not see since it was added after they had enumerated; in the order of the
    /// enumerations.
    pub fn missed(&self) -> Vec<Missed> {
        let resources = &self.document["Resources"];
        let additions: Vec<_> = (self.edits.iter().enumerate())
            .flat_map(|(number, edit)| {
                added_resources(edit).into_iter().map(move |id| (number, &edit.plugin, id))
            })
            .filter_map(|(number, adder, id)| {
                Some((number, adder, id, resources[id]["Type"].as_str()?))
            })
            .collect();

        let mut found = Vec::new();
        for ((lister, of_type), edits_before) in &self.listings {
            // Who has looked at everything need not be told again for each type.
            if of_type.is_some() && self.listings.contains_key(&(Arc::clone(lister), None)) {
                continue;
            }
            let mut by_adder: IndexMap<&Arc<str>, IndexSet<&str>> = IndexMap::new();
            for (number, adder, id, its_type) in &additions {
                let listed = of_type.as_deref().is_none_or(|of_type| of_type == *its_type);
                if number >= edits_before && *adder != lister && listed {
                    by_adder.entry(adder).or_default().insert(id);
                }
            }
            found.extend(by_adder.into_iter().map(|(adder, ids)| Missed {
                lister: Arc::clone(lister),
                of_type: of_type.clone(),
                adder: Arc::clone(adder),
                logical_ids: ids.into_iter().map(str::to_owned).collect(),
            }));
        }
        found
    }
}

/// The logical ids of resources that came to be by this edit.
fn added_resources(edit: &Edit) -> Vec<&str> {
    if edit.before.is_some() {
        return Vec::new();
    }
    let at = edit.pointer.as_str();
    match at.strip_prefix("/Resources") {
        Some("") => match &edit.after {
            Some(Value::Object(resources)) => resources.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        },
        // An id with an escaped character is illegal, and another check's matter.
        Some(rest) => rest.strip_prefix('/').filter(|id| !id.contains('/')).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The order of `plugins` in which nobody would have missed anything: each as near to its old place
/// as can be. None when it is the order already, or when plugins miss each other's resources.
pub fn suggested_order<'a>(plugins: &[&'a str], missed: &[Missed]) -> Option<Vec<&'a str>> {
    let mut waiting: Vec<&str> = plugins.to_vec();
    let mut order = Vec::with_capacity(plugins.len());
    while !waiting.is_empty() {
        let free = waiting.iter().position(|plugin| {
            !missed.iter().any(|missed| {
                *missed.lister == **plugin && waiting.iter().any(|other| **other == *missed.adder)
            })
        })?;
        order.push(waiting.remove(free));
    }
    (order != plugins).then_some(order)
}
