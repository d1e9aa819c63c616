#include "cluster/check/judges.h"

#include <stdlib.h>

struct led {
    int64_t term;
    uint16_t node;
};

static int by_term(const void *a, const void *b)
{
    const struct led *x = a, *y = b;
    return (x->term > y->term) - (x->term < y->term);
}

/* Who says that it leads, in which term; and how many serve in a term without having said so. */
static uint64_t collect(const struct history *h, struct led *all, size_t *ret_n)
{
    int64_t leads[PROCS_MAX + 1] = {0}; /* in which term; 0: in none */
    uint64_t unasked = 0;
    *ret_n = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->proc.v > PROCS_MAX) {
            continue;
        }
        if (e->kind == EVENT_PROCESS_START) {
            leads[e->proc.v] = 0;
        } else if (e->kind == EVENT_RAFT_STATE) {
            leads[e->proc.v] = e->value == RAFT_STATE_LEADER ? e->value2 : 0;
        } else if (e->kind == EVENT_RAFT_SERVING) {
            unasked += leads[e->proc.v] != e->value2 ? 1 : 0;
        }
        bool leader = e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER;
        if (leader || e->kind == EVENT_RAFT_SERVING) {
            all[(*ret_n)++] = (struct led){e->value2, e->proc.v};
        }
    }
    return unasked;
}

void check_raft_1(const struct history *h, struct check_result *ret)
{
    struct led *all = calloc(h->events_n + 1, sizeof all[0]);
    if (all == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    size_t n = 0;
    uint64_t unasked = collect(h, all, &n), twice = 0;
    int64_t where = 0;
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_term);
    }
    uint64_t terms = n > 0 ? 1 : 0;
    for (size_t i = 1; i < n; i++) {
        terms += all[i].term != all[i - 1].term ? 1 : 0;
        if (all[i].term == all[i - 1].term && all[i].node != all[i - 1].node) {
            twice++;
            where = all[i].term;
        }
    }
    free(all);
    if (twice > 0) {
        check_say(ret, VERDICT_FAIL, "two leaders in term %lld", (long long)where);
    } else {
        check_say(ret, check_verdict(terms, unasked),
                  "%llu terms with a leader, one each; %llu times a node served that did not lead",
                  (unsigned long long)terms, (unsigned long long)unasked);
    }
}

/* Up to which index of the log the process had applied when it said this; 0: it does not say. */
static int64_t applied_by(const struct event *e)
{
    return e->kind == EVENT_OWNER_CHANGED || e->kind == EVENT_STATE_HASH ? e->value : 0;
}

void check_raft_2(const struct history *h, struct check_result *ret)
{
    int64_t term[PROCS_MAX + 1] = {0}, applied[PROCS_MAX + 1] = {0};
    uint64_t terms = 0, indices = 0, term_back = 0, index_back = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->proc.v > PROCS_MAX) {
            continue;
        }
        if (e->kind == EVENT_PROCESS_START) {
            applied[e->proc.v] = 0; /* it applies its log anew; what it voted for it must know */
        } else if (e->kind == EVENT_RAFT_STATE) {
            terms++;
            term_back += e->value2 < term[e->proc.v] ? 1 : 0;
            term[e->proc.v] = e->value2;
        } else if (applied_by(e) > 0) {
            indices++;
            index_back += e->value < applied[e->proc.v] ? 1 : 0;
            applied[e->proc.v] = e->value;
        }
    }
    check_say(ret, check_verdict(terms, term_back + index_back),
              "%llu words about terms, %llu of them went back; %llu about applied entries, %llu of "
              "them went back",
              (unsigned long long)terms, (unsigned long long)term_back, (unsigned long long)indices,
              (unsigned long long)index_back);
}

struct reached {
    int64_t term;
    int64_t
        committed; /* the last entry that was known to be committed when anybody told of the term */
};

/* Up to which entry a leader of a term has to have applied when it begins to serve. What anybody
 * applied was committed, so every leader after that has it. A leader that was stopped may come to
 * serve when another one leads already: of what is committed after that it knows nothing. */
static int64_t owed(const struct reached *all, size_t n, int64_t term, int64_t committed)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].term > term) {
            return all[i].committed;
        }
    }
    return committed;
}

void check_raft_3(const struct history *h, struct check_result *ret)
{
    struct reached *all = calloc(h->events_n + 1, sizeof all[0]); /* terms grow */
    int64_t committed = 0, lacks = 0;
    uint64_t judged = 0, bad = 0;
    size_t n = 0;
    const struct event *worst = NULL;
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (applied_by(e) > committed) {
            committed = applied_by(e);
        }
        if (e->kind == EVENT_RAFT_STATE && (n == 0 || e->value2 > all[n - 1].term)) {
            all[n++] = (struct reached){e->value2, committed};
        }
        if (e->kind != EVENT_RAFT_SERVING || e->value == 0 || committed == 0) {
            continue;
        }
        judged++;
        if (e->value < owed(all, n, e->value2, committed)) {
            bad++;
            worst = e;
            lacks = owed(all, n, e->value2, committed);
        }
    }
    bool ready = all != NULL;
    free(all);
    if (!ready) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
    } else if (bad > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%s served in term %lld with %lld entries applied, although %lld were committed",
                  topology_name(h->topology, worst->proc), (long long)worst->value2,
                  (long long)worst->value, (long long)lacks);
    } else if (judged == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "no leader began to serve after something was applied");
    } else {
        check_say(ret, VERDICT_PASS,
                  "%llu new leaders began to serve, each with everything that was applied before "
                  "the next",
                  (unsigned long long)judged);
    }
}
