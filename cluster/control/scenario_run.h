/* scenario_run: run one scenario: a cluster of its own, its steps, the verdict, and down again. */
#ifndef CLUSTER_CONTROL_SCENARIO_RUN_H
#define CLUSTER_CONTROL_SCENARIO_RUN_H

#include "cluster/control/backend.h"
#include "cluster/control/scenario.h"

#include <jansson.h>

struct scenario_run_options {
    const struct scenario *scenario;
    const char *word; /* by which it was asked for */
    const struct scenario_trigger *trigger;
    const char *topology; /* NULL: the scenario's */
    const char *backend;  /* NULL: local */
    struct backend_place place;
    const char *profile;
    uint64_t seed;
    bool seed_set;
    const char *report_folder; /* NULL: only the run's folder */
    const char *cluster;       /* of --here */
    bool here;                 /* in the cluster that is up */
    bool quiet;
};

/* `*ret_verdict` is set if the run was judged. The answer is 0, 1 or 3 by the verdict, or says why
 * there is none; a cluster of its own is gone in every case. */
MUST_CHECK int scenario_run(const struct home *h, const struct scenario_run_options *options,
                            json_t **ret_verdict);

#endif
