/* call_leg: one leg of a call at a device of the fleet, moved by its CallManager, with its media.
 *
 *   IDLE -> DIALING -> RINGBACK | QUEUED -> CONNECTED <-> HOLDING | HELD -> IDLE
 *   IDLE -> RINGING -> CONNECTED
 *
 * ENDED is no state to be in: a leg that ends writes its record and is IDLE again. An established
 * leg (CONNECTED, HOLDING, HELD) survives its CallManager as a preserved one: its media flows, and
 * it can only be hung up. */
#ifndef NODE_STATION_CALL_LEG_H
#define NODE_STATION_CALL_LEG_H

#include "node/station/site.h"

struct call_leg {
    struct call_id call;
    struct call_id moved_from; /* the call that it was in before */
    struct call_id consult_of; /* the call that waits while this one consults */
    struct proc_id server;     /* the CallManager that moves it */
    uint32_t line;             /* the device's own name for it */
    enum leg state;            /* LEG_IDLE: free */
    bool incoming, preserved, transferred;
    bool told;                    /* CALL_BEGIN is traced */
    bool silent;                  /* nothing comes from the other party */
    struct device_id peer, peer2; /* whom media flows with */
    uint32_t media_open;          /* streams whose last report is still to come */
    struct instant begin, answer; /* answer is NEVER before the first CONNECTED */
    struct instant hold_since;    /* HOLDING: since when */
    int64_t held_us;
    uint64_t received;
    int64_t gap_us;
    char from[NUMBER_LEN], to[NUMBER_LEN];
};

/* Established: the parties hear each other, and would go on without any CallManager. */
bool call_leg_established(const struct call_leg *leg);
/* A leg that the device dials (incoming false) or that rings. */
void call_leg_begin(struct call_leg *leg, struct instant now, struct proc_id server, uint32_t line,
                    bool incoming, const char *from, const char *to);
/* Whether this station_call is possible in the leg's state. */
bool call_leg_may(const struct call_leg *leg, enum leg state);
/* Do what the CallManager says: state, call id, media. ENDED ends the leg. */
void call_leg_apply(struct call_leg *leg, struct site *site, struct instant now,
                    struct device_id device, const struct msg_station_call *m);
/* Stop the media, hand the record over, leave a notice, and be free. */
void call_leg_end(struct call_leg *leg, struct site *site, struct instant now,
                  struct device_id device, enum reason reason);
/* The CallManager is gone and the leg lives. */
void call_leg_preserve(struct call_leg *leg, struct site *site, struct device_id device,
                       enum reason reason);
/* Count what the media told. true: this leg's other party has just fallen silent. */
bool call_leg_media(struct call_leg *leg, const struct media_report *report);
/* Its line in the call log as it stands now. */
void call_leg_record(const struct call_leg *leg, struct device_id device, struct instant now,
                     struct leg_record *ret_record);

#endif
