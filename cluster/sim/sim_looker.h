/* sim_looker: a client that looks registrations up, as the recorder does while a real run is
 * judged: without it nobody would ask what REG-3 is judged by.
 *
 * It is the recorder's own probe; only its ways are the simulation's: a node that is alive can be
 * asked, at its own machine, and answers when it runs. */
#ifndef CLUSTER_SIM_SIM_LOOKER_H
#define CLUSTER_SIM_SIM_LOOKER_H

#include "cluster/sim/sim_heap.h"
#include "node/process/probe.h"

struct sim_looker_config {
    const struct topology *topology; /* borrowed, like `heap` */
    struct sim_heap *heap;
    void *context;
    bool (*alive)(void *context, struct proc_id node);
    void (*ask)(void *context, struct proc_id node, const struct msg *msg);
    void (*trace)(void *context, const struct event *event);
};

struct sim_looker {
    struct sim_looker_config config;
    struct world world;
    struct probe probe;
};

/* `l` may not move from then on. Nothing is asked yet. */
void sim_looker_init(struct sim_looker *l, const struct sim_looker_config *config);
/* From now on so many lookups a second, 1 to PROBE_RATE_MAX. Once. */
void sim_looker_begin(struct sim_looker *l, uint32_t rate);
/* Nothing more is asked. */
void sim_looker_end(struct sim_looker *l);
/* A node answered an operator; what was not asked here is passed over. */
void sim_looker_answer(struct sim_looker *l, struct proc_id node, const struct msg *msg);

#endif
