#include "cluster/check/scenario15.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_icm.h"
#include "cluster/check/sentence_split.h"

static const struct check sentences[] = {
    /* conforms: 33, 34 */
    {"S15-ALONE", "The side with the device majority serves alone, side A if both have it",
     sentence_split_alone, true},
    {"S15-ONE", "Never do both sides serve alone", sentence_split_one, true},
    {"S15-PG", "No PG side becomes active or gives up", sentence_icm_pg_stays, true},
    /* conforms: 35 */
    {"S15-ROUTED", "Every call is routed, and none waits longer than a change of the path takes",
     sentence_split_routed, true},
    /* conforms: 35 */
    {"S15-RECORDS", "Every record that a PG side wrote is stored", sentence_split_records, true},
    {"S15-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S15-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S15-AGENTS", "Nobody is logged out", sentence_agents_none_out, true},
    {"S15-WHOLE", "No record says that a call was cut", sentence_icm_whole, true},
    /* conforms: 37 */
    {"S15-RETURN", "The side that had left is given the state and the records that it lacks",
     sentence_split_returns, true},
    /* conforms: 38 */
    {"S15-LOGGERS", "Both databases hold the same records at the end", sentence_icm_loggers, true},
    {"S15-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S15-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario15_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
