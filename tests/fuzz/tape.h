/* tape: the bytes of a fuzzer as a row of decisions. At its end every decision is 0. */
#ifndef TESTS_FUZZ_TAPE_H
#define TESTS_FUZZ_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What every target exports, and libFuzzer or tests/fuzz/replay.c calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tape {
    const uint8_t *at, *end;
};

static inline struct tape tape_of(const uint8_t *data, size_t size)
{
    return (struct tape){data, data + size};
}

static inline bool tape_ended(const struct tape *t)
{
    return t->at == t->end;
}

static inline uint8_t tape_byte(struct tape *t)
{
    return t->at == t->end ? 0 : *t->at++;
}

static inline uint32_t tape_below(struct tape *t, uint32_t n)
{
    return n > 0 ? tape_byte(t) % n : 0;
}

static inline uint64_t tape_u64(struct tape *t)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v = v << 8 | tape_byte(t);
    }
    return v;
}

#endif
