#include "cluster/sim/sim_disk.h"

#include "cluster/sim/sim_bytes.h"
#include "node/base/checksum.h"
#include "node/base/rand.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_ALIGN       8     /* of an entry's data in memory */
#define RECORD_HEAD_BYTES 32    /* that a record takes on disk beside its data */
#define ROOM_KIB          24576 /* told if there is no limit: three segments, as libraft on disk */

/* An entry of the log. */
struct record {
    uint64_t term;
    uint64_t type;
    size_t len;
    uint8_t *bytes;
    uint64_t sum;
};

struct image {
    uint64_t index, term, configuration_index;
    struct sim_bytes configuration;
    size_t len;
    uint8_t *bytes;
    uint64_t sum;
};

enum op_kind { OP_APPEND, OP_TRUNCATE, OP_PUT, OP_GET };

/* A write or a read on its way. */
struct op {
    struct op *next;
    enum op_kind kind;
    void *tag;
    struct instant at; /* when it ends */
    uint64_t number;   /* order of arrival */
    struct record *records;
    unsigned records_n;
    uint64_t index; /* TRUNCATE */
    struct image *image;
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
    uint64_t term, vote;
    /* The log: records[i] is of index first + i; of them those up to `synced` are safe. */
    struct record *records;
    size_t records_n, records_room;
    uint64_t first, synced;
    uint64_t log_bytes;
    struct image *image; /* NULL: none */
    struct lane lanes[LANE_COUNT];
    uint64_t ops;
    int broken; /* what the process saw fail; nothing works any more for it */
    struct sim_disk_stats stats;
};

/* -- Records and images. -- */

static void *must(void *p)
{
    ASSERT(p != NULL);
    return p;
}

static uint64_t record_sum(const struct record *r, uint64_t index)
{
    uint64_t sum = checksum_number(CHECKSUM_BEGIN, (int64_t)index);
    sum = checksum_number(sum, (int64_t)r->term);
    sum = checksum_number(sum, (int64_t)r->type);
    return checksum_bytes(sum, r->bytes, r->len);
}

static struct record record_make(const struct raft_entry *entry, uint64_t index)
{
    struct record r = {.term = entry->term, .type = entry->type, .len = entry->buf.len};
    r.bytes = must(calloc(1, r.len > 0 ? r.len : 1));
    if (r.len > 0 && entry->type != RAFT_BARRIER) { /* which libraft does not initialise */
        memcpy(r.bytes, entry->buf.base, r.len);
    }
    r.sum = record_sum(&r, index);
    return r;
}

static uint64_t record_bytes(const struct record *r)
{
    return RECORD_HEAD_BYTES + r->len;
}

static uint64_t image_sum(const struct image *i)
{
    uint64_t sum = checksum_number(CHECKSUM_BEGIN, (int64_t)i->index);
    sum = checksum_number(sum, (int64_t)i->term);
    sum = checksum_number(sum, (int64_t)i->configuration_index);
    sum = checksum_bytes(sum, i->configuration.base, i->configuration.len);
    return checksum_bytes(sum, i->bytes, i->len);
}

static struct image *image_make(const struct raft_snapshot *snapshot)
{
    struct image *i = must(calloc(1, sizeof *i));
    i->index = snapshot->index;
    i->term = snapshot->term;
    i->configuration_index = snapshot->configuration_index;
    sim_bytes_put_configuration(&i->configuration, &snapshot->configuration);
    for (unsigned b = 0; b < snapshot->n_bufs; b++) {
        i->len += snapshot->bufs[b].len;
    }
    i->bytes = must(malloc(i->len > 0 ? i->len : 1));
    size_t at = 0;
    for (unsigned b = 0; b < snapshot->n_bufs; b++) {
        memcpy(i->bytes + at, snapshot->bufs[b].base, snapshot->bufs[b].len);
        at += snapshot->bufs[b].len;
    }
    i->sum = image_sum(i);
    return i;
}

static void image_free(struct image *i)
{
    if (i != NULL) {
        sim_bytes_free(&i->configuration);
        free(i->bytes);
        free(i);
    }
}

/* A copy in libraft's memory, or RAFT_CORRUPT. */
static int image_read(const struct image *i, struct raft_snapshot **ret)
{
    if (image_sum(i) != i->sum) {
        return RAFT_CORRUPT;
    }
    struct raft_snapshot *s = must(raft_calloc(1, sizeof *s));
    struct sim_bytes_reader reader = {.at = i->configuration.base,
                                      .end = i->configuration.base + i->configuration.len};
    s->index = i->index;
    s->term = i->term;
    s->configuration_index = i->configuration_index;
    sim_bytes_get_configuration(&reader, &s->configuration);
    ASSERT(!reader.bad);
    s->n_bufs = 1;
    s->bufs = must(raft_malloc(sizeof *s->bufs));
    s->bufs[0].len = i->len;
    s->bufs[0].base = must(raft_malloc(i->len > 0 ? i->len : 1));
    memcpy(s->bufs[0].base, i->bytes, i->len);
    *ret = s;
    return 0;
}

/* -- The log as written. -- */

static uint64_t last_of(const struct sim_disk *d)
{
    return d->first + d->records_n - 1;
}

static void log_add(struct sim_disk *d, struct record record)
{
    if (d->records_n == d->records_room) {
        d->records_room = d->records_room == 0 ? 64 : d->records_room * 2;
        d->records = must(realloc(d->records, d->records_room * sizeof *d->records));
    }
    d->records[d->records_n++] = record;
    d->log_bytes += record_bytes(&record);
}

static void log_drop(struct sim_disk *d, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        d->log_bytes -= record_bytes(&d->records[i]);
        free(d->records[i].bytes);
    }
    memmove(d->records + from, d->records + from + n,
            (d->records_n - from - n) * sizeof *d->records);
    d->records_n -= n;
}

static void log_cut(struct sim_disk *d, uint64_t index)
{
    if (index <= last_of(d)) {
        ASSERT(index >= d->first);
        log_drop(d, (size_t)(index - d->first), (size_t)(last_of(d) - index + 1));
    }
    d->synced = index - 1 < d->synced ? index - 1 : d->synced;
}

/* The log begins behind `index`. */
static void log_restart(struct sim_disk *d, uint64_t index)
{
    log_drop(d, 0, d->records_n);
    d->first = index + 1;
    d->synced = index;
}

/* -- Operations. -- */

static int64_t latency(struct sim_disk *d, size_t len)
{
    int64_t lo = d->faults.write_min.us, hi = d->faults.write_max.us;
    if (lo == 0 && hi == 0) {
        lo = SIM_DISK_MIN_US;
        hi = SIM_DISK_MAX_US;
    }
    lo = lo > 0 ? lo : 1; /* nothing ends before it began */
    hi = hi > lo ? hi : lo;
    return rand_between(&d->rand, lo, hi) + (int64_t)(len / SIM_DISK_BYTES_PER_US);
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
        l->end.us += latency(d, 0);
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
    image_free(o->image);
    free(o);
}

/* Index behind all that is written or on its way. */
static uint64_t next_index(const struct sim_disk *d)
{
    uint64_t next = last_of(d) + 1;
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

static uint64_t bytes_of(const struct sim_disk *d)
{
    uint64_t bytes = d->log_bytes;
    return d->image == NULL ? bytes : bytes + d->image->configuration.len + d->image->len;
}

/* `n` records of an append are on disk; what is left of them stays with the operation. */
static void apply_records(struct sim_disk *d, struct op *o, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        log_add(d, o->records[i]);
    }
    memmove(o->records, o->records + n, (o->records_n - n) * sizeof *o->records);
    o->records_n -= n;
}

static void apply_put(struct sim_disk *d, struct op *o)
{
    if (d->image != NULL && d->image->index > o->image->index) {
        return; /* the newest counts */
    }
    image_free(d->image);
    d->image = o->image;
    o->image = NULL;
    if (o->trailing == 0) {
        log_restart(d, d->image->index);
        return;
    }
    uint64_t keep = d->image->index > o->trailing ? d->image->index - o->trailing + 1 : 1;
    keep = keep <= d->synced ? keep : d->synced + 1;
    if (keep > d->first) {
        log_drop(d, 0, (size_t)(keep - d->first));
        d->first = keep;
    }
}

static void apply(struct sim_disk *d, struct op *o)
{
    switch (o->kind) {
    case OP_APPEND:
        apply_records(d, o, o->records_n);
        return;
    case OP_TRUNCATE:
        log_cut(d, o->index);
        return;
    case OP_PUT:
        apply_put(d, o);
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
        more += record_bytes(&o->records[i]);
    }
    bool fits = d->faults.capacity == 0 || bytes_of(d) + more <= d->faults.capacity;
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
    d->first = 1;
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
    log_drop(d, 0, d->records_n);
    free(d->records);
    image_free(d->image);
    free(d);
}

void sim_disk_set(struct sim_disk *d, const struct sim_disk_faults *faults)
{
    d->faults = *faults;
}

/* Half of a record got to the disk. */
static void tear(struct sim_disk *d, struct op *o)
{
    struct record *r = &o->records[0];
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
    uint64_t n = d->synced >= d->first ? d->synced - d->first + 1 : 0;
    uint64_t all = n + (d->image != NULL ? 1 : 0);
    if (all == 0) {
        return false;
    }
    uint64_t which = rand_below(&d->rand, all);
    uint64_t bit = rand_next(&d->rand);
    struct record *r = which < n ? &d->records[which] : NULL;
    uint8_t *bytes = r != NULL ? r->bytes : d->image->bytes;
    size_t len = r != NULL ? r->len : d->image->len;
    if (len > 0) {
        bytes[bit / 8 % len] ^= (uint8_t)(1u << bit % 8);
    } else {
        *(r != NULL ? &r->term : &d->image->term) ^= UINT64_C(1) << bit % 64;
    }
    return true;
}

struct sim_disk_stats sim_disk_stats(const struct sim_disk *d)
{
    struct sim_disk_stats s = d->stats;
    s.first = d->first;
    s.last = last_of(d);
    s.snapshot = d->image != NULL ? d->image->index : 0;
    s.synced = d->synced > s.snapshot ? d->synced : s.snapshot;
    s.bytes = bytes_of(d);
    return s;
}

uint64_t sim_disk_digest(const struct sim_disk *d)
{
    uint64_t sum = checksum_number(CHECKSUM_BEGIN, (int64_t)d->term);
    sum = checksum_number(sum, (int64_t)d->vote);
    sum = checksum_number(sum, (int64_t)d->first);
    sum = checksum_number(sum, (int64_t)d->synced);
    for (size_t i = 0; i < d->records_n; i++) {
        sum = checksum_number(sum, (int64_t)d->records[i].sum);
    }
    return checksum_number(sum, d->image != NULL ? (int64_t)d->image->sum : 0);
}

/* -- For sim_raft. -- */

int sim_disk_set_term(struct sim_disk *d, uint64_t term)
{
    int code = try_now(d);
    if (code == 0) {
        d->term = term;
        d->vote = 0;
    }
    return code;
}

int sim_disk_set_vote(struct sim_disk *d, uint64_t vote)
{
    int code = try_now(d);
    if (code == 0) {
        d->vote = vote;
    }
    return code;
}

static int write_configuration(struct sim_disk *d, const struct raft_configuration *configuration)
{
    int code = try_now(d);
    struct raft_entry entry = {.term = d->term, .type = RAFT_CHANGE};
    if (code == 0) {
        code = raft_configuration_encode(configuration, &entry.buf);
    }
    if (code == 0) {
        log_add(d, record_make(&entry, last_of(d) + 1));
        d->synced = last_of(d);
        raft_free(entry.buf.base);
    }
    return code;
}

int sim_disk_bootstrap(struct sim_disk *d, const struct raft_configuration *configuration)
{
    if (d->term != 0 || d->records_n > 0 || d->image != NULL) {
        return RAFT_CANTBOOTSTRAP;
    }
    d->term = 1;
    int code = write_configuration(d, configuration);
    d->term = code == 0 ? 1 : 0;
    return code;
}

int sim_disk_recover(struct sim_disk *d, const struct raft_configuration *configuration)
{
    return write_configuration(d, configuration);
}

/* Refuse damage, cut what is torn. */
static int check(struct sim_disk *d)
{
    if (d->image != NULL && image_sum(d->image) != d->image->sum) {
        return RAFT_CORRUPT;
    }
    for (size_t i = 0; i < d->records_n; i++) {
        uint64_t index = d->first + i;
        if (record_sum(&d->records[i], index) == d->records[i].sum) {
            continue;
        }
        if (index <= d->synced) {
            return RAFT_CORRUPT;
        }
        log_cut(d, index);
    }
    return 0;
}

static size_t aligned(size_t len)
{
    return (len + ENTRY_ALIGN - 1) / ENTRY_ALIGN * ENTRY_ALIGN;
}

static struct raft_entry *read_entries(const struct sim_disk *d)
{
    size_t total = 0;
    for (size_t i = 0; i < d->records_n; i++) {
        total += aligned(d->records[i].len);
    }
    if (d->records_n == 0) {
        return NULL;
    }
    struct raft_entry *entries = must(raft_calloc(d->records_n, sizeof *entries));
    uint8_t *batch = must(raft_calloc(1, total > 0 ? total : 1));
    size_t at = 0;
    for (size_t i = 0; i < d->records_n; i++) {
        const struct record *r = &d->records[i];
        entries[i] = (struct raft_entry){.term = r->term,
                                         .type = (enum raft_entry_type)r->type,
                                         .buf = {batch + at, r->len},
                                         .batch = batch};
        memcpy(batch + at, r->bytes, r->len);
        at += aligned(r->len);
    }
    return entries;
}

int sim_disk_load(struct sim_disk *d, uint64_t *ret_term, uint64_t *ret_vote,
                  struct raft_snapshot **ret_snapshot, uint64_t *ret_first,
                  struct raft_entry **ret_entries, size_t *ret_n)
{
    int code = try_now(d);
    *ret_snapshot = NULL;
    if (code == 0) {
        settle(d);
        code = check(d);
    }
    if (code == 0 && d->image != NULL) {
        code = image_read(d->image, ret_snapshot);
    }
    if (code != 0) {
        return code;
    }
    /* The process slept through what the snapshot covers: the log has a gap before it. */
    if (d->image != NULL && last_of(d) < d->image->index) {
        log_restart(d, d->image->index);
    }
    d->synced = last_of(d);
    *ret_term = d->term;
    *ret_vote = d->vote;
    *ret_first = d->first;
    *ret_entries = read_entries(d);
    *ret_n = d->records_n;
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
        op.records[i] = record_make(&entries[i], index + i);
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
    op.image = image_make(snapshot);
    push(d, trailing == 0 ? LANE_LOG : LANE_SNAPSHOT, now, op.image->len, op);
}

void sim_disk_get(struct sim_disk *d, struct instant now, void *tag)
{
    size_t len = d->image != NULL ? d->image->len : 0;
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
        d->synced = last_of(d);
        d->stats.appends += n > 0;
        break;
    case OP_PUT:
        d->stats.snapshots++;
        break;
    case OP_GET:
        e.code = d->image != NULL ? image_read(d->image, &e.snapshot) : RAFT_NOTFOUND;
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
    uint64_t used = bytes_of(d), kib = ROOM_KIB;
    if (d->faults.capacity > 0) {
        kib = used < d->faults.capacity ? (d->faults.capacity - used) / 1024 : 0;
    }
    kib = d->faults.full ? 0 : kib;
    return (unsigned short)(kib < ROOM_KIB ? kib : ROOM_KIB);
}
