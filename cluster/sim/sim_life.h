/* sim_life: the roles of one process from its start to its end, whichever kind it is of, and
 * libraft if it is a node. What is made here is what main() makes in the real world. */
#ifndef CLUSTER_SIM_SIM_LIFE_H
#define CLUSTER_SIM_SIM_LIFE_H

#include "cluster/sim/sim_disk.h"
#include "node/station/site.h"
#include "proto/world.h"

#include <stddef.h>

struct sim_life;

struct sim_life_config {
    const struct topology *topology;
    struct proc_id self;
    struct incarnation incarnation;
    const struct world *world;
    int64_t wall_offset_us;
    struct sim_disk *disk;   /* nodes */
    uint32_t snapshot_every; /* nodes: entries of the log; 0: as many as usual */
    uint64_t seed;
    void *context;
    struct instant (*now)(void *context);
    void (*send)(void *context, struct proc_id to, const uint8_t *bytes, size_t len);
    void (*log_leg)(void *context, const struct leg_record *leg); /* fleets */
};

/* Never NULL. */
struct sim_life *sim_life_new(const struct sim_life_config *config);
const struct process *sim_life_process(const struct sim_life *l);
/* As SIGTERM does: what is said politely. */
void sim_life_stop(struct sim_life *l, struct instant now);
/* After the last turn: what main() does at the end. */
void sim_life_last(struct sim_life *l, struct instant now);
/* It wants to end: asked to, or its disk failed. */
bool sim_life_ended(const struct sim_life *l);
void sim_life_free(struct sim_life **l);

/* -- libraft; nothing happens in a process that has none. -- */

/* Let it do what is due. False: nothing was. */
bool sim_life_raft_turn(struct sim_life *l, struct instant now);
struct instant sim_life_raft_deadline(const struct sim_life *l);
void sim_life_raft_receive(struct sim_life *l, struct instant now, struct proc_id from,
                           const uint8_t *bytes, size_t len);
void sim_life_raft_connected(struct sim_life *l, struct instant now, struct proc_id peer, bool up);
void sim_life_raft_lost(struct sim_life *l, struct instant now, struct proc_id peer);

#endif
