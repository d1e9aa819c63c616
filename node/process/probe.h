/* probe: a client that looks devices up, linearizably, through one living node after another, and
 * traces what it asked and what it was told: what the judge of REG-3 reads.
 *
 * It asks again and again about the same few places in the list of devices, so that what changes
 * there is seen from all nodes; each node has one question of it at a time. */
#ifndef NODE_PROCESS_PROBE_H
#define NODE_PROCESS_PROBE_H

#include "node/base/topology.h"
#include "proto/world.h"

#define PROBE_RATE_MAX    100 /* lookups a second */
#define PROBE_PLACES      8   /* in the list of devices, evenly spread */
#define PROBE_ROWS        16  /* devices a lookup */
#define PROBE_PATIENCE_MS 5000

struct probe_node {
    bool up;
    uint64_t asked; /* number of its question; 0: none */
    struct instant until;
};

struct probe {
    const struct topology *topology;
    const struct world *world;
    uint32_t rate; /* lookups a second; 0: it rests, without links */
    struct instant next;
    uint64_t questions;
    uint64_t answered, refused; /* refused: no node could say it for certain */
    uint32_t place;
    uint16_t turn; /* the node that was asked last */
    struct probe_node nodes[PROCS_MAX + 1];
};

/* `topology` and `world` are borrowed for good. */
void probe_init(struct probe *p, const struct topology *topology, const struct world *world);
/* From now on so many lookups a second; 0 ends it.
 * Errors   ERR_INVALID  more than PROBE_RATE_MAX: nothing has changed */
MUST_CHECK enum err probe_set(struct probe *p, struct instant now, uint32_t rate);
/* LINK_OPERATOR to a node came up or went down. */
void probe_link(struct probe *p, struct proc_id peer, bool up);
/* A node answered; what is not awaited is passed over. */
void probe_answer(struct probe *p, struct proc_id peer, const struct msg_op_devices *m);
struct instant probe_deadline(const struct probe *p);
void probe_tick(struct probe *p, struct instant now);

#endif
