#include "cluster/check/scenario2.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"

static const struct check sentences[] = {
    /* conforms: 31 */
    {"S2-NOTICED", "Side B misses the private heartbeats of side A in time", sentence_pg_noticed,
     true},
    /* conforms: 22, 25 */
    {"S2-PG-B", "Side B monitors all dialled numbers and phones, then is active", sentence_pg_taken,
     true},
    /* conforms: 22 */
    {"S2-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    /* conforms: 53 */
    {"S2-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S2-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S2-TCD-AT-FAULT", "A call in progress has a record of the time of the failure",
     sentence_calls_records, false},
    /* conforms: 43 */
    {"S2-SECOND-ROW", "A call that outlives the switch has at most one further, unlinked record",
     sentence_calls_second, false},
    {"S2-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    /* conforms: 53 */
    {"S2-DATA-LOST", "Call data and wrap-up in progress reach no record", sentence_calls_data_lost,
     false},
    {"S2-ROUTED-AGAIN", "New calls to dialled numbers are routed again", sentence_pg_routed, true},
    {"S2-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    /* conforms: 48 */
    {"S2-AGENTS-KEPT",
     "Available stays available, not ready stays not ready, a cut call or wrap-up ends in what was "
     "before",
     sentence_agents_states, true},
    /* conforms: 24, 37 */
    {"S2-STANDBY", "When it returns, side A stands by with the state of side B",
     sentence_pg_stands_by, true},
    /* conforms: 28 */
    {"S2-PG-STAYS", "The PG stays on side B", sentence_pg_stays, true},
    {"S2-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario2_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
