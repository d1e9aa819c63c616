/* pool: work in child processes, some at a time: each piece of work runs in a process of its own,
 * so that one that crashes takes nothing else with it. */
#ifndef CLUSTER_CONTROL_POOL_H
#define CLUSTER_CONTROL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_LAST_WORDS 256
#define POOL_PATIENCE   10 /* by so much may others have the processors */

struct pool_work {
    void *context;
    uint64_t n;         /* pieces, numbered from 0 */
    uint32_t jobs;      /* at a time */
    uint32_t limit_s;   /* of a processor's time for one piece; one that takes more is ended, and so
                           is one that lives POOL_PATIENCE times as long */
    size_t result_size; /* bytes; what `run` fills */
    /* In the child. */
    void (*run)(void *context, uint64_t piece, void *ret_result);
    /* In the parent, in the order in which pieces end. `result` is NULL for one that did not get to
     * its end; `words` is the last line that it wrote to stderr, or how it ended. */
    void (*done)(void *context, uint64_t piece, const void *result, const char *words);
    /* Asked again and again: stop? May be NULL. */
    bool (*stop)(void *context);
};

/* false: it was stopped, or no process could be made. */
bool pool_run(const struct pool_work *work);

#endif
