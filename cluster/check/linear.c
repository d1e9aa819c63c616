#include "cluster/check/linear.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS       (2 * LINEAR_ROWS_MAX) /* of the hash table; power of two */
#define PLACE_BITS  13                    /* hold 1 + a place in `at` */
#define PLACE_MASK  ((1u << PLACE_BITS) - 1)
#define CLEARED_MAX (UINT32_MAX >> PLACE_BITS)
#define BIT(i)      (UINT64_C(1) << (i))
#define SOMEBODY    UINT16_MAX /* a node that nobody was told of */

_Static_assert(LINEAR_ROWS_MAX <= PLACE_MASK, "a place fits");

/* One row that is possible, and which of the open operations have made it so. */
struct row {
    uint64_t done; /* by place in `open` */
    uint64_t counter;
    uint32_t epoch;
    uint16_t owner;
    uint8_t state;
    bool known;
};

/* Different rows in the order in which they were found. */
struct rows {
    uint32_t n;
    uint32_t cleared;     /* how often; what is from before that is free */
    uint32_t slot[SLOTS]; /* `cleared`, then 1 + place in `at` */
    struct row at[LINEAR_ROWS_MAX];
};

/* A call or an answer. */
struct moment {
    int64_t at;
    bool answer;
    size_t op;
};

struct linear {
    const struct linear_op *ops;
    bool route_point;
    struct rows *now, *next, *looked_at;
    struct rows storage[3];
    bool used[LINEAR_PENDING_MAX];
    size_t open[LINEAR_PENDING_MAX]; /* operations */
    struct moment *moments;
    size_t moments_max;
};

static void rows_clear(struct rows *r)
{
    r->n = 0;
    if (r->cleared++ == CLEARED_MAX) {
        memset(r->slot, 0, sizeof r->slot);
        r->cleared = 1;
    }
}

static uint32_t hash_of(const struct row *row)
{
    uint64_t h = row->done * UINT64_C(0x9e3779b97f4a7c15) ^ row->counter;
    h = (h ^ row->epoch) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ row->owner ^ (uint64_t)row->state << 16 ^ (uint64_t)row->known << 24) *
        UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(h >> 32);
}

static bool same(const struct row *a, const struct row *b)
{
    return a->done == b->done && a->counter == b->counter && a->epoch == b->epoch &&
           a->owner == b->owner && a->state == b->state && a->known == b->known;
}

/* false: full. */
static bool rows_add(struct rows *r, const struct row *row)
{
    uint32_t slot = hash_of(row) & (SLOTS - 1);
    for (; r->slot[slot] >> PLACE_BITS == r->cleared; slot = (slot + 1) & (SLOTS - 1)) {
        if (same(&r->at[(r->slot[slot] & PLACE_MASK) - 1], row)) {
            return true;
        }
    }
    if (r->n == LINEAR_ROWS_MAX) {
        return false;
    }
    r->at[r->n++] = *row;
    r->slot[slot] = r->cleared << PLACE_BITS | r->n;
    return true;
}

static bool answered(const struct linear_op *op)
{
    return op->answer != LINEAR_NEVER;
}

/* The rules: what the row is after the operation; false: it is not possible here. */
static bool step(const struct row *from, const struct linear_op *op, struct row *ret)
{
    *ret = *from;
    if (op->kind == LINEAR_LOOKUP) {
        bool fits = from->epoch == op->epoch && from->owner == op->node.v &&
                    from->state == (uint8_t)op->state;
        ret->epoch = op->epoch;
        ret->owner = op->node.v;
        ret->state = (uint8_t)op->state;
        ret->known = true;
        return fits || !from->known;
    }
    if (from->known ? op->counter <= from->counter : !answered(op)) {
        return false;
    }
    ret->epoch = from->known ? from->epoch + 1 : op->epoch;
    ret->owner = op->node.v;
    ret->state = DEVICE_STATE_REGISTERED;
    ret->counter = op->counter;
    ret->known = true;
    return !answered(op) || ret->epoch == op->epoch;
}

/* What the row may do by itself, in so far as it leads to the answer of `op`: n = 0, 1; false:
 * there is no such change. */
static bool change(const struct linear *l, const struct row *from, const struct linear_op *op,
                   int n, struct row *ret)
{
    *ret = *from;
    if (!from->known) {
        return false;
    }
    if (n == 0 && from->owner != 0) {
        ret->owner = 0;
        ret->state = DEVICE_STATE_UNREGISTERED;
        ret->epoch++;
        return true;
    }
    if (n == 0 && l->route_point) {
        /* Where it is found, or wherever it was before it was lost again. */
        ret->owner = proc_id_some(op->node) ? op->node.v : SOMEBODY;
        ret->state = DEVICE_STATE_REGISTERED;
        ret->epoch++;
        return true;
    }
    if (n == 1 && from->state == DEVICE_STATE_UNREGISTERED && from->epoch > 0) {
        ret->state = DEVICE_STATE_IN_CALL;
        return true;
    }
    return false;
}

/* Epochs only rise: from here the answer of `op` cannot come any more. */
static bool hopeless(const struct row *row, const struct linear_op *op)
{
    return row->known &&
           (op->kind == LINEAR_REGISTER ? row->epoch >= op->epoch : row->epoch > op->epoch);
}

/* Every row that can be reached from row `at` of `looked_at` by one step. false: too many. */
static bool go_on(struct linear *l, uint32_t at, uint32_t target)
{
    const struct linear_op *wanted = &l->ops[l->open[target]];
    const struct row from = l->looked_at->at[at];
    struct row to;
    if (hopeless(&from, wanted)) {
        return true;
    }
    for (uint32_t i = 0; i < LINEAR_PENDING_MAX; i++) {
        if (!l->used[i] || (from.done & BIT(i)) != 0 || !step(&from, &l->ops[l->open[i]], &to)) {
            continue;
        }
        to.done = i == target ? from.done : from.done | BIT(i);
        if (!rows_add(i == target ? l->next : l->looked_at, &to)) {
            return false;
        }
    }
    for (int n = 0; n < 2; n++) {
        if (change(l, &from, wanted, n, &to) && !rows_add(l->looked_at, &to)) {
            return false;
        }
    }
    return true;
}

static void turn(struct linear *l)
{
    struct rows *was = l->now;
    l->now = l->next;
    l->next = was;
}

/* The operation in place `target` was answered: keep the rows in which it has happened. */
static enum linear_verdict demand(struct linear *l, uint32_t target)
{
    rows_clear(l->next);
    rows_clear(l->looked_at);
    for (uint32_t i = 0; i < l->now->n; i++) {
        struct row row = l->now->at[i];
        struct rows *to = (row.done & BIT(target)) != 0 ? l->next : l->looked_at;
        row.done &= ~BIT(target);
        if (!rows_add(to, &row)) {
            return LINEAR_BEYOND;
        }
    }
    for (uint32_t i = 0; i < l->looked_at->n; i++) {
        if (!go_on(l, i, target)) {
            return LINEAR_BEYOND;
        }
    }
    l->used[target] = false;
    turn(l);
    return l->now->n > 0 ? LINEAR_YES : LINEAR_NO;
}

/* Forget open operations that will never be answered and have no effect any more, in whichever
 * row: the device has registered with a greater counter since. */
static void forget(struct linear *l)
{
    uint64_t least = UINT64_MAX, gone = 0;
    for (uint32_t i = 0; i < l->now->n; i++) {
        const struct row *row = &l->now->at[i];
        uint64_t counter = row->known ? row->counter : 0;
        least = counter < least ? counter : least;
    }
    for (uint32_t i = 0; i < LINEAR_PENDING_MAX; i++) {
        if (l->used[i] && !answered(&l->ops[l->open[i]]) && l->ops[l->open[i]].counter <= least) {
            l->used[i] = false;
            gone |= BIT(i);
        }
    }
    if (gone == 0) {
        return;
    }
    rows_clear(l->next);
    for (uint32_t i = 0; i < l->now->n; i++) {
        struct row row = l->now->at[i];
        row.done &= ~gone;
        bool added = rows_add(l->next, &row);
        ASSERT(added); /* there are not more than before */
    }
    turn(l);
}

static bool begin(struct linear *l, size_t op)
{
    for (uint32_t i = 0; i < LINEAR_PENDING_MAX; i++) {
        if (!l->used[i]) {
            l->used[i] = true;
            l->open[i] = op;
            return true;
        }
    }
    return false;
}

static uint32_t place_of(const struct linear *l, size_t op)
{
    for (uint32_t i = 0; i < LINEAR_PENDING_MAX; i++) {
        if (l->used[i] && l->open[i] == op) {
            return i;
        }
    }
    UNREACHABLE("an answer comes after its call");
}

/* At one moment calls come first: nobody knows better. */
static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    if (x->answer != y->answer) {
        return x->answer ? 1 : -1;
    }
    return (x->op > y->op) - (x->op < y->op);
}

/* false: no memory. */
static bool line_up(struct linear *l, size_t n, size_t *ret_moments)
{
    if (l->moments_max < 2 * n) {
        free(l->moments);
        l->moments_max = 0;
        l->moments = calloc(2 * n, sizeof l->moments[0]);
        if (l->moments == NULL) {
            return false;
        }
        l->moments_max = 2 * n;
    }
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        ASSERT(l->ops[i].call <= l->ops[i].answer);
        l->moments[m++] = (struct moment){l->ops[i].call, false, i};
        if (answered(&l->ops[i])) {
            l->moments[m++] = (struct moment){l->ops[i].answer, true, i};
        }
    }
    if (m > 0) {
        qsort(l->moments, m, sizeof l->moments[0], by_time);
    }
    *ret_moments = m;
    return true;
}

enum linear_verdict linear_check(struct linear *l, const struct linear_op *ops, size_t n,
                                 bool route_point, size_t *ret_where)
{
    const struct row unknown = {0};
    size_t moments = 0;
    l->ops = ops;
    l->route_point = route_point;
    memset(l->used, 0, sizeof l->used);
    rows_clear(l->now);
    bool added = rows_add(l->now, &unknown);
    ASSERT(added);
    if (!line_up(l, n, &moments)) {
        return LINEAR_BEYOND;
    }
    for (size_t i = 0; i < moments; i++) {
        const struct moment *m = &l->moments[i];
        if (!m->answer) {
            if (!begin(l, m->op)) {
                return LINEAR_BEYOND;
            }
            continue;
        }
        enum linear_verdict verdict = demand(l, place_of(l, m->op));
        if (verdict != LINEAR_YES) {
            *ret_where = m->op;
            return verdict;
        }
        forget(l);
    }
    return LINEAR_YES;
}

struct linear *linear_new(void)
{
    struct linear *l = calloc(1, sizeof *l);
    if (l != NULL) {
        l->now = &l->storage[0];
        l->next = &l->storage[1];
        l->looked_at = &l->storage[2];
    }
    return l;
}

void linear_free(struct linear **l)
{
    if (*l != NULL) {
        free((*l)->moments);
        free(*l);
        *l = NULL;
    }
}
