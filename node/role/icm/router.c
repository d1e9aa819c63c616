#include "node/role/icm/router.h"

#include <string.h>

void router_init(struct router *r, const struct topology *topology, const struct world *world)
{
    memset(r, 0, sizeof *r);
    r->topology = topology;
    r->world = world;
    keys_init(&r->keys, world);
    r->agents_n = topology_agents_total(topology);
    ASSERT(r->agents_n <= AGENTS_MAX);
    for (uint32_t i = 0; i < r->agents_n; i++) {
        bool known = topology_agent(topology, i, &r->agents[i].info);
        ASSERT(known);
        r->agents[i].state = AGENT_STATE_UNKNOWN;
    }
}

struct router_agent *router_agent_numbered(struct router *r, struct agent_id id)
{
    uint32_t base = 0;
    for (uint32_t i = 0; i < r->topology->agents_n; i++) {
        const struct topology_agents *range = &r->topology->agents[i];
        if (id.v >= range->first && id.v - range->first < range->count) {
            return &r->agents[base + (id.v - range->first)];
        }
        base += range->count;
    }
    return NULL;
}

static struct router_agent *agent_reserved_for(struct router *r, struct call_id call)
{
    for (uint32_t i = 0; i < r->agents_n; i++) {
        if (call_id_some(r->agents[i].reserved) && call_id_eq(r->agents[i].reserved, call)) {
            return &r->agents[i];
        }
    }
    return NULL;
}

static bool free_now(const struct router_agent *a)
{
    return a->state == AGENT_STATE_READY && !call_id_some(a->reserved);
}

/* The agent who has been ready longest; among equals the first of the topology. */
static struct router_agent *longest_available(struct router *r, uint32_t skill, uint32_t pair)
{
    struct router_agent *best = NULL;
    for (uint32_t i = 0; i < r->agents_n; i++) {
        struct router_agent *a = &r->agents[i];
        if (a->info.skill != skill || a->info.pair != pair || !free_now(a)) {
            continue;
        }
        if (best == NULL || a->since.us < best->since.us) {
            best = a;
        }
    }
    return best;
}

static void answer(struct router *r, const struct router_call *c, enum route kind,
                   const struct router_agent *agent, uint32_t skill)
{
    struct msg msg = {.kind = MSG_ROUTE_ANSWER, .correlation = c->call.v};
    struct msg_route_answer *m = &msg.route_answer;
    m->request = c->request;
    m->call = c->call;
    m->kind = kind;
    m->day = c->day;
    m->key = c->key;
    m->key_seq = c->seq;
    if (skill < r->topology->skills_n) {
        m->skill = r->topology->skills[skill].number;
    }
    struct event event = {.kind = EVENT_ROUTED, .peer = c->pg, .call = c->call};
    event.value2 = kind;
    if (agent != NULL) {
        m->agent = agent->info.id;
        m->device = agent->info.device;
        memcpy(m->label, agent->info.number, sizeof m->label);
        event.value = agent->info.id.v;
        event.device = agent->info.device;
    }
    world_send(r->world, LINK_CONTROLLER, c->pg, &msg);
    world_trace(r->world, &event);
}

static void give(struct router *r, struct instant now, struct router_call *c,
                 struct router_agent *agent)
{
    ASSERT(free_now(agent));
    agent->reserved = c->call;
    agent->request = c->request;
    agent->day = c->day;
    agent->key = c->key;
    agent->seq = c->seq + 1;
    agent->reserved_until =
        instant_add(instant_add(now, r->topology->timers.reserve_timeout), ROUTER_RESERVE_MORE);
    c->seq++;
    r->routed++;
    answer(r, c, ROUTE_LABEL, agent, agent->info.skill);
}

static void take_out(struct router_queue *q, uint32_t nth)
{
    ASSERT(nth < q->n);
    q->n--;
    memmove(&q->calls[nth], &q->calls[nth + 1], (q->n - nth) * sizeof q->calls[0]);
}

/* Answer the callers of one skill group in the order of arrival. */
static void serve(struct router *r, struct instant now, uint32_t skill)
{
    struct router_queue *q = &r->queues[skill];
    uint32_t i = 0;
    while (i < q->n) {
        struct router_call *c = &q->calls[i];
        if (c->key == 0 && !keys_take(&r->keys, now, &c->day, &c->key)) {
            return; /* everyone behind waits for a key too */
        }
        struct router_agent *agent = longest_available(r, skill, c->pair);
        if (agent != NULL) {
            struct router_call served = *c;
            take_out(q, i);
            give(r, now, &served, agent);
            continue;
        }
        if (!c->told) {
            c->told = true;
            answer(r, c, ROUTE_QUEUED, NULL, skill);
        }
        i++;
    }
}

void router_serve(struct router *r, struct instant now)
{
    for (uint32_t skill = 0; skill < r->topology->skills_n; skill++) {
        serve(r, now, skill);
    }
}

void router_forget(struct router *r, uint32_t pair)
{
    for (uint32_t i = 0; i < r->agents_n; i++) {
        if (r->agents[i].info.pair == pair) {
            r->agents[i].state = AGENT_STATE_UNKNOWN;
            r->agents[i].reserved = (struct call_id){0};
        }
    }
    for (uint32_t skill = 0; skill < r->topology->skills_n; skill++) {
        struct router_queue *q = &r->queues[skill];
        for (uint32_t i = q->n; i > 0; i--) {
            if (q->calls[i - 1].pair == pair) {
                take_out(q, i - 1);
            }
        }
    }
}

void router_agent(struct router *r, struct instant now, uint32_t pair,
                  const struct msg_agent_update *update)
{
    struct router_agent *a = router_agent_numbered(r, update->agent);
    if (a == NULL || a->info.pair != pair) {
        return;
    }
    struct instant since = now;
    if (update->for_us > 0 && update->for_us < now.us) {
        since.us = now.us - update->for_us;
    }
    bool ready = update->state == AGENT_STATE_READY;
    /* Told before the promise reached the PG: the promise stands until the PG knows of it. */
    bool stale = ready && call_id_some(a->reserved) && a->state == AGENT_STATE_READY;
    a->state = update->state;
    a->since = since;
    if (stale) {
        return;
    }
    a->reserved = (struct call_id){0};
    if (ready) {
        serve(r, now, a->info.skill);
    }
}

static bool dialled_skill(const struct topology *t, const char *number, uint32_t pair,
                          uint32_t *ret_skill)
{
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        if (t->dialled[i].pair == pair && strcmp(t->dialled[i].number, number) == 0) {
            *ret_skill = t->dialled[i].skill;
            return true;
        }
    }
    return false;
}

static struct router_call *find_call(struct router_queue *q, struct call_id call)
{
    for (uint32_t i = 0; i < q->n; i++) {
        if (call_id_eq(q->calls[i].call, call)) {
            return &q->calls[i];
        }
    }
    return NULL;
}

void router_request(struct router *r, struct instant now, struct proc_id pg, uint32_t pair,
                    const struct msg_route_request *request)
{
    struct router_call c = {
        .call = request->call, .request = request->request, .pg = pg, .pair = pair};
    uint32_t skill = 0;
    if (!dialled_skill(r->topology, request->dialled, pair, &skill)) {
        answer(r, &c, ROUTE_NONE, NULL, UINT32_MAX);
        return;
    }
    struct router_agent *promised = agent_reserved_for(r, request->call);
    if (promised != NULL && promised->request == request->request) {
        /* The answer was lost with a path. */
        c.day = promised->day;
        c.key = promised->key;
        c.seq = promised->seq;
        answer(r, &c, ROUTE_LABEL, promised, skill);
        return;
    }
    if (promised != NULL) {
        promised->reserved = (struct call_id){0}; /* that answer came to nothing */
    }
    struct router_queue *q = &r->queues[skill];
    struct router_call *waiting = find_call(q, request->call);
    if (waiting != NULL) {
        /* Asked again: the same call, the same place in the queue. */
        waiting->request = request->request;
        waiting->pg = pg;
        waiting->told = false;
    } else if (q->n == ROUTER_QUEUE_MAX) {
        answer(r, &c, ROUTE_NONE, NULL, skill);
    } else {
        q->calls[q->n++] = c;
    }
    serve(r, now, skill);
}

void router_cancel(struct router *r, struct instant now, uint32_t pair,
                   const struct msg_route_cancel *cancel)
{
    for (uint32_t skill = 0; skill < r->topology->skills_n; skill++) {
        struct router_queue *q = &r->queues[skill];
        for (uint32_t i = q->n; i > 0; i--) {
            if (q->calls[i - 1].pair == pair && call_id_eq(q->calls[i - 1].call, cancel->call)) {
                take_out(q, i - 1);
            }
        }
    }
    struct router_agent *a = agent_reserved_for(r, cancel->call);
    if (a != NULL && a->info.pair == pair) {
        a->reserved = (struct call_id){0};
        if (a->state == AGENT_STATE_READY) {
            serve(r, now, a->info.skill);
        }
    }
}

struct instant router_deadline(const struct router *r)
{
    struct instant first = INSTANT_NEVER;
    for (uint32_t i = 0; i < r->agents_n; i++) {
        if (call_id_some(r->agents[i].reserved)) {
            first = instant_min(first, r->agents[i].reserved_until);
        }
    }
    return first;
}

void router_tick(struct router *r, struct instant now)
{
    for (uint32_t i = 0; i < r->agents_n; i++) {
        struct router_agent *a = &r->agents[i];
        if (call_id_some(a->reserved) && instant_reached(now, a->reserved_until)) {
            a->reserved = (struct call_id){0};
        }
    }
    router_serve(r, now);
}

uint32_t router_queued(const struct router *r)
{
    uint32_t n = 0;
    for (uint32_t skill = 0; skill < r->topology->skills_n; skill++) {
        n += r->queues[skill].n;
    }
    return n;
}

uint32_t router_ready(const struct router *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->agents_n; i++) {
        n += free_now(&r->agents[i]) ? 1 : 0;
    }
    return n;
}
