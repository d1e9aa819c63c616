#include "cluster/control/unfold.h"

#include "cluster/control/outcome.h"
#include "cluster/control/tail.h"
#include "cluster/control/tick.h"
#include "node/base/event.h"
#include "node/base/plural.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOVES_MAX   DEVICES_MAX
#define TEXT_LEN    160
#define WAITING_MAX 64
#define HOLD_US     400000 /* by then every process has written what it saw */

/* A line that waits until nothing earlier can come. */
struct waiting {
    int64_t at_us;
    char text[TEXT_LEN];
};

/* What became of a device since the fault; those on their way from elsewhere are none of its. */
enum fate { FATE_UNHURT, FATE_LOST_IDLE, FATE_LOST_IN_CALL, FATE_MOVED };

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
    uint32_t waiting_n;
    struct waiting waiting[WAITING_MAX]; /* in the order of time */
    enum fate fates[DEVICES_MAX + 1];    /* who was lost in a call moves when that is over */
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

/* Print what happened up to a moment. */
static void print_until(struct unfold *u, int64_t until_us)
{
    uint32_t n = 0;
    while (n < u->waiting_n && u->waiting[n].at_us <= until_us) {
        outcome_progress("%s", u->waiting[n++].text);
    }
    u->waiting_n -= n;
    memmove(u->waiting, u->waiting + n, u->waiting_n * sizeof u->waiting[0]);
}

__attribute__((format(printf, 3, 4))) static void put(struct unfold *u, int64_t at_us,
                                                      const char *format, ...)
{
    va_list args;
    if (u->quiet) {
        return;
    }
    if (u->waiting_n == WAITING_MAX) {
        print_until(u, u->waiting[0].at_us);
    }
    uint32_t i = u->waiting_n++;
    for (; i > 0 && u->waiting[i - 1].at_us > at_us; i--) {
        u->waiting[i] = u->waiting[i - 1];
    }
    u->waiting[i].at_us = at_us;
    va_start(args, format);
    vsnprintf(u->waiting[i].text, TEXT_LEN, format, args);
    va_end(args);
}

__attribute__((format(printf, 4, 5))) static void tell(struct unfold *u, int64_t at_us,
                                                       const char *what, const char *format, ...)
{
    char text[TEXT_LEN - 32];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(u, at_us, " +%.2f s  %-7s %s", (double)(at_us - u->t0_us) / 1e6, what, text);
}

static void on_device(struct unfold *u, const struct event *e)
{
    enum fate *fate = &u->fates[e->device.v <= DEVICES_MAX ? e->device.v : 0];
    if (e->kind == EVENT_DEVICE_LOST) {
        bool first = *fate == FATE_UNHURT;
        *fate = first ? (e->value == 1 ? FATE_LOST_IN_CALL : FATE_LOST_IDLE) : *fate;
        u->lost_in_call += first && e->value == 1 ? 1 : 0;
        u->lost_idle += first && e->value != 1 ? 1 : 0;
        if (!u->noticed) {
            u->noticed = true;
            tell(u, e->at.us, "phones", "the first notice that their CallManager is gone");
        }
    } else if (e->kind == EVENT_REGISTERED && !u->healed && u->moves_n < MOVES_MAX &&
               *fate == FATE_LOST_IDLE) {
        *fate = FATE_MOVED;
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
static void sum_up(struct unfold *u)
{
    if (u->told) {
        return;
    }
    u->told = true;
    int64_t at_us = u->t0_us;
    if (u->moves_n > 0) {
        qsort(u->moves_us, u->moves_n, sizeof u->moves_us[0], by_size);
        at_us += u->moves_us[u->moves_n - 1];
        tell(u, at_us, "phones",
             "%u of %u idle phones and gateways on %s   p50 %lld ms   p99 %lld ms", u->moves_n,
             u->lost_idle, topology_name(&u->cluster->topology, u->to),
             (long long)u->moves_us[u->moves_n / 2] / 1000,
             (long long)u->moves_us[u->moves_n * 99 / 100] / 1000);
    }
    if (u->lost_in_call > 0 || u->dropped > 0) {
        put(u, at_us, "           %u %s in a call and kept %s media; %u %s in setup %s dropped",
            u->lost_in_call, plural_of(u->lost_in_call, "was", "were"),
            plural_of(u->lost_in_call, "its", "their"), u->dropped,
            plural_of(u->dropped, "leg", "legs"), plural_of(u->dropped, "was", "were"));
    }
}

void unfold_tell(struct unfold *u, bool with_sum)
{
    if (with_sum) {
        sum_up(u);
    }
    print_until(u, INT64_MAX);
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
        sum_up(u);
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
        tell(u, e->at.us, "pg", "%s active, %lld %s", who, (long long)e->value2,
             plural_of((uint64_t)e->value2, "monitor", "monitors"));
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
    int64_t now_us = tick_now_us();
    tail_read(u->tail, each_event, u);
    if (u->lost_idle > 0 && u->moves_n >= u->lost_idle &&
        now_us - u->t0_us - u->moves_us[u->moves_n - 1] > HOLD_US / 2) {
        sum_up(u); /* all of them, and no more were lost meanwhile */
    }
    print_until(u, now_us - HOLD_US);
}

void unfold_end(struct unfold *u)
{
    unfold_step(u);
    unfold_tell(u, true);
}
