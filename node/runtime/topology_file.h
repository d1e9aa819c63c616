/* topology_file: a topology file becomes the plain value that every process of a cluster holds.
 *
 *     my.yaml --load--> struct topology          (daemons read what `rehome up` wrote)
 *     my.yaml + options --prepare--> struct topology + the text of the effective file
 *
 * The hash is that of the effective file's text, which is written in one way only: the same content
 * has the same hash, however the file looked that it came from. */
#ifndef NODE_RUNTIME_TOPOLOGY_FILE_H
#define NODE_RUNTIME_TOPOLOGY_FILE_H

#include "node/base/err.h"
#include "node/base/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the options of `rehome up` change; what is zero or NULL is left as the file says. */
struct topology_change {
    const char *name;
    const char *profile; /* lab, srnd, slow */
    uint32_t phones;     /* in all; the ranges keep their proportions */
    bool phones_set;
    uint32_t agents;
    bool agents_set;
    uint32_t
        calls_per_second_m; /* both kinds together, in thousandths; they keep their proportions */
    bool calls_set;
    uint64_t seed; /* of the traffic */
    bool seed_set;
};

/* Load a file. Complaints (file:line:col: what, the line, a caret and a hint) go to `complaints`;
 * NULL: nowhere.
 * Errors   ERR_IO       it cannot be read
 *          ERR_INVALID  at least one complaint about its content; *ret is unchanged */
MUST_CHECK enum err topology_file_load(const char *path, FILE *complaints, struct topology *ret);

/* The same for the text of a file that is not there any more; `path` is what complaints name. */
MUST_CHECK enum err topology_file_parse(const char *path, const char *text, FILE *complaints,
                                        struct topology *ret);

/* Load and change. `*ret_text` is the effective file, freed by the caller with free(); NULL if the
 * caller does not want it. Errors as above. */
MUST_CHECK enum err topology_file_prepare(const char *path, const struct topology_change *change,
                                          FILE *complaints, struct topology *ret, char **ret_text,
                                          size_t *ret_length);

#endif
