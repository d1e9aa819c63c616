#include "node/runtime/raft_greeting.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define MAGIC_LEN   8
#define NAME_PREFIX 6 /* of the magic: what does not change with the version */
#define PROOF_TEXT  (1 + MAGIC_LEN + 8 + 8 + 2 * RAFT_GREETING_NONCE_LEN)

_Static_assert(RAFT_GREETING_KEY_LEN == crypto_box_BEFORENMBYTES, "a Diffie-Hellman secret");
_Static_assert(RAFT_GREETING_KEY_LEN == crypto_auth_KEYBYTES, "is a key for an HMAC");
_Static_assert(RAFT_GREETING_PROOF_LEN == crypto_auth_BYTES, "a proof is an HMAC");

static const uint8_t magic[MAGIC_LEN] = {'R', 'H', 'R', 'A', 'F', 'T', '0', '1'};
static const uint8_t purpose[] = "rehome raft greeting";

enum side_of_wire { DIALLER = 'D', LISTENER = 'L' };

static void put_u64(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)at[i] << (8 * i);
    }
    return v;
}

enum err raft_greeting_know(struct raft_greeting_book *book, struct proc_id id, const char *address,
                            const uint8_t secret[RAFT_GREETING_KEY_LEN],
                            const uint8_t public_key[RAFT_GREETING_KEY_LEN])
{
    struct raft_greeting_peer peer = {.id = id};
    uint8_t shared[RAFT_GREETING_KEY_LEN];
    int len = snprintf(peer.address, sizeof peer.address, "%s", address);
    if (book->n == NODES_MAX) {
        return ERR_FULL;
    }
    if (sodium_init() < 0 || len < 0 || (size_t)len >= sizeof peer.address ||
        crypto_box_beforenm(shared, public_key, secret) != 0) {
        return ERR_INVALID;
    }
    /* CURVE uses the same secret, so this purpose gets a key of its own. */
    int rc = crypto_generichash(peer.key, sizeof peer.key, purpose, sizeof purpose, shared,
                                sizeof shared);
    ASSERT(rc == 0);
    sodium_memzero(shared, sizeof shared);
    book->peers[book->n++] = peer;
    return ERR_OK;
}

const struct raft_greeting_peer *raft_greeting_peer(const struct raft_greeting_book *book,
                                                    uint64_t id)
{
    for (uint32_t i = 0; i < book->n; i++) {
        if (book->peers[i].id.v == id) {
            return &book->peers[i];
        }
    }
    return NULL;
}

static uint8_t *nonce_of(struct raft_greeting *g, enum side_of_wire side)
{
    return g->nonces + (side == DIALLER ? 0 : RAFT_GREETING_NONCE_LEN);
}

/* What `prover` signs. `own` says at which end this is. */
static void proof_text(const struct raft_greeting *g, enum side_of_wire prover,
                       enum side_of_wire own, uint8_t ret_text[PROOF_TEXT])
{
    uint64_t self = g->self.v;
    uint64_t peer = g->peer->id.v;
    uint8_t *at = ret_text;
    *at++ = (uint8_t)prover;
    memcpy(at, magic, sizeof magic);
    put_u64(at + MAGIC_LEN, own == DIALLER ? self : peer);
    put_u64(at + MAGIC_LEN + 8, own == DIALLER ? peer : self);
    memcpy(at + MAGIC_LEN + 16, g->nonces, sizeof g->nonces);
}

static void sign(const struct raft_greeting *g, enum side_of_wire own,
                 uint8_t ret_proof[RAFT_GREETING_PROOF_LEN])
{
    uint8_t text[PROOF_TEXT];
    proof_text(g, own, own, text);
    crypto_auth(ret_proof, text, sizeof text, g->peer->key);
}

static enum err verify(const struct raft_greeting *g, enum side_of_wire own,
                       const uint8_t proof[RAFT_GREETING_PROOF_LEN])
{
    uint8_t text[PROOF_TEXT];
    proof_text(g, own == DIALLER ? LISTENER : DIALLER, own, text);
    return crypto_auth_verify(proof, text, sizeof text, g->peer->key) == 0 ? ERR_OK
                                                                           : ERR_PERMISSION;
}

static enum err check_magic(const uint8_t *bytes)
{
    return memcmp(bytes, magic, sizeof magic) == 0  ? ERR_OK
           : memcmp(bytes, magic, NAME_PREFIX) == 0 ? ERR_VERSION
                                                    : ERR_INVALID;
}

void raft_greeting_hello(struct raft_greeting *g, const struct raft_greeting_book *book,
                         const struct raft_greeting_peer *peer,
                         uint8_t ret_hello[RAFT_GREETING_HELLO_LEN])
{
    *g = (struct raft_greeting){.self = book->self, .peer = peer};
    randombytes_buf(nonce_of(g, DIALLER), RAFT_GREETING_NONCE_LEN);
    memcpy(ret_hello, magic, sizeof magic);
    put_u64(ret_hello + MAGIC_LEN, book->self.v);
    memcpy(ret_hello + MAGIC_LEN + 8, nonce_of(g, DIALLER), RAFT_GREETING_NONCE_LEN);
}

enum err raft_greeting_answer(struct raft_greeting *g, const struct raft_greeting_book *book,
                              const uint8_t hello[RAFT_GREETING_HELLO_LEN],
                              uint8_t ret_answer[RAFT_GREETING_ANSWER_LEN])
{
    enum err err = check_magic(hello);
    if (err != ERR_OK) {
        return err;
    }
    uint64_t id = get_u64(hello + MAGIC_LEN);
    const struct raft_greeting_peer *peer = raft_greeting_peer(book, id);
    if (peer == NULL || id == book->self.v) {
        return ERR_PERMISSION;
    }
    *g = (struct raft_greeting){.self = book->self, .peer = peer};
    memcpy(nonce_of(g, DIALLER), hello + MAGIC_LEN + 8, RAFT_GREETING_NONCE_LEN);
    randombytes_buf(nonce_of(g, LISTENER), RAFT_GREETING_NONCE_LEN);
    memcpy(ret_answer, magic, sizeof magic);
    memcpy(ret_answer + MAGIC_LEN, nonce_of(g, LISTENER), RAFT_GREETING_NONCE_LEN);
    sign(g, LISTENER, ret_answer + MAGIC_LEN + RAFT_GREETING_NONCE_LEN);
    return ERR_OK;
}

enum err raft_greeting_prove(struct raft_greeting *g,
                             const uint8_t answer[RAFT_GREETING_ANSWER_LEN],
                             uint8_t ret_proof[RAFT_GREETING_PROOF_LEN])
{
    enum err err = check_magic(answer);
    if (err != ERR_OK) {
        return err;
    }
    memcpy(nonce_of(g, LISTENER), answer + MAGIC_LEN, RAFT_GREETING_NONCE_LEN);
    err = verify(g, DIALLER, answer + MAGIC_LEN + RAFT_GREETING_NONCE_LEN);
    if (err == ERR_OK) {
        sign(g, DIALLER, ret_proof);
    }
    return err;
}

enum err raft_greeting_admit(const struct raft_greeting *g,
                             const uint8_t proof[RAFT_GREETING_PROOF_LEN])
{
    return verify(g, LISTENER, proof);
}
