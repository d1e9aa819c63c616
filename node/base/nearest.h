/* nearest: which word of a list somebody probably meant (edit distance, with swaps of neighbours).
 *
 *     struct nearest n = nearest_to("subscribr");
 *     nearest_offer(&n, "publisher");
 *     nearest_offer(&n, "subscriber");
 *     nearest_likely(&n)  ->  "subscriber" */
#ifndef NODE_BASE_NEAREST_H
#define NODE_BASE_NEAREST_H

#include <stdint.h>

#define NEAREST_LEN 64 /* longer words are compared by their beginnings */

struct nearest {
    const char *word;
    const char *best; /* borrowed from the offers; NULL before the first */
    uint32_t distance;
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *n, const char *candidate);
/* The best offer if it looks like a slip of the pen, or begins with the word; else NULL. */
const char *nearest_likely(const struct nearest *n);
/* How many characters must be put in, left out, changed or swapped. */
uint32_t nearest_distance(const char *a, const char *b);

#endif
