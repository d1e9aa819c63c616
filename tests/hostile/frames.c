#include "tests/hostile/hostile.h"

#include "node/base/session.h"
#include "node/runtime/loop.h"
#include "proto/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define UP_MS       3000 /* until a session that is welcome is up */
#define ANSWER_MS   20
#define RING_BYTES  (1u << 20)
#define CURVE_BYTES 64
#define FRAME_ROOM  (2u << 20)

/* One connection under a key of the cluster. */
struct caller {
    const struct cluster_seen *c;
    const struct target *target;
    enum link link;
    char name[NAME_LEN];
    void *socket;
    unsigned sent;
    struct session session;
    uint8_t *ring;
};

static uint8_t frame_bytes[FRAME_ROOM];
static uint8_t batch_bytes[FRAME_ROOM];
static uint8_t room_bytes[FRAME_ROOM];

static void send_bytes(struct caller *k, const uint8_t *bytes, size_t len)
{
    if (zmq_send(k->socket, bytes, len, ZMQ_DONTWAIT) < 0) {
        hostile_give_up("%s:%u: %s", k->target->text, k->target->port, zmq_strerror(zmq_errno()));
    }
    k->sent++;
}

static struct codec_frame frame_of(const struct caller *k, enum codec_frame_kind kind)
{
    struct codec_frame f = {.kind = kind,
                            .incarnation = {1},
                            .session = 77,
                            .credit = 64,
                            .hlc = {(uint64_t)(loop_wall_us() / 1000) << 16},
                            .topology = k->c->topology.hash,
                            .batch = batch_bytes};
    snprintf(f.sender, sizeof f.sender, "%s", k->name);
    return f;
}

static size_t pack(const struct codec_frame *f)
{
    codec_frame_pack(f, frame_bytes);
    return codec_frame_len(f);
}

/* Before any session: what the frame decoder and the question who it is have to stand. */
static void bad_frames(struct caller *k)
{
    struct rand_state r = k->c->rand;
    uint32_t most = msg_link_frame_max(k->link);
    struct codec_frame hello = frame_of(k, CODEC_FRAME_HELLO);
    send_bytes(k, frame_bytes, 0);
    for (size_t len = 1; len < 5000; len = len * 3 + 1) {
        for (size_t i = 0; i < len; i++) {
            frame_bytes[i] = (uint8_t)(rand_next(&r) >> 56);
        }
        send_bytes(k, frame_bytes, len);
    }
    size_t len = pack(&hello);
    for (size_t cut = 1; cut < len; cut += 5) {
        send_bytes(k, frame_bytes, cut);
    }
    frame_bytes[1] = CODEC_VERSION + 2; /* field 1, the version */
    send_bytes(k, frame_bytes, len);
    frame_bytes[1] = CODEC_VERSION;
    frame_bytes[3] = 99; /* field 2, the kind */
    send_bytes(k, frame_bytes, len);
    frame_bytes[3] = 0;
    send_bytes(k, frame_bytes, len);
    frame_bytes[3] = CODEC_FRAME_HELLO;
    frame_bytes[len] = 0x78; /* field 15, which nobody knows */
    frame_bytes[len + 1] = 1;
    send_bytes(k, frame_bytes, len + 2);
    for (uint32_t i = 0; i < k->c->topology.procs_n; i++) { /* somebody else */
        snprintf(hello.sender, sizeof hello.sender, "%s", k->c->topology.procs[i].name);
        if (strcmp(hello.sender, k->name) != 0) {
            send_bytes(k, frame_bytes, pack(&hello));
        }
    }
    snprintf(hello.sender, sizeof hello.sender, "%s", k->name);
    hello.hlc.v = UINT64_MAX; /* a clock at the end of time */
    send_bytes(k, frame_bytes, pack(&hello));
    hello.topology++; /* another topology */
    send_bytes(k, frame_bytes, pack(&hello));
    memcpy(hello.sender, "a\nb\x7f", 5);
    send_bytes(k, frame_bytes, pack(&hello));
    /* As large as it may be, one byte more, and more than ZeroMQ lets through. */
    struct codec_frame data = frame_of(k, CODEC_FRAME_DATA);
    memset(batch_bytes, 0xa5, most + 2 * CURVE_BYTES);
    data.batch_len = most - CODEC_HEADER_MAX;
    send_bytes(k, frame_bytes, pack(&data));
    data.batch_len = most - codec_frame_len(&hello) + 1;
    send_bytes(k, frame_bytes, pack(&data));
    memset(frame_bytes, 0, most + 4 * CURVE_BYTES);
    send_bytes(k, frame_bytes, most + 4 * CURVE_BYTES);
}

/* Several parts where one is expected. */
static void bad_parts(struct caller *k)
{
    for (unsigned i = 0; i < 20; i++) {
        if (zmq_send(k->socket, "part", 4, ZMQ_DONTWAIT | (i < 19 ? ZMQ_SNDMORE : 0)) < 0) {
            hostile_give_up("parts: %s", zmq_strerror(zmq_errno()));
        }
    }
    k->sent++;
}

/* -- A session, spoken as it should be; what travels in it is another matter. -- */

static void flush(struct caller *k)
{
    struct session_frame f;
    static const enum codec_frame_kind kinds[] = {[SESSION_HELLO] = CODEC_FRAME_HELLO,
                                                  [SESSION_DATA] = CODEC_FRAME_DATA,
                                                  [SESSION_HEARTBEAT] = CODEC_FRAME_HEARTBEAT,
                                                  [SESSION_BYE] = CODEC_FRAME_BYE};
    while (session_next(&k->session, loop_now(), &f)) {
        struct codec_frame frame = frame_of(k, kinds[f.kind]);
        frame.session = f.session;
        frame.peer_session = f.peer_session;
        frame.seq = f.seq;
        frame.ack = f.ack;
        frame.credit = f.credit;
        frame.batch = f.payload;
        frame.batch_len = f.len;
        send_bytes(k, frame_bytes, pack(&frame));
    }
}

/* Take what has come; wait for it for at most so long. False: there was nothing. */
static bool take(struct caller *k, long ms)
{
    static const enum session_frame_kind kinds[CODEC_FRAME_COUNT] = {
        [CODEC_FRAME_HELLO] = SESSION_HELLO,
        [CODEC_FRAME_DATA] = SESSION_DATA,
        [CODEC_FRAME_HEARTBEAT] = SESSION_HEARTBEAT,
        [CODEC_FRAME_BYE] = SESSION_BYE};
    struct codec_room room = {room_bytes, sizeof room_bytes};
    struct codec_frame frame;
    zmq_pollitem_t item = {.socket = k->socket, .events = ZMQ_POLLIN};
    (void)session_tick(&k->session, loop_now());
    flush(k);
    if (zmq_poll(&item, 1, ms) <= 0) {
        return false;
    }
    int n = zmq_recv(k->socket, frame_bytes, sizeof frame_bytes, ZMQ_DONTWAIT);
    if (n >= 0 && codec_frame_unpack(k->link, frame_bytes, (size_t)n, room, &frame) == ERR_OK) {
        struct session_frame f = {.kind = kinds[frame.kind],
                                  .incarnation = frame.incarnation,
                                  .session = frame.session,
                                  .peer_session = frame.peer_session,
                                  .seq = frame.seq,
                                  .ack = frame.ack,
                                  .credit = frame.credit,
                                  .topology = frame.topology};
        (void)session_receive(&k->session, loop_now(), &f);
        flush(k);
    }
    return true;
}

/* Until the session is up, with all that was said in it acknowledged. */
static bool settled(struct caller *k)
{
    struct instant end = instant_add(loop_now(), duration_ms(UP_MS));
    while (k->session.state != SESSION_UP || k->session.tx_una != k->session.tx_next) {
        take(k, 5);
        if (instant_reached(loop_now(), end)) {
            return false;
        }
    }
    return true;
}

static void append(struct caller *k, size_t len)
{
    if (!session_is_up(&k->session)) {
        hostile_give_up("%s:%u ended the session", k->target->text, k->target->port);
    }
    (void)session_append(&k->session, loop_now(), batch_bytes, len);
    flush(k);
    while (take(k, 0)) {
    }
}

/* One item: its length as three bytes of a varint, whatever it is. */
static size_t item(size_t at, const void *bytes, size_t len)
{
    batch_bytes[at] = 0x0a;
    batch_bytes[at + 1] = (uint8_t)(len | 0x80);
    batch_bytes[at + 2] = (uint8_t)(len >> 7 | 0x80);
    batch_bytes[at + 3] = (uint8_t)(len >> 14);
    memcpy(batch_bytes + at + 4, bytes, len);
    return at + 4 + len;
}

static void bad_batches(struct caller *k)
{
    static uint8_t body[CODEC_ITEM_MAX + 64];
    static struct msg msg;
    struct rand_state r = k->c->rand;
    uint32_t most = msg_link_frame_max(k->link) - CODEC_HEADER_MAX;
    size_t len = 0;
    for (unsigned round = 0; round < 20; round++) { /* no batch at all */
        len = 1 + rand_below(&r, 500);
        for (size_t i = 0; i < len; i++) {
            batch_bytes[i] = (uint8_t)(rand_next(&r) >> 56);
        }
        append(k, len);
    }
    for (unsigned kind = 0; kind <= MSG_COUNT + 3; kind++) { /* every kind, on the wrong link */
        const uint8_t bytes[] = {8, (uint8_t)(kind | 0x80), (uint8_t)(kind >> 7), 0x1a, 0};
        if (kind < MSG_COUNT && msg_allowed((enum msg_kind)kind, k->link)) {
            continue;
        }
        append(k, item(0, bytes, sizeof bytes));
    }
    for (len = 0; len < (CODEC_ITEMS_MAX + 5) * 4;) { /* more items than a batch may have */
        len = item(len, "", 0);
    }
    append(k, len);
    memset(body, 0x08, sizeof body);
    if (most > CODEC_ITEM_MAX) {
        append(k, item(0, body, CODEC_ITEM_MAX + 1));
    }
    append(k, item(0, body, most - 4));
    /* The kinds of this link with bodies that are cut, too long, or of wild numbers. */
    for (unsigned kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        if (!msg_allowed((enum msg_kind)kind, k->link) || kind == MSG_OP_COMMAND) {
            continue;
        }
        for (unsigned field = 1; field < 12; field++) {
            uint8_t bytes[64] = {8,  (uint8_t)(kind | 0x80), (uint8_t)(kind >> 7), 0x1a,
                                 11, (uint8_t)(field << 3)};
            memset(bytes + 6, 0xff, 9); /* the largest number there is */
            bytes[15] = 1;
            append(k, item(0, bytes, 16));
            append(k, item(0, bytes, 9));
            bytes[5] = (uint8_t)(field << 3 | 2); /* and as a text that is longer than all */
            append(k, item(0, bytes, 16));
        }
    }
    memset(&msg, 0, sizeof msg);
    msg.kind = MSG_OP_LIST;
    msg.op_list.what = OP_LIST_CALLS; /* as a decoder would let it through, and nobody asks */
    msg.op_list.after = UINT32_MAX;
    if (codec_pack(&msg, batch_bytes, sizeof batch_bytes, &len) == ERR_OK) {
        append(k, len);
    }
}

static bool come_in(struct caller *k)
{
    struct session_config config = {.connector = true,
                                    .incarnation = {1},
                                    .topology = k->c->topology.hash,
                                    .heartbeat = duration_ms(200),
                                    .misses = 10,
                                    .grace = duration_ms(500),
                                    .credit = 64,
                                    .frame_bytes_max = 65536 - CODEC_HEADER_MAX,
                                    .frame_items_max = 1};
    session_init(&k->session, &config, k->ring, RING_BYTES, rand_next(&(struct rand_state){7}));
    session_transport_up(&k->session, loop_now());
    return settled(k);
}

static void open_socket(struct caller *k, void *zmq, const struct keys *keys, const char *routing)
{
    char endpoint[128];
    int zero = 0;
    const struct keys_known *key = keys_of(keys, topology_name(&k->c->topology, k->target->proc));
    k->socket = zmq_socket(zmq, ZMQ_DEALER);
    zmq_setsockopt(k->socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(k->socket, ZMQ_CURVE_SERVERKEY, key->text, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(k->socket, ZMQ_CURVE_PUBLICKEY, keys->own_public, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(k->socket, ZMQ_CURVE_SECRETKEY, keys->own_secret, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(k->socket, ZMQ_ROUTING_ID, routing, strlen(routing));
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%u", k->target->text, k->target->port);
    if (zmq_connect(k->socket, endpoint) != 0) {
        hostile_give_up("%s: %s", endpoint, zmq_strerror(zmq_errno()));
    }
}

static bool link_of(const struct target *t, enum link *ret_link)
{
    for (enum link link = LINK_LOCAL + 1; link < LINK_COUNT; link++) {
        if (t->port == msg_link_port(link) && !t->udp && proc_id_some(t->proc)) {
            *ret_link = link;
            return true;
        }
    }
    return false;
}

static unsigned at_one(struct caller *k, void *zmq, const struct keys *keys)
{
    char routing[256];
    bool operator_there = k->link == LINK_OPERATOR && strcmp(k->name, KEYS_OPERATOR) == 0;
    snprintf(routing, sizeof routing, "%s/hostile", k->name);
    open_socket(k, zmq, keys, routing);
    bad_parts(k);
    if (operator_there) {
        if (!come_in(k)) {
            hostile_give_up("%s:%u does not let an operator in", k->target->text, k->target->port);
        }
        bad_batches(k);
        if (!settled(k)) {
            hostile_give_up("%s:%u does not listen any more", k->target->text, k->target->port);
        }
        session_close(&k->session, loop_now());
        flush(k);
    }
    bad_frames(k);
    zmq_poll(NULL, 0, ANSWER_MS);
    zmq_close(k->socket);
    /* A name for the connection that is longer than any, and is nobody's. */
    memset(routing, 'x', sizeof routing - 1);
    routing[sizeof routing - 1] = '\0';
    open_socket(k, zmq, keys, routing);
    struct codec_frame hello = frame_of(k, CODEC_FRAME_HELLO);
    send_bytes(k, frame_bytes, pack(&hello));
    zmq_poll(NULL, 0, ANSWER_MS);
    zmq_close(k->socket);
    return k->sent;
}

unsigned frames_attack(struct cluster_seen *c, const char *name)
{
    static struct keys keys;
    unsigned n = 0;
    void *zmq = zmq_ctx_new();
    uint8_t *ring = malloc(RING_BYTES);
    if (ring == NULL || keys_load(c->keys_dir, name, &c->topology, &keys) != ERR_OK) {
        hostile_give_up("no key of %s in %s", name, c->keys_dir);
    }
    for (uint32_t i = 0; i < c->n; i++) {
        struct caller k = {.c = c, .target = &c->targets[i], .ring = ring};
        snprintf(k.name, sizeof k.name, "%s", name);
        if (link_of(k.target, &k.link) &&
            strcmp(topology_name(&c->topology, k.target->proc), name) != 0) {
            n += at_one(&k, zmq, &keys);
        }
    }
    free(ring);
    zmq_ctx_term(zmq);
    return n;
}
