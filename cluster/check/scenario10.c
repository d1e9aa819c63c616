#include "cluster/check/scenario10.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_cut.h"
#include "cluster/check/sentence_home.h"

static const struct check sentences[] = {
    {"S10-LETS-GO", "The active side loses its CTI Manager and the controller, and lets go",
     sentence_cut_lets_go, true},
    {"S10-TAKEN", "The other side monitors all dialled numbers and phones, then is active",
     sentence_cut_taken, true},
    {"S10-ONE-ACTIVE", "The controller accepts one side at a time, each under a newer epoch",
     sentence_cut_one, true},
    {"S10-ROUTED", "New calls to dialled numbers are routed meanwhile", sentence_cut_routed, true},
    {"S10-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S10-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S10-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S10-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    {"S10-STANDBY",
     "When the network is whole, the side that was cut off stands by with the state of the other "
     "one",
     sentence_cut_stands_by, true},
    {"S10-PG-STAYS", "The PG stays on the other side", sentence_cut_stays, true},
    {"S10-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S10-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario10_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
