#include "cluster/control/explain.h"

#include "cluster/check/check.h"
#include "cluster/control/columns.h"
#include "cluster/control/explain_records.h"
#include "cluster/control/outcome.h"
#include "node/base/event.h"
#include "node/base/vocabulary.h"
#include "proto/msg.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct row {
    const char *word;
    const char *text;
};

struct search {
    const char *word;
    struct explain_found *found;
    uint32_t n;
    struct nearest near;
};

/* Words that no list of the code holds. */
static const struct {
    const char *kind, *word, *text;
} others[] = {
    {"class of the ledger", "ok", "the rows of the leg are those that were predicted"},
    {"class of the ledger", "truncated",
     "a row was written at the failure with what was known until then"},
    {"class of the ledger", "split",
     "a row for each PG switch that the leg outlived, and a last, unlinked one"},
    {"class of the ledger", "unseen",
     "the leg began and ended inside a PG switch, or all who knew of it died"},
    {"class of the ledger", "lost", "a row that must be there is not; must be zero"},
    {"class of the ledger", "duplicate", "a row is there twice; must be zero"},
    {"class of the ledger", "unexplained", "a row that no leg accounts for; must be zero"},
    {"verdict", "pass", "every check held"},
    {"verdict", "fail", "a check did not hold"},
    {"verdict", "inconclusive", "the run could not be judged"},
    {"invariant, at length", "HOME-1",
     "when faults end, every idle phone is registered with the first living member of "
     "its group within the bound; busy ones after hang-up"},
    {"invariant, at length", "HOME-2",
     "a phone whose CallManager is healthy never moves, except home when idle"},
    {"invariant, at length", "REG-1",
     "an acknowledged registration is in every later state of the registry"},
    {"invariant, at length", "REG-2", "nothing done for a device under an older epoch is accepted"},
    {"invariant, at length", "REG-3", "registry operations are linearizable"},
    {"invariant, at length", "REG-4", "replicas that applied the same index hold the same state"},
    {"invariant, at length", "CALL-1",
     "media of an established call never stops because of a signalling fault"},
    {"invariant, at length", "CALL-2", "a preserved call refuses every feature but hang-up"},
    {"invariant, at length", "CTI-1", "a PG applies each CTI event exactly once and in order"},
    {"invariant, at length", "CTI-2",
     "a PG side never opens a provider at a CTI Manager that is not its own"},
    {"invariant, at length", "PG-1", "the controller accepts at most one active side per epoch"},
    {"invariant, at length", "PG-2",
     "no fail-back: recovery of the former active side changes nothing"},
    {"invariant, at length", "TCD-1", "the ledger has no lost, duplicate or unexplained leg"},
    {"invariant, at length", "TCD-2", "a row written at a failure is never amended"},
    {"invariant, at length", "TCD-3",
     "once the two loggers of a duplexed controller have met, they hold the same rows"},
    {"invariant, at length", "AGT-1",
     "a call is never routed to an agent whose phone is out of service"},
    {"invariant, at length", "RAFT-1",
     "at most one leader per term; log matching; leader completeness"},
    {"invariant, at length", "LIVE-1",
     "after the last fault heals, the cluster is healthy again within the bound"},
    {"state of a call", "preserved",
     "of a call: its CallManager died, its media stays, it can only be hung up"},
    {"column", "trails", "of a node: how many entries it is behind the leader's commit index"},
    {"column", "epoch",
     "of a device: every change of owner raises it; what comes under an older one is "
     "rejected"},
    {"state of a process", "up", "it lives and answers"},
    {"state of a process", "down", "it does not run"},
    {"state of a process", "hung", "it lives and does not answer"},
    {"state of a process", "starting", "it has just begun, and does not answer yet"},
    {"way to break", "crash", "SIGKILL, or a service that is gone without a word"},
    {"way to break", "hang", "SIGSTOP: it lives and does nothing"},
    {"way to break", "stop", "SIGTERM: it leaves politely"},
    {"way to break", "power", "SIGKILL to everybody in the namespace of a process, at once"},
    {"way to break", "unplug", "both networks of a process lose their carrier; it lives"},
    {"way to break", "partition",
     "the network between two sides loses, or refuses, what they send"},
};

static void offer(struct search *s, const char *kind, const char *word, const char *text)
{
    if (strcasecmp(word, s->word) == 0 && s->n < EXPLAIN_FOUND_MAX) {
        for (uint32_t i = 0; i < s->n; i++) {
            if (s->found[i].text == text) {
                return;
            }
        }
        s->found[s->n++] = (struct explain_found){.kind = kind, .word = word, .text = text};
    }
    nearest_offer(&s->near, word);
}

static void offer_codes(struct search *s)
{
#define CODE(name, number, text) offer(s, "exit code", #number, text);
    OUTCOME_MAP(CODE)
#undef CODE
#define RECORD_CODE(number, kind, text) offer(s, kind, #number, text);
    RECORD_CODE_MAP(RECORD_CODE)
#undef RECORD_CODE
}

/* What the words of a list of the vocabulary are. */
static const char *kind_of(const char *type)
{
    static const struct row kinds[] = {
        {"leg", "state of a leg"},
        {"device_event", "what a CallManager tells of a device"},
        {"device_kind", "kind of a device"},
        {"device_state", "state of a device"},
        {"command", "change of the registry"},
        {"agent_state", "state of an agent"},
        {"agent_request", "what a desktop asks"},
        {"opc_input", "input of the OPC"},
        {"route", "answer to a route request"},
        {"mds_state", "what a controller side is to the other"},
        {"mds_input", "input of two routers in lockstep"},
        {"raft_standing", "what a node is to Raft"},
        {"log_entry", "kind of an entry in the log of Raft"},
        {"op_list", "what an operator can list"},
        {"op_verb", "what an operator can order"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].word, type) == 0) {
            return kinds[i].text;
        }
    }
    return type; /* reason, key, service */
}

static void offer_vocabulary(struct search *s)
{
#define WORDS(type, prefix)                                                                \
    for (unsigned v = 0; v < prefix##_COUNT; v++) {                                        \
        offer(s, kind_of(#type), type##_text((enum type)v), type##_meaning((enum type)v)); \
    }
    VOCABULARY_MAP(WORDS)
#undef WORDS
}

static void offer_columns(struct search *s)
{
    for (unsigned c = COLUMN_END + 1; c < COLUMN_COUNT; c++) {
        if (columns_meaning((enum column)c) != NULL) {
            offer(s, "column", columns_head((enum column)c), columns_meaning((enum column)c));
        }
    }
#define RECORD(name, text) offer(s, "column", #name, text);
    RECORD_MAP(RECORD)
#undef RECORD
}

static void offer_checks(struct search *s)
{
    size_t n = 0;
    const struct check *checks = check_invariants(&n);
    for (size_t i = 0; i < n; i++) {
        offer(s, "invariant", checks[i].id, checks[i].title);
    }
    for (size_t scenario = 0; check_scenario(scenario) != NULL; scenario++) {
        checks = check_sentences(check_scenario(scenario), &n);
        for (size_t i = 0; i < n; i++) {
            offer(s, check_scenario(scenario), checks[i].id, checks[i].title);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        offer(s, others[i].kind, others[i].word, others[i].text);
    }
}

static void offer_links(struct search *s)
{
#define LINK(name, word, port, bytes, who) \
    offer(s, "link; TCP port " #port "; who listens", #word, who);
    LINK_MAP(LINK)
#undef LINK
}

uint32_t explain_find(const char *word, struct explain_found ret_found[EXPLAIN_FOUND_MAX],
                      struct nearest *ret_near)
{
    struct search s = {.word = word, .found = ret_found, .near = nearest_to(word)};
    for (unsigned k = EVENT_NONE + 1; k < EVENT_COUNT; k++) {
        offer(&s, "event", event_word((enum event_kind)k), event_explanation((enum event_kind)k));
    }
    offer_vocabulary(&s);
    offer_columns(&s);
    offer_checks(&s);
    offer_codes(&s);
    offer_links(&s);
    *ret_near = s.near;
    return s.n;
}
