#include "cluster/sim/sim_disk.h"

#include "cluster/sim/sim_store.h"
#include "node/base/rand.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_KIB 24576 /* told if there is no limit: three segments, as libraft on disk */

enum op_kind { OP_APPEND, OP_TRUNCATE, OP_PUT, OP_GET };

/* A write or a read on its way. */
struct op {
    struct op *next;
    enum op_kind kind;
    void *tag;
    struct instant at; /* when it ends */
    uint64_t number;   /* order of arrival */
    struct sim_record *records;
    unsigned records_n;
    uint64_t index; /* TRUNCATE */
    struct sim_image *image;
    unsigned trailing;
};

/* What is done one after the other; the lanes go side by side. */
enum lane_name { LANE_LOG, LANE_SNAPSHOT, LANE_READ, LANE_COUNT };

struct lane {
    struct op *head, *tail;
    struct instant begin, end; /* of its latest write, which may still be to come */
};

struct sim_disk {
    struct rand_state rand;
    struct sim_disk_faults faults;
    struct sim_store store;
    struct lane lanes[LANE_COUNT];
    uint64_t ops;
    int broken; /* what the process saw fail; nothing works any more for it */
    struct sim_disk_stats stats;
};

static void *must(void *p)
{
    ASSERT(p != NULL);
    return p;
}

/* -- Operations. -- */

static int64_t latency(struct sim_disk *d)
{
    int64_t lo = d->faults.write_min.us, hi = d->faults.write_max.us;
    if (lo == 0 && hi == 0) {
        lo = SIM_DISK_MIN_US;
        hi = SIM_DISK_MAX_US;
    }
    lo = lo > 0 ? lo : 1; /* nothing ends before it began */
    hi = hi > lo ? hi : lo;
    return rand_between(&d->rand, lo, hi);
}

static void push(struct sim_disk *d, enum lane_name name, struct instant now, size_t len,
                 struct op op)
{
    struct lane *l = &d->lanes[name];
    struct op *o = must(malloc(sizeof *o));
    /* What comes before the next write has begun goes with it. */
    if (instant_reached(now, l->begin)) {
        l->begin = now.us < l->end.us ? l->end : now;
        l->end = l->begin;
        l->end.us += latency(d);
    }
    l->end.us += (int64_t)(len / SIM_DISK_BYTES_PER_US);
    op.at = l->end;
    op.number = ++d->ops;
    op.next = NULL;
    *o = op;
    if (l->head == NULL) {
        l->head = o;
    } else {
        l->tail->next = o;
    }
    l->tail = o;
}

static void op_free(struct op *o)
{
    for (unsigned i = 0; i < o->records_n; i++) {
        free(o->records[i].bytes);
    }
    free(o->records);
    sim_store_image_free(o->image);
    free(o);
}

/* Index behind all that is written or on its way. */
static uint64_t next_index(const struct sim_disk *d)
{
    uint64_t next = sim_store_last(&d->store) + 1;
    for (const struct op *o = d->lanes[LANE_LOG].head; o != NULL; o = o->next) {
        switch (o->kind) {
        case OP_APPEND:
            next += o->records_n;
            break;
        case OP_TRUNCATE:
            next = o->index;
            break;
        case OP_PUT:
            next = o->image->index + 1;
            break;
        case OP_GET:
            UNREACHABLE("reads have a lane of their own");
        }
    }
    return next;
}

/* `n` records of an append are on disk; what is left of them stays with the operation. */
static void apply_records(struct sim_disk *d, struct op *o, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        sim_store_add(&d->store, o->records[i]);
    }
    memmove(o->records, o->records + n, (o->records_n - n) * sizeof *o->records);
    o->records_n -= n;
}

/* The lowest index that a cut still on its way begins at. libraft lets a follower commit, and so
 * snapshot, entries whose write has not ended. */
static uint64_t rewritten(const struct sim_disk *d)
{
    uint64_t lowest = UINT64_MAX;
    for (const struct op *o = d->lanes[LANE_LOG].head; o != NULL; o = o->next) {
        lowest = o->kind == OP_TRUNCATE && o->index < lowest ? o->index : lowest;
    }
    return lowest;
}

static void apply(struct sim_disk *d, struct op *o)
{
    switch (o->kind) {
    case OP_APPEND:
        apply_records(d, o, o->records_n);
        return;
    case OP_TRUNCATE:
        sim_store_cut(&d->store, o->index);
        return;
    case OP_PUT:
        sim_store_put(&d->store, o->image, o->trailing, rewritten(d));
        o->image = NULL;
        return;
    case OP_GET:
        return;
    }
}

/* Why an operation that ends now fails; 0: it does not. */
static int trouble(const struct sim_disk *d, const struct op *o)
{
    if (d->broken != 0) {
        return d->broken;
    }
    if (d->faults.io_error) {
        return RAFT_IOERR;
    }
    if (o->kind != OP_APPEND && o->kind != OP_PUT) {
        return 0;
    }
    uint64_t more = o->image != NULL ? o->image->len : 0;
    for (unsigned i = 0; i < o->records_n; i++) {
        more += sim_store_record_bytes(&o->records[i]);
    }
    bool fits = d->faults.capacity == 0 || sim_store_bytes(&d->store) + more <= d->faults.capacity;
    return d->faults.full || !fits ? RAFT_NOSPACE : 0;
}

static int try_now(struct sim_disk *d)
{
    if (d->broken == 0 && d->faults.io_error) {
        d->broken = RAFT_IOERR;
    }
    if (d->broken != 0) {
        d->stats.failed++;
    }
    return d->broken;
}

/* -- Life. -- */

struct sim_disk *sim_disk_new(uint64_t seed)
{
    struct sim_disk *d = must(calloc(1, sizeof *d));
    d->rand.v = seed;
    d->store.first = 1;
    return d;
}

static void drop_ops(struct sim_disk *d)
{
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        while (d->lanes[i].head != NULL) {
            struct op *o = d->lanes[i].head;
            d->lanes[i].head = o->next;
            op_free(o);
        }
        d->lanes[i] = (struct lane){0};
    }
}

void sim_disk_free(struct sim_disk **disk)
{
    struct sim_disk *d = *disk;
    if (d == NULL) {
        return;
    }
    *disk = NULL;
    drop_ops(d);
    sim_store_deinit(&d->store);
    free(d);
}

void sim_disk_set(struct sim_disk *d, const struct sim_disk_faults *faults)
{
    d->faults = *faults;
}

/* Half of a record got to the disk. */
static void tear(struct sim_disk *d, struct op *o)
{
    struct sim_record *r = &o->records[0];
    size_t len = (size_t)rand_below(&d->rand, r->len > 0 ? r->len : 1);
    r->sum = r->len > 0 ? r->sum : ~r->sum;
    r->len = len;
    apply_records(d, o, 1);
    d->stats.torn++;
}

static uint64_t pieces_of(const struct op *o)
{
    return o->kind == OP_APPEND ? o->records_n : 1;
}

void sim_disk_crash(struct sim_disk *d)
{
    struct lane *l = &d->lanes[LANE_LOG];
    uint64_t pieces = 0;
    for (const struct op *o = l->head; o != NULL; o = o->next) {
        pieces += pieces_of(o);
    }
    uint64_t kept = d->broken != 0 ? 0 : rand_below(&d->rand, pieces + 1);
    bool torn = d->broken == 0 && rand_below(&d->rand, 2) == 0;
    bool put = d->broken == 0 && rand_below(&d->rand, 2) == 0;
    for (struct op *o = l->head; o != NULL; o = o->next) {
        if (kept >= pieces_of(o)) {
            kept -= pieces_of(o);
            apply(d, o);
            continue;
        }
        if (o->kind == OP_APPEND) {
            apply_records(d, o, (unsigned)kept);
            if (torn) {
                tear(d, o);
            }
        }
        for (; o != NULL; o = o->next) {
            d->stats.lost += o->kind == OP_APPEND ? o->records_n : 0;
        }
        break;
    }
    if (put && d->lanes[LANE_SNAPSHOT].head != NULL) {
        apply(d, d->lanes[LANE_SNAPSHOT].head);
    }
    drop_ops(d);
    d->broken = 0;
}

void sim_disk_leave(struct sim_disk *d)
{
    if (d->broken != 0) {
        drop_ops(d); /* a process that saw an error wrote nothing more */
    }
    d->broken = 0;
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        for (struct op *o = d->lanes[i].head; o != NULL; o = o->next) {
            o->tag = NULL;
        }
    }
}

/* The machine lived on: what the last process wrote got to the disk. */
static void settle(struct sim_disk *d)
{
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        for (struct op *o = d->lanes[i].head; o != NULL && trouble(d, o) == 0; o = o->next) {
            apply(d, o);
        }
    }
    drop_ops(d);
}

bool sim_disk_damage(struct sim_disk *d)
{
    uint64_t which = rand_next(&d->rand), bit = rand_next(&d->rand);
    return sim_store_damage(&d->store, which, bit);
}

struct sim_disk_stats sim_disk_stats(const struct sim_disk *d)
{
    struct sim_disk_stats s = d->stats;
    s.first = d->store.first;
    s.last = sim_store_last(&d->store);
    s.snapshot = d->store.image != NULL ? d->store.image->index : 0;
    s.synced = d->store.synced > s.snapshot ? d->store.synced : s.snapshot;
    s.bytes = sim_store_bytes(&d->store);
    return s;
}

uint64_t sim_disk_digest(const struct sim_disk *d)
{
    return sim_store_digest(&d->store);
}

/* -- For sim_raft. -- */

int sim_disk_set_term(struct sim_disk *d, uint64_t term)
{
    int code = try_now(d);
    if (code == 0) {
        d->store.term = term;
        d->store.vote = 0;
    }
    return code;
}

int sim_disk_set_vote(struct sim_disk *d, uint64_t vote)
{
    int code = try_now(d);
    if (code == 0) {
        d->store.vote = vote;
    }
    return code;
}

static int write_configuration(struct sim_disk *d, const struct raft_configuration *configuration)
{
    int code = try_now(d);
    struct raft_entry entry = {.term = d->store.term, .type = RAFT_CHANGE};
    if (code == 0) {
        code = raft_configuration_encode(configuration, &entry.buf);
    }
    if (code == 0) {
        sim_store_add(&d->store, sim_store_record(&entry, sim_store_last(&d->store) + 1));
        d->store.synced = sim_store_last(&d->store);
        raft_free(entry.buf.base);
    }
    return code;
}

int sim_disk_bootstrap(struct sim_disk *d, const struct raft_configuration *configuration)
{
    if (d->store.term != 0 || d->store.records_n > 0 || d->store.image != NULL) {
        return RAFT_CANTBOOTSTRAP;
    }
    d->store.term = 1;
    int code = write_configuration(d, configuration);
    d->store.term = code == 0 ? 1 : 0;
    return code;
}

int sim_disk_recover(struct sim_disk *d, const struct raft_configuration *configuration)
{
    return write_configuration(d, configuration);
}

int sim_disk_load(struct sim_disk *d, uint64_t *ret_term, uint64_t *ret_vote,
                  struct raft_snapshot **ret_snapshot, uint64_t *ret_first,
                  struct raft_entry **ret_entries, size_t *ret_n)
{
    int code = try_now(d);
    *ret_snapshot = NULL;
    if (code == 0) {
        settle(d);
        code = sim_store_check(&d->store);
    }
    if (code == 0 && d->store.image != NULL) {
        code = sim_store_snapshot(&d->store, ret_snapshot);
    }
    if (code != 0) {
        return code;
    }
    *ret_term = d->store.term;
    *ret_vote = d->store.vote;
    *ret_first = d->store.first;
    *ret_entries = sim_store_entries(&d->store);
    *ret_n = d->store.records_n;
    return 0;
}

void sim_disk_append(struct sim_disk *d, struct instant now, void *tag,
                     const struct raft_entry *entries, unsigned n)
{
    struct op op = {.kind = OP_APPEND, .tag = tag, .records_n = n};
    uint64_t index = next_index(d);
    size_t len = 0;
    op.records = must(calloc(n > 0 ? n : 1, sizeof *op.records));
    for (unsigned i = 0; i < n; i++) {
        op.records[i] = sim_store_record(&entries[i], index + i);
        len += entries[i].buf.len;
    }
    push(d, LANE_LOG, now, len, op);
}

void sim_disk_truncate(struct sim_disk *d, struct instant now, uint64_t index)
{
    if (index < next_index(d)) { /* libraft also asks for what needs no cut */
        push(d, LANE_LOG, now, 0, (struct op){.kind = OP_TRUNCATE, .index = index});
    }
}

void sim_disk_put(struct sim_disk *d, struct instant now, void *tag, unsigned trailing,
                  const struct raft_snapshot *snapshot)
{
    struct op op = {.kind = OP_PUT, .tag = tag, .trailing = trailing};
    op.image = sim_store_image(snapshot);
    push(d, trailing == 0 ? LANE_LOG : LANE_SNAPSHOT, now, op.image->len, op);
}

void sim_disk_get(struct sim_disk *d, struct instant now, void *tag)
{
    size_t len = d->store.image != NULL ? d->store.image->len : 0;
    push(d, LANE_READ, now, len, (struct op){.kind = OP_GET, .tag = tag});
}

static struct lane *earliest(struct sim_disk *d)
{
    struct lane *best = NULL;
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        struct lane *l = &d->lanes[i];
        if (l->head != NULL &&
            (best == NULL || l->head->at.us < best->head->at.us ||
             (l->head->at.us == best->head->at.us && l->head->number < best->head->number))) {
            best = l;
        }
    }
    return best;
}

struct instant sim_disk_deadline(const struct sim_disk *d)
{
    struct instant at = INSTANT_NEVER;
    for (unsigned i = 0; i < LANE_COUNT; i++) {
        if (d->lanes[i].head != NULL) {
            at = instant_min(at, d->lanes[i].head->at);
        }
    }
    return at.us < d->faults.stall_until.us ? d->faults.stall_until : at;
}

/* An operation that ended is done, or has failed. */
static struct sim_disk_end end(struct sim_disk *d, struct op *o)
{
    struct sim_disk_end e = {.tag = o->tag, .code = trouble(d, o)};
    if (e.code != 0) {
        d->broken = e.code;
        d->stats.failed++;
        return e;
    }
    unsigned n = o->records_n;
    apply(d, o);
    switch (o->kind) {
    case OP_APPEND:
        d->store.synced = sim_store_last(&d->store);
        d->stats.appends += n > 0;
        break;
    case OP_PUT:
        d->stats.snapshots++;
        break;
    case OP_GET:
        e.code = sim_store_snapshot(&d->store, &e.snapshot);
        break;
    case OP_TRUNCATE:
        break;
    }
    return e;
}

bool sim_disk_pop(struct sim_disk *d, struct instant now, struct sim_disk_end *ret)
{
    while (instant_reached(now, sim_disk_deadline(d))) {
        struct lane *l = earliest(d);
        struct op *o = l->head;
        l->head = o->next;
        *ret = end(d, o);
        op_free(o);
        if (ret->tag != NULL || ret->code != 0) {
            return true;
        }
    }
    return false;
}

unsigned short sim_disk_room(const struct sim_disk *d)
{
    uint64_t used = sim_store_bytes(&d->store), kib = ROOM_KIB;
    if (d->faults.capacity > 0) {
        kib = used < d->faults.capacity ? (d->faults.capacity - used) / 1024 : 0;
    }
    kib = d->faults.full ? 0 : kib;
    return (unsigned short)(kib < ROOM_KIB ? kib : ROOM_KIB);
}
