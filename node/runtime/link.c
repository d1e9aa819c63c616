#include "node/runtime/link.h"

#include "node/runtime/door.h"
#include "node/runtime/zmonitor.h"
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
#define GOODBYE_MS  100
#define CURVE_BYTES 64 /* a frame is that much larger, or less, when it is encrypted */

struct link_socket {
    struct link_ground ground;
    struct link_events events;
    bool listener;
    void *zmq;
    struct zwatch *watch;
    struct door *door;        /* of a listener */
    struct zmonitor *monitor; /* of a connector */
    bool *closed;             /* set by link_close while on_frames runs */
};

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

/* -- What is told of a connector. -- */

static void on_monitor(void *context, uint16_t event, uint32_t value)
{
    struct link_socket *s = context;
    (void)value;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        s->events.up(s->events.context);
    } else if (event == ZMQ_EVENT_DISCONNECTED) {
        s->events.lost(s->events.context);
    } else {
        s->events.refused(s->events.context); /* its socket was closed: nobody listens */
    }
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
    const struct door_config door = {.loop = ground->loop,
                                     .zmq = ground->zmq,
                                     .socket = s->zmq,
                                     .keys = ground->keys,
                                     .address = address,
                                     .port = port,
                                     .bytes_max = bytes_max + CURVE_BYTES,
                                     .context = events->context,
                                     .left = events->someone_left,
                                     .turned_away = events->turned_away};
    enum err err = ERR_IO;
    if (set_int(s->zmq, ZMQ_SNDHWM, LINK_HWM) && set_int(s->zmq, ZMQ_RCVHWM, LINK_HWM) &&
        set_int(s->zmq, ZMQ_ROUTER_HANDOVER, 1) && set_int(s->zmq, ZMQ_ROUTER_MANDATORY, 1)) {
        err = door_open(&door, &s->door);
    }
    if (err != ERR_OK) {
        link_close(&s);
        return err;
    }
    s->watch = zwatch_new(ground->loop, s->zmq, on_frames, s);
    *ret_socket = s;
    return ERR_OK;
}

static bool set_dialler(void *socket, const struct keys *keys, const char *server_key,
                        const char *routing, uint32_t bytes_max)
{
    int64_t bytes = (int64_t)bytes_max + CURVE_BYTES;
    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_SNDHWM, LINK_HWM) &&
           set_int(socket, ZMQ_RCVHWM, LINK_HWM) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0 &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, DOOR_HANDSHAKE_MS) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, keys->own_secret) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, keys->own_public) &&
           set_text(socket, ZMQ_CURVE_SERVERKEY, server_key) &&
           set_text(socket, ZMQ_ROUTING_ID, routing) &&
           set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
           set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) &&
           set_int(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS);
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
    const int told = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    /* The monitor first: it must see the first attempt. */
    if (set_dialler(s->zmq, ground->keys, key->text, routing, bytes_max) &&
        zmonitor_new(ground->loop, ground->zmq, s->zmq, told, on_monitor, s, &s->monitor) ==
            ERR_OK &&
        zmq_connect(s->zmq, endpoint) == 0) {
        s->watch = zwatch_new(ground->loop, s->zmq, on_frames, s);
        *ret_socket = s;
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
    zwatch_used(s->watch);
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
    zmonitor_free(&s->monitor);
    door_close(&s->door);
    zmq_close(s->zmq);
    free(s);
}
