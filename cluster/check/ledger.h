/* ledger: every leg that the fleet saw against every record that was written.
 *
 * What a leg must leave is worked out from the fleet's log and the fault times (expect.h) before
 * the rows are looked at. Then the rows are matched by call and phone, and what is found is named:
 *
 *   ok         one row
 *   truncated  in progress when its PG or its phone lost the CallManager: one row, partial
 *   split      outlived a PG switch and was seen again: a partial row for each, and one more; or
 *              ended in view of both sides, of which one did not know that it was replaced
 *   unseen     began and ended while no PG side was active, or all that knew of it died: no row
 *   lost       fewer rows than must be
 *   duplicate  more rows than can be
 *   unexplained  rows of another kind than must be, or of no leg */
#ifndef CLUSTER_CHECK_LEDGER_H
#define CLUSTER_CHECK_LEDGER_H

#include "cluster/check/expect.h"

/* A row reaches the database at most this long after it was due. */
#define LEDGER_DELIVERY_US INT64_C(3000000)
/* The fleet writes a leg into its log at most this long after its end, and twice the mean wrap-up.
 */
#define LEDGER_LOG_US   INT64_C(4000000)
#define LEDGER_ROWS_MAX 8 /* of one leg that are remembered */

enum ledger_class {
    LEDGER_OK,
    LEDGER_TRUNCATED,
    LEDGER_SPLIT,
    LEDGER_UNSEEN,
    LEDGER_LOST,
    LEDGER_DUPLICATE,
    LEDGER_UNEXPLAINED,
    LEDGER_LEFT_OUT, /* in flight, or younger than the delivery bound */
    LEDGER_CLASSES
};

struct ledger_entry {
    uint32_t leg;        /* index into legs; UINT32_MAX: a row without a leg */
    bool at_route_point; /* the caller's part of the call, at the route point */
    bool none_due;       /* it went on to an agent, who has the row, or never came there */
    uint32_t outcomes;   /* what may be found: bits of expect.h */
    uint32_t allowed;    /* the same as classes: bits 1 << class */
    enum ledger_class predicted, found;
    uint32_t rows_n;
    uint32_t rows[LEDGER_ROWS_MAX]; /* indices into rows */
};

struct ledger {
    uint64_t calls; /* judged legs */
    uint64_t by_class[LEDGER_CLASSES];
    uint64_t unseen_outside; /* unseen although nothing was injected that explains it */
    bool conclusive;
    const char *why_not; /* NULL if conclusive */
    struct ledger_entry *entries;
    size_t entries_n;
};

const char *ledger_class_text(enum ledger_class class);
/* Errors ERR_MEMORY. Free with ledger_free. */
MUST_CHECK enum err ledger_make(const struct history *h, struct ledger *ret_ledger);
void ledger_free(struct ledger *ledger);

#endif
