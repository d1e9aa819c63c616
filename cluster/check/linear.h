/* linear: did the operations on one device's row of the registry happen one after the other, each
 * at some moment between its call and its answer?
 *
 * Linearizability is local (Herlihy and Wing, 1990, theorem 1), so each device is judged alone. The
 * search goes through the calls and answers in the order of time and keeps every row that is still
 * possible; an operation is put in place when its answer demands it and not before ("just-in-time
 * linearization": Lowe, "Testing for linearizability", 2017). An operation without an answer may
 * have happened at any time after its call, or never.
 *
 * What the row does by itself is part of the rules here, and no operation: an owner may give a
 * device back or lose it (epoch + 1, no owner), a device without owner may be in a preserved call
 * (same epoch), a route point may be opened. */
#ifndef CLUSTER_CHECK_LINEAR_H
#define CLUSTER_CHECK_LINEAR_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/vocabulary.h"

#include <stddef.h>

#define LINEAR_NEVER       INT64_MAX
#define LINEAR_PENDING_MAX 64   /* operations open at one moment, unanswered ones included */
#define LINEAR_ROWS_MAX    4096 /* rows possible at one moment, or looked at for one answer */

enum linear_kind { LINEAR_REGISTER, LINEAR_LOOKUP };

struct linear_op {
    enum linear_kind kind;
    int64_t call, answer; /* LINEAR_NEVER: no answer */
    struct proc_id node;  /* REGISTER: where; LOOKUP: the owner that was found */
    uint32_t epoch;       /* what the answer said */
    uint64_t counter; /* REGISTER: of the device; what is not greater than the last is refused */
    enum device_state state; /* LOOKUP */
};

enum linear_verdict {
    LINEAR_YES,
    LINEAR_NO,
    LINEAR_BEYOND, /* more is possible than the bounds above allow to look at */
};

/* One after the other, for many devices; about 400 KiB. */
struct linear;
/* NULL: no memory. */
struct linear *linear_new(void);
void linear_free(struct linear **l);

/* Judge the operations of one device, in any order. The first row is not known: the first answer
 * tells it. LINEAR_NO: *ret_where is the operation whose answer is in no order possible. */
enum linear_verdict linear_check(struct linear *l, const struct linear_op *ops, size_t n,
                                 bool route_point, size_t *ret_where);

#endif
