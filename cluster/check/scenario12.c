#include "cluster/check/scenario12.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_return.h"
#include "cluster/check/sentence_rolling.h"

static const struct check sentences[] = {
    {"S12-ALL", "Every node, PG side and controller is started anew, one at a time",
     sentence_rolling_all, true},
    {"S12-MEDIA", "The media of calls in progress never pauses", sentence_media, true},
    {"S12-CONTROL", "The PG is without an active side for no longer than a switch takes",
     sentence_rolling_control, true},
    {"S12-ROUTED", "New calls to dialled numbers are routed after each", sentence_rolling_routed,
     true},
    {"S12-SAME-HASH", "The registry has the same hash on all nodes", sentence_return_hash, false},
    {"S12-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    {"S12-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S12-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario12_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
