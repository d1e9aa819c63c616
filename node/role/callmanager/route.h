/* route: where a call goes: to a phone that rings, or to a route point where it waits.
 *
 *                     +--no--> it fails
 *   first party --> asked --rings--> RINGBACK
 *                     |
 *   at a route point: QUEUED --ROUTE--> asked --rings--> RINGBACK, the route point is told
 * REDIRECTED ^                |
 *                        +-------no-------+        the CTI Manager hears why
 *
 * A phone of another node is asked by sdl_offer, and one on its way home is asked again. Until it
 * rings a caller who waits at a route point goes on waiting there, so that a busy phone costs him
 * nothing, wherever it is.
 *
 * Source: docs/protocol.md, "Calls", "Route points and CTI". */
#ifndef NODE_ROLE_CALLMANAGER_ROUTE_H
#define NODE_ROLE_CALLMANAGER_ROUTE_H

#include "node/role/callmanager/call.h"

/* Find the number and ring there (or wait at a route point); the first party becomes RINGBACK or
 * QUEUED, at once or when the phone rings. Answers why not; then only the deadline may have
 * changed. */
enum reason route_begin(struct callmanager *cm, struct call *call, const char *number);
/* KEY_ROUTE on the leg of a route point; without a number the caller waits in a queue from now on.
 * NONE with `call->routing`: it is not decided yet, the answer goes to route_answer_to. */
enum reason route_key(struct callmanager *cm, struct call *call, struct party *p,
                      const char *number);
/* Who asked for the ROUTE that is not decided yet. */
void route_answer_to(struct call *call, struct proc_id origin, uint64_t id);
/* A party that was offered the call has it now. One that was not asked: nothing happens. */
void route_taken(struct callmanager *cm, struct call *call, struct party *p);
/* The one that was offered the call is out of it, and does not ring. The call may be freed. */
void route_refused(struct callmanager *cm, struct call *call, const char *number,
                   enum reason reason);
/* What was asked is not wanted any more: the call ends. */
void route_forget(struct callmanager *cm, struct call *call);
/* The deadline of a call that is not established is over. The call may be freed. */
void route_expire(struct callmanager *cm, struct call *call);

/* The leg at the route point where the first party waits; NULL: it does not. */
struct party *route_point_of(struct callmanager *cm, const struct call *call);
/* The call lost its leg at a route point that `from` held: whoever holds it next is offered the
 * call, and until then it waits. The call may be freed. */
void route_point_lost(struct callmanager *cm, struct call *call, struct device_id device,
                      struct proc_id from);
/* Somebody holds this route point (again): offer the calls that wait for it. */
void route_point_held(struct callmanager *cm, struct device_id device);
/* There is a session with this node again: the same for the route points that it holds. */
void route_node_up(struct callmanager *cm, struct proc_id node);
/* The route point that sent this call on, if one did, hears that it came to nothing. */
void route_tell_failed(struct callmanager *cm, const struct call *call, enum reason reason);

#endif
