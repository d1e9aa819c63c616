/* zwatch: a ZeroMQ socket in the loop.
 *
 * The file descriptor of a ZeroMQ socket says only that its state may have changed (it is
 * edge-triggered), so readiness is asked with ZMQ_EVENTS before the loop waits and after it woke,
 * as flux-core's zwatcher does; but only of a socket whose descriptor said so, or that was used
 * since it last said no: any call may swallow what the descriptor had to say. To ask costs two
 * system calls, and a node has thirty sockets. */
#ifndef NODE_RUNTIME_ZWATCH_H
#define NODE_RUNTIME_ZWATCH_H

#include "node/runtime/loop.h"

struct zwatch;

/* `readable` is called once a turn while there is something to read; it should take a bounded
 * number of messages. It may free any zwatch. */
struct zwatch *zwatch_new(struct loop *loop, void *socket, void (*readable)(void *context),
                          void *context);
/* After anything was done to the socket, except by `readable`. */
void zwatch_used(struct zwatch *watch);
/* Before the socket is closed. NULL is fine. */
void zwatch_free(struct zwatch **watch);

/* For the loop: is any readable; call those that are. */
bool zwatch_pending(struct loop *loop);
void zwatch_dispatch(struct loop *loop);

#endif
