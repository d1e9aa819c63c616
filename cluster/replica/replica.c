#include "cluster/replica/replica.h"

#include "cluster/replica/replica_fsm.h"
#include "cluster/replica/replica_seam.h"
#include "node/base/plant.h"
#include "proto/codec.h"

#include <string.h>

#define ENTRY_ALIGN     8
#define SNAPSHOT_TRAIL  64 /* entries kept for a follower that is a little late */
#define STAGGER_DIVISOR 8  /* of the election timeout: between voters that begin an election */
#define LOST_RETRY_MS   5
#define INSTALL_FACTOR  20 /* election timeouts until an InstallSnapshot counts as failed */

static void trace(const struct replica *r, const struct event *event)
{
    world_trace(r->config.world, event);
}

static void put32(uint8_t *at, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

static enum err translated(int code)
{
    switch (code) {
    case 0:
        return ERR_OK;
    case RAFT_NOMEM:
        return ERR_MEMORY;
    case RAFT_CORRUPT:
    case RAFT_MALFORMED:
        return ERR_CORRUPT;
    case RAFT_NOSPACE:
        return ERR_FULL;
    case RAFT_NOTLEADER:
    case RAFT_CANTCHANGE:
    case RAFT_LEADERSHIPLOST:
        return ERR_STATE;
    case RAFT_INVALID:
    case RAFT_NAMETOOLONG:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

/* -- Life. -- */

static const struct replica_peer *self_of(const struct replica_config *config)
{
    for (uint32_t i = 0; i < config->peers_n; i++) {
        if (proc_id_eq(config->peers[i].id, config->self)) {
            return &config->peers[i];
        }
    }
    UNREACHABLE("a node is one of its cluster's nodes");
}

enum err replica_init(struct replica *r, const struct replica_config *config)
{
    const struct topology_timers *timers = &config->topology->timers;
    const struct replica_peer *self = self_of(config);
    ASSERT(config->peers_n <= NODES_MAX);
    memset(r, 0, sizeof *r);
    r->config = *config;
    r->lost_at = INSTANT_NEVER;
    r->fsm = replica_fsm_make(r);
    int code = raft_init(&r->raft, config->io, &r->fsm, config->self.v, self->address);
    if (code != 0) {
        return translated(code);
    }
    r->raft.data = r;
    unsigned election = (unsigned)duration_to_ms(timers->raft_election);
    raft_set_election_timeout(&r->raft, election);
    raft_set_heartbeat_timeout(&r->raft, (unsigned)duration_to_ms(timers->raft_heartbeat));
    raft_set_install_snapshot_timeout(&r->raft, election * INSTALL_FACTOR);
    raft_set_pre_vote(&r->raft, true);
    uint32_t every =
        config->snapshot_every != 0 ? config->snapshot_every : REPLICA_FSM_SNAPSHOT_EVERY;
    r->config.snapshot_every = every;
    raft_set_snapshot_threshold(&r->raft, every);
    raft_set_snapshot_trailing(&r->raft, every < SNAPSHOT_TRAIL ? every : SNAPSHOT_TRAIL);
    replica_log_init(&r->log, config->io);
    replica_seam_join(r);
    return ERR_OK;
}

static int bootstrap(struct replica *r)
{
    struct raft_configuration configuration;
    raft_configuration_init(&configuration);
    int code = 0;
    for (uint32_t i = 0; i < r->config.peers_n && code == 0; i++) {
        const struct replica_peer *peer = &r->config.peers[i];
        code = raft_configuration_add(&configuration, peer->id.v, peer->address,
                                      i < REPLICA_VOTERS_MAX ? RAFT_VOTER : RAFT_STANDBY);
    }
    if (code == 0) {
        code = raft_bootstrap(&r->raft, &configuration);
    }
    raft_configuration_close(&configuration);
    return code == RAFT_CANTBOOTSTRAP ? 0 : code; /* not the first start */
}

enum err replica_start(struct replica *r)
{
    ASSERT(!r->running);
    int code = bootstrap(r);
    if (code == 0) {
        code = raft_start(&r->raft);
    }
    if (code != 0) {
        r->failure = r->failure != ERR_OK ? r->failure : translated(code);
        return r->failure;
    }
    r->kept_term = raft_current_term(&r->raft);
    r->running = true;
    return ERR_OK;
}

static void on_closed(struct raft *raft)
{
    struct replica *r = raft->data;
    r->closed = true;
}

void replica_close(struct replica *r)
{
    r->running = false;
    raft_close(&r->raft, on_closed);
}

bool replica_closed(const struct replica *r)
{
    return r->closed;
}

/* -- Leadership. -- */

static void confirmed(struct replica *r, bool ok)
{
    r->confirm_busy = false;
    r->config.hooks.confirmed(r->config.hooks.context, ok, raft_last_applied(&r->raft));
}

static void begin_serving(struct replica *r)
{
    if (r->serving_term != r->term) {
        r->serving_term = r->term;
        trace(r, &(struct event){.kind = EVENT_RAFT_SERVING,
                                 .value = (int64_t)raft_last_applied(&r->raft),
                                 .value2 = (int64_t)r->term});
    }
}

static void notice_standing(struct replica *r)
{
    enum raft_standing standing = (enum raft_standing)raft_state(&r->raft);
    uint64_t term = raft_current_term(&r->raft);
    if (standing == r->standing && term == r->term) {
        return;
    }
    /* libraft 0.22.1 does not notice that it leads if there is no room for the entry that it begins
     * with (convertToLeader), and would not give up what it was asked when it leads no more; our
     * requests would be in its queue twice. Nothing was asked since. */
    r->raft.legacy.prev_state = r->raft.state;
    /* So it has given up all requests of a leader that is none any more, or is one anew. */
    bool asked = r->confirm_busy || r->confirm_wanted;
    bool led = r->standing == RAFT_STATE_LEADER;
    r->standing = standing;
    r->term = term;
    r->entry_busy = r->barrier_busy = r->confirm_wanted = false;
    r->next_len = 0;
    struct event event = {.kind = EVENT_RAFT_STATE, .value = standing, .value2 = (int64_t)term};
    event.peer = replica_leader(r);
    trace(r, &event);
    if (led && PLANTED(USURP)) {
        begin_serving(r);
    }
    if (asked) {
        confirmed(r, false);
    }
}

static void begin_barrier(struct replica *r, struct instant now, bool confirm)
{
    int code = raft_barrier(&r->raft, &r->barrier, NULL);
    if (code != 0) {
        return; /* no room, or no leader any more: looked at again at the next poll */
    }
    r->barrier_busy = true;
    r->barrier_at = now;
    if (confirm) {
        r->confirm_wanted = false;
        r->confirm_busy = true;
    }
}

static void end_barrier(struct replica *r)
{
    r->barrier_busy = false;
    r->passed = r->barrier_at;
    begin_serving(r);
    if (r->confirm_busy) {
        confirmed(r, true);
    }
}

static void begin_entry(struct replica *r)
{
    size_t len = (r->next_len + ENTRY_ALIGN - 1) / ENTRY_ALIGN * ENTRY_ALIGN;
    struct raft_buffer buf = {.base = raft_malloc(len), .len = len};
    if (buf.base == NULL) {
        r->failure = ERR_MEMORY;
        return;
    }
    memset(r->next + r->next_len, 0, len - r->next_len);
    put32(r->next, REPLICA_FSM_FORMAT);
    put32(r->next + 4, (uint32_t)(r->next_len - REPLICA_FSM_HEAD));
    memcpy(buf.base, r->next, len);
    int code = raft_apply(&r->raft, &r->apply, &buf, 1, NULL);
    if (code == RAFT_NOTLEADER || code == RAFT_NOSPACE) {
        raft_free(buf.base); /* no room on a majority of disks: the entry waits */
        return;
    }
    if (code != 0) {
        r->failure = translated(code); /* the buffer may be gone: it is left alone */
        return;
    }
    r->entry_busy = true;
    r->next_len = 0;
}

static void lead(struct replica *r, struct instant now)
{
    uint64_t applied = raft_last_applied(&r->raft);
    if (PLANTED(SERVE_EARLY)) {
        begin_serving(r);
    }
    if (r->barrier_busy && applied >= r->barrier.index) {
        end_barrier(r);
    }
    if (r->entry_busy && applied >= r->apply.index) {
        r->entry_busy = false;
    }
    if (!r->barrier_busy && (r->serving_term != r->term || r->confirm_wanted)) {
        begin_barrier(r, now, r->confirm_wanted);
    }
    if (r->serving_term == r->term && !r->entry_busy && r->next_len > 0) {
        begin_entry(r);
    }
}

/* libraft's getters want a pointer that is not const, and change nothing. */

static struct raft *raft_at(const struct replica *r)
{
    union {
        const struct raft *constant;
        struct raft *variable;
    } u = {.constant = &r->raft};
    return u.variable;
}

/* What libraft says of itself since the last poll does not count before replica_poll noticed it. */
static bool leads(const struct replica *r)
{
    return r->running && r->standing == RAFT_STATE_LEADER &&
           raft_state(raft_at(r)) == RAFT_LEADER && r->term == raft_current_term(&r->raft);
}

/* -- A closed connection as news. -- */

static uint32_t rank_without(const struct replica *r, struct proc_id leader)
{
    uint32_t rank = 0;
    for (uint32_t i = 0; i < r->raft.configuration.n; i++) {
        const struct raft_server *s = &r->raft.configuration.servers[i];
        rank += s->role == RAFT_VOTER && s->id < r->config.self.v && s->id != leader.v;
    }
    return rank;
}

void replica_peer_lost(struct replica *r, struct instant now, struct proc_id peer)
{
    if (!r->running || raft_state(&r->raft) != RAFT_FOLLOWER || !proc_id_some(peer) ||
        !proc_id_eq(replica_leader(r), peer) || !replica_is_voter(r, r->config.self)) {
        return;
    }
    struct duration election = r->config.topology->timers.raft_election;
    struct duration step = {election.us / STAGGER_DIVISOR * rank_without(r, peer)};
    r->lost_leader = peer;
    r->lost_term = raft_current_term(&r->raft);
    r->lost_at = instant_add(now, step);
    r->lost_until = instant_add(r->lost_at, election);
}

/* Let libraft believe that the leader handed over to us: "TimeoutNow" begins an election at once,
 * and those who get its RequestVote do not hold on to the leader that they still believe in
 * (Raft, 3.10). Safety does not depend on who says it: it is an election like any other. */
static void hand_over(struct replica *r)
{
    struct raft_message message = {.type = RAFT_TIMEOUT_NOW, .server_id = r->lost_leader.v};
    const char *address = NULL;
    raft_id id = 0;
    raft_leader(&r->raft, &id, &address);
    message.server_address = address;
    message.timeout_now.version = 1;
    message.timeout_now.term = raft_current_term(&r->raft);
    message.timeout_now.last_log_index = raft_last_index(&r->raft);
    message.timeout_now.last_log_term = replica_seam_last_term(r);
    r->io_recv(r->config.io, &message);
}

static void act_on_loss(struct replica *r, struct instant now)
{
    if (!instant_reached(now, r->lost_at)) {
        return;
    }
    bool still =
        raft_state(&r->raft) == RAFT_FOLLOWER && raft_current_term(&r->raft) == r->lost_term &&
        proc_id_eq(replica_leader(r), r->lost_leader) && !instant_reached(now, r->lost_until);
    r->lost_at = still ? instant_add(now, duration_ms(LOST_RETRY_MS)) : INSTANT_NEVER;
    if (still) {
        hand_over(r); /* refused while entries are on their way to the disk: hence again */
    }
}

void replica_yield(struct replica *r)
{
    if (!leads(r) || raft_transferee(&r->raft) != 0) {
        return;
    }
    /* 0: whichever voter has most of the log. That there is none is no reason to do anything. */
    err_ignore(translated(raft_transfer(&r->raft, &r->transfer, 0, NULL)), "tried again later");
}

enum err replica_transfer(struct replica *r, struct proc_id to)
{
    if (!leads(r) || raft_transferee(&r->raft) != 0) {
        return ERR_STATE;
    }
    if (proc_id_eq(to, r->config.self) || !replica_is_voter(r, to)) {
        return ERR_INVALID;
    }
    return translated(raft_transfer(&r->raft, &r->transfer, to.v, NULL));
}

void replica_poll(struct replica *r, struct instant now)
{
    if (r->running && r->failure == ERR_OK) {
        act_on_loss(r, now);
    }
    if (!r->running || r->failure != ERR_OK) {
        return; /* a term that is not on disk was never reached */
    }
    notice_standing(r);
    if (r->standing == RAFT_STATE_LEADER) {
        lead(r, now);
    }
}

struct instant replica_deadline(const struct replica *r)
{
    return r->running ? r->lost_at : INSTANT_NEVER;
}

/* -- Requests. -- */

enum err replica_submit(struct replica *r, const struct msg *propose)
{
    ASSERT(propose->kind == MSG_PROPOSE);
    if (!leads(r)) {
        return ERR_STATE;
    }
    size_t at = r->next_len > 0 ? r->next_len : REPLICA_FSM_HEAD;
    size_t len = 0;
    enum err err = codec_pack(propose, r->next + at, sizeof r->next - at - ENTRY_ALIGN, &len);
    if (err != ERR_OK) {
        return err;
    }
    r->next_len = at + len;
    return ERR_OK;
}

enum err replica_confirm(struct replica *r)
{
    if (!leads(r)) {
        return ERR_STATE;
    }
    r->confirm_wanted = true;
    return ERR_OK;
}

/* -- Questions. -- */

bool replica_serving(const struct replica *r)
{
    return (leads(r) || PLANTED(USURP)) && r->serving_term == r->term;
}

struct instant replica_passed(const struct replica *r)
{
    return r->passed;
}

struct proc_id replica_leader(const struct replica *r)
{
    raft_id id = 0;
    const char *address = NULL;
    raft_leader(raft_at(r), &id, &address);
    return (struct proc_id){(uint16_t)id};
}

uint64_t replica_term(const struct replica *r)
{
    return raft_current_term(&r->raft);
}

enum raft_standing replica_standing(const struct replica *r)
{
    return r->running ? (enum raft_standing)raft_state(raft_at(r)) : RAFT_STATE_UNAVAILABLE;
}

uint64_t replica_applied(const struct replica *r)
{
    return raft_last_applied(raft_at(r));
}

uint64_t replica_committed(const struct replica *r)
{
    return raft_commit_index(&r->raft);
}

uint64_t replica_last(const struct replica *r)
{
    return raft_last_index(raft_at(r));
}

uint64_t replica_snapshot(const struct replica *r)
{
    return r->raft.trail.snapshot.index;
}

static int role_of(const struct replica *r, struct proc_id node)
{
    for (uint32_t i = 0; i < r->raft.configuration.n; i++) {
        if (r->raft.configuration.servers[i].id == node.v) {
            return r->raft.configuration.servers[i].role;
        }
    }
    return -1;
}

bool replica_is_voter(const struct replica *r, struct proc_id node)
{
    return role_of(r, node) == RAFT_VOTER;
}

uint32_t replica_voters(const struct replica *r, struct proc_id ret_ids[PROCS_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->raft.configuration.n && n < PROCS_MAX; i++) {
        const struct raft_server *server = &r->raft.configuration.servers[i];
        if (server->role == RAFT_VOTER) {
            ret_ids[n++] = (struct proc_id){(uint16_t)server->id};
        }
    }
    return n;
}

void replica_read_log(const struct replica *r, uint64_t after, uint32_t skip, struct msg *scratch,
                      struct msg_op_log *ret_page)
{
    replica_log_page(&r->log, after, skip, scratch, ret_page);
    ret_page->commit = replica_committed(r);
    ret_page->applied = replica_applied(r);
    ret_page->snapshot = replica_snapshot(r);
}

enum err replica_failure(const struct replica *r)
{
    return r->failure;
}
