/* ctimanager_fixture: the CTI Manager of sub1 over a registry, two PG sides of which one is wired
 * to it, and whatever it says. */
#ifndef TESTS_UNIT_CTIMANAGER_FIXTURE_H
#define TESTS_UNIT_CTIMANAGER_FIXTURE_H

#include "cluster/registry/registry.h"
#include "node/role/ctimanager/ctimanager.h"
#include "node/role/ctimanager/provider.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PHONES   100
#define DIALLED  10
#define SUB1     ((struct proc_id){1})
#define SUB2     ((struct proc_id){2})
#define PGA      ((struct proc_id){3})
#define PGB      ((struct proc_id){4})
#define SENT_MAX 16384

struct sent {
    enum link link;
    struct proc_id peer;
    enum msg_kind kind;
    struct instant at;
    union {
        struct msg_provider_opened opened;
        struct msg_provider_state state;
        struct msg_monitor_confirmed confirmed;
        struct msg_cti_event event;
        struct msg_cti_result result;
        struct msg_sdl_request request;
        struct msg_sdl_snapshot snapshot;
        struct msg_provider_reach reach;
    };
};

struct cluster {
    struct topology topology;
    struct registry registry;
    struct world world;
    struct ctimanager m;
    struct instant now;
    uint64_t index, batch[3];
    bool obey; /* proposals are committed */
    uint32_t proposed;
    struct msg_command last, pending[DIALLED * 4];
    uint32_t pending_n;
    uint32_t sent_n;
    struct sent sent[SENT_MAX];
};

static inline void on_send(void *context, enum link link, struct proc_id peer,
                           const struct msg *msg)
{
    struct cluster *c = context;
    assert_true(msg_allowed(msg->kind, link));
    assert_true(c->sent_n < SENT_MAX);
    struct sent *s = &c->sent[c->sent_n++];
    s->link = link;
    s->peer = peer;
    s->kind = msg->kind;
    s->at = c->now;
    if (msg->kind == MSG_PROVIDER_OPENED) {
        s->opened = msg->provider_opened;
    } else if (msg->kind == MSG_PROVIDER_STATE) {
        s->state = msg->provider_state;
    } else if (msg->kind == MSG_MONITOR_CONFIRMED) {
        s->confirmed = msg->monitor_confirmed;
    } else if (msg->kind == MSG_CTI_EVENT) {
        s->event = msg->cti_event;
    } else if (msg->kind == MSG_CTI_RESULT) {
        s->result = msg->cti_result;
    } else if (msg->kind == MSG_SDL_REQUEST) {
        s->request = msg->sdl_request;
    } else if (msg->kind == MSG_SDL_SNAPSHOT) {
        s->snapshot = msg->sdl_snapshot;
    } else if (msg->kind == MSG_PROVIDER_REACH) {
        s->reach = msg->provider_reach;
    }
}

static inline void on_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static inline void on_trace(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static inline void commit(struct cluster *c, struct proc_id origin,
                          const struct msg_command *command)
{
    static struct msg_proposed proposed;
    static struct msg_propose batch;
    memset(&batch, 0, sizeof batch);
    batch.origin = origin;
    batch.incarnation.v = 1;
    batch.seq = ++c->batch[origin.v];
    batch.commands_n = 1;
    batch.commands[0] = *command;
    registry_apply(&c->registry, ++c->index, &batch, &proposed);
    assert_int_equal(proposed.results[0].reason, REASON_NONE);
    struct device_id device = {0};
    if (c->m.running) {
        ctimanager_registry_changed(&c->m, c->now, device);
    }
}

static inline void on_propose(void *context, const struct msg_command *command)
{
    struct cluster *c = context;
    c->proposed++;
    c->last = *command;
    assert_true(c->pending_n < DIALLED * 4);
    c->pending[c->pending_n++] = *command;
}

static inline void service(struct cluster *c, struct proc_id node, bool up, uint64_t incarnation)
{
    struct msg_command command = {.kind = up ? COMMAND_SERVICE_UP : COMMAND_SERVICE_DOWN,
                                  .node = node,
                                  .service = SERVICE_CALLMANAGER,
                                  .incarnation = {incarnation}};
    commit(c, node, &command);
}

static inline void register_phone(struct cluster *c, uint32_t phone, struct proc_id node,
                                  uint64_t counter)
{
    struct msg_command command = {.kind = COMMAND_REGISTER,
                                  .device = {phone},
                                  .node = node,
                                  .service = SERVICE_CALLMANAGER,
                                  .incarnation = {1},
                                  .counter = counter};
    commit(c, node, &command);
}

/* Let time pass and everything due happen; proposals are committed if the cluster obeys. */
static inline void run(struct cluster *c, int64_t ms)
{
    struct instant end = instant_add(c->now, duration_ms(ms));
    for (int steps = 0; steps < 100000; steps++) {
        struct instant next = ctimanager_deadline(&c->m);
        if (next.us > end.us) {
            break;
        }
        c->now.us = next.us > c->now.us ? next.us : c->now.us;
        ctimanager_tick(&c->m, c->now);
        uint32_t n = c->pending_n;
        for (uint32_t i = 0; c->obey && i < n; i++) {
            commit(c, SUB1, &c->pending[i]);
        }
        c->pending_n = 0;
    }
    c->now = end;
}

static inline struct cluster *start(void)
{
    struct cluster *c = calloc(1, sizeof *c);
    assert_non_null(c);
    struct topology *t = &c->topology;
    t->procs_n = 4;
    for (uint32_t i = 0; i < 2; i++) {
        snprintf(t->procs[i].name, NAME_LEN, "sub%u", i + 1);
        t->procs[i].kind = PROC_NODE;
        t->procs[i].callmanager = true;
        t->procs[i].ctimanager = true;
        t->procs[2 + i].kind = PROC_PG;
        t->procs[2 + i].pair = 5000;
        t->procs[2 + i].ctimanager_node.v = (uint16_t)(1 + i);
    }
    t->groups_n = 1;
    t->groups[0] = (struct topology_group){.members_n = 2, .members = {SUB1, SUB2}};
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){.first = 1001, .count = PHONES};
    t->dialled_n = DIALLED;
    for (uint32_t i = 0; i < DIALLED; i++) {
        snprintf(t->dialled[i].number, NUMBER_LEN, "%u", 80001 + i);
        t->dialled[i].pair = 5000;
    }
    assert_int_equal(topology_profile("lab", &t->timers), ERR_OK);
    c->now.us = 1000000;
    c->obey = true;
    c->world =
        (struct world){.context = c, .send = on_send, .listen = on_listen, .trace = on_trace};
    registry_init(&c->registry, t, (struct registry_watch){0});
    service(c, SUB1, true, 1);
    service(c, SUB2, true, 1);
    for (uint32_t i = 1; i <= PHONES; i++) {
        register_phone(c, i, SUB1, 1);
    }
    struct ctimanager_raft raft = {.context = c, .propose = on_propose};
    assert_int_equal(ctimanager_init(&c->m, t, SUB1, &c->world, &c->registry, &raft), ERR_OK);
    ctimanager_start(&c->m, c->now, (struct incarnation){3});
    ctimanager_local_callmanager(&c->m, c->now, true);
    return c;
}

static inline void stop(struct cluster *c)
{
    ctimanager_deinit(&c->m);
    free(c);
}

static inline void tell(struct cluster *c, const struct msg *msg)
{
    ctimanager_message(&c->m, c->now, LINK_JTAPI, PGA, msg);
}

static inline uint32_t count(const struct cluster *c, enum msg_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->sent_n; i++) {
        n += c->sent[i].kind == kind;
    }
    return n;
}

static inline const struct sent *last_of(const struct cluster *c, enum msg_kind kind)
{
    for (uint32_t i = c->sent_n; i > 0; i--) {
        if (c->sent[i - 1].kind == kind) {
            return &c->sent[i - 1];
        }
    }
    return NULL;
}

static inline uint64_t open_provider(struct cluster *c, uint64_t provider, uint64_t applied)
{
    static struct msg msg;
    msg.kind = MSG_PROVIDER_OPEN;
    msg.provider_open = (struct msg_provider_open){.provider = provider, .applied = applied};
    tell(c, &msg);
    return last_of(c, MSG_PROVIDER_OPENED)->opened.provider;
}

static inline void monitor_all(struct cluster *c, uint64_t provider)
{
    static struct msg msg;
    msg.kind = MSG_MONITOR;
    msg.monitor.provider = provider;
    msg.monitor.devices_n = 0;
    for (uint32_t v = topology_devices(&c->topology); v > 0; v--) {
        msg.monitor.devices[msg.monitor.devices_n++].device.v = v;
    }
    tell(c, &msg);
}

/* The local CallManager hands on an event of a device. */
static inline void hear(struct cluster *c, const struct msg_device_event *event)
{
    static struct msg msg;
    msg.kind = MSG_SDL_EVENT;
    msg.sdl_event.event = *event;
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
}

/* No device has a call: answer every snapshot that was asked for since `from`. */
static inline void answer_snapshots(struct cluster *c, uint32_t from)
{
    uint32_t n = c->sent_n;
    for (uint32_t i = from; i < n; i++) {
        if (c->sent[i].kind == MSG_SDL_SNAPSHOT) {
            struct device_id device = c->sent[i].snapshot.device;
            hear(c,
                 &(struct msg_device_event){.device = device,
                                            .epoch = registry_device(&c->registry, device)->epoch,
                                            .kind = DEVICE_EVENT_SNAPSHOT_END});
        }
    }
}

static inline uint64_t ready(struct cluster *c)
{
    uint64_t provider = open_provider(c, 0, 0);
    monitor_all(c, provider);
    run(c, 1000);
    assert_int_equal(ctimanager_monitors(&c->m), PHONES + DIALLED);
    answer_snapshots(c, 0);
    c->sent_n = 0;
    return provider;
}

#endif
