#include "phalanx.h"

__attribute__((noinline)) static int again(volatile int *n) {
    volatile int next = *n + 1;
    return again(&next) + next;
}

bool exports_phalanx_pipeline_template_decorate_decorate_service(phalanx_failure_t *failure) {
    phalanx_text_t mode, section = phalanx_text("Nonsense"), id = phalanx_text("X"), one = phalanx_text("1");
    if (!phalanx_json_member(phalanx_config(), "mode", &mode)) {
        return phalanx_fail(failure, "no-mode", NULL, "there is no mode");
    }
    if (phalanx_equal(mode, "\"failure\"")) {
        return phalanx_fail(failure, "no-topic", "add it", "the %s is missing", "topic");
    }
    if (phalanx_equal(mode, "\"host\"")) {
        return phalanx_pipeline_template_edit_add(&section, &id, &one, failure);
    }
    if (phalanx_equal(mode, "\"exception\"")) {
        abort();
    }
    while (phalanx_equal(mode, "\"memory\"")) {
        // The compiler may not see that nobody needs it.
        static char *volatile held;
        held = malloc(1000000);
        if (held == NULL) {
            abort();
        }
        memset(held, 1, 1000000);
    }
    if (phalanx_equal(mode, "\"flood\"")) {
        for (int line = 0; line < 4000; line++) {
            phalanx_log("info", "%01000d", line);
        }
        return true;
    }
    volatile int n = 0;
    while (phalanx_equal(mode, "\"loop\"")) {
        n++;
    }
    return again(&n) > 0;
}

bool exports_phalanx_pipeline_template_decorate_decorate_function(
    plugin_string_t *function, plugin_string_t *logical_id, phalanx_failure_t *failure) {
    (void)function, (void)logical_id, (void)failure;
    return true;
}
