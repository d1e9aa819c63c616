/* desktop: the CTI server of a PG side: which agent's desktop is open here, and at which process.
 *
 * Only the active side opens desktops; a side that gives up closes them all, and they try the
 * other. Requests are inputs of the OPC; this is only who hears of what comes out. */
#ifndef NODE_ROLE_PG_DESKTOP_H
#define NODE_ROLE_PG_DESKTOP_H

#include "node/role/pg/opc.h"
#include "proto/world.h"

struct desktop {
    const struct world *world;
    const struct opc *opc;
    struct proc_id peers[AGENTS_MAX]; /* by place of the agent in the OPC; none: closed */
};

void desktop_init(struct desktop *d, const struct world *world, const struct opc *opc);
/* Open, or say why not. */
void desktop_open(struct desktop *d, struct proc_id peer, struct agent_id agent, bool active);
/* Is it open at this peer? If not, the peer is told that it is closed. */
bool desktop_check(struct desktop *d, struct proc_id peer, struct agent_id agent);
void desktop_close_all(struct desktop *d, enum reason reason);
void desktop_link_down(struct desktop *d, struct proc_id peer);

/* Tell the desktop of an agent, if it is open. */
void desktop_agent(struct desktop *d, uint32_t agent);
void desktop_result(struct desktop *d, uint32_t agent, enum agent_request request,
                    enum reason reason);
void desktop_call(struct desktop *d, uint32_t agent, const struct msg_device_event *event);
void desktop_control_result(struct desktop *d, uint32_t agent, struct call_id call, enum key key,
                            enum reason reason);

#endif
