#include "tests/unit/raft_cluster.h"

#include "tests/unit/raft_keys.h"
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT 18600

struct instant cluster_now(void)
{
    return (struct instant){(int64_t)(uv_hrtime() / 1000)};
}

/* -- The world of a node. -- */

static void world_send_(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;
    assert_int_equal(link, LINK_MEMBER);
    assert_true(peer.v >= 1 && peer.v <= FIXTURE_NODES);
    assert_false(proc_id_eq(peer, node->id));
    if (!c->nodes[peer.v - 1].running || c->cut[node->id.v - 1][peer.v - 1]) {
        return;
    }
    struct cluster_mail *mail = malloc(sizeof *mail);
    assert_non_null(mail);
    mail->next = NULL;
    mail->from = node->id;
    mail->to = peer;
    mail->msg = *msg;
    *c->mail_end = mail;
    c->mail_end = &mail->next;
}

static void world_listen_(void *context, enum link link, bool on)
{
    (void)context;
    (void)link;
    (void)on;
}

static void world_connect_(void *context, enum link link, struct proc_id peer, bool on)
{
    struct cluster_node *node = context;
    (void)link;
    (void)on;
    assert_true(peer.v > node->id.v);
}

static void world_trace_(void *context, const struct event *event)
{
    struct cluster_node *node = context;
    node->events[event->kind]++;
}

/* -- The hooks of a node. -- */

static void on_result(void *context, struct instant now, uint64_t tag,
                      const struct msg_command_result *result, uint64_t index)
{
    struct cluster_node *node = context;
    (void)now;
    assert_true(tag < CLUSTER_RESULTS_MAX);
    node->results_n++;
    node->results[tag] = *result;
    node->told[tag]++;
    node->early = node->early || registry_applied(node->registry) < index;
}

static void on_changed(void *context, struct instant now, const struct registry_change *change)
{
    struct cluster_node *node = context;
    (void)now;
    (void)change;
    node->changes++;
}

static void on_read(void *context, struct instant now, uint64_t tag, enum reason reason,
                    uint64_t index)
{
    struct cluster_node *node = context;
    (void)now;
    (void)tag;
    node->reads_n++;
    node->read_reason = reason;
    node->read_index = index;
}

static void on_lease(void *context, struct instant now, bool held)
{
    struct cluster_node *node = context;
    assert_int_equal(member_has_lease(node->member, now), held);
}

static void on_peer_lost(void *context, struct proc_id peer)
{
    struct cluster_node *node = context;
    if (node->running) {
        member_peer_lost(node->member, cluster_now(), peer);
    }
}

static void on_refused(void *context, enum err why)
{
    struct cluster_node *node = context;
    node->refused[why]++;
}

static void on_failed(void *context, enum err why, const char *what)
{
    (void)why;
    struct cluster_node *node = context;
    snprintf(node->failure, sizeof node->failure, "%s", what);
    fail_msg("the disk of node %u failed: %s", node->id.v, what);
}

/* -- Life. -- */

static void on_pulse(uv_timer_t *timer)
{
    (void)timer;
}

struct cluster *cluster_new(uint32_t n, uint32_t phones)
{
    struct cluster *c = calloc(1, sizeof *c);
    assert_non_null(c);
    assert_int_equal(uv_loop_init(&c->loop), 0);
    assert_int_equal(uv_timer_init(&c->loop, &c->pulse), 0);
    assert_int_equal(uv_timer_start(&c->pulse, on_pulse, 1, 1), 0);
    c->mail_end = &c->mail;
    c->n = n;
    fixture_topology(&c->topology, phones);
    const char *base = getenv("TMPDIR");
    snprintf(c->folder, sizeof c->folder, "%s/rehome-raft-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(c->folder));
    for (uint32_t i = 0; i < n; i++) {
        struct cluster_node *node = &c->nodes[i];
        node->cluster = c;
        node->id.v = (uint16_t)(i + 1);
        snprintf(node->folder, sizeof node->folder, "%s/%u", c->folder, i);
        assert_int_equal(mkdir(node->folder, 0700), 0);
    }
    return c;
}

static void tell_links(struct cluster *c, uint32_t node, bool up)
{
    struct proc_id id = c->nodes[node].id;
    for (uint32_t i = 0; i < c->n; i++) {
        if (i == node || !c->nodes[i].running || c->cut[i][node]) {
            continue;
        }
        if (up) {
            member_link_up(c->nodes[i].member, cluster_now(), id);
            member_link_up(c->nodes[node].member, cluster_now(), c->nodes[i].id);
        } else {
            member_link_down(c->nodes[i].member, cluster_now(), id);
        }
    }
}

void cluster_address(uint32_t n, char ret_address[RAFT_ADDRESS_LEN])
{
    unsigned pid = (unsigned)getpid();
    snprintf(ret_address, RAFT_ADDRESS_LEN, "127.%u.%u.%u:%d", 100 + (pid >> 8) % 100, pid & 0xff,
             n + 1, PORT);
}

void cluster_start(struct cluster *c, uint32_t n)
{
    struct cluster_node *node = &c->nodes[n];
    char text[RAFT_DISK_TEXT_LEN];
    assert_false(node->running);
    node->incarnation++;
    node->member = calloc(1, sizeof *node->member);
    node->registry = calloc(1, sizeof *node->registry);
    assert_non_null(node->member);
    assert_non_null(node->registry);
    node->world = (struct world){.context = node,
                                 .send = world_send_,
                                 .listen = world_listen_,
                                 .connect = world_connect_,
                                 .trace = world_trace_};
    enum err err = raft_disk_check(node->folder, text);
    if (err != ERR_OK) {
        fail_msg("%s", text);
    }
    struct raft_greeting_book book = {0};
    for (uint32_t i = 0; i < c->n; i++) {
        char address[RAFT_ADDRESS_LEN];
        cluster_address(i, address);
        raft_keys_know(&book, node->id.v, (uint16_t)(i + 1), address);
    }
    const struct raft_disk_config disk = {.loop = &c->loop,
                                          .folder = node->folder,
                                          .book = &book,
                                          .context = node,
                                          .peer_lost = on_peer_lost,
                                          .refused = on_refused,
                                          .failed = on_failed};
    assert_int_equal(raft_disk_new(&disk, &node->disk), ERR_OK);
    struct member_config config = {.self = node->id,
                                   .incarnation = {node->incarnation},
                                   .topology = &c->topology,
                                   .world = &node->world,
                                   .registry = node->registry,
                                   .io = raft_disk_io(node->disk),
                                   .peers_n = c->n,
                                   .hooks = {node, on_result, on_changed, on_read, on_lease}};
    for (uint32_t i = 0; i < c->n; i++) {
        config.peers[i].id.v = (uint16_t)(i + 1);
        cluster_address(i, config.peers[i].address);
    }
    assert_int_equal(member_init(node->member, &config), ERR_OK);
    assert_int_equal(member_start(node->member, cluster_now()), ERR_OK);
    node->running = true;
    member_service(node->member, cluster_now(), SERVICE_CALLMANAGER, cluster_callmanager(c, n),
                   true);
    tell_links(c, n, true);
}

void cluster_start_all(struct cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        cluster_start(c, i);
    }
}

/* -- Running. -- */

static void deliver_mail(struct cluster *c)
{
    while (c->mail != NULL) {
        struct cluster_mail *mail = c->mail;
        c->mail = mail->next;
        c->mail_end = c->mail == NULL ? &c->mail : c->mail_end;
        struct cluster_node *to = &c->nodes[mail->to.v - 1];
        if (to->running && !c->cut[mail->from.v - 1][mail->to.v - 1]) {
            member_message(to->member, cluster_now(), mail->from, &mail->msg);
            member_poll(to->member, cluster_now());
        }
        free(mail);
    }
}

static void step(struct cluster *c)
{
    uv_run(&c->loop, UV_RUN_ONCE);
    for (uint32_t i = 0; i < c->n; i++) {
        struct cluster_node *node = &c->nodes[i];
        if (!node->running) {
            continue;
        }
        struct instant now = cluster_now();
        if (instant_reached(now, member_deadline(node->member))) {
            member_tick(node->member, now);
        } else {
            member_poll(node->member, now);
        }
        assert_int_equal(replica_failure(member_replica(node->member)), ERR_OK);
    }
    deliver_mail(c);
}

void cluster_kill(struct cluster *c, uint32_t n)
{
    struct cluster_node *node = &c->nodes[n];
    assert_true(node->running);
    node->running = false;
    member_close(node->member);
    for (uint32_t i = 0; i < 5000 && !member_closed(node->member); i++) {
        step(c);
    }
    assert_true(member_closed(node->member));
    raft_disk_free(&node->disk);
    tell_links(c, n, false);
    free(node->member);
    free(node->registry);
    node->member = NULL;
    node->registry = NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void drop_mail(struct cluster *c)
{
    while (c->mail != NULL) {
        struct cluster_mail *mail = c->mail;
        c->mail = mail->next;
        free(mail);
    }
    c->mail_end = &c->mail;
}

void cluster_free(struct cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].running) {
            cluster_kill(c, i);
        }
    }
    uv_close((uv_handle_t *)&c->pulse, NULL);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&c->loop), 0);
    drop_mail(c);
    nftw(c->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(c);
}

bool cluster_until(struct cluster *c, bool (*done)(struct cluster *c), int64_t ms)
{
    struct instant end = instant_add(cluster_now(), duration_ms(ms));
    while (!instant_reached(cluster_now(), end)) {
        step(c);
        if (done != NULL && done(c)) {
            return true;
        }
    }
    return false;
}

uint32_t cluster_leader(const struct cluster *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->nodes[i].running && replica_serving(member_replica(c->nodes[i].member))) {
            return i;
        }
    }
    return c->n;
}

bool cluster_has_leader(struct cluster *c)
{
    return cluster_leader(c) < c->n;
}

bool cluster_agrees(struct cluster *c)
{
    const struct cluster_node *first = NULL;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct cluster_node *node = &c->nodes[i];
        if (!node->running) {
            continue;
        }
        first = first != NULL ? first : node;
        if (registry_applied(node->registry) != registry_applied(first->registry) ||
            registry_hash(node->registry) != registry_hash(first->registry)) {
            return false;
        }
    }
    return first != NULL;
}

bool cluster_services_up(struct cluster *c)
{
    if (!cluster_has_leader(c)) {
        return false;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        const struct registry_node *n =
            registry_node(c->nodes[cluster_leader(c)].registry, c->nodes[i].id);
        if (c->nodes[i].running &&
            !(n->service_up[SERVICE_CALLMANAGER] &&
              incarnation_eq(n->service[SERVICE_CALLMANAGER], cluster_callmanager(c, i)))) {
            return false;
        }
    }
    return true;
}

void cluster_cut(struct cluster *c, uint32_t a, uint32_t b, bool cut)
{
    c->cut[a][b] = c->cut[b][a] = cut;
    struct cluster_node *x = &c->nodes[a], *y = &c->nodes[b];
    if (!x->running || !y->running) {
        return;
    }
    if (cut) {
        member_link_down(x->member, cluster_now(), y->id);
        member_link_down(y->member, cluster_now(), x->id);
    } else {
        member_link_up(x->member, cluster_now(), y->id);
        member_link_up(y->member, cluster_now(), x->id);
    }
}

struct incarnation cluster_callmanager(const struct cluster *c, uint32_t node)
{
    return (struct incarnation){1000 + c->nodes[node].incarnation};
}

void cluster_register(struct cluster *c, uint32_t node, uint32_t device, uint64_t counter,
                      uint64_t tag)
{
    const struct msg_command command = {.kind = COMMAND_REGISTER,
                                        .device = {device},
                                        .node = c->nodes[node].id,
                                        .incarnation = cluster_callmanager(c, node),
                                        .counter = counter};
    assert_int_equal(member_propose(c->nodes[node].member, cluster_now(), &command, tag), ERR_OK);
}
