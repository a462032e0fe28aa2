// The plugin with every hook, in C.

#include "phalanx.h"

// The owner in the context, as JSON.
static phalanx_text_t owner(void) {
    phalanx_text_t key = phalanx_text("owner"), owner = phalanx_text("null");
    phalanx_pipeline_context_get(&key, &owner);
    return owner;
}

bool exports_phalanx_pipeline_pre_build_pre_build(phalanx_failure_t *failure) {
    phalanx_text_t path = phalanx_text("OWNER"), key = phalanx_text("owner"), service;
    plugin_list_u8_t bytes;
    if (!phalanx_pipeline_files_read(&path, &bytes, failure)) {
        return false;
    }
    phalanx_text_t name = phalanx_trim((phalanx_text_t){bytes.ptr, bytes.len});
    phalanx_text_t value = phalanx_json_string(name);
    if (!phalanx_pipeline_context_set(&key, &value, failure)) {
        return false;
    }
    phalanx_pipeline_run_service(&service);
    phalanx_log("info", "%.*s owns %.*s", PHALANX_TEXT(name), PHALANX_TEXT(service));
    return true;
}

bool exports_phalanx_pipeline_post_build_post_build(phalanx_failure_t *failure) {
    phalanx_text_t quoted = owner(), path = phalanx_text("OWNER");
    // Without the quotes.
    plugin_list_u8_t bytes = {quoted.ptr + 1, quoted.len - 2};
    phalanx_pipeline_artifacts_list_artifact_t packages;
    phalanx_pipeline_artifacts_list(&packages);
    for (size_t i = 0; i < packages.len; i++) {
        phalanx_text_t function = packages.ptr[i].function;
        plugin_list_string_t files;
        if (!phalanx_pipeline_artifacts_files(&function, &files, failure)) {
            return false;
        }
        if (!phalanx_pipeline_artifacts_write(&function, &path, &bytes, 0644, failure)) {
            return false;
        }
        phalanx_log("info", "%.*s has %zu files and an owner", PHALANX_TEXT(function), files.len);
    }
    return true;
}

bool exports_phalanx_pipeline_template_decorate_decorate_service(phalanx_failure_t *failure) {
    phalanx_text_t place = phalanx_text("/Metadata/Owner"), value = owner();
    return phalanx_pipeline_template_edit_set(&place, &value, failure);
}

bool exports_phalanx_pipeline_template_decorate_decorate_function(
    plugin_string_t *function, plugin_string_t *logical_id, phalanx_failure_t *failure) {
    phalanx_text_t value = owner();
    phalanx_text_t place =
        phalanx_format("/Resources/%.*s/Properties/Environment/Variables/OWNER", PHALANX_TEXT(*logical_id));
    if (!phalanx_pipeline_template_edit_set(&place, &value, failure)) {
        return false;
    }
    phalanx_log("info", "%.*s knows its owner", PHALANX_TEXT(*function));
    return true;
}

bool exports_phalanx_pipeline_template_validate_validate(
    exports_phalanx_pipeline_template_validate_list_finding_t *findings, phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t place = phalanx_text("/Metadata/Owner"), said;
    findings->ptr = calloc(1, sizeof *findings->ptr);
    findings->len = phalanx_pipeline_template_view_get(&place, &said) ? 0 : 1;
    plugin_string_dup(&findings->ptr->severity, "warning");
    plugin_string_dup(&findings->ptr->rule, "no-owner");
    plugin_string_dup(&findings->ptr->at, "/Metadata");
    plugin_string_dup(&findings->ptr->message, "nobody owns this");
    return true;
}

bool exports_phalanx_pipeline_post_provision_post_provision(phalanx_failure_t *failure) {
    (void)failure;
    plugin_list_tuple2_string_string_t outputs;
    phalanx_pipeline_stack_outputs(&outputs);
    for (size_t i = 0; i < outputs.len; i++) {
        phalanx_log("info", "%.*s: %.*s", PHALANX_TEXT(outputs.ptr[i].f0), PHALANX_TEXT(outputs.ptr[i].f1));
    }
    return true;
}

bool exports_phalanx_pipeline_rollback_rollback(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t step, steps = phalanx_text("");
    phalanx_failure_t error;
    plugin_list_string_t completed;
    phalanx_pipeline_outcome_failed_step(&step);
    phalanx_pipeline_outcome_error(&error);
    phalanx_pipeline_outcome_completed(&completed);
    for (size_t i = 0; i < completed.len; i++) {
        const char *comma = i == 0 ? "" : ", ";
        steps = phalanx_format("%.*s%s%.*s", PHALANX_TEXT(steps), comma, PHALANX_TEXT(completed.ptr[i]));
    }
    phalanx_log(
        "warn", "%.*s failed after %.*s: %.*s", PHALANX_TEXT(step), PHALANX_TEXT(steps), PHALANX_TEXT(error.message));
    return true;
}

bool exports_phalanx_pipeline_teardown_pre_delete(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t stack;
    phalanx_pipeline_run_stack_name(&stack);
    phalanx_log("info", "%.*s goes", PHALANX_TEXT(stack));
    return true;
}

bool exports_phalanx_pipeline_teardown_post_delete(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t stack;
    phalanx_pipeline_run_stack_name(&stack);
    phalanx_log("info", "%.*s is gone", PHALANX_TEXT(stack));
    return true;
}
