#include "cluster/sim/sim_looker.h"

/* Far from the numbers of questions of whoever else asks as an operator. */
#define FIRST_QUESTION (UINT64_C(1) << 48)

static void send_to(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct sim_looker *l = context;
    ASSERT(link == LINK_OPERATOR);
    l->config.ask(l->config.context, peer, msg);
}

/* A node that is alive is connected. */
static void connect_to(void *context, enum link link, struct proc_id peer, bool on)
{
    (void)context;
    (void)link;
    (void)peer;
    (void)on;
}

static void trace(void *context, const struct event *event)
{
    struct sim_looker *l = context;
    l->config.trace(l->config.context, event);
}

void sim_looker_init(struct sim_looker *l, const struct sim_looker_config *config)
{
    *l = (struct sim_looker){.config = *config};
    l->world = (struct world){.context = l, .send = send_to, .connect = connect_to, .trace = trace};
    probe_init(&l->probe, config->topology, &l->world);
    l->probe.questions = FIRST_QUESTION;
}

static void see_who_is_there(struct sim_looker *l)
{
    for (uint16_t v = 1; v <= l->config.topology->procs_n; v++) {
        const struct proc_id node = {v};
        if (l->config.topology->procs[v - 1].kind == PROC_NODE &&
            l->config.alive(l->config.context, node) != l->probe.nodes[v].up) {
            probe_link(&l->probe, node, !l->probe.nodes[v].up);
        }
    }
}

static void on_due(void *self, void *data, uint64_t number)
{
    struct sim_looker *l = self;
    (void)data;
    (void)number;
    if (l->probe.rate > 0) {
        see_who_is_there(l);
        probe_tick(&l->probe, (struct instant){l->config.heap->now_us});
        sim_heap_push(l->config.heap, probe_deadline(&l->probe).us, on_due, l, NULL, 0);
    }
}

void sim_looker_begin(struct sim_looker *l, uint32_t rate)
{
    ASSERT(l->probe.rate == 0);
    enum err err = probe_set(&l->probe, (struct instant){l->config.heap->now_us}, rate);
    ASSERT(err == ERR_OK);
    sim_heap_push(l->config.heap, probe_deadline(&l->probe).us, on_due, l, NULL, 0);
}

void sim_looker_end(struct sim_looker *l)
{
    l->probe.rate = 0;
}

void sim_looker_answer(struct sim_looker *l, struct proc_id node, const struct msg *msg)
{
    if (msg->kind == MSG_OP_DEVICES) {
        probe_answer(&l->probe, node, &msg->op_devices);
    }
}
