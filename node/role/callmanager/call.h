/* call: the calls that this node owns, because it serves the device that dialled.
 *
 *                 +--ring timeout, refused, hung up-----------------------------+
 *   (dial) --> RINGING --ANSWER--> TALKING --HANGUP of one of the last two------+--> free
 *       |         ^                |  |  ^                                      |
 *       |       ROUTE              |  |  +--CONFERENCE_COMPLETE (consultation)--+
 *       |         |                |  +--TRANSFER_BLIND--> RINGING or QUEUED    |
 *       +----> QUEUED <------------+--node of a party lost--> preserved --------+
 *                 +--HANGUP, route timeout--------------------------------------+
 *
 * What a key does depends on the state of the leg on which it is pressed: the table is in call.c.
 * A consultation call belongs to the owner of the call that it is about, so that joining the two
 * is the business of one node.
 *
 * Source: docs/protocol.md, "Calls", "Route points and CTI". */
#ifndef NODE_ROLE_CALLMANAGER_CALL_H
#define NODE_ROLE_CALLMANAGER_CALL_H

#include "node/base/topology.h"
#include "node/role/callmanager/party.h"

#define CALLS_MAX        4096 /* a power of two: the slot is in the number of the call */
#define CALL_PARTIES_MAX 4

struct callmanager;

struct call {
    struct call_id id;          /* none: this slot is free */
    struct call_id consult_of;  /* this is a consultation about that call */
    struct call_id consult;     /* the consultation about this call */
    struct device_id presser;   /* who consults, in both calls */
    struct device_id routed_by; /* the route point that sent it on */
    struct proc_id routed_home; /* its node */
    bool routing; /* it is sent on from a route point and rings nowhere yet (route.h) */
    struct proc_id route_origin; /* whose CTI Manager waits for what comes of it; none: nobody */
    uint64_t route_id;           /* of its request */
    bool recovers; /* nobody answered for the route point: it was sent to the recovery number */
    bool doomed;   /* its presser was lost in the other call: it is lost here too */
    uint32_t lost; /* parties whose CallManager is gone, media perhaps not */
    struct instant deadline; /* ringing or waiting ends; NEVER: no limit */
    char again[NUMBER_LEN];  /* not empty: this phone is on its way home, ring it at `deadline` */
    struct instant again_until; /* and give up after this */
    uint32_t parties_n;
    uint32_t parties[CALL_PARTIES_MAX]; /* the one who waits or called first */
};

void call_forget_all(struct callmanager *cm);
/* NULL: there is no such call here. */
struct call *call_find(struct callmanager *cm, struct call_id id);
struct party *call_party(struct callmanager *cm, struct call *call, struct device_id device);

/* A device of this node (`home` = self) or a presser elsewhere dials.
 *
 * consult_of  the call that it wants to consult about, or NULL
 * Answers     NONE: the leg exists and was told DIALING; if the number leads nowhere it was told
 *             ENDED too. Otherwise nothing has changed: FULL */
enum reason call_dial(struct callmanager *cm, struct device_id device, struct proc_id home,
                      uint32_t line, const char *number, const char *ani, struct call *consult_of);
/* A key pressed on a party, by its user or by CTI. Answers NONE if it is done. */
enum reason call_key(struct callmanager *cm, struct call *call, struct party *p, enum key key,
                     const char *number);
/* A device does not take the call that was offered, or its node lost it: the party is gone. */
void call_party_gone(struct callmanager *cm, struct call *call, struct party *p,
                     enum reason reason);
/* Ring and route timeouts. Answers the next moment to look. */
struct instant call_expire(struct callmanager *cm);

/* For feature.c and route.c. */
struct call *call_new(struct callmanager *cm);
void call_free(struct callmanager *cm, struct call *call);
/* End a party and take it out of its call. `consult`: the consultation that ended it, or none. */
void call_end(struct callmanager *cm, struct call *call, struct party *p, enum reason reason,
              struct call_id consult);
void call_end_all(struct callmanager *cm, struct call *call, enum reason reason);
/* What an established party is, if `freed` (or nobody) holds no more: HOLDING as long as it does,
 * HELD if everybody else does. */
enum leg call_state_of(struct callmanager *cm, const struct call *call, const struct party *p,
                       struct device_id freed);
/* Everybody talks to everybody else, except who holds or is held. `moved` came over from
 * `old_call`, where `joiner` consulted: he holds no more. Both may be none. */
void call_connect(struct callmanager *cm, struct call *call, struct party *moved,
                  struct call_id old_call, struct device_id joiner);
void call_settle(struct callmanager *cm, struct call *call);
/* The call that the first party waits in came to nothing. */
void call_fail(struct callmanager *cm, struct call *call, enum reason reason);
void call_arm(struct callmanager *cm, struct call *call, struct duration limit);

#endif
