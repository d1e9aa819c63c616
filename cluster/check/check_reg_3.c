#include "cluster/check/judges.h"

#include "cluster/check/linear.h"

#include <stdlib.h>

/* An operation, and what its answer is found by. */
struct deed {
    uint32_t device;
    size_t at;     /* event of its call, or of its answer if the call is from before the record */
    uint32_t sent; /* how often it was asked for */
    bool nothing;  /* one answer was that it never reached the registry */
    struct linear_op op;
};

/* A question of which the answers are still to come; a client has one number only once. */
struct question {
    uint16_t proc;
    uint64_t incarnation;
    int64_t number, at;
    uint16_t through;
};

struct deeds {
    struct deed *all;
    size_t n;
    struct question *questions;
    size_t questions_n;
    uint64_t through[PROCS_MAX + 1]; /* lookups through each node */
};

static int by_device(const void *a, const void *b)
{
    const struct deed *x = a, *y = b;
    if (x->device != y->device) {
        return x->device < y->device ? -1 : 1;
    }
    if (x->op.kind != y->op.kind) {
        return x->op.kind < y->op.kind ? -1 : 1;
    }
    if (x->op.counter != y->op.counter) {
        return x->op.counter < y->op.counter ? -1 : 1;
    }
    return (x->at > y->at) - (x->at < y->at);
}

static int by_question(const void *a, const void *b)
{
    const struct question *x = a, *y = b;
    if (x->proc != y->proc) {
        return x->proc < y->proc ? -1 : 1;
    }
    if (x->incarnation != y->incarnation) {
        return x->incarnation < y->incarnation ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

static const struct question *question_of(const struct deeds *l, const struct event *e)
{
    const struct question wanted = {
        .proc = e->proc.v, .incarnation = e->incarnation.v, .number = e->value};
    return l->questions_n == 0 ? NULL
                               : bsearch(&wanted, l->questions, l->questions_n,
                                         sizeof l->questions[0], by_question);
}

static bool is_deed(const struct history *h, const struct event *e)
{
    return (e->kind == EVENT_REGISTER_SENT || e->kind == EVENT_REGISTERED ||
            e->kind == EVENT_REGISTER_ACKED || e->kind == EVENT_LOOKED_UP ||
            (e->kind == EVENT_REGISTER_REFUSED && e->reason == REASON_NO_QUORUM)) &&
           device_id_some(e->device) && e->device.v <= h->devices_n;
}

/* The answer came with the word of the CallManager or of the device, whichever was first: the
 * registry has it by then. A registration without answer may have happened; one that was asked for
 * once, of a node that had no quorum then, has not. */
static void enter(const struct history *h, struct deeds *l, size_t i)
{
    const struct event *e = &h->events[i];
    struct deed *deed = &l->all[l->n++];
    *deed = (struct deed){.device = e->device.v, .at = i};
    struct linear_op *op = &deed->op;
    *op = (struct linear_op){.kind = LINEAR_REGISTER,
                             .call = h->begin_us,
                             .answer = LINEAR_NEVER,
                             .node = e->peer,
                             .epoch = e->epoch,
                             .counter = (uint64_t)e->value};
    if (e->kind == EVENT_REGISTER_SENT) {
        op->call = e->at.us;
        deed->sent = 1;
    } else if (e->kind == EVENT_REGISTER_REFUSED) {
        deed->nothing = true;
    } else if (e->kind == EVENT_REGISTERED) {
        op->answer = e->at.us;
    } else if (e->kind == EVENT_REGISTER_ACKED) {
        op->answer = e->at.us;
        op->node = e->proc;
    } else {
        const struct question *q = question_of(l, e);
        *op = (struct linear_op){.kind = LINEAR_LOOKUP,
                                 .call = q != NULL ? q->at : h->begin_us,
                                 .answer = e->at.us,
                                 .node = e->peer,
                                 .epoch = e->epoch,
                                 .state = (enum device_state)e->value2};
        l->through[q != NULL && q->through <= PROCS_MAX ? q->through : 0]++;
    }
}

/* false: no memory. */
static bool collect(const struct history *h, struct deeds *l)
{
    size_t deeds = 0, questions = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        questions += h->events[i].kind == EVENT_LOOKUP_ASKED ? 1 : 0;
        deeds += is_deed(h, &h->events[i]) ? 1 : 0;
    }
    l->all = calloc(deeds + 1, sizeof l->all[0]);
    l->questions = calloc(questions + 1, sizeof l->questions[0]);
    if (l->all == NULL || l->questions == NULL) {
        return false;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_LOOKUP_ASKED) {
            l->questions[l->questions_n++] =
                (struct question){e->proc.v, e->incarnation.v, e->value, e->at.us, e->peer.v};
        }
    }
    if (l->questions_n > 0) {
        qsort(l->questions, l->questions_n, sizeof l->questions[0], by_question);
    }
    for (size_t i = 0; i < h->events_n; i++) {
        if (is_deed(h, &h->events[i])) {
            enter(h, l, i);
        }
    }
    if (l->n > 0) {
        qsort(l->all, l->n, sizeof l->all[0], by_device);
    }
    return true;
}

/* The words about one registration become one operation: its call, its first answer. */
static void merge(struct deeds *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct deed *last = n > 0 ? &l->all[n - 1] : NULL;
        const struct deed *d = &l->all[i];
        bool again = last != NULL && d->op.kind == LINEAR_REGISTER &&
                     last->op.kind == LINEAR_REGISTER && last->device == d->device &&
                     last->op.counter == d->op.counter && proc_id_eq(last->op.node, d->op.node);
        if (!again) {
            l->all[n++] = *d;
            continue;
        }
        last->sent += d->sent;
        last->nothing = last->nothing || d->nothing;
        last->op.call = d->op.call > last->op.call ? d->op.call : last->op.call;
        if (d->op.answer < last->op.answer) {
            last->op.answer = d->op.answer;
            last->op.epoch = d->op.epoch;
        }
    }
    l->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct linear_op *op = &l->all[i].op;
        op->call = op->call > op->answer ? op->answer : op->call;
        if (!l->all[i].nothing || l->all[i].sent > 1 || op->answer != LINEAR_NEVER) {
            l->all[l->n++] = l->all[i];
        }
    }
}

struct findings {
    uint64_t devices, registrations, lookups, beyond, wrong;
    struct deed example;
};

/* A device that nobody looked up has no order that could be wrong but that of its own epochs, which
 * REG-1 and REG-2 judge; it is judged here as well, and not counted. */
static void judge_devices(const struct history *h, struct deeds *l, struct linear *search,
                          struct linear_op *ops, struct findings *f)
{
    size_t end = 0;
    for (size_t first = 0; first < l->n; first = end) {
        uint64_t lookups = 0;
        size_t where = 0;
        for (end = first; end < l->n && l->all[end].device == l->all[first].device; end++) {
            ops[end - first] = l->all[end].op;
            lookups += l->all[end].op.kind == LINEAR_LOOKUP ? 1 : 0;
        }
        struct device_info info;
        bool route_point =
            topology_device(h->topology, (struct device_id){l->all[first].device}, &info) &&
            info.kind == DEVICE_KIND_ROUTE_POINT;
        enum linear_verdict verdict = linear_check(search, ops, end - first, route_point, &where);
        f->devices += lookups > 0 ? 1 : 0;
        f->lookups += lookups;
        f->registrations += lookups > 0 ? end - first - lookups : 0;
        f->beyond += verdict == LINEAR_BEYOND ? 1 : 0;
        if (verdict == LINEAR_NO) {
            f->example = f->wrong++ == 0 ? l->all[first + where] : f->example;
        }
    }
}

static void say(const struct history *h, const struct deeds *l, const struct findings *f,
                struct check_result *ret)
{
    uint64_t nodes = 0;
    for (uint16_t v = 1; v <= PROCS_MAX; v++) {
        nodes += l->through[v] > 0 ? 1 : 0;
    }
    if (f->wrong > 0) {
        const struct linear_op *op = &f->example.op;
        check_say(ret, VERDICT_FAIL,
                  "no order explains the answers about %llu devices; for example device %u, %s %s "
                  "under epoch %u at %+.3f s",
                  (unsigned long long)f->wrong, f->example.device,
                  op->kind == LINEAR_LOOKUP ? "found at" : "registered with",
                  proc_id_some(op->node) ? topology_name(h->topology, op->node) : "nobody",
                  op->epoch, (double)(op->answer - h->begin_us) / 1e6);
    } else if (f->lookups == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE, "nobody looked anything up linearizably");
    } else if (f->beyond > 0) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "too much was unanswered to judge %llu of %llu devices that were looked up",
                  (unsigned long long)f->beyond, (unsigned long long)f->devices);
    } else {
        check_say(ret, VERDICT_PASS,
                  "%llu lookups through %llu nodes and %llu registrations of %llu devices, in one "
                  "order",
                  (unsigned long long)f->lookups, (unsigned long long)nodes,
                  (unsigned long long)f->registrations, (unsigned long long)f->devices);
    }
}

void check_reg_3(const struct history *h, struct check_result *ret)
{
    struct deeds l = {0};
    struct findings f = {0};
    struct linear_op *ops = NULL;
    struct linear *search = linear_new();
    bool ready = collect(h, &l);
    if (ready) {
        merge(&l);
        ops = calloc(l.n + 1, sizeof ops[0]);
    }
    if (search == NULL || ops == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
    } else {
        judge_devices(h, &l, search, ops, &f);
        say(h, &l, &f, ret);
    }
    linear_free(&search);
    free(ops);
    free(l.all);
    free(l.questions);
}
