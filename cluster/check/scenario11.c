#include "cluster/check/scenario11.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_cut.h"
#include "cluster/check/sentence_home.h"

static const struct check sentences[] = {
    {"S11-NOTICED", "Both sides miss the heartbeats of the other one in time", sentence_cut_noticed,
     true},
    {"S11-LETS-GO", "The active side loses its CTI Manager and the controller, and lets go",
     sentence_cut_lets_go, true},
    {"S11-TAKEN", "The other side monitors all dialled numbers and phones, then is active",
     sentence_cut_taken, true},
    {"S11-ONE-ACTIVE", "The controller accepts one side at a time, each under a newer epoch",
     sentence_cut_one, true},
    {"S11-ROUTED", "New calls to dialled numbers are routed meanwhile", sentence_cut_routed, true},
    {"S11-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S11-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S11-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S11-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    {"S11-STANDBY",
     "When the network is whole, the side that was cut off stands by with the state of the other "
     "one",
     sentence_cut_stands_by, true},
    {"S11-PG-STAYS", "The PG stays on the other side", sentence_cut_stays, true},
    {"S11-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S11-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario11_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
