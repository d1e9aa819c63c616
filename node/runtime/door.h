/* door: a bound ZeroMQ socket that only the holders of a known key pass, and what happens at it.
 *
 * Who connects and is gone again without a handshake is counted: garbage, other protocols, strange
 * keys, silence.
 *
 * libzmq takes every connection that the kernel has, and aborts the process when descriptors run
 * out. So the door is shut when a connection gets a descriptor near the limit: for DOOR_SHUT_MS the
 * kernel answers nobody there. Who is inside stays; the strangers among them are sent away
 * meanwhile, because a handshake may take DOOR_HANDSHAKE_MS. (Unbinding would not do: libzmq closes
 * all connections of a socket that it unbinds.) */
#ifndef NODE_RUNTIME_DOOR_H
#define NODE_RUNTIME_DOOR_H

#include "node/runtime/keys.h"
#include "node/runtime/loop.h"

#define DOOR_HANDSHAKE_MS 1000
#define DOOR_SHUT_MS      1200
#define DOOR_FILES_MAX    16384 /* a process never opens more, whatever the system allows */

/* Allow this process as many descriptors as it may have, up to DOOR_FILES_MAX. */
void door_raise_limit(void);

struct door_config {
    struct loop *loop;
    void *zmq;    /* the context */
    void *socket; /* borrowed; open, not bound */
    const struct keys *keys;
    const char *address; /* "127.7.3.5" */
    uint16_t port;
    uint32_t bytes_max; /* of one message; who sends a larger one is disconnected */
    void *context;
    /* Some connection is gone. May be NULL. */
    void (*left)(void *context);
    /* Somebody was turned away; at least this often. May be NULL. */
    void (*turned_away)(void *context);
};

struct door;

/* Set the options of the socket and bind it.
 *
 * Errors  ERR_IN_USE  the port is taken, or the address is not one of this machine
 *         ERR_IO      anything else */
MUST_CHECK enum err door_open(const struct door_config *config, struct door **ret_door);
/* Before the socket is closed. NULL is fine; may be called from an event of the door. */
void door_close(struct door **door);

#endif
