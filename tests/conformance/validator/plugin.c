// The validator in C.

#include "phalanx.h"

bool exports_phalanx_pipeline_template_validate_validate(
    exports_phalanx_pipeline_template_validate_list_finding_t *findings, phalanx_failure_t *failure) {
    (void)failure;
    phalanx_text_t type = phalanx_text("AWS::SQS::Queue");
    plugin_list_string_t all;
    phalanx_pipeline_template_view_logical_ids(&type, &all);
    findings->len = 0;
    findings->ptr = calloc(all.len + 1, sizeof *findings->ptr);
    for (size_t i = 0; i < all.len; i++) {
        phalanx_text_t tags = phalanx_format("/Resources/%.*s/Properties/Tags", PHALANX_TEXT(all.ptr[i])), said;
        if (phalanx_pipeline_template_view_get(&tags, &said)) {
            continue;
        }
        exports_phalanx_pipeline_template_validate_finding_t *finding = &findings->ptr[findings->len++];
        plugin_string_dup(&finding->severity, "error");
        plugin_string_dup(&finding->rule, "untagged");
        finding->at = tags;
        finding->message = phalanx_format("`%.*s` has no tags", PHALANX_TEXT(all.ptr[i]));
        finding->hint.is_some = true;
        plugin_string_dup(&finding->hint.val, "add `Tags`");
    }
    return true;
}
