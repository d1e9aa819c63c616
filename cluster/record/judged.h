/* judged: a recorded run with its verdict: what the report shows and the command says in JSON. */
#ifndef CLUSTER_RECORD_JUDGED_H
#define CLUSTER_RECORD_JUDGED_H

#include "cluster/check/check.h"
#include "cluster/check/ledger.h"
#include "cluster/check/timings.h"
#include "cluster/record/load.h"

#include <jansson.h>

struct judged {
    struct load run;
    char scenario[64], title[128];
    uint64_t seed;
    enum verdict verdict;
    size_t results_n;
    struct check_result results[CHECK_RESULTS_MAX];
    struct timings timings;
    struct ledger ledger;
};

/* Load and judge; scenario and seed come from the run file's meta. Errors as load_run. */
MUST_CHECK enum err judged_make(struct runfile *runfile, const struct topology *topology,
                                struct judged *ret_judged);
void judged_free(struct judged *judged);
/* The contract's `ledger` of a run, a new reference; with `wrong`, one object for each leg that it
 * cannot account for. */
json_t *judged_ledger(const struct load *run, const struct ledger *ledger);
/* The object of `rehome scenario run --json` (docs/contract), a new reference; `run` and `report`
 * are paths. */
json_t *judged_json(const struct judged *judged, const char *run, const char *report);

#endif
