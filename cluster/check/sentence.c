#include "cluster/check/sentence.h"

#include "cluster/check/judges.h"

#define AT_ONCE_US INT64_C(2000000)

const struct history_outage *sentence_fault(const struct history *h, struct check_result *ret)
{
    const struct history_outage *fault = history_fault(h);
    if (fault == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "nothing failed");
    }
    return fault;
}

/* Whether an outage is part of the fault. */
static bool is_of_fault(const struct history *h, const struct history_outage *o)
{
    const struct history_outage *fault = history_fault(h);
    return fault != NULL && o >= fault && o->injected && o->from - fault->from <= AT_ONCE_US;
}

static bool takes_callmanager(const struct history *h, const struct history_outage *o)
{
    return o->injected && history_kind(h, o->proc) == PROC_NODE &&
           o->service != SERVICE_CTIMANAGER && !o->network;
}

bool sentence_took(const struct history *h, struct proc_id node)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, node) && is_of_fault(h, o) && takes_callmanager(h, o)) {
            return true;
        }
    }
    return false;
}

int64_t sentence_made(const struct history *h)
{
    int64_t made = history_fault(h)->from;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        made = is_of_fault(h, o) && o->from > made ? o->from : made;
    }
    return made;
}

int64_t sentence_next(const struct history *h)
{
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!is_of_fault(h, o) && takes_callmanager(h, o)) {
            return o->from;
        }
    }
    return HISTORY_FOREVER;
}

const struct history_outage *sentence_dead_callmanager(const struct history *h,
                                                       struct check_result *ret)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        if (is_of_fault(h, &h->outages[i]) && takes_callmanager(h, &h->outages[i])) {
            return &h->outages[i];
        }
    }
    check_say(ret, VERDICT_INCONCLUSIVE, "no subscriber failed");
    return NULL;
}

/* The side of a pair that was the last to be active before `at`; none: none was. */
static struct proc_id active_at(const struct history *h, uint32_t pair, int64_t at)
{
    struct proc_id side = {0};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < at; i++) {
        const struct topology_proc *p = topology_proc_of(h->topology, h->events[i].proc);
        if (h->events[i].kind == EVENT_PG_ACTIVE && p != NULL && p->pair == pair) {
            side = h->events[i].proc;
        }
    }
    return side;
}

static struct sentence_sides sides_of(const struct history *h, uint32_t pair, int64_t at)
{
    struct sentence_sides sides = {.before = active_at(h, pair, at)};
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        const struct topology_proc *p = &h->topology->procs[v - 1];
        if (p->kind == PROC_PG && p->pair == pair && v != sides.before.v) {
            sides.other = (struct proc_id){v};
        }
    }
    return sides;
}

/* A CTI Manager without the CallManager beside it closes its providers: any service will do. */
static bool hits(const struct history *h, struct proc_id side)
{
    const struct topology_proc *p = topology_proc_of(h->topology, side);
    for (uint32_t i = 0; p != NULL && i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (is_of_fault(h, o) && !o->network &&
            (proc_id_eq(o->proc, side) || proc_id_eq(o->proc, p->ctimanager_node))) {
            return true;
        }
    }
    return false;
}

bool sentence_switches(const struct history *h, struct sentence_sides *ret_sides)
{
    const struct history_outage *fault = history_fault(h);
    *ret_sides = (struct sentence_sides){0};
    for (uint32_t i = 0; fault != NULL && i < h->topology->procs_n; i++) {
        const struct topology_proc *p = &h->topology->procs[i];
        if (p->kind != PROC_PG) {
            continue;
        }
        struct sentence_sides sides = sides_of(h, p->pair, fault->from);
        bool hit = proc_id_some(sides.before) && hits(h, sides.before);
        if (hit || !proc_id_some(ret_sides->before)) {
            *ret_sides = sides;
        }
        if (hit) {
            return proc_id_some(sides.other);
        }
    }
    return false;
}

bool sentence_must_switch(const struct history *h, struct check_result *ret,
                          struct sentence_sides *ret_sides)
{
    bool switches = sentence_switches(h, ret_sides);
    if (!switches) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "no active PG side failed, or was wired to a CTI Manager that failed");
    }
    return switches;
}

int64_t sentence_returned(const struct history *h, struct check_result *ret)
{
    int64_t back = -1;
    if (sentence_fault(h, ret) == NULL) {
        return back;
    }
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (is_of_fault(h, o) && (o->network || o->until == HISTORY_FOREVER)) {
            check_say(ret, VERDICT_INCONCLUSIVE, "%s did not return",
                      topology_name(h->topology, o->proc));
            return -1;
        }
        back = is_of_fault(h, o) && o->until > back ? o->until : back;
    }
    return back;
}

bool sentence_is_phone(const struct history *h, struct device_id device)
{
    struct device_info info;
    return topology_device(h->topology, device, &info) && info.kind == DEVICE_KIND_PHONE;
}

void sentence_media(const struct history *h, struct check_result *ret)
{
    if (sentence_fault(h, ret) != NULL) {
        check_call_1(h, ret);
    }
}

void sentence_ledger(const struct history *h, struct check_result *ret)
{
    if (sentence_fault(h, ret) != NULL) {
        check_tcd_1(h, ret);
    }
}

void sentence_unchanged(const struct history *h, struct check_result *ret)
{
    if (sentence_fault(h, ret) != NULL) {
        check_tcd_2(h, ret);
    }
}

void sentence_acknowledged(const struct history *h, struct check_result *ret)
{
    if (sentence_fault(h, ret) != NULL) {
        check_reg_1(h, ret);
    }
}
