/* scenario: a rehearsed failure as data: given, when, then, finally.
 *
 * The files are delivered with the program (deploy/scenarios); what their steps do is written in
 * scenario_step. */
#ifndef CLUSTER_CONTROL_SCENARIO_H
#define CLUSTER_CONTROL_SCENARIO_H

#include "cluster/control/break_how.h"
#include "cluster/control/outcome.h"
#include "cluster/fault/cut.h"
#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/vocabulary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topology;

#define SCENARIO_MAX      32
#define SCENARIO_TEXT_LEN 200
#define SCENARIO_PATH_LEN 1024

/* What a step may say besides its time and its text. */
enum scenario_field {
    SCENARIO_FIELD_COUNT = 1 << 0,
    SCENARIO_FIELD_TARGET = 1 << 1,
    SCENARIO_FIELD_HOW = 1 << 2,
    SCENARIO_FIELD_SERVICE = 1 << 3,
    SCENARIO_FIELD_SIDES = 1 << 4,
    SCENARIO_FIELD_NET = 1 << 5,
    SCENARIO_FIELD_WRITE = 1 << 6,
    SCENARIO_FIELD_REJECT = 1 << 7
};
#define SCENARIO_FIELDS_BREAK (SCENARIO_FIELD_TARGET | SCENARIO_FIELD_HOW | SCENARIO_FIELD_SERVICE)
#define SCENARIO_FIELDS_CUT   (SCENARIO_FIELD_NET | SCENARIO_FIELD_REJECT)
#define SCENARIO_FIELDS_FLAP  (SCENARIO_FIELD_SIDES | SCENARIO_FIELD_COUNT)
#define SCENARIO_FIELDS_HEAL  (SCENARIO_FIELD_TARGET | SCENARIO_FIELD_SIDES)

/* X(NAME, word, fields that it must say, fields that it may say, meaning) */
#define SCENARIO_STEP_MAP(X)                                                                      \
    X(HEALTHY, healthy, 0, 0, "wait until the cluster is healthy")                                \
    X(TRAFFIC, traffic, SCENARIO_FIELD_COUNT, 0,                                                  \
      "wait until `count` legs are up, one on hold, one being set up")                            \
    X(BREAK, break, 0, SCENARIO_FIELDS_BREAK,                                                     \
      "break `target` (else: the scenario's) as `how` and `service` say (else: the trigger)")     \
    X(CUT, cut, SCENARIO_FIELD_SIDES, SCENARIO_FIELDS_CUT,                                        \
      "cut the network `net` (else: the visible one) between two `sides`; with `reject` senders " \
      "are told at once")                                                                         \
    X(FLAP, flap, SCENARIO_FIELDS_FLAP, SCENARIO_FIELDS_CUT,                                      \
      "cut it and heal it `count` times; cut as long as whole, all of it in the time `within`")   \
    X(REHOMED, rehomed, 0, 0, "wait until no idle device is away from its first living home")     \
    X(PG_MOVED, pg_moved, 0, 0, "wait until the other PG side is active with all monitors")       \
    X(PG_BACK, pg_back, 0, 0, "wait until some PG side is active with all monitors")              \
    X(PG_DUE, pg_due, 0, 0,                                                                       \
      "the other PG side, if the active one lost its CTI Manager; else some")                     \
    X(PG_NONE, pg_none, 0, 0, "wait until no PG side is active")                                  \
    X(PAIRED, paired, 0, 0, "wait until the PG sides see each other, and each its CTI Manager")   \
    X(REST, rest, SCENARIO_FIELD_COUNT, 0,                                                        \
      "let `count` agents be not ready, at once or after their calls")                            \
    X(LOOK_ON, look_on, 0, 0, "let time pass")                                                    \
    X(ROUTED, routed, 0, 0, "wait until the controller routed one more call")                     \
    X(PRESERVED_OVER, preserved_over, 0, 0, "wait until no call is preserved any more")           \
    X(QUORUM, quorum, 0, 0, "wait until there is a leader, and every living node has a lease")    \
    X(NO_QUORUM, no_quorum, 0, 0, "wait until there is no leader, and no node has a lease")       \
    X(ACCEPTED, accepted, SCENARIO_FIELD_WRITE, 0,                                                \
      "wait until a `write` is taken: of config by the publisher, of forward by every living "    \
      "node")                                                                                     \
    X(REFUSED, refused, SCENARIO_FIELD_WRITE, 0,                                                  \
      "wait until every living node refuses a `write` of config or forward")                      \
    X(LEAD, lead, SCENARIO_FIELD_TARGET, 0, "let `target` lead the registry")                     \
    X(HEAL, heal, 0, SCENARIO_FIELDS_HEAL,                                                        \
      "undo what was done to a target or between sides; else all")                                \
    X(PHONES_HOME, phones_home, 0, 0,                                                             \
      "wait until every phone is at the first member of its group; when time is up, one in a "    \
      "call may still be elsewhere, as it goes home after it")                                    \
    X(HOME, home, 0, 0, "wait until every device is at the first member of its group")            \
    X(TRAFFIC_OFF, traffic_off, 0, 0, "let no new call begin")                                    \
    X(QUIET, quiet, 0, 0, "wait until all calls and wrap-ups are over and all records delivered") \
    X(SETTLED, settled, 0, 0, "wait until all nodes hold the same state and have said its hash")

#define SCENARIO_ENUM(name, word, must, may, meaning) SCENARIO_##name,
enum scenario_step_kind { SCENARIO_STEP_MAP(SCENARIO_ENUM) SCENARIO_STEPS };
#undef SCENARIO_ENUM

/* Configuration, which the publisher writes, or user data, which any node does. */
enum scenario_write { SCENARIO_WRITE_NONE, SCENARIO_WRITE_CONFIG, SCENARIO_WRITE_FORWARD };

struct scenario_step {
    enum scenario_step_kind step;
    char within[NAME_LEN];
    char text[SCENARIO_TEXT_LEN];
    /* Zero, or empty: not said. */
    uint32_t count;
    char target[NAME_LEN];
    enum break_how how;
    enum service service;
    char sides[SCENARIO_TEXT_LEN]; /* as of `rehome partition` */
    enum cut_net net;
    bool reject;
    enum scenario_write write;
};

struct scenario_trigger {
    char name[NAME_LEN];
    enum break_how how;
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
    char topology[SCENARIO_TEXT_LEN]; /* a file, or the name of a delivered one */
    char target[NAME_LEN]; /* a process, or a role (target.h) that is looked up at the fault */
    struct scenario_trigger *triggers; /* the first is the default */
    uint32_t triggers_count;
    struct scenario_row *table;
    uint32_t table_count;
    struct scenario_step *given, *when, *then, *finally;
    uint32_t given_count, when_count, then_count, finally_count;
    char file[SCENARIO_PATH_LEN]; /* that all this was read from */
};

struct scenario_all {
    uint32_t n;
    struct scenario *at[SCENARIO_MAX]; /* by number */
    char *complaints;                  /* about files that are refused; NULL: none is */
};

/* All that are delivered, but for files that are refused. OUTCOME_IO if there is none at all. */
MUST_CHECK int scenario_load(struct scenario_all *ret);
void scenario_free(struct scenario_all *all);
/* Say which files are refused, and why: OUTCOME_CONFIG; else OUTCOME_DONE. */
MUST_CHECK int scenario_refused(const struct scenario_all *all);
/* One by its name or number: OUTCOME_USAGE with the nearest name, OUTCOME_CONFIG if it may be one
 * that is refused. Or by its file, a word with a slash or ".yaml": OUTCOME_CONFIG if it is wrong.
 * In every case `all` is filled and freed by the caller. */
MUST_CHECK int scenario_open(const char *word, struct scenario_all *all,
                             const struct scenario **ret);
/* Whether it can be played on this topology; says with line and column why not, OUTCOME_USAGE. */
MUST_CHECK int scenario_suits(const struct scenario *s, const struct topology *t);
/* The same for a file, or the name of a delivered one. */
MUST_CHECK int scenario_suits_file(const struct scenario *s, const char *topology);
/* Whether real processes can play it for root only: it cuts networks. */
bool scenario_needs_root(const struct scenario *s);
/* NULL: the first. OUTCOME_USAGE with the nearest name. */
MUST_CHECK int scenario_trigger(const struct scenario *s, const char *word_or_null,
                                const struct scenario_trigger **ret);

#endif
