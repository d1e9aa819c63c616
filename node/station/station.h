/* station: one device and the CallManager that serves it: registration, keepalives, the way home.
 *
 *   UNREGISTERED --start, link up, pause over--> REGISTERING --registered--> REGISTERED
 *        ^                                        |      ^                      |    |
 *        +------- a full round was refused -------+      +------ lost, idle ----+    | lost, in a
 * call
 *                                                        +------ call over ---- PRESERVED
 *
 * The device says whether it is in an established call; everything else about calls is its own
 * business (docs/protocol.md, "Registration"). */
#ifndef NODE_STATION_STATION_H
#define NODE_STATION_STATION_H

#include "node/base/rand.h"
#include "node/station/site.h"

#define STATION_SLOTS 20 /* keepalives of a process go out in this many bursts an interval */

#define STATION_STATE_MAP(X)                                     \
    X(STATION, UNREGISTERED, unregistered, "waits to ask again") \
    X(STATION, REGISTERING, registering, "has asked")            \
    X(STATION, REGISTERED, registered, "is served")              \
    X(STATION, PRESERVED, preserved, "lost its CallManager in a call")

enum station_state {
#define X(prefix, name, word, meaning) prefix##_##name,
    STATION_STATE_MAP(X)
#undef X
        STATION_STATES
};

/* The way home (fall-back). */
enum station_home { STATION_HOME_NONE, STATION_HOME_ASKED, STATION_HOME_LET_GO, STATION_HOME_SENT };

struct station {
    struct device_id device;
    uint32_t group;
    enum station_state state;
    enum station_home home;
    struct proc_id owner;  /* REGISTERED: who serves it; else who did last, or none */
    struct proc_id asked;  /* REGISTERING, STATION_HOME_SENT: whom it asked */
    struct proc_id target; /* the way home: where to */
    uint32_t cursor;       /* the member that is tried next */
    uint32_t tried;        /* members asked in this round */
    uint32_t epoch;
    uint64_t counter;
    uint32_t misses;
    bool unanswered;         /* a keepalive is out */
    bool drains;             /* asks for the way home while it has calls (gateways) */
    struct instant settled;  /* not on the way home before: the end of its last call is heard */
    struct instant deadline; /* pause over, no answer, or time to think of home */
    struct rand_state rand;
};

const char *station_state_text(enum station_state state);

/* Nothing is sent before station_start. */
void station_init(struct station *s, const struct site *site, struct device_id device,
                  uint32_t group);
void station_start(struct station *s, struct site *site, struct instant now);
void station_link_up(struct station *s, struct site *site, struct instant now, struct proc_id node);
/* true: the device was served by `node` and has lost it; the caller answers with station_lose. */
MUST_CHECK bool station_link_down(struct station *s, struct site *site, struct instant now,
                                  struct proc_id node);
/* Handle one of the messages about registration. `ret_lost` as above. false: it is not one. */
bool station_message(struct station *s, struct site *site, struct instant now, struct proc_id peer,
                     const struct msg *msg, bool *ret_lost);
/* The slot of this device has come: keepalive, and if `standby` also to the first other member.
 * forgive  the process was late itself: what is unanswered is not the peer's miss
 * true: too many are unanswered, the CallManager is lost. */
MUST_CHECK bool station_keepalive(struct station *s, struct site *site, bool standby, bool forgive);
/* The CallManager is lost. `call`: the established call that lives on (then nothing is asked before
 * station_free), or none. */
void station_lose(struct station *s, struct site *site, struct instant now, enum reason reason,
                  struct call_id call);
/* The preserved call is over. */
void station_free(struct station *s, struct site *site, struct instant now);
/* The device is idle now: it may ask for the way home at once, and travel after a moment. A CTI
 * Manager on a third node hears of the end of the call from the owner, and of a new owner from the
 * registry: in that order, or the call is recorded as cut. Nothing but this moment keeps the order.
 * Nobody rings the device meanwhile: else one that is called again and again never gets home. */
void station_idle(struct station *s, struct site *site, struct instant now);
/* Let go by the owner and idle at last: travel (gateways drain first). */
void station_travel(struct station *s, struct site *site, struct instant now);
void station_tick(struct station *s, struct site *site, struct instant now, bool idle);
/* A peer served this device under `epoch` and may say what happens to its calls. */
bool station_served(const struct station *s, struct proc_id peer, uint32_t epoch);

#endif
