#include "tests/unit/fake_world.h"

#include <stdio.h>
#include <string.h>

static void digest(struct fake_world *w, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        w->digest = (w->digest ^ p[i]) * 1099511628211u;
    }
}

static void fake_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct fake_world *w = context;
    if (w->sent_n == FAKE_SENT_MAX) {
        fake_world_forget(w);
    }
    struct fake_sent *s = &w->sent[w->sent_n++];
    s->link = link;
    s->peer = peer;
    s->kind = msg->kind;
    memcpy(s->bytes, &msg->station_register, sizeof s->bytes);
    char line[64];
    int n = snprintf(line, sizeof line, "%d %u %d %u", (int)link, peer.v, (int)msg->kind,
                     msg->station_keepalive.device.v);
    digest(w, line, (size_t)n);
}

static void fake_listen(void *context, enum link link, bool on)
{
    struct fake_world *w = context;
    (void)link;
    w->listens += on;
}

static void fake_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    struct fake_world *w = context;
    (void)link;
    (void)peer;
    w->connects += on;
}

static void fake_trace(void *context, const struct event *event)
{
    struct fake_world *w = context;
    if (w->events_n < FAKE_EVENTS_MAX) {
        w->events[w->events_n++] = *event;
    }
    char line[160];
    int n = snprintf(line, sizeof line, "%s %u %llx %u %d %lld %s", event_word(event->kind),
                     event->device.v, (unsigned long long)event->call.v, event->epoch,
                     (int)event->reason, (long long)event->value, event->text);
    digest(w, line, (size_t)n);
}

static void fake_media(void *context, const struct media_order *order)
{
    struct fake_world *w = context;
    if (w->orders_n == FAKE_SENT_MAX) {
        w->orders_n = 0;
    }
    w->orders[w->orders_n++] = *order;
    digest(w, &order->call.v, sizeof order->call.v);
    digest(w, &order->peer.v, sizeof order->peer.v);
}

void fake_world_init(struct fake_world *w)
{
    memset(w, 0, sizeof *w);
    w->digest = 14695981039346656037u;
    w->world = (struct world){.context = w,
                              .send = fake_send,
                              .listen = fake_listen,
                              .connect = fake_connect,
                              .trace = fake_trace,
                              .media = fake_media};
}

const struct fake_sent *fake_world_next(struct fake_world *w)
{
    return w->sent_seen < w->sent_n ? &w->sent[w->sent_seen++] : NULL;
}

const struct fake_sent *fake_world_next_of(struct fake_world *w, enum msg_kind kind)
{
    const struct fake_sent *s;
    do {
        s = fake_world_next(w);
    } while (s != NULL && s->kind != kind);
    return s;
}

uint32_t fake_world_events(const struct fake_world *w, enum event_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->events_n; i++) {
        n += w->events[i].kind == kind;
    }
    return n;
}

void fake_world_forget(struct fake_world *w)
{
    w->sent_n = 0;
    w->sent_seen = 0;
}

static void proc(struct topology *t, const char *name, enum proc_kind kind, enum side side)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->kind = kind;
    p->side = side;
    p->callmanager = kind == PROC_NODE && t->procs_n > 1;
    p->publisher = t->procs_n == 1;
    p->pair = kind == PROC_PG ? 5000 : 0;
}

void fake_world_topology(struct topology *t, uint32_t phones, uint32_t agents)
{
    memset(t, 0, sizeof *t);
    proc(t, "pub", PROC_NODE, SIDE_NONE);
    proc(t, "sub1", PROC_NODE, SIDE_NONE);
    proc(t, "sub2", PROC_NODE, SIDE_NONE);
    proc(t, "pga", PROC_PG, SIDE_A);
    proc(t, "pgb", PROC_PG, SIDE_B);
    proc(t, "fleet", PROC_FLEET, SIDE_NONE);
    t->groups_n = 1;
    t->groups[0] = (struct topology_group){.members_n = 2, .members = {FAKE_SUB1, FAKE_SUB2}};
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){.first = 1001, .count = phones, .fleet = FAKE_FLEET};
    t->gateways_n = 2;
    for (uint32_t i = 0; i < t->gateways_n; i++) {
        t->gateways[i] = (struct topology_gateway){.channels = 4, .fleet = FAKE_FLEET};
        snprintf(t->gateways[i].name, sizeof t->gateways[i].name, "gw%u", i + 1);
    }
    t->skills_n = 1;
    t->skills[0].number = 7001;
    t->dialled_n = 1;
    t->dialled[0] = (struct topology_dialled){.number = "80001", .pair = 5000};
    t->agents_n = agents > 0 ? 1 : 0;
    t->agents[0] =
        (struct topology_agents){.first = 5001, .count = agents, .phone = 1001, .pair = 5000};
    t->traffic = (struct topology_traffic){.seed = 7,
                                           .agent_calls_mps = 0,
                                           .phone_calls_mps = 0,
                                           .talk_mean = duration_ms(5000),
                                           .wrapup_mean = duration_ms(3000),
                                           .ring_mean = duration_ms(1000),
                                           .patience = duration_ms(20000)};
    err_ignore(topology_profile("lab", &t->timers), "the profile exists");
}
