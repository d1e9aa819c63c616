#include "cluster/replica/member_queue.h"

#include "cluster/replica/member_lead.h"

#include <string.h>

static struct member_item *item_at(struct member *m, uint64_t position)
{
    return &m->queue[position % MEMBER_QUEUE_MAX];
}

static bool on_its_way(const struct member *m)
{
    return m->answered < m->sent;
}

enum err member_queue_add(struct member *m, struct instant now, const struct msg_command *command,
                          uint64_t tag, bool internal)
{
    if (m->tail - m->head == MEMBER_QUEUE_MAX) {
        return ERR_FULL;
    }
    *item_at(m, m->tail++) =
        (struct member_item){.command = *command, .tag = tag, .since = now, .internal = internal};
    return ERR_OK;
}

void member_queue_answer(struct member *m, const struct msg_proposed *proposed)
{
    if (!on_its_way(m) || !proc_id_eq(proposed->origin, m->config.self) ||
        !incarnation_eq(proposed->incarnation, m->config.incarnation) || proposed->seq != m->seq ||
        proposed->results_n != m->sent - m->answered) {
        return;
    }
    for (uint32_t i = 0; i < proposed->results_n; i++) {
        struct member_item *item = item_at(m, m->answered++);
        item->result = proposed->results[i];
        item->index = proposed->index;
    }
    ASSERT(m->answered == m->sent);
    m->sent_to = (struct proc_id){0};
}

void member_queue_resend(struct member *m, struct instant at)
{
    m->sent_to = (struct proc_id){0};
    m->retry_at = at;
    m->read_asked = false;
    m->read_retry_at = at;
}

/* -- Delivering. -- */

static void deliver_internal(struct member *m, struct instant now, const struct member_item *item)
{
    if (item->command.kind == COMMAND_NODE_DOWN) {
        member_lead_down_done(m, item->command.node);
        return;
    }
    ASSERT(item->command.service < SERVICE_COUNT);
    struct member_service_state *s = &m->services[item->command.service];
    s->asked = false;
    s->retry_at = instant_add(now, item->result.reason == REASON_NONE
                                       ? duration_ms(0)
                                       : m->config.topology->timers.lease_renew);
}

static void deliver_reads(struct member *m, struct instant now)
{
    uint64_t applied = replica_applied(&m->replica);
    for (uint32_t i = 0; i < m->reads_n;) {
        struct member_read_item read = m->reads[i];
        bool late = instant_since(now, read.since).us > m->give_up.us;
        if (!late && (read.index == 0 || read.index > applied)) {
            i++;
            continue;
        }
        bool good = read.index != 0 && read.index <= applied;
        memmove(&m->reads[i], &m->reads[i + 1], (m->reads_n - i - 1) * sizeof m->reads[0]);
        m->reads_n--;
        m->config.hooks.read(m->config.hooks.context, now, read.tag,
                             good ? REASON_NONE : REASON_NO_QUORUM, good ? read.index : 0);
    }
}

void member_queue_deliver(struct member *m, struct instant now)
{
    while (m->head < m->answered) {
        struct member_item item = *item_at(m, m->head);
        /* A node whose replica is far behind learns the truth in the end. */
        bool late = instant_since(now, item.since).us > m->give_up.us;
        if (item.index > replica_applied(&m->replica) && !late) {
            break;
        }
        m->head++;
        if (item.internal) {
            deliver_internal(m, now, &item);
        } else {
            m->config.hooks.result(m->config.hooks.context, now, item.tag, &item.result,
                                   item.index);
        }
    }
    deliver_reads(m, now);
}

/* -- Sending. -- */

static void make_batch(struct member *m, struct instant now)
{
    struct msg_propose *p = &m->batch.propose;
    m->batch.kind = MSG_PROPOSE;
    m->batch.correlation = 0;
    p->origin = m->config.self;
    p->incarnation = m->config.incarnation;
    p->seq = ++m->seq;
    p->commands_n = 0;
    while (m->sent < m->tail && p->commands_n < MAX_command) {
        p->commands[p->commands_n++] = item_at(m, m->sent++)->command;
    }
    m->sent_to = (struct proc_id){0};
    m->sent_once = false;
    m->retry_at = now;
}

static bool reachable(const struct member *m, struct proc_id leader)
{
    return proc_id_some(leader) &&
           (proc_id_eq(leader, m->config.self) || m->peers[leader.v - 1].up);
}

static void send_batch(struct member *m, struct instant now, struct proc_id leader)
{
    m->sent_to = leader;
    m->sent_once = true;
    m->retry_at = instant_add(now, m->config.topology->timers.raft_election);
    if (proc_id_eq(leader, m->config.self)) {
        member_lead_propose(m, leader, &m->batch);
    } else {
        world_send(m->config.world, LINK_MEMBER, leader, &m->batch);
    }
}

static void send_reads(struct member *m, struct instant now, struct proc_id leader)
{
    bool any = false;
    if (m->read_asked && instant_reached(now, m->read_retry_at)) {
        m->read_asked = false;
    }
    for (uint32_t i = 0; i < m->reads_n && !m->read_asked; i++) {
        if (m->reads[i].index == 0) {
            m->reads[i].seq = m->read_seq + 1;
            any = true;
        }
    }
    if (!any) {
        return;
    }
    m->read_seq++;
    m->read_asked = true;
    m->read_retry_at = instant_add(now, m->config.topology->timers.raft_election);
    if (proc_id_eq(leader, m->config.self)) {
        member_lead_read(m, leader, m->read_seq);
        return;
    }
    m->out.kind = MSG_READ_INDEX;
    m->out.correlation = 0;
    m->out.read_index.seq = m->read_seq;
    world_send(m->config.world, LINK_MEMBER, leader, &m->out);
}

void member_queue_send(struct member *m, struct instant now)
{
    struct proc_id leader = replica_leader(&m->replica);
    if (!on_its_way(m) && m->sent < m->tail) {
        make_batch(m, now);
    }
    if (!reachable(m, leader)) {
        return;
    }
    bool elsewhere = proc_id_some(m->sent_to) && !proc_id_eq(m->sent_to, leader);
    if (on_its_way(m) && (elsewhere || instant_reached(now, m->retry_at))) {
        send_batch(m, now, leader);
    }
    if (m->reads_n > 0) {
        send_reads(m, now, leader);
    }
}

void member_queue_read_answer(struct member *m, const struct msg_read_index_answer *answer)
{
    if (!m->read_asked || answer->seq != m->read_seq) {
        return;
    }
    if (answer->reason != REASON_NONE || answer->index == 0) {
        return; /* asked again when read_retry_at comes */
    }
    m->read_asked = false;
    for (uint32_t i = 0; i < m->reads_n; i++) {
        if (m->reads[i].seq == answer->seq && m->reads[i].index == 0) {
            m->reads[i].index = answer->index;
        }
    }
}

/* -- Giving up. -- */

void member_queue_tick(struct member *m, struct instant now)
{
    while (m->answered < m->tail &&
           instant_since(now, item_at(m, m->answered)->since).us > m->give_up.us) {
        bool left = on_its_way(m) && m->sent_once;
        uint64_t end = on_its_way(m) ? m->sent : m->sent + 1;
        for (; m->answered < end; m->answered++) {
            struct member_item *item = item_at(m, m->answered);
            item->result.reason = left ? REASON_ROLLED_BACK : REASON_NO_QUORUM;
            item->result.epoch = 0;
            item->index = 0;
        }
        m->sent = end;
    }
}

struct instant member_queue_deadline(const struct member *m)
{
    struct instant at = INSTANT_NEVER;
    if (!reachable(m, replica_leader(&m->replica))) {
        return at; /* what is left waits for a link or for another leader */
    }
    at = on_its_way(m) ? m->retry_at : at;
    return m->reads_n > 0 && m->read_asked ? instant_min(at, m->read_retry_at) : at;
}
