/* router: who is ready in which skill group, who waits for whom, and which agent is next.
 *
 *   agent:  (told by the PG)  READY ── label ──▶ reserved here ── RESERVED told ──▶ busy … READY
 *                               ▲                     │ cancel, or reserve_timeout and a bit
 *                               └─────────────────────┘
 *   call:   request ── an agent is ready ──▶ LABEL        (longest available first)
 *              └────── nobody is ──▶ QUEUED ── an agent becomes ready ──▶ LABEL (order of arrival)
 *
 * Epochs are checked before (icm.c): whatever comes here counts. */
#ifndef NODE_ROLE_ICM_ROUTER_H
#define NODE_ROLE_ICM_ROUTER_H

#include "node/base/topology.h"
#include "node/role/icm/keys.h"
#include "proto/world.h"

#define ROUTER_QUEUE_MAX    512 /* callers a skill group */
#define ROUTER_RESERVE_MORE duration_ms(1000)

struct router_agent {
    struct agent_info info;
    enum agent_state state;
    struct instant since;    /* of the state, as the PG told it */
    struct call_id reserved; /* the call that it was promised to, and how that was answered */
    uint64_t request;
    uint32_t day, key, seq;
    struct instant reserved_until;
};

struct router_call {
    struct call_id call;
    uint64_t request;
    struct proc_id pg;
    uint32_t pair;
    uint32_t day, key, seq;
    bool told; /* QUEUED was answered */
};

struct router_queue {
    uint32_t n;
    struct router_call calls[ROUTER_QUEUE_MAX];
};

struct router {
    const struct topology *topology;
    const struct world *world;
    struct keys keys;
    uint32_t agents_n;
    struct router_agent agents[AGENTS_MAX];
    struct router_queue queues[SKILLS_MAX];
    uint64_t routed;
};

void router_init(struct router *r, const struct topology *topology, const struct world *world);
/* NULL: there is no such agent. */
struct router_agent *router_agent_numbered(struct router *r, struct agent_id id);
/* Nothing is known of the agents of this pair any more, and none of its callers waits here: its
 * active side changed, or is out of reach. */
void router_forget(struct router *r, uint32_t pair);
void router_agent(struct router *r, struct instant now, uint32_t pair,
                  const struct msg_agent_update *update);
void router_request(struct router *r, struct instant now, struct proc_id pg, uint32_t pair,
                    const struct msg_route_request *request);
void router_cancel(struct router *r, struct instant now, uint32_t pair,
                   const struct msg_route_cancel *cancel);
/* Answer whoever can be answered: keys became durable. */
void router_serve(struct router *r, struct instant now);
struct instant router_deadline(const struct router *r);
void router_tick(struct router *r, struct instant now);
uint32_t router_queued(const struct router *r);
uint32_t router_ready(const struct router *r);

#endif
