/* expect: how many records a leg must leave, from the fleet's log and the fault times alone.
 *
 * A leg is in view of its PG pair while a side is active and its phone is served. Each time that it
 * falls out of view it leaves a partial row; a whole one when it ends in view:
 *
 *   begin ── in view ── end                                                    one whole row
 *   begin ── in view ── no side active ── end                                  one partial row
 *   begin ── in view ── no side active ── in view again ── end    a partial and a whole one
 *   no side active ── begin ── end                                                 none
 *
 * Where the consequences of faults overlap, or the network kept news back, that much precision
 * would be a guess; then each fault and each switch may explain one partial row, and the end one
 * whole row, or one of each side that acted then.
 *
 * A call at a route point is in view there until it goes on to an agent, and leaves no row then. */
#ifndef CLUSTER_CHECK_EXPECT_H
#define CLUSTER_CHECK_EXPECT_H

#include "cluster/check/history.h"

/* Nearer than this to a boundary both neighbours are right; nowhere else is anything forgiven. */
#define EXPECT_SLACK_US     INT64_C(700000)
#define EXPECT_PARTIALS_MAX 9
#define EXPECT_WHOLES_MAX   2
/* A set of outcomes: a bit for each pair of partial rows and whole ones. More partial ones than
 * EXPECT_PARTIALS_MAX are that many. */
#define EXPECT_BIT(partial, whole)                                                        \
    (UINT32_C(1) << ((EXPECT_WHOLES_MAX + 1) * ((uint32_t)(partial) < EXPECT_PARTIALS_MAX \
                                                    ? (uint32_t)(partial)                 \
                                                    : EXPECT_PARTIALS_MAX) +              \
                     (uint32_t)(whole)))

/* What is judged: a leg at a phone, or the caller's part of a call at a route point. */
struct expect_leg {
    const struct history_leg *leg;
    uint32_t pair;
    struct device_id device; /* the phone, or the route point */
    bool at_point;
    int64_t begin_us, end_us; /* of the time there */
    bool went_on;             /* from the route point to an agent */
    bool rang_late;           /* at an agent's phone, when the caller had left */
    bool crossed;       /* so, and a moment before the controller had given it to that agent */
    bool sent_on;       /* the controller gave it to an agent, whose phone never rang */
    bool never_offered; /* it ended for a reason that keeps calls from a route point */
};

/* The time for which a leg goes on at its agent after the parties hung up, at most. */
int64_t expect_wrapup_most(const struct history *h);
/* So long a party may go on with old news: it has not noticed yet that the other is silent. */
int64_t expect_news_us(const struct history *h);
/* A leg of a phone that a PG pair watches. */
struct expect_leg expect_at_phone(const struct history_leg *leg, uint32_t pair);
/* A leg at a gateway, or at any phone, that dialled a route point of a pair. */
struct expect_leg expect_at_point(const struct history *h, const struct history_leg *leg,
                                  uint32_t pair, struct device_id point);
/* What may be found. *ret_exact: what the times say without any slack, one bit. */
uint32_t expect_rows(const struct history *h, const struct expect_leg *what, uint32_t *ret_exact);

#endif
