#include "tests/fuzz/memory_io.h"

#include "node/base/err.h"

#include <stdlib.h>
#include <string.h>

#define PUMP_ROUNDS 1000

/* Something that was begun and has not been told yet. */
struct begun {
    struct begun *next;
    struct raft_io_append *append;
    raft_io_append_cb appended;
    struct raft_io_send *send;
    raft_io_send_cb sent;
    struct raft_io_snapshot_put *put;
    raft_io_snapshot_put_cb stored;
    struct raft_io_snapshot_get *get;
    raft_io_snapshot_get_cb got;
};

struct memory_io {
    struct raft_io io;
    raft_time now;
    uint64_t draw;
    raft_term term;
    raft_id vote;
    struct raft_entry first; /* the configuration, as bootstrapped */
    bool bootstrapped;
    raft_io_tick_cb tick;
    raft_io_close_cb closed;
    struct begun *begun, **end;
};

static struct memory_io *of(struct raft_io *io)
{
    return io->impl;
}

static struct begun *begin(struct raft_io *io)
{
    struct memory_io *m = of(io);
    struct begun *b = calloc(1, sizeof *b);
    ASSERT(b != NULL);
    *m->end = b;
    m->end = &b->next;
    return b;
}

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    (void)io;
    (void)id;
    (void)address;
    return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    of(io)->closed = cb;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *vote,
                   struct raft_snapshot **snapshot, raft_index *start, struct raft_entry *entries[],
                   size_t *n)
{
    struct memory_io *m = of(io);
    *term = m->term;
    *vote = m->vote;
    *snapshot = NULL;
    *start = 1;
    *entries = NULL;
    *n = m->bootstrapped;
    if (m->bootstrapped) {
        *entries = raft_malloc(sizeof **entries);
        ASSERT(*entries != NULL);
        **entries = m->first;
        m->first.buf.base = NULL; /* libraft's now */
    }
    return 0;
}

static int io_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    (void)ms;
    (void)recv;
    of(io)->tick = tick;
    return 0;
}

static void put64(uint8_t **at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        *(*at)++ = (uint8_t)(v >> (8 * i));
    }
}

/* As libraft writes a configuration: format, n, then (id, address with its NUL, role) each; the
 * whole is a multiple of eight. */
static int io_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
    struct memory_io *m = of(io);
    size_t len = 1 + 8;
    for (unsigned i = 0; i < conf->n; i++) {
        len += 8 + strlen(conf->servers[i].address) + 1 + 1;
    }
    len = (len + 7) / 8 * 8;
    uint8_t *bytes = raft_malloc(len);
    ASSERT(bytes != NULL);
    memset(bytes, 0, len);
    uint8_t *at = bytes;
    *at++ = 1;
    put64(&at, conf->n);
    for (unsigned i = 0; i < conf->n; i++) {
        put64(&at, conf->servers[i].id);
        size_t n = strlen(conf->servers[i].address) + 1;
        memcpy(at, conf->servers[i].address, n);
        at += n;
        *at++ = (uint8_t)conf->servers[i].role;
    }
    m->first = (struct raft_entry){
        .term = 1, .type = RAFT_CHANGE, .buf = {.base = bytes, .len = len}, .batch = bytes};
    m->bootstrapped = true;
    m->term = 1;
    return 0;
}

static int io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
    (void)io;
    (void)conf;
    return RAFT_IOERR;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    of(io)->term = term;
    of(io)->vote = 0;
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id id)
{
    of(io)->vote = id;
    return 0;
}

static int io_send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                   raft_io_send_cb cb)
{
    struct begun *b = begin(io);
    (void)message;
    b->send = req;
    b->sent = cb;
    return 0;
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
    struct begun *b = begin(io);
    (void)entries;
    (void)n;
    b->append = req;
    b->appended = cb;
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    (void)io;
    (void)index;
    return 0;
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing, struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *snapshot, raft_io_snapshot_put_cb cb)
{
    struct begun *b = begin(io);
    (void)trailing;
    (void)snapshot;
    b->put = req;
    b->stored = cb;
    return 0;
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct begun *b = begin(io);
    b->get = req;
    b->got = cb;
    return 0;
}

static raft_time io_time(struct raft_io *io)
{
    return of(io)->now;
}

static int io_random(struct raft_io *io, int min, int max)
{
    uint64_t span = (uint64_t)((int64_t)max - min) + 1;
    return (int)(min + (int64_t)(of(io)->draw++ % span));
}

struct memory_io *memory_io_new(void)
{
    struct memory_io *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    m->end = &m->begun;
    m->now = 1;
    m->io = (struct raft_io){.version = 2,
                             .capacity = UINT16_MAX, /* in KiB: never full */
                             .impl = m,
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
    return m;
}

void memory_io_free(struct memory_io **m)
{
    ASSERT((*m)->begun == NULL);
    raft_free((*m)->first.buf.base);
    free(*m);
    *m = NULL;
}

struct raft_io *memory_io_raft(struct memory_io *m)
{
    return &m->io;
}

static void end_one(struct begun *b, int status)
{
    if (b->append != NULL) {
        b->appended(b->append, status);
    } else if (b->send != NULL) {
        b->sent(b->send, status);
    } else if (b->put != NULL) {
        b->stored(b->put, status);
    } else {
        b->got(b->get, NULL, RAFT_IOERR);
    }
}

void memory_io_pump(struct memory_io *m, uint32_t ms)
{
    m->now += ms;
    if (m->tick != NULL && m->closed == NULL) {
        m->tick(&m->io);
    }
    for (uint32_t i = 0; i < PUMP_ROUNDS && m->begun != NULL; i++) {
        struct begun *b = m->begun;
        m->begun = b->next;
        m->end = m->begun == NULL ? &m->begun : m->end;
        end_one(b, m->closed != NULL ? RAFT_CANCELED : 0);
        free(b);
    }
    if (m->closed != NULL && m->begun == NULL) {
        raft_io_close_cb cb = m->closed;
        m->closed = NULL;
        m->tick = NULL;
        cb(&m->io);
    }
}
