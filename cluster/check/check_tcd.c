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
    const char *hash;
};

static int by_recovery_key(const void *a, const void *b)
{
    const struct stored *x = a, *y = b;
    return (x->recovery_key > y->recovery_key) - (x->recovery_key < y->recovery_key);
}

void check_tcd_2(const struct history *h, struct check_result *ret)
{
    struct stored *all = calloc(h->events_n + 1, sizeof all[0]);
    size_t n = 0;
    uint64_t compared = 0, changed = 0, twice = 0;
    int64_t which = 0;
    for (size_t i = 0; all != NULL && i < h->events_n; i++) {
        if (h->events[i].kind == EVENT_TCD_STORED) {
            all[n++] = (struct stored){h->events[i].value2, h->events[i].text};
        }
    }
    if (n > 0) {
        qsort(all, n, sizeof all[0], by_recovery_key);
    }
    for (size_t i = 1; i < n; i++) {
        twice += all[i].recovery_key == all[i - 1].recovery_key ? 1 : 0;
    }
    for (size_t i = 0; n > 0 && i < h->rows_n; i++) {
        struct stored wanted = {.recovery_key = h->rows[i].recovery_key};
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
