/* ledger: every leg that the fleet saw against every record that was written.
 *
 * The class of a leg is predicted from the fleet's log and the fault times before the rows are
 * looked at. Near a boundary (LEDGER_SLACK_US) both neighbours are right; nowhere else is anything
 * forgiven. Then the rows are matched by call and phone, and what remains is named:
 *
 *   ok         one row
 *   truncated  in progress when its PG or its phone lost the CallManager: one row, partial
 *   split      outlived the PG switch and was seen again: a partial row and one more, unlinked
 *   unseen     began and ended while no PG side was active: no row
 *   lost, duplicate, unexplained: must not be */
#ifndef CLUSTER_CHECK_LEDGER_H
#define CLUSTER_CHECK_LEDGER_H

#include "cluster/check/history.h"

#define LEDGER_SLACK_US INT64_C(700000)
/* A row reaches the database at most this long after it was due. */
#define LEDGER_DELIVERY_US INT64_C(3000000)
#define LEDGER_ROWS_MAX    4 /* of one leg that are remembered */

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
    bool may_be_none;    /* the call went on from the route point: no row is due */
    uint32_t allowed;    /* bits 1 << class, as predicted */
    enum ledger_class predicted, found;
    uint32_t rows_n;
    uint32_t rows[LEDGER_ROWS_MAX]; /* indices into rows */
};

struct ledger {
    uint64_t calls; /* judged legs */
    uint64_t by_class[LEDGER_CLASSES];
    uint64_t unseen_outside; /* unseen although no PG switch was injected */
    bool conclusive;
    const char *why_not; /* NULL if conclusive */
    struct ledger_entry *entries;
    size_t entries_n;
};

const char *ledger_class_text(enum ledger_class class);
/* What one leg of an agent's phone must leave behind, from times alone; a set of classes. */
uint32_t ledger_predict(const struct history *h, const struct history_leg *leg, uint32_t pair,
                        enum ledger_class *ret_predicted);
/* Errors ERR_MEMORY. Free with ledger_free. */
MUST_CHECK enum err ledger_make(const struct history *h, struct ledger *ret_ledger);
void ledger_free(struct ledger *ledger);

#endif
