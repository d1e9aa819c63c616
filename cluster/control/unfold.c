#include "cluster/control/unfold.h"

#include "cluster/control/outcome.h"
#include "cluster/control/tail.h"
#include "node/base/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MOVES_MAX DEVICES_MAX
#define TEXT_LEN  160

struct unfold {
    const struct cluster *cluster;
    struct tail *tail;
    int64_t t0_us;
    bool quiet;
    bool noticed, led, healed, told;
    uint32_t lost_idle, lost_in_call, preserved, dropped;
    uint32_t moves_n;
    int64_t moves_us[MOVES_MAX];
    struct proc_id to;
    bool in_call[DEVICES_MAX + 1]; /* lost its CallManager in a call: moves when that is over */
};

struct unfold *unfold_new(const struct cluster *c, int64_t t0_us, bool quiet)
{
    struct unfold *u = calloc(1, sizeof *u);
    if (u == NULL) {
        abort();
    }
    u->cluster = c;
    u->tail = tail_new(c, t0_us);
    u->t0_us = t0_us;
    u->quiet = quiet;
    return u;
}

void unfold_free(struct unfold **u)
{
    if (*u != NULL) {
        tail_free(&(*u)->tail);
        free(*u);
        *u = NULL;
    }
}

__attribute__((format(printf, 4, 5))) static void tell(const struct unfold *u, int64_t at_us,
                                                       const char *what, const char *format, ...)
{
    char text[TEXT_LEN];
    va_list args;
    if (u->quiet) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    outcome_progress(" +%.2f s  %-7s %s", (double)(at_us - u->t0_us) / 1e6, what, text);
}

static void on_device(struct unfold *u, const struct event *e)
{
    if (e->kind == EVENT_DEVICE_LOST) {
        u->in_call[e->device.v <= DEVICES_MAX ? e->device.v : 0] = e->value == 1;
        u->lost_in_call += e->value == 1 ? 1 : 0;
        u->lost_idle += e->value == 1 ? 0 : 1;
        if (!u->noticed) {
            u->noticed = true;
            tell(u, e->at.us, "phones", "the first notice that their CallManager is gone");
        }
    } else if (e->kind == EVENT_REGISTERED && u->noticed && !u->healed && u->moves_n < MOVES_MAX &&
               !u->in_call[e->device.v <= DEVICES_MAX ? e->device.v : 0]) {
        u->moves_us[u->moves_n++] = e->at.us - u->t0_us;
        u->to = e->peer;
    } else if (e->kind == EVENT_CALL_PRESERVED) {
        u->preserved++;
    } else if (e->kind == EVENT_CALL_END && e->reason == REASON_DROPPED_IN_SETUP) {
        u->dropped++;
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* How many moved, and how fast; once. */
void unfold_sum(struct unfold *u)
{
    if (u->quiet || u->told) {
        return;
    }
    u->told = true;
    if (u->moves_n > 0) {
        qsort(u->moves_us, u->moves_n, sizeof u->moves_us[0], by_size);
        tell(u, u->t0_us + u->moves_us[u->moves_n - 1], "phones",
             "%u of %u idle phones and gateways on %s   p50 %lld ms   p99 %lld ms", u->moves_n,
             u->lost_idle, topology_name(&u->cluster->topology, u->to),
             (long long)u->moves_us[u->moves_n / 2] / 1000,
             (long long)u->moves_us[u->moves_n * 99 / 100] / 1000);
    }
    if (u->lost_in_call > 0 || u->dropped > 0) {
        outcome_progress("           %u were in a call and kept their media; %u legs in setup "
                         "were dropped",
                         u->lost_in_call, u->dropped);
    }
}

static void each_event(void *context, const struct event *e, const char *line)
{
    struct unfold *u = context;
    const struct topology *t = &u->cluster->topology;
    const char *who = topology_name(t, e->proc);
    (void)line;
    switch ((int)e->kind) {
    case EVENT_FAULT:
        tell(u, e->at.us, "fault", "%s: %s", topology_name(t, e->peer), e->text);
        break;
    case EVENT_HEAL:
        unfold_sum(u);
        u->healed = true;
        tell(u, e->at.us, "heal", "%s: %s", topology_name(t, e->peer), e->text);
        break;
    case EVENT_RAFT_SERVING:
        tell(u, e->at.us, "raft", "%s leader, term %lld", who, (long long)e->value2);
        break;
    case EVENT_NODE_DOWN:
        if (!u->led) {
            u->led = true;
            tell(u, e->at.us, "raft", "the registry takes %s for dead", topology_name(t, e->peer));
        }
        break;
    case EVENT_PROVIDER_DOWN:
        tell(u, e->at.us, "pg", "%s lost its CTI Manager (%s)", who, reason_text(e->reason));
        break;
    case EVENT_PG_ACTIVE:
        tell(u, e->at.us, "pg", "%s active, %lld monitors", who, (long long)e->value2);
        break;
    case EVENT_SERVICE_START:
        tell(u, e->at.us, "service", "%s of %s started", e->text, who);
        break;
    default:
        on_device(u, e);
        break;
    }
}

void unfold_step(struct unfold *u)
{
    tail_read(u->tail, each_event, u);
}

void unfold_end(struct unfold *u)
{
    unfold_step(u);
    unfold_sum(u);
}
