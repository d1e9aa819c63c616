/* sim_store: what is written on a simulated disk: term, vote, one log, one snapshot; each record
 * and the snapshot with a checksum. For sim_disk, which says when something gets here, and what of
 * it is synced. */
#ifndef CLUSTER_SIM_SIM_STORE_H
#define CLUSTER_SIM_SIM_STORE_H

#include "cluster/sim/sim_bytes.h"

struct raft_configuration;
struct raft_entry;
struct raft_snapshot;

/* An entry of the log. */
struct sim_record {
    uint64_t term, type;
    size_t len;
    uint8_t *bytes;
    uint64_t sum;
};

/* A snapshot. */
struct sim_image {
    uint64_t index, term, configuration_index;
    struct sim_bytes configuration;
    size_t len;
    uint8_t *bytes;
    uint64_t sum;
};

/* All zero but `first`, which is 1: an empty store. */
struct sim_store {
    uint64_t term, vote;
    /* records[i] is of index first + i; of them those up to `synced` are safe. */
    struct sim_record *records;
    size_t records_n, records_room;
    uint64_t first, synced;
    uint64_t log_bytes;
    struct sim_image *image; /* NULL: none */
};

/* Copies. The record is to be given to sim_store_add or freed, the image to sim_store_put or
 * sim_image. */
struct sim_record sim_store_record(const struct raft_entry *entry, uint64_t index);
struct sim_image *sim_store_image(const struct raft_snapshot *snapshot);
void sim_store_image_free(struct sim_image *image);
/* That a record takes, and all that is written. */
uint64_t sim_store_record_bytes(const struct sim_record *record);
uint64_t sim_store_bytes(const struct sim_store *s);

/* Index of the last record; first - 1: there is none. */
uint64_t sim_store_last(const struct sim_store *s);
void sim_store_add(struct sim_store *s, struct sim_record record);
/* Drop the record at `index` and what follows. */
void sim_store_cut(struct sim_store *s, uint64_t index);
/* The image is the snapshot now, unless there is a newer one. trailing 0: the log begins anew
 * behind it; else it keeps so many records before it, and all from `rewritten` on, where a cut is
 * still to come (UINT64_MAX: none). */
void sim_store_put(struct sim_store *s, struct sim_image *image, unsigned trailing,
                   uint64_t rewritten);

/* Refuse damage (RAFT_CORRUPT), cut what is torn, drop a log that ends before the snapshot; what is
 * left counts as synced. */
int sim_store_check(struct sim_store *s);
/* All records as libraft wants them, in one batch; NULL: none. */
struct raft_entry *sim_store_entries(const struct sim_store *s);
/* The snapshot in libraft's memory. Errors: RAFT_NOTFOUND, RAFT_CORRUPT. */
int sim_store_snapshot(const struct sim_store *s, struct raft_snapshot **ret);

/* Turn bit `bit` of record or snapshot number `which` of those that are safe; false: there are
 * none. */
bool sim_store_damage(struct sim_store *s, uint64_t which, uint64_t bit);
uint64_t sim_store_digest(const struct sim_store *s);
void sim_store_deinit(struct sim_store *s);

#endif
