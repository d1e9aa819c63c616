/* sentence: what the sentences of the scenarios ask first: what failed, whom it took the control,
 * and when it came back. What each sentence promises stands in the tables of scenario1.c and its
 * sisters.
 *
 * What is broken within a moment is one fault, of several: it begins with the first of them, and is
 * made with the last. What comes later is another one, which the sentences about calls and phones
 * that are not touched leave out. */
#ifndef CLUSTER_CHECK_SENTENCE_H
#define CLUSTER_CHECK_SENTENCE_H

#include "cluster/check/check.h"

/* Who had the control of a PG pair at the fault, and the other side. */
struct sentence_sides {
    struct proc_id before, other;
};

/* The first fault; NULL: there was none, and that is said. */
const struct history_outage *sentence_fault(const struct history *h, struct check_result *ret);
/* The same if it took a CallManager away; else NULL, and that is said. */
const struct history_outage *sentence_dead_callmanager(const struct history *h,
                                                       struct check_result *ret);
/* Whether the fault took this node its CallManager. */
bool sentence_took(const struct history *h, struct proc_id node);
/* When the last part of the fault was made; there is a fault. */
int64_t sentence_made(const struct history *h);
/* When another CallManager is taken than by the fault; FOREVER: none is. */
int64_t sentence_next(const struct history *h);
/* Whether the fault takes an active PG side its CTI Manager, or its life, by the topology: then the
 * other side must take over, and the sides are those of that pair. Else, if there is one, those of
 * the first pair with an active side. */
bool sentence_switches(const struct history *h, struct sentence_sides *ret_sides);
/* The same; false is said. */
bool sentence_must_switch(const struct history *h, struct check_result *ret,
                          struct sentence_sides *ret_sides);
/* When all that failed was back; -1: never, and that is said. */
int64_t sentence_returned(const struct history *h, struct check_result *ret);
/* Whether a device is a phone. */
bool sentence_is_phone(const struct history *h, struct device_id device);

/* Invariants that are sentences, too: of a run with a fault. */
check_judge sentence_media;
check_judge sentence_ledger;
check_judge sentence_unchanged;
check_judge sentence_acknowledged;

#endif
