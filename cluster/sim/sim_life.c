#include "cluster/sim/sim_life.h"

#include "cluster/sim/sim_raft.h"
#include "node/process/fleet.h"
#include "node/process/icm.h"
#include "node/process/node.h"
#include "node/process/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct sim_life {
    enum proc_kind kind;
    struct process process;
    struct sim_raft *raft;
    struct node *node;
    struct pg_process *pg;
    struct icm_process *icm;
    struct fleet *fleet;
    bool stopped;
};

/* From the kernel and back to it: a process is large, and most of it is never touched. What malloc
 * gives again it clears first, and then all of it is memory. */
static void *zeroed(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT(memory != MAP_FAILED);
    /* A fault costs more than to clear 2 MiB. Where the kernel has no such pages it is slower. */
    (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

static void drop(void *memory, size_t size)
{
    if (memory != NULL) {
        int failed = munmap(memory, size);
        ASSERT(failed == 0);
    }
}

static void new_node(struct sim_life *l, const struct sim_life_config *c)
{
    struct sim_raft_config raft = {.self = c->self,
                                   .disk = c->disk,
                                   .seed = c->seed,
                                   .context = c->context,
                                   .now = c->now,
                                   .send = c->send};
    enum err err = sim_raft_new(&raft, &l->raft);
    ASSERT(err == ERR_OK);
    struct node_config config = {.topology = c->topology,
                                 .self = c->self,
                                 .incarnation = c->incarnation,
                                 .world = c->world,
                                 .io = sim_raft_io(l->raft),
                                 .snapshot_every = c->snapshot_every};
    for (uint16_t v = 1; v <= c->topology->procs_n && config.peers_n < NODES_MAX; v++) {
        if (c->topology->procs[v - 1].kind == PROC_NODE) {
            struct replica_peer *peer = &config.peers[config.peers_n++];
            peer->id.v = v;
            snprintf(peer->address, sizeof peer->address, "%u", (unsigned)v);
        }
    }
    l->node = zeroed(sizeof *l->node);
    err = node_init(l->node, &config);
    ASSERT(err == ERR_OK);
    l->process = node_entries(l->node);
}

struct sim_life *sim_life_new(const struct sim_life_config *c)
{
    struct sim_life *l = calloc(1, sizeof *l);
    ASSERT(l != NULL);
    enum err err = ERR_OK;
    l->kind = topology_proc_of(c->topology, c->self)->kind;
    switch (l->kind) {
    case PROC_NODE:
        new_node(l, c);
        break;
    case PROC_PG:
        l->pg = zeroed(sizeof *l->pg);
        err = pg_process_init(l->pg, c->topology, c->self, c->incarnation, c->world,
                              c->wall_offset_us);
        ASSERT(err == ERR_OK);
        l->process = pg_process_entries(l->pg);
        break;
    case PROC_ICM:
        l->icm = zeroed(sizeof *l->icm);
        icm_process_init(l->icm, c->topology, c->self, c->world, c->wall_offset_us);
        l->process = icm_process_entries(l->icm);
        break;
    case PROC_FLEET:
        l->fleet = fleet_init(zeroed(fleet_size(c->topology, c->self)), c->topology, c->self,
                              c->incarnation, c->world);
        fleet_set_log(l->fleet, c->context, c->log_leg);
        l->process = fleet_process(l->fleet);
        break;
    case PROC_NONE:
    case PROC_RECORDER:
        UNREACHABLE("nothing of it is simulated");
    }
    return l;
}

const struct process *sim_life_process(const struct sim_life *l)
{
    return &l->process;
}

void sim_life_stop(struct sim_life *l, struct instant now)
{
    if (l->pg != NULL) {
        pg_process_stop(l->pg, now);
    }
}

void sim_life_last(struct sim_life *l, struct instant now)
{
    if (l->node != NULL) {
        node_stop(l->node, now);
        l->stopped = true;
    } else if (l->fleet != NULL) {
        fleet_stop(l->fleet, now);
    }
}

bool sim_life_ended(const struct sim_life *l)
{
    return (l->raft != NULL && sim_raft_failure(l->raft) != ERR_OK) ||
           (l->node != NULL && l->node->ended) || (l->pg != NULL && l->pg->ended) ||
           (l->icm != NULL && l->icm->ended) || (l->fleet != NULL && l->fleet->stopping);
}

void sim_life_free(struct sim_life **life)
{
    struct sim_life *l = *life;
    if (l->node != NULL) {
        if (!l->stopped) {
            member_close(&l->node->member);
        }
        sim_raft_free(&l->raft);
        node_deinit(l->node);
        drop(l->node, sizeof *l->node);
    }
    if (l->pg != NULL) {
        pg_process_deinit(l->pg);
        drop(l->pg, sizeof *l->pg);
    }
    drop(l->icm, sizeof *l->icm);
    drop(l->fleet, sizeof *l->fleet);
    free(l);
    *life = NULL;
}

/* -- libraft. -- */

struct instant sim_life_raft_deadline(const struct sim_life *l)
{
    return l->raft != NULL ? sim_raft_deadline(l->raft) : INSTANT_NEVER;
}

bool sim_life_raft_turn(struct sim_life *l, struct instant now)
{
    if (l->raft == NULL || !instant_reached(now, sim_raft_deadline(l->raft))) {
        return false;
    }
    sim_raft_tick(l->raft, now);
    node_poll(l->node, now);
    return true;
}

void sim_life_raft_receive(struct sim_life *l, struct instant now, struct proc_id from,
                           const uint8_t *bytes, size_t len)
{
    sim_raft_receive(l->raft, now, from, bytes, len);
    node_poll(l->node, now);
}

void sim_life_raft_connected(struct sim_life *l, struct instant now, struct proc_id peer, bool up)
{
    sim_raft_connected(l->raft, peer, up);
    if (!up) {
        node_peer_lost(l->node, now, peer);
    }
    node_poll(l->node, now);
}

void sim_life_raft_lost(struct sim_life *l, struct instant now, struct proc_id peer)
{
    node_peer_lost(l->node, now, peer);
    node_poll(l->node, now);
}
