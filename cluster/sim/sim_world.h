/* sim_world: a whole cluster in one process, in virtual time: the processes of a topology, the
 * networks between them, and a plan of faults.
 *
 * The only inputs are the topology, the plan and the seed. Two worlds that are given the same have
 * the same history, to the last bit (sim_history). */
#ifndef CLUSTER_SIM_SIM_WORLD_H
#define CLUSTER_SIM_SIM_WORLD_H

#include "cluster/sim/sim_fault.h"
#include "cluster/sim/sim_proc.h"

struct sim_world_config {
    const struct topology *topology; /* borrowed */
    uint64_t seed;
    bool keep;        /* the history; else only its digest */
    bool true_clocks; /* no drift and no offsets */
    uint32_t lookups; /* a second, for REG-3; 0: none */
    struct duration delay_min, delay_max;
    uint32_t snapshot_every; /* entries of the log; 0: as many as usual */
    void *context;
    /* What a process answers to an operator. May be NULL. */
    void (*answer)(void *context, struct proc_id from, const struct msg *msg);
};

struct sim_world;

struct sim_world *sim_world_new(const struct sim_world_config *config);
void sim_world_free(struct sim_world **world);

/* All processes, within a moment of each other. */
void sim_world_start(struct sim_world *w);
/* Faults come when their time has come. The plan is borrowed for as long as the world lives. */
void sim_world_plan(struct sim_world *w, const struct sim_plan *plan);
/* One fault now, and its end; for those who decide on the way. false: it makes no sense now. */
bool sim_world_break(struct sim_world *w, const struct sim_fault *fault);
void sim_world_mend(struct sim_world *w, const struct sim_fault *fault);
/* Let time pass until then. */
void sim_world_run(struct sim_world *w, int64_t until_us);
int64_t sim_world_now(const struct sim_world *w);
/* Calls per second in thousandths, from now on. */
void sim_world_traffic(struct sim_world *w, uint32_t agents_mps, uint32_t phones_mps);
/* The fleets end politely, and write down what is still open. */
void sim_world_finish(struct sim_world *w);

struct sim_proc *sim_world_proc(struct sim_world *w, struct proc_id proc);
const struct topology *sim_world_topology(const struct sim_world *w);
/* None: there is none, as far as was traced. */
struct proc_id sim_world_leader(const struct sim_world *w);
struct proc_id sim_world_active(const struct sim_world *w, uint32_t pair);
const struct sim_history *sim_world_record(const struct sim_world *w);
struct sim_net *sim_world_net(struct sim_world *w);
/* How many faults of a kind really happened. */
uint64_t sim_world_fired(const struct sim_world *w, enum sim_fault_kind kind);

/* What the judges read; not prepared. It points into the world. `rows` is the caller's to free.
 * Ends the digest: no event may come after it. */
void sim_world_history(struct sim_world *w, struct history *ret_history,
                       struct history_row **ret_rows);

#endif
