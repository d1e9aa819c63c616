#include "cluster/check/check.h"

#include "cluster/check/judges.h"
#include "cluster/check/scenario1.h"
#include "cluster/check/scenario10.h"
#include "cluster/check/scenario11.h"
#include "cluster/check/scenario12.h"
#include "cluster/check/scenario14.h"
#include "cluster/check/scenario15.h"
#include "cluster/check/scenario16.h"
#include "cluster/check/scenario2.h"
#include "cluster/check/scenario3.h"
#include "cluster/check/scenario4.h"
#include "cluster/check/scenario5.h"
#include "cluster/check/scenario6.h"
#include "cluster/check/scenario7.h"
#include "cluster/check/scenario8.h"
#include "cluster/check/scenario9.h"
#include "cluster/check/scenario_controller.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct check invariants[] = {
    {"REG-1", "An acknowledged registration is never lost", check_reg_1, true},
    {"REG-2", "Nothing counts under an old epoch, and nothing new begins without a lease",
     check_reg_2, false},
    {"REG-3", "Registrations and lookups through any node are linearizable", check_reg_3, false},
    /* conforms: 17 */
    {"REG-4", "All replicas hold the same state at the same index", check_reg_4, false},
    {"HOME-1", "Every idle device finds the first living member of its group", check_home_1, true},
    {"HOME-2", "Nobody leaves a healthy CallManager, except home", check_home_2, false},
    {"CALL-1", "Media of an established call never pauses", check_call_1, false},
    {"CALL-2", "A preserved call can only be hung up", check_call_2, false},
    {"CTI-1", "Every CTI event is applied once and in order", check_cti_1, false},
    /* conforms: 19 */
    {"CTI-2", "A PG side uses its own CTI Manager only", check_cti_2, false},
    /* conforms: 40 */
    {"PG-1", "At most one active PG side an epoch", check_pg_1, false},
    /* conforms: 28 */
    {"PG-2", "The PG never fails back", check_pg_2, false},
    /* conforms: 44 */
    {"TCD-1", "Every call leg is accounted for, once", check_tcd_1, true},
    /* conforms: 42 */
    {"TCD-2", "A record never changes", check_tcd_2, false},
    {"TCD-3", "Both loggers hold the same records", check_tcd_3, false},
    /* conforms: 47 */
    {"AGT-1", "No call for an agent without a phone, no logout without cause", check_agent_1,
     false},
    {"RAFT-1", "At most one leader a term, and nobody else serves", check_raft_1, true},
    {"RAFT-2", "Terms and applied entries never go back on a node", check_raft_2, false},
    {"RAFT-3", "A leader serves only with every committed entry", check_raft_3, false},
    {"LIVE-1", "Healthy again within the bound", check_live_1, true},
};

const char *check_verdict_text(enum verdict verdict)
{
    return verdict == VERDICT_PASS ? "pass" : verdict == VERDICT_FAIL ? "fail" : "inconclusive";
}

void check_say(struct check_result *result, enum verdict verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(result->observed, sizeof result->observed, format, args);
    va_end(args);
    result->verdict = verdict;
}

enum verdict check_verdict(uint64_t good, uint64_t bad)
{
    return bad > 0 ? VERDICT_FAIL : good > 0 ? VERDICT_PASS : VERDICT_INCONCLUSIVE;
}

const struct check *check_invariants(size_t *ret_n)
{
    *ret_n = sizeof invariants / sizeof invariants[0];
    return invariants;
}

/* The scenarios whose text has sentences of its own. */
static const struct {
    const char *scenario;
    const struct check *(*checks)(size_t *ret_n);
} sentences[] = {{"subscriber-fails", scenario1_checks},
                 {"pg-side-fails", scenario2_checks},
                 {"callmanager-fails", scenario3_checks},
                 {"ctimanager-fails", scenario4_checks},
                 {"no-control", scenario5_checks},
                 {"backup-fails", scenario6_checks},
                 {"publisher-fails", scenario7_checks},
                 {"quorum-lost", scenario8_checks},
                 {"private-cut", scenario9_checks},
                 {"visible-cut", scenario10_checks},
                 {"both-cut", scenario11_checks},
                 {"rolling-restart", scenario12_checks},
                 {"controller-fails", scenario_controller_checks},
                 {"controller-gone", scenario14_checks},
                 {"controller-split", scenario15_checks},
                 {"link-flaps", scenario16_checks}};

const char *check_scenario(size_t nth)
{
    return nth < sizeof sentences / sizeof sentences[0] ? sentences[nth].scenario : NULL;
}

const struct check *check_sentences(const char *scenario, size_t *ret_n)
{
    for (size_t i = 0; scenario != NULL && check_scenario(i) != NULL; i++) {
        if (strcmp(scenario, sentences[i].scenario) == 0) {
            return sentences[i].checks(ret_n);
        }
    }
    *ret_n = 0;
    return NULL;
}

static enum verdict worse(enum verdict so_far, const struct check *check, enum verdict now)
{
    if (so_far == VERDICT_FAIL || now == VERDICT_FAIL) {
        return VERDICT_FAIL;
    }
    return check->required && now == VERDICT_INCONCLUSIVE ? VERDICT_INCONCLUSIVE : so_far;
}

size_t check_run(const struct history *h, const char *scenario,
                 struct check_result results[CHECK_RESULTS_MAX], enum verdict *ret_verdict)
{
    size_t invariants_n = 0, sentences_n = 0, n = 0;
    const struct check *lists[2] = {check_invariants(&invariants_n),
                                    check_sentences(scenario, &sentences_n)};
    size_t sizes[2] = {invariants_n, sentences_n};
    /* A torn record proves no innocence; it may still prove guilt. */
    *ret_verdict = h->gaps > 0 ? VERDICT_INCONCLUSIVE : VERDICT_PASS;
    for (size_t list = 0; list < 2; list++) {
        for (size_t i = 0; i < sizes[list]; i++) {
            const struct check *check = &lists[list][i];
            ASSERT(n < CHECK_RESULTS_MAX);
            struct check_result *result = &results[n++];
            memset(result, 0, sizeof *result);
            snprintf(result->id, sizeof result->id, "%s", check->id);
            result->title = check->title;
            check->judge(h, result);
            *ret_verdict = worse(*ret_verdict, check, result->verdict);
        }
    }
    return n;
}
