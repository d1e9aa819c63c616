/* replay_legs: the legs of calls that are up, as the events of the fleets tell them.
 *
 *   call_begin -> DIALING | RINGING -> call_state: CONNECTED, HOLDING, HELD -> call_end
 *
 * A leg that has not been answered yet tells only that it began. Whether its caller hears ringing
 * or waits in a queue follows from what was routed, and from the leg that rings at the other end.
 * From and to, where an event has one of them only, are the fleet's own log's. */
#ifndef CLUSTER_RECORD_REPLAY_LEGS_H
#define CLUSTER_RECORD_REPLAY_LEGS_H

#include "cluster/check/history.h"
#include "proto/msg.h"

struct replay_leg {
    struct device_id device, other;
    struct call_id call;
    bool incoming, preserved;
    enum leg state;
    int64_t begin_us;
    char from[NUMBER_LEN], to[NUMBER_LEN];
};

/* A call at a route point, and how its last request was answered; NONE: not yet. */
struct replay_route {
    struct call_id call;
    enum route answer;
};

struct replay_legs {
    const struct history *history;
    struct replay_leg *legs;
    struct replay_route *routes;
    size_t legs_n, legs_cap, routes_n, routes_cap;
    /* Media of a leg that goes on in another call begins just before the leg is told to be there.
     */
    struct replay_leg media;
};

void replay_legs_init(struct replay_legs *l, const struct history *history);
void replay_legs_deinit(struct replay_legs *l);
void replay_legs_clear(struct replay_legs *l);
/* Any event, in order; those that are not about legs and routes are passed over.
 * Errors   ERR_MEMORY */
MUST_CHECK enum err replay_legs_take(struct replay_legs *l, const struct event *e);
/* The devices of a fleet have no legs any more. */
void replay_legs_lost(struct replay_legs *l, struct proc_id fleet);
/* Callers whose last answer was that they have to wait. */
uint32_t replay_legs_queued(const struct replay_legs *l);
/* By device, then by begin; until the next event is taken. */
const struct replay_leg *replay_legs_sorted(struct replay_legs *l, size_t *ret_n);
/* Calls of a fleet: how many, and how many of them are preserved, and have media everywhere. */
void replay_legs_count(struct replay_legs *l, struct proc_id fleet,
                       struct msg_op_fleet_status *ret_status);

#endif
