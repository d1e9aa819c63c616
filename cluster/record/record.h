/* record: from the folder of a cluster to a judged run with its report: what the scenario runner
 * calls.
 *
 *   record_collect(run folder, cluster folder)      events, legs and records into RUN/run.db
 *   record_judge(run folder)                        RUN/verdict.json and RUN/report.html */
#ifndef CLUSTER_RECORD_RECORD_H
#define CLUSTER_RECORD_RECORD_H

#include "cluster/check/check.h"

#include "cluster/record/runfile.h"

#include <jansson.h>

#define RECORD_REPORT  "report.html"
#define RECORD_VERDICT "verdict.json"

/* Merge what the processes wrote below `cluster_dir` into RUN_DIR/run.db (both exist); again and
 * again while the cluster runs, and once after the end. What was rehearsed is kept with
 * it.
 * Errors   ERR_IO, ERR_VERSION */
MUST_CHECK enum err record_collect(const char *run_dir, const char *cluster_dir,
                                   const struct topology *topology,
                                   const struct runfile_rehearsal *rehearsal);
/* The run is what was in from_us..until_us, on the clock of the fleet's machine: what was recorded
 * earlier or later is not judged, and not shown. For a cluster that was started again, that was
 * stopped, or that runs on: what a process has not written yet would be missed.
 * Errors   ERR_IO, ERR_VERSION */
MUST_CHECK enum err record_limit(const char *run_dir, const struct topology *topology,
                                 int64_t from_us, int64_t until_us);
/* Judge RUN_DIR/run.db; write the report and the verdict to `report_dir` (NULL: RUN_DIR). The
 * object of the contract is a new reference in *ret_json (may be NULL).
 * Errors   ERR_IO, ERR_MEMORY, ERR_VERSION; *ret_verdict is set on success only */
MUST_CHECK enum err record_judge(const char *run_dir, const struct topology *topology,
                                 const char *report_dir, enum verdict *ret_verdict,
                                 json_t **ret_json);

#endif
