/* expect_parts: the parts of expect, for themselves: one course of events, and what faults were to
 * a leg. */
#ifndef CLUSTER_CHECK_EXPECT_PARTS_H
#define CLUSTER_CHECK_EXPECT_PARTS_H

#include "cluster/check/expect.h"

/* A call that its CallManager drops in setup ends this long after the failure at most. */
#define EXPECT_DROP_US INT64_C(2000000)

/* What was told, after a pause, of the events that had piled up by then. */
enum expect_told {
    EXPECT_TOLD_NOTHING,
    EXPECT_TOLD_BEGIN, /* and not the end: the session that carried it was lost in between */
    EXPECT_TOLD_ALL,
    EXPECT_TOLDS
};

/* Where the facts leave room: each of them is one that the run recorded. */
struct expect_variant {
    bool early; /* the new side saw this phone's call when it was granted, not when it was active */
    bool missing;  /* what a dead side had in view is in no row, if no other side held its state */
    bool no_whole; /* the last row is partial, or was never due */
    enum expect_told told; /* by who paused, or to him: it woke up in time */
};

/* What the faults were to a leg. */
struct expect_felt {
    uint32_t faults;   /* in its time; one that touched many processes is one */
    uint32_t switches; /* the times without an active side that they led to */
    bool overlap;      /* one began before the other was over and done with */
    bool silence;      /* the network kept news back: it does to each party something else */
    bool unheard;      /* and lasted from the begin to the end */
};

/* An outage of a node that took its CallManager along. */
bool expect_course_callmanager(const struct history *h, const struct history_outage *o);
/* The leg was ended by a failure. */
bool expect_course_dropped(const struct expect_leg *what);
/* One course of events, as a bit. */
uint32_t expect_course_follow(const struct history *h, const struct expect_leg *what, int64_t begin,
                              int64_t end, struct expect_variant v);

/* Until when the consequences of an outage may come: what is dead is noticed once, silence goes on.
 */
int64_t expect_felt_until(const struct history *h, const struct history_outage *o);
struct expect_felt expect_felt_by(const struct history *h, const struct expect_leg *what);
/* What may be found where faults overlap, or keep news back. */
uint32_t expect_felt_mixed(const struct history *h, const struct expect_leg *what,
                           const struct expect_felt *felt);

#endif
