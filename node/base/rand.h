/* rand: small deterministic random numbers (SplitMix64); the seed is the whole state. */
#ifndef NODE_BASE_RAND_H
#define NODE_BASE_RAND_H

#include <stdint.h>

struct rand_state {
    uint64_t v;
};

static inline uint64_t rand_next(struct rand_state *r)
{
    uint64_t z = (r->v += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number in 0 .. n-1 (n > 0). The bias of the modulo is below 2^-32 for n < 2^32. */
static inline uint64_t rand_below(struct rand_state *r, uint64_t n)
{
    return rand_next(r) % n;
}

/* A number in lo .. hi, both included. */
static inline int64_t rand_between(struct rand_state *r, int64_t lo, int64_t hi)
{
    return lo + (int64_t)rand_below(r, (uint64_t)(hi - lo) + 1);
}

#endif
