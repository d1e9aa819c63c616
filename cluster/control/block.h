/* block: the 127.x.y addresses that a cluster has to itself.
 *
 * `up` holds one socket of the block while it starts the daemons, and a block is free only if no
 * socket of rehome listens anywhere in it; so neither a second `up` nor another REHOME_HOME can
 * take it in between. Nothing is written anywhere. */
#ifndef CLUSTER_CONTROL_BLOCK_H
#define CLUSTER_CONTROL_BLOCK_H

#include "node/base/err.h"

#include <stdint.h>

#define BLOCK_LEN 16

/* Reserve `wanted` ("127.x.y"), or any free block if it is NULL; `seed` says where to look first.
 * `*ret_fd` holds it until it is closed. ERR_IN_USE: it, or every block that was tried, is taken;
 * ERR_INVALID: `wanted` is no such block. */
MUST_CHECK enum err block_reserve(const char *wanted, uint64_t seed, char ret_block[BLOCK_LEN],
                                  int *ret_fd);

#endif
