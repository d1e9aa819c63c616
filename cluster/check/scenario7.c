#include "cluster/check/scenario7.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"
#include "cluster/check/sentence_registry.h"
#include "cluster/check/sentence_return.h"

static const struct check sentences[] = {
    {"S7-LEADER", "If the publisher led the registry, another node does at once",
     sentence_registry_leader, true},
    {"S7-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S7-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S7-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    /* conforms: 18 */
    {"S7-CONFIG", "Configuration is refused until it is back", sentence_registry_config_refused,
     true},
    /* conforms: 18 */
    {"S7-USER-DATA", "User data is written as before", sentence_registry_user_data, true},
    {"S7-REGISTER", "Phones whose CallManager dies meanwhile register with its backup",
     sentence_registry_registers, true},
    {"S7-PG", "The PG does not switch", sentence_pg_as_due, true},
    {"S7-ROUTED", "New calls to dialled numbers are routed", sentence_pg_routed, true},
    {"S7-SAME-HASH", "When it is back, the registry has the same hash on all nodes",
     sentence_return_hash, false},
    {"S7-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    {"S7-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S7-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario7_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
