/* replay_lives: what each process of a recorded run is at a moment, by what it and its peers
 * traced. */
#ifndef CLUSTER_RECORD_REPLAY_LIVES_H
#define CLUSTER_RECORD_REPLAY_LIVES_H

#include "cluster/check/history.h"
#include "cluster/record/scene.h"

/* A process in its present life. */
struct replay_life {
    bool begun, gone;
    int64_t pid;
    /* Node. */
    enum raft_standing raft;
    uint64_t term, applied, snapshot, hash, hash_index;
    bool lease, services[SERVICE_COUNT];
    /* PG side. */
    bool active, provider, peer;
    uint32_t monitors;
    uint64_t controllers; /* linked; a bit for each process of the topology */
    /* Controller side. */
    enum mds_state mds;
};

struct replay_lives {
    const struct history *history;
    struct replay_life of[PROCS_MAX]; /* of[v - 1] is that of proc_id v */
    /* Of controllers; they outlive the process. */
    uint64_t tcd_rows[PROCS_MAX], routed[PROCS_MAX];
    uint32_t epochs[PROCS_MAX]; /* granted, at the place of a pair's first side */
    struct proc_id granted;     /* the last; none: it gave up since */
};

void replay_lives_init(struct replay_lives *l, const struct history *history);
/* The event of the history that comes next. */
void replay_lives_take(struct replay_lives *l, const struct event *e);
/* The state of a process of the topology when all events up to `at_us` were taken. */
enum scene_state replay_lives_state(const struct replay_lives *l, struct proc_id proc,
                                    int64_t at_us);
/* The highest epoch that was granted to a side of the pair of `side`. */
uint32_t replay_lives_epoch(const struct replay_lives *l, struct proc_id side);

#endif
