#include "cluster/check/judges.h"

#include "cluster/check/ledger.h"

#include <stdlib.h>
#include <string.h>

void check_tcd_1(const struct history *h, struct check_result *ret)
{
    struct ledger l;
    if (ledger_make(h, &l) != ERR_OK) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    const uint64_t *n = l.by_class;
    uint64_t bad = n[LEDGER_LOST] + n[LEDGER_DUPLICATE] + n[LEDGER_UNEXPLAINED] + l.unseen_outside;
    enum verdict verdict = !l.conclusive ? VERDICT_INCONCLUSIVE : check_verdict(l.calls, bad);
    if (!l.conclusive) {
        check_say(ret, verdict, "%s", l.why_not);
    } else {
        check_say(ret, verdict,
                  "%llu legs: %llu ok, %llu truncated, %llu split, %llu unseen, %llu lost, %llu "
                  "duplicate, %llu unexplained",
                  (unsigned long long)l.calls, (unsigned long long)n[LEDGER_OK],
                  (unsigned long long)n[LEDGER_TRUNCATED], (unsigned long long)n[LEDGER_SPLIT],
                  (unsigned long long)n[LEDGER_UNSEEN], (unsigned long long)n[LEDGER_LOST],
                  (unsigned long long)n[LEDGER_DUPLICATE],
                  (unsigned long long)n[LEDGER_UNEXPLAINED]);
    }
    ledger_free(&l);
}

struct stored {
    int64_t recovery_key;
    struct proc_id logger;
    const char *hash;
};

static int by_recovery_key(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    if (x->recovery_key != y->recovery_key) {
        return x->recovery_key < y->recovery_key ? -1 : 1;
    }
    return x->logger.v < y->logger.v ? -1 : x->logger.v > y->logger.v;
}

static uint32_t loggers_of(const struct history *h)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->topology->procs_n; i++) {
        n += h->topology->procs[i].kind == PROC_ICM ? 1 : 0;
    }
    return n;
}

void check_tcd_2(const struct history *h, struct check_result *ret)
{
    struct stored *all = calloc(h->events_n + 1, sizeof all[0]);
    size_t n = 0;
    uint64_t compared = 0, changed = 0, twice = 0;
    int64_t which = 0;
    bool several = loggers_of(h) > 1;
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        if (h->events[i].kind == EVENT_TCD_STORED) {
            all[n++] = (struct stored){.recovery_key = h->events[i].value2,
                                       .logger.v = several ? h->events[i].proc.v : 0,
                                       .hash = h->events[i].text};
        }
    }
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_recovery_key);
    }
    for (size_t i = 1; i < n; i++) {
        twice += by_recovery_key(&all[i], &all[i - 1]) == 0 ? 1 : 0;
    }
    for (size_t i = 0; n > 0 && i < h->rows_n; i++) {
        struct stored wanted = {.recovery_key = h->rows[i].recovery_key,
                                .logger.v = several ? h->rows[i].logger.v : 0};
        const struct stored *s = bsearch(&wanted, all, n, sizeof all[0], by_recovery_key);
        if (s == NULL || h->rows[i].hash[0] == '\0') {
            continue;
        }
        compared++;
        if (strcmp(s->hash, h->rows[i].hash) != 0) {
            changed++;
            which = h->rows[i].recovery_key;
        }
    }
    free(all);
    if (changed + twice > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu rows are not what was stored (for example RecoveryKey %lld), %llu "
                  "RecoveryKeys were given twice",
                  (unsigned long long)changed, (unsigned long long)compared, (long long)which,
                  (unsigned long long)twice);
        return;
    }
    check_say(ret, check_verdict(compared, 0), "%llu rows are still what was stored",
              (unsigned long long)compared);
}

/* Whether a logger had met the other one, and got what it lacked, when the run ended. */
static bool complete_at_end(const struct history *h, struct proc_id logger)
{
    bool complete = false;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (proc_id_eq(e->proc, logger)) {
            complete = e->kind == EVENT_RECOVERED ||
                       (complete && e->kind != EVENT_MDS_STATE && e->kind != EVENT_PROCESS_START &&
                        e->kind != EVENT_PROCESS_STOP);
        }
    }
    return complete && history_up(h, logger, SERVICE_NONE, h->end_us);
}

struct compared {
    uint64_t alike, missing, different;
    int64_t which;
};

/* The rows of one key: one in each database, and the same. A young one may be on its way. */
static void compare_key(const struct history *h, const struct history_row *const *rows, size_t n,
                        struct compared *c)
{
    bool young = rows[0]->at_us > h->end_us - LEDGER_DELIVERY_US;
    bool alike = n == loggers_of(h);
    for (size_t i = 1; i < n; i++) {
        bool same = history_row_sum(rows[i]) == history_row_sum(rows[0]);
        c->different += same ? 0 : 1;
        c->which = same ? c->which : rows[i]->recovery_key;
        alike = alike && same;
    }
    c->alike += alike ? 1 : 0;
    if (n < loggers_of(h) && !young) {
        c->missing++;
        c->which = rows[0]->recovery_key;
    }
}

static void compare_all(const struct history *h, const struct history_row **order,
                        struct compared *c)
{
    for (size_t i = 0; i < h->rows_n; i++) {
        order[i] = &h->rows[i];
    }
    qsort(order, h->rows_n, sizeof *order, history_row_by_key);
    for (size_t i = 0, n = 0; i < h->rows_n; i += n) {
        n = 1;
        while (i + n < h->rows_n && order[i + n]->key == order[i]->key &&
               order[i + n]->pair == order[i]->pair) {
            n++;
        }
        compare_key(h, &order[i], n, c);
    }
}

void check_tcd_3(const struct history *h, struct check_result *ret)
{
    struct compared c = {0};
    if (loggers_of(h) < 2) {
        check_say(ret, check_verdict(h->rows_n, 0), "there is one logger");
        return;
    }
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        if (history_kind(h, (struct proc_id){v}) == PROC_ICM &&
            !complete_at_end(h, (struct proc_id){v})) {
            check_say(ret, VERDICT_INCONCLUSIVE, "%s had not met the other logger at the end",
                      topology_name(h->topology, (struct proc_id){v}));
            return;
        }
    }
    const struct history_row **order = calloc(h->rows_n + 1, sizeof *order);
    if (order == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    compare_all(h, order, &c);
    free(order);
    if (c.missing + c.different > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu records are in one database only, %llu differ (for example RecoveryKey "
                  "%lld)",
                  (unsigned long long)c.missing, (unsigned long long)c.different,
                  (long long)c.which);
        return;
    }
    check_say(ret, check_verdict(c.alike, 0), "%llu records are in both databases, the same",
              (unsigned long long)c.alike);
}
