#include "cluster/replica/member_lead.h"

#include "cluster/replica/member_queue.h"

#include <string.h>

static struct member_peer *peer_at(struct member *m, struct proc_id id)
{
    ASSERT(id.v >= 1);
    ASSERT(id.v <= PROCS_MAX);
    return &m->peers[id.v - 1];
}

static void send(struct member *m, struct proc_id to, const struct msg *msg)
{
    world_send(m->config.world, LINK_MEMBER, to, msg);
}

static void refuse(struct member *m, struct proc_id to, uint64_t seq)
{
    if (proc_id_eq(to, m->config.self)) {
        return; /* our own batch waits for a leader */
    }
    m->out.kind = MSG_NOT_LEADER;
    m->out.correlation = 0;
    m->out.not_leader = (struct msg_not_leader){
        .seq = seq, .term = replica_term(&m->replica), .leader = replica_leader(&m->replica)};
    send(m, to, &m->out);
}

static void answer(struct member *m, const struct msg_proposed *proposed)
{
    if (proc_id_eq(proposed->origin, m->config.self)) {
        return; /* its own replica tells it */
    }
    m->out.kind = MSG_PROPOSED;
    m->out.correlation = 0;
    if (&m->out.proposed != proposed) {
        size_t used = offsetof(struct msg_proposed, results) +
                      proposed->results_n * sizeof proposed->results[0];
        memcpy(&m->out.proposed, proposed, used);
    }
    send(m, proposed->origin, &m->out);
}

void member_lead_propose(struct member *m, struct proc_id from, const struct msg *msg)
{
    const struct msg_propose *propose = &msg->propose;
    struct member_peer *p = peer_at(m, from);
    if (replica_standing(&m->replica) != RAFT_STATE_LEADER) {
        refuse(m, from, propose->seq);
        return;
    }
    if (registry_answered(m->config.registry, propose, &m->out.proposed)) {
        answer(m, &m->out.proposed);
        return;
    }
    if (incarnation_eq(p->queued_incarnation, propose->incarnation) &&
        p->queued_seq == propose->seq) {
        return; /* sent again while its entry is on its way */
    }
    enum err err = replica_submit(&m->replica, msg);
    if (err == ERR_FULL) {
        size_t used = offsetof(struct msg_propose, commands) +
                      propose->commands_n * sizeof propose->commands[0];
        memcpy(&p->waits, propose, used);
        return;
    }
    if (err != ERR_OK) {
        refuse(m, from, propose->seq);
        return;
    }
    p->queued_incarnation = propose->incarnation;
    p->queued_seq = propose->seq;
}

void member_lead_poll(struct member *m)
{
    for (uint16_t i = 0; i < PROCS_MAX && m->serving; i++) {
        struct member_peer *p = &m->peers[i];
        if (p->waits.commands_n == 0) {
            continue;
        }
        size_t used = offsetof(struct msg_propose, commands) +
                      p->waits.commands_n * sizeof p->waits.commands[0];
        m->out.kind = MSG_PROPOSE;
        m->out.correlation = 0;
        memcpy(&m->out.propose, &p->waits, used);
        enum err err = replica_submit(&m->replica, &m->out);
        if (err != ERR_OK) {
            return;
        }
        p->queued_incarnation = p->waits.incarnation;
        p->queued_seq = p->waits.seq;
        p->waits.commands_n = 0;
    }
}

void member_lead_applied(struct member *m, const struct msg_proposed *proposed)
{
    struct member_peer *p = peer_at(m, proposed->origin);
    if (incarnation_eq(p->queued_incarnation, proposed->incarnation) &&
        p->queued_seq == proposed->seq) {
        p->queued_seq = 0;
    }
    if (replica_standing(&m->replica) == RAFT_STATE_LEADER) {
        answer(m, proposed);
    }
}

/* -- Leases and dead nodes. -- */

struct instant member_lead_lease(const struct member *m, struct instant now)
{
    /* When the other voters still followed us, latest first. */
    struct instant proven[PROCS_MAX];
    struct proc_id voters[PROCS_MAX];
    uint32_t voters_n = replica_voters(&m->replica, voters), n = 0;
    for (uint32_t i = 0; i < voters_n; i++) {
        if (proc_id_eq(voters[i], m->config.self)) {
            continue;
        }
        ASSERT(voters[i].v >= 1);
        ASSERT(voters[i].v <= PROCS_MAX);
        struct instant last = m->peers[voters[i].v - 1].proven;
        uint32_t at = n++;
        for (; at > 0 && proven[at - 1].us < last.us; at--) {
            proven[at] = proven[at - 1];
        }
        proven[at] = last;
    }
    uint32_t others = voters_n / 2; /* needed besides ourselves */
    ASSERT(n >= others);
    return instant_add(others == 0 ? now : proven[others - 1],
                       m->config.topology->timers.lease_grant);
}

void member_lead_renew(struct member *m, struct instant now, struct proc_id from,
                       const struct msg_lease_renew *renew)
{
    if (!m->serving) {
        return;
    }
    /* When this arrives says nothing: it may have waited, for us or in a network. The stamp that it
     * gives back says when it was not sent yet. Those of an earlier leadership are too old. */
    struct member_peer *p = peer_at(m, from);
    struct instant stamp = {(int64_t)renew->stamp_us};
    if (stamp.us > p->proven.us && stamp.us <= now.us) {
        p->proven = stamp;
    }
    bool grant = !p->down_proposed && member_has_lease(m, now);
    m->out.kind = MSG_LEASE_GRANTED;
    m->out.correlation = 0;
    m->out.lease_granted = (struct msg_lease_granted){
        .term = replica_term(&m->replica),
        .seq = renew->seq,
        .granted_ms = grant ? (uint32_t)duration_to_ms(m->config.topology->timers.lease_grant) : 0,
        .stamp_us = (uint64_t)now.us};
    send(m, from, &m->out);
}

void member_lead_tick(struct member *m, struct instant now)
{
    if (m->serving && !member_has_lease(m, now)) {
        /* Whom a majority does not reach can neither judge who is dead nor serve anybody. Raft's
         * own connections live, or another would lead by now: let it. */
        if (instant_since(now, m->served_since).us >
            m->config.topology->timers.node_down_after.us) {
            replica_yield(&m->replica);
        }
        return;
    }
    for (uint16_t i = 0; i < PROCS_MAX && m->serving; i++) {
        struct proc_id id = {(uint16_t)(i + 1)};
        const struct registry_node *n = registry_node(m->config.registry, id);
        struct member_peer *p = &m->peers[i];
        if (n == NULL || !n->up || p->down_proposed || proc_id_eq(id, m->config.self) ||
            instant_since(now, p->counted).us < m->config.topology->timers.node_down_after.us) {
            continue;
        }
        const struct msg_command down = {
            .kind = COMMAND_NODE_DOWN, .node = id, .incarnation = n->incarnation};
        p->down_proposed = member_queue_add(m, now, &down, 0, true) == ERR_OK;
    }
}

void member_lead_down_done(struct member *m, struct proc_id node)
{
    peer_at(m, node)->down_proposed = false;
}

void member_lead_begin(struct member *m, struct instant now)
{
    /* "A new leader waits a full node_down_after after its barrier first": it heard nobody yet.
     * That the barrier passed proves that a majority followed us after it had begun, however late
     * we are. */
    m->served_since = now;
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        m->peers[i].counted = now;
        m->peers[i].proven = replica_passed(&m->replica);
    }
}

void member_lead_end(struct member *m)
{
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        m->peers[i].waits.commands_n = 0;
        m->peers[i].queued_seq = 0;
    }
}

/* -- Reads. -- */

static void answer_read(struct member *m, struct proc_id to, uint64_t seq, enum reason reason,
                        uint64_t index)
{
    const struct msg_read_index_answer a = {.seq = seq, .index = index, .reason = (uint32_t)reason};
    if (proc_id_eq(to, m->config.self)) {
        member_queue_read_answer(m, &a);
        return;
    }
    m->out.kind = MSG_READ_INDEX_ANSWER;
    m->out.correlation = 0;
    m->out.read_index_answer = a;
    send(m, to, &m->out);
}

/* One confirmation is good for all reads that were there when it was asked for. */
static void confirm(struct member *m)
{
    if (m->confirm_busy || replica_confirm(&m->replica) != ERR_OK) {
        return;
    }
    m->confirm_busy = true;
    for (uint32_t i = 0; i < PROCS_MAX; i++) {
        m->peers[i].read_covered = m->peers[i].read_seq;
    }
}

void member_lead_read(struct member *m, struct proc_id from, uint64_t seq)
{
    if (!m->serving) {
        answer_read(m, from, seq, REASON_NO_QUORUM, 0);
        return;
    }
    peer_at(m, from)->read_seq = seq;
    confirm(m);
}

void member_lead_confirmed(struct member *m, bool ok, uint64_t index)
{
    bool more = false;
    m->confirm_busy = false;
    for (uint16_t i = 0; i < PROCS_MAX; i++) {
        struct member_peer *p = &m->peers[i];
        uint64_t seq = ok ? p->read_covered : p->read_seq;
        p->read_covered = 0;
        if (p->read_seq == 0 || seq == 0) {
            more = more || p->read_seq != 0;
            continue;
        }
        if (p->read_seq == seq) {
            p->read_seq = 0;
        }
        more = more || p->read_seq != 0;
        answer_read(m, (struct proc_id){(uint16_t)(i + 1)}, seq,
                    ok ? REASON_NONE : REASON_NO_QUORUM, index);
    }
    if (more) {
        confirm(m);
    }
}
