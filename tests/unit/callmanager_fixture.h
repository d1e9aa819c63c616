/* callmanager_fixture: three CallManagers wired in memory over three registries that apply the same
 * commands, one fleet that is looked at, and whatever the local CTI Managers would hear. */
#ifndef TESTS_UNIT_CALLMANAGER_FIXTURE_H
#define TESTS_UNIT_CALLMANAGER_FIXTURE_H

#include "node/role/callmanager/callmanager.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define PHONES      40u
#define GATEWAY     (PHONES + 1u)
#define ROUTE_POINT (PHONES + 2u)
#define FLEET       4u
#define QUEUE_MAX   256u
#define LOG_MAX     512u

struct cluster;

struct site {
    struct cluster *cluster;
    uint16_t node;
    bool alive, lease;
    uint64_t incarnations, seq;
    struct world world;
    struct registry registry;
    struct callmanager cm;
};

struct letter {
    enum link link;
    uint16_t from, to;
    struct msg msg;
};

struct proposal {
    uint16_t from;
    uint64_t tag;
    struct msg_command command;
};

struct cluster {
    struct topology topology;
    struct instant now;
    uint64_t index;
    struct site sites[FIXTURE_NODES + 1]; /* by node */
    uint32_t letters_n;
    struct letter letters[QUEUE_MAX];
    uint32_t proposals_n;
    struct proposal proposals[QUEUE_MAX];
    uint32_t log_n; /* what the fleet and the local CTI Managers got */
    struct letter log[LOG_MAX];
    struct msg_station_call legs[PHONES + 2]; /* the last one told to a device */
    uint32_t epochs[PHONES + 2];
    uint16_t owners[PHONES + 2];
    uint32_t traced[EVENT_COUNT];
    struct registry_change changes[QUEUE_MAX];
    uint32_t changes_n;
    uint64_t counter;
};

static inline void fixture_send(void *context, enum link link, struct proc_id peer,
                                const struct msg *msg)
{
    struct site *s = context;
    struct cluster *c = s->cluster;
    assert_true(msg_allowed(msg->kind, link));
    if (link == LINK_SDL) {
        assert_true(c->letters_n < QUEUE_MAX);
        c->letters[c->letters_n++] = (struct letter){link, s->node, peer.v, *msg};
        return;
    }
    assert_true(c->log_n < LOG_MAX);
    c->log[c->log_n++] = (struct letter){link, s->node, peer.v, *msg};
    if (msg->kind == MSG_STATION_CALL) {
        c->legs[msg->station_call.device.v] = msg->station_call;
    } else if (msg->kind == MSG_STATION_REGISTERED) {
        c->epochs[msg->station_registered.device.v] = msg->station_registered.epoch;
        c->owners[msg->station_registered.device.v] = s->node;
    }
}

static inline void fixture_listen(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static inline void fixture_connect(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static inline void fixture_trace(void *context, const struct event *event)
{
    struct site *s = context;
    s->cluster->traced[event->kind]++;
}

static inline enum err fixture_propose(void *context, struct instant now,
                                       const struct msg_command *command, uint64_t tag)
{
    struct site *s = context;
    struct cluster *c = s->cluster;
    (void)now;
    assert_true(c->proposals_n < QUEUE_MAX);
    c->proposals[c->proposals_n++] = (struct proposal){s->node, tag, *command};
    return ERR_OK;
}

static inline bool fixture_lease(void *context, struct instant now)
{
    (void)now;
    return ((struct site *)context)->lease;
}

static inline void fixture_changed(void *context, const struct registry_change *change)
{
    struct cluster *c = ((struct site *)context)->cluster;
    assert_true(c->changes_n < QUEUE_MAX);
    c->changes[c->changes_n++] = *change;
}

/* Commit one command of a node on all registries; the living CallManagers are told. */
static inline struct msg_command_result commit(struct cluster *c, uint16_t origin,
                                               const struct msg_command *command)
{
    static struct msg_propose propose;
    static struct msg_proposed proposed;
    memset(&propose, 0, sizeof propose);
    propose.origin.v = origin;
    propose.incarnation.v = 1;
    propose.seq = ++c->sites[origin].seq;
    propose.commands_n = 1;
    propose.commands[0] = *command;
    c->index++;
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        struct site *s = &c->sites[n];
        c->changes_n = 0;
        registry_apply(&s->registry, c->index, &propose, &proposed);
        for (uint32_t i = 0; s->alive && i < c->changes_n; i++) {
            callmanager_registry_changed(&s->cm, c->now, &c->changes[i]);
        }
    }
    return proposed.results[0];
}

/* Commit all that is proposed, deliver all that is said, until nothing moves. */
static inline void settle(struct cluster *c)
{
    while (c->proposals_n > 0 || c->letters_n > 0) {
        if (c->letters_n > 0) {
            static struct letter l;
            l = c->letters[0];
            c->letters_n--;
            memmove(&c->letters[0], &c->letters[1], c->letters_n * sizeof c->letters[0]);
            if (c->sites[l.to].alive) {
                callmanager_message(&c->sites[l.to].cm, c->now, l.link, (struct proc_id){l.from},
                                    &l.msg);
            }
            continue;
        }
        struct proposal p = c->proposals[0];
        c->proposals_n--;
        memmove(&c->proposals[0], &c->proposals[1], c->proposals_n * sizeof c->proposals[0]);
        struct msg_command_result result = commit(c, p.from, &p.command);
        if (c->sites[p.from].alive) {
            callmanager_result(&c->sites[p.from].cm, c->now, p.tag, &result);
        }
    }
}

static inline void service(struct cluster *c, uint16_t node, bool up)
{
    struct site *s = &c->sites[node];
    struct msg_command command = {.kind = up ? COMMAND_SERVICE_UP : COMMAND_SERVICE_DOWN,
                                  .node = {node},
                                  .service = SERVICE_CALLMANAGER,
                                  .incarnation = {1000 + s->incarnations}};
    commit(c, node, &command);
}

static inline void sdl(struct cluster *c, uint16_t a, uint16_t b, bool up)
{
    uint16_t ends[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        struct site *s = &c->sites[ends[i]];
        struct proc_id peer = {ends[1 - i]};
        if (s->alive && up) {
            callmanager_link_up(&s->cm, c->now, LINK_SDL, peer);
        } else if (s->alive) {
            callmanager_link_down(&s->cm, c->now, LINK_SDL, peer);
        }
    }
}

static inline void start(struct cluster *c, uint16_t node)
{
    struct site *s = &c->sites[node];
    s->incarnations++;
    s->alive = true;
    s->lease = true;
    callmanager_start(&s->cm, c->now, (struct incarnation){1000 + s->incarnations});
    service(c, node, true);
    callmanager_link_up(&s->cm, c->now, LINK_STATION, (struct proc_id){FLEET});
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        if (n != node && c->sites[n].alive) {
            sdl(c, node, n, true);
        }
    }
    settle(c);
}

/* The CallManager of a node dies: its peers see the sessions go, then the registry says so. */
static inline void crash(struct cluster *c, uint16_t node)
{
    struct site *s = &c->sites[node];
    callmanager_reset(&s->cm);
    s->alive = false;
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        if (n != node && c->sites[n].alive) {
            sdl(c, node, n, false);
        }
    }
    service(c, node, false);
    settle(c);
}

static inline struct cluster *cluster_new(void)
{
    struct cluster *c = calloc(1, sizeof *c);
    assert_non_null(c);
    fixture_topology(&c->topology, PHONES);
    c->topology.phones[0].fleet.v = FLEET;
    c->topology.gateways[0].fleet.v = FLEET;
    c->topology.gateways[0].channels = 8;
    c->now.us = 1000000;
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        struct site *s = &c->sites[n];
        s->cluster = c;
        s->node = n;
        s->world = (struct world){.context = s,
                                  .send = fixture_send,
                                  .listen = fixture_listen,
                                  .connect = fixture_connect,
                                  .trace = fixture_trace};
        registry_init(&s->registry, &c->topology, (struct registry_watch){s, fixture_changed});
        struct callmanager_raft raft = {s, fixture_propose, fixture_lease};
        callmanager_init(&s->cm, &c->topology, (struct proc_id){n}, &s->world, &s->registry, &raft);
    }
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        start(c, n);
    }
    return c;
}

static inline void station(struct cluster *c, uint16_t node, const struct msg *msg)
{
    callmanager_message(&c->sites[node].cm, c->now, LINK_STATION, (struct proc_id){FLEET}, msg);
}

static inline void ask(struct cluster *c, uint16_t node, uint32_t device)
{
    static struct msg m;
    m.kind = MSG_STATION_REGISTER;
    m.station_register = (struct msg_station_register){.device = {device}, .counter = ++c->counter};
    station(c, node, &m);
}

static inline void put(struct cluster *c, uint16_t node, uint32_t device)
{
    ask(c, node, device);
    settle(c);
    assert_int_equal(c->owners[device], node);
}

static inline void dial(struct cluster *c, uint32_t device, uint32_t line, const char *number,
                        const char *ani)
{
    static struct msg m;
    m.kind = MSG_STATION_DIAL;
    m.station_dial =
        (struct msg_station_dial){.device = {device}, .epoch = c->epochs[device], .line = line};
    snprintf(m.station_dial.number, NUMBER_LEN, "%s", number);
    snprintf(m.station_dial.ani, NUMBER_LEN, "%s", ani);
    station(c, c->owners[device], &m);
    settle(c);
}

/* Press a key; answers what the phone was told. */
static inline enum reason press(struct cluster *c, uint32_t device, struct call_id call,
                                enum key key, const char *number)
{
    static struct msg m;
    m.kind = MSG_STATION_KEY;
    m.station_key = (struct msg_station_key){
        .device = {device}, .epoch = c->epochs[device], .call = call, .key = key};
    snprintf(m.station_key.number, NUMBER_LEN, "%s", number);
    uint32_t from = c->log_n;
    station(c, c->owners[device], &m);
    settle(c);
    for (uint32_t i = c->log_n; i > from; i--) {
        const struct msg *got = &c->log[i - 1].msg;
        if (got->kind == MSG_STATION_KEY_RESULT && got->station_key_result.device.v == device) {
            return (enum reason)got->station_key_result.reason;
        }
    }
    return REASON_COUNT;
}

static inline void tick(struct cluster *c, int64_t ms)
{
    c->now = instant_add(c->now, duration_ms(ms));
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        struct site *s = &c->sites[n];
        if (s->alive && instant_reached(c->now, callmanager_deadline(&s->cm))) {
            callmanager_tick(&s->cm, c->now);
        }
    }
    settle(c);
}

static inline struct call_id call_of(const struct cluster *c, uint32_t device)
{
    return c->legs[device].call;
}

static inline void check_leg(const struct cluster *c, uint32_t device, enum leg state,
                             enum reason reason, uint32_t peer)
{
    assert_int_equal(c->legs[device].state, state);
    assert_int_equal(c->legs[device].reason, reason);
    assert_int_equal(c->legs[device].peer.v, peer);
}

/* a dials b, b answers. */
static inline struct call_id talk(struct cluster *c, uint32_t a, uint32_t b)
{
    char number[NUMBER_LEN];
    snprintf(number, sizeof number, "%u", 1000 + b);
    dial(c, a, 1, number, "");
    check_leg(c, b, LEG_RINGING, REASON_NONE, 0);
    struct call_id call = call_of(c, b);
    assert_int_equal(press(c, b, call, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, a, LEG_CONNECTED, REASON_NONE, b);
    check_leg(c, b, LEG_CONNECTED, REASON_NONE, a);
    return call;
}

/* The CTI Manager of a node wants the events of all devices. */
static inline void watch(struct cluster *c, uint16_t node)
{
    static struct msg m;
    m.kind = MSG_SDL_SUBSCRIBE;
    m.sdl_subscribe.on = true;
    callmanager_message(&c->sites[node].cm, c->now, LINK_LOCAL, (struct proc_id){node}, &m);
    settle(c);
}

/* The latest event of a kind about a device that a local CTI Manager heard; NULL: none. */
static inline const struct msg_device_event *heard(const struct cluster *c, uint32_t device,
                                                   enum device_event kind)
{
    for (uint32_t i = c->log_n; i > 0; i--) {
        const struct letter *l = &c->log[i - 1];
        if (l->msg.kind == MSG_SDL_EVENT && l->msg.sdl_event.event.device.v == device &&
            l->msg.sdl_event.event.kind == (uint32_t)kind) {
            return &l->msg.sdl_event.event;
        }
    }
    return NULL;
}

/* CTI asks its own CallManager; answers the result. */
static inline enum reason cti(struct cluster *c, uint16_t node, uint32_t device,
                              struct call_id call, enum key key, const char *number)
{
    static struct msg m;
    static uint64_t id;
    m.kind = MSG_SDL_REQUEST;
    m.sdl_request =
        (struct msg_sdl_request){.id = ++id, .device = {device}, .call = call, .key = key};
    snprintf(m.sdl_request.number, NUMBER_LEN, "%s", number);
    callmanager_message(&c->sites[node].cm, c->now, LINK_LOCAL, (struct proc_id){node}, &m);
    settle(c);
    for (uint32_t i = c->log_n; i > 0; i--) {
        const struct msg *got = &c->log[i - 1].msg;
        if (got->kind == MSG_SDL_REQUEST_RESULT && got->sdl_request_result.id == id) {
            return (enum reason)got->sdl_request_result.reason;
        }
    }
    return REASON_COUNT;
}

static inline void hold_route_point(struct cluster *c, uint16_t node)
{
    struct msg_command command = {.kind = COMMAND_ROUTE_POINT_OPEN,
                                  .device = {ROUTE_POINT},
                                  .node = {node},
                                  .incarnation = {1000 + c->sites[node].incarnations}};
    assert_int_equal(commit(c, node, &command).reason, REASON_NONE);
    settle(c);
}

/* How many messages of a kind the fleet got. */
static inline uint32_t count(const struct cluster *c, enum msg_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->log_n; i++) {
        n += c->log[i].msg.kind == kind ? 1 : 0;
    }
    return n;
}

static inline const struct msg *last(const struct cluster *c, enum msg_kind kind)
{
    for (uint32_t i = c->log_n; i > 0; i--) {
        if (c->log[i - 1].msg.kind == kind) {
            return &c->log[i - 1].msg;
        }
    }
    fail_msg("no %s was sent", msg_name(kind));
    return NULL;
}

#endif
