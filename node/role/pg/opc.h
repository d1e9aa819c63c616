/* opc: the brain of a PG: calls, legs, agents and keys, as one deterministic state machine.
 *
 * Both sides of a pair apply the same inputs (struct msg_private_input) in the same order and hold
 * the same state; only the side that orders the inputs acts on the outputs. Times are `at_us` of
 * the inputs, on the clock of the side that ordered them; nothing else tells time here.
 *
 *   agent:  LOGGED_OFF --login--> NOT_READY <--> READY --routed--> RESERVED --answered--> TALKING
 *           TALKING <--> HELD;  TALKING, HELD --last leg ends--> WORK_READY | WORK_NOT_READY
 *           WORK_* --wrap-up done--> READY | NOT_READY;  any --phone out of service--> LOGGED_OFF
 *   leg:    QUEUED (route point) | RINGING | DIALING --> CONNECTED <--> HOLDING --> ENDED (wrap-up)
 *
 * Keys: an ICRCallKey is (epoch << 20) + a count, so that no two activations of a pair, and no side
 * that lost its memory, ever give the same key twice (TCD-1).
 *
 * Source: docs/protocol.md, "PG pair", "Agents and records". */
#ifndef NODE_ROLE_PG_OPC_H
#define NODE_ROLE_PG_OPC_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define OPC_CALLS_MORE      2048 /* callers that wait at route points, besides two legs an agent */
#define OPC_LEGS_MAX        (3 * AGENTS_MAX + OPC_CALLS_MORE)
#define OPC_BUCKETS         4096 /* of calls; a power of two */
#define OPC_ROUTE_TRIES_MAX 16   /* a caller is not sent from agent to agent for ever */
#define OPC_KEY_BITS        20
#define OPC_REASON_RONA     32767u /* Not Ready: call not answered */
#define OPC_REASON_BUSY     50005u /* Not Ready: busy on another line */
#define OPC_REASON_MISSED   50010u /* Not Ready: routed calls in a row did not arrive */
#define OPC_MISSED_MAX      2      /* so many */

enum opc_output_kind {
    OPC_ROUTE_REQUEST, /* call, request, number (dialled), ani */
    OPC_ROUTE_CANCEL,  /* call, request, reason */
    OPC_CTI,           /* device, call, request, key, number */
    OPC_AGENT,         /* agent, device, state, reason_code: it changed */
    OPC_AGENT_AFTER,   /* agent: what it is after the call changed */
    OPC_SERVICE,       /* agent: its phone came into service or went out of it */
    OPC_RESULT,        /* agent, asked, reason: of a request */
    OPC_LOGOUT,        /* agent, reason_code, for_us (logged in) */
    OPC_CALL,          /* agent, event: for the desktop */
    OPC_TCD,           /* tcd */
    OPC_FULL           /* call: a table was full, the event is lost */
};

struct opc_output {
    enum opc_output_kind kind;
    struct call_id call;
    struct device_id device;
    uint32_t agent; /* place in agents */
    uint64_t request;
    enum key key;
    enum agent_request asked;
    enum reason reason;
    uint32_t reason_code;
    int64_t for_us;
    uint32_t icr_call_key; /* of the call that an agent's state is about; 0: of none */
    const char *number, *ani;
    const struct msg_device_event *event;
    const struct msg_record_tcd *tcd;
};

/* Called while an input is applied; must not call back. */
struct opc_sink {
    void *context;
    void (*output)(void *context, const struct opc_output *output);
};

struct opc_agent {
    struct agent_info info;
    enum agent_state state;
    enum agent_state before; /* READY or NOT_READY: what it is again after the call */
    uint32_t reason_code;
    uint32_t epoch; /* of its phone when it logged in */
    int64_t since_us, login_us;
    struct call_id reserved; /* the call that it is reserved for */
    int64_t deadline_us;     /* the reservation ends; 0: none runs */
    uint32_t wrapping;       /* its leg in wrap-up, or 0 */
    uint32_t missed;         /* reservations in a row that ran out */
};

/* A device of the pair: an agent's phone or a route point. */
struct opc_device {
    uint32_t agent; /* place in agents + 1, or 0 */
    bool point;     /* a route point of the pair */
    bool in_service;
    bool snapshot; /* monitored, its calls are not all told yet */
    uint32_t epoch;
    uint32_t legs; /* live ones */
};

struct opc_leg {
    struct call_id call; /* none: this place is free */
    struct device_id device;
    struct agent_id agent; /* who was logged in there */
    uint32_t next;         /* of the call; in a free place: the next free one */
    enum leg state;
    bool inbound;
    bool point; /* at a route point, not at a phone */
    uint32_t icr_call_key, parent, child, leg, segment;
    uint32_t day, key, key_seq, skill;
    uint32_t call_type;
    uint32_t disposition; /* decided before the end (28, 29, 30), or at it; 0: not yet */
    int64_t begin_us, ring_us, answer_us, held_at_us, hold_us, end_us, queue_us, delay_us;
    char from[NUMBER_LEN], to[NUMBER_LEN];
    char text[40]; /* wrap-up data */
};

struct opc_call {
    struct call_id id; /* none: this place is free */
    uint32_t next;     /* of the bucket; in a free place: the next free one */
    uint32_t legs;     /* first leg, live or in wrap-up */
    uint32_t live;
    uint32_t icr_call_key, parent, legs_made, segment;
    uint32_t day, key, key_seq, skill;
    struct device_id point; /* the route point that it came through */
    uint64_t request;       /* the last route request */
    bool waiting;           /* the controller has that request */
    bool moved;             /* was transferred */
    uint32_t tries;
    uint32_t agent;    /* routed to: place in agents + 1 */
    int64_t begin_us;  /* offered */
    int64_t queue_us;  /* waited at the route point */
    int64_t linger_us; /* sent on and not yet arrived: forgotten then; 0: no */
    char from[NUMBER_LEN], to[NUMBER_LEN];
};

/* About 5 MiB; its storage is the caller's. */
struct opc {
    const struct topology *topology;
    uint32_t pair;
    struct opc_sink sink;
    int64_t at_us;  /* of the last input */
    uint64_t seq;   /* of the last input */
    uint32_t epoch; /* of the last activation */
    uint32_t keys;  /* the last ICRCallKey */
    uint64_t requests;
    int64_t deadline_us; /* no reservation or lingering call ends before; 0: there is none */
    uint32_t agents_n, devices_n, legs_max, calls_max;
    uint32_t legs_n, calls_n, legs_free, calls_free;
    uint32_t buckets[OPC_BUCKETS];
    struct opc_agent agents[AGENTS_MAX];
    struct opc_device devices[DEVICES_MAX + 1]; /* by device */
    struct opc_leg legs[OPC_LEGS_MAX + 1];      /* 0 is not used */
    struct opc_call calls[OPC_LEGS_MAX + 1];    /* 0 is not used */
};

void opc_init(struct opc *o, const struct topology *topology, uint32_t pair,
              const struct opc_sink *sink);
/* As after opc_init. */
void opc_clear(struct opc *o);
/* No calls are in view any more, and nothing is written of them: somebody else had them meanwhile.
 * Agents are what they were; keys go on. */
void opc_forget_calls(struct opc *o);

/* Apply one input. `in->seq` is o->seq + 1; `in->at_us` never goes back.
 *
 *   DEVICE_EVENT   event
 *   MONITORED      event.device, event.epoch, in_service
 *   AGENT_REQUEST  agent, request, reason_code, event.device (LOGIN: the phone)
 *   WRAPUP         agent, event.call, text
 *   ROUTED         id (request), event.call, reason_code (enum route), agent, event.to (label),
 *                  skill, day, key, key_seq
 *   ROUTE_FAILED   id (request), event.call, reason
 *   PROVIDER_LOST  reason
 *   ACTIVATED      id (epoch): keys and requests are of that epoch from now on
 *   TICK           - */
void opc_input(struct opc *o, const struct msg_private_input *in);
/* When a TICK is due; 0: none is. */
int64_t opc_deadline(const struct opc *o);

/* A number that two sides with the same state share. */
uint64_t opc_state_digest(const struct opc *o);

/* State transfer: hand over everything as PRIVATE_AGENT and PRIVATE_LEG; take it up. */
void opc_state_export(const struct opc *o, void *context,
                      void (*give)(void *context, const struct msg *msg));
/* ERR_INVALID: it makes no sense, alone or (the last one) all together; ERR_FULL; then the state is
 * to be cleared and asked for again. */
MUST_CHECK enum err opc_state_import_agent(struct opc *o, const struct msg_private_agent *m);
MUST_CHECK enum err opc_state_import_leg(struct opc *o, const struct msg_private_leg *m);

/* Place + 1 of an agent of this pair; 0: it is none. */
uint32_t opc_place(const struct opc *o, struct agent_id agent);

#endif
