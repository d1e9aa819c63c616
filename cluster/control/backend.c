#include "cluster/control/backend.h"

#include "cluster/control/backend_local.h"
#include "cluster/control/backend_netns.h"
#include "node/base/nearest.h"

#include <string.h>

static const struct backend *const all[] = {&backend_local, &backend_netns};
#define ALL_N (sizeof all / sizeof all[0])

static const struct backend *find(const char *word)
{
    for (size_t i = 0; i < ALL_N; i++) {
        if (strcmp(all[i]->word, word) == 0) {
            return all[i];
        }
    }
    return NULL;
}

const struct backend *backend_of(const struct cluster *c)
{
    const struct backend *b = find(c->backend);
    return b != NULL ? b : all[0];
}

int backend_named(const char *word_or_null, const struct backend **ret)
{
    static const char *const later[] = {"ssh", "vagrant"};
    const char *word = word_or_null != NULL ? word_or_null : all[0]->word;
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < ALL_N; i++) {
        nearest_offer(&near, all[i]->word);
    }
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        nearest_offer(&near, later[i]);
    }
    if (near.distance != 0) {
        return outcome_error(OUTCOME_USAGE, NULL,
                             "there is no backend '%s'; the nearest name is '%s'", word, near.best);
    }
    *ret = find(word);
    return *ret != NULL ? OUTCOME_DONE
                        : outcome_error(OUTCOME_CONFIG, "--backend local",
                                        "the backend %s is not built yet", word);
}

int backend_cuts(const struct cluster *c, const char *what)
{
    const struct backend *b = backend_of(c);
    return b->cut != NULL
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_CONFIG,
                               "rehome down; then, as root: rehome up --backend netns",
                               "%s needs networks that can be cut, and the backend %s has none",
                               what, b->word);
}

int backend_remove_all(const struct cluster *c, bool destroy)
{
    int code = OUTCOME_DONE;
    for (size_t i = 0; i < ALL_N; i++) {
        int one = all[i]->remove(c, destroy);
        code = code == OUTCOME_DONE ? one : code;
    }
    return code;
}
