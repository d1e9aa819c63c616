/* scenario: a rehearsed failure as data: given, when, then, finally.
 *
 * The files are delivered with the program (deploy/scenarios); what their steps do is written in
 * scenario_run. */
#ifndef CLUSTER_CONTROL_SCENARIO_H
#define CLUSTER_CONTROL_SCENARIO_H

#include "cluster/control/outcome.h"
#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/vocabulary.h"

#include <stddef.h>
#include <stdint.h>

#define SCENARIO_MAX      32
#define SCENARIO_TEXT_LEN 200

/* X(NAME, word, meaning) */
#define SCENARIO_STEP_MAP(X)                                                                  \
    X(HEALTHY, healthy, "wait until the cluster is healthy")                                  \
    X(TRAFFIC, traffic, "wait until `count` legs are up, one on hold, one being set up")      \
    X(BREAK, break, "make the fault of the trigger")                                          \
    X(REHOMED, rehomed, "wait until no idle device is away from its first living home")       \
    X(PG_MOVED, pg_moved, "wait until the other PG side is active with all monitors")         \
    X(PG_BACK, pg_back, "wait until some PG side is active with all monitors")                \
    X(PG_DUE, pg_due, "the other PG side, if the active one lost its CTI Manager; else some") \
    X(PAIRED, paired, "wait until the PG sides see each other, and each its CTI Manager")     \
    X(REST, rest, "let `count` agents go not ready, and wait until each has been")            \
    X(LOOK_ON, look_on, "let time pass")                                                      \
    X(ROUTED, routed, "wait until the controller routed one more call")                       \
    X(PRESERVED_OVER, preserved_over, "wait until no call is preserved any more")             \
    X(HEAL, heal, "undo the fault")                                                           \
    X(PHONES_HOME, phones_home, "wait until every phone is at the first member of its group") \
    X(HOME, home, "wait until every device is at the first member of its group")              \
    X(TRAFFIC_OFF, traffic_off, "let no new call begin")                                      \
    X(QUIET, quiet, "wait until all calls and wrap-ups are over and all records delivered")   \
    X(SETTLED, settled, "wait until all nodes hold the same state and have said its hash")

#define SCENARIO_ENUM(name, word, meaning) SCENARIO_##name,
enum scenario_step_kind { SCENARIO_STEP_MAP(SCENARIO_ENUM) SCENARIO_STEPS };
#undef SCENARIO_ENUM

struct scenario_step {
    enum scenario_step_kind step;
    char within[NAME_LEN];
    uint32_t count;
    char text[SCENARIO_TEXT_LEN];
};

struct scenario_trigger {
    char name[NAME_LEN];
    char how[NAME_LEN];
    enum service service;
    char text[SCENARIO_TEXT_LEN];
};

struct scenario_row {
    char test[SCENARIO_TEXT_LEN];
    char action[SCENARIO_TEXT_LEN];
    char expected[SCENARIO_TEXT_LEN];
    char result[SCENARIO_TEXT_LEN];
};

struct scenario {
    char name[NAME_LEN];
    uint32_t number;
    char title[SCENARIO_TEXT_LEN];
    char (*backends)[NAME_LEN];
    uint32_t backends_count;
    char topology[NAME_LEN];
    char target[NAME_LEN]; /* a process, or a role (target.h) that is looked up at the fault */
    struct scenario_trigger *triggers; /* the first is the default */
    uint32_t triggers_count;
    struct scenario_row *table;
    uint32_t table_count;
    struct scenario_step *given, *when, *then, *finally;
    uint32_t given_count, when_count, then_count, finally_count;
};

struct scenario_all {
    uint32_t n;
    struct scenario *at[SCENARIO_MAX]; /* by number */
};

/* All that are delivered. Says what is wrong. */
MUST_CHECK int scenario_load(struct scenario_all *ret);
void scenario_free(struct scenario_all *all);
/* By name or number; OUTCOME_USAGE with the nearest name. */
MUST_CHECK int scenario_find(const struct scenario_all *all, const char *word,
                             const struct scenario **ret);
/* NULL: the first. OUTCOME_USAGE with the nearest name. */
MUST_CHECK int scenario_trigger(const struct scenario *s, const char *word_or_null,
                                const struct scenario_trigger **ret);

#endif
