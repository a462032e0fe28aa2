//! Draws a plan for people, grouped by who caused each change.

use std::fmt::Write as _;

use phalanx::pipeline::PlanResult;
use phalanx::template::plan::{Action, EntryChange, PropertyChange, ResourceChange};
use phalanx::text::{count, safe_line, shorten};
use serde_json::Value;

use super::style::Style;

/// How long a value may be in one line.
const VALUE_WIDTH: usize = 60;
