#include "tests/fuzz/hostile.h"

#include "proto/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_ROUNDS 64
#define TICKS_MAX    64 /* deadlines of one pause that are not in the future */
#define GUEST        (PROCS_MAX + 1)

/* -- The world. -- */

static struct msg *copy_of(const struct msg *msg)
{
    struct msg *copy = malloc(sizeof *copy);
    ASSERT(copy != NULL);
    memcpy(copy, msg, sizeof *copy);
    return copy;
}

static void on_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct hostile *h = context;
    ASSERT(msg_allowed(msg->kind, link));
    draw_hear(&h->draw, msg);
    if (link != LINK_LOCAL) {
        struct hostile_asked *a = &h->asked[h->asked_n++ % HOSTILE_ASKED_MAX];
        free(a->msg);
        *a = (struct hostile_asked){link, peer, copy_of(msg)};
        return;
    }
    ASSERT(h->local_n < HOSTILE_LOCAL_MAX); /* whoever talks to itself without end */
    h->local[h->local_n++] = copy_of(msg);
}

static void on_listen(void *context, enum link link, bool on)
{
    struct hostile *h = context;
    for (uint32_t i = 0; i < h->links_n && !on; i++) {
        if (h->links[i].link == link) {
            h->links[i].up = false; /* without a word */
        }
    }
}

static void on_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    ASSERT(link != LINK_LOCAL);
    ASSERT(proc_id_some(peer));
    (void)on;
}

static void on_trace(void *context, const struct event *event)
{
    (void)context;
    ASSERT(event->kind != EVENT_NONE);
    ASSERT(event->kind < EVENT_COUNT);
    ASSERT(memchr(event->text, '\0', sizeof event->text) != NULL);
}

static uint64_t on_store(void *context, const struct msg *msg)
{
    struct hostile *h = context;
    draw_hear(&h->draw, msg);
    return ++h->tickets;
}

static void on_trim(void *context, uint64_t outbox)
{
    (void)context;
    (void)outbox;
}

static void on_media(void *context, const struct media_order *order)
{
    struct hostile *h = context;
    h->media[h->media_n++ % HOSTILE_MEDIA_MAX] = *order;
}

static void on_rows(void *context, struct world_rows *ret_rows)
{
    (void)context;
    *ret_rows = (struct world_rows){0};
}

static bool on_row_after(void *context, int64_t after, const int64_t held[2], struct msg *ret_msg)
{
    (void)context;
    (void)after;
    (void)held;
    (void)ret_msg;
    return false;
}

/* -- The cluster. -- */

static struct topology_proc *add(struct topology *t, const char *name, enum proc_kind kind)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->host = t->procs_n;
    if (kind == PROC_NODE) {
        p->publisher = t->procs_n == 1;
        p->callmanager = true;
        p->ctimanager = true;
    } else if (kind == PROC_PG) {
        p->pair = 5000;
    }
    return p;
}

static void fill_topology(struct topology *t)
{
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "hostile");
    t->hash = 1;
    add(t, "pub", PROC_NODE);
    add(t, "sub1", PROC_NODE);
    add(t, "sub2", PROC_NODE);
    struct topology_proc *pga = add(t, "pga", PROC_PG);
    struct topology_proc *pgb = add(t, "pgb", PROC_PG);
    pga->side = SIDE_A;
    pga->ctimanager_node.v = 2;
    pgb->side = SIDE_B;
    pgb->ctimanager_node.v = 3;
    add(t, "icma", PROC_ICM)->side = SIDE_A;
    add(t, "fleet", PROC_FLEET);
    add(t, "recorder", PROC_RECORDER);
    t->groups_n = 1;
    t->groups[0] = (struct topology_group){.name = "home", .members_n = 2, .members = {{2}, {3}}};
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){.first = 1001, .count = 12, .fleet = {7}};
    t->gateways_n = 1;
    t->gateways[0] = (struct topology_gateway){.name = "gw1", .channels = 8, .fleet = {7}};
    t->skills_n = 1;
    t->skills[0] = (struct topology_skill){.name = "sales", .number = 5101};
    t->dialled_n = 2;
    t->dialled[0] = (struct topology_dialled){.number = "80001", .pair = 5000};
    t->dialled[1] = (struct topology_dialled){.number = "80002", .pair = 5000};
    t->agents_n = 1;
    t->agents[0] = (struct topology_agents){.first = 5001, .count = 4, .phone = 1001, .pair = 5000};
    t->traffic = (struct topology_traffic){.seed = 7,
                                           .agent_calls_mps = 2000,
                                           .phone_calls_mps = 2000,
                                           .talk_mean = duration_ms(500),
                                           .wrapup_mean = duration_ms(300),
                                           .ring_mean = duration_ms(100),
                                           .patience = duration_ms(2000),
                                           .hold_percent = 20,
                                           .transfer_percent = 20,
                                           .conference_percent = 20};
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
}

static bool may_meet(const struct hostile *h, enum link link, struct proc_id peer)
{
    return peers_may_dial(&h->topology, link, h->self, peer) ||
           peers_may_dial(&h->topology, link, peer, h->self);
}

static void fill_links(struct hostile *h)
{
    for (enum link link = LINK_LOCAL + 1; link < LINK_COUNT; link++) {
        for (uint32_t v = 1; v <= h->topology.procs_n; v++) {
            struct proc_id peer = {(uint16_t)v};
            if (may_meet(h, link, peer)) {
                ASSERT(h->links_n < HOSTILE_LINKS_MAX);
                h->links[h->links_n++] = (struct hostile_link){.link = link, .peer = peer};
            }
        }
    }
    h->links[h->links_n++] = (struct hostile_link){.link = LINK_OPERATOR, .peer = {GUEST}};
}

static void begin(struct hostile *h, const char *name)
{
    h->self = topology_proc_named(&h->topology, name);
    h->now.us = 1000000;
    h->world = (struct world){h,        on_send, on_listen, on_connect, on_trace,
                              on_store, on_trim, on_media,  on_rows,    on_row_after};
    h->draw.topology = &h->topology;
    fill_links(h);
}

void hostile_init(struct hostile *h, const char *name)
{
    memset(h, 0, sizeof *h);
    fill_topology(&h->topology);
    begin(h, name);
}

void hostile_init_paired(struct hostile *h, const char *name)
{
    memset(h, 0, sizeof *h);
    fill_topology(&h->topology);
    add(&h->topology, "icmb", PROC_ICM)->side = SIDE_B;
    begin(h, name);
}

/* -- What happens. -- */

static void settle(struct hostile *h)
{
    for (uint32_t round = 0; round < LOCAL_ROUNDS && h->local_n > 0; round++) {
        struct msg *msg = h->local[0];
        memmove(h->local, h->local + 1, --h->local_n * sizeof h->local[0]);
        h->process.message(h->process.self, h->now, LINK_LOCAL, h->self, msg);
        free(msg);
    }
    if (h->after != NULL) {
        h->after(h);
    }
}

static void link_changes(struct hostile *h, struct hostile_link *l, bool up)
{
    if (l->up == up) {
        return;
    }
    l->up = up;
    if (up && h->process.link_up != NULL) {
        h->process.link_up(h->process.self, h->now, l->link, l->peer);
    } else if (!up && h->process.link_down != NULL) {
        static const enum reason reasons[] = {REASON_TIMEOUT, REASON_NODE_LOST, REASON_STALE_LINK,
                                              REASON_OVERFLOW};
        h->process.link_down(h->process.self, h->now, l->link, l->peer,
                             reasons[tape_below(&h->draw.tape, 4)]);
    }
}

static enum msg_kind kind_for(struct hostile *h, enum link link)
{
    enum msg_kind kinds[MSG_COUNT] = {MSG_NONE};
    uint32_t n = 0;
    for (enum msg_kind kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        if (msg_allowed(kind, link)) {
            kinds[n++] = kind;
        }
    }
    return kinds[tape_below(&h->draw.tape, n)];
}

static void somebody_speaks(struct hostile *h)
{
    struct hostile_link *l = &h->links[tape_below(&h->draw.tape, h->links_n)];
    if (!l->up) {
        link_changes(h, l, true);
        return;
    }
    draw_msg(&h->draw, kind_for(h, l->link), &h->msg);
    h->process.message(h->process.self, h->now, l->link, l->peer, &h->msg);
}

static bool is_up(const struct hostile *h, enum link link, struct proc_id peer)
{
    for (uint32_t i = 0; i < h->links_n; i++) {
        const struct hostile_link *l = &h->links[i];
        if (l->link == link && proc_id_eq(l->peer, peer)) {
            return l->up;
        }
    }
    return false;
}

/* Something that goes with what the process said. */
static void somebody_replies(struct hostile *h)
{
    uint32_t n = h->asked_n < HOSTILE_ASKED_MAX ? h->asked_n : HOSTILE_ASKED_MAX;
    struct hostile_asked *a = n > 0 ? &h->asked[tape_below(&h->draw.tape, n)] : NULL;
    if (a == NULL || !is_up(h, a->link, a->peer)) {
        return;
    }
    enum link link = a->link;
    struct proc_id peer = a->peer;
    draw_msg(&h->draw, kind_for(h, link), &h->msg);
    draw_fit(&h->msg, a->msg);
    h->process.message(h->process.self, h->now, link, peer, &h->msg);
}

static void time_passes(struct hostile *h)
{
    static const int64_t pauses_us[] = {1, 1000, 20000, 100000, 1000000, 10000000};
    uint32_t n = sizeof pauses_us / sizeof pauses_us[0];
    h->now.us += pauses_us[tape_below(&h->draw.tape, n)];
    for (uint32_t i = 0; i < TICKS_MAX && h->process.deadline != NULL; i++) {
        if (!instant_reached(h->now, h->process.deadline(h->process.self))) {
            break;
        }
        h->process.tick(h->process.self, h->now);
        settle(h);
    }
}

static void something_was_stored(struct hostile *h)
{
    if (h->stored < h->tickets && h->process.stored != NULL) {
        h->stored = h->tickets;
        h->process.stored(h->process.self, h->now, h->stored);
    }
}

static void media_is_told(struct hostile *h)
{
    uint32_t n = h->media_n < HOSTILE_MEDIA_MAX ? h->media_n : HOSTILE_MEDIA_MAX;
    if (n == 0 || h->process.media == NULL) {
        return;
    }
    const struct media_order *o = &h->media[tape_below(&h->draw.tape, n)];
    struct media_report report = {.device = o->device,
                                  .call = o->call,
                                  .peer = o->peer,
                                  .silent = tape_below(&h->draw.tape, 2) == 1,
                                  .received = tape_byte(&h->draw.tape),
                                  .gap = {tape_byte(&h->draw.tape) * 1000}};
    h->process.media(h->process.self, h->now, &report);
}

static void step(struct hostile *h)
{
    switch (tape_below(&h->draw.tape, 14)) {
    case 0:
        link_changes(h, &h->links[tape_below(&h->draw.tape, h->links_n)], false);
        break;
    case 1:
    case 2:
        time_passes(h);
        break;
    case 3:
        something_was_stored(h);
        break;
    case 4:
        media_is_told(h);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        somebody_replies(h);
        break;
    default:
        somebody_speaks(h);
        break;
    }
    settle(h);
}

void hostile_run(struct hostile *h, const uint8_t *data, size_t size)
{
    h->draw.tape = tape_of(data, size);
    if (h->process.start != NULL) {
        h->process.start(h->process.self, h->now);
        settle(h);
    }
    for (uint32_t i = 0; i < h->links_n; i++) {
        link_changes(h, &h->links[i], true);
        settle(h);
    }
    for (uint32_t i = 0; i < HOSTILE_STEPS_MAX && !tape_ended(&h->draw.tape); i++) {
        step(h);
    }
}

void hostile_deinit(struct hostile *h)
{
    while (h->local_n > 0) {
        free(h->local[--h->local_n]);
    }
    for (uint32_t i = 0; i < HOSTILE_ASKED_MAX; i++) {
        free(h->asked[i].msg);
        h->asked[i].msg = NULL;
    }
}
