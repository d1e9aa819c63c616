/* pg_world: two PG sides in memory, with a CTI Manager for each and one controller that a test
 * plays, and a network that a test cuts. */
#ifndef TESTS_UNIT_PG_WORLD_H
#define TESTS_UNIT_PG_WORLD_H

#include "node/role/pg/pg.h"

#define PG_WORLD_QUEUE  4096
#define PG_WORLD_ROWS   256
#define PG_WORLD_EVENTS 4096
#define PG_WORLD_MISSED 256
#define PG_WORLD_AGENTS 3
#define PG_WORLD_A      ((struct proc_id){3})
#define PG_WORLD_B      ((struct proc_id){4})
#define PG_WORLD_ICM    ((struct proc_id){5})
#define PG_WORLD_FLEET  ((struct proc_id){6})

/* The messages that wait for their receiver, at their smallest. */
struct pg_world_item {
    enum link link;
    struct proc_id from, to;
    struct msg *msg;
};

struct pg_world_side {
    struct pg pg;
    struct world world;
    struct proc_id self, cti;
    bool alive;
    bool asleep; /* alive, and nothing reaches it */
    struct pg_world_item missed[PG_WORLD_MISSED];
    uint32_t missed_n;
    bool cti_up;       /* the JTAPI link and the CTI Manager behind it */
    bool cti_out;      /* its providers are opened out of service, and monitor nothing */
    uint64_t provider; /* of the fake CTI Manager; 0: none is open */
    uint64_t seq;
    uint32_t reach; /* what its CTI Manager tells when a provider is opened */
    bool monitored[64];
    uint32_t monitored_n;
    bool active_before_monitors; /* it said that it is active with a monitor missing */
    uint64_t tickets, stored;
    struct msg_record_tcd rows[PG_WORLD_ROWS];
    uint32_t rows_n;
    struct msg_record_logout logouts[PG_WORLD_ROWS];
    uint32_t logouts_n;
    struct event events[PG_WORLD_EVENTS];
    uint32_t events_n;
    struct msg_cti_request requests[PG_WORLD_ROWS];
    uint32_t requests_n;
    enum reason refusal; /* the answer of its CTI Manager to them; NONE: they are done */
};

struct pg_world {
    struct topology topology;
    struct instant now;
    struct pg_world_side sides[2];
    bool private_up;
    bool controller_up;
    bool controller_linked[2];
    struct msg_pg_weight weight[2]; /* that the controller was told */
    bool weighed[2];
    uint32_t highest; /* the controller's */
    struct proc_id active;
    uint32_t hello[2];
    uint32_t refused;
    struct msg_route_request last_route;
    uint32_t routes;
    struct msg_agent_update agents[PG_WORLD_AGENTS];
    struct msg_desktop_opened opened[PG_WORLD_AGENTS];
    struct msg_desktop_result result[PG_WORLD_AGENTS];
    uint32_t closed;
    enum reason control; /* the last refusal of an agent's key; NONE: none */
    struct pg_world_item queue[PG_WORLD_QUEUE];
    uint32_t first, n;
};

/* Devices: phones 1001.. are 1..3, the route point 80001 is pg_world_point(). */
struct pg_world *pg_world_new(void);
void pg_world_free(struct pg_world *w);
struct device_id pg_world_point(const struct pg_world *w);
/* Let time pass, and everything that follows happen. */
void pg_world_run(struct pg_world *w, int64_t ms);
/* Side 0 is A, 1 is B. */
void pg_world_start(struct pg_world *w, int side);
void pg_world_kill(struct pg_world *w, int side);
/* SIGSTOP and SIGCONT: what comes meanwhile waits in its sockets. `missed`: the other end of the
 * link (PRIVATE, CONTROLLER) takes its session for dead. */
void pg_world_sleep(struct pg_world *w, int side);
void pg_world_missed(struct pg_world *w, int side, enum link link);
void pg_world_wake(struct pg_world *w, int side);
void pg_world_controller(struct pg_world *w, bool up);
void pg_world_cti(struct pg_world *w, int side, bool up);
void pg_world_private(struct pg_world *w, bool up);
/* The CTI Manager of a side reaches so many devices. */
void pg_world_reach(struct pg_world *w, int side, uint32_t devices);
/* Its provider is in service, from now on. */
void pg_world_service(struct pg_world *w, int side);
/* An event at a side's CTI Manager, as if a CallManager told it. */
void pg_world_event(struct pg_world *w, int side, enum device_event kind, struct device_id device,
                    uint64_t call, enum reason reason);
void pg_world_device(struct pg_world *w, bool in_service, struct device_id device, uint32_t epoch);
/* Desktop of agent `nth` (from 0) at a side. */
void pg_world_open(struct pg_world *w, int side, uint32_t nth);
void pg_world_ask(struct pg_world *w, int side, uint32_t nth, enum agent_request request);
/* A key of that agent for a call, as a third party's. */
void pg_world_key(struct pg_world *w, int side, uint32_t nth, uint64_t call, enum key key);
void pg_world_wrapup(struct pg_world *w, int side, uint32_t nth, uint64_t call, const char *text);
void pg_world_label(struct pg_world *w, int side, uint32_t nth);
uint32_t pg_world_count(const struct pg_world_side *s, enum event_kind kind);
bool pg_world_is_active(const struct pg_world *w, int side);
/* A call of agent `nth`, routed and answered; both sides see the CTI event where they are. */
void pg_world_routed_call(struct pg_world *w, int side, uint32_t nth, uint64_t call);

#endif
