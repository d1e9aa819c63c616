/* judge: a cluster's folder, or a recorded run, in; verdict and report out (cluster/record). */
#ifndef CLUSTER_CONTROL_JUDGE_H
#define CLUSTER_CONTROL_JUDGE_H

#include "cluster/control/home.h"
#include "cluster/record/runfile.h"

#include <jansson.h>

/* Up to when a cluster is judged: until now, once all its processes have written what they saw so
 * far; INT64_MAX, and at once, for one that does not run. */
int64_t judge_until(const struct cluster *c);

/* The ledger of what a cluster has recorded until a moment. Says what is wrong. */
MUST_CHECK int judge_ledger(const struct cluster *c, int64_t until_us, json_t **ret_ledger);

/* Copy what a cluster has recorded until a moment into the folder of a run, judge it by the
 * invariants and the scenario, and write verdict.json and report.html there. The verdict is as in
 * the contract. */
MUST_CHECK int judge_record(const struct cluster *c, const char *run_folder,
                            const struct runfile_rehearsal *rehearsal, int64_t until_us,
                            json_t **ret_verdict);
/* Make a run of all that a cluster has recorded until a moment, and judge it by the invariants. It
 * may go on meanwhile, or have been stopped. */
MUST_CHECK int judge_cluster(const struct cluster *c, int64_t until_us, json_t **ret_verdict);
/* Judge a run's folder again. */
MUST_CHECK int judge_again(const char *run_folder, json_t **ret_verdict);

/* Copy a file. Says what is wrong. */
MUST_CHECK int judge_copy(const char *from, const char *to);

/* Print a verdict for people: all of it, or what is not a pass and where the report is. */
void judge_print(const json_t *verdict);
void judge_print_short(const json_t *verdict);
/* 0, 1 or 3. */
int judge_outcome(const json_t *verdict);

#endif
