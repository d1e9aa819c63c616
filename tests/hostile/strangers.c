#include "tests/hostile/hostile.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "proto/msg.h"

#define PATIENCE_MS 1500

enum mechanism { PLAINLY, WITH_PASSWORD, WITH_STRANGE_KEY, MECHANISMS };

struct stranger {
    void *socket, *monitor;
    bool inside;
};

static void set_int(void *socket, int option, int v)
{
    if (zmq_setsockopt(socket, option, &v, sizeof v) != 0) {
        hostile_give_up("zmq_setsockopt: %s", zmq_strerror(zmq_errno()));
    }
}

static void set_text(void *socket, int option, const char *v)
{
    if (zmq_setsockopt(socket, option, v, strlen(v)) != 0) {
        hostile_give_up("zmq_setsockopt: %s", zmq_strerror(zmq_errno()));
    }
}

static struct stranger begin(void *zmq, const struct target *t, enum mechanism mechanism,
                             const char *server_key)
{
    char endpoint[128];
    char public_key[KEYS_TEXT_LEN];
    char secret[KEYS_TEXT_LEN];
    struct stranger s = {.socket = zmq_socket(zmq, t->port == TAP_PORT ? ZMQ_SUB : ZMQ_DEALER)};
    set_int(s.socket, ZMQ_LINGER, 0);
    if (mechanism == WITH_PASSWORD) {
        set_text(s.socket, ZMQ_PLAIN_USERNAME, "operator");
        set_text(s.socket, ZMQ_PLAIN_PASSWORD, "operator");
    } else if (mechanism == WITH_STRANGE_KEY) {
        if (zmq_curve_keypair(public_key, secret) != 0) {
            hostile_give_up("no CURVE here");
        }
        set_text(s.socket, ZMQ_CURVE_SERVERKEY, server_key);
        set_text(s.socket, ZMQ_CURVE_PUBLICKEY, public_key);
        set_text(s.socket, ZMQ_CURVE_SECRETKEY, secret);
    }
    snprintf(endpoint, sizeof endpoint, "inproc://stranger-%p", s.socket);
    zmq_socket_monitor(s.socket, endpoint, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    s.monitor = zmq_socket(zmq, ZMQ_PAIR);
    set_int(s.monitor, ZMQ_LINGER, 0);
    zmq_connect(s.monitor, endpoint);
    if (t->port != TAP_PORT) {
        set_text(s.socket, ZMQ_ROUTING_ID, "operator/1-1");
    }
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%u", t->text, t->port);
    if (zmq_connect(s.socket, endpoint) != 0) {
        hostile_give_up("%s: %s", endpoint, zmq_strerror(zmq_errno()));
    }
    if (t->port == TAP_PORT) {
        zmq_setsockopt(s.socket, ZMQ_SUBSCRIBE, "", 0);
    } else {
        int rc = zmq_send(s.socket, "let me in", 9, ZMQ_DONTWAIT);
        (void)rc; /* there is room for it; whether it arrives is the question */
    }
    return s;
}

static void end(struct stranger *s, const struct target *t)
{
    char byte;
    if (zmq_recv(s->monitor, &byte, sizeof byte, ZMQ_DONTWAIT) >= 0 ||
        zmq_recv(s->socket, &byte, sizeof byte, ZMQ_DONTWAIT) >= 0) {
        hostile_give_up("%s:%u let a stranger in", t->text, t->port);
    }
    zmq_socket_monitor(s->socket, NULL, 0);
    zmq_close(s->monitor);
    zmq_close(s->socket);
}

unsigned strangers_attack(struct cluster_seen *c)
{
    static struct stranger strangers[HOSTILE_SOCKETS_MAX][MECHANISMS];
    static struct keys keys;
    unsigned n = 0;
    void *zmq = zmq_ctx_new();
    zmq_ctx_set(zmq, ZMQ_MAX_SOCKETS, 4096);
    if (keys_load(c->keys_dir, KEYS_OPERATOR, &c->topology, &keys) != ERR_OK) {
        hostile_give_up("no keys in %s", c->keys_dir);
    }
    for (uint32_t i = 0; i < c->n; i++) {
        const struct target *t = &c->targets[i];
        const struct keys_known *key = keys_of(&keys, topology_name(&c->topology, t->proc));
        if (t->udp || key == NULL) {
            continue;
        }
        for (enum mechanism m = 0; m < MECHANISMS; m++, n++) {
            strangers[i][m] = begin(zmq, t, m, key->text);
        }
    }
    zmq_poll(NULL, 0, PATIENCE_MS);
    for (uint32_t i = 0; i < c->n; i++) {
        for (enum mechanism m = 0; m < MECHANISMS && strangers[i][m].socket != NULL; m++) {
            end(&strangers[i][m], &c->targets[i]);
        }
    }
    zmq_ctx_term(zmq);
    return n;
}
