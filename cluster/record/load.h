/* load: a run file as the plain structs that the judges read. */
#ifndef CLUSTER_RECORD_LOAD_H
#define CLUSTER_RECORD_LOAD_H

#include "cluster/record/run_clock.h"

struct load {
    struct history history; /* prepared */
    struct event *events;
    struct history_leg *legs;
    struct history_row *rows;
    int64_t wall_us;          /* the wall clock at 0 of the events' clock */
    struct run_clocks clocks; /* of the machines that it is from */
};

/* Errors   ERR_IO, ERR_MEMORY; nothing is kept then. */
MUST_CHECK enum err load_run(struct runfile *runfile, const struct topology *topology,
                             struct load *ret_load);
/* From now on whoever loads this run file gets nothing that was before a moment: of a cluster that
 * was stopped and started again, only its last life.
 * Errors   ERR_IO */
MUST_CHECK enum err load_begin_at(struct runfile *runfile, int64_t from_us);
/* From now on whoever loads this run file gets it as it was at a moment (load_cut).
 * Errors   ERR_IO */
MUST_CHECK enum err load_end_at(struct runfile *runfile, int64_t until_us);
/* Leave only what was so at a moment: later events, legs and rows are gone, legs that were up then
 * are open. Errors ERR_MEMORY: only load_free may be called then. */
MUST_CHECK enum err load_cut(struct load *load, int64_t at_us);
void load_free(struct load *load);

#endif
