#include "cluster/registry/registry_snapshot.h"

#include "cluster/registry/registry_row.h"
#include "proto/codec.h"

#include <stdio.h>
#include <string.h>

#define HEAD_LEN 24
#define PADDING  8
/* The most that a row takes: all its numbers as long as they can be, and the tags. */
#define DEVICE_BYTES 72
#define NODE_BYTES   72
#define TEXT_BYTES   128
#define RESULT_BYTES 16
#define ITEM_BYTES   128

static const uint8_t magic[8] = {'R', 'H', 'R', 'E', 'G', '0', '0', '1'};

/* FNV-1a: it is there to find accidents, not forgers. */
static uint64_t checksum(const uint8_t *bytes, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ bytes[i]) * 0x100000001b3u;
    }
    return h;
}

static void put64(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)at[i] << (8 * i);
    }
    return v;
}

size_t registry_snapshot_room(const struct registry *r)
{
    size_t room = HEAD_LEN + PADDING + ITEM_BYTES;
    room += (size_t)r->devices_n * DEVICE_BYTES + (size_t)PROCS_MAX * NODE_BYTES;
    room += (size_t)(r->forwards_n + r->settings_n) * TEXT_BYTES;
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        room += ITEM_BYTES + (size_t)r->batches[i].results_n * RESULT_BYTES;
    }
    return room + ITEM_BYTES * (8 + (size_t)r->devices_n / MAX_snapshot_device +
                                (size_t)(r->forwards_n + r->settings_n) / MAX_command);
}

/* -- Writing. -- */

struct writer {
    struct msg *msg; /* the rows that are being collected */
    uint8_t *buf;
    size_t cap, len;
    enum err err;
};

static void write_msg(struct writer *w)
{
    size_t len = 0;
    if (w->err == ERR_OK) {
        w->err = codec_pack(w->msg, w->buf + w->len, w->cap - w->len, &len);
    }
    w->len += w->err == ERR_OK ? len : 0;
}

static void rows_begin(struct writer *w)
{
    w->msg->kind = MSG_SNAPSHOT_ROWS;
    w->msg->correlation = 0;
    w->msg->snapshot_rows.devices_n = 0;
    w->msg->snapshot_rows.nodes_n = 0;
    w->msg->snapshot_rows.texts_n = 0;
}

static void rows_flush_if(struct writer *w, bool full)
{
    if (full) {
        write_msg(w);
        rows_begin(w);
    }
}

static void write_devices(struct writer *w, const struct registry *r, uint32_t *ret_n)
{
    struct msg_snapshot_rows *rows = &w->msg->snapshot_rows;
    for (uint32_t i = 0; i < r->devices_n; i++) {
        const struct registry_device *d = &r->devices[i];
        if (d->since == 0) {
            continue;
        }
        rows->devices[rows->devices_n++] =
            (struct msg_snapshot_device){.device = {i + 1},
                                         .owner = d->owner,
                                         .state = d->state,
                                         .epoch = d->epoch,
                                         .incarnation = d->incarnation,
                                         .counter = d->counter,
                                         .since = d->since};
        ++*ret_n;
        rows_flush_if(w, rows->devices_n == MAX_snapshot_device);
    }
}

static void write_nodes(struct writer *w, const struct registry *r, uint32_t *ret_n)
{
    struct msg_snapshot_rows *rows = &w->msg->snapshot_rows;
    for (uint16_t i = 0; i < PROCS_MAX; i++) {
        const struct registry_node *n = &r->nodes[i];
        if (!incarnation_some(n->incarnation)) {
            continue;
        }
        rows->nodes[rows->nodes_n++] = (struct msg_snapshot_node){
            .node = {(uint16_t)(i + 1)},
            .up = n->up,
            .incarnation = n->incarnation,
            .callmanager_up = n->service_up[SERVICE_CALLMANAGER],
            .callmanager = n->service[SERVICE_CALLMANAGER],
            .ctimanager_up = n->service_up[SERVICE_CTIMANAGER],
            .ctimanager = n->service[SERVICE_CTIMANAGER],
        };
        ++*ret_n;
    }
}

static struct msg_command *next_text(struct writer *w, enum command kind, uint32_t *ret_n)
{
    struct msg_snapshot_rows *rows = &w->msg->snapshot_rows;
    rows_flush_if(w, rows->texts_n == MAX_command);
    struct msg_command *c = &rows->texts[rows->texts_n++];
    memset(c, 0, sizeof *c);
    c->kind = (uint32_t)kind;
    ++*ret_n;
    return c;
}

static void write_texts(struct writer *w, const struct registry *r, uint32_t *ret_n)
{
    for (uint32_t i = 0; i < r->forwards_n; i++) {
        struct msg_command *c = next_text(w, COMMAND_FORWARD, ret_n);
        memcpy(c->number, r->forwards[i].number, sizeof c->number);
        memcpy(c->text, r->forwards[i].to, sizeof r->forwards[i].to);
    }
    for (uint32_t i = 0; i < r->settings_n; i++) {
        struct msg_command *c = next_text(w, COMMAND_CONFIG, ret_n);
        int len =
            snprintf(c->text, sizeof c->text, "%s=%s", r->settings[i].key, r->settings[i].value);
        ASSERT(len > 0 && (size_t)len < sizeof c->text);
    }
}

static void write_batches(struct writer *w, const struct registry *r, uint32_t *ret_n)
{
    for (uint16_t i = 0; i < PROCS_MAX; i++) {
        const struct registry_batch *b = &r->batches[i];
        if (b->seq == 0) {
            continue;
        }
        struct msg_proposed *p = &w->msg->proposed;
        w->msg->kind = MSG_PROPOSED;
        p->origin.v = (uint16_t)(i + 1);
        p->incarnation = b->incarnation;
        p->seq = b->seq;
        p->index = b->index;
        p->results_n = b->results_n;
        memcpy(p->results, b->results, b->results_n * sizeof b->results[0]);
        write_msg(w);
        ++*ret_n;
    }
}

/* How many rows follow the head. */
static void count(const struct registry *r, struct msg_snapshot_head *head)
{
    for (uint32_t i = 0; i < r->devices_n; i++) {
        head->devices += r->devices[i].since != 0;
    }
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        head->nodes += incarnation_some(r->nodes[i].incarnation);
        head->batches += r->batches[i].seq != 0;
    }
    head->texts = r->forwards_n + r->settings_n;
}

enum err registry_snapshot_encode(const struct registry *r, struct msg *scratch, uint8_t *buf,
                                  size_t cap, size_t *ret_len)
{
    if (cap < registry_snapshot_room(r)) {
        return ERR_FULL;
    }
    struct writer w = {.msg = scratch, .buf = buf, .cap = cap - PADDING, .len = HEAD_LEN};
    struct msg_snapshot_head head = {
        .applied = r->applied, .hash = r->hash, .topology = r->topology->hash};
    count(r, &head);
    scratch->kind = MSG_SNAPSHOT_HEAD;
    scratch->correlation = 0;
    scratch->snapshot_head = head;
    write_msg(&w);
    uint32_t devices = 0, nodes = 0, texts = 0, batches = 0;
    rows_begin(&w);
    write_devices(&w, r, &devices);
    write_nodes(&w, r, &nodes);
    write_texts(&w, r, &texts);
    write_msg(&w);
    write_batches(&w, r, &batches);
    ASSERT(devices == head.devices);
    ASSERT(nodes == head.nodes);
    ASSERT(texts == head.texts);
    ASSERT(batches == head.batches);
    if (w.err != ERR_OK) {
        return w.err;
    }
    memcpy(buf, magic, sizeof magic);
    put64(buf + 8, w.len - HEAD_LEN);
    put64(buf + 16, checksum(buf + HEAD_LEN, w.len - HEAD_LEN));
    size_t padding = (PADDING - w.len % PADDING) % PADDING;
    memset(buf + w.len, 0, padding);
    *ret_len = w.len + padding;
    return ERR_OK;
}

/* -- Reading. -- */

enum err registry_snapshot_check(const uint8_t *buf, size_t len)
{
    if (len < HEAD_LEN) {
        return ERR_TRUNCATED;
    }
    if (memcmp(buf, magic, sizeof magic) != 0) {
        return ERR_VERSION;
    }
    uint64_t body = get64(buf + 8);
    if (body > len - HEAD_LEN) {
        return ERR_TRUNCATED;
    }
    if (len - HEAD_LEN - body >= PADDING) {
        return ERR_CORRUPT;
    }
    return checksum(buf + HEAD_LEN, (size_t)body) == get64(buf + 16) ? ERR_OK : ERR_CORRUPT;
}

static bool read_device(struct registry *r, const struct msg_snapshot_device *from)
{
    if (from->device.v == 0 || from->device.v > r->devices_n || from->since == 0 ||
        proc_id_some(from->owner) != (from->state == DEVICE_STATE_REGISTERED)) {
        return false;
    }
    struct registry_device *d = &r->devices[from->device.v - 1];
    d->owner = from->owner;
    d->state = (enum device_state)from->state;
    d->epoch = from->epoch;
    d->incarnation = from->incarnation;
    d->counter = from->counter;
    d->since = from->since;
    r->hash ^= registry_row_device(from->device, d);
    return true;
}

static bool read_node(struct registry *r, const struct msg_snapshot_node *from)
{
    if (from->node.v == 0 || from->node.v > PROCS_MAX) {
        return false;
    }
    struct registry_node *n = &r->nodes[from->node.v - 1];
    n->up = from->up;
    n->incarnation = from->incarnation;
    n->service_up[SERVICE_CALLMANAGER] = from->callmanager_up;
    n->service[SERVICE_CALLMANAGER] = from->callmanager;
    n->service_up[SERVICE_CTIMANAGER] = from->ctimanager_up;
    n->service[SERVICE_CTIMANAGER] = from->ctimanager;
    r->hash ^= registry_row_node(from->node, n);
    return true;
}

static bool read_batch(struct registry *r, const struct msg_proposed *from)
{
    if (from->origin.v == 0 || from->origin.v > PROCS_MAX) {
        return false;
    }
    struct registry_batch *b = &r->batches[from->origin.v - 1];
    b->incarnation = from->incarnation;
    b->seq = from->seq;
    b->index = from->index;
    b->results_n = from->results_n;
    memcpy(b->results, from->results, b->results_n * sizeof b->results[0]);
    r->hash ^= registry_row_batch(from->origin, b);
    return true;
}

static bool read_text(struct registry *r, const struct msg_command *from)
{
    struct registry_change ignored;
    return (from->kind == COMMAND_FORWARD || from->kind == COMMAND_CONFIG) &&
           registry_row_text(r, topology_publisher(r->topology), from, &ignored) == REASON_NONE;
}

static bool read_rows(struct registry *r, const struct msg_snapshot_rows *rows)
{
    bool good = true;
    for (uint32_t i = 0; i < rows->devices_n && good; i++) {
        good = read_device(r, &rows->devices[i]);
    }
    for (uint32_t i = 0; i < rows->nodes_n && good; i++) {
        good = read_node(r, &rows->nodes[i]);
    }
    for (uint32_t i = 0; i < rows->texts_n && good; i++) {
        good = read_text(r, &rows->texts[i]);
    }
    return good;
}

static bool read_msg(struct registry *r, const struct msg *msg, struct msg_snapshot_head *head)
{
    if (msg->kind == MSG_SNAPSHOT_HEAD) {
        *head = msg->snapshot_head;
        return true;
    }
    if (msg->kind == MSG_SNAPSHOT_ROWS) {
        return read_rows(r, &msg->snapshot_rows);
    }
    return msg->kind == MSG_PROPOSED && read_batch(r, &msg->proposed);
}

enum err registry_snapshot_decode(struct registry *r, struct msg *scratch, const uint8_t *buf,
                                  size_t len)
{
    enum err err = registry_snapshot_check(buf, len);
    if (err != ERR_OK) {
        return err;
    }
    const struct topology *topology = r->topology;
    const struct registry_watch watch = r->watch;
    registry_init(r, topology, watch);
    struct msg_snapshot_head head = {0};
    const uint8_t *item = NULL;
    size_t item_len = 0;
    struct codec_batch batch = {buf + HEAD_LEN, buf + HEAD_LEN + get64(buf + 8)};
    while ((err = codec_batch_next(&batch, &item, &item_len)) == ERR_OK) {
        err = codec_unpack_message(item, item_len, scratch);
        if (err != ERR_OK || !read_msg(r, scratch, &head)) {
            registry_init(r, topology, watch);
            return err != ERR_OK ? err : ERR_INVALID;
        }
    }
    if (err != ERR_UNKNOWN || head.topology != topology->hash || head.hash != r->hash) {
        registry_init(r, topology, watch);
        return ERR_INVALID;
    }
    r->applied = head.applied;
    if (watch.changed != NULL) {
        watch.changed(watch.context,
                      &(struct registry_change){.kind = REGISTRY_CHANGE_ALL, .index = r->applied});
    }
    return ERR_OK;
}
