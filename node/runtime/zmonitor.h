/* zmonitor: what ZeroMQ tells of a socket's connections. News, never proof. */
#ifndef NODE_RUNTIME_ZMONITOR_H
#define NODE_RUNTIME_ZMONITOR_H

#include "node/runtime/loop.h"

struct zmonitor;

/* events  ZMQ_EVENT_… or-ed
 * told    gets one event and its number (a file descriptor, an errno); may free the monitor
 * Errors  ERR_IO */
MUST_CHECK enum err zmonitor_new(struct loop *loop, void *zmq, void *socket, int events,
                                 void (*told)(void *context, uint16_t event, uint32_t value),
                                 void *context, struct zmonitor **ret_monitor);
/* Before the socket is closed. NULL is fine. */
void zmonitor_free(struct zmonitor **monitor);

#endif
