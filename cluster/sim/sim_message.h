/* sim_message: libraft's messages as bytes. Who sent them is not in them: the connection says
 * that. */
#ifndef CLUSTER_SIM_SIM_MESSAGE_H
#define CLUSTER_SIM_SIM_MESSAGE_H

#include "cluster/sim/sim_bytes.h"
#include "node/base/err.h"

struct raft_message;

#define SIM_MESSAGE_ADDRESS_LEN 64

/* Replaces what is in `b`. address is the sender's own. */
void sim_message_encode(struct sim_bytes *b, const char *address,
                        const struct raft_message *message);
/* The message, all but its server_id. Its memory is to be given to libraft's recv, which frees it;
 * its address points to ret_address.
 *
 * Errors   ERR_CORRUPT: bytes that no sim_message_encode made; nothing is allocated */
MUST_CHECK enum err sim_message_decode(const uint8_t *bytes, size_t len,
                                       char ret_address[SIM_MESSAGE_ADDRESS_LEN],
                                       struct raft_message *ret_message);

#endif
