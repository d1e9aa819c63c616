/* sim_raft: libraft's I/O in the simulated world: struct raft_io over a sim_disk, and over
 * connections that the world makes of bytes. It has no time of its own, no randomness but its seed,
 * and no state outside its struct.
 *
 *   libraft ──append, send, …──> sim_raft ──send(bytes)──> world ──> sim_raft_receive of the peer
 *           <──callbacks──────── sim_raft_tick, sim_raft_receive
 *
 * Callbacks of libraft fire from sim_raft_tick and sim_raft_receive only, never from inside a call
 * of libraft's. After either, as after every event of a loop: member_poll (or replica_poll); then
 * ask for the deadline again, and for sim_raft_failure.
 *
 * How a process dies without a leak, as often as one likes: libraft's requests are libraft's
 * memory, and only its own close gives them back. So:
 *
 *     member_close(m);          (or replica_close) says no more: no hook, no trace, no message
 *     sim_raft_free(&raft);     gives all that is pending back as cancelled; libraft frees itself
 *     sim_disk_crash(disk);     for a machine that crashed; without it all that was written stays
 *
 * in this order, and not from inside a callback; then the storage of member, registry and roles may
 * go. It is also how a process ends in peace. If member_init failed, sim_raft_free alone is right;
 * if member_start failed, all three are. */
#ifndef CLUSTER_SIM_SIM_RAFT_H
#define CLUSTER_SIM_SIM_RAFT_H

#include "cluster/sim/sim_disk.h"
#include "node/base/id.h"

struct raft_io;
struct sim_raft;

struct sim_raft_config {
    struct proc_id self;
    struct sim_disk *disk; /* borrowed until sim_raft_free */
    uint64_t seed;         /* of this life: another one for each start, or elections repeat */
    void *context;
    /* The clock of the process, the same as in every `now` below. It may drift, and jump forward;
     * it does not go back. */
    struct instant (*now)(void *context);
    /* Bytes for the connection to a peer: to be given to the peer's sim_raft_receive whole, in
     * order and once, or not at all. Copy them. Called from inside libraft: do not call back. */
    void (*send)(void *context, struct proc_id to, const uint8_t *bytes, size_t len);
};

/* Errors   ERR_MEMORY */
MUST_CHECK enum err sim_raft_new(const struct sim_raft_config *config, struct sim_raft **ret);
/* For struct member_config or replica_config; valid until sim_raft_free. */
struct raft_io *sim_raft_io(struct sim_raft *r);
/* The process is dead: see above. No hook fires, no byte is sent. */
void sim_raft_free(struct sim_raft **r);

/* When sim_raft_tick wants to be called; NEVER: nothing is under way. May be past: at once. */
struct instant sim_raft_deadline(const struct sim_raft *r);
void sim_raft_tick(struct sim_raft *r, struct instant now);

/* Bytes came from a peer. What makes no sense is dropped and counted. */
void sim_raft_receive(struct sim_raft *r, struct instant now, struct proc_id from,
                      const uint8_t *bytes, size_t len);
/* News of the connection that carries what we send to `peer`; it is down at first. Messages to a
 * peer that is not connected are lost; libraft is told so. */
void sim_raft_connected(struct sim_raft *r, struct proc_id peer, bool up);

/* What went wrong with the disk: ERR_IO, ERR_FULL or ERR_CORRUPT; ERR_OK: nothing. libraft does not
 * go on from there: the process must end, as the real one does. */
enum err sim_raft_failure(const struct sim_raft *r);

struct sim_raft_stats {
    uint64_t sent, received; /* messages */
    uint64_t sent_bytes;
    uint64_t unconnected; /* sends that failed for want of a connection */
    uint64_t dropped;     /* came, but made no sense or too early */
};
struct sim_raft_stats sim_raft_stats(const struct sim_raft *r);

#endif
