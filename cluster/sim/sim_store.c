#include "cluster/sim/sim_store.h"

#include "node/base/checksum.h"
#include "node/base/err.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_ALIGN       8  /* of an entry's data in memory */
#define RECORD_HEAD_BYTES 32 /* that a record takes beside its data */
#define ROOM_FIRST        64

static void *must(void *p)
{
    ASSERT(p != NULL);
    return p;
}

/* As its eight bytes: this is done for every entry of every node. */
static uint64_t sum_number(uint64_t sum, uint64_t v)
{
    uint8_t bytes[sizeof v];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(v >> (8 * i));
    }
    return checksum_bytes(sum, bytes, sizeof bytes);
}

/* -- Records and images. -- */

static uint64_t record_sum(const struct sim_record *r, uint64_t index)
{
    uint64_t sum = sum_number(CHECKSUM_BEGIN, index);
    sum = sum_number(sum, r->term);
    sum = sum_number(sum, r->type);
    return checksum_bytes(sum, r->bytes, r->len);
}

struct sim_record sim_store_record(const struct raft_entry *entry, uint64_t index)
{
    struct sim_record r = {.term = entry->term, .type = entry->type, .len = entry->buf.len};
    r.bytes = must(calloc(1, r.len > 0 ? r.len : 1));
    if (r.len > 0 && entry->type != RAFT_BARRIER) { /* which libraft does not initialise */
        memcpy(r.bytes, entry->buf.base, r.len);
    }
    r.sum = record_sum(&r, index);
    return r;
}

uint64_t sim_store_record_bytes(const struct sim_record *record)
{
    return RECORD_HEAD_BYTES + record->len;
}

static uint64_t image_sum(const struct sim_image *i)
{
    uint64_t sum = sum_number(CHECKSUM_BEGIN, i->index);
    sum = sum_number(sum, i->term);
    sum = sum_number(sum, i->configuration_index);
    sum = checksum_bytes(sum, i->configuration.base, i->configuration.len);
    return checksum_bytes(sum, i->bytes, i->len);
}

struct sim_image *sim_store_image(const struct raft_snapshot *snapshot)
{
    struct sim_image *i = must(calloc(1, sizeof *i));
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

void sim_store_image_free(struct sim_image *image)
{
    if (image != NULL) {
        sim_bytes_free(&image->configuration);
        free(image->bytes);
        free(image);
    }
}

uint64_t sim_store_bytes(const struct sim_store *s)
{
    return s->log_bytes + (s->image == NULL ? 0 : s->image->configuration.len + s->image->len);
}

/* -- The log. -- */

uint64_t sim_store_last(const struct sim_store *s)
{
    return s->first + s->records_n - 1;
}

void sim_store_add(struct sim_store *s, struct sim_record record)
{
    if (s->records_n == s->records_room) {
        s->records_room = s->records_room == 0 ? ROOM_FIRST : s->records_room * 2;
        s->records = must(realloc(s->records, s->records_room * sizeof *s->records));
    }
    s->records[s->records_n++] = record;
    s->log_bytes += sim_store_record_bytes(&record);
}

static void drop(struct sim_store *s, size_t from, size_t n)
{
    if (n == 0) {
        return;
    }
    for (size_t i = from; i < from + n; i++) {
        s->log_bytes -= sim_store_record_bytes(&s->records[i]);
        free(s->records[i].bytes);
    }
    memmove(s->records + from, s->records + from + n,
            (s->records_n - from - n) * sizeof *s->records);
    s->records_n -= n;
}

void sim_store_cut(struct sim_store *s, uint64_t index)
{
    uint64_t last = sim_store_last(s);
    if (index <= last) {
        ASSERT(index >= s->first);
        drop(s, (size_t)(index - s->first), (size_t)(last - index + 1));
    }
    s->synced = index - 1 < s->synced ? index - 1 : s->synced;
}

/* The log begins anew behind `index`. */
static void restart(struct sim_store *s, uint64_t index)
{
    drop(s, 0, s->records_n);
    s->first = index + 1;
    s->synced = index;
}

void sim_store_put(struct sim_store *s, struct sim_image *image, unsigned trailing,
                   uint64_t rewritten)
{
    if (s->image != NULL && s->image->index > image->index) {
        sim_store_image_free(image);
        return;
    }
    sim_store_image_free(s->image);
    s->image = image;
    if (trailing == 0) {
        restart(s, image->index);
        return;
    }
    /* What is not safe yet stays in any case, and what is to be rewritten: more comes behind it. */
    uint64_t keep = image->index > trailing ? image->index - trailing + 1 : 1;
    keep = keep <= s->synced ? keep : s->synced + 1;
    keep = keep <= rewritten ? keep : rewritten;
    if (keep > s->first) {
        drop(s, 0, (size_t)(keep - s->first));
        s->first = keep;
    }
}

/* -- Reading. -- */

/* Whether the log has the entry of the snapshot. A snapshot may be of what others had committed:
 * then what the log lacks, or has from another leader, was still to be written at the crash. */
static bool reaches(const struct sim_store *s, const struct sim_image *image)
{
    if (sim_store_last(s) < image->index) {
        return false;
    }
    return image->index < s->first || s->records[image->index - s->first].term == image->term;
}

int sim_store_check(struct sim_store *s)
{
    if (s->image != NULL && image_sum(s->image) != s->image->sum) {
        return RAFT_CORRUPT;
    }
    for (size_t i = 0; i < s->records_n; i++) {
        uint64_t index = s->first + i;
        if (record_sum(&s->records[i], index) == s->records[i].sum) {
            continue;
        }
        if (index <= s->synced) {
            return RAFT_CORRUPT;
        }
        sim_store_cut(s, index);
    }
    if (s->image != NULL && !reaches(s, s->image)) {
        restart(s, s->image->index);
    }
    s->synced = sim_store_last(s);
    return 0;
}

static size_t aligned(size_t len)
{
    return (len + ENTRY_ALIGN - 1) / ENTRY_ALIGN * ENTRY_ALIGN;
}

struct raft_entry *sim_store_entries(const struct sim_store *s)
{
    size_t total = 0;
    for (size_t i = 0; i < s->records_n; i++) {
        total += aligned(s->records[i].len);
    }
    if (s->records_n == 0) {
        return NULL;
    }
    struct raft_entry *entries = must(raft_calloc(s->records_n, sizeof *entries));
    uint8_t *batch = must(raft_calloc(1, total > 0 ? total : 1));
    size_t at = 0;
    for (size_t i = 0; i < s->records_n; i++) {
        const struct sim_record *r = &s->records[i];
        entries[i] = (struct raft_entry){.term = r->term,
                                         .type = (enum raft_entry_type)r->type,
                                         .buf = {batch + at, r->len},
                                         .batch = batch};
        memcpy(batch + at, r->bytes, r->len);
        at += aligned(r->len);
    }
    return entries;
}

int sim_store_snapshot(const struct sim_store *s, struct raft_snapshot **ret)
{
    const struct sim_image *i = s->image;
    if (i == NULL) {
        return RAFT_NOTFOUND;
    }
    if (image_sum(i) != i->sum) {
        return RAFT_CORRUPT;
    }
    struct raft_snapshot *snapshot = must(raft_calloc(1, sizeof *snapshot));
    struct sim_bytes_reader reader = {.at = i->configuration.base,
                                      .end = i->configuration.base + i->configuration.len};
    snapshot->index = i->index;
    snapshot->term = i->term;
    snapshot->configuration_index = i->configuration_index;
    sim_bytes_get_configuration(&reader, &snapshot->configuration);
    ASSERT(!reader.bad);
    snapshot->n_bufs = 1;
    snapshot->bufs = must(raft_malloc(sizeof *snapshot->bufs));
    snapshot->bufs[0].len = i->len;
    snapshot->bufs[0].base = must(raft_malloc(i->len > 0 ? i->len : 1));
    memcpy(snapshot->bufs[0].base, i->bytes, i->len);
    *ret = snapshot;
    return 0;
}

/* -- The rest. -- */

bool sim_store_damage(struct sim_store *s, uint64_t which, uint64_t bit)
{
    uint64_t n = s->synced >= s->first ? s->synced - s->first + 1 : 0;
    uint64_t all = n + (s->image != NULL ? 1 : 0);
    if (all == 0) {
        return false;
    }
    which %= all;
    struct sim_record *r = which < n ? &s->records[which] : NULL;
    ASSERT(r != NULL || s->image != NULL);
    uint8_t *bytes = r != NULL ? r->bytes : s->image->bytes;
    size_t len = r != NULL ? r->len : s->image->len;
    if (len > 0) {
        bytes[bit / 8 % len] ^= (uint8_t)(1u << bit % 8);
    } else {
        *(r != NULL ? &r->term : &s->image->term) ^= UINT64_C(1) << bit % 64;
    }
    return true;
}

uint64_t sim_store_digest(const struct sim_store *s)
{
    uint64_t sum = sum_number(CHECKSUM_BEGIN, s->term);
    sum = sum_number(sum, s->vote);
    sum = sum_number(sum, s->first);
    sum = sum_number(sum, s->synced);
    for (size_t i = 0; i < s->records_n; i++) {
        sum = sum_number(sum, s->records[i].sum);
    }
    return sum_number(sum, s->image != NULL ? s->image->sum : 0);
}

void sim_store_deinit(struct sim_store *s)
{
    drop(s, 0, s->records_n);
    free(s->records);
    sim_store_image_free(s->image);
    *s = (struct sim_store){0};
}
