/* block: the 127.x.y addresses that a cluster has to itself.
 *
 * `up` holds one socket of the block while it starts the daemons, and a block is free only if no
 * socket of rehome listens anywhere in it; so neither a second `up` nor another REHOME_HOME can
 * take it in between. Nothing is written anywhere. */
#ifndef CLUSTER_CONTROL_BLOCK_H
#define CLUSTER_CONTROL_BLOCK_H

#include "node/base/topology.h"

#define BLOCK_LEN 16

#define BLOCK_PORT_LEN 32

/* Reserve `wanted` ("127.x.y"), or any free block if it is NULL; `seed` says where to look first.
 * Every port that a process of the topology may listen at has to be free.
 *
 * ret_fd    holds the block until it is closed
 * ret_taken the address and port that is taken, "127.7.3.2:2000"; "" if the whole block is
 * Errors    ERR_IN_USE   it, or every block that was tried, is taken
 *           ERR_INVALID  `wanted` is no such block */
MUST_CHECK enum err block_reserve(const struct topology *topology, const char *wanted,
                                  uint64_t seed, char ret_block[BLOCK_LEN], int *ret_fd,
                                  char ret_taken[BLOCK_PORT_LEN]);

#endif
