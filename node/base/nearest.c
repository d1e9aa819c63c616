#include "node/base/nearest.h"

#include "node/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BEGUN_MIN 3 /* characters that make somebody think of a longer word */

static uint32_t min2(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t length_of(const char *s)
{
    size_t length = strlen(s);
    return length < NEAREST_LEN ? (uint32_t)length : NEAREST_LEN;
}

/* Optimal string alignment: three rows of the table are enough. */
uint32_t nearest_distance(const char *a, const char *b)
{
    uint32_t rows[3][NEAREST_LEN + 1];
    uint32_t a_len = length_of(a);
    uint32_t b_len = length_of(b);
    ASSERT(a_len <= NEAREST_LEN);
    for (uint32_t j = 0; j <= b_len; j++) {
        rows[0][j] = j;
    }
    for (uint32_t i = 1; i <= a_len; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b_len; j++) {
            uint32_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = min2(change, min2(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = min2(row[j], above2[j - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

struct nearest nearest_to(const char *word)
{
    return (struct nearest){.word = word, .best = NULL, .distance = UINT32_MAX};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    uint32_t distance = nearest_distance(n->word, candidate);
    if (distance < n->distance) {
        n->best = candidate;
        n->distance = distance;
    }
}

const char *nearest_likely(const struct nearest *n)
{
    if (n->best == NULL) {
        return NULL;
    }
    uint32_t length = length_of(n->word);
    bool begun = length >= BEGUN_MIN && strncmp(n->word, n->best, length) == 0;
    return begun || n->distance <= 1 + length_of(n->best) / 4 ? n->best : NULL;
}
