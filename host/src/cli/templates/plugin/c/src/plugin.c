// {{description}}.
//
// The config is `config = { days = 4 }` in a service's manifest. Each hook call gets a new instance; what has to last
// from hook to hook goes into the context.

#include "phalanx.h"

// Days that a queue keeps a message.
long days(void) {
    return phalanx_json_integer(phalanx_config(), "days", 4);
}

// The host checks a service's config with this schema before anything runs.
void exports_phalanx_pipeline_configurable_config_schema(plugin_string_t *schema) {
    plugin_string_dup(
        schema,
        "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"type\": \"object\","
        " \"properties\": {\"days\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 14, \"default\": 4,"
        " \"description\": \"Days that a queue keeps a message.\"}}, \"additionalProperties\": false}");
}
{{#pre-build}}

// Before the service is built: what is found out here, the hooks after it can read.
bool exports_phalanx_pipeline_pre_build_pre_build(phalanx_failure_t *failure) {
    phalanx_text_t service, key = phalanx_text("{{name}}.days"), value = phalanx_format("%ld", days());
    if (!phalanx_pipeline_context_set(&key, &value, failure)) {
        return false;
    }
    phalanx_pipeline_run_service(&service);
    phalanx_log("info", "queues of `%.*s` keep messages for %ld days", PHALANX_TEXT(service), days());
    return true;
}
{{/}}
{{#post-build}}

// After the build: files that are written here go into the functions' packages.
bool exports_phalanx_pipeline_post_build_post_build(phalanx_failure_t *failure) {
    phalanx_text_t service, stage, path = phalanx_text("service.json");
    phalanx_pipeline_run_service(&service);
    phalanx_pipeline_run_stage(&stage);
    service = phalanx_json_string(service);
    stage = phalanx_json_string(stage);
    phalanx_text_t text = phalanx_format(
        "{\"service\":%.*s,\"stage\":%.*s}", PHALANX_TEXT(service), PHALANX_TEXT(stage));
    plugin_list_u8_t bytes = {text.ptr, text.len};
    phalanx_pipeline_artifacts_list_artifact_t packages;
    phalanx_pipeline_artifacts_list(&packages);
    for (size_t i = 0; i < packages.len; i++) {
        if (!phalanx_pipeline_artifacts_write(&packages.ptr[i].function, &path, &bytes, 0644, failure)) {
            return false;
        }
    }
    return true;
}
{{/}}
{{#template-decorate template-validate}}

// The place where a queue says how long it keeps its messages.
static phalanx_text_t retention_of(phalanx_text_t queue) {
    return phalanx_format("/Resources/%.*s/Properties/MessageRetentionPeriod", PHALANX_TEXT(queue));
}

static plugin_list_string_t queues(void) {
    phalanx_text_t type = phalanx_text("AWS::SQS::Queue");
    plugin_list_string_t queues;
    phalanx_pipeline_template_view_logical_ids(&type, &queues);
    return queues;
}
{{/}}
{{#template-decorate}}

// Edits the template, once for the service. All edits are kept, or none when this fails; each is known as this
// plugin's.
bool exports_phalanx_pipeline_template_decorate_decorate_service(phalanx_failure_t *failure) {
    plugin_list_string_t all = queues();
    for (size_t i = 0; i < all.len; i++) {
        phalanx_text_t period = retention_of(all.ptr[i]), said;
        phalanx_text_t seconds = phalanx_format("%ld", days() * 86400);
        // What the service says itself, it shall have.
        if (phalanx_pipeline_template_view_get(&period, &said)) {
            continue;
        }
        if (!phalanx_pipeline_template_edit_set(&period, &seconds, failure)) {
            return false;
        }
        phalanx_log("info", "`%.*s` keeps its messages for %ld days", PHALANX_TEXT(all.ptr[i]), days());
    }
    return true;
}

// Once for each function that names this plugin in `decorators`.
bool exports_phalanx_pipeline_template_decorate_decorate_function(
    plugin_string_t *function, plugin_string_t *logical_id, phalanx_failure_t *failure) {
    phalanx_text_t place = phalanx_format(
        "/Resources/%.*s/Properties/Environment/Variables/MESSAGE_DAYS", PHALANX_TEXT(*logical_id));
    phalanx_text_t value = phalanx_format("\"%ld\"", days());
    if (!phalanx_pipeline_template_edit_set(&place, &value, failure)) {
        return false;
    }
    phalanx_log("info", "`%.*s` knows how long messages are kept", PHALANX_TEXT(*function));
    return true;
}
{{/}}
{{#template-validate}}

// Judges the final template. An error stops the run; a warning or a note is shown.
bool exports_phalanx_pipeline_template_validate_validate(
    exports_phalanx_pipeline_template_validate_list_finding_t *findings, phalanx_failure_t *failure) {
    (void)failure;
    plugin_list_string_t all = queues();
    findings->len = 0;
    findings->ptr = calloc(all.len + 1, sizeof *findings->ptr);
    for (size_t i = 0; i < all.len; i++) {
        phalanx_text_t period = retention_of(all.ptr[i]), said;
        if (phalanx_pipeline_template_view_get(&period, &said)) {
            continue;
        }
        exports_phalanx_pipeline_template_validate_finding_t *finding = &findings->ptr[findings->len++];
        plugin_string_dup(&finding->severity, "warning");
        plugin_string_dup(&finding->rule, "queue-retention");
        finding->at = period;
        finding->message = phalanx_format(
            "`%.*s` does not say how long it keeps its messages", PHALANX_TEXT(all.ptr[i]));
        finding->hint.is_some = true;
        finding->hint.val = phalanx_format("set `MessageRetentionPeriod`, such as to %ld", days() * 86400);
    }
    return true;
}
{{/}}
{{#post-provision}}

// After the stack was created or updated.
bool exports_phalanx_pipeline_post_provision_post_provision(phalanx_failure_t *failure) {
    (void)failure;
    plugin_list_tuple2_string_string_t outputs;
    phalanx_pipeline_stack_outputs(&outputs);
    for (size_t i = 0; i < outputs.len; i++) {
        phalanx_log(
            "info", "output %.*s is %.*s", PHALANX_TEXT(outputs.ptr[i].f0), PHALANX_TEXT(outputs.ptr[i].f1));
    }
    return true;
}
{{/}}
{{#rollback}}

// After any step failed: undo what this plugin did outside the template.
bool exports_phalanx_pipeline_rollback_rollback(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t step;
    phalanx_failure_t error;
    phalanx_pipeline_outcome_failed_step(&step);
    phalanx_pipeline_outcome_error(&error);
    phalanx_log("info", "`%.*s` failed: %.*s", PHALANX_TEXT(step), PHALANX_TEXT(error.message));
    return true;
}
{{/}}
{{#teardown}}

// Before the stack is deleted.
bool exports_phalanx_pipeline_teardown_pre_delete(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t stack;
    phalanx_pipeline_run_stack_name(&stack);
    phalanx_log("info", "stack `%.*s` is about to go", PHALANX_TEXT(stack));
    return true;
}

// After it was deleted.
bool exports_phalanx_pipeline_teardown_post_delete(phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t stack;
    phalanx_pipeline_run_stack_name(&stack);
    phalanx_log("info", "stack `%.*s` is gone", PHALANX_TEXT(stack));
    return true;
}
{{/}}
