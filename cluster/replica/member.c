#include "cluster/replica/member.h"

#include "cluster/replica/member_lead.h"
#include "cluster/replica/member_queue.h"
#include "proto/codec.h"

#include <stdio.h>
#include <string.h>

#define NOT_LEADER_WAIT_MS \
    10 /* before a batch is sent again to whom our replica takes for leader */

/* -- What the registry and the replica tell. -- */

static void trace_change(const struct member *m, const struct registry_change *change)
{
    struct event event = {.peer = change->node, .value = (int64_t)change->incarnation.v};
    if (change->kind == REGISTRY_CHANGE_DEVICE) {
        event.kind = EVENT_OWNER_CHANGED;
        event.device = change->device;
        event.epoch = change->epoch;
        event.value = (int64_t)change->index;
        event.value2 = change->state;
        world_trace(m->config.world, &event);
    } else if (change->kind == REGISTRY_CHANGE_NODE && !change->up) {
        event.kind = EVENT_NODE_DOWN;
        world_trace(m->config.world, &event);
    }
}

static void on_changed(void *context, const struct registry_change *change)
{
    struct member *m = context;
    trace_change(m, change);
    if (change->kind == REGISTRY_CHANGE_ALL || m->changes_n == MEMBER_CHANGES_MAX) {
        m->changes_lost = true;
        m->changes_n = 0;
    }
    if (!m->changes_lost) {
        m->changes[(m->changes_first + m->changes_n++) % MEMBER_CHANGES_MAX] = *change;
    }
}

static void trace_written(const struct member *m, const struct msg_command *c)
{
    struct event event = {.kind = EVENT_CONFIG_WRITTEN};
    if (c->kind == COMMAND_FORWARD) {
        snprintf(event.text, sizeof event.text, "%s=%.*s", c->number, NUMBER_LEN, c->text);
    } else {
        snprintf(event.text, sizeof event.text, "%s", c->text);
    }
    world_trace(m->config.world, &event);
}

static void on_applied(void *context, uint64_t index, const struct msg_propose *propose,
                       const struct msg_proposed *proposed)
{
    struct member *m = context;
    if (proposed->index == index) { /* not an old answer */
        for (uint32_t i = 0; i < propose->commands_n; i++) {
            const struct msg_command *c = &propose->commands[i];
            if ((c->kind == COMMAND_FORWARD || c->kind == COMMAND_CONFIG) &&
                proposed->results[i].reason == REASON_NONE) {
                trace_written(m, c);
            }
        }
    }
    if (propose->origin.v == 0 || propose->origin.v > PROCS_MAX) {
        return; /* the registry answered that it makes no sense */
    }
    member_queue_answer(m, proposed);
    member_lead_applied(m, proposed);
}

static void on_confirmed(void *context, bool ok, uint64_t index)
{
    member_lead_confirmed(context, ok, index);
}

/* -- Life. -- */

enum err member_init(struct member *m, const struct member_config *config)
{
    ASSERT(incarnation_some(config->incarnation));
    m->config = *config;
    m->give_up.us = config->topology->timers.node_down_after.us * TOPOLOGY_GIVE_UP_FACTOR;
    m->head = m->answered = m->sent = m->tail = m->seq = 0;
    m->sent_to = (struct proc_id){0};
    m->changes_first = m->changes_n = 0;
    m->changes_lost = m->leased = m->serving = m->confirm_busy = m->read_asked = false;
    m->lease_until = m->stamp = m->renew_at = m->retry_at = m->read_retry_at = (struct instant){0};
    m->renew_seq = m->lease_term = m->read_seq = m->dropped = 0;
    m->reads_n = 0;
    memset(m->services, 0, sizeof m->services);
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        struct member_peer *p = &m->peers[i];
        p->up = p->down_proposed = false;
        p->waits.commands_n = 0;
        p->queued_seq = p->read_seq = p->read_covered = 0;
        p->proven = p->counted = (struct instant){0};
    }
    registry_init(config->registry, config->topology, (struct registry_watch){m, on_changed});
    struct replica_config below = {.self = config->self,
                                   .topology = config->topology,
                                   .registry = config->registry,
                                   .world = config->world,
                                   .io = config->io,
                                   .peers_n = config->peers_n,
                                   .snapshot_every = config->snapshot_every,
                                   .hooks = {m, on_applied, on_confirmed}};
    memcpy(below.peers, config->peers, sizeof below.peers);
    return replica_init(&m->replica, &below);
}

enum err member_start(struct member *m, struct instant now)
{
    enum err err = replica_start(&m->replica);
    if (err != ERR_OK) {
        return err;
    }
    const struct world *w = m->config.world;
    m->renew_at = m->lease_until = now;
    w->listen(w->context, LINK_MEMBER, true);
    for (uint32_t i = 0; i < m->config.peers_n; i++) {
        if (m->config.peers[i].id.v > m->config.self.v) {
            w->connect(w->context, LINK_MEMBER, m->config.peers[i].id, true);
        }
    }
    return ERR_OK;
}

void member_close(struct member *m)
{
    replica_close(&m->replica);
}

bool member_closed(const struct member *m)
{
    return replica_closed(&m->replica);
}

/* -- Lease. -- */

bool member_has_lease(const struct member *m, struct instant now)
{
    return now.us < m->lease_until.us;
}

static void notice_lease(struct member *m, struct instant now)
{
    bool held = member_has_lease(m, now);
    if (held == m->leased) {
        return;
    }
    m->leased = held;
    world_trace(m->config.world,
                &(struct event){.kind = held ? EVENT_LEASE_GOT : EVENT_LEASE_LOST});
    m->config.hooks.lease(m->config.hooks.context, now, held);
}

/* The leader's own lease rests on when a majority still followed it; everybody else's is granted.
 */
static void lease_of_leader(struct member *m, struct instant now)
{
    if (m->serving) {
        m->lease_until = member_lead_lease(m, now);
        m->lease_term = replica_term(&m->replica);
    }
}

static void renew(struct member *m, struct instant now)
{
    struct proc_id leader = replica_leader(&m->replica);
    if (!proc_id_some(leader) || proc_id_eq(leader, m->config.self)) {
        return;
    }
    m->renewed[++m->renew_seq % MEMBER_RENEWALS] = now;
    m->out.kind = MSG_LEASE_RENEW;
    m->out.correlation = 0;
    bool of_this_term = m->lease_term == replica_term(&m->replica);
    m->out.lease_renew =
        (struct msg_lease_renew){.incarnation = m->config.incarnation,
                                 .seq = m->renew_seq,
                                 .stamp_us = of_this_term ? (uint64_t)m->stamp.us : 0};
    world_send(m->config.world, LINK_MEMBER, leader, &m->out);
}

static void on_granted(struct member *m, const struct msg_lease_granted *granted)
{
    if (granted->seq == 0 || granted->seq > m->renew_seq ||
        m->renew_seq - granted->seq >= MEMBER_RENEWALS || granted->term < m->lease_term) {
        m->dropped++;
        return;
    }
    /* Counted from when we asked, by our own clock: a grant that was long on its way is short. */
    struct instant until =
        instant_add(m->renewed[granted->seq % MEMBER_RENEWALS], duration_ms(granted->granted_ms));
    m->lease_term = granted->term;
    m->stamp = (struct instant){(int64_t)granted->stamp_us};
    m->lease_until = until.us > m->lease_until.us ? until : m->lease_until;
}

/* -- Services: what this node says of itself is brought into the registry, again and again. -- */

static void announce(struct member *m, struct instant now, enum service service)
{
    struct member_service_state *s = &m->services[service];
    const struct registry_node *n = registry_node(m->config.registry, m->config.self);
    if (!incarnation_some(s->incarnation) || s->asked || !instant_reached(now, s->retry_at) ||
        n == NULL) {
        return;
    }
    bool shown = n->service_up[service] && incarnation_eq(n->service[service], s->incarnation);
    if (shown == s->up) {
        return;
    }
    const struct msg_command c = {.kind = s->up ? COMMAND_SERVICE_UP : COMMAND_SERVICE_DOWN,
                                  .node = m->config.self,
                                  .service = service,
                                  .incarnation = s->incarnation};
    s->asked = member_queue_add(m, now, &c, 0, true) == ERR_OK;
}

void member_service(struct member *m, struct instant now, enum service service,
                    struct incarnation incarnation, bool up)
{
    ASSERT(service > SERVICE_NONE);
    ASSERT(service < SERVICE_COUNT);
    ASSERT(incarnation.v >= m->services[service].incarnation.v);
    m->services[service].incarnation = incarnation;
    m->services[service].up = up;
    m->services[service].retry_at = now;
}

/* -- From the driver. -- */

void member_message(struct member *m, struct instant now, struct proc_id peer,
                    const struct msg *msg)
{
    if (registry_node(m->config.registry, peer) == NULL || proc_id_eq(peer, m->config.self)) {
        m->dropped++;
        return;
    }
    struct member_peer *p = &m->peers[peer.v - 1];
    p->counted = now;
    if (msg->kind == MSG_PROPOSE && proc_id_eq(msg->propose.origin, peer)) {
        member_lead_propose(m, peer, msg);
    } else if (msg->kind == MSG_PROPOSED) {
        member_queue_answer(m, &msg->proposed);
    } else if (msg->kind == MSG_NOT_LEADER) {
        if (proc_id_eq(m->sent_to, peer) && msg->not_leader.seq == m->seq) {
            member_queue_resend(m, instant_add(now, duration_ms(NOT_LEADER_WAIT_MS)));
        }
    } else if (msg->kind == MSG_LEASE_RENEW) {
        member_lead_renew(m, now, peer, &msg->lease_renew);
    } else if (msg->kind == MSG_LEASE_GRANTED) {
        on_granted(m, &msg->lease_granted);
    } else if (msg->kind == MSG_READ_INDEX) {
        member_lead_read(m, peer, msg->read_index.seq);
    } else if (msg->kind == MSG_READ_INDEX_ANSWER) {
        member_queue_read_answer(m, &msg->read_index_answer);
    } else {
        m->dropped++;
    }
}

void member_link_up(struct member *m, struct instant now, struct proc_id peer)
{
    if (registry_node(m->config.registry, peer) == NULL) {
        return;
    }
    m->peers[peer.v - 1].up = true;
    m->peers[peer.v - 1].counted = now;
    if (proc_id_eq(replica_leader(&m->replica), peer)) {
        member_queue_resend(m, now);
        renew(m, now);
    }
}

void member_link_down(struct member *m, struct instant now, struct proc_id peer)
{
    if (registry_node(m->config.registry, peer) == NULL) {
        return;
    }
    struct member_peer *p = &m->peers[peer.v - 1];
    p->up = false;
    p->waits.commands_n = 0;
    p->read_seq = 0;
    if (proc_id_eq(m->sent_to, peer) || proc_id_eq(replica_leader(&m->replica), peer)) {
        member_queue_resend(m, now);
    }
}

void member_peer_lost(struct member *m, struct instant now, struct proc_id peer)
{
    replica_peer_lost(&m->replica, now, peer);
}

struct instant member_deadline(const struct member *m)
{
    struct instant at = instant_min(m->renew_at, replica_deadline(&m->replica));
    at = instant_min(at, member_queue_deadline(m));
    return m->leased ? instant_min(at, m->lease_until) : at;
}

void member_tick(struct member *m, struct instant now)
{
    struct duration period = m->config.topology->timers.lease_renew;
    if (instant_reached(now, m->renew_at)) {
        /* Whoever finds its own loop late does not count that as its peers' silence. */
        struct duration late = instant_since(now, m->renew_at);
        for (uint32_t i = 0; i < PROCS_MAX && late.us > period.us; i++) {
            m->peers[i].counted.us += late.us;
        }
        m->renew_at = instant_add(now, period);
        renew(m, now);
        member_lead_tick(m, now);
        member_queue_tick(m, now);
    }
    member_poll(m, now);
}

static void deliver_changes(struct member *m, struct instant now)
{
    if (m->changes_lost) {
        const struct registry_change all = {.kind = REGISTRY_CHANGE_ALL,
                                            .index = registry_applied(m->config.registry)};
        m->changes_lost = false;
        m->changes_n = 0;
        m->config.hooks.changed(m->config.hooks.context, now, &all);
    }
    while (m->changes_n > 0) {
        struct registry_change change = m->changes[m->changes_first];
        m->changes_first = (m->changes_first + 1) % MEMBER_CHANGES_MAX;
        m->changes_n--;
        m->config.hooks.changed(m->config.hooks.context, now, &change);
    }
}

void member_poll(struct member *m, struct instant now)
{
    replica_poll(&m->replica, now);
    bool serving = replica_serving(&m->replica);
    if (serving && !m->serving) {
        member_lead_begin(m, now);
    } else if (!serving && m->serving) {
        member_lead_end(m);
    }
    m->serving = serving;
    lease_of_leader(m, now);
    notice_lease(m, now);
    deliver_changes(m, now);
    member_queue_deliver(m, now);
    for (enum service s = SERVICE_NONE + 1; s < SERVICE_COUNT; s++) {
        announce(m, now, s);
    }
    member_lead_poll(m);
    member_queue_send(m, now);
    replica_poll(&m->replica, now);
}

/* -- From the roles. -- */

enum err member_propose(struct member *m, struct instant now, const struct msg_command *command,
                        uint64_t tag)
{
    ASSERT(command->kind > COMMAND_NONE);
    ASSERT(command->kind < COMMAND_COUNT);
    if (!codec_text_is_clean(command->number) || !codec_text_is_clean(command->text)) {
        return ERR_INVALID;
    }
    return member_queue_add(m, now, command, tag, false);
}

enum err member_read(struct member *m, struct instant now, uint64_t tag)
{
    if (m->reads_n == MEMBER_READS_MAX) {
        return ERR_FULL;
    }
    m->reads[m->reads_n++] = (struct member_read_item){.tag = tag, .since = now};
    return ERR_OK;
}

enum err member_transfer(struct member *m, struct proc_id to)
{
    return replica_transfer(&m->replica, to);
}

void member_read_log(struct member *m, uint64_t after, uint32_t skip, struct msg_op_log *ret_page)
{
    replica_read_log(&m->replica, after, skip, &m->out, ret_page);
}

const struct registry *member_registry(const struct member *m)
{
    return m->config.registry;
}

const struct replica *member_replica(const struct member *m)
{
    return &m->replica;
}
