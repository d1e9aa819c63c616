#include "cluster/control/explain.h"

#include "cluster/control/outcome.h"
#include "node/base/event.h"
#include "node/base/vocabulary.h"

#include <stddef.h>
#include <stdio.h>
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

static const struct row columns[] = {
    {"STATE", "of a process: up, down, hung (it lives and does not answer) or starting"},
    {"ROLE", "publisher (writes configuration) or subscriber"},
    {"RAFT", "what the node is to Raft: leader, follower, candidate or unavailable"},
    {"TERM", "the term of Raft: it rises with every election"},
    {"COMMIT", "the index up to which a majority holds the log"},
    {"APPLIED", "the index up to which this node's registry took the log in"},
    {"TRAILS", "how many entries a node is behind the leader's commit index"},
    {"SNAPSHOT", "the index of the newest snapshot"},
    {"PHONES", "phones and gateways that the node's CallManager serves"},
    {"EPOCH", "of a device: every change of owner raises it; what comes under an older one is "
              "rejected"},
    {"HASH", "of the registry at the applied index; the same on all replicas at the same index"},
    {"LEASE", "the leader's word that a node is not cut off; without it, it accepts nothing new"},
    {"MONITORS", "devices that the active PG side watches, of those that it must watch"},
    {"OUTBOX", "call records that the PG wrote and the controller has not acknowledged"},
    {"trails", "how many entries a node is behind the leader's commit index"},
    {"epoch", "of a device: every change of owner raises it; what comes under an older one is "
              "rejected"},
    {"preserved", "of a call: its CallManager died, its media stays, it can only be hung up"},
    {"RecoveryKey", "of a record: the number that the logger gave it; rises by one"},
    {"RouterCallKeyDay", "of a record: the day part of the router's key of the call"},
    {"RouterCallKey", "of a record: the call's number of that day; null if the router did not see "
                      "it"},
    {"PeripheralCallKey", "of a record: the number that the PG pair gave the call"},
    {"CallDisposition", "of a record: how the leg ended: 13 routed and handled, 14 other handled, "
                        "2 abandoned in the queue, 3 abandoned ringing, 19 not answered, 28 blind "
                        "transfer, 29 announced transfer, 30 conferenced, 27 cut at a failure"},
    {"Duration", "of a record: seconds from the begin to the end of the leg"},
    {"TalkTime", "of a record: seconds of talking"},
    {"WrapupData", "of a record: what the agent typed; null for a record written at a failure"},
};

static const struct row judgements[] = {
    {"ok", "ledger: the rows of the leg are those that were predicted"},
    {"truncated", "ledger: a row was written at the failure with what was known until then"},
    {"split", "ledger: a row for each PG switch that the leg outlived, and a last, unlinked one"},
    {"unseen", "ledger: the leg began and ended inside a PG switch, or all who knew of it died"},
    {"lost", "ledger: a row that must be there is not; must be zero"},
    {"duplicate", "ledger: a row is there twice; must be zero"},
    {"unexplained", "ledger: a row that no leg accounts for; must be zero"},
    {"pass", "verdict: every check held"},
    {"fail", "verdict: a check did not hold"},
    {"inconclusive", "verdict: the run could not be judged"},
    {"HOME-1", "when faults end, every idle phone is registered with the first living member of "
               "its group within the bound; busy ones after hang-up"},
    {"HOME-2", "a phone whose CallManager is healthy never moves, except home when idle"},
    {"REG-1", "an acknowledged registration is in every later state of the registry"},
    {"REG-2", "nothing done for a device under an older epoch is accepted"},
    {"REG-3", "registry operations are linearizable"},
    {"REG-4", "replicas that applied the same index hold the same state"},
    {"CALL-1", "media of an established call never stops because of a signalling fault"},
    {"CALL-2", "a preserved call refuses every feature but hang-up"},
    {"CTI-1", "a PG applies each CTI event exactly once and in order"},
    {"CTI-2", "a PG side never opens a provider at a CTI Manager that is not its own"},
    {"PG-1", "the controller accepts at most one active side per epoch"},
    {"PG-2", "no fail-back: recovery of the former active side changes nothing"},
    {"TCD-1", "the ledger has no lost, duplicate or unexplained leg"},
    {"TCD-2", "a row written at a failure is never amended"},
    {"AGT-1", "a call is never routed to an agent whose phone is out of service"},
    {"RAFT-1", "at most one leader per term; log matching; leader completeness"},
    {"LIVE-1", "after the last fault heals, the cluster is healthy again within the bound"},
    {"50003", "reason code: logged out, because the phone went out of service"},
    {"32767", "reason code: not ready, because a call was not answered"},
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
}

static void offer_words(struct search *s)
{
#define WORD(prefix, name, word, meaning) offer(s, kind, #word, meaning);
    const char *kind = "reason";
    REASON_MAP(WORD)
    kind = "key";
    KEY_MAP(WORD)
    kind = "state of a leg";
    LEG_MAP(WORD)
    kind = "what a CallManager tells of a device";
    DEVICE_EVENT_MAP(WORD)
    kind = "state of a device";
    DEVICE_STATE_MAP(WORD)
    kind = "state of an agent";
    AGENT_STATE_MAP(WORD)
    kind = "change of the registry";
    COMMAND_MAP(WORD)
    kind = "answer to a route request";
    ROUTE_MAP(WORD)
#undef WORD
}

uint32_t explain_find(const char *word, struct explain_found ret_found[EXPLAIN_FOUND_MAX],
                      struct nearest *ret_near)
{
    struct search s = {.word = word, .found = ret_found, .near = nearest_to(word)};
    for (unsigned k = EVENT_NONE + 1; k < EVENT_COUNT; k++) {
        offer(&s, "event", event_word((enum event_kind)k), event_explanation((enum event_kind)k));
    }
    offer_words(&s);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        offer(&s, "column", columns[i].word, columns[i].text);
    }
    for (size_t i = 0; i < sizeof judgements / sizeof judgements[0]; i++) {
        offer(&s, "judgement", judgements[i].word, judgements[i].text);
    }
    offer_codes(&s);
    *ret_near = s.near;
    return s.n;
}
