#include "cluster/control/aftermath.h"

#include "cluster/control/patience.h"
#include "cluster/control/tick.h"
#include "cluster/control/unfold.h"

#define SETTLE_MS 10000
#define POLL_MS   30
#define LEASE_MS  5000

/* A side whose CTI Manager lost its power believes in it for a while, and is active. */
static bool is_controlled(const struct scene *s, const struct topology *t, uint32_t pair)
{
    struct proc_id side = scene_active(s, t, pair);
    return proc_id_some(side) &&
           s->procs[topology_proc_of(t, side)->ctimanager_node.v - 1].state == SCENE_UP;
}

/* Whether everything that can be served is served. */
static bool is_calm(struct session_of_command *s)
{
    const struct topology *t = &s->cluster.topology;
    struct scene_homes homes;
    survey_take(s->desk, &s->cluster, POLL_MS * 5, &s->scene);
    if (!proc_id_some(s->scene.leader) ||
        survey_homes(s->desk, &s->cluster, &s->scene, &homes) != ERR_OK) {
        return false;
    }
    bool calm = homes.at_home + homes.away_busy >= homes.total;
    for (uint32_t i = 0; i < t->procs_n && calm; i++) {
        const struct topology_proc *p = &t->procs[i];
        calm = p->kind != PROC_PG || is_controlled(&s->scene, t, p->pair);
    }
    return calm;
}

void aftermath_watch(struct session_of_command *s, int64_t t0_us, uint32_t steady_ms, bool quiet)
{
    int64_t until = tick_now_us() + (int64_t)SETTLE_MS * 1000 * patience_of(&s->cluster.topology);
    int64_t calm_since = 0;
    struct unfold *u = unfold_new(&s->cluster, t0_us, quiet);
    tick_catch_interrupts();
    while (tick_now_us() < until && !tick_interrupted()) {
        bool calm = is_calm(s);
        unfold_step(u);
        calm_since = !calm ? 0 : calm_since == 0 ? tick_now_us() : calm_since;
        if (calm && tick_now_us() - calm_since > (int64_t)steady_ms * 1000) {
            break;
        }
        tick_sleep_ms(POLL_MS * patience_of(&s->cluster.topology));
    }
    unfold_end(u);
    unfold_free(&u);
}

uint32_t aftermath_notice_ms(const struct topology *t)
{
    int64_t us = t->timers.phone_keepalive.us * t->timers.phone_misses;
    return (uint32_t)(us / 1000) + AFTERMATH_STEADY_MS;
}

void aftermath_lease(struct session_of_command *s, struct proc_id id)
{
    int64_t until = tick_now_us() + (int64_t)LEASE_MS * 1000 * patience_of(&s->cluster.topology);
    const struct topology_proc *p = topology_proc_of(&s->cluster.topology, id);
    tick_catch_interrupts();
    while (p->kind == PROC_NODE && tick_now_us() < until && !tick_interrupted()) {
        survey_take(s->desk, &s->cluster, POLL_MS * 5, &s->scene);
        if (s->scene.procs[id.v - 1].node.lease || s->scene.nodes_up * 2 <= s->scene.nodes) {
            return;
        }
        tick_sleep_ms(POLL_MS * patience_of(&s->cluster.topology));
    }
}

void aftermath_until(int64_t until_us)
{
    tick_catch_interrupts();
    while (tick_now_us() < until_us && !tick_interrupted()) {
        tick_sleep_ms(POLL_MS);
    }
}
