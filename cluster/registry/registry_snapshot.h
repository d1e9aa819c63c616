/* registry_snapshot: the whole registry as bytes, and back.
 *
 * "RHREG001", length and checksum of what follows (8 bytes each, little endian), then a codec
 * batch: a head, the rows, the last answer of each origin; zeros up to a multiple of 8. The
 * checksum is ours because libraft keeps none over the data of a snapshot. */
#ifndef CLUSTER_REGISTRY_REGISTRY_SNAPSHOT_H
#define CLUSTER_REGISTRY_REGISTRY_SNAPSHOT_H

#include "cluster/registry/registry.h"

#include <stddef.h>

/* An upper bound of what registry_snapshot_encode writes now. */
size_t registry_snapshot_room(const struct registry *r);
/* `scratch` is room for one message; nothing in it is kept.
 * Errors   ERR_FULL  `cap` is less than registry_snapshot_room() */
MUST_CHECK enum err registry_snapshot_encode(const struct registry *r, struct msg *scratch,
                                             uint8_t *buf, size_t cap, size_t *ret_len);
/* Are these the bytes of a snapshot that nobody damaged? ERR_CORRUPT, ERR_TRUNCATED, ERR_VERSION.
 */
MUST_CHECK enum err registry_snapshot_check(const uint8_t *buf, size_t len);
/* Replace all state; tells REGISTRY_CHANGE_ALL.
 * Errors   as of the check, and ERR_INVALID for rows that do not fit this topology or the hash in
 *          the head: the registry is empty then, and its process must end */
MUST_CHECK enum err registry_snapshot_decode(struct registry *r, struct msg *scratch,
                                             const uint8_t *buf, size_t len);

#endif
