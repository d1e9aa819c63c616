/* outcome: the exit codes of the command, in one list, and how it says that something is wrong.
 *
 * An error says what failed, why, and what to type next. Data goes to stdout, all of this to
 * stderr. */
#ifndef CLUSTER_CONTROL_OUTCOME_H
#define CLUSTER_CONTROL_OUTCOME_H

#include "node/base/vocabulary.h"

#include <stdbool.h>

#define OUTCOME_MAP(X)                                                                           \
    X(DONE, 0, "done; or the verdict is pass")                                                   \
    X(NO, 1, "the answer is no: unhealthy, or the verdict is fail")                              \
    X(INCONCLUSIVE, 3, "the run could not be judged: a recorder gap, a fault that was not made") \
    X(USAGE, 64, "the command line makes no sense; the nearest name is offered")                 \
    X(DATA, 65, "a file that was read holds bad data")                                           \
    X(UNREACHABLE, 69, "a process cannot be reached, or there is no quorum")                     \
    X(BUG, 70, "a bug of rehome's own")                                                          \
    X(EXISTS, 73,                                                                                \
      "it is already there or cannot be created: cluster up, folder not writable, "              \
      "port in use")                                                                             \
    X(IO, 74, "reading or writing failed")                                                       \
    X(TIMEOUT, 75, "it did not happen in time; try again")                                       \
    X(PRIVILEGES, 77, "it needs more privileges")                                                \
    X(CONFIG, 78, "a topology or scenario file is wrong; each complaint names its place")        \
    X(INTERRUPTED, 130, "interrupted")

#define OUTCOME_ENUM(name, code, text) OUTCOME_##name = (code),
enum outcome { OUTCOME_MAP(OUTCOME_ENUM) };
#undef OUTCOME_ENUM

/* "rehome: what: why", then "  next:  next" if there is one; answers `code`. */
int outcome_error(enum outcome code, const char *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One line of progress. */
void outcome_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What was done, on stderr, and the command that undoes it (NULL or empty: none), on the same line
 * if it is short enough. */
void outcome_done(const char *undo, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How a command ends whose order was answered with this reason. */
enum outcome outcome_of(enum reason reason);
/* What an exit code means; NULL for one that is not in the list. */
const char *outcome_meaning(int code);

#endif
