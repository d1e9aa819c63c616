#include "cluster/check/scenario16.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_cut.h"
#include "cluster/check/sentence_flap.h"
#include "cluster/check/sentence_home.h"

static const struct check sentences[] = {
    {"S16-FLAPS", "The side that was active notices again and again that its link is gone",
     sentence_flap_noticed, true},
    /* conforms: 56 */
    {"S16-MOVES", "The PG changes its active side twice at most", sentence_flap_moves, true},
    {"S16-TAKEN", "The other side monitors all dialled numbers and phones, then is active",
     sentence_flap_taken, true},
    {"S16-ONE-ACTIVE", "The controller accepts one side at a time, each under a newer epoch",
     sentence_cut_one, true},
    {"S16-ROUTED", "New calls to dialled numbers are routed when the link stays whole",
     sentence_flap_routed, true},
    {"S16-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S16-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S16-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S16-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    {"S16-STANDBY", "The side that was cut off stands by with the state of the other one",
     sentence_cut_stands_by, true},
    {"S16-PG-STAYS", "The PG stays on the other side", sentence_cut_stays, true},
    {"S16-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S16-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario16_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
