/* timings: the anatomy of a failover: what came when after the first fault (docs/contract). */
#ifndef CLUSTER_CHECK_TIMINGS_H
#define CLUSTER_CHECK_TIMINGS_H

#include "cluster/check/history.h"

#define TIMINGS_NONE (-1)

/* Microseconds after the fault; TIMINGS_NONE: did not happen. */
struct timings {
    int64_t fault_at;                            /* on the clock of the events; NONE: no fault */
    int64_t detect;                              /* the first process that noticed */
    int64_t elect;                               /* a new Raft leader */
    int64_t first_rehome, p50, p99, last_rehome; /* idle devices, acknowledged elsewhere */
    int64_t pg_active;           /* the other side granted, its monitors confirmed */
    int64_t routed;              /* the first call routed by the new side */
    int64_t steady;              /* LIVE-1 holds */
    uint64_t idle, moved;        /* devices of the dead CallManager: idle at the fault, re-homed */
    uint64_t kept_in_call, lost; /* stayed for their call; gone for good */
    uint64_t preserved, dropped_in_setup; /* legs */
    int64_t gap_max;                      /* the longest pause of an established call's media */
};

/* Errors ERR_MEMORY. */
MUST_CHECK enum err timings_find(const struct history *h, struct timings *ret_timings);

#endif
