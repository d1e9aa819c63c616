#include "node/base/event.h"

#include <string.h>

#define WORD(name, word, text)        [EVENT_##name] = #word,
#define EXPLANATION(name, word, text) [EVENT_##name] = text,

static const char *const words[EVENT_COUNT] = {[EVENT_NONE] = "none", EVENT_MAP(WORD)};
static const char *const explanations[EVENT_COUNT] = {[EVENT_NONE] = "nothing",
                                                      EVENT_MAP(EXPLANATION)};

const char *event_word(enum event_kind kind)
{
    return (unsigned)kind < EVENT_COUNT ? words[kind] : "?";
}

const char *event_explanation(enum event_kind kind)
{
    return (unsigned)kind < EVENT_COUNT ? explanations[kind] : "unknown";
}

enum event_kind event_named(const char *word)
{
    for (unsigned i = EVENT_NONE + 1; i < EVENT_COUNT; i++) {
        if (strcmp(words[i], word) == 0) {
            return (enum event_kind)i;
        }
    }
    return EVENT_NONE;
}
