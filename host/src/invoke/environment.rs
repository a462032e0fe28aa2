//! The environment variables that a function sees: Lambda's, its own, and nothing of the machine's
//! but `PATH`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::{FunctionSpec, Options};

/// All variables of the function's process. Lambda's reserved names win over the function's own, as
/// Lambda refuses those; [`Options::environment`] wins over all.
pub(super) fn variables(
    function: &FunctionSpec,
    options: &Options,
    task_root: &Path,
    api: SocketAddr,
    log_stream: &str,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([
        ("LANG".to_owned(), "en_US.UTF-8".to_owned()),
        ("TZ".to_owned(), ":UTC".to_owned()),
        ("PATH".to_owned(), options.search_path.clone()),
    ]);
    variables.extend(function.environment.clone());
    let reserved = [
        ("_HANDLER", function.handler.clone()),
        ("AWS_REGION", function.region.clone()),
        ("AWS_DEFAULT_REGION", function.region.clone()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime)),
        ("AWS_LAMBDA_FUNCTION_NAME", function.function_name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", function.log_group.clone()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
        ("LAMBDA_TASK_ROOT", task_root.display().to_string()),
        ("LAMBDA_RUNTIME_DIR", task_root.display().to_string()),
        // Made up: with them an SDK does not go looking for the user's own credentials.
        ("AWS_ACCESS_KEY_ID", "ASIALOCALLOCALLOCAL0".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
    ];
    variables.extend(reserved.map(|(name, value)| (name.to_owned(), value)));
    variables.extend(options.environment.clone());
    variables
}
