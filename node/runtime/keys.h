/* keys: the CURVE keys of a cluster, one pair per process and one for operators, in czmq's
 * certificate files.
 *
 * DIR/NAME.cert holds the public key, DIR/NAME.cert_secret both (0600, in a folder of 0700). Who
 * has no certificate in the folder gets nothing. */
#ifndef NODE_RUNTIME_KEYS_H
#define NODE_RUNTIME_KEYS_H

#include "node/base/err.h"
#include "node/base/topology.h"

#include <stdint.h>

#define KEYS_TEXT_LEN 41 /* Z85 with its NUL */
#define KEYS_MAX      (PROCS_MAX + 1)
#define KEYS_OPERATOR "operator"

struct keys_known {
    char name[NAME_LEN];
    char text[KEYS_TEXT_LEN];
    uint8_t bytes[32];
};

struct keys {
    char own_public[KEYS_TEXT_LEN];
    char own_secret[KEYS_TEXT_LEN];
    uint8_t own_secret_bytes[32];
    uint32_t known_n;
    struct keys_known known[KEYS_MAX];
};

/* Make what is missing for all processes of the topology and for operators. */
MUST_CHECK enum err keys_make(const char *dir, const struct topology *topology);

/* The secret of `name` and everyone's public key. What is wrong is logged with the name of the
 * file.
 *
 * Errors  ERR_IO       a file is missing or unreadable
 *         ERR_CORRUPT  a file is no certificate
 *         ERR_PERMISSION  the secret is open to others than its owner */
MUST_CHECK enum err keys_load(const char *dir, const char *name, const struct topology *topology,
                              struct keys *ret_keys);

/* NULL if there is none. */
const struct keys_known *keys_of(const struct keys *keys, const char *name);
const struct keys_known *keys_owner(const struct keys *keys, const uint8_t bytes[32]);

#endif
