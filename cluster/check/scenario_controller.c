#include "cluster/check/scenario_controller.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_icm.h"

static const struct check sentences[] = {
    {"CC-ALONE", "The other side serves alone as soon as it has missed its partner",
     sentence_icm_alone, true},
    {"CC-PG", "No PG side becomes active or gives up", sentence_icm_pg_stays, true},
    /* conforms: 36 */
    {"CC-ROUTED", "Every call is routed, and none waits longer than the loss may last",
     sentence_icm_routed, true},
    {"CC-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"CC-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"CC-AGENTS", "Nobody is logged out", sentence_agents_none_out, true},
    /* conforms: 36 */
    {"CC-WHOLE", "No record says that a call was cut", sentence_icm_whole, true},
    /* conforms: 37 */
    {"CC-RETURN", "The side that returns is given the state and the records that it lacks",
     sentence_icm_returns, true},
    /* conforms: 38 */
    {"CC-LOGGERS", "Both databases hold the same records at the end", sentence_icm_loggers, true},
    {"CC-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"CC-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario_controller_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
