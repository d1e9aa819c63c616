#include "cluster/control/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS     80
#define LINE_LEN    512
#define UNDO_BESIDE "        undo: "

int outcome_error(enum outcome code, const char *next, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("rehome: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    if (next != NULL) {
        fprintf(stderr, "  next:  %s\n", next);
    }
    va_end(args);
    return (int)code;
}

void outcome_progress(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void outcome_done(const char *undo, const char *format, ...)
{
    char text[LINE_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (undo == NULL || undo[0] == '\0') {
        outcome_progress("%s", text);
    } else if (strlen(text) + strlen(undo) + strlen(UNDO_BESIDE) <= COLUMNS) {
        outcome_progress("%s" UNDO_BESIDE "%s", text, undo);
    } else {
        outcome_progress("%s\nundo:  %s", text, undo);
    }
}

enum outcome outcome_of(enum reason reason)
{
    if (reason == REASON_NONE) {
        return OUTCOME_DONE;
    }
    if (reason == REASON_NO_QUORUM || reason == REASON_ROLLED_BACK || reason == REASON_NOT_ACTIVE ||
        reason == REASON_NODE_LOST || reason == REASON_SERVICE_LOST ||
        reason == REASON_PROVIDER_LOST || reason == REASON_NO_CONTROLLER) {
        return OUTCOME_UNREACHABLE;
    }
    if (reason == REASON_TIMEOUT || reason == REASON_THROTTLED || reason == REASON_FULL) {
        return OUTCOME_TIMEOUT;
    }
    return OUTCOME_NO;
}

const char *outcome_meaning(int code)
{
    switch (code) {
#define MEANING(name, number, text) \
    case number:                    \
        return text;
        OUTCOME_MAP(MEANING)
#undef MEANING
    default:
        return NULL;
    }
}
