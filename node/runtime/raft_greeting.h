/* raft_greeting: what two nodes say to each other before libraft may read from their connection.
 *
 * libraft believes whatever its TCP port hears: a header with a wrong count ends the process, a
 * high term ends the leader. So only a node that holds a key of this cluster gets that far:
 *
 *     dialler ── HELLO   magic, its number, nonce          ──► listener
 *     dialler ◄─ ANSWER  magic, nonce, proof of the listener ── listener
 *     dialler ── PROOF   proof of the dialler               ──► listener
 *
 * A proof is an HMAC over who proves, both numbers and both nonces, under a key that only the two
 * can compute: the Diffie-Hellman secret of their CURVE keys. No I/O happens here. */
#ifndef NODE_RUNTIME_RAFT_GREETING_H
#define NODE_RUNTIME_RAFT_GREETING_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/topology.h"

#include <stddef.h>
#include <stdint.h>

#define RAFT_GREETING_KEY_LEN    32
#define RAFT_GREETING_NONCE_LEN  32
#define RAFT_GREETING_HELLO_LEN  (8 + 8 + RAFT_GREETING_NONCE_LEN)
#define RAFT_GREETING_ANSWER_LEN (8 + RAFT_GREETING_NONCE_LEN + RAFT_GREETING_PROOF_LEN)
#define RAFT_GREETING_PROOF_LEN  32
#define RAFT_GREETING_LEN_MAX    RAFT_GREETING_ANSWER_LEN
#define RAFT_ADDRESS_LEN         48

struct raft_greeting_peer {
    struct proc_id id;
    char address[RAFT_ADDRESS_LEN]; /* "ip:port" */
    uint8_t key[RAFT_GREETING_KEY_LEN];
};

/* The nodes that may speak with this one. */
struct raft_greeting_book {
    struct proc_id self;
    uint32_t n;
    struct raft_greeting_peer peers[NODES_MAX];
};

/* Enter a node. `secret` is the own CURVE key, `public_key` the peer's.
 *
 * Errors  ERR_FULL     more than NODES_MAX
 *         ERR_INVALID  a key that is no key, or an address that is too long */
MUST_CHECK enum err raft_greeting_know(struct raft_greeting_book *book, struct proc_id id,
                                       const char *address,
                                       const uint8_t secret[RAFT_GREETING_KEY_LEN],
                                       const uint8_t public_key[RAFT_GREETING_KEY_LEN]);
/* NULL: not in the book. */
const struct raft_greeting_peer *raft_greeting_peer(const struct raft_greeting_book *book,
                                                    uint64_t id);

/* One greeting, at either end. */
struct raft_greeting {
    struct proc_id self;
    const struct raft_greeting_peer *peer;       /* as claimed; true after the last step only */
    uint8_t nonces[2 * RAFT_GREETING_NONCE_LEN]; /* the dialler's, then the listener's */
};

/* Dialler: begin. */
void raft_greeting_hello(struct raft_greeting *g, const struct raft_greeting_book *book,
                         const struct raft_greeting_peer *peer,
                         uint8_t ret_hello[RAFT_GREETING_HELLO_LEN]);

/* Listener: a HELLO came.
 *
 * Errors  ERR_INVALID     no HELLO at all
 *         ERR_VERSION     one of another version
 *         ERR_PERMISSION  of nobody in the book; *g is not set */
MUST_CHECK enum err raft_greeting_answer(struct raft_greeting *g,
                                         const struct raft_greeting_book *book,
                                         const uint8_t hello[RAFT_GREETING_HELLO_LEN],
                                         uint8_t ret_answer[RAFT_GREETING_ANSWER_LEN]);

/* Dialler: the ANSWER came; with the PROOF sent, the connection is good.
 *
 * Errors  ERR_INVALID, ERR_VERSION, ERR_PERMISSION  whoever listens there is not the peer */
MUST_CHECK enum err raft_greeting_prove(struct raft_greeting *g,
                                        const uint8_t answer[RAFT_GREETING_ANSWER_LEN],
                                        uint8_t ret_proof[RAFT_GREETING_PROOF_LEN]);

/* Listener: the PROOF came.
 *
 * Errors  ERR_PERMISSION  whoever dialled is not the peer */
MUST_CHECK enum err raft_greeting_admit(const struct raft_greeting *g,
                                        const uint8_t proof[RAFT_GREETING_PROOF_LEN]);

#endif
