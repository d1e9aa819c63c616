/* bench_failover [rounds]: three processes with libraft on disk and TCP, LINK_MEMBER over socket
 * pairs. Kills the leader with SIGKILL and says how long it takes until a new leader has committed
 * a new entry, in ms; then how long 10,000 registrations take at a follower, and the memory of a
 * node.
 */
#include "cluster/replica/member.h"
#include "node/runtime/raft_disk.h"
#include "proto/codec.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/raft_keys.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define NODES    3
#define PHONES   10000
#define PORT     18700
#define WRITE_US 2000

enum say { SAY_COMMITTED = 1, SAY_FLOODED };

struct report {
    uint32_t node;
    uint32_t say;
    int64_t us, value;
};

struct bench_node {
    uint16_t id;
    uint64_t incarnation;
    char folder[128];
    int report, links[NODES + 1];
    uv_loop_t loop;
    uv_poll_t polls[NODES + 1];
    uv_timer_t pulse;
    uv_prepare_t prepare;
    uv_check_t check;
    struct topology topology;
    struct registry registry;
    struct world world;
    struct raft_disk *disk;
    struct member member;
    struct instant written, flood_at, flood_begin;
    uint32_t waiting, flood_left;
    uint64_t counter;
};

static struct instant now(void)
{
    return (struct instant){(int64_t)(uv_hrtime() / 1000)};
}

static void report(struct bench_node *b, enum say what, int64_t value)
{
    struct report r = {b->id, what, now().us, value};
    if (write(b->report, &r, sizeof r) != (ssize_t)sizeof r) {
        _exit(1);
    }
}

static void on_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    static uint8_t bytes[CODEC_ITEM_MAX * 2];
    struct bench_node *b = context;
    size_t len = 0;
    (void)link;
    if (b->links[peer.v] < 0 || codec_pack_message(msg, bytes, sizeof bytes, &len) != ERR_OK ||
        send(b->links[peer.v], bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len) {
        return;
    }
}

static void on_none(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static void on_listen(void *context, enum link link, bool on)
{
    on_none(context, link, (struct proc_id){0}, on);
}

static void on_trace(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static void on_result(void *context, struct instant at, uint64_t tag,
                      const struct msg_command_result *result, uint64_t index)
{
    struct bench_node *b = context;
    (void)index;
    if (tag == 0) {
        b->waiting = 0;
        if (result->reason == REASON_NONE) {
            report(b, SAY_COMMITTED, 0);
        }
    } else if (--b->flood_left == 0) {
        report(b, SAY_FLOODED, instant_since(at, b->flood_begin).us);
    }
}

static void on_changed(void *context, struct instant at, const struct registry_change *change)
{
    (void)context;
    (void)at;
    (void)change;
}

static void on_read(void *context, struct instant at, uint64_t tag, enum reason reason,
                    uint64_t index)
{
    (void)context;
    (void)at;
    (void)tag;
    (void)reason;
    (void)index;
}

static void on_lease(void *context, struct instant at, bool held)
{
    (void)context;
    (void)at;
    (void)held;
}

static void on_peer_lost(void *context, struct proc_id peer)
{
    struct bench_node *b = context;
    member_peer_lost(&b->member, now(), peer);
}

static void on_refused(void *context, enum err why)
{
    (void)context;
    (void)why;
}

static void on_failed(void *context, enum err why, const char *what)
{
    (void)why;
    (void)context;
    fprintf(stderr, "%s\n", what);
    _exit(1);
}

static void drive(struct bench_node *b)
{
    if (instant_reached(now(), member_deadline(&b->member))) {
        member_tick(&b->member, now());
    } else {
        member_poll(&b->member, now());
    }
    /* The leader writes a new entry as soon as it serves, and then now and then. */
    if (replica_serving(member_replica(&b->member)) && b->waiting == 0 &&
        instant_since(now(), b->written).us > WRITE_US) {
        struct msg_command c = {.kind = COMMAND_FORWARD, .number = "1001"};
        snprintf(c.text, sizeof c.text, "%u", (unsigned)(1002 + b->counter++ % 100));
        b->written = now();
        b->waiting = member_propose(&b->member, now(), &c, 0) == ERR_OK;
        member_poll(&b->member, now());
    }
}

static void flood(struct bench_node *b)
{
    b->flood_begin = now();
    b->flood_left = PHONES;
    for (uint32_t d = 1; d <= PHONES; d++) {
        const struct msg_command c = {.kind = COMMAND_REGISTER,
                                      .device = {d},
                                      .node = {b->id},
                                      .incarnation = {b->incarnation},
                                      .counter = b->incarnation * 1000 + d};
        if (member_propose(&b->member, now(), &c, d) != ERR_OK) {
            _exit(1);
        }
    }
}

static void on_pulse(uv_timer_t *timer)
{
    struct bench_node *b = timer->data;
    if (b->flood_at.us != 0 && instant_reached(now(), b->flood_at)) {
        b->flood_at.us = 0;
        flood(b);
    }
    drive(b);
}

static void on_prepare(uv_prepare_t *handle)
{
    drive(handle->data);
}

static void on_check(uv_check_t *handle)
{
    drive(handle->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    static uint8_t bytes[CODEC_ITEM_MAX * 2];
    static struct msg msg;
    struct bench_node *b = poll->data;
    struct proc_id peer = {(uint16_t)(poll - b->polls)};
    (void)status;
    (void)events;
    ssize_t len = recv(b->links[peer.v], bytes, sizeof bytes, MSG_DONTWAIT);
    if (len > 0 && codec_unpack(LINK_MEMBER, false, bytes, (size_t)len, &msg) == ERR_OK) {
        member_message(&b->member, now(), peer, &msg);
    } else if (len == 0 || (len < 0 && errno != EAGAIN)) {
        uv_poll_stop(poll);
        member_link_down(&b->member, now(), peer);
        b->links[peer.v] = -1;
    }
    drive(b);
}

static void node_main(struct bench_node *b)
{
    struct member_config config = {
        .self = {b->id},
        .incarnation = {b->incarnation},
        .topology = &b->topology,
        .world = &b->world,
        .registry = &b->registry,
        .peers_n = NODES,
        .hooks = {b, on_result, on_changed, on_read, on_lease},
    };
    b->world = (struct world){
        .context = b, .send = on_send, .listen = on_listen, .connect = on_none, .trace = on_trace};
    fixture_topology(&b->topology, PHONES);
    struct raft_greeting_book book = {0};
    for (uint16_t i = 0; i < NODES; i++) {
        config.peers[i].id.v = (uint16_t)(i + 1);
        snprintf(config.peers[i].address, sizeof config.peers[i].address, "127.88.0.%u:%d", i + 1u,
                 PORT);
        raft_keys_know(&book, b->id, (uint16_t)(i + 1), config.peers[i].address);
    }
    uv_loop_init(&b->loop);
    const struct raft_disk_config disk = {.loop = &b->loop,
                                          .folder = b->folder,
                                          .book = &book,
                                          .context = b,
                                          .peer_lost = on_peer_lost,
                                          .refused = on_refused,
                                          .failed = on_failed};
    if (raft_disk_new(&disk, &b->disk) != ERR_OK) {
        _exit(1);
    }
    config.io = raft_disk_io(b->disk);
    if (member_init(&b->member, &config) != ERR_OK || member_start(&b->member, now()) != ERR_OK) {
        fprintf(stderr, "node %u cannot start\n", b->id);
        _exit(1);
    }
    for (uint16_t i = 1; i <= NODES; i++) {
        if (b->links[i] >= 0) {
            uv_poll_init(&b->loop, &b->polls[i], b->links[i]);
            b->polls[i].data = b;
            uv_poll_start(&b->polls[i], UV_READABLE, on_readable);
            member_link_up(&b->member, now(), (struct proc_id){i});
        }
    }
    member_service(&b->member, now(), SERVICE_CALLMANAGER, (struct incarnation){b->incarnation},
                   true);
    uv_timer_init(&b->loop, &b->pulse);
    uv_prepare_init(&b->loop, &b->prepare);
    uv_check_init(&b->loop, &b->check);
    b->pulse.data = b->prepare.data = b->check.data = b;
    uv_timer_start(&b->pulse, on_pulse, 1, 1);
    uv_prepare_start(&b->prepare, on_prepare);
    uv_check_start(&b->check, on_check);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    _exit(0);
}

/* -- The parent. -- */

struct bench {
    char folder[96];
    pid_t pids[NODES + 1];
    int report[2];
    uint64_t incarnation;
};

static void start_all(struct bench *k, uint32_t flooder)
{
    int pairs[NODES + 1][NODES + 1];
    k->incarnation++;
    if (pipe(k->report) != 0) {
        exit(1);
    }
    for (int i = 1; i <= NODES; i++) {
        for (int j = i + 1; j <= NODES; j++) {
            int two[2];
            if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, two) != 0) {
                exit(1);
            }
            pairs[i][j] = two[0];
            pairs[j][i] = two[1];
        }
    }
    for (int i = 1; i <= NODES; i++) {
        k->pids[i] = fork();
        if (k->pids[i] != 0) {
            continue;
        }
        struct bench_node *b = calloc(1, sizeof *b);
        b->id = (uint16_t)i;
        b->incarnation = k->incarnation;
        b->report = k->report[1];
        snprintf(b->folder, sizeof b->folder, "%s/%d", k->folder, i);
        mkdir(b->folder, 0700);
        for (int x = 1; x <= NODES; x++) {
            for (int y = 1; y <= NODES; y++) {
                if (x != y && x != i) {
                    close(pairs[x][y]);
                }
            }
            b->links[x] = x == i ? -1 : pairs[i][x];
        }
        b->flood_at.us = flooder == (uint32_t)i ? now().us + 2000000 : 0;
        node_main(b);
    }
    for (int x = 1; x <= NODES; x++) {
        for (int y = 1; y <= NODES; y++) {
            if (x != y) {
                close(pairs[x][y]);
            }
        }
    }
    close(k->report[1]);
}

static void stop_all(struct bench *k)
{
    for (int i = 1; i <= NODES; i++) {
        if (k->pids[i] > 0) {
            kill(k->pids[i], SIGKILL);
            waitpid(k->pids[i], NULL, 0);
        }
    }
    close(k->report[0]);
}

static struct report next_report(struct bench *k)
{
    struct report r = {0};
    if (read(k->report[0], &r, sizeof r) != (ssize_t)sizeof r) {
        fprintf(stderr, "a node ended\n");
        exit(1);
    }
    return r;
}

static long rss_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return kib;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    static struct bench k;
    int64_t took[256];
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 15;
    rounds = rounds < 1 ? 1 : rounds > 256 ? 256 : rounds;
    snprintf(k.folder, sizeof k.folder, "/tmp/rehome-bench-XXXXXX");
    if (mkdtemp(k.folder) == NULL) {
        return 1;
    }
    for (long i = 0; i < rounds; i++) {
        start_all(&k, 0);
        struct report r = next_report(&k);
        struct instant settled = {now().us + 700000};
        while (!instant_reached(now(), settled)) {
            r = next_report(&k);
        }
        uint32_t leader = r.node;
        struct instant killed = now();
        kill(k.pids[leader], SIGKILL);
        do {
            r = next_report(&k);
        } while (r.node == leader);
        took[i] = r.us - killed.us;
        stop_all(&k);
    }
    qsort(took, (size_t)rounds, sizeof took[0], by_size);
    int64_t median = took[rounds / 2];
    printf("failover_ms rounds=%ld min=%.1f median=%.1f max=%.1f\n", rounds, (double)took[0] / 1000,
           (double)median / 1000, (double)took[rounds - 1] / 1000);
    for (uint32_t node = 1; node <= NODES; node++) {
        struct report r;
        uint32_t leader = 0;
        start_all(&k, node);
        do {
            r = next_report(&k);
            leader = r.say == SAY_COMMITTED ? r.node : leader;
        } while (r.say != SAY_FLOODED);
        printf("registrations=%d at=%s ms=%.1f rss_mib=%.1f leader_rss_mib=%.1f\n", PHONES,
               leader == node ? "leader" : "follower", (double)r.value / 1000,
               (double)rss_kib(k.pids[node]) / 1024, (double)rss_kib(k.pids[leader]) / 1024);
        stop_all(&k);
    }
    nftw(k.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
