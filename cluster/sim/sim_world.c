#include "cluster/sim/sim_world.h"

#include "cluster/sim/sim_looker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUEST         (PROCS_MAX + 1)
#define START_SPREAD  20000 /* us between the first and the last start */
#define OFFSET_MAX_US INT64_C(3600000000)
#define DRIFT_PPM_MAX 200
#define PAIRS_MAX     16
#define LOSS_MAX_PPM  30000

struct active {
    uint32_t pair;
    struct proc_id side;
};

/* A fault of the plan, and whom it met. */
struct struck {
    bool on;
    struct sim_fault fault; /* with the target that it met */
};

struct sim_world {
    struct sim_world_config config;
    struct sim_ground ground;
    struct sim_proc *procs[PROCS_MAX + 1];
    const struct sim_plan *plan;
    struct struck *struck; /* by index in the plan */
    uint64_t fired[SIM_FAULT_KINDS];
    uint64_t guest_seq, orders; /* events of the guest; its orders */
    struct sim_looker looker;
    struct proc_id leader;
    struct active active[PAIRS_MAX];
    uint32_t pairs_n;
};

/* -- What the world sees. -- */

static void on_traced(void *context, const struct event *e)
{
    struct sim_world *w = context;
    if (e->kind == EVENT_RAFT_STATE) {
        if (e->value == RAFT_STATE_LEADER) {
            w->leader = e->proc;
        } else if (e->proc.v == w->leader.v) {
            w->leader.v = 0;
        }
    } else if (e->kind == EVENT_PG_ACTIVE) {
        uint32_t pair = topology_proc_of(w->config.topology, e->proc)->pair;
        for (uint32_t i = 0; i < w->pairs_n; i++) {
            if (w->active[i].pair == pair) {
                w->active[i].side = e->proc;
            }
        }
    }
}

static void on_tell(void *context, struct proc_id to, const struct sim_news *news)
{
    struct sim_world *w = context;
    sim_proc_news(w->procs[to.v], news);
}

static void rearm_fleets(void *context)
{
    struct sim_world *w = context;
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (w->config.topology->procs[v - 1].kind == PROC_FLEET && w->procs[v] != NULL) {
            sim_proc_rearm(w->procs[v]);
        }
    }
}

static void on_net_changed(void *context)
{
    struct sim_world *w = context;
    sim_media_changed(w->ground.media);
    rearm_fleets(w);
}

static void on_answer(void *context, struct proc_id from, const struct msg *msg)
{
    struct sim_world *w = context;
    sim_looker_answer(&w->looker, from, msg);
    if (w->config.answer != NULL) {
        w->config.answer(w->config.context, from, msg);
    }
}

/* -- Who looks registrations up. -- */

static void trace_guest(struct sim_world *w, struct event *e)
{
    e->at.us = w->ground.heap.now_us;
    e->wall_us = SIM_CLOCK_WALL_US + e->at.us;
    e->hlc.v = (uint64_t)(e->wall_us / 1000) << 16;
    e->proc.v = GUEST;
    e->incarnation.v = 1;
    e->seq = ++w->guest_seq;
    sim_history_event(&w->ground.record, e);
}

static bool looker_alive(void *context, struct proc_id node)
{
    const struct sim_world *w = context;
    return sim_proc_alive(w->procs[node.v]);
}

static void looker_ask(void *context, struct proc_id node, const struct msg *msg)
{
    struct sim_world *w = context;
    sim_proc_ask(w->procs[node.v], msg);
}

static void looker_trace(void *context, const struct event *event)
{
    struct event e = *event;
    trace_guest(context, &e);
}

/* -- From the beginning to the end. -- */

static struct sim_clock draw_clock(struct sim_world *w, enum proc_kind kind)
{
    struct sim_clock clock = {0};
    /* The fleet is the witness: its clock is the true one. */
    if (kind != PROC_FLEET && !w->config.true_clocks) {
        clock.offset_us = rand_between(&w->ground.rand, 0, OFFSET_MAX_US);
        clock.drift_ppm = rand_between(&w->ground.rand, 0, DRIFT_PPM_MAX);
    }
    return clock;
}

static void note_pair(struct sim_world *w, uint32_t pair)
{
    for (uint32_t i = 0; i < w->pairs_n; i++) {
        if (w->active[i].pair == pair) {
            return;
        }
    }
    ASSERT(w->pairs_n < PAIRS_MAX);
    w->active[w->pairs_n++].pair = pair;
}

struct sim_world *sim_world_new(const struct sim_world_config *config)
{
    struct sim_world *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    w->config = *config;
    struct sim_ground *g = &w->ground;
    g->topology = config->topology;
    g->rand.v = config->seed;
    g->snapshot_every = config->snapshot_every;
    g->context = w;
    g->answer = on_answer;
    g->traced = on_traced;
    g->media_changed = rearm_fleets;
    sim_heap_init(&g->heap);
    sim_history_init(&g->record, config->keep);
    g->net = sim_net_new(&(struct sim_net_config){.heap = &g->heap,
                                                  .seed = rand_next(&g->rand),
                                                  .delay_min = config->delay_min,
                                                  .delay_max = config->delay_max,
                                                  .context = w,
                                                  .tell = on_tell,
                                                  .changed = on_net_changed});
    g->media = sim_media_new(config->topology, &g->heap, g->net, rand_next(&g->rand));
    sim_looker_init(&w->looker, &(struct sim_looker_config){.topology = config->topology,
                                                            .heap = &g->heap,
                                                            .context = w,
                                                            .alive = looker_alive,
                                                            .ask = looker_ask,
                                                            .trace = looker_trace});
    for (uint16_t v = 1; v <= config->topology->procs_n; v++) {
        const struct topology_proc *p = &config->topology->procs[v - 1];
        if (p->kind == PROC_RECORDER) {
            continue;
        }
        struct sim_clock clock = draw_clock(w, p->kind);
        w->procs[v] = sim_proc_new(g, (struct proc_id){v}, &clock);
        if (p->kind == PROC_PG) {
            note_pair(w, p->pair);
        }
    }
    return w;
}

void sim_world_free(struct sim_world **world)
{
    struct sim_world *w = *world;
    if (w == NULL) {
        return;
    }
    for (uint32_t v = 1; v <= PROCS_MAX; v++) {
        sim_proc_free(&w->procs[v]);
    }
    sim_net_free(&w->ground.net);
    sim_media_free(&w->ground.media);
    sim_history_deinit(&w->ground.record);
    sim_heap_deinit(&w->ground.heap);
    free(w->struck);
    free(w);
    *world = NULL;
}

static void on_start(void *self, void *data, uint64_t number)
{
    struct sim_world *w = self;
    (void)data;
    if (!sim_proc_alive(w->procs[number])) {
        sim_proc_start(w->procs[number]);
    }
}

void sim_world_start(struct sim_world *w)
{
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (w->procs[v] != NULL) {
            int64_t at = w->ground.heap.now_us + rand_between(&w->ground.rand, 0, START_SPREAD);
            sim_heap_push(&w->ground.heap, at, on_start, w, NULL, v);
        }
    }
    if (w->config.lookups > 0) {
        sim_looker_begin(&w->looker, w->config.lookups);
    }
}

void sim_world_run(struct sim_world *w, int64_t until_us)
{
    while (sim_heap_run(&w->ground.heap, until_us)) {
    }
}

int64_t sim_world_now(const struct sim_world *w)
{
    return w->ground.heap.now_us;
}

/* -- Faults. -- */

static void trace_fault(struct sim_world *w, enum event_kind kind, const struct sim_fault *f,
                        struct proc_id at, const char *word)
{
    struct event e = {.kind = kind, .peer = at, .value = 1};
    snprintf(e.text, sizeof e.text, "%s%s%s", word, f->service != SERVICE_NONE ? " " : "",
             f->service != SERVICE_NONE ? service_text(f->service) : "");
    trace_guest(w, &e);
}

/* The words of the `rehome` command: a service crashes by "crash callmanager". */
static const char *word_of(enum sim_fault_kind kind)
{
    return kind == SIM_FAULT_SERVICE_CRASH  ? "crash"
           : kind == SIM_FAULT_SERVICE_STOP ? "stop"
           : kind == SIM_FAULT_ONE_WAY      ? "partition one-way"
           : kind == SIM_FAULT_PRIVATE      ? "partition private"
                                            : sim_fault_word(kind);
}

static bool in_group(const struct sim_fault *f, uint16_t v)
{
    return v == f->target.v || (f->group >> v & 1) != 0;
}

static bool is_cut_off(const struct sim_fault *f, uint16_t v)
{
    return f->others != 0 ? (f->others >> v & 1) != 0 : !in_group(f, v);
}

static bool exists(const struct sim_world *w, uint16_t v)
{
    return w->procs[v] != NULL;
}

/* Everybody who is on a side of a cut is disturbed; on the private network only the pair is. */
static bool is_disturbed(const struct sim_world *w, const struct sim_fault *f, uint16_t v)
{
    const struct topology *t = w->config.topology;
    const struct topology_proc *p = &t->procs[v - 1];
    bool partition = f->kind == SIM_FAULT_PARTITION || f->kind == SIM_FAULT_ONE_WAY;
    if (f->kind == SIM_FAULT_PRIVATE && f->others == 0) {
        const struct topology_proc *own = topology_proc_of(t, f->target);
        return p->kind == own->kind && p->pair == own->pair;
    }
    return partition || f->kind == SIM_FAULT_PRIVATE ? in_group(f, v) || is_cut_off(f, v)
                                                     : v == f->target.v;
}

static void trace_around(struct sim_world *w, enum event_kind kind, const struct sim_fault *f)
{
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (exists(w, v) && is_disturbed(w, f, v)) {
            trace_fault(w, kind, f, (struct proc_id){v}, word_of(f->kind));
        }
    }
}

static void cut_all(struct sim_world *w, const struct sim_fault *f, bool on)
{
    void (*cut)(struct sim_net *, enum sim_wire, struct proc_id, struct proc_id, bool) =
        f->reject ? sim_net_refuse : sim_net_cut;
    uint16_t n = (uint16_t)w->config.topology->procs_n;
    for (uint16_t a = 1; a <= n; a++) {
        for (uint16_t b = 1; b <= n; b++) {
            struct proc_id from = {a}, to = {b};
            if (a == b || !in_group(f, a) || !is_cut_off(f, b)) {
                continue;
            }
            if (f->kind != SIM_FAULT_PRIVATE) {
                cut(w->ground.net, SIM_WIRE_VISIBLE, from, to, on);
            }
            if (f->kind != SIM_FAULT_ONE_WAY && f->kind != SIM_FAULT_PRIVATE) {
                cut(w->ground.net, SIM_WIRE_VISIBLE, to, from, on);
            }
            if (f->kind == SIM_FAULT_UNPLUG || f->kind == SIM_FAULT_PRIVATE) {
                cut(w->ground.net, SIM_WIRE_PRIVATE, from, to, on);
                cut(w->ground.net, SIM_WIRE_PRIVATE, to, from, on);
            }
        }
    }
}

static void slow_all(struct sim_world *w, const struct sim_fault *f, int sign)
{
    struct sim_net_slow more = {sign * f->amount, sign * f->amount / 2,
                                (int32_t)(sign * (f->amount % LOSS_MAX_PPM))};
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (v != f->target.v) {
            const struct proc_id other = {v};
            sim_net_slow(w->ground.net, SIM_WIRE_VISIBLE, f->target, other, &more);
            sim_net_slow(w->ground.net, SIM_WIRE_VISIBLE, other, f->target, &more);
        }
    }
}

static void set_disk(struct sim_world *w, const struct sim_fault *f, bool on)
{
    struct sim_proc *p = w->procs[f->target.v];
    if (sim_proc_disk(p) != NULL) {
        struct sim_disk_faults faults = {0};
        if (on && f->kind == SIM_FAULT_DISK_SLOW) {
            faults.write_min.us = f->amount / 2;
            faults.write_max.us = f->amount;
        } else if (on && f->kind == SIM_FAULT_DISK_STALL) {
            faults.stall_until = sim_proc_clock_at(p, f->until_us);
        }
        faults.full = on && f->kind == SIM_FAULT_DISK_FULL;
        faults.io_error = on && f->kind == SIM_FAULT_DISK_ERROR;
        sim_disk_set(sim_proc_disk(p), &faults);
    }
    if (sim_proc_store(p) != NULL) {
        struct sim_vault_faults faults = {0};
        faults.slow_us = on && f->kind == SIM_FAULT_DISK_SLOW ? f->amount : 0;
        faults.stall_us = on && f->kind == SIM_FAULT_DISK_STALL ? f->until_us : 0;
        faults.fails = on && (f->kind == SIM_FAULT_DISK_FULL || f->kind == SIM_FAULT_DISK_ERROR);
        sim_vault_set(sim_proc_store(p), &faults);
    }
}

static void order_service(struct sim_world *w, const struct sim_fault *f, enum op_verb verb)
{
    struct msg_op_command command = {
        .id = ++w->orders, .verb = (uint32_t)verb, .service = (uint32_t)f->service};
    sim_proc_order(w->procs[f->target.v], &command);
}

static bool has_disk(const struct sim_world *w, struct proc_id target)
{
    enum proc_kind kind = topology_proc_of(w->config.topology, target)->kind;
    return kind == PROC_NODE || kind == PROC_PG || kind == PROC_ICM;
}

static bool makes_sense(const struct sim_world *w, const struct sim_fault *f)
{
    if (!exists(w, f->target.v)) {
        return false;
    }
    const struct topology_proc *t = topology_proc_of(w->config.topology, f->target);
    const struct sim_proc *p = w->procs[f->target.v];
    bool well = sim_proc_alive(p) && !sim_proc_paused(p);
    switch (f->kind) {
    case SIM_FAULT_CRASH:
    case SIM_FAULT_POWER:
        return sim_proc_alive(p);
    case SIM_FAULT_STOP:
    case SIM_FAULT_HANG:
        return well;
    case SIM_FAULT_SERVICE_CRASH:
    case SIM_FAULT_SERVICE_STOP:
        return well && t->kind == PROC_NODE &&
               (f->service == SERVICE_CALLMANAGER ? t->callmanager : t->ctimanager);
    case SIM_FAULT_DISK_SLOW:
    case SIM_FAULT_DISK_STALL:
    case SIM_FAULT_DISK_FULL:
    case SIM_FAULT_DISK_ERROR:
        return has_disk(w, f->target);
    case SIM_FAULT_PRIVATE:
        return t->kind == PROC_PG || t->kind == PROC_ICM || f->others != 0;
    case SIM_FAULT_UNPLUG:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_SLOW:
    case SIM_FAULT_CLOCK:
        return true;
    case SIM_FAULT_KINDS:
        break;
    }
    UNREACHABLE("every kind of fault is listed");
}

static void start_again(struct sim_world *w, const struct sim_fault *f)
{
    if (!sim_proc_alive(w->procs[f->target.v])) {
        sim_proc_start(w->procs[f->target.v]);
    }
}

bool sim_world_break(struct sim_world *w, const struct sim_fault *f)
{
    if (!makes_sense(w, f)) {
        return false;
    }
    struct sim_proc *p = w->procs[f->target.v];
    w->fired[f->kind]++;
    trace_around(w, EVENT_FAULT, f);
    switch (f->kind) {
    case SIM_FAULT_CRASH:
        sim_proc_kill(p, SIM_END_CLOSED);
        break;
    case SIM_FAULT_POWER:
        sim_proc_kill(p, SIM_END_SILENT);
        break;
    case SIM_FAULT_STOP:
        sim_proc_stop(p);
        break;
    case SIM_FAULT_HANG:
        sim_proc_pause(p, true);
        break;
    case SIM_FAULT_SERVICE_CRASH:
        order_service(w, f, OP_VERB_SERVICE_CRASH);
        break;
    case SIM_FAULT_SERVICE_STOP:
        order_service(w, f, OP_VERB_SERVICE_STOP);
        break;
    case SIM_FAULT_UNPLUG:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_PRIVATE:
        cut_all(w, f, true);
        break;
    case SIM_FAULT_SLOW:
        slow_all(w, f, 1);
        break;
    case SIM_FAULT_DISK_SLOW:
    case SIM_FAULT_DISK_STALL:
    case SIM_FAULT_DISK_FULL:
    case SIM_FAULT_DISK_ERROR:
        set_disk(w, f, true);
        break;
    case SIM_FAULT_CLOCK:
        sim_proc_skew(p, f->amount);
        break;
    case SIM_FAULT_KINDS:
        UNREACHABLE("not a kind");
    }
    return true;
}

void sim_world_mend(struct sim_world *w, const struct sim_fault *f)
{
    struct sim_proc *p = w->procs[f->target.v];
    trace_around(w, EVENT_HEAL, f);
    switch (f->kind) {
    case SIM_FAULT_CRASH:
    case SIM_FAULT_POWER:
    case SIM_FAULT_STOP:
        start_again(w, f);
        break;
    case SIM_FAULT_HANG:
        if (sim_proc_paused(p)) {
            sim_proc_pause(p, false);
        }
        break;
    case SIM_FAULT_SERVICE_CRASH:
    case SIM_FAULT_SERVICE_STOP:
        order_service(w, f, OP_VERB_SERVICE_START);
        break;
    case SIM_FAULT_UNPLUG:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_PRIVATE:
        cut_all(w, f, false);
        break;
    case SIM_FAULT_SLOW:
        slow_all(w, f, -1);
        break;
    case SIM_FAULT_DISK_SLOW:
    case SIM_FAULT_DISK_STALL:
    case SIM_FAULT_DISK_FULL:
    case SIM_FAULT_DISK_ERROR:
        set_disk(w, f, false);
        start_again(w, f);
        break;
    case SIM_FAULT_CLOCK:
        sim_proc_skew(p, 0);
        break;
    case SIM_FAULT_KINDS:
        UNREACHABLE("not a kind");
    }
}

/* -- The plan. -- */

static struct proc_id other_node(const struct sim_world *w, struct proc_id target)
{
    const struct topology *t = w->config.topology;
    for (uint16_t i = 0; i < t->procs_n && target.v == w->leader.v; i++) {
        uint16_t v = (uint16_t)(target.v % t->procs_n + 1);
        if (t->procs[v - 1].kind == PROC_NODE) {
            return (struct proc_id){v};
        }
        target.v = v;
    }
    return target;
}

static struct proc_id side_of(const struct sim_world *w, struct proc_id target, bool active)
{
    const struct topology *t = w->config.topology;
    uint32_t pair = topology_proc_of(t, target)->pair;
    struct proc_id side = sim_world_active(w, pair);
    for (uint16_t v = 1; v <= t->procs_n && !active; v++) {
        if (t->procs[v - 1].kind == PROC_PG && t->procs[v - 1].pair == pair && v != side.v) {
            return (struct proc_id){v};
        }
    }
    return proc_id_some(side) ? side : target;
}

static struct proc_id resolve(const struct sim_world *w, const struct sim_fault *f)
{
    switch (f->aim) {
    case SIM_AIM_PROC:
        return f->target;
    case SIM_AIM_LEADER:
        return proc_id_some(w->leader) ? w->leader : f->target;
    case SIM_AIM_FOLLOWER:
        return other_node(w, f->target);
    case SIM_AIM_ACTIVE:
        return side_of(w, f->target, true);
    case SIM_AIM_STANDBY:
        return side_of(w, f->target, false);
    }
    UNREACHABLE("every aim is listed");
}

/* One thing at a time is wrong with a process: a second fault that would be undone together with
 * the first could not be told from it. */
static bool taken(const struct sim_world *w, struct proc_id target)
{
    for (size_t i = 0; i < w->plan->n; i++) {
        if (w->struck[i].on && w->struck[i].fault.target.v == target.v) {
            return true;
        }
    }
    return false;
}

static void on_heal(void *self, void *data, uint64_t number)
{
    struct sim_world *w = self;
    (void)data;
    w->struck[number].on = false;
    sim_world_mend(w, &w->struck[number].fault);
}

static void on_fault(void *self, void *data, uint64_t number)
{
    struct sim_world *w = self;
    (void)data;
    struct struck *s = &w->struck[number];
    s->fault = w->plan->faults[number];
    s->fault.target = resolve(w, &s->fault);
    if (!taken(w, s->fault.target) && sim_world_break(w, &s->fault)) {
        s->on = true;
        sim_heap_push(&w->ground.heap, s->fault.until_us, on_heal, w, NULL, number);
    }
}

void sim_world_plan(struct sim_world *w, const struct sim_plan *plan)
{
    ASSERT(w->plan == NULL);
    w->plan = plan;
    w->struck = calloc(plan->n + 1, sizeof w->struck[0]);
    ASSERT(w->struck != NULL);
    for (size_t i = 0; i < plan->n; i++) {
        ASSERT(plan->faults[i].until_us >= plan->faults[i].at_us);
        sim_heap_push(&w->ground.heap, plan->faults[i].at_us, on_fault, w, NULL, i);
    }
}

/* -- Orders, looks, and the end. -- */

void sim_world_traffic(struct sim_world *w, uint32_t agents_mps, uint32_t phones_mps)
{
    struct msg_op_command command = {.verb = OP_VERB_TRAFFIC, .value = agents_mps};
    snprintf(command.to, sizeof command.to, "%u", phones_mps);
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (w->config.topology->procs[v - 1].kind == PROC_FLEET) {
            command.id = ++w->orders;
            sim_proc_order(w->procs[v], &command);
        }
    }
}

void sim_world_finish(struct sim_world *w)
{
    sim_looker_end(&w->looker);
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        if (w->config.topology->procs[v - 1].kind == PROC_FLEET && sim_proc_alive(w->procs[v])) {
            sim_proc_stop(w->procs[v]);
        }
    }
}

struct sim_proc *sim_world_proc(struct sim_world *w, struct proc_id proc)
{
    ASSERT(proc.v <= PROCS_MAX);
    return w->procs[proc.v];
}

const struct topology *sim_world_topology(const struct sim_world *w)
{
    return w->config.topology;
}

struct proc_id sim_world_leader(const struct sim_world *w)
{
    return w->leader;
}

struct proc_id sim_world_active(const struct sim_world *w, uint32_t pair)
{
    for (uint32_t i = 0; i < w->pairs_n; i++) {
        if (w->active[i].pair == pair) {
            return w->active[i].side;
        }
    }
    return (struct proc_id){0};
}

const struct sim_history *sim_world_record(const struct sim_world *w)
{
    return &w->ground.record;
}

struct sim_net *sim_world_net(struct sim_world *w)
{
    return w->ground.net;
}

uint64_t sim_world_fired(const struct sim_world *w, enum sim_fault_kind kind)
{
    return w->fired[kind];
}

#define OUTBOX_STARTS 32 /* outbox numbers begin with the start of the process in these bits up */

static size_t gather(struct sim_world *w, struct history_row **rows)
{
    size_t total = 0;
    *rows = NULL;
    for (uint16_t v = 1; v <= w->config.topology->procs_n; v++) {
        size_t n = 0;
        if (w->config.topology->procs[v - 1].kind != PROC_ICM) {
            continue;
        }
        const struct sim_vault_row *from = sim_vault_rows(sim_proc_store(w->procs[v]), &n);
        *rows = realloc(*rows, (total + n + 1) * sizeof **rows);
        ASSERT(*rows != NULL);
        for (size_t i = 0; i < n; i++) {
            struct history_row *row = &(*rows)[total++];
            *row = from[i].row;
            row->logger.v = v;
            row->at_us = sim_proc_true(w->procs[from[i].sender.v], from[i].outbox >> OUTBOX_STARTS,
                                       row->at_us);
            sim_history_row(&w->ground.record, row);
        }
    }
    enum err err = history_row_mark_copies(*rows, total);
    ASSERT(err == ERR_OK);
    return total;
}

/* As a recorded run is merged: what has one time goes by process, the operator first. */
static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->at.us != y->at.us) {
        return x->at.us < y->at.us ? -1 : 1;
    }
    uint16_t p = x->proc.v == GUEST ? 0 : x->proc.v, q = y->proc.v == GUEST ? 0 : y->proc.v;
    if (p != q) {
        return p < q ? -1 : 1;
    }
    if (x->incarnation.v != y->incarnation.v) {
        return x->incarnation.v < y->incarnation.v ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

void sim_world_history(struct sim_world *w, struct history *ret, struct history_row **ret_rows)
{
    const struct sim_history *r = &w->ground.record;
    size_t rows_n = gather(w, ret_rows);
    if (r->events_n > 0) {
        qsort(r->events, r->events_n, sizeof r->events[0], by_time);
    }
    *ret = (struct history){.topology = w->config.topology,
                            .events = r->events,
                            .events_n = r->events_n,
                            .legs = r->legs,
                            .legs_n = r->legs_n,
                            .rows = *ret_rows,
                            .rows_n = rows_n,
                            .rows_known = true};
}
