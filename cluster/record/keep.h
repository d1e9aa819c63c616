/* keep: a history that is in memory becomes a run file: what the simulation saw opens like a real
 * run. */
#ifndef CLUSTER_RECORD_KEEP_H
#define CLUSTER_RECORD_KEEP_H

#include "cluster/check/history.h"
#include "cluster/record/runfile.h"

struct keep_run {
    const char *topology_file; /* kept with the run */
    struct runfile_rehearsal rehearsal;
    int64_t wall_us; /* the wall clock at 0 of the history's clock */
};

/* Write events, legs and rows into RUN_DIR/run.db, which must not exist yet.
 * Errors   ERR_IO  the file cannot be written; what is there of it is of no use */
MUST_CHECK enum err keep_history(const char *run_dir, const struct history *history,
                                 const struct keep_run *run);

#endif
