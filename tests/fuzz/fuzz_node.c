/* A whole node, the only voter of its cluster, among hostile peers: other nodes, fleet, PG sides.
 */
#include "node/process/node.h"
#include "tests/fuzz/hostile.h"
#include "tests/fuzz/memory_io.h"

#include <stdlib.h>

#define ELECTION_MS 50
#define CLOSE_TURNS 100

struct fuzzed {
    struct node *node;
    struct memory_io *io;
    int64_t pumped_us;
};

static void after(struct hostile *h)
{
    struct fuzzed *f = h->context;
    int64_t ms = (h->now.us - f->pumped_us) / 1000;
    f->pumped_us += ms * 1000;
    memory_io_pump(f->io, (uint32_t)ms);
    node_poll(f->node, h->now);
    memory_io_pump(f->io, 0);
    node_poll(f->node, h->now);
}

/* Long enough for the one voter to elect itself and for both services to come up. */
static void come_up(struct hostile *h)
{
    for (unsigned i = 0; i < 20; i++) {
        h->now.us += ELECTION_MS * 1000;
        if (instant_reached(h->now, h->process.deadline(h->process.self))) {
            h->process.tick(h->process.self, h->now);
        }
        after(h);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hostile h;
    struct fuzzed f = {.node = calloc(1, sizeof *f.node), .io = memory_io_new()};
    ASSERT(f.node != NULL);
    hostile_init(&h, "sub1");
    h.context = &f;
    h.after = after;
    f.pumped_us = h.now.us;
    struct node_config config = {.topology = &h.topology,
                                 .self = h.self,
                                 .incarnation = {1},
                                 .world = &h.world,
                                 .io = memory_io_raft(f.io),
                                 .peers_n = 1,
                                 .peers = {{.id = h.self, .address = "127.0.0.1:1"}}};
    enum err err = node_init(f.node, &config);
    ASSERT(err == ERR_OK);
    h.process = node_entries(f.node);
    h.process.start(h.process.self, h.now);
    come_up(&h);
    h.process.start = NULL;
    hostile_run(&h, data, size);
    node_stop(f.node, h.now);
    for (unsigned i = 0; i < CLOSE_TURNS && !node_closed(f.node); i++) {
        memory_io_pump(f.io, 1);
    }
    ASSERT(node_closed(f.node));
    node_deinit(f.node);
    memory_io_free(&f.io);
    free(f.node);
    hostile_deinit(&h);
    return 0;
}
