#include "cluster/sim/sim_media.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP     256
#define DRAWS_MAX     4096 /* datagrams of one flow that are drawn one by one under loss */
#define JITTER_US_MAX 4000

struct flow {
    struct proc_id fleet, peer_fleet;
    struct device_id device, peer;
    struct call_id call;
    int64_t heard_us;      /* the last datagram, or the beginning */
    int64_t hearing_since; /* INT64_MAX: it hears nothing */
    int64_t excused_us;    /* slept since it was heard */
    uint64_t received;
    int64_t gap_us;
    int32_t loss_ppm; /* the worst of the present interval */
    bool silent;
};

struct report {
    struct proc_id fleet;
    struct media_report report;
};

struct sim_media {
    const struct topology *topology;
    struct sim_heap *heap;
    struct sim_net *net;
    struct rand_state rand;
    struct flow *flows;
    size_t n, cap;
    struct report *reports; /* in the order in which they are owed */
    size_t reports_n, reports_cap;
    int64_t deadlines[PROCS_MAX + 1]; /* by fleet */
};

struct sim_media *sim_media_new(const struct topology *topology, struct sim_heap *heap,
                                struct sim_net *net, uint64_t seed)
{
    struct sim_media *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    *m = (struct sim_media){
        .topology = topology, .heap = heap, .net = net, .rand = {seed}, .cap = FIRST_CAP};
    m->flows = malloc(m->cap * sizeof m->flows[0]);
    m->reports_cap = FIRST_CAP;
    m->reports = malloc(m->reports_cap * sizeof m->reports[0]);
    ASSERT(m->flows != NULL);
    ASSERT(m->reports != NULL);
    for (uint32_t v = 0; v <= PROCS_MAX; v++) {
        m->deadlines[v] = INT64_MAX;
    }
    return m;
}

void sim_media_free(struct sim_media **media)
{
    if (*media != NULL) {
        free((*media)->flows);
        free((*media)->reports);
        free(*media);
        *media = NULL;
    }
}

static int64_t interval_of(const struct sim_media *m)
{
    return m->topology->timers.media_interval.us;
}

/* -- What an interval of hearing was worth. -- */

/* The longest run of lost ones among `n` datagrams. */
static int64_t longest_loss(struct sim_media *m, int32_t loss_ppm, int64_t n)
{
    int64_t longest = 0, run = 0;
    for (int64_t i = 0; loss_ppm > 0 && i < n && i < DRAWS_MAX; i++) {
        run = rand_below(&m->rand, 1000000) < (uint64_t)loss_ppm ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void settle(struct sim_media *m, struct flow *f)
{
    int64_t now = m->heap->now_us;
    if (f->hearing_since == INT64_MAX) {
        return;
    }
    int64_t n = (now - f->hearing_since) / interval_of(m) + 1;
    int64_t lost = n * f->loss_ppm / 1000000;
    int64_t gap = interval_of(m) * (1 + longest_loss(m, f->loss_ppm, n)) +
                  rand_between(&m->rand, 0, JITTER_US_MAX);
    f->received += (uint64_t)(n - lost);
    f->gap_us = n > 1 && gap > f->gap_us ? gap : f->gap_us;
    f->heard_us = now;
    f->excused_us = 0;
    f->hearing_since = INT64_MAX;
    f->loss_ppm = 0;
}

static struct flow *find(const struct sim_media *m, struct device_id device, struct call_id call,
                         struct device_id peer)
{
    for (size_t i = 0; i < m->n; i++) {
        struct flow *f = &m->flows[i];
        if (f->device.v == device.v && f->call.v == call.v && f->peer.v == peer.v) {
            return f;
        }
    }
    return NULL;
}

static void listen_again(struct sim_media *m, struct flow *f)
{
    const struct flow *g = find(m, f->peer, f->call, f->device);
    bool hears = g != NULL && sim_net_answers(m->net, f->fleet) &&
                 sim_net_answers(m->net, g->fleet) &&
                 sim_net_open(m->net, SIM_WIRE_VISIBLE, g->fleet, f->fleet);
    int32_t loss = sim_net_loss(m->net, SIM_WIRE_VISIBLE, f->peer_fleet, f->fleet);
    if (!hears) {
        settle(m, f);
        return;
    }
    f->loss_ppm = loss > f->loss_ppm ? loss : f->loss_ppm;
    if (f->hearing_since != INT64_MAX) {
        return;
    }
    int64_t now = m->heap->now_us;
    int64_t gap = now - f->heard_us;
    f->gap_us = f->received > 0 && gap > f->gap_us ? gap : f->gap_us;
    f->hearing_since = now;
    f->silent = false;
}

static void find_deadlines(struct sim_media *m)
{
    for (uint32_t v = 0; v <= PROCS_MAX; v++) {
        m->deadlines[v] = INT64_MAX;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct flow *f = &m->flows[i];
        int64_t at = f->heard_us + f->excused_us + m->topology->timers.media_lost_after.us;
        if (f->hearing_since == INT64_MAX && !f->silent && at < m->deadlines[f->fleet.v]) {
            m->deadlines[f->fleet.v] = at;
        }
    }
    for (size_t i = 0; i < m->reports_n; i++) {
        m->deadlines[m->reports[i].fleet.v] = 0;
    }
}

void sim_media_changed(struct sim_media *m)
{
    for (size_t i = 0; i < m->n; i++) {
        listen_again(m, &m->flows[i]);
    }
    find_deadlines(m);
}

/* -- Orders and reports. -- */

static void owe(struct sim_media *m, const struct flow *f, int64_t gap_us)
{
    if (m->reports_n == m->reports_cap) {
        m->reports_cap *= 2;
        m->reports = realloc(m->reports, m->reports_cap * sizeof m->reports[0]);
        ASSERT(m->reports != NULL);
    }
    m->reports[m->reports_n++] = (struct report){.fleet = f->fleet,
                                                 .report = {.device = f->device,
                                                            .call = f->call,
                                                            .peer = f->peer,
                                                            .silent = f->silent,
                                                            .received = f->received,
                                                            .gap = {gap_us}}};
}

static void begin(struct sim_media *m, struct proc_id fleet, const struct media_order *order)
{
    struct device_info peer;
    if (find(m, order->device, order->call, order->peer) != NULL ||
        !topology_device(m->topology, order->peer, &peer) || !proc_id_some(peer.fleet)) {
        return;
    }
    if (m->n == m->cap) {
        ASSERT(m->cap > 0);
        m->cap *= 2;
        m->flows = realloc(m->flows, m->cap * sizeof m->flows[0]);
        ASSERT(m->flows != NULL);
    }
    m->flows[m->n++] = (struct flow){.fleet = fleet,
                                     .peer_fleet = peer.fleet,
                                     .device = order->device,
                                     .peer = order->peer,
                                     .call = order->call,
                                     .heard_us = m->heap->now_us,
                                     .hearing_since = INT64_MAX};
}

/* The flows of a device in a call, or (no call) of a whole fleet, are no more. */
static void end(struct sim_media *m, struct proc_id fleet, const struct media_order *order)
{
    for (size_t i = 0; i < m->n;) {
        struct flow *f = &m->flows[i];
        bool meant = order != NULL ? f->device.v == order->device.v && f->call.v == order->call.v
                                   : f->fleet.v == fleet.v;
        if (!meant) {
            i++;
            continue;
        }
        settle(m, f);
        f->silent = false;
        if (order != NULL) {
            owe(m, f, f->gap_us);
        }
        *f = m->flows[--m->n];
    }
}

void sim_media_order(struct sim_media *m, struct proc_id fleet, const struct media_order *order)
{
    if (device_id_some(order->peer)) {
        begin(m, fleet, order);
    } else {
        end(m, fleet, order);
    }
    for (size_t i = 0; i < m->n; i++) { /* the others hear what they heard */
        if (call_id_eq(m->flows[i].call, order->call)) {
            listen_again(m, &m->flows[i]);
        }
    }
    find_deadlines(m);
}

void sim_media_end(struct sim_media *m, struct proc_id fleet)
{
    size_t kept = 0;
    end(m, fleet, NULL);
    for (size_t i = 0; i < m->reports_n; i++) {
        if (m->reports[i].fleet.v != fleet.v) {
            m->reports[kept++] = m->reports[i];
        }
    }
    m->reports_n = kept;
    sim_media_changed(m);
}

void sim_media_slept(struct sim_media *m, struct proc_id fleet, int64_t us)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->flows[i].fleet.v == fleet.v) {
            m->flows[i].excused_us += us;
        }
    }
    find_deadlines(m);
}

static void find_silent(struct sim_media *m, struct proc_id fleet)
{
    int64_t now = m->heap->now_us;
    for (size_t i = 0; i < m->n; i++) {
        struct flow *f = &m->flows[i];
        int64_t at = f->heard_us + f->excused_us + m->topology->timers.media_lost_after.us;
        if (f->fleet.v == fleet.v && f->hearing_since == INT64_MAX && !f->silent && at <= now) {
            f->silent = true;
            owe(m, f, now - f->heard_us);
        }
    }
}

bool sim_media_report(struct sim_media *m, struct proc_id fleet, struct media_report *ret_report)
{
    if (m->deadlines[fleet.v] > m->heap->now_us) {
        return false;
    }
    find_silent(m, fleet);
    for (size_t i = 0; i < m->reports_n; i++) {
        if (m->reports[i].fleet.v == fleet.v) {
            *ret_report = m->reports[i].report;
            m->reports_n--;
            memmove(m->reports + i, m->reports + i + 1, (m->reports_n - i) * sizeof m->reports[0]);
            find_deadlines(m);
            return true;
        }
    }
    find_deadlines(m);
    return false;
}

int64_t sim_media_deadline(const struct sim_media *m, struct proc_id fleet)
{
    return m->deadlines[fleet.v];
}
