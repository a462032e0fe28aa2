//! Lets plugins at `post-build` work on the packages: the plugin host's trait over our packages.

use crate::package::{PackageError, PackageSet};
use crate::plugin::{ArtifactEntry, Artifacts};
