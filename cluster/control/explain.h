/* explain: what the words on screens, in JSON and in files mean.
 *
 * Most words come from the lists that they are made of: vocabulary, events, columns, checks, exit
 * codes, links. */
#ifndef CLUSTER_CONTROL_EXPLAIN_H
#define CLUSTER_CONTROL_EXPLAIN_H

#include "node/base/nearest.h"

#include <stdint.h>

#define EXPLAIN_FOUND_MAX 32

struct explain_found {
    const char *kind; /* "event", "reason", "exit code", … */
    const char *word;
    const char *text;
};

/* Everything that a word means; 0: nothing, and `ret_near` knows the nearest word. */
uint32_t explain_find(const char *word, struct explain_found ret_found[EXPLAIN_FOUND_MAX],
                      struct nearest *ret_near);

#endif
