#include "cluster/check/scenario6.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"
#include "cluster/check/sentence_return.h"

static const struct check sentences[] = {
    /* conforms: 3 */
    {"S6-PHONES", "Every phone without a call re-homes to the first member of its group that lives",
     sentence_home_phones, true},
    {"S6-GATEWAYS", "Every gateway does so at once", sentence_home_gateways, true},
    {"S6-OTHERS", "Nobody else moves", sentence_home_unmoved, true},
    {"S6-PG", "The PG does not switch: its CTI Managers are on other nodes", sentence_pg_as_due,
     true},
    {"S6-ROUTED", "New calls to dialled numbers are routed", sentence_pg_routed, true},
    {"S6-IN-CALL", "Phones in a call stay unregistered until it is over", sentence_calls_stay,
     false},
    {"S6-MEDIA", "The media of calls in progress never pauses", sentence_calls_media, false},
    {"S6-FEATURES", "Hold, transfer and conference are refused with a reason",
     sentence_calls_features, false},
    {"S6-AFTER-HANGUP", "After hang-up the phone registers", sentence_calls_after_hangup, false},
    {"S6-SETUP", "A call in setup or in mid-transfer drops, and is recorded as dropped",
     sentence_calls_setup, false},
    {"S6-TCD-AT-FAULT", "One record per call in progress, written at the failure",
     sentence_calls_records, false},
    {"S6-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S6-AGENTS-OUT", "Agents of the dead subscribers are logged out with 50003 and get no calls",
     sentence_agents_out, false},
    {"S6-AGENTS-OTHERS", "Agents of other subscribers stay logged in", sentence_agents_others,
     false},
    {"S6-AGENTS-BACK", "They can work again once their phone is registered", sentence_agents_back,
     false},
    {"S6-HOME-IDLE", "When both are back, idle phones go home", sentence_return_idle, false},
    {"S6-HOME-BUSY", "Busy phones go home when their call ends", sentence_return_busy, false},
    {"S6-HOME-GATEWAYS", "Gateways drain and go home one at a time", sentence_return_gateways,
     false},
    {"S6-SAME-HASH", "The registry has the same hash on all nodes", sentence_return_hash, false},
    {"S6-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    {"S6-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario6_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
