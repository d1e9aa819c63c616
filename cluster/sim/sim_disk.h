/* sim_disk: the disk of a simulated process, as its raft sees it: term, vote, log, snapshots.
 *
 * It outlives the process. What was written and synced stays; what was not is lost when the machine
 * crashes, but for a random part of it: writes may have got so far, and the last record of them may
 * be torn. Each record has a checksum: a torn tail of what was never synced is cut when the disk is
 * loaded; damage to what was synced is found there, and refused.
 *
 *   append, truncate, install ──> written, one after the other ──(latency)──> synced
 *                                    └── crash: a prefix stays, the next record perhaps torn
 *
 * Writes that come while another is going on share the next one (group commit). Term, vote and
 * bootstrap are synced when the call returns. A snapshot is there whole, or not at all. */
#ifndef CLUSTER_SIM_SIM_DISK_H
#define CLUSTER_SIM_SIM_DISK_H

#include "node/base/err.h"
#include "node/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raft_configuration;
struct raft_entry;
struct raft_snapshot;
struct sim_disk;

/* What is wrong with a disk; all zero: nothing. They hold for writes and reads that end from now
 * on. */
struct sim_disk_faults {
    struct duration write_min, write_max; /* latency of what begins from now on, write and sync; if
                                             both are 0: SIM_DISK_MIN_US to SIM_DISK_MAX_US */
    struct instant stall_until; /* nothing ends before this, on the clock of the process; 0: no
                                   stall. Term and vote go through: libraft waits for them */
    uint64_t capacity;          /* bytes for log and snapshots; 0: no limit */
    bool full;                  /* appends and snapshots fail with RAFT_NOSPACE */
    bool io_error;              /* everything fails with RAFT_IOERR */
};

#define SIM_DISK_MIN_US       100
#define SIM_DISK_MAX_US       400
#define SIM_DISK_BYTES_PER_US 200 /* a long write or read takes longer */

/* An empty disk. All its randomness comes from `seed`. */
struct sim_disk *sim_disk_new(uint64_t seed);
/* Only when no sim_raft uses it. */
void sim_disk_free(struct sim_disk **disk);

/* From now on. A process that saw an error gets no write through any more, whatever is set: it must
 * end. */
void sim_disk_set(struct sim_disk *disk, const struct sim_disk_faults *faults);

/* The machine of the process crashed: lose what was not synced. The process is dead too: call this
 * after sim_raft_free, or right before it. The faults stay as they are. */
void sim_disk_crash(struct sim_disk *disk);

/* Turn one bit of what was synced: of a record of the log or of the snapshot. The next load answers
 * RAFT_CORRUPT, unless the process lives and overwrites it before. false: there is nothing. */
bool sim_disk_damage(struct sim_disk *disk);

struct sim_disk_stats {
    uint64_t first, last; /* indexes of the log as written; last < first: it is empty */
    uint64_t synced;      /* the last entry, or what the snapshot covers, that no crash takes */
    uint64_t snapshot;    /* index of the snapshot; 0: none */
    uint64_t bytes;       /* that log and snapshot take */
    uint64_t lost;        /* entries that crashes took away */
    uint64_t torn;        /* records that crashes left torn */
    uint64_t appends, snapshots, failed; /* writes that ended well, and badly */
};
struct sim_disk_stats sim_disk_stats(const struct sim_disk *disk);

/* A sum over what a load would see; equal disks have equal sums. */
uint64_t sim_disk_digest(const struct sim_disk *disk);

/* -- What follows is for sim_raft: codes are libraft's. `tag` comes back from sim_disk_pop. -- */

int sim_disk_set_term(struct sim_disk *disk, uint64_t term);
int sim_disk_set_vote(struct sim_disk *disk, uint64_t vote);
/* RAFT_CANTBOOTSTRAP: the disk is not new. */
int sim_disk_bootstrap(struct sim_disk *disk, const struct raft_configuration *configuration);
/* Force a configuration behind what is there. */
int sim_disk_recover(struct sim_disk *disk, const struct raft_configuration *configuration);
/* As load of struct raft_io. Cuts a torn tail; what was loaded counts as synced. */
int sim_disk_load(struct sim_disk *disk, uint64_t *ret_term, uint64_t *ret_vote,
                  struct raft_snapshot **ret_snapshot, uint64_t *ret_first,
                  struct raft_entry **ret_entries, size_t *ret_n);

/* Copies the entries. */
void sim_disk_append(struct sim_disk *disk, struct instant now, void *tag,
                     const struct raft_entry *entries, unsigned n);
/* Drop the entry at `index` and what follows. It has no end of its own to be told. */
void sim_disk_truncate(struct sim_disk *disk, struct instant now, uint64_t index);
/* Copies the snapshot. trailing 0: it replaces the log, in order with appends; else the log keeps
 * so many entries before it. */
void sim_disk_put(struct sim_disk *disk, struct instant now, void *tag, unsigned trailing,
                  const struct raft_snapshot *snapshot);
/* Begin to read the snapshot: the newest when the read ends. */
void sim_disk_get(struct sim_disk *disk, struct instant now, void *tag);

struct sim_disk_end {
    void *tag; /* NULL: of a truncate that failed */
    int code;
    struct raft_snapshot *snapshot; /* of a get that ended well; the caller's */
};
struct instant sim_disk_deadline(const struct sim_disk *disk);
/* The next that ended by `now`; false: none. */
bool sim_disk_pop(struct sim_disk *disk, struct instant now, struct sim_disk_end *ret);
/* The process is gone: nobody waits any more. What was on its way gets to the disk by the next
 * load, unless the machine crashes before. */
void sim_disk_leave(struct sim_disk *disk);
/* KiB that are free, as libraft counts them (at most UINT16_MAX). */
unsigned short sim_disk_room(const struct sim_disk *disk);

#endif
