/* raft_keys: CURVE keys for nodes of a test, drawn from their numbers. */
#ifndef TESTS_UNIT_RAFT_KEYS_H
#define TESTS_UNIT_RAFT_KEYS_H

#include "node/runtime/raft_greeting.h"

#include <sodium.h>
#include <string.h>

struct raft_keys {
    uint8_t public_key[RAFT_GREETING_KEY_LEN], secret[RAFT_GREETING_KEY_LEN];
};

static inline struct raft_keys raft_keys_of(uint16_t node)
{
    struct raft_keys keys;
    uint8_t seed[crypto_box_SEEDBYTES];
    memset(seed, node, sizeof seed);
    int rc = crypto_box_seed_keypair(keys.public_key, keys.secret, seed);
    ASSERT(rc == 0);
    return keys;
}

/* `self` knows `peer`. */
static inline void raft_keys_know(struct raft_greeting_book *book, uint16_t self, uint16_t peer,
                                  const char *address)
{
    book->self.v = self;
    struct raft_keys own = raft_keys_of(self);
    struct raft_keys other = raft_keys_of(peer);
    enum err err =
        raft_greeting_know(book, (struct proc_id){peer}, address, own.secret, other.public_key);
    ASSERT(err == ERR_OK);
}

#endif
