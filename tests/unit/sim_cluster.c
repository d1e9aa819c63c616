#include "tests/unit/sim_cluster.h"

#include "node/base/checksum.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/unit.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#define PHONES   50
#define DELAY_US 200

static uint32_t place_of(const struct sim_node *node)
{
    return (uint32_t)(node - node->cluster->nodes);
}

/* Fast and good enough to tell two runs apart. */
static uint64_t mix(uint64_t sum, uint64_t v)
{
    sum = (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 29;
}

static void note(struct sim_cluster *c, uint64_t what)
{
    c->digest = mix(c->digest, what);
}

/* -- What the replicas tell. -- */

static uint64_t sum_of(const struct msg_propose *p)
{
    uint64_t sum = mix(mix(p->origin.v, p->incarnation.v), p->seq);
    for (uint32_t i = 0; i < p->commands_n; i++) {
        sum = mix(mix(sum, p->commands[i].kind), p->commands[i].device.v);
        sum = mix(sum, p->commands[i].counter);
    }
    return sum;
}

static void learn(struct sim_cluster *c, uint64_t index, const struct msg_propose *propose)
{
    if (c->applied_n == c->applied_room) {
        c->applied_room = c->applied_room == 0 ? 256 : 2 * c->applied_room;
        c->applied = realloc(c->applied, c->applied_room * sizeof *c->applied);
        assert_non_null(c->applied);
    }
    registry_apply(c->model, index, propose, &c->answer);
    c->applied[c->applied_n++] = (struct sim_applied){
        .index = index, .sum = sum_of(propose), .hash = registry_hash(c->model)};
}

static void on_applied(void *context, uint64_t index, const struct msg_propose *propose,
                       const struct msg_proposed *proposed)
{
    struct sim_node *node = context;
    struct sim_cluster *c = node->cluster;
    (void)proposed;
    if (node->at == c->applied_n) {
        learn(c, index, propose);
    }
    const struct sim_applied *a = &c->applied[node->at++];
    assert_int_equal(a->index, index);
    assert_int_equal(a->sum, sum_of(propose));
    assert_int_equal(a->hash, registry_hash(node->registry));
    c->acknowledged +=
        proc_id_eq(propose->origin, node->id) && propose->incarnation.v == node->life;
    note(c, a->sum);
}

static void on_confirmed(void *context, bool ok, uint64_t index)
{
    struct sim_node *node = context;
    (void)index;
    node->confirmed += ok;
    node->refused += !ok;
}

static void on_trace(void *context, const struct event *event)
{
    struct sim_node *node = context;
    struct sim_cluster *c = node->cluster;
    if (event->kind != EVENT_RAFT_SNAPSHOT) {
        return;
    }
    if (strcmp(event->text, "installed") != 0) {
        node->taken++;
        return;
    }
    node->restored++;
    node->at = 0;
    while (node->at < c->applied_n &&
           c->applied[node->at].index <= registry_applied(node->registry)) {
        node->at++;
    }
    assert_true(node->at > 0);
    assert_int_equal(c->applied[node->at - 1].hash, registry_hash(node->registry));
}

/* -- The world of a node. -- */

static struct instant on_now(void *context)
{
    return ((struct sim_node *)context)->cluster->now;
}

static void on_send(void *context, struct proc_id to, const uint8_t *bytes, size_t len)
{
    struct sim_node *node = context;
    struct sim_cluster *c = node->cluster;
    uint32_t from = place_of(node), at = to.v - 1u;
    assert_true(at < c->n && at != from && !c->down[from][at]);
    struct sim_mail *mail = malloc(sizeof *mail + len);
    assert_non_null(mail);
    *mail = (struct sim_mail){.from = (uint16_t)from, .to = (uint16_t)at, .len = len};
    memcpy(mail->bytes, bytes, len);
    mail->from_life = node->life;
    mail->to_life = c->nodes[at].life;
    mail->at = c->now;
    mail->at.us += rand_between(&c->rand, c->delay_min.us, c->delay_max.us);
    mail->at.us = mail->at.us > c->last[from][at].us ? mail->at.us : c->last[from][at].us;
    c->last[from][at] = mail->at;
    note(c, checksum_bytes(CHECKSUM_BEGIN, bytes, len));
    struct sim_mail **link = &c->mail;
    while (*link != NULL && (*link)->at.us <= mail->at.us) {
        link = &(*link)->next;
    }
    mail->next = *link;
    *link = mail;
}

/* -- Life. -- */

/* Two megabytes, which are costly to have from the kernel anew for each of ten thousand lives. */
struct memory {
    struct replica replica;
    struct registry registry;
};

static void take_memory(struct sim_node *node)
{
    struct memory *memory = node->memory;
    ASAN_UNPOISON_MEMORY_REGION(memory, sizeof *memory);
    node->replica = &memory->replica;
    node->registry = &memory->registry;
}

/* Who still uses what is gone is found, as with memory that was freed. */
static void leave_memory(struct sim_node *node)
{
    ASAN_POISON_MEMORY_REGION(node->memory, sizeof(struct memory));
    node->replica = NULL;
    node->registry = NULL;
}

struct sim_cluster *sim_cluster_new(uint32_t n, uint64_t seed)
{
    struct sim_cluster *c = calloc(1, sizeof *c);
    assert_non_null(c);
    assert_true(n <= SIM_CLUSTER_MAX);
    c->n = n;
    c->rand.v = seed;
    c->now.us = 1000000;
    c->delay_min.us = c->delay_max.us = DELAY_US;
    fixture_topology(&c->topology, PHONES);
    for (uint32_t i = FIXTURE_NODES; i < n; i++) {
        c->topology.procs[i + 1] = c->topology.procs[i];
        c->topology.procs[i] = c->topology.procs[FIXTURE_NODES - 1];
        snprintf(c->topology.procs[i].name, NAME_LEN, "sub%u", i);
        c->topology.procs_n++;
    }
    c->model = calloc(1, sizeof *c->model);
    assert_non_null(c->model);
    registry_init(c->model, &c->topology, (struct registry_watch){0});
    for (uint32_t i = 0; i < n; i++) {
        struct sim_node *node = &c->nodes[i];
        node->cluster = c;
        node->id.v = (uint16_t)(i + 1);
        node->disk = sim_disk_new(rand_next(&c->rand));
        node->memory = malloc(sizeof(struct memory));
        assert_non_null(node->memory);
        leave_memory(node);
    }
    return c;
}

static void tell_connected(struct sim_cluster *c, uint32_t from, uint32_t to)
{
    struct sim_node *node = &c->nodes[from];
    if (node->raft != NULL) {
        sim_raft_connected(node->raft, c->nodes[to].id,
                           c->nodes[to].raft != NULL && !c->down[from][to]);
    }
}

static void release(struct sim_node *node, bool machine)
{
    replica_close(node->replica);
    sim_raft_free(&node->raft);
    assert_true(replica_closed(node->replica));
    if (machine) {
        sim_disk_crash(node->disk);
    }
    leave_memory(node);
}

enum err sim_cluster_start(struct sim_cluster *c, uint32_t i)
{
    struct sim_node *node = &c->nodes[i];
    assert_null(node->raft);
    node->life++;
    node->at = 0;
    node->failure = ERR_OK;
    take_memory(node);
    const struct sim_raft_config config = {.self = node->id,
                                           .disk = node->disk,
                                           .seed = rand_next(&c->rand),
                                           .context = node,
                                           .now = on_now,
                                           .send = on_send};
    assert_int_equal(sim_raft_new(&config, &node->raft), ERR_OK);
    struct replica_config replica = {.self = node->id,
                                     .topology = &c->topology,
                                     .registry = node->registry,
                                     .world = &node->world,
                                     .io = sim_raft_io(node->raft),
                                     .peers_n = c->n,
                                     .hooks = {node, on_applied, on_confirmed}};
    node->world = (struct world){.context = node, .trace = on_trace};
    for (uint32_t p = 0; p < c->n; p++) {
        replica.peers[p].id = c->nodes[p].id;
        snprintf(replica.peers[p].address, sizeof replica.peers[p].address, "node%u", p + 1);
    }
    registry_init(node->registry, &c->topology, (struct registry_watch){0});
    assert_int_equal(replica_init(node->replica, &replica), ERR_OK);
    enum err err = replica_start(node->replica);
    if (err != ERR_OK) {
        assert_int_equal(replica_failure(node->replica), err);
        release(node, false);
        node->failure = err;
        return err;
    }
    for (uint32_t p = 0; p < c->n; p++) {
        if (p != i) {
            tell_connected(c, i, p);
            tell_connected(c, p, i);
        }
    }
    return ERR_OK;
}

void sim_cluster_start_all(struct sim_cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].raft == NULL) {
            assert_int_equal(sim_cluster_start(c, i), ERR_OK);
        }
    }
}

void sim_cluster_kill(struct sim_cluster *c, uint32_t i, bool machine, bool noticed)
{
    struct sim_node *node = &c->nodes[i];
    assert_non_null(node->raft);
    release(node, machine);
    for (uint32_t p = 0; p < c->n; p++) {
        if (noticed && p != i && c->nodes[p].raft != NULL) {
            tell_connected(c, p, i);
            replica_peer_lost(c->nodes[p].replica, c->now, node->id);
        }
    }
}

void sim_cluster_free(struct sim_cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].raft != NULL) {
            release(&c->nodes[i], true);
        }
        sim_disk_free(&c->nodes[i].disk);
        free(c->nodes[i].memory);
    }
    while (c->mail != NULL) {
        struct sim_mail *mail = c->mail;
        c->mail = mail->next;
        free(mail);
    }
    free(c->applied);
    free(c->model);
    free(c);
}

/* -- Running. -- */

static void deliver(struct sim_cluster *c)
{
    struct sim_mail *mail = c->mail;
    struct sim_node *to = &c->nodes[mail->to];
    c->mail = mail->next;
    if (to->raft != NULL && to->life == mail->to_life &&
        c->nodes[mail->from].life == mail->from_life && !c->down[mail->from][mail->to] &&
        !c->mute[mail->from][mail->to]) {
        sim_raft_receive(to->raft, c->now, c->nodes[mail->from].id, mail->bytes, mail->len);
    }
    free(mail);
}

static void look_after(struct sim_cluster *c, struct sim_node *node)
{
    if (node->raft == NULL) {
        return;
    }
    replica_poll(node->replica, c->now);
    enum err failure = replica_failure(node->replica);
    failure = failure != ERR_OK ? failure : sim_raft_failure(node->raft);
    if (failure != ERR_OK) {
        sim_cluster_kill(c, place_of(node), false, true);
        node->failure = failure;
    }
}

bool sim_cluster_step(struct sim_cluster *c, struct instant end)
{
    struct instant next = c->mail != NULL ? c->mail->at : INSTANT_NEVER;
    struct sim_node *who = NULL;
    for (uint32_t i = 0; i < c->n; i++) {
        struct sim_node *node = &c->nodes[i];
        if (node->raft != NULL) {
            struct instant at =
                instant_min(sim_raft_deadline(node->raft), replica_deadline(node->replica));
            who = at.us < next.us ? node : who;
            next = instant_min(next, at);
        }
    }
    if (next.us > end.us) {
        c->now = end;
        return false;
    }
    c->now.us = next.us > c->now.us ? next.us : c->now.us;
    c->events++;
    note(c, (uint64_t)c->now.us);
    if (who != NULL) {
        sim_raft_tick(who->raft, c->now);
    } else {
        assert_non_null(c->mail);
        who = &c->nodes[c->mail->to];
        deliver(c);
    }
    look_after(c, who);
    return true;
}

void sim_cluster_run(struct sim_cluster *c, int64_t ms)
{
    struct instant end = instant_add(c->now, duration_ms(ms));
    while (sim_cluster_step(c, end)) {
    }
}

bool sim_cluster_until(struct sim_cluster *c, bool (*done)(struct sim_cluster *c), int64_t ms)
{
    struct instant end = instant_add(c->now, duration_ms(ms));
    while (!done(c)) {
        if (!sim_cluster_step(c, end)) {
            return false;
        }
    }
    return true;
}

uint32_t sim_cluster_leader(const struct sim_cluster *c)
{
    uint32_t best = c->n;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct sim_node *node = &c->nodes[i];
        if (node->raft != NULL && replica_serving(node->replica) &&
            (best == c->n || replica_term(node->replica) > replica_term(c->nodes[best].replica))) {
            best = i;
        }
    }
    return best;
}

bool sim_cluster_has_leader(struct sim_cluster *c)
{
    return sim_cluster_leader(c) < c->n;
}

bool sim_cluster_agrees(struct sim_cluster *c)
{
    uint32_t leader = sim_cluster_leader(c);
    if (leader == c->n) {
        return false;
    }
    uint64_t last = replica_last(c->nodes[leader].replica);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct sim_node *node = &c->nodes[i];
        if (node->raft == NULL || node->at < c->applied_n ||
            replica_applied(node->replica) != last || replica_last(node->replica) != last) {
            return false;
        }
    }
    return true;
}

bool sim_cluster_submit(struct sim_cluster *c)
{
    uint32_t leader = sim_cluster_leader(c);
    if (leader == c->n) {
        return false;
    }
    struct sim_node *node = &c->nodes[leader];
    struct msg_propose *p = &c->request.propose;
    c->request.kind = MSG_PROPOSE;
    *p = (struct msg_propose){.origin = node->id, .incarnation = {node->life}};
    p->seq = c->submitted + 1;
    p->commands_n = 2;
    p->commands[0] = (struct msg_command){.kind = COMMAND_SERVICE_UP,
                                          .node = node->id,
                                          .service = SERVICE_CALLMANAGER,
                                          .incarnation = {node->life}};
    p->commands[1] = (struct msg_command){.kind = COMMAND_REGISTER,
                                          .device = {(uint32_t)rand_below(&c->rand, PHONES) + 1},
                                          .node = node->id,
                                          .incarnation = {node->life},
                                          .counter = c->submitted + 1};
    enum err err = replica_submit(node->replica, &c->request);
    if (err == ERR_FULL) {
        return false;
    }
    assert_int_equal(err, ERR_OK);
    c->submitted++;
    look_after(c, node);
    return true;
}

/* What a leader took is lost if it leads no more. */
static bool write_one(struct sim_cluster *c)
{
    struct instant end = instant_add(c->now, duration_ms(2000));
    uint64_t wanted = c->acknowledged + 1;
    while (!sim_cluster_submit(c)) {
        if (!sim_cluster_step(c, end)) {
            return false;
        }
    }
    while (c->acknowledged < wanted) {
        if (!sim_cluster_step(c, end)) {
            return false;
        }
    }
    return true;
}

void sim_cluster_write(struct sim_cluster *c, uint32_t batches)
{
    for (uint32_t i = 0; i < batches; i++) {
        bool done = false;
        for (uint32_t attempt = 0; attempt < 5 && !done; attempt++) {
            done = write_one(c);
        }
        assert_true(done);
    }
}

/* -- Connections. -- */

void sim_cluster_cut(struct sim_cluster *c, uint32_t a, uint32_t b, bool cut)
{
    if (a == b || c->down[a][b] == cut) {
        return;
    }
    c->down[a][b] = c->down[b][a] = cut;
    for (struct sim_mail *mail = c->mail; mail != NULL; mail = mail->next) {
        if ((mail->from == a && mail->to == b) || (mail->from == b && mail->to == a)) {
            mail->to_life = 0; /* it was on the connection that closed */
        }
    }
    tell_connected(c, a, b);
    tell_connected(c, b, a);
    if (cut && c->nodes[a].raft != NULL) {
        replica_peer_lost(c->nodes[a].replica, c->now, c->nodes[b].id);
    }
    if (cut && c->nodes[b].raft != NULL) {
        replica_peer_lost(c->nodes[b].replica, c->now, c->nodes[a].id);
    }
}

void sim_cluster_mute(struct sim_cluster *c, uint32_t from, uint32_t to, bool mute)
{
    c->mute[from][to] = mute;
}

/* -- For tests that begin with a cluster that works. -- */

struct sim_cluster *sim_cluster_serving(uint32_t n, uint64_t seed)
{
    struct sim_cluster *c = sim_cluster_new(n, seed);
    sim_cluster_start_all(c);
    assert_true(sim_cluster_until(c, sim_cluster_has_leader, 5000));
    return c;
}

void sim_cluster_settles(struct sim_cluster *c)
{
    assert_true(sim_cluster_until(c, sim_cluster_agrees, 20000));
}

void sim_cluster_faults(struct sim_cluster *c, uint32_t i, struct sim_disk_faults faults)
{
    sim_disk_set(c->nodes[i].disk, &faults);
}

struct sim_disk_stats sim_cluster_disk(const struct sim_cluster *c, uint32_t i)
{
    return sim_disk_stats(c->nodes[i].disk);
}
