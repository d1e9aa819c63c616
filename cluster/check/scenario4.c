#include "cluster/check/scenario4.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_pg.h"

static const struct check sentences[] = {
    /* conforms: 19, 20 */
    {"S4-PG-A", "Side A loses its provider and never connects to another CTI Manager",
     sentence_pg_lost, true},
    /* conforms: 20, 25 */
    {"S4-PG-B", "Side B monitors all dialled numbers and phones, then is active", sentence_pg_taken,
     true},
    /* conforms: 20 */
    {"S4-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S4-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S4-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S4-TCD-AT-FAULT", "A call in progress has a record of the time of the failure",
     sentence_calls_records, false},
    {"S4-SECOND-ROW", "A call that outlives the switch has at most one further, unlinked record",
     sentence_calls_second, false},
    {"S4-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S4-DATA-LOST", "Call data and wrap-up in progress reach no record", sentence_calls_data_lost,
     false},
    {"S4-ROUTED-AGAIN", "New calls to dialled numbers are routed again", sentence_pg_routed, true},
    {"S4-AGENTS-IN", "Nobody is logged out with 50003", sentence_agents_none_out, true},
    /* conforms: 48 */
    {"S4-AGENTS-KEPT",
     "Available stays available, not ready stays not ready, a cut call or wrap-up ends in what was "
     "before",
     sentence_agents_states, true},
    {"S4-STANDBY", "When it returns, side A stands by with the state of side B",
     sentence_pg_stands_by, true},
    /* conforms: 28 */
    {"S4-PG-STAYS", "The PG stays on side B", sentence_pg_stays, true},
    {"S4-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario4_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
