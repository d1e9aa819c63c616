#include "cluster/check/scenario5.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_control.h"
#include "cluster/check/sentence_home.h"

static const struct check sentences[] = {
    /* conforms: 30 */
    {"S5-NO-CONTROL", "While neither side can act, no side is active and nothing is routed",
     sentence_control_none, true},
    {"S5-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S5-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S5-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    /* conforms: 30 */
    {"S5-BACK", "Control returns when a PG side returns, and when a CTI Manager does",
     sentence_control_back, true},
    {"S5-ROUTED", "New calls to dialled numbers are routed again each time",
     sentence_control_routed, true},
    {"S5-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    {"S5-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S5-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario5_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
