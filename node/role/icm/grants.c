#include "node/role/icm/grants.h"

#include "node/base/plant.h"

static struct grants_pair *pair_of(struct grants *g, struct proc_id peer)
{
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        struct grants_pair *p = &g->pairs[i];
        if (proc_id_some(peer) &&
            (proc_id_eq(p->sides[0], peer) || proc_id_eq(p->sides[1], peer))) {
            return p;
        }
    }
    return NULL;
}

static struct grants_pair *pair_numbered(struct grants *g, uint32_t pair)
{
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        if (g->pairs[i].pair == pair) {
            return &g->pairs[i];
        }
    }
    return NULL;
}

static uint32_t place(const struct grants_pair *p, struct proc_id peer)
{
    return proc_id_eq(p->sides[1], peer) ? 1 : 0;
}

void grants_init(struct grants *g, const struct topology *topology, const struct world *world)
{
    *g = (struct grants){.topology = topology, .world = world};
    for (uint32_t i = 0; i < topology->procs_n; i++) {
        const struct topology_proc *proc = &topology->procs[i];
        if (proc->kind != PROC_PG) {
            continue;
        }
        struct grants_pair *p = pair_numbered(g, proc->pair);
        if (p == NULL) {
            ASSERT(g->pairs_n < GRANTS_PAIRS_MAX);
            p = &g->pairs[g->pairs_n++];
            p->pair = proc->pair;
        }
        p->sides[proc->side == SIDE_B ? 1 : 0] = (struct proc_id){(uint16_t)(i + 1)};
    }
}

void grants_heard(struct grants *g, const struct msg_pg_grant *grant)
{
    struct grants_pair *p = pair_numbered(g, grant->pair);
    if (p != NULL && grant->epoch > p->begun) {
        p->begun = grant->epoch;
    }
}

void grants_restore(struct grants *g, const struct msg_pg_grant *grant)
{
    struct grants_pair *p = pair_numbered(g, grant->pair);
    grants_heard(g, grant);
    if (p == NULL || !grant->active || grant->epoch < p->highest) {
        return;
    }
    p->highest = grant->epoch;
    p->active = p->sides[grant->side == SIDE_B ? 1 : 0];
}

void grants_begin(struct grants *g)
{
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        struct grants_pair *p = &g->pairs[i];
        p->linked[0] = p->linked[1] = false;
        p->met[0] = p->met[1] = false;
        p->greeted[0] = p->greeted[1] = false;
        p->weight[0] = p->weight[1] = (struct grants_weight){.told = false};
        p->pending = (struct proc_id){0};
    }
}

void grants_linked(struct grants *g, struct proc_id peer, bool greeted)
{
    struct grants_pair *p = pair_of(g, peer);
    ASSERT(p != NULL);
    p->linked[place(p, peer)] = true;
    p->greeted[place(p, peer)] = greeted;
}

void grants_path_lost(struct grants *g, struct proc_id peer)
{
    struct grants_pair *p = pair_of(g, peer);
    if (p != NULL) {
        p->greeted[place(p, peer)] = false;
    }
}

static bool any_linked(const struct grants *g)
{
    bool any = false;
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        any = any || g->pairs[i].linked[0] || g->pairs[i].linked[1];
    }
    return any;
}

/* The first side since there was none: the controller was cut off, not they. */
static void wait_for_all(struct grants *g, struct instant now)
{
    const struct topology_timers *timers = &g->topology->timers;
    struct duration patience = {timers->mesh_heartbeat.us * (int64_t)timers->mesh_misses};
    g->patient_until = instant_add(now, patience);
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        g->pairs[i].met[0] = g->pairs[i].met[1] = false;
    }
}

void grants_link(struct grants *g, struct instant now, struct proc_id peer, bool up)
{
    struct grants_pair *p = pair_of(g, peer);
    if (p == NULL) {
        return;
    }
    if (up && !any_linked(g)) {
        wait_for_all(g, now);
    }
    p->linked[place(p, peer)] = up;
    p->met[place(p, peer)] = true;
    p->weight[place(p, peer)] = (struct grants_weight){.told = false};
}

static void tell(const struct grants *g, const struct grants_pair *p, struct proc_id peer)
{
    struct msg msg = {.kind = MSG_PG_GRANT};
    msg.pg_grant.side = place(p, peer) == 1 ? SIDE_B : SIDE_A;
    msg.pg_grant.pair = p->pair;
    msg.pg_grant.epoch = p->highest;
    msg.pg_grant.active = proc_id_eq(p->active, peer);
    msg.pg_grant.hello = p->hello[place(p, peer)];
    world_send(g->world, LINK_CONTROLLER, peer, &msg);
}

static void trace(const struct grants *g, enum event_kind kind, struct proc_id peer, uint32_t epoch)
{
    struct event event = {.kind = kind, .peer = peer, .epoch = epoch, .value = (int64_t)epoch};
    world_trace(g->world, &event);
}

/* The grant that was pending is on disk. */
static void trace_stored(const struct grants *g, struct instant now, const struct grants_pair *p)
{
    struct event event = {.kind = EVENT_PG_GRANTED,
                          .peer = p->active,
                          .epoch = p->highest,
                          .reason = p->pending_why,
                          .value = (int64_t)p->highest,
                          .value2 = instant_since(now, p->pending_since).us};
    world_trace(g->world, &event);
}

static void begin(struct grants *g, struct instant now, struct grants_pair *p, struct proc_id peer,
                  uint32_t epoch, enum reason why)
{
    ASSERT(epoch > p->highest);
    struct msg msg = {.kind = MSG_PG_GRANT};
    msg.pg_grant.side = place(p, peer) == 1 ? SIDE_B : SIDE_A;
    msg.pg_grant.pair = p->pair;
    msg.pg_grant.epoch = epoch;
    msg.pg_grant.active = true;
    p->pending = peer;
    p->pending_since = now;
    p->pending_epoch = epoch;
    p->pending_why = why;
    p->ticket = g->world->store(g->world->context, &msg);
    ASSERT(p->ticket != 0);
}

/* The next epoch that only this side of the controller begins. */
static uint32_t own_epoch(const struct grants *g, uint32_t epoch)
{
    bool odd = epoch % 2 == 1;
    return g->orders == SIDE_NONE || odd == (g->orders == SIDE_B) ? epoch : epoch + 1;
}

enum err grants_weigh(struct grants *g, struct proc_id peer, const struct msg_pg_weight *weight)
{
    struct grants_pair *p = pair_of(g, peer);
    uint32_t side = p != NULL ? place(p, peer) : 0;
    if (p == NULL || weight->pair != p->pair || weight->side != (side == 1 ? SIDE_B : SIDE_A)) {
        return ERR_INVALID;
    }
    p->weight[side] =
        (struct grants_weight){.told = true, .apart = weight->apart, .devices = weight->devices};
    return ERR_OK;
}

/* Both sides say that they have lost each other, and this one reaches more. */
static bool outweighs(const struct grants_pair *p, uint32_t side)
{
    const struct grants_weight *own = &p->weight[side], *other = &p->weight[1 - side];
    return own->told && other->told && own->apart && other->apart && own->devices > other->devices;
}

/* The active side is linked, or is waited for. */
static bool is_there(const struct grants *g, struct instant now, const struct grants_pair *p,
                     uint32_t side)
{
    return p->linked[side] || (!p->met[side] && !instant_reached(now, g->patient_until));
}

enum err grants_hello(struct grants *g, struct instant now, struct proc_id peer,
                      const struct msg_pg_hello *hello)
{
    struct grants_pair *p = pair_of(g, peer);
    if (p == NULL || hello->pair != p->pair) {
        return ERR_INVALID;
    }
    uint32_t side = place(p, peer);
    if (hello->side != (side == 1 ? SIDE_B : SIDE_A) ||
        !epoch_plausible(p->highest, hello->epoch)) {
        return ERR_INVALID;
    }
    /* Who asks has said before that it does not act; who begins so acts under that epoch. */
    bool acts = !p->greeted[side] && hello->wants_active;
    p->greeted[side] = true;
    p->hello[side] = hello->number;
    if (!hello->wants_active) {
        /* It gave up, or it came back: from now on the other side may have it. */
        if (proc_id_eq(p->active, peer)) {
            p->active = (struct proc_id){0};
        }
        tell(g, p, peer);
        return ERR_OK;
    }
    bool pending = proc_id_some(p->pending);
    if (!pending && proc_id_eq(p->active, peer) && hello->epoch == p->highest) {
        trace(g, EVENT_PG_GRANTED, peer, p->highest);
        tell(g, p, peer); /* the link was down meanwhile, nothing else */
        return ERR_OK;
    }
    if (pending) {
        /* The active side is told when it is replaced, and is not to begin anything before. */
        if (!proc_id_eq(p->pending, peer) && !proc_id_eq(p->active, peer)) {
            trace(g, EVENT_PG_REFUSED, peer, hello->epoch);
            tell(g, p, peer);
        }
        return ERR_OK;
    }
    bool agreed = hello->epoch > p->highest;
    bool other_active = proc_id_some(p->active) && !proc_id_eq(p->active, peer);
    if (other_active && PLANTED(TWO_ACTIVE)) {
        p->active = peer;
        trace(g, EVENT_PG_GRANTED, peer, p->highest);
        tell(g, p, peer);
        return ERR_OK;
    }
    bool has_it = other_active && is_there(g, now, p, 1 - side) && !agreed;
    if (has_it && !outweighs(p, side)) {
        trace(g, EVENT_PG_REFUSED, peer, hello->epoch);
        tell(g, p, peer);
        return ERR_OK;
    }
    uint32_t known = p->begun > p->highest ? p->begun : p->highest;
    uint32_t epoch = agreed && hello->epoch > known ? hello->epoch : known + 1;
    begin(g, now, p, peer, agreed && acts ? hello->epoch : own_epoch(g, epoch),
          has_it ? REASON_OUTWEIGHED : REASON_NONE);
    return ERR_OK;
}

const struct grants_pair *grants_stored(struct grants *g, struct instant now, uint64_t ticket)
{
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        struct grants_pair *p = &g->pairs[i];
        if (!proc_id_some(p->pending) || p->ticket > ticket) {
            continue;
        }
        struct proc_id before = p->active;
        ASSERT(p->pending_epoch > p->highest);
        p->active = p->pending;
        p->highest = p->pending_epoch;
        p->begun = p->highest > p->begun ? p->highest : p->begun;
        p->pending = (struct proc_id){0};
        trace_stored(g, now, p);
        tell(g, p, p->active);
        if (proc_id_some(before) && !proc_id_eq(before, p->active)) {
            tell(g, p, before);
        }
        return p;
    }
    return NULL;
}

const struct grants_pair *grants_of(const struct grants *g, struct proc_id peer)
{
    for (uint32_t i = 0; i < g->pairs_n; i++) {
        const struct grants_pair *p = &g->pairs[i];
        if (proc_id_some(peer) &&
            (proc_id_eq(p->sides[0], peer) || proc_id_eq(p->sides[1], peer))) {
            return p;
        }
    }
    return NULL;
}

bool grants_valid(const struct grants *g, struct proc_id peer, uint32_t epoch)
{
    const struct grants_pair *p = grants_of(g, peer);
    return p != NULL && proc_id_eq(p->active, peer) && p->highest == epoch;
}
