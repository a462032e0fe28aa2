// Texts, JSON and failures for Phalanx plugins in C.
//
// `plugin.h` beside it is made of the plugin's world and declares what it can call and has to define. An instance
// lives for one call of a hook and is thrown away then, so nothing of this is ever freed.
#ifndef PHALANX_H
#define PHALANX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

// UTF-8 with its length in bytes, and no null byte at its end.
typedef plugin_string_t phalanx_text_t;
// Why a call or a hook cannot go on.
typedef phalanx_pipeline_types_failure_t phalanx_failure_t;

// A text as `%.*s` of `printf` and of `phalanx_format` takes it.
#define PHALANX_TEXT(text) (int)(text).len, (const char *)(text).ptr

// A text of a string constant or of any other string that ends in a null byte. It is not copied.
static inline phalanx_text_t phalanx_text(const char *string) {
    return (phalanx_text_t){(uint8_t *)string, strlen(string)};
}

// A new text, by a format as of `printf`.
__attribute__((format(printf, 1, 0))) static inline phalanx_text_t
phalanx_vformat(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text == NULL) {
        abort();
    }
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return (phalanx_text_t){(uint8_t *)text, (size_t)length};
}

// A new text, by a format as of `printf`.
__attribute__((format(printf, 1, 2))) static inline phalanx_text_t
phalanx_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    phalanx_text_t text = phalanx_vformat(format, arguments);
    va_end(arguments);
    return text;
}

static inline bool phalanx_equal(phalanx_text_t text, const char *string) {
    return text.len == strlen(string) && memcmp(text.ptr, string, text.len) == 0;
}

// Writes to the run's log; `level` is `trace`, `debug`, `info`, `warn` or `error`.
__attribute__((format(printf, 2, 3))) static inline void
phalanx_log(const char *level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    phalanx_text_t message = phalanx_vformat(format, arguments), name = phalanx_text(level);
    va_end(arguments);
    phalanx_pipeline_log_log(&name, &message);
}

// Fills in why a hook fails; gives false, which is what the hook then returns. `code` is in kebab-case, `hint` says
// what to do and may be NULL.
__attribute__((format(printf, 4, 5))) static inline bool
phalanx_fail(phalanx_failure_t *failure, const char *code, const char *hint, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    plugin_string_dup(&failure->code, code);
    failure->message = phalanx_vformat(format, arguments);
    va_end(arguments);
    failure->hint.is_some = hint != NULL;
    if (hint != NULL) {
        plugin_string_dup(&failure->hint.val, hint);
    }
    return false;
}

// A text as JSON: in quotes, and with what JSON does not take in them escaped.
static inline phalanx_text_t phalanx_json_string(phalanx_text_t text) {
    char *json = malloc(text.len * 6 + 2), *end = json;
    if (json == NULL) {
        abort();
    }
    *end++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = text.ptr[i];
        if (byte < 0x20) {
            end += sprintf(end, "\\u%04x", (unsigned)byte);
            continue;
        }
        if (byte == '"' || byte == '\\') {
            *end++ = '\\';
        }
        *end++ = (char)byte;
    }
    *end++ = '"';
    return (phalanx_text_t){(uint8_t *)json, (size_t)(end - json)};
}

// A key as a part of a JSON Pointer (RFC 6901): `~` and `/` are escaped.
static inline phalanx_text_t phalanx_pointer_token(phalanx_text_t text) {
    char *token = malloc(text.len * 2 + 1), *end = token;
    if (token == NULL) {
        abort();
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '~' || text.ptr[i] == '/') {
            *end++ = '~';
            *end++ = text.ptr[i] == '~' ? '0' : '1';
        } else {
            *end++ = (char)text.ptr[i];
        }
    }
    return (phalanx_text_t){(uint8_t *)token, (size_t)(end - token)};
}

// Where the value that begins at `at` ends. The text must be JSON, as all is that the host gives.
static inline size_t phalanx_json_end(phalanx_text_t json, size_t at) {
    size_t depth = 0;
    bool quoted = false;
    for (; at < json.len; at++) {
        char byte = (char)json.ptr[at];
        if (quoted) {
            if (byte == '\\') {
                at++;
            } else if (byte == '"') {
                quoted = false;
            }
        } else if (byte == '"') {
            quoted = true;
        } else if (byte == '{' || byte == '[') {
            depth++;
        } else if (depth == 0 && (byte == ',' || byte == ':' || byte == '}' || byte == ']')) {
            return at;
        } else if (byte == '}' || byte == ']') {
            depth--;
        }
    }
    return at;
}

static inline phalanx_text_t phalanx_trim(phalanx_text_t text) {
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    return text;
}

// The value of a key of a JSON object, as JSON; false when there is none. Keys with escapes are not found.
static inline bool phalanx_json_member(phalanx_text_t json, const char *key, phalanx_text_t *value) {
    json = phalanx_trim(json);
    if (json.len == 0 || json.ptr[0] != '{') {
        return false;
    }
    for (size_t at = 1; at < json.len;) {
        size_t colon = phalanx_json_end(json, at);
        if (colon >= json.len || json.ptr[colon] != ':') {
            return false;
        }
        size_t end = phalanx_json_end(json, colon + 1);
        phalanx_text_t name = phalanx_trim((phalanx_text_t){json.ptr + at, colon - at});
        if (name.len >= 2 && phalanx_equal((phalanx_text_t){name.ptr + 1, name.len - 2}, key)) {
            *value = phalanx_trim((phalanx_text_t){json.ptr + colon + 1, end - colon - 1});
            return true;
        }
        at = end + 1;
    }
    return false;
}

// The integer below a key of a JSON object, or `otherwise`.
static inline long phalanx_json_integer(phalanx_text_t json, const char *key, long otherwise) {
    phalanx_text_t value;
    if (!phalanx_json_member(json, key, &value) || value.len == 0) {
        return otherwise;
    }
    return strtol((const char *)phalanx_format("%.*s", PHALANX_TEXT(value)).ptr, NULL, 10);
}

// This plugin's configuration, a JSON object.
static inline phalanx_text_t phalanx_config(void) {
    phalanx_text_t config;
    phalanx_pipeline_run_config(&config);
    return config;
}

#endif
