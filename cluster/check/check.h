/* check: the list of the judges, and what a judge answers.
 *
 * A judge reads a prepared history and says pass, fail, or inconclusive (it saw nothing that it
 * could judge), with one sentence of what it observed. No judge includes the code that it judges.
 */
#ifndef CLUSTER_CHECK_CHECK_H
#define CLUSTER_CHECK_CHECK_H

#include "cluster/check/history.h"

#define CHECK_ID_LEN       24
#define CHECK_OBSERVED_LEN 256
#define CHECK_RESULTS_MAX  64

enum verdict { VERDICT_INCONCLUSIVE, VERDICT_PASS, VERDICT_FAIL };

struct check_result {
    char id[CHECK_ID_LEN];
    const char *title; /* what is promised; never NULL */
    enum verdict verdict;
    char observed[CHECK_OBSERVED_LEN];
};

typedef void check_judge(const struct history *h, struct check_result *ret_result);

struct check {
    const char *id;
    const char *title;
    check_judge *judge;
    bool required; /* without it the run is inconclusive */
};

const char *check_verdict_text(enum verdict verdict);
/* The invariants of every run. */
const struct check *check_invariants(size_t *ret_n);
/* The scenarios that have sentences of their own, one after the other; NULL: there are no more. */
const char *check_scenario(size_t nth);
/* The sentences of a scenario, or none (0) for one that has no sentences of its own. */
const struct check *check_sentences(const char *scenario, size_t *ret_n);
/* Judge a history by the invariants, then by the sentences of the scenario (may be NULL). Returns
 * how many results there are, at most CHECK_RESULTS_MAX. */
size_t check_run(const struct history *h, const char *scenario,
                 struct check_result results[CHECK_RESULTS_MAX], enum verdict *ret_verdict);

/* For the judges: set verdict and sentence. */
__attribute__((format(printf, 3, 4))) void check_say(struct check_result *result,
                                                     enum verdict verdict, const char *format, ...);
/* fail if `bad`, pass if `good`, else inconclusive. */
enum verdict check_verdict(uint64_t good, uint64_t bad);

#endif
