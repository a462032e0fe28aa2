//! A component's type as text.

use wit_component::{DecodedWasm, OutputToString, WitPrinter};

use super::error::{PluginError, Problem, Stage};

/// All that a component imports and exports, as a world of WIT, and the packages that the world names. `label` is
/// what it is called in an error.
///
/// # Errors
/// When it is no component, or one whose type WIT has no words for.
pub fn wit(label: &str, component: &[u8]) -> Result<String, PluginError> {
    text(component)
        .map_err(|reason| PluginError::new(label, None, Stage::Load, Problem::Invalid { reason }))
}

fn text(component: &[u8]) -> Result<String, String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("{error:#}"))?;
    let DecodedWasm::Component(resolve, _) = &decoded else {
        return Err("it is a package of WIT, and has no code".to_owned());
    };
    let package = decoded.package();
    let named: Vec<_> =
        resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != package).collect();
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.print(resolve, package, &named).map_err(|error| format!("{error:#}"))?;
    Ok(printer.output.to_string())
}
