#include "cluster/check/scenario3.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"
#include "cluster/check/sentence_return.h"

static const struct check sentences[] = {
    /* conforms: 5 */
    {"S3-PHONES", "Every phone without a call re-homes to the backup by itself",
     sentence_home_phones, true},
    {"S3-GATEWAYS", "Every gateway re-homes at once", sentence_home_gateways, true},
    {"S3-NONE-LOST", "No device is lost", sentence_home_none_lost, true},
    /* conforms: 21 */
    {"S3-PG", "The PG switches only if its CTI Manager went with the CallManager",
     sentence_pg_as_due, true},
    {"S3-ROUTED", "New calls to dialled numbers are routed", sentence_pg_routed, true},
    {"S3-IN-CALL", "Phones in a call stay unregistered until it is over", sentence_calls_stay,
     false},
    {"S3-MEDIA", "The media of calls in progress never pauses", sentence_calls_media, false},
    {"S3-FEATURES", "Hold, transfer and conference are refused with a reason",
     sentence_calls_features, false},
    {"S3-AFTER-HANGUP", "After hang-up the phone registers with the backup",
     sentence_calls_after_hangup, false},
    {"S3-SETUP", "A call in setup or in mid-transfer drops, and is recorded as dropped",
     sentence_calls_setup, false},
    /* conforms: 41 */
    {"S3-TCD-AT-FAULT", "One record per call in progress, written at the failure",
     sentence_calls_records, false},
    {"S3-SECOND-ROW", "No further record, unless the call outlives a PG switch",
     sentence_calls_second, false},
    {"S3-WRAPUP", "Wrap-up entered later reaches no record of the failure", sentence_calls_wrapup,
     false},
    {"S3-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    /* conforms: 47 */
    {"S3-AGENTS-OUT", "Agents of the dead subscriber are logged out with 50003 and get no calls",
     sentence_agents_out, false},
    /* conforms: 47 */
    {"S3-AGENTS-OTHERS", "Agents of other subscribers stay logged in", sentence_agents_others,
     false},
    {"S3-AGENTS-BACK", "They can work again once their phone is registered", sentence_agents_back,
     false},
    {"S3-HOME-IDLE", "When it returns, idle phones go home", sentence_return_idle, false},
    {"S3-HOME-BUSY", "Busy phones go home when their call ends", sentence_return_busy, false},
    {"S3-HOME-GATEWAYS", "Gateways drain and go home one at a time", sentence_return_gateways,
     false},
    {"S3-PG-STAYS", "Nothing changes the PG then", sentence_pg_stays, true},
    {"S3-SAME-HASH", "The registry has the same hash on all nodes", sentence_return_hash, false},
    {"S3-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    {"S3-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario3_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
