#include "cluster/check/judges.h"

#include <stdlib.h>
#include <string.h>

#define PROVIDERS_MAX 256

struct provider {
    uint16_t proc;
    int64_t id, applied;
};

static struct provider *provider_of(struct provider *all, size_t *n, const struct event *e)
{
    for (size_t i = 0; i < *n; i++) {
        if (all[i].proc == e->proc.v && all[i].id == e->value2) {
            return &all[i];
        }
    }
    if (*n == PROVIDERS_MAX) {
        return NULL;
    }
    all[*n] = (struct provider){.proc = e->proc.v, .id = e->value2};
    return &all[(*n)++];
}

/* After a gap the PG must give its provider up: the next word about it is that it is down. */
static bool passed_over(const struct history *h, size_t gap)
{
    for (size_t i = gap + 1; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, h->events[gap].proc)) {
            continue;
        }
        if (e->kind == EVENT_PROVIDER_DOWN || e->kind == EVENT_PROVIDER_UP ||
            e->kind == EVENT_PROCESS_START) {
            return false;
        }
        if (e->kind == EVENT_CTI_APPLIED && e->value >= h->events[gap].value2) {
            return true;
        }
    }
    return false;
}

void check_cti_1(const struct history *h, struct check_result *ret)
{
    struct provider all[PROVIDERS_MAX];
    size_t n = 0;
    uint64_t applied = 0, backward = 0, gaps = 0, silent = 0, miscounted = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_CTI_GAP) {
            gaps++;
            silent += passed_over(h, i) ? 1 : 0;
        }
        if (e->kind != EVENT_CTI_APPLIED) {
            continue;
        }
        struct provider *p = provider_of(all, &n, e);
        if (p == NULL) {
            continue;
        }
        /* The PG counts what it applies; a record from before that says nothing. */
        miscounted += e->text[0] != '\0' && strtoll(e->text, NULL, 10) != e->value ? 1 : 0;
        if (e->value <= p->applied) {
            backward++;
        } else {
            applied += (uint64_t)(e->value - p->applied);
            p->applied = e->value;
        }
    }
    if (backward + silent + miscounted > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu times an event was applied again, %llu gaps were passed over, %llu times "
                  "the number of the last event was not the number of those applied",
                  (unsigned long long)backward, (unsigned long long)silent,
                  (unsigned long long)miscounted);
        return;
    }
    check_say(ret, check_verdict(applied, 0),
              "%llu events of %zu providers applied in order; %llu gaps, none passed over",
              (unsigned long long)applied, n, (unsigned long long)gaps);
}

void check_cti_2(const struct history *h, struct check_result *ret)
{
    uint64_t opened = 0, bad = 0;
    const struct event *first = NULL;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool link = e->kind == EVENT_LINK_UP && strcmp(e->text, "jtapi") == 0;
        const struct topology_proc *p = topology_proc_of(h->topology, e->proc);
        if ((e->kind != EVENT_PROVIDER_UP && !link) || p == NULL || p->kind != PROC_PG) {
            continue;
        }
        opened += e->kind == EVENT_PROVIDER_UP ? 1 : 0;
        if (!proc_id_eq(e->peer, p->ctimanager_node)) {
            first = bad++ == 0 ? e : first;
        }
    }
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL, "%s opened a provider at %s, which is not its CTI Manager",
                  topology_name(h->topology, first->proc), topology_name(h->topology, first->peer));
        return;
    }
    check_say(ret, check_verdict(opened, 0), "%llu providers opened, each at its own CTI Manager",
              (unsigned long long)opened);
}
