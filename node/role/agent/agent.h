/* agent: one agent: a person with a desktop at the CTI server of the PG pair and a phone on the
 * desk.
 *
 *   desktop:  CLOSED --link up--> OPENING --opened--> OPEN --closed, link down--> CLOSED
 *   (OPEN:)   LOGGED_OFF --log in--> NOT_READY --ready--> READY -> (call) -> WORK_READY -> READY
 *   phone:    rings -> answered -> talks [hold, transfer, conference] -> hangs up -> wrap-up data
 *
 * The agent sees the phone through agent_phone() and works it through `hands`, so that it knows no
 * phone. Logged out with 50003, the agent waits for in_service and logs in again. A preserved call
 * is left to whoever sits behind phones that nobody controls. */
#ifndef NODE_ROLE_AGENT_AGENT_H
#define NODE_ROLE_AGENT_AGENT_H

#include "node/base/rand.h"
#include "node/base/topology.h"
#include "proto/world.h"

#define AGENT_SIDES 2

enum agent_desk { AGENT_DESK_CLOSED, AGENT_DESK_OPENING, AGENT_DESK_OPEN };

/* What the agent means to do with the present call. */
enum agent_plan {
    AGENT_PLAN_TALK,
    AGENT_PLAN_HOLD,
    AGENT_PLAN_TRANSFER,
    AGENT_PLAN_BLIND,
    AGENT_PLAN_CONFERENCE
};

/* What an operator last asked for by hand, which the agent does not undo. */
enum agent_wish { AGENT_WISH_WORK, AGENT_WISH_NOT_READY, AGENT_WISH_LOGGED_OUT };

/* What the agents of a process share. */
struct agent_hall {
    const struct topology *topology;
    const struct world *world;
    struct msg msg;         /* the one message under construction */
    uint64_t lost;          /* desktop messages that no agent expected */
    bool up[PROCS_MAX + 1]; /* DESKTOP links, by proc_id */
    void *context;
    /* Press a key on the phone of `device`; answers why not. */
    enum reason (*key)(void *context, struct device_id device, enum key key, const char *number);
    /* Wrap-up data was entered for a call. */
    void (*wrapup)(void *context, struct device_id device, struct call_id call, const char *text);
};

struct agent {
    struct agent_id id;
    struct device_id device;
    uint32_t skill;
    struct proc_id sides[AGENT_SIDES];
    uint32_t side; /* which one is open, or tried */
    enum agent_desk desk;
    enum agent_wish wish;
    enum agent_state state; /* as the PG says */
    uint32_t reason_code;
    struct instant since; /* of the state */
    bool in_service;
    bool asked; /* a request waits for its result */

    struct call_id call;    /* on the phone; none: idle */
    struct call_id consult; /* the consultation, when there is one */
    struct call_id last;    /* the call that wrap-up is about */
    enum leg leg;           /* of `call` */
    enum leg consult_leg;
    bool incoming;
    bool hands_off; /* the call is preserved or driven by hand: the agent does nothing */
    enum agent_plan plan;
    uint32_t step; /* of the plan */
    uint32_t wrapups;

    struct instant desk_at;  /* open, log in, go ready, end wrap-up, or ask again */
    struct instant phone_at; /* the next step of the plan */
    struct instant hangup_at;
    struct rand_state rand;
};

void agent_init(struct agent *a, const struct agent_hall *hall, uint32_t nth);
void agent_start(struct agent *a, struct agent_hall *hall, struct instant now);
void agent_link_up(struct agent *a, struct agent_hall *hall, struct instant now,
                   struct proc_id peer);
void agent_link_down(struct agent *a, struct agent_hall *hall, struct instant now,
                     struct proc_id peer);
void agent_message(struct agent *a, struct agent_hall *hall, struct instant now,
                   struct proc_id peer, const struct msg *msg);
struct instant agent_deadline(const struct agent *a);
void agent_tick(struct agent *a, struct agent_hall *hall, struct instant now);

/* News of the phone on the desk: a leg of `call` is in `state` (ENDED: it is over; `answered`: it
 * was once connected). */
void agent_phone(struct agent *a, struct agent_hall *hall, struct instant now, struct call_id call,
                 enum leg state, bool incoming, bool answered);
/* A key that the agent pressed was refused. */
void agent_refused(struct agent *a, struct agent_hall *hall, struct instant now, enum key key);
/* From now on to the end of the call the agent leaves the phone alone. */
void agent_hands_off(struct agent *a);
/* An operator asks for it by hand.
 *
 * ret_asked  set if the answer is NONE: whether the PG was asked; it was not if it is so already
 * Answers    NONE; NOT_ACTIVE: no desktop is open; BAD_STATE, OUT_OF_SERVICE: the desktop does not
 *            offer it now. Then nothing has changed */
enum reason agent_request(struct agent *a, struct agent_hall *hall, struct instant now,
                          enum agent_request request, bool *ret_asked);
/* As the PG says: from the reservation for a call to its end, without the wrap-up. */
bool agent_in_call(const struct agent *a);

#endif
