#include "cluster/check/scenario1.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"
#include "cluster/check/sentence_return.h"

static const struct check sentences[] = {
    /* conforms: 5, 23 */
    {"S1-PHONES", "Every phone without a call re-homes to the backup by itself",
     sentence_home_phones, true},
    /* conforms: 14 */
    {"S1-GATEWAYS", "Every gateway re-homes at once", sentence_home_gateways, true},
    {"S1-NONE-LOST", "No device is lost", sentence_home_none_lost, true},
    /* conforms: 2 */
    {"S1-PUBLISHER", "No device registers with the publisher", sentence_home_publisher, true},
    /* conforms: 6 */
    {"S1-IN-CALL", "Phones in a call stay unregistered until it is over", sentence_calls_stay,
     false},
    /* conforms: 7 */
    {"S1-MEDIA", "The media of calls in progress never pauses", sentence_calls_media, false},
    /* conforms: 8 */
    {"S1-FEATURES", "Hold, transfer and conference are refused with a reason",
     sentence_calls_features, false},
    /* conforms: 6 */
    {"S1-AFTER-HANGUP", "After hang-up the phone registers with the backup",
     sentence_calls_after_hangup, false},
    /* conforms: 9 */
    {"S1-SETUP", "A call in setup or in mid-transfer drops, and is recorded as dropped",
     sentence_calls_setup, false},
    /* conforms: 41 */
    {"S1-TCD-AT-FAULT", "One record per call in progress, written at the failure",
     sentence_calls_records, false},
    /* conforms: 42 */
    {"S1-WRAPUP", "Wrap-up entered later reaches no record", sentence_calls_wrapup, false},
    /* conforms: 42 */
    {"S1-UNCHANGED", "The record never changes", sentence_unchanged, false},
    /* conforms: 43 */
    {"S1-SECOND-ROW", "A call that outlives the PG switch has at most one further record",
     sentence_calls_second, false},
    /* conforms: 19 */
    {"S1-PG-A", "Side A loses its provider and never connects to the other CTI Manager",
     sentence_pg_lost, true},
    /* conforms: 23, 25 */
    {"S1-PG-B", "Side B registers all dialled numbers and phones, then is active",
     sentence_pg_taken, true},
    {"S1-ROUTED-AGAIN", "New calls to dialled numbers are routed again", sentence_pg_routed, false},
    /* conforms: 47 */
    {"S1-AGENTS-OUT", "Agents of the dead subscriber are logged out with 50003 and get no calls",
     sentence_agents_out, false},
    {"S1-AGENTS-BACK", "They can work again once their phone is registered", sentence_agents_back,
     false},
    /* conforms: 12 */
    {"S1-HOME-IDLE", "When it returns, idle phones go home", sentence_return_idle, false},
    /* conforms: 12 */
    {"S1-HOME-BUSY", "Busy phones go home when their call ends", sentence_return_busy, false},
    /* conforms: 12 */
    {"S1-HOME-GATEWAYS", "Gateways drain and go home one at a time", sentence_return_gateways,
     false},
    /* conforms: 28 */
    {"S1-PG-STAYS", "The PG stays on side B", sentence_pg_stays, false},
    /* conforms: 17 */
    {"S1-SAME-HASH", "The registry has the same hash on all nodes", sentence_return_hash, false},
    {"S1-ACKNOWLEDGED", "No acknowledged registration is lost", sentence_acknowledged, true},
    /* conforms: 44 */
    {"S1-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario1_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
