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

void check_raft_1(const struct history *h, struct check_result *ret)
{
    struct led *all = calloc(h->events_n + 1, sizeof all[0]);
    size_t n = 0;
    uint64_t terms = 0, bad = 0;
    int64_t where = 0;
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool leads = e->kind == EVENT_RAFT_SERVING ||
                     (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER);
        if (leads) {
            all[n++] = (struct led){.term = e->value2, .node = e->proc.v};
        }
    }
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_term);
        terms = 1;
    }
    for (size_t i = 1; i < n; i++) {
        terms += all[i].term != all[i - 1].term ? 1 : 0;
        if (all[i].term == all[i - 1].term && all[i].node != all[i - 1].node) {
            bad++;
            where = all[i].term;
        }
    }
    free(all);
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL, "two leaders in term %lld", (long long)where);
        return;
    }
    check_say(ret, check_verdict(terms, 0), "%llu terms with a leader, one each",
              (unsigned long long)terms);
}
