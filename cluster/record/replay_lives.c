#include "cluster/record/replay_lives.h"

#include <string.h>

void replay_lives_init(struct replay_lives *l, const struct history *history)
{
    *l = (struct replay_lives){.history = history};
}

static struct replay_life *life_of(struct replay_lives *l, struct proc_id proc)
{
    return proc.v >= 1 && proc.v <= l->history->topology->procs_n ? &l->of[proc.v - 1] : NULL;
}

static void showed(struct replay_life *life, int64_t index)
{
    life->applied = (uint64_t)index > life->applied ? (uint64_t)index : life->applied;
}

static bool has_service(const struct event *e, enum service service)
{
    return strcmp(e->text, service_text(service)) == 0;
}

static void take_node(struct replay_life *life, const struct event *e)
{
    switch ((int)e->kind) {
    case EVENT_SERVICE_START:
    case EVENT_SERVICE_STOP:
    case EVENT_SERVICE_CRASH:
        for (int s = SERVICE_NONE + 1; s < SERVICE_COUNT; s++) {
            if (has_service(e, (enum service)s)) {
                life->services[s] = e->kind == EVENT_SERVICE_START;
            }
        }
        return;
    case EVENT_RAFT_STATE:
        life->raft = (enum raft_standing)e->value;
        life->term = (uint64_t)e->value2;
        return;
    case EVENT_OWNER_CHANGED:
        showed(life, e->value);
        return;
    case EVENT_STATE_HASH:
        showed(life, e->value);
        life->hash_index = (uint64_t)e->value;
        life->hash = (uint64_t)e->value2;
        return;
    case EVENT_RAFT_SNAPSHOT:
        showed(life, e->value);
        life->snapshot = (uint64_t)e->value;
        return;
    case EVENT_LEASE_GOT:
    case EVENT_LEASE_LOST:
        life->lease = e->kind == EVENT_LEASE_GOT;
        return;
    default:
        return;
    }
}

static void take_link(const struct replay_lives *l, struct replay_life *life, const struct event *e)
{
    bool up = e->kind == EVENT_LINK_UP;
    enum proc_kind peer = history_kind(l->history, e->peer);
    if (peer == PROC_PG) {
        life->peer = up;
    } else if (peer == PROC_ICM && proc_id_some(e->peer) && e->peer.v <= PROCS_MAX) {
        uint64_t bit = UINT64_C(1) << (e->peer.v - 1);
        life->controllers = up ? life->controllers | bit : life->controllers & ~bit;
    }
}

static void take_pg(struct replay_lives *l, struct replay_life *life, const struct event *e)
{
    switch ((int)e->kind) {
    case EVENT_LINK_UP:
    case EVENT_LINK_DOWN:
        take_link(l, life, e);
        return;
    case EVENT_PROVIDER_UP:
    case EVENT_PROVIDER_DOWN:
        life->provider = e->kind == EVENT_PROVIDER_UP;
        life->monitors = life->provider ? life->monitors : 0;
        return;
    case EVENT_MONITORS:
        life->monitors = (uint32_t)e->value;
        return;
    case EVENT_PG_ACTIVE:
        life->active = true;
        life->monitors = (uint32_t)e->value2;
        return;
    case EVENT_PG_STANDBY:
        life->active = false;
        life->monitors = 0;
        if (proc_id_eq(l->granted, e->proc)) {
            l->granted = (struct proc_id){0};
        }
        return;
    default:
        return;
    }
}

static uint32_t pair_place(const struct topology *t, struct proc_id side)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG && t->procs[i].pair == t->procs[side.v - 1].pair) {
            return i;
        }
    }
    return side.v - 1u;
}

static void take_icm(struct replay_lives *l, struct replay_life *life, const struct event *e)
{
    if (e->kind == EVENT_MDS_STATE) {
        life->mds = (enum mds_state)e->value;
    }
    if (e->kind == EVENT_TCD_STORED) {
        l->tcd_rows[e->proc.v - 1]++;
    } else if (e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL) {
        l->routed[e->proc.v - 1]++;
    } else if (e->kind == EVENT_PG_GRANTED && history_kind(l->history, e->peer) == PROC_PG) {
        l->granted = e->peer;
        l->epochs[pair_place(l->history->topology, e->peer)] = (uint32_t)e->value;
    }
}

/* A process that died without a word, and without the command's: a peer lost it, and it says
 * nothing more in this life. */
static bool fell_silent(const struct replay_lives *l, const struct event *down)
{
    const struct history *h = l->history;
    if (history_disturbed(h, down->peer, down->at.us, down->at.us)) {
        return false;
    }
    for (const struct event *e = down + 1; e < h->events + h->events_n; e++) {
        if (proc_id_eq(e->proc, down->peer)) {
            return e->kind == EVENT_PROCESS_START;
        }
    }
    return true;
}

void replay_lives_take(struct replay_lives *l, const struct event *e)
{
    struct replay_life *life = life_of(l, e->proc);
    if (life == NULL) {
        return; /* a guest */
    }
    if (e->kind == EVENT_PROCESS_START) {
        *life = (struct replay_life){.begun = true, .pid = e->value};
    } else if (e->kind == EVENT_PROCESS_STOP) {
        life->begun = false;
    } else if (e->kind == EVENT_LINK_DOWN && life_of(l, e->peer) != NULL) {
        life_of(l, e->peer)->gone = fell_silent(l, e);
    }
    enum proc_kind kind = history_kind(l->history, e->proc);
    if (kind == PROC_NODE) {
        take_node(life, e);
    } else if (kind == PROC_PG) {
        take_pg(l, life, e);
    } else if (kind == PROC_ICM) {
        take_icm(l, life, e);
    }
}

enum scene_state replay_lives_state(const struct replay_lives *l, struct proc_id proc,
                                    int64_t at_us)
{
    const struct history *h = l->history;
    const struct replay_life *life = &l->of[proc.v - 1];
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, proc) && o->service == SERVICE_NONE && !o->network &&
            o->from <= at_us && at_us < o->until) {
            return life->begun && strstr(o->what, "hang") != NULL ? SCENE_HUNG : SCENE_DOWN;
        }
    }
    return life->begun && !life->gone ? SCENE_UP : SCENE_DOWN;
}

uint32_t replay_lives_epoch(const struct replay_lives *l, struct proc_id side)
{
    return l->epochs[pair_place(l->history->topology, side)];
}
