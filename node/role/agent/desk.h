/* desk: the agent's desktop: opening it at the active PG side, logging in, going ready, wrap-up.
 *
 * What is due next is derived from the PG's last word about the state, never from memory of what
 * was asked: so a desktop that opens at the other side goes on from what that side knows. */
#ifndef NODE_ROLE_AGENT_DESK_H
#define NODE_ROLE_AGENT_DESK_H

#include "node/role/agent/agent.h"

void desk_link_up(struct agent *a, struct agent_hall *hall, struct instant now,
                  struct proc_id peer);
void desk_link_down(struct agent *a, struct agent_hall *hall, struct instant now,
                    struct proc_id peer);
void desk_message(struct agent *a, struct agent_hall *hall, struct instant now, struct proc_id peer,
                  const struct msg *msg);
void desk_tick(struct agent *a, struct agent_hall *hall, struct instant now);
/* Ask the PG to press a key; false: no desktop is open and in service. */
bool desk_control(struct agent *a, struct agent_hall *hall, struct call_id call, enum key key,
                  const char *number);
/* What the desktop shows: it decides which buttons there are. */
enum desk_phase { DESK_OUT, DESK_IDLE, DESK_CALL, DESK_WRAPUP, DESK_PHASES };
enum desk_phase desk_phase(const struct agent *a);
/* An operator asks for it by hand; see agent_request. */
enum reason desk_request(struct agent *a, struct agent_hall *hall, struct instant now,
                         enum agent_request request, bool *ret_asked);
/* From half to one and a half of `mean`. */
struct duration desk_draw(struct agent *a, struct duration mean);

#endif
