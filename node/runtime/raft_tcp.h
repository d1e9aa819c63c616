/* raft_tcp: the connections that libraft speaks over: TCP, opened and accepted by nodes of this
 * cluster only (node/runtime/raft_greeting.h), from the own address, without Nagle's delays; a
 * connection that closes is news. The kernel closes one on which nothing is acknowledged for
 * RAFT_TCP_UNANSWERED_MS: else what is sent while the network is cut follows, after the cut, only
 * at the next of retransmissions that become ever rarer, and the node stays behind for as long
 * again.
 *
 * Whoever has not proved within a second who it is is closed, and so is the one that has been at it
 * for longest when RAFT_TCP_STRANGERS_MAX are. */
#ifndef NODE_RUNTIME_RAFT_TCP_H
#define NODE_RUNTIME_RAFT_TCP_H

#include "node/runtime/raft_greeting.h"

#define RAFT_TCP_STRANGERS_MAX 256
#define RAFT_TCP_GREETING_MS   1000
#define RAFT_TCP_UNANSWERED_MS 2000

struct uv_loop_s;
struct raft_uv_transport;

struct raft_tcp_config {
    struct uv_loop_s *loop;
    const struct raft_greeting_book *book; /* borrowed */
    void *context;
    /* A connection that `peer` had opened closed. */
    void (*peer_lost)(void *context, struct proc_id peer);
    /* Somebody was not let in. */
    void (*refused)(void *context, enum err why);
    /* The own address cannot be listened at; libraft is told, too, and does not start. */
    void (*failed)(void *context, enum err why, const char *what);
};

/* Fill in the transport, for raft_uv_init.
 * Errors  ERR_MEMORY */
MUST_CHECK enum err raft_tcp_init(struct raft_uv_transport *transport,
                                  const struct raft_tcp_config *config);
/* Only when libraft has closed it, or never used it. */
void raft_tcp_deinit(struct raft_uv_transport *transport);

#endif
