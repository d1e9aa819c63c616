#include "cluster/sim/sim_swarm.h"

#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000)

/* How the phases of a profile are cut. */
struct tempo {
    const char *profile;
    int64_t warm_us, faults_us, settle_us; /* settle: besides the bounds of the judges */
    int64_t shortest_us, longest_us;       /* of one fault */
    uint32_t lookups;                      /* a second */
};

static const struct tempo tempi[] = {
    {"lab", 10 * S, 30 * S, 4 * S, S / 5, 8 * S, 4},
    {"srnd", 120 * S, 400 * S, 60 * S, S, 90 * S, 1},
};

static const struct tempo *tempo_of(const char *profile)
{
    for (size_t i = 0; i < sizeof tempi / sizeof tempi[0]; i++) {
        if (strcmp(tempi[i].profile, profile) == 0) {
            return &tempi[i];
        }
    }
    UNREACHABLE("the swarm knows its profiles");
}

/* -- Drawing. -- */

static bool fits(enum sim_fault_kind kind, const struct topology_proc *p, bool duplexed)
{
    switch (kind) {
    case SIM_FAULT_SERVICE_CRASH:
    case SIM_FAULT_SERVICE_STOP:
        return p->kind == PROC_NODE;
    case SIM_FAULT_PRIVATE:
        return p->kind == PROC_PG || (p->kind == PROC_ICM && duplexed);
    case SIM_FAULT_DISK_SLOW:
    case SIM_FAULT_DISK_STALL:
    case SIM_FAULT_DISK_FULL:
    case SIM_FAULT_DISK_ERROR:
        return p->kind == PROC_NODE || p->kind == PROC_PG || p->kind == PROC_ICM;
    case SIM_FAULT_CRASH:
    case SIM_FAULT_POWER:
    case SIM_FAULT_STOP:
    case SIM_FAULT_HANG:
        /* A killed fleet makes the ledger inconclusive: the witness lives. */
        return p->kind == PROC_NODE || p->kind == PROC_PG || p->kind == PROC_ICM;
    case SIM_FAULT_UNPLUG:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_SLOW:
        return p->kind == PROC_NODE || p->kind == PROC_PG || p->kind == PROC_ICM;
    case SIM_FAULT_CLOCK:
        return p->kind != PROC_RECORDER;
    case SIM_FAULT_KINDS:
        break;
    }
    UNREACHABLE("every kind of fault is listed");
}

static int64_t amount_of(struct rand_state *r, enum sim_fault_kind kind)
{
    switch (kind) {
    case SIM_FAULT_SLOW:
        return rand_between(r, 1000, 80000);
    case SIM_FAULT_DISK_SLOW:
        return rand_between(r, 1000, 60000);
    case SIM_FAULT_CLOCK:
        return rand_between(r, -3600 * S, 3600 * S);
    case SIM_FAULT_CRASH:
    case SIM_FAULT_POWER:
    case SIM_FAULT_STOP:
    case SIM_FAULT_HANG:
    case SIM_FAULT_SERVICE_CRASH:
    case SIM_FAULT_SERVICE_STOP:
    case SIM_FAULT_UNPLUG:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_PRIVATE:
    case SIM_FAULT_DISK_STALL:
    case SIM_FAULT_DISK_FULL:
    case SIM_FAULT_DISK_ERROR:
    case SIM_FAULT_KINDS:
        break;
    }
    return 0;
}

/* Faults find more where they meet a role. */
static enum sim_aim aim_of(struct rand_state *r, enum proc_kind kind)
{
    if (kind == PROC_NODE && rand_below(r, 3) == 0) {
        return rand_below(r, 3) == 0 ? SIM_AIM_FOLLOWER : SIM_AIM_LEADER;
    }
    if (kind == PROC_PG && rand_below(r, 2) == 0) {
        return rand_below(r, 3) == 0 ? SIM_AIM_STANDBY : SIM_AIM_ACTIVE;
    }
    return SIM_AIM_PROC;
}

static bool draw_fault(struct rand_state *r, const struct topology *t, bool duplexed,
                       enum sim_fault_kind kind, struct sim_fault *f)
{
    uint16_t v = (uint16_t)(1 + rand_below(r, t->procs_n));
    if (!fits(kind, &t->procs[v - 1], duplexed)) {
        return false;
    }
    f->kind = kind;
    f->target.v = v;
    f->aim = aim_of(r, t->procs[v - 1].kind);
    f->amount = amount_of(r, kind);
    if (kind == SIM_FAULT_SERVICE_CRASH || kind == SIM_FAULT_SERVICE_STOP) {
        f->service = rand_below(r, 2) == 0 ? SERVICE_CALLMANAGER : SERVICE_CTIMANAGER;
    }
    if (kind == SIM_FAULT_PARTITION || kind == SIM_FAULT_ONE_WAY) {
        f->group =
            rand_below(r, 2) == 0 ? 0 : rand_next(r) & rand_next(r) & ((2u << t->procs_n) - 1);
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct sim_fault *x = a, *y = b;
    return (x->at_us > y->at_us) - (x->at_us < y->at_us);
}

/* Each seed knows a few kinds only: what all seeds do a little of, no seed does much of. */
static uint32_t draw_kinds(struct rand_state *r, uint32_t kinds)
{
    uint32_t some = 0;
    for (int tries = 0; tries < 16 && (some & kinds) == 0; tries++) {
        some = (uint32_t)(rand_next(r) & rand_next(r));
    }
    return (some & kinds) != 0 ? some & kinds : kinds;
}

static void draw_faults(struct rand_state *r, const struct tempo *tempo, uint32_t kinds,
                        struct sim_case *c)
{
    static struct topology t;
    enum err err = sim_topology_make(&c->size, &t);
    ASSERT(err == ERR_OK);
    size_t wanted = kinds == 0 ? 0 : 1 + rand_below(r, SIM_SWARM_FAULTS_MAX);
    for (int tries = 0; tries < 100 * SIM_SWARM_FAULTS_MAX && c->faults_n < wanted; tries++) {
        struct sim_fault f = {0};
        enum sim_fault_kind kind = (enum sim_fault_kind)rand_below(r, SIM_FAULT_KINDS);
        if ((kinds >> kind & 1) == 0 || !draw_fault(r, &t, c->size.controllers > 1, kind, &f)) {
            continue;
        }
        f.at_us = rand_between(r, c->warm_us, c->faults_us - tempo->shortest_us);
        f.until_us = f.at_us + rand_between(r, tempo->shortest_us, tempo->longest_us);
        f.until_us = f.until_us < c->faults_us ? f.until_us : c->faults_us;
        c->faults[c->faults_n++] = f;
    }
    qsort(c->faults, c->faults_n, sizeof c->faults[0], by_time);
}

/* Two of fifteen, so that all seeds that found something before there was a pair keep their case.
 */
static uint32_t controllers_of(uint64_t seed)
{
    uint64_t nth = seed % 16;
    return nth == 8 || nth == 14 ? 2 : 1;
}

void sim_swarm_draw(uint64_t seed, const char *profile, uint32_t kinds, struct sim_case *ret)
{
    struct rand_state r = {seed * UINT64_C(0xd1342543de82ef95) + 1};
    memset(ret, 0, sizeof *ret);
    ret->seed = seed;
    bool lab = rand_below(&r, 8) != 0;
    const struct tempo *tempo = tempo_of(profile != NULL ? profile : lab ? "lab" : "srnd");
    struct topology_timers timers;
    enum err err = topology_profile(tempo->profile, &timers);
    ASSERT(err == ERR_OK);
    sim_topology_draw(&r, tempo->profile, &ret->size);
    ret->size.controllers = controllers_of(seed);
    ret->warm_us = tempo->warm_us;
    ret->faults_us = tempo->warm_us + tempo->faults_us;
    int64_t home = timers.fallback_watch.us + 2 * timers.home_bound.us;
    int64_t bound = home > timers.live_bound.us ? home : timers.live_bound.us;
    ret->calm_us = ret->faults_us + bound + tempo->settle_us;
    draw_faults(&r, tempo, draw_kinds(&r, kinds), ret);
    /* The logs of such short runs are short, too. */
    ret->snapshot_every = rand_below(&r, 3) == 0 ? 0 : (uint32_t)rand_between(&r, 8, 100);
}

void sim_swarm_keep(struct sim_case *c, uint32_t only, size_t most)
{
    size_t n = c->faults_n < most ? c->faults_n : most;
    c->faults_n = 0;
    for (size_t i = 0; i < n; i++) {
        if ((only >> i & 1) != 0) {
            c->faults[c->faults_n++] = c->faults[i];
        }
    }
}

void sim_swarm_traffic(struct sim_case *c, uint32_t percent)
{
    c->size.agent_calls_mps = c->size.agent_calls_mps * percent / 100;
    c->size.phone_calls_mps = c->size.phone_calls_mps * percent / 100;
}

/* -- Running. -- */

void sim_swarm_count(const struct sim_world *w, const struct history *h, struct sim_outcome *ret)
{
    const struct sim_history *r = sim_world_record(w);
    ret->digest = r->digest;
    ret->events = r->total;
    ret->legs = h->legs_n;
    ret->rows = h->rows_n;
    ret->virtual_us = sim_world_now(w);
    memcpy(ret->counts, r->counts, sizeof ret->counts);
    for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
        ret->fired[k] = sim_world_fired(w, k);
    }
}

void sim_swarm_run(const struct sim_case *c, sim_swarm_look *look, void *context,
                   struct sim_outcome *ret)
{
    memset(ret, 0, sizeof *ret);
    struct topology *t = malloc(sizeof *t);
    ASSERT(t != NULL);
    enum err err = sim_topology_make(&c->size, t);
    ASSERT(err == ERR_OK);
    struct sim_world *w =
        sim_world_new(&(struct sim_world_config){.topology = t,
                                                 .seed = c->seed,
                                                 .keep = true,
                                                 .lookups = tempo_of(c->size.profile)->lookups,
                                                 .delay_min = {60},
                                                 .delay_max = {300},
                                                 .snapshot_every = c->snapshot_every});
    const struct sim_plan plan = {c->faults, c->faults_n};
    sim_world_plan(w, &plan);
    sim_world_start(w);
    sim_world_run(w, c->faults_us);
    sim_world_traffic(w, 0, 0);
    sim_world_run(w, c->calm_us);
    sim_world_finish(w);
    struct history h;
    struct history_row *rows = NULL;
    sim_world_history(w, &h, &rows);
    err = history_prepare(&h);
    ASSERT(err == ERR_OK);
    ret->results_n = check_run(&h, NULL, ret->results, &ret->verdict);
    sim_swarm_count(w, &h, ret);
    if (look != NULL) {
        look(context, &h);
    }
    history_free(&h);
    free(rows);
    sim_world_free(&w);
    free(t);
}
