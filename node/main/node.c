/* rehome-node: one Unified CM node in the real world. */
#include "node/process/node.h"

#include "node/main/main_common.h"
#include "node/runtime/keys.h"
#include "node/runtime/log.h"
#include "node/runtime/raft_disk.h"
#include "node/runtime/state.h"
#include "node/runtime/topology_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define JOINED      "joined" /* noted when the node has begun to keep a term and a vote */
#define FOLDER_LEN  512
#define CLOSE_TURNS 10000 /* of the loop, until libraft has closed its files and sockets */

struct program {
    struct driver *driver;
    struct node *node;
    struct raft_disk *disk;
    const char *state_dir;
    char folder[FOLDER_LEN]; /* of the log, in it */
    bool joined;             /* it is noted that there is a vote */
    uv_prepare_t prepare;
    enum err why; /* what libraft's world failed of */
};

static uint64_t memory_kib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL) {
        return 0;
    }
    int n = fscanf(f, "%lu %lu", &size, &resident);
    fclose(f);
    return n == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024 : 0;
}

static void on_peer_lost(void *context, struct proc_id peer)
{
    struct program *p = context;
    node_peer_lost(p->node, loop_now(), peer);
}

static void on_refused(void *context, enum err why)
{
    struct program *p = context;
    driver_refused(p->driver, why);
}

static void on_failed(void *context, enum err why, const char *what)
{
    struct program *p = context;
    log_line(LOG_ERROR, "event=raft_failed what=\"%s\" action=exit", what);
    p->why = p->why == ERR_OK ? why : p->why;
    p->node->failure = ERR_IO;
    p->node->ended = true;
}

/* From the first vote on, a folder without one is a loss. */
static void note_vote(struct program *p)
{
    if (p->joined || !raft_disk_has_vote(p->folder)) {
        return;
    }
    p->joined = state_note(p->state_dir, JOINED) == ERR_OK;
    if (!p->joined) {
        p->node->failure = ERR_IO;
        p->node->ended = true;
    }
}

/* Before the end of each turn: what libraft did in this one reaches the node, and what the node
 * says to it leaves with this turn. (libuv calls the prepare handle that was started last first.)
 */
static void before_end_of_turn(uv_prepare_t *handle)
{
    struct program *p = handle->data;
    note_vote(p);
    if (!p->node->ended) {
        node_poll(p->node, loop_now());
    }
    if (p->node->ended) {
        driver_stop(p->driver);
    }
}

/* All nodes of the topology, this one too: where they are, and by which key they are known. */
static enum err fill_book(struct program *p, const struct topology *topology, struct proc_id self,
                          struct raft_greeting_book *book)
{
    const struct keys *keys = driver_keys(p->driver);
    enum err err = ERR_OK;
    *book = (struct raft_greeting_book){.self = self};
    for (uint16_t v = 1; v <= topology->procs_n && book->n < NODES_MAX && err == ERR_OK; v++) {
        if (topology->procs[v - 1].kind != PROC_NODE) {
            continue;
        }
        char ip[RAFT_ADDRESS_LEN - 8];
        char address[RAFT_ADDRESS_LEN];
        bool known = driver_address(p->driver, (struct proc_id){v}, ip, sizeof ip);
        const struct keys_known *key = keys_of(keys, topology->procs[v - 1].name);
        ASSERT(known);
        ASSERT(key != NULL); /* keys_load read one for everybody */
        snprintf(address, sizeof address, "%s:%d", ip, RAFT_PORT);
        err = raft_greeting_know(book, (struct proc_id){v}, address, keys->own_secret_bytes,
                                 key->bytes);
    }
    return err;
}

/* The raft folder is there and sound. */
static int open_disk(struct program *p, const struct main_options *options,
                     const struct raft_greeting_book *book)
{
    char text[RAFT_DISK_TEXT_LEN];
    int len = snprintf(p->folder, sizeof p->folder, "%s/raft", options->state_dir);
    if (len < 0 || (size_t)len >= sizeof p->folder) {
        fprintf(stderr, "the name of the state folder is too long\n");
        return EX_CONFIG;
    }
    if (mkdir(p->folder, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s cannot be made: %s\n", p->folder, strerror(errno));
        return EX_IOERR;
    }
    p->state_dir = options->state_dir;
    p->joined = state_noted(options->state_dir, JOINED);
    if (p->joined && !raft_disk_has_vote(p->folder)) {
        log_line(
            LOG_ERROR,
            "event=raft_unusable reason=\"%s: the log is gone, and a voter that has forgotten its "
            "vote could undo what was acknowledged\"",
            p->folder);
        return EX_DATAERR;
    }
    enum err err = raft_disk_check(p->folder, text);
    if (err != ERR_OK) {
        log_line(LOG_ERROR, "event=raft_unusable reason=\"%s\"", text);
        return main_exit_code(err);
    }
    if (text[0] != '\0') {
        log_line(LOG_WARN, "event=raft_log_torn what=\"%s\" action=cut", text);
    }
    const struct raft_disk_config config = {.loop = driver_loop(p->driver),
                                            .folder = p->folder,
                                            .book = book,
                                            .context = p,
                                            .peer_lost = on_peer_lost,
                                            .refused = on_refused,
                                            .failed = on_failed};
    err = raft_disk_new(&config, &p->disk);
    if (err != ERR_OK) {
        fprintf(stderr, "%s cannot be opened: %s\n", p->folder, err_text(err));
        return main_exit_code(err);
    }
    return EX_OK;
}

static void close_all(struct program *p)
{
    for (uint32_t i = 0; i < CLOSE_TURNS && !node_closed(p->node); i++) {
        uv_run(driver_loop(p->driver), UV_RUN_ONCE);
    }
    if (!node_closed(p->node)) {
        log_line(LOG_WARN, "event=close_timeout action=exit");
        _exit(EX_IOERR);
    }
    raft_disk_free(&p->disk);
    uv_run(driver_loop(p->driver), UV_RUN_NOWAIT);
}

static int serve(struct program *p, const struct topology *topology,
                 const struct main_options *options, struct proc_id self)
{
    static struct raft_greeting_book book;
    if (fill_book(p, topology, self, &book) != ERR_OK) {
        fprintf(stderr, "%s: a key in %s is no key\n", options->name, options->keys_dir);
        return EX_IOERR;
    }
    int code = open_disk(p, options, &book);
    if (code != EX_OK) {
        return code;
    }
    struct node_config config = {.topology = topology,
                                 .self = self,
                                 .incarnation = driver_incarnation(p->driver),
                                 .world = driver_world(p->driver),
                                 .io = raft_disk_io(p->disk),
                                 .memory_kib = memory_kib};
    for (uint32_t i = 0; i < book.n; i++) {
        struct replica_peer *peer = &config.peers[config.peers_n++];
        peer->id = book.peers[i].id;
        snprintf(peer->address, sizeof peer->address, "%s", book.peers[i].address);
    }
    enum err err = node_init(p->node, &config);
    if (err != ERR_OK) {
        fprintf(stderr, "%s cannot start: %s\n", options->name, err_text(err));
        raft_disk_free(&p->disk);
        return EX_IOERR;
    }
    struct process process = node_entries(p->node);
    uv_prepare_init(driver_loop(p->driver), &p->prepare);
    p->prepare.data = p;
    uv_prepare_start(&p->prepare, before_end_of_turn);
    code = main_serve(p->driver, &process);
    uv_prepare_stop(&p->prepare);
    enum err failure = p->node->failure;
    node_stop(p->node, loop_now());
    close_all(p);
    node_deinit(p->node);
    if (failure != ERR_OK) {
        log_line(LOG_ERROR, "event=ended why=\"%s\"", err_text(failure));
    }
    return failure == ERR_OK ? code : main_exit_code(p->why != ERR_OK ? p->why : failure);
}

int main(int argc, char **argv)
{
    static struct topology topology;
    static struct program p;
    struct main_options options;
    main_options_parse(argc, argv, &options);
    if (topology_file_load(options.topology_file, stderr, &topology) != ERR_OK) {
        return EX_CONFIG;
    }
    int code = main_driver(&options, &topology, &p.driver);
    if (code != EX_OK) {
        return code;
    }
    struct proc_id self = topology_proc_named(&topology, options.name);
    if (topology_proc_of(&topology, self)->kind != PROC_NODE) {
        fprintf(stderr, "%s is not a node\n", options.name);
        driver_free(&p.driver);
        return EX_CONFIG;
    }
    p.node = calloc(1, sizeof *p.node);
    ASSERT(p.node != NULL);
    code = serve(&p, &topology, &options, self);
    driver_free(&p.driver);
    free(p.node);
    return code;
}
