/* sim_proc: one process of the simulated cluster: what lives as long as the process (its roles, its
 * sessions, libraft), what outlives it (disk, store, how often it has started), and the driver
 * between them and the world. It is to the simulation what node/runtime/driver and node/main are to
 * the real world.
 *
 * A turn: what came, then libraft, messages to oneself and deadlines until nothing is due, media,
 * stored things; at last everything that the roles sent leaves in batches. */
#ifndef CLUSTER_SIM_SIM_PROC_H
#define CLUSTER_SIM_SIM_PROC_H

#include "cluster/sim/sim_clock.h"
#include "cluster/sim/sim_disk.h"
#include "cluster/sim/sim_history.h"
#include "cluster/sim/sim_media.h"
#include "cluster/sim/sim_net.h"
#include "cluster/sim/sim_vault.h"
#include "proto/world.h"

/* What all processes share. */
struct sim_ground {
    const struct topology *topology;
    struct sim_heap heap;
    struct sim_net *net;
    struct sim_media *media;
    struct sim_history record;
    struct rand_state rand;
    uint32_t snapshot_every; /* entries of the log; 0: as many as usual */
    void *context;
    /* An operator gets an answer (op_*). May be NULL. */
    void (*answer)(void *context, struct proc_id from, const struct msg *msg);
    /* Every event, after it was recorded. */
    void (*traced)(void *context, const struct event *event);
    /* Some fleet began or ended a stream of media: others may hear more, or less. */
    void (*media_changed)(void *context);
};

struct sim_proc;

/* A process that has not started yet. `ground` is borrowed. */
struct sim_proc *sim_proc_new(struct sim_ground *ground, struct proc_id self,
                              const struct sim_clock *clock);
/* Kills it first if it is alive. */
void sim_proc_free(struct sim_proc **proc);

void sim_proc_start(struct sim_proc *p);
/* Memory is lost, and what the disk had not synced; others learn of it by `how`. */
void sim_proc_kill(struct sim_proc *p, enum sim_end how);
/* As after SIGTERM. */
void sim_proc_stop(struct sim_proc *p);
/* It hangs: everything piles up. */
void sim_proc_pause(struct sim_proc *p, bool on);
bool sim_proc_alive(const struct sim_proc *p);
bool sim_proc_paused(const struct sim_proc *p);
uint64_t sim_proc_starts(const struct sim_proc *p);

/* From the network. Takes the packet. */
void sim_proc_news(struct sim_proc *p, const struct sim_news *news);
/* As the operator's command would order it; waits while the process hangs, does nothing if it is
 * not alive. */
void sim_proc_order(struct sim_proc *p, const struct msg_op_command *command);
/* Ask (op_status, op_list); the answer comes by `answer`. */
void sim_proc_ask(struct sim_proc *p, const struct msg *msg);

/* What it waits for may be due earlier than it thought. */
void sim_proc_rearm(struct sim_proc *p);

/* The wall clock jumps. */
void sim_proc_skew(struct sim_proc *p, int64_t skew_us);
/* NULL: it has none. */
struct sim_disk *sim_proc_disk(struct sim_proc *p);
struct sim_vault *sim_proc_store(struct sim_proc *p);
/* What its clock shows at a true time. */
struct instant sim_proc_clock_at(const struct sim_proc *p, int64_t true_us);
/* True time of what a process called `wall_us` in its life number `starts`. */
int64_t sim_proc_true(const struct sim_proc *p, uint64_t starts, int64_t wall_us);

#endif
