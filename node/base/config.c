#include "node/base/config.h"

#include <string.h>

static const char *fallback_complaint(const char *value)
{
    for (enum fallback f = 0; f < FALLBACK_COUNT; f++) {
        if (strcmp(value, fallback_text(f)) == 0) {
            return NULL;
        }
    }
    return value[0] == '\0'
               ? NULL
               : "fallback is graceful, auto or manual; or nothing, then the topology says";
}

static const char *recovery_complaint(const struct topology *t, const char *number,
                                      const char *value)
{
    bool dialled = false;
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        dialled = dialled || strcmp(t->dialled[i].number, number) == 0;
    }
    if (!dialled) {
        return "only a dialled number has a recovery number";
    }
    return value[0] == '\0' || device_id_some(topology_number(t, value))
               ? NULL
               : "no device has the number that calls are to go to";
}

/* The part of a key behind its beginning; NULL: it begins otherwise. */
static const char *behind(const char *key, const char *begin)
{
    size_t n = strlen(begin);
    return strncmp(key, begin, n) == 0 && key[n] != '\0' ? key + n : NULL;
}

const char *config_complaint(const struct topology *t, const char *text)
{
    char key[NAME_LEN] = "";
    size_t length = strcspn(text, "=");
    if (text[length] == '\0' || length >= sizeof key) {
        return "it is not KEY=VALUE, or the key is too long";
    }
    memcpy(key, text, length);
    const char *value = text + length + 1;
    const char *number = behind(key, "recovery.");
    if (number != NULL) {
        return recovery_complaint(t, number, value);
    }
    if (strcmp(key, "fallback") == 0) {
        return fallback_complaint(value);
    }
    if (strcmp(key, "control") == 0 || strcmp(key, "login") == 0) {
        return "this policy is chosen in the topology file, before the cluster starts";
    }
    return behind(key, "note.") != NULL ? NULL
                                        : "nothing in the cluster reads configuration of that name";
}
