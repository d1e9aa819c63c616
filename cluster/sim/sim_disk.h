/* sim_disk: the disk of a simulated process, as its raft sees it: term, vote, log, snapshots.
 *
 * It outlives the process. What was written and synced stays; what was not is lost when the process
 * crashes, but for a random part of it: a write that was going on may have got so far, and its last
 * record may be torn. Each record has a checksum: a torn tail of what was never synced is cut when
 * the disk is loaded; damage to what was synced is found there, and refused.
 *
 *   append ──> written, not synced ──(write latency)──> synced
 *                    └── crash: a prefix of the records may stay, the next one torn
 *
 * Term, vote, bootstrap and truncate are synced when the call returns. */
#ifndef CLUSTER_SIM_SIM_DISK_H
#define CLUSTER_SIM_SIM_DISK_H

#include "node/base/err.h"
#include "node/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_disk;

/* What is wrong with a disk; all zero: nothing. Writes already begun keep their latency, but find
 * what holds when they end. */
struct sim_disk_faults {
    struct duration write_min, write_max; /* of a write with its sync, and of a read; if both are
                                             0: SIM_DISK_WRITE_MIN_US to SIM_DISK_WRITE_MAX_US */
    struct instant stall_until; /* no write or read ends before this; 0: no stall. Term and vote,
                                   which libraft waits for, go through */
    uint64_t capacity;          /* bytes for log and snapshots; 0: no limit */
    bool full;                  /* appends and snapshots fail with RAFT_NOSPACE */
    bool io_error;              /* every write and read fails with RAFT_IOERR */
};

#define SIM_DISK_WRITE_MIN_US 100
#define SIM_DISK_WRITE_MAX_US 400

/* An empty disk; never NULL. All randomness of it comes from `seed`. */
struct sim_disk *sim_disk_new(uint64_t seed);
/* Only when no sim_raft uses it. */
void sim_disk_free(struct sim_disk **disk);

/* From now on. */
void sim_disk_set(struct sim_disk *disk, const struct sim_disk_faults *faults);

/* The process died, or its machine: lose what was not synced. Call it after (or before)
 * sim_raft_free; the faults stay as they are. */
void sim_disk_crash(struct sim_disk *disk);

/* Turn one bit of what was synced: of a record of the log, or of the newest snapshot. The next load
 * answers RAFT_CORRUPT. false: there is nothing to damage. */
bool sim_disk_damage(struct sim_disk *disk);

struct sim_disk_stats {
    uint64_t first, last; /* index of the first and the last entry in the log; last < first:
                             none */
    uint64_t synced;      /* index of the last entry that a crash leaves */
    uint64_t snapshot;    /* index of the newest synced snapshot; 0: none */
    uint64_t bytes;       /* that log and snapshots take */
    uint64_t lost;        /* entries that crashes took away */
    uint64_t torn;        /* records that crashes left torn */
    uint64_t appends, snapshots, failed; /* writes that ended well, and badly */
};
struct sim_disk_stats sim_disk_stats(const struct sim_disk *disk);

/* A sum over all that a load would see; equal disks have equal sums. */
uint64_t sim_disk_digest(const struct sim_disk *disk);

#endif
