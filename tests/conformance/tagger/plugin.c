// The tagger in C.

#include "phalanx.h"

// The config's team, as JSON: in quotes.
static phalanx_text_t team(void) {
    phalanx_text_t team = phalanx_text("\"\"");
    phalanx_json_member(phalanx_config(), "team", &team);
    return team;
}

static bool add_tag(phalanx_text_t logical_id, phalanx_failure_t *failure) {
    phalanx_text_t owner = team();
    phalanx_text_t place = phalanx_format("/Resources/%.*s/Properties/Tags/-", PHALANX_TEXT(logical_id));
    phalanx_text_t tag = phalanx_format("{\"Key\":\"team\",\"Value\":%.*s}", PHALANX_TEXT(owner));
    return phalanx_pipeline_template_edit_set(&place, &tag, failure);
}

static plugin_list_string_t queues(void) {
    phalanx_text_t type = phalanx_text("AWS::SQS::Queue");
    plugin_list_string_t queues;
    phalanx_pipeline_template_view_logical_ids(&type, &queues);
    return queues;
}

bool exports_phalanx_pipeline_pre_build_pre_build(phalanx_failure_t *failure) {
    phalanx_text_t key = phalanx_text("tagger.team"), owner = team();
    if (!phalanx_pipeline_context_set(&key, &owner, failure)) {
        return false;
    }
    phalanx_log("info", "the team is %.*s", (int)owner.len - 2, (const char *)owner.ptr + 1);
    return true;
}

bool exports_phalanx_pipeline_template_decorate_decorate_service(phalanx_failure_t *failure) {
    if (phalanx_equal(team(), "\"nobody\"")) {
        return phalanx_fail(failure, "no-owner", "name a team in `config`", "`nobody` owns nothing");
    }
    phalanx_text_t words[] = {phalanx_text("git"), phalanx_text("rev-parse"), phalanx_text("HEAD")};
    phalanx_pipeline_commands_command_t command = {.argv = {words, 3}};
    phalanx_pipeline_commands_output_t output;
    if (!phalanx_pipeline_commands_run(&command, &output, failure)) {
        return false;
    }
    phalanx_text_t section = phalanx_text("Resources"), id = phalanx_text("AuditQueue");
    phalanx_text_t queue = phalanx_text(
        "{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{\"MessageRetentionPeriod\":1209600}}");
    if (!phalanx_pipeline_template_edit_add(&section, &id, &queue, failure)) {
        return false;
    }
    plugin_list_string_t all = queues();
    for (size_t i = 0; i < all.len; i++) {
        if (!add_tag(all.ptr[i], failure)) {
            return false;
        }
    }
    phalanx_text_t place = phalanx_text("/Metadata/Commit");
    phalanx_text_t printed = {output.stdout_.ptr, output.stdout_.len};
    phalanx_text_t commit = phalanx_json_string(phalanx_trim(printed));
    if (!phalanx_pipeline_template_edit_set(&place, &commit, failure)) {
        return false;
    }
    phalanx_log("info", "tagged %zu queues", all.len);
    return true;
}

bool exports_phalanx_pipeline_template_decorate_decorate_function(
    plugin_string_t *function, plugin_string_t *logical_id, phalanx_failure_t *failure) {
    (void)function;
    return add_tag(*logical_id, failure);
}
