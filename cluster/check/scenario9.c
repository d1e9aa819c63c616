#include "cluster/check/scenario9.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_cut.h"
#include "cluster/check/sentence_home.h"

static const struct check sentences[] = {
    /* conforms: 31 */
    {"S9-NOTICED", "Both sides miss the heartbeats of the other one in time", sentence_cut_noticed,
     true},
    {"S9-KEEPS", "While both reach the same devices, the active side stays active",
     sentence_cut_keeps, true},
    /* conforms: 32 */
    {"S9-HEAVIER", "When the other side reaches more devices, it takes over", sentence_cut_heavier,
     true},
    {"S9-ONE-ACTIVE", "The controller accepts one side at a time, each under a newer epoch",
     sentence_cut_one, true},
    {"S9-ROUTED", "New calls to dialled numbers are routed during each cut", sentence_cut_routed,
     true},
    {"S9-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S9-MEDIA", "The media of calls in progress never pauses", sentence_media, true},
    {"S9-STANDBY",
     "When the network is whole, the lighter side stands by with the state of the other one",
     sentence_cut_stands_by, true},
    {"S9-PG-STAYS", "The PG stays on that side", sentence_cut_stays, true},
    {"S9-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S9-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario9_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
