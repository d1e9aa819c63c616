#include "cluster/sim/sim_raft.h"

#include "cluster/sim/sim_message.h"
#include "node/base/plant.h"
#include "node/base/rand.h"
#include "node/base/topology.h"

#include <raft.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum wait_kind { WAIT_APPEND, WAIT_PUT, WAIT_GET };

/* A request of libraft's that the disk is busy with. */
struct wait {
    struct wait *next, **link;
    enum wait_kind kind;
    union {
        struct raft_io_append *append;
        struct raft_io_snapshot_put *put;
        struct raft_io_snapshot_get *get;
    };
};

/* A message that is gone, and whose request is still to be told. */
struct sent {
    struct raft_io_send *request;
    int code;
};

struct sim_raft {
    struct raft_io io;
    struct sim_raft_config config;
    struct rand_state rand;
    char address[SIM_MESSAGE_ADDRESS_LEN];
    bool connected[PROCS_MAX + 1]; /* by process */
    bool started, closing;
    bool inside; /* a callback of libraft's runs */
    struct duration tick_every;
    struct instant tick_at;
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    raft_io_close_cb closed;
    struct wait *waits, **waits_end;
    struct sent *sent;
    size_t sent_n, sent_room;
    struct sim_bytes out;
    int failure;
    struct sim_raft_stats stats;
};

static struct sim_raft *of(struct raft_io *io)
{
    return io->impl;
}

static struct instant now_of(const struct sim_raft *r)
{
    return r->config.now(r->config.context);
}

/* What the disk said: remembered if it is bad. */
static int noted(struct sim_raft *r, int code)
{
    if (code != 0 && r->failure == 0) {
        r->failure = code;
        snprintf(r->io.errmsg, sizeof r->io.errmsg, "%s", raft_strerror(code));
    }
    return code;
}

/* -- Requests that wait. -- */

static struct wait *wait_new(struct sim_raft *r, enum wait_kind kind)
{
    struct wait *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    w->kind = kind;
    w->link = r->waits_end;
    *r->waits_end = w;
    r->waits_end = &w->next;
    return w;
}

/* libraft is told, and frees its request. The snapshot of a read that went well is its too. */
static void wait_end(struct sim_raft *r, struct wait *w, int code, struct raft_snapshot *snapshot)
{
    struct wait done = *w;
    *w->link = w->next;
    if (w->next != NULL) {
        w->next->link = w->link;
    } else {
        r->waits_end = w->link;
    }
    free(w);
    r->inside = true;
    switch (done.kind) {
    case WAIT_APPEND:
        done.append->cb(done.append, code);
        break;
    case WAIT_PUT:
        done.put->cb(done.put, code);
        break;
    case WAIT_GET:
        done.get->cb(done.get, code == 0 ? snapshot : NULL, code);
        break;
    }
    r->inside = false;
}

/* -- What libraft asks of the disk. -- */

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    struct sim_raft *r = of(io);
    ASSERT(id == r->config.self.v);
    if (strlen(address) >= sizeof r->address) {
        return RAFT_NAMETOOLONG;
    }
    snprintf(r->address, sizeof r->address, "%s", address);
    return 0;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct sim_raft *r = of(io);
    uint64_t t = 0, v = 0, first = 1;
    int code =
        noted(r, sim_disk_load(r->config.disk, &t, &v, snapshot, &first, entries, n_entries));
    if (PLANTED(FORGET_TERM) && t > 1) {
        t--;
        v = 0;
    }
    *term = t;
    *voted_for = v;
    *start_index = first;
    return code;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    struct sim_raft *r = of(io);
    ASSERT(!r->started && !r->closing && msecs > 0);
    r->started = true;
    r->tick_every = duration_ms(msecs);
    r->tick_at = instant_add(now_of(r), r->tick_every);
    r->tick = tick;
    r->recv = recv;
    return 0;
}

static int io_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
    struct sim_raft *r = of(io);
    int code = sim_disk_bootstrap(r->config.disk, conf);
    return code == RAFT_CANTBOOTSTRAP ? code : noted(r, code);
}

static int io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    return noted(of(io), sim_disk_recover(of(io)->config.disk, conf));
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    return noted(of(io), sim_disk_set_term(of(io)->config.disk, term));
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    return noted(of(io), sim_disk_set_vote(of(io)->config.disk, id));
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct sim_raft *r = of(io);
    struct wait *w = wait_new(r, WAIT_APPEND);
    req->cb = cb;
    w->append = req;
    sim_disk_append(r->config.disk, now_of(r), w, entries, n);
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct sim_raft *r = of(io);
    sim_disk_truncate(r->config.disk, now_of(r), index);
    return 0;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct sim_raft *r = of(io);
    struct wait *w = wait_new(r, WAIT_PUT);
    req->cb = cb;
    w->put = req;
    sim_disk_put(r->config.disk, now_of(r), w, trailing, snapshot);
    return 0;
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct sim_raft *r = of(io);
    struct wait *w = wait_new(r, WAIT_GET);
    req->cb = cb;
    w->get = req;
    sim_disk_get(r->config.disk, now_of(r), w);
    return 0;
}

/* -- Messages. -- */

static void sent_add(struct sim_raft *r, struct raft_io_send *request, int code)
{
    if (r->sent_n == r->sent_room) {
        r->sent_room = r->sent_room == 0 ? 16 : 2 * r->sent_room;
        struct sent *sent = realloc(r->sent, r->sent_room * sizeof *sent);
        ASSERT(sent != NULL);
        r->sent = sent;
    }
    r->sent[r->sent_n++] = (struct sent){request, code};
}

static int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                   raft_io_send_cb cb)
{
    struct sim_raft *r = of(io);
    if (r->closing) {
        return RAFT_CANCELED;
    }
    req->cb = cb;
    ASSERT(message->server_id > 0 && message->server_id <= PROCS_MAX);
    struct proc_id to = {(uint16_t)message->server_id};
    bool up = r->connected[to.v];
    if (up) {
        sim_message_encode(&r->out, r->address, message);
        r->stats.sent++;
        r->stats.sent_bytes += r->out.len;
        r->config.send(r->config.context, to, r->out.base, r->out.len);
    } else {
        r->stats.unconnected++;
    }
    sent_add(r, req, up ? 0 : RAFT_NOCONNECTION);
    return 0;
}

/* The bytes went out when libraft sent them; that it is told so only gives it its memory back, and
 * has no deadline of its own. */
static void tell_sent(struct sim_raft *r, int code)
{
    r->inside = true;
    for (size_t i = 0; i < r->sent_n; i++) {
        struct sent s = r->sent[i];
        s.request->cb(s.request, code != 0 ? code : s.code);
    }
    r->sent_n = 0;
    r->inside = false;
}

void sim_raft_receive(struct sim_raft *r, struct instant now, struct proc_id from,
                      const uint8_t *bytes, size_t len)
{
    char address[SIM_MESSAGE_ADDRESS_LEN];
    struct raft_message message;
    ASSERT(!r->inside);
    (void)now;
    if (!r->started || r->closing || sim_message_decode(bytes, len, address, &message) != ERR_OK) {
        r->stats.dropped++;
        return;
    }
    r->stats.received++;
    message.server_id = from.v;
    r->io.capacity = sim_disk_room(r->config.disk);
    r->inside = true;
    r->recv(&r->io, &message);
    r->inside = false;
    tell_sent(r, 0);
}

void sim_raft_connected(struct sim_raft *r, struct proc_id peer, bool up)
{
    ASSERT(peer.v > 0 && peer.v <= PROCS_MAX);
    r->connected[peer.v] = up;
}

/* -- Time. -- */

static raft_time io_time(struct raft_io *io)
{
    return (raft_time)(now_of(of(io)).us / 1000);
}

static int io_random(struct raft_io *io, int min, int max)
{
    return (int)rand_between(&of(io)->rand, min, max);
}

static void finish(struct sim_raft *r)
{
    raft_io_close_cb closed = r->closed;
    tell_sent(r, RAFT_CANCELED);
    for (struct wait *w = r->waits; w != NULL; w = r->waits) {
        wait_end(r, w, RAFT_CANCELED, NULL);
        ASSERT(r->waits != w);
    }
    sim_disk_leave(r->config.disk);
    r->closed = NULL;
    if (closed != NULL) {
        closed(&r->io);
    }
}

/* Cancels from the next tick on, not in here. */
static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct sim_raft *r = of(io);
    r->closing = true;
    r->started = false;
    r->closed = cb;
}

struct instant sim_raft_deadline(const struct sim_raft *r)
{
    if (r->closing) {
        struct instant at_once = {0};
        return r->closed != NULL ? at_once : INSTANT_NEVER;
    }
    struct instant at = sim_disk_deadline(r->config.disk);
    return r->started ? instant_min(at, r->tick_at) : at;
}

static void disk_ended(struct sim_raft *r, const struct sim_disk_end *end)
{
    struct wait *w = end->tag;
    noted(r, end->code);
    if (w != NULL) {
        wait_end(r, w, end->code, end->snapshot);
    }
}

void sim_raft_tick(struct sim_raft *r, struct instant now)
{
    struct sim_disk_end end;
    ASSERT(!r->inside);
    if (r->closing) {
        if (r->closed != NULL) {
            finish(r);
        }
        return;
    }
    r->io.capacity = sim_disk_room(r->config.disk);
    while (sim_disk_pop(r->config.disk, now, &end)) {
        disk_ended(r, &end);
        r->io.capacity = sim_disk_room(r->config.disk);
    }
    if (r->started && instant_reached(now, r->tick_at)) {
        /* A process that slept gets one tick, not all that it missed. */
        r->tick_at = instant_add(now, r->tick_every);
        r->inside = true;
        r->tick(&r->io);
        r->inside = false;
    }
    tell_sent(r, 0);
}

/* -- Life. -- */

enum err sim_raft_new(const struct sim_raft_config *config, struct sim_raft **ret)
{
    struct sim_raft *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return ERR_MEMORY;
    }
    r->config = *config;
    r->rand.v = config->seed;
    r->waits_end = &r->waits;
    r->io = (struct raft_io){.version = 2,
                             .capacity = sim_disk_room(config->disk),
                             .impl = r,
                             .init = io_init,
                             .close = io_close,
                             .load = io_load,
                             .start = io_start,
                             .bootstrap = io_bootstrap,
                             .recover = io_recover,
                             .set_term = io_set_term,
                             .set_vote = io_set_vote,
                             .send = io_send,
                             .append = io_append,
                             .truncate = io_truncate,
                             .snapshot_put = io_snapshot_put,
                             .snapshot_get = io_snapshot_get,
                             .time = io_time,
                             .random = io_random};
    *ret = r;
    return ERR_OK;
}

struct raft_io *sim_raft_io(struct sim_raft *r)
{
    return &r->io;
}

void sim_raft_free(struct sim_raft **raft)
{
    struct sim_raft *r = *raft;
    if (r == NULL) {
        return;
    }
    ASSERT(!r->inside);
    /* Closed first (replica_close), or libraft's memory would be lost. */
    ASSERT(r->closing || (!r->started && r->waits == NULL && r->sent_n == 0));
    *raft = NULL;
    finish(r);
    sim_bytes_free(&r->out);
    free(r->sent);
    free(r);
}

enum err sim_raft_failure(const struct sim_raft *r)
{
    switch (r->failure) {
    case 0:
        return ERR_OK;
    case RAFT_NOSPACE:
        return ERR_FULL;
    case RAFT_CORRUPT:
    case RAFT_NOTFOUND:
        return ERR_CORRUPT;
    default:
        return ERR_IO;
    }
}

struct sim_raft_stats sim_raft_stats(const struct sim_raft *r)
{
    return r->stats;
}
