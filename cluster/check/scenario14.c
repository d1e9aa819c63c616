#include "cluster/check/scenario14.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_agents.h"
#include "cluster/check/sentence_calls.h"
#include "cluster/check/sentence_gone.h"
#include "cluster/check/sentence_home.h"
#include "cluster/check/sentence_icm.h"

static const struct check sentences[] = {
    {"S14-NO-ROUTE", "While there is no controller no call is routed", sentence_gone_none_routed,
     true},
    {"S14-WAIT", "Callers wait at the route point for as long as an answer may take",
     sentence_gone_wait, true},
    {"S14-PG", "No PG side becomes active or gives up", sentence_icm_pg_stays, true},
    {"S14-MEDIA", "Calls in progress and their media go on", sentence_calls_go_on, true},
    {"S14-FEATURES", "Hold and consultation still work on the phones", sentence_calls_features_stay,
     false},
    {"S14-PHONES", "No phone and no gateway moves", sentence_home_unmoved, true},
    {"S14-AGENTS", "Nobody is logged out", sentence_agents_none_out, true},
    {"S14-OUTBOX", "Records of calls that end meanwhile are delivered afterwards",
     sentence_gone_outbox, true},
    {"S14-WHOLE", "No record says that a call was cut", sentence_icm_whole, true},
    {"S14-PAIR", "Both sides are a pair again, and their loggers lack nothing", sentence_gone_pair,
     true},
    {"S14-ROUTED", "Callers who still wait then are routed", sentence_gone_routed, true},
    {"S14-LOGGERS", "Both databases hold the same records at the end", sentence_icm_loggers, true},
    {"S14-UNCHANGED", "No record ever changes", sentence_unchanged, false},
    {"S14-LEDGER", "The ledger is clean", sentence_ledger, true},
};

const struct check *scenario14_checks(size_t *ret_n)
{
    *ret_n = sizeof sentences / sizeof sentences[0];
    return sentences;
}
