#include "cluster/check/scenario8.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_registry.h"
#include "cluster/check/sentence_return.h"

static const struct check sentences[] = {
    {"S8-NO-LEADER", "Nobody leads, and no node that lives keeps its lease",
     sentence_registry_no_leader, true},
    {"S8-PHONES", "Phones and gateways of the CallManager that lives stay with it",
     sentence_home_unmoved, true},
    {"S8-CALLS", "Calls in progress there go on", sentence_calls_go_on, true},
    {"S8-MEDIA", "The media of the others never pauses", sentence_calls_media, false},
    {"S8-REGISTER", "Registrations are refused with NO_QUORUM", sentence_registry_none_registers,
     true},
    {"S8-NEW-CALLS", "New calls are refused with NO_QUORUM", sentence_registry_no_new_call, true},
    {"S8-CONFIG", "Configuration is refused", sentence_registry_config_refused, true},
    {"S8-USER-DATA", "User data is refused with NO_QUORUM", sentence_registry_user_data_refused,
     true},
    {"S8-RETURN", "With one of the two back there is a leader, and phones register",
     sentence_registry_again, true},
    {"S8-SAME-HASH", "With both back, the registry has the same hash on all nodes",
     sentence_return_hash, false},
    {"S8-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    {"S8-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S8-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario8_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
