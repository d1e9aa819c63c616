/* link: one ZeroMQ socket under sessions: a listener (ROUTER) or a connector (DEALER), CURVE
 * always.
 *
 * The options are those that were measured to be needed (docs/zeromq.md): handover and
 * mandatory routing, linger 0, caps on messages and handshakes, no heartbeats of ZMTP. Frames are
 * opaque here. What a monitor tells is news, never proof. */
#ifndef NODE_RUNTIME_LINK_H
#define NODE_RUNTIME_LINK_H

#include "node/runtime/keys.h"
#include "node/runtime/loop.h"

#include <stddef.h>
#include <stdint.h>

#define LINK_ROUTING_LEN 64 /* "sub1/station", "operator/4711-1"; with its NUL */
#define LINK_HWM         1000
#define LINK_FRAMES_TURN 64 /* taken from one socket in one turn */
#define LINK_ADDRESS_LEN 64

struct link_events {
    void *context;
    /* A frame came. `user` is the owner of the key that it came under; NULL on a connector, where
     * the server's key was checked. `routing` is the name the peer gives itself; "" there. */
    void (*frame)(void *context, const char *user, const char *routing, const uint8_t *bytes,
                  size_t len);
    /* Connectors: the connection is there, is gone, was refused. */
    void (*up)(void *context);
    void (*lost)(void *context);
    void (*refused)(void *context);
    /* Listeners: some connection is gone; try to send, and see whose. */
    void (*someone_left)(void *context);
    /* Listeners: somebody without a known key was turned away. */
    void (*turned_away)(void *context);
};

/* What all sockets of a process share. */
struct link_ground {
    struct loop *loop;
    void *zmq; /* the one context */
    const struct keys *keys;
};

struct link_socket;

/* address    to bind, as "127.7.3.5"
 * bytes_max  the largest frame
 * Errors     ERR_IN_USE   the port is taken, or the address is not one of this machine
 *            ERR_IO       anything else */
MUST_CHECK enum err link_listen(const struct link_ground *ground, const char *address,
                                uint16_t port, uint32_t bytes_max, const struct link_events *events,
                                struct link_socket **ret_socket);

/* from     the own address, "" for any: faults are injected by address
 * server   whose key is expected at the other end
 * routing  the own name there
 * Errors   ERR_UNKNOWN  no key of `server` is known */
MUST_CHECK enum err link_dial(const struct link_ground *ground, const char *from,
                              const char *address, uint16_t port, uint32_t bytes_max,
                              const char *server, const char *routing,
                              const struct link_events *events, struct link_socket **ret_socket);

/* Bytes for one frame, to be filled and given to link_send or link_drop. */
struct link_out {
    uint64_t message[8]; /* a zmq_msg_t */
    uint8_t *bytes;
};
void link_out_begin(struct link_out *out, size_t len);

/* routing  of the peer; unused on a connector
 * Errors   ERR_UNKNOWN  nobody with this name is connected
 *          ERR_FULL     the pipe is full; the frame is lost, as on any bad network */
MUST_CHECK enum err link_send(struct link_socket *socket, const char *routing,
                              struct link_out *out);

/* Let what was sent last have a moment to leave after link_close. */
void link_linger(struct link_socket *socket);

/* NULL is fine. May be called from an event of the socket itself. */
void link_close(struct link_socket **socket);

#endif
