#include "node/process/fleet.h"

#include "node/process/fleet_op.h"
#include "node/process/fleet_order.h"

#include <stdio.h>
#include <string.h>

#define LOG_MEDIA_MS  1500 /* a leg's record waits this long for its media reports */
#define LOG_WRAPUP_MS 4000 /* and this long, and twice the mean, for its wrap-up data */
#define CALLS_AT_ONCE 64   /* calls begun in one turn */
#define PARTNER_TRIES 16   /* random looks for two idle phones */
#define LATE_DIVISOR  4    /* a slot late by this part of an interval: the process itself is late */

static uint32_t count_phones(const struct topology *t, struct proc_id self)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->phones_n; i++) {
        n += proc_id_eq(t->phones[i].fleet, self) ? t->phones[i].count : 0;
    }
    return n;
}

static bool my_gateway(const struct topology *t, struct proc_id self, uint32_t i)
{
    return proc_id_eq(t->gateways[i].fleet, self);
}

static uint32_t channels_of(const struct topology *t, uint32_t i)
{
    uint32_t n = t->gateways[i].channels;
    return n < GATEWAY_CHANNELS_MAX ? n : GATEWAY_CHANNELS_MAX;
}

static bool my_agent(const struct topology *t, struct proc_id self, uint32_t nth)
{
    struct agent_info agent;
    struct device_info device;
    return topology_agent(t, nth, &agent) && topology_device(t, agent.device, &device) &&
           proc_id_eq(device.fleet, self);
}

/* How large each table is, and where it begins in the block. */
struct plan {
    uint32_t phones, gateways, channels, agents;
    size_t at[8];
    size_t bytes;
};

static size_t reserve(struct plan *p, size_t bytes)
{
    size_t at = p->bytes;
    p->bytes += (bytes + 15) / 16 * 16;
    return at;
}

static struct plan plan_of(const struct topology *t, struct proc_id self)
{
    struct plan p = {.phones = count_phones(t, self)};
    for (uint32_t i = 0; i < t->gateways_n; i++) {
        p.gateways += my_gateway(t, self, i);
        p.channels += my_gateway(t, self, i) ? channels_of(t, i) : 0;
    }
    for (uint32_t i = 0; i < topology_agents_total(t); i++) {
        p.agents += my_agent(t, self, i);
    }
    p.at[0] = reserve(&p, sizeof(struct fleet));
    p.at[1] = reserve(&p, p.phones * sizeof(struct phone));
    p.at[2] = reserve(&p, p.gateways * sizeof(struct gateway));
    p.at[3] = reserve(&p, p.channels * sizeof(struct gateway_channel));
    p.at[4] = reserve(&p, p.agents * sizeof(struct agent));
    p.at[5] = reserve(&p, p.phones * sizeof(uint16_t));
    p.at[6] = reserve(&p, (PHONE_LEGS * p.phones + p.channels) * 2 * sizeof(uint64_t));
    p.at[7] = reserve(&p, alarm_size(p.phones + p.gateways + p.agents));
    (void)reserve(&p, LEG_LOG_MAX * sizeof(struct leg_log_wait));
    return p;
}

size_t fleet_size(const struct topology *topology, struct proc_id self)
{
    return plan_of(topology, self).bytes;
}

struct phone *fleet_phone(struct fleet *f, struct device_id device)
{
    uint32_t slot = device.v <= DEVICES_MAX ? f->slot[device.v] : 0;
    return slot >= 1 && slot <= f->phones_n ? &f->phones[slot - 1] : NULL;
}

static struct gateway *gateway_at(struct fleet *f, struct device_id device)
{
    uint32_t slot = device.v <= DEVICES_MAX ? f->slot[device.v] : 0;
    return slot > f->phones_n ? &f->gateways[slot - 1 - f->phones_n] : NULL;
}

struct agent *fleet_agent_at(struct fleet *f, struct device_id device)
{
    const struct phone *p = fleet_phone(f, device);
    uint32_t nth = p != NULL ? f->agent_of[p - f->phones] : 0;
    return nth > 0 ? &f->agents[nth - 1] : NULL;
}

static void arm_phone(struct fleet *f, const struct phone *p)
{
    alarm_set(&f->alarm, (uint32_t)(p - f->phones), phone_deadline(p));
}

static void arm_gateway(struct fleet *f, const struct gateway *g)
{
    alarm_set(&f->alarm, f->phones_n + (uint32_t)(g - f->gateways), gateway_deadline(g));
}

static void arm_agent(struct fleet *f, const struct agent *a)
{
    alarm_set(&f->alarm, f->phones_n + f->gateways_n + (uint32_t)(a - f->agents),
              agent_deadline(a));
}

/* The other end of a preserved call is driven by hand: nobody hangs up by himself. */
static void spare_by_hand(struct fleet *f, struct phone *p, struct call_id call)
{
    for (uint32_t i = 0; i < PHONE_LEGS; i++) {
        const struct phone *other = fleet_phone(f, p->legs[i].peer);
        if (call_id_eq(p->legs[i].call, call) && other != NULL && other->person.by_hand) {
            p->person.by_hand = true;
        }
    }
}

static void tell_agent(struct fleet *f, struct agent *a, const struct phone *p,
                       const struct notice *n)
{
    if (n->kind == NOTICE_LEG || n->kind == NOTICE_ENDED) {
        agent_phone(a, &f->hall, f->now, n->call, n->state, n->incoming, n->answered);
        if (p->person.by_hand) {
            agent_hands_off(a);
        }
    } else if (n->kind == NOTICE_PRESERVED) {
        agent_hands_off(a);
    } else if (n->kind == NOTICE_KEY && n->reason != REASON_NONE) {
        agent_refused(a, &f->hall, f->now, n->key);
    }
    arm_agent(f, a);
}

/* Hand out what the devices noticed, until nobody does anything about it any more. */
static void hand_out(struct fleet *f)
{
    struct notice n;
    while (site_take_notice(&f->site, &n)) {
        struct phone *p = fleet_phone(f, n.device);
        if (p == NULL) {
            continue;
        }
        struct agent *a = fleet_agent_at(f, n.device);
        if (n.kind == NOTICE_PRESERVED) {
            spare_by_hand(f, p, n.call);
        }
        if (a != NULL) {
            tell_agent(f, a, p, &n);
        }
        fleet_order_notice(f, &n);
        arm_phone(f, p);
    }
}

static void after_phone(struct fleet *f, const struct phone *p)
{
    hand_out(f);
    arm_phone(f, p);
}

static void after_gateway(struct fleet *f, const struct gateway *g)
{
    hand_out(f);
    arm_gateway(f, g);
}

void fleet_touch(struct fleet *f, struct device_id device)
{
    const struct phone *p = fleet_phone(f, device);
    ASSERT(p != NULL);
    after_phone(f, p);
    const struct agent *a = fleet_agent_at(f, device);
    if (a != NULL) {
        arm_agent(f, a);
    }
}

static enum reason agent_key(void *context, struct device_id device, enum key key,
                             const char *number)
{
    struct fleet *f = context;
    struct phone *p = fleet_phone(f, device);
    ASSERT(p != NULL);
    enum reason reason = phone_key(p, &f->site, f->now, key, number);
    arm_phone(f, p);
    return reason; /* the notices wait for the end of the agent's event */
}

static void agent_wrapup(void *context, struct device_id device, struct call_id call,
                         const char *text)
{
    struct fleet *f = context;
    leg_log_wrapup(&f->log, device, call, text);
}

static void leg_ended(void *context, const struct leg_record *record)
{
    struct fleet *f = context;
    struct leg_record r = *record;
    const struct agent *a = fleet_agent_at(f, r.device);
    bool wrapup = a != NULL && r.answer.us != INSTANT_NEVER.us;
    int64_t ms = LOG_MEDIA_MS;
    if (a != NULL) {
        r.agent = a->id;
    }
    if (wrapup) {
        ms = LOG_WRAPUP_MS + 2 * duration_to_ms(f->topology->traffic.wrapup_mean);
    }
    f->calls_done += !r.incoming && r.answer.us != INSTANT_NEVER.us;
    leg_log_add(&f->log, &r, instant_add(f->now, duration_ms(ms)), wrapup);
}

static void place_devices(struct fleet *f, struct incarnation incarnation)
{
    const struct topology *t = f->topology;
    site_init(&f->site, t, f->world, incarnation);
    f->site.context = f;
    f->site.ended = leg_ended;
    uint32_t phones = 0;
    uint32_t gateways = 0;
    uint32_t channels = 0;
    for (uint32_t v = 1; v <= topology_devices(t); v++) {
        struct device_id id = {v};
        struct device_info info;
        bool known = topology_device(t, id, &info);
        ASSERT(known);
        if (!proc_id_eq(info.fleet, f->self) || info.kind == DEVICE_KIND_ROUTE_POINT) {
            continue;
        }
        if (info.kind == DEVICE_KIND_PHONE) {
            phone_init(&f->phones[phones], &f->site, id);
            f->slot[v] = (uint16_t)++phones;
        } else {
            uint32_t n = channels_of(t, info.index);
            gateway_init(&f->gateways[gateways], &f->site, id, &f->channels[channels], n);
            channels += n;
            gateways++;
            f->slot[v] = (uint16_t)(f->phones_n + gateways);
        }
    }
    ASSERT(phones == f->phones_n);
    ASSERT(gateways == f->gateways_n);
}

static void seat_agents(struct fleet *f)
{
    const struct topology *t = f->topology;
    f->hall.topology = t;
    f->hall.world = f->world;
    f->hall.context = f;
    f->hall.key = agent_key;
    f->hall.wrapup = agent_wrapup;
    uint32_t n = 0;
    for (uint32_t i = 0; i < topology_agents_total(t); i++) {
        if (my_agent(t, f->self, i)) {
            agent_init(&f->agents[n], &f->hall, i);
            const struct phone *p = fleet_phone(f, f->agents[n].device);
            ASSERT(p != NULL);
            n++;
            f->agent_of[p - f->phones] = (uint16_t)n;
        }
    }
    ASSERT(n == f->agents_n);
}

static void share_traffic(struct fleet *f)
{
    const struct topology *t = f->topology;
    uint32_t phones = 0;
    for (uint32_t i = 0; i < t->phones_n; i++) {
        phones += t->phones[i].count;
    }
    traffic_init(&f->traffic, t->traffic.seed ^ ((uint64_t)f->self.v << 48));
    traffic_share(&f->traffic, TRAFFIC_AGENTS, f->gateways_n, t->gateways_n);
    traffic_share(&f->traffic, TRAFFIC_PHONES, f->phones_n, phones);
}

struct fleet *fleet_init(void *memory, const struct topology *topology, struct proc_id self,
                         struct incarnation incarnation, const struct world *world)
{
    ASSERT(memory != NULL);
    struct plan p = plan_of(topology, self);
    char *block = memory;
    memset(block, 0, p.bytes);
    struct fleet *f = memory;
    f->topology = topology;
    f->world = world;
    f->self = self;
    f->phones_n = p.phones;
    f->gateways_n = p.gateways;
    f->channels_n = p.channels;
    f->agents_n = p.agents;
    f->phones = (void *)(block + p.at[1]);
    f->gateways = (void *)(block + p.at[2]);
    f->channels = (void *)(block + p.at[3]);
    f->agents = (void *)(block + p.at[4]);
    f->agent_of = (void *)(block + p.at[5]);
    f->calls = (void *)(block + p.at[6]);
    uint32_t alarms = p.phones + p.gateways + p.agents;
    alarm_init(&f->alarm, alarms, block + p.at[7]);
    leg_log_init(&f->log, (void *)(block + p.bytes - LEG_LOG_MAX * sizeof(struct leg_log_wait)));
    f->keepalive_at = INSTANT_NEVER;
    place_devices(f, incarnation);
    seat_agents(f);
    share_traffic(f);
    return f;
}

void fleet_set_log(struct fleet *f, void *context,
                   void (*write)(void *context, const struct leg_record *record))
{
    f->log.context = context;
    f->log.write = write;
}

static struct duration slot_length(const struct fleet *f)
{
    return (struct duration){f->topology->timers.phone_keepalive.us / STATION_SLOTS};
}

static void fleet_start(void *self, struct instant now)
{
    struct fleet *f = self;
    const struct topology *t = f->topology;
    f->now = now;
    f->site.started = now;
    f->world->listen(f->world->context, LINK_OPERATOR, true);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct proc_id id = {(uint16_t)(i + 1)};
        if (t->procs[i].kind == PROC_NODE && t->procs[i].callmanager) {
            f->world->connect(f->world->context, LINK_STATION, id, true);
        } else if (t->procs[i].kind == PROC_PG && f->agents_n > 0) {
            f->world->connect(f->world->context, LINK_DESKTOP, id, true);
        }
    }
    for (uint32_t i = 0; i < f->phones_n; i++) {
        phone_start(&f->phones[i], &f->site, now);
        after_phone(f, &f->phones[i]);
    }
    for (uint32_t i = 0; i < f->gateways_n; i++) {
        gateway_start(&f->gateways[i], &f->site, now);
        after_gateway(f, &f->gateways[i]);
    }
    for (uint32_t i = 0; i < f->agents_n; i++) {
        agent_start(&f->agents[i], &f->hall, now);
        arm_agent(f, &f->agents[i]);
    }
    f->keepalive_at = instant_add(now, slot_length(f));
    traffic_set(&f->traffic, TRAFFIC_AGENTS, now, t->traffic.agent_calls_mps);
    traffic_set(&f->traffic, TRAFFIC_PHONES, now, t->traffic.phone_calls_mps);
}

static void station_link(struct fleet *f, struct proc_id peer, bool up)
{
    site_link(&f->site, f->now, peer, up);
    /* Gateways first: the callers behind them have nobody else. */
    for (uint32_t i = 0; i < f->gateways_n; i++) {
        (up ? gateway_link_up : gateway_link_down)(&f->gateways[i], &f->site, f->now, peer);
        after_gateway(f, &f->gateways[i]);
    }
    for (uint32_t i = 0; i < f->phones_n; i++) {
        (up ? phone_link_up : phone_link_down)(&f->phones[i], &f->site, f->now, peer);
        after_phone(f, &f->phones[i]);
    }
}

static void desktop_link(struct fleet *f, struct proc_id peer, bool up)
{
    f->hall.up[peer.v] = up;
    for (uint32_t i = 0; i < f->agents_n; i++) {
        (up ? agent_link_up : agent_link_down)(&f->agents[i], &f->hall, f->now, peer);
        arm_agent(f, &f->agents[i]);
    }
}

static void on_link(struct fleet *f, struct instant now, enum link link, struct proc_id peer,
                    bool up)
{
    f->now = now;
    if (link == LINK_OPERATOR && !up) {
        fleet_order_gone(f, peer);
    }
    if (topology_proc_of(f->topology, peer) == NULL) {
        return;
    }
    if (link == LINK_STATION) {
        station_link(f, peer, up);
    } else if (link == LINK_DESKTOP) {
        desktop_link(f, peer, up);
    }
}

static void fleet_link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    on_link(self, now, link, peer, true);
}

static void fleet_link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                            enum reason reason)
{
    (void)reason; /* lost is lost */
    on_link(self, now, link, peer, false);
}

/* The device that a STATION message is about. */
static struct device_id station_device(const struct msg *msg)
{
    /* Each of these messages begins with its device. */
    if (msg->kind >= MSG_STATION_REGISTER && msg->kind <= MSG_STATION_CALL) {
        return msg->station_keepalive.device;
    }
    return (struct device_id){0};
}

static void on_station(struct fleet *f, struct proc_id peer, const struct msg *msg)
{
    struct device_id device = station_device(msg);
    struct phone *p = fleet_phone(f, device);
    struct gateway *g = gateway_at(f, device);
    if (p != NULL) {
        phone_message(p, &f->site, f->now, peer, msg);
        after_phone(f, p);
    } else if (g != NULL) {
        gateway_message(g, &f->site, f->now, peer, msg);
        after_gateway(f, g);
    } else {
        site_reject(&f->site, device, peer, "no such device in this fleet");
    }
}

static void on_desktop(struct fleet *f, struct proc_id peer, const struct msg *msg)
{
    /* Each of these messages begins with its agent. */
    struct agent_info info;
    struct agent *a = NULL;
    if (msg->kind >= MSG_DESKTOP_OPEN && msg->kind <= MSG_DESKTOP_CLOSED &&
        topology_agent_by_id(f->topology, msg->desktop_open.agent, &info)) {
        a = fleet_agent_at(f, info.device);
    }
    if (a == NULL) {
        site_reject(&f->site, (struct device_id){0}, peer, "no such agent in this fleet");
        return;
    }
    agent_message(a, &f->hall, f->now, peer, msg);
    hand_out(f);
    arm_agent(f, a);
    fleet_order_desktop(f, a, msg);
}

static void fleet_message(void *self, struct instant now, enum link link, struct proc_id peer,
                          const struct msg *msg)
{
    struct fleet *f = self;
    f->now = now;
    if (link == LINK_STATION) {
        on_station(f, peer, msg);
    } else if (link == LINK_DESKTOP) {
        on_desktop(f, peer, msg);
    } else if (link == LINK_OPERATOR) {
        fleet_op_message(f, peer, msg);
    }
}

static void fleet_media(void *self, struct instant now, const struct media_report *report)
{
    struct fleet *f = self;
    f->now = now;
    struct phone *p = fleet_phone(f, report->device);
    struct gateway *g = gateway_at(f, report->device);
    bool live = false;
    if (!report->silent) {
        struct event e = {.kind = EVENT_MEDIA_END,
                          .device = report->device,
                          .call = report->call,
                          .value = (int64_t)report->received,
                          .value2 = report->gap.us};
        world_trace(f->world, &e);
    }
    if (p != NULL) {
        live = phone_media(p, &f->site, now, report);
        after_phone(f, p);
    } else if (g != NULL) {
        live = gateway_media(g, &f->site, now, report);
        after_gateway(f, g);
    }
    if (!live) {
        leg_log_media(&f->log, report);
    }
}

/* One burst: every phone and gateway whose slot this is. */
static void keepalives(struct fleet *f)
{
    struct instant due = f->keepalive_at;
    const struct topology_timers *t = &f->topology->timers;
    int64_t rounds = t->standby_keepalive.us / t->phone_keepalive.us;
    uint32_t every = rounds > 1 ? (uint32_t)rounds : 1;
    uint32_t k = f->keepalive_slot;
    if (f->now.us - due.us > t->phone_keepalive.us / LATE_DIVISOR) {
        f->forgive = STATION_SLOTS + 1;
        due = f->now;
    }
    bool forgive = f->forgive > 0;
    f->forgive -= forgive;
    for (uint32_t i = k; i < f->phones_n; i += STATION_SLOTS) {
        bool standby = (f->keepalive_round + i / STATION_SLOTS) % every == 0;
        phone_keepalive(&f->phones[i], &f->site, f->now, standby, forgive);
        after_phone(f, &f->phones[i]);
    }
    for (uint32_t i = k; i < f->gateways_n; i += STATION_SLOTS) {
        bool standby = (f->keepalive_round + i / STATION_SLOTS) % every == 0;
        gateway_keepalive(&f->gateways[i], &f->site, f->now, standby, forgive);
        after_gateway(f, &f->gateways[i]);
    }
    f->keepalive_slot = (k + 1) % STATION_SLOTS;
    f->keepalive_round += f->keepalive_slot == 0;
    f->keepalive_at = instant_add(due, slot_length(f));
    leg_log_flush(&f->log, f->now);
}

/* A caller comes in through the next gateway that takes calls. */
static void call_agents(struct fleet *f)
{
    const struct topology *t = f->topology;
    for (uint32_t i = 0; i < f->gateways_n && t->dialled_n > 0; i++) {
        struct gateway *g = &f->gateways[f->next_gateway];
        f->next_gateway = (f->next_gateway + 1) % f->gateways_n;
        if (!gateway_open(g)) {
            continue;
        }
        char ani[NUMBER_LEN];
        snprintf(ani, sizeof ani, "49%03u%07u", (unsigned)(f->self.v % 1000),
                 (unsigned)(f->next_number % 10000000));
        const char *number = t->dialled[f->next_number % t->dialled_n].number;
        f->next_number++;
        enum reason reason = gateway_call(g, &f->site, f->now, number, ani);
        ASSERT(reason == REASON_NONE);
        after_gateway(f, g);
        return;
    }
}

static struct phone *idle_phone(struct fleet *f, const struct phone *besides)
{
    for (uint32_t i = 0; i < PARTNER_TRIES; i++) {
        struct phone *p = &f->phones[rand_below(&f->traffic.rand, f->phones_n)];
        if (p != besides && !agent_id_some(p->agent) && phone_idle(p) && !p->person.by_hand &&
            p->station.state == STATION_REGISTERED) {
            return p;
        }
    }
    return NULL;
}

static void call_phones(struct fleet *f)
{
    struct phone *from = idle_phone(f, NULL);
    struct phone *to = from != NULL ? idle_phone(f, from) : NULL;
    if (to == NULL) {
        return;
    }
    err_ignore(phone_dial(from, &f->site, f->now, to->number) == REASON_NONE ? ERR_OK : ERR_REFUSED,
               "a person who cannot dial now does not");
    after_phone(f, from);
}

static struct instant fleet_deadline(const void *self)
{
    const struct fleet *f = self;
    struct instant first = instant_min(alarm_next(&f->alarm), f->keepalive_at);
    first = instant_min(first, traffic_deadline(&f->traffic));
    return instant_min(first, fleet_order_deadline(f));
}

static void alarm_rings(struct fleet *f, uint32_t id)
{
    if (id < f->phones_n) {
        phone_tick(&f->phones[id], &f->site, f->now);
        after_phone(f, &f->phones[id]);
    } else if (id < f->phones_n + f->gateways_n) {
        struct gateway *g = &f->gateways[id - f->phones_n];
        gateway_tick(g, &f->site, f->now);
        after_gateway(f, g);
    } else {
        struct agent *a = &f->agents[id - f->phones_n - f->gateways_n];
        agent_tick(a, &f->hall, f->now);
        hand_out(f);
        arm_agent(f, a);
    }
}

static void fleet_tick(void *self, struct instant now)
{
    struct fleet *f = self;
    f->now = now;
    uint32_t id = 0;
    /* Each thing once: one that is due again at once waits for the next tick. */
    for (uint32_t i = 0; i < f->alarm.n && alarm_due(&f->alarm, now, &id); i++) {
        alarm_rings(f, id);
    }
    if (instant_reached(now, f->keepalive_at)) {
        keepalives(f);
    }
    for (uint32_t i = 0; i < CALLS_AT_ONCE && traffic_due(&f->traffic, TRAFFIC_AGENTS, now); i++) {
        call_agents(f);
    }
    for (uint32_t i = 0; i < CALLS_AT_ONCE && traffic_due(&f->traffic, TRAFFIC_PHONES, now); i++) {
        call_phones(f);
    }
    fleet_order_tick(f);
}

struct process fleet_process(struct fleet *f)
{
    return (struct process){.self = f,
                            .start = fleet_start,
                            .message = fleet_message,
                            .link_up = fleet_link_up,
                            .link_down = fleet_link_down,
                            .media = fleet_media,
                            .deadline = fleet_deadline,
                            .tick = fleet_tick};
}

static void log_open(struct fleet *f, const struct call_leg *leg, struct device_id device)
{
    struct leg_record r;
    if (leg->state == LEG_IDLE || !call_id_some(leg->call)) {
        return;
    }
    call_leg_record(leg, device, f->now, &r);
    const struct agent *a = fleet_agent_at(f, device);
    r.agent = a != NULL ? a->id : r.agent;
    r.open = true;
    r.media_open = 0;
    leg_log_add(&f->log, &r, f->now, false);
}

void fleet_stop(struct fleet *f, struct instant now)
{
    f->now = now;
    leg_log_flush(&f->log, INSTANT_NEVER);
    for (uint32_t i = 0; i < f->phones_n; i++) {
        for (uint32_t k = 0; k < PHONE_LEGS; k++) {
            log_open(f, &f->phones[i].legs[k], f->phones[i].station.device);
        }
    }
    for (uint32_t i = 0; i < f->gateways_n; i++) {
        for (uint32_t k = 0; k < f->gateways[i].channels_n; k++) {
            log_open(f, &f->gateways[i].channels[k].leg, f->gateways[i].station.device);
        }
    }
}
