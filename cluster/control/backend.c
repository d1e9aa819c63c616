#include "cluster/control/backend.h"

#include "cluster/control/backend_local.h"
#include "cluster/control/backend_netns.h"
#include "cluster/control/backend_ssh.h"
#include "node/base/nearest.h"

#include <string.h>

static const struct backend *const backends[] = {&backend_local, &backend_netns, &backend_ssh,
                                                 &backend_vagrant};
#define BACKENDS_N (sizeof backends / sizeof backends[0])

static const struct backend *find(const char *word)
{
    for (size_t i = 0; i < BACKENDS_N; i++) {
        if (strcmp(backends[i]->word, word) == 0) {
            return backends[i];
        }
    }
    return NULL;
}

const struct backend *backend_of(const struct cluster *c)
{
    const struct backend *b = find(c->backend);
    return b != NULL ? b : backends[0];
}

int backend_named(const char *word_or_null, const struct backend **ret)
{
    const char *word = word_or_null != NULL ? word_or_null : backends[0]->word;
    struct nearest near = nearest_to(word);
    for (size_t i = 0; i < BACKENDS_N; i++) {
        nearest_offer(&near, backends[i]->word);
    }
    if (near.distance != 0) {
        return outcome_error(OUTCOME_USAGE, NULL,
                             "there is no backend '%s'; the nearest name is '%s'", word, near.best);
    }
    *ret = find(word);
    return OUTCOME_DONE;
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

int backend_fetch(const struct cluster *c, bool all)
{
    const struct backend *b = backend_of(c);
    return b->fetch != NULL ? b->fetch(c, all) : OUTCOME_DONE;
}

int backend_remove_all(const struct cluster *c, bool destroy)
{
    int code = OUTCOME_DONE;
    for (size_t i = 0; i < BACKENDS_N; i++) {
        int one = backends[i]->remove(c, destroy);
        code = code == OUTCOME_DONE ? one : code;
    }
    return code;
}
