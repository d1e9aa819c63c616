#include "node/runtime/link.h"

#include "node/runtime/log.h"
#include "node/runtime/zap.h"
#include "node/runtime/zwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define RECONNECT_MS     20
#define RECONNECT_MAX_MS 200
#define CONNECT_TIMEOUT_MS                                                \
    500 /* a SYN that was dropped is not waited for by the kernel's clock \
         */
#define HANDSHAKE_MS 1000
#define GOODBYE_MS   100
#define CURVE_BYTES  64 /* a frame is that much larger, or less, when it is encrypted */
#define BACKLOG      256

struct link_socket {
    struct link_ground ground;
    struct link_events events;
    bool listener;
    void *zmq;
    void *monitor;
    struct zwatch *watch;
    struct zwatch *monitor_watch;
    bool *closed; /* set by link_close while a callback of this socket runs */
};

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

static bool set_common(void *socket, const struct keys *keys, uint32_t bytes_max)
{
    int64_t bytes = (int64_t)bytes_max + CURVE_BYTES;
    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, LINK_HWM) &&
           set_int(socket, ZMQ_RCVHWM, LINK_HWM) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0 &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, keys->own_secret) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, keys->own_public);
}

/* -- What the monitor tells. -- */

/* The number of the next event; 0: none. */
static uint16_t monitor_event(struct link_socket *s)
{
    uint8_t first[6];
    int n = zmq_recv(s->monitor, first, sizeof first, ZMQ_DONTWAIT);
    if (n < (int)sizeof first) {
        return 0;
    }
    char address[256];
    err_ignore(zmq_recv(s->monitor, address, sizeof address, ZMQ_DONTWAIT) < 0 ? ERR_IO : ERR_OK,
               "the second part is only the address");
    uint16_t event = 0;
    memcpy(&event, first, sizeof event);
    return event;
}

static void monitor_say(struct link_socket *s, uint16_t event)
{
    void *context = s->events.context;
    if (s->listener) {
        if (event == ZMQ_EVENT_DISCONNECTED) {
            s->events.someone_left(context);
        }
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        s->events.up(context);
    } else if (event == ZMQ_EVENT_DISCONNECTED) {
        s->events.lost(context);
    } else if (event == ZMQ_EVENT_CLOSED) {
        s->events.refused(context); /* the connecting socket was closed: nobody listens */
    }
}

static void on_monitor(void *context)
{
    struct link_socket *s = context;
    bool closed = false;
    s->closed = &closed;
    for (;;) {
        uint16_t event = monitor_event(s);
        if (event == 0) {
            break;
        }
        monitor_say(s, event);
        if (closed) {
            return;
        }
    }
    s->closed = NULL;
}

static bool monitor_start(struct link_socket *s)
{
    char address[64];
    int events = s->listener
                     ? ZMQ_EVENT_DISCONNECTED
                     : ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    snprintf(address, sizeof address, "inproc://monitor-%p", (void *)s);
    if (zmq_socket_monitor(s->zmq, address, events) != 0) {
        return false;
    }
    s->monitor = zmq_socket(s->ground.zmq, ZMQ_PAIR);
    return s->monitor != NULL && set_int(s->monitor, ZMQ_LINGER, 0) &&
           zmq_connect(s->monitor, address) == 0;
}

/* -- Frames. -- */

/* The rest of a message that has more parts than it should. */
static void skip_parts(void *socket)
{
    int more = 1;
    size_t size = sizeof more;
    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0) {
        char byte;
        if (zmq_recv(socket, &byte, sizeof byte, ZMQ_DONTWAIT) < 0) {
            return;
        }
    }
}

/* False: there is nothing to read any more. */
static bool take_frame(struct link_socket *s)
{
    char routing[LINK_ROUTING_LEN] = "";
    if (s->listener) {
        int n = zmq_recv(s->zmq, routing, sizeof routing - 1, ZMQ_DONTWAIT);
        if (n < 0) {
            return false;
        }
        routing[n < LINK_ROUTING_LEN ? n : 0] = '\0'; /* too long: nobody's */
    }
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, s->zmq, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&message);
        return false;
    }
    if (zmq_msg_more(&message)) {
        skip_parts(s->zmq);
    }
    const char *user = s->listener ? zmq_msg_gets(&message, "User-Id") : NULL;
    if (!s->listener || user != NULL) {
        s->events.frame(s->events.context, user, routing, zmq_msg_data(&message),
                        zmq_msg_size(&message));
    }
    zmq_msg_close(&message);
    return true;
}

static void on_frames(void *context)
{
    struct link_socket *s = context;
    bool closed = false;
    s->closed = &closed;
    for (unsigned i = 0; i < LINK_FRAMES_TURN && take_frame(s); i++) {
        if (closed) {
            return;
        }
    }
    s->closed = NULL;
}

static enum err start(struct link_socket *s, struct link_socket **ret_socket)
{
    if (!monitor_start(s)) {
        return ERR_IO;
    }
    s->watch = zwatch_new(s->ground.loop, s->zmq, on_frames, s);
    s->monitor_watch = zwatch_new(s->ground.loop, s->monitor, on_monitor, s);
    *ret_socket = s;
    return ERR_OK;
}

static struct link_socket *socket_new(const struct link_ground *ground, bool listener,
                                      const struct link_events *events)
{
    struct link_socket *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->ground = *ground;
    s->events = *events;
    s->listener = listener;
    s->zmq = zmq_socket(ground->zmq, listener ? ZMQ_ROUTER : ZMQ_DEALER);
    ASSERT(s->zmq != NULL); /* out of file descriptors or memory: the process cannot work */
    return s;
}

enum err link_listen(const struct link_ground *ground, const char *address, uint16_t port,
                     uint32_t bytes_max, const struct link_events *events,
                     struct link_socket **ret_socket)
{
    struct link_socket *s = socket_new(ground, true, events);
    char endpoint[LINK_ADDRESS_LEN];
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%u", address, port);
    enum err err = ERR_IO;
    if (!set_common(s->zmq, ground->keys, bytes_max) || !set_int(s->zmq, ZMQ_ROUTER_HANDOVER, 1) ||
        !set_int(s->zmq, ZMQ_ROUTER_MANDATORY, 1) || !set_int(s->zmq, ZMQ_CURVE_SERVER, 1) ||
        !set_int(s->zmq, ZMQ_BACKLOG, BACKLOG) || !set_text(s->zmq, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN)) {
        goto fail_close;
    }
    if (zmq_bind(s->zmq, endpoint) != 0) {
        err = zmq_errno() == EADDRINUSE || zmq_errno() == EADDRNOTAVAIL ? ERR_IN_USE : ERR_IO;
        goto fail_close;
    }
    err = start(s, ret_socket);
    if (err == ERR_OK) {
        return ERR_OK;
    }
fail_close:
    link_close(&s);
    return err;
}

enum err link_dial(const struct link_ground *ground, const char *from, const char *address,
                   uint16_t port, uint32_t bytes_max, const char *server, const char *routing,
                   const struct link_events *events, struct link_socket **ret_socket)
{
    const struct keys_known *key = keys_of(ground->keys, server);
    if (key == NULL) {
        return ERR_UNKNOWN;
    }
    struct link_socket *s = socket_new(ground, false, events);
    char endpoint[2 * LINK_ADDRESS_LEN];
    if (from[0] != '\0') {
        snprintf(endpoint, sizeof endpoint, "tcp://%s:0;%s:%u", from, address, port);
    } else {
        snprintf(endpoint, sizeof endpoint, "tcp://%s:%u", address, port);
    }
    /* The monitor first: it must see the first attempt. */
    if (set_common(s->zmq, ground->keys, bytes_max) &&
        set_text(s->zmq, ZMQ_CURVE_SERVERKEY, key->text) &&
        set_text(s->zmq, ZMQ_ROUTING_ID, routing) &&
        set_int(s->zmq, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
        set_int(s->zmq, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) &&
        set_int(s->zmq, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS) &&
        start(s, ret_socket) == ERR_OK && zmq_connect(s->zmq, endpoint) == 0) {
        return ERR_OK;
    }
    link_close(&s);
    *ret_socket = NULL;
    return ERR_IO;
}

void link_out_begin(struct link_out *out, size_t len)
{
    _Static_assert(sizeof out->message >= sizeof(zmq_msg_t), "room for a zmq_msg_t");
    zmq_msg_t *message = (zmq_msg_t *)(void *)out->message;
    int rc = zmq_msg_init_size(message, len);
    ASSERT(rc == 0);
    out->bytes = zmq_msg_data(message);
}

enum err link_send(struct link_socket *s, const char *routing, struct link_out *out)
{
    zmq_msg_t *message = (zmq_msg_t *)(void *)out->message;
    if (s->listener && zmq_send(s->zmq, routing, strlen(routing), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        int error = zmq_errno();
        zmq_msg_close(message);
        return error == EHOSTUNREACH ? ERR_UNKNOWN : ERR_FULL;
    }
    if (zmq_msg_send(message, s->zmq, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(message);
        return ERR_FULL;
    }
    return ERR_OK;
}

void link_linger(struct link_socket *s)
{
    err_ignore(set_int(s->zmq, ZMQ_LINGER, GOODBYE_MS) ? ERR_OK : ERR_IO,
               "the peer would learn of the end a little later");
}

void link_close(struct link_socket **socket)
{
    struct link_socket *s = *socket;
    if (s == NULL) {
        return;
    }
    *socket = NULL;
    if (s->closed != NULL) {
        *s->closed = true;
    }
    zwatch_free(&s->watch);
    zwatch_free(&s->monitor_watch);
    if (s->monitor != NULL) {
        zmq_socket_monitor(s->zmq, NULL, 0);
        zmq_close(s->monitor);
    }
    zmq_close(s->zmq);
    free(s);
}
