/* plant: bugs that are planted on purpose, one at a time, to show that each judge of cluster/check
 * finds the one that it is there for (docs/adr/0013-planted-bugs.md).
 *
 * Only a build with REHOME_PLANTS has them, which is the preset `dev`. In every other build
 * PLANTED() is the constant false, so that nothing of a bug is left in the programs. The one that
 * is planted is the only changeable global on the lower floors: it is set before a run begins, and
 * a run that has none planted is the same as without REHOME_PLANTS. */
#ifndef NODE_BASE_PLANT_H
#define NODE_BASE_PLANT_H

#include <stdbool.h>

/* name, word on the command line, the judge that has to catch it, what is wrong then */
#define PLANT_MAP(X)                                                                              \
    X(ACK_EARLY, "ack-early", "REG-1", "a registration is acknowledged before it is committed")   \
    X(OLD_EPOCH, "old-epoch", "REG-2", "a CallManager forgets to look at epochs")                 \
    X(NO_LEASE, "no-lease", "REG-2", "a CallManager goes on without a lease")                     \
    X(STALE_READ, "stale-read", "REG-3", "a linearizable lookup is answered from what is there")  \
    X(SKIP_COMMAND, "skip-command", "REG-4", "one replica does not apply every command")          \
    X(STAY_PUT, "stay-put", "HOME-1", "a device asks nobody but the first member of its group")   \
    X(NO_FALLBACK, "no-fallback", "HOME-1", "a device never goes home")                           \
    X(NO_WATCH, "no-watch", "HOME-2", "a device goes home without waiting for the watch")         \
    X(DEAF, "deaf", "HOME-2", "a device does not hear that its keepalives are answered")          \
    X(MUTE, "mute", "CALL-1", "a phone stops its media when its CallManager is lost")             \
    X(FEATURES, "features", "CALL-2", "a phone puts a preserved call on hold")                    \
    X(TWICE, "twice", "CTI-1", "a CTI Manager sends events again, and the PG applies them again") \
    X(PASS_OVER, "pass-over", "CTI-1", "a CTI Manager loses events, and the PG passes over it")   \
    X(CROSS_CONNECT, "cross-connect", "CTI-2", "a PG side uses the other side's CTI Manager")     \
    X(TWO_ACTIVE, "two-active", "PG-1", "the controller grants one epoch to both sides")          \
    X(FAIL_BACK, "fail-back", "PG-2", "side B gives up when side A is well again")                \
    X(ROW_TWICE, "row-twice", "TCD-1", "a call record is written twice, under two keys")          \
    X(ROW_LOST, "row-lost", "TCD-1", "some call records are not written")                         \
    X(AMEND, "amend", "TCD-2", "a call record is amended")                                        \
    X(ROUTE_TO_NOBODY, "route-to-nobody", "AGT-1", "an agent whose phone is lost is ready again") \
    X(LOG_OUT, "log-out", "AGT-1", "every PG switch logs out all agents")                         \
    X(USURP, "usurp", "RAFT-1", "a leader that was replaced goes on in the new term")             \
    X(FORGET_TERM, "forget-term", "RAFT-2", "the disk forgets the last term and its vote")        \
    X(SERVE_EARLY, "serve-early", "RAFT-3", "a leader serves before it has applied everything")   \
    X(LEAVE_POINTS, "leave-points", "LIVE-1", "nobody opens the route points of a dead node")

enum plant {
    PLANT_NONE,
#define X(name, word, judge, meaning) PLANT_##name,
    PLANT_MAP(X)
#undef X
        PLANT_COUNT
};

#ifdef REHOME_PLANTS
#define PLANTED(name) plant_is(PLANT_##name)

bool plant_is(enum plant plant);
/* From now on, in this process. NONE: no bug. */
void plant_set(enum plant plant);
/* Never NULL; for NONE empty. */
const char *plant_text(enum plant plant);
const char *plant_judge(enum plant plant);
const char *plant_meaning(enum plant plant);
#else
#define PLANTED(name) false
#endif

#endif
