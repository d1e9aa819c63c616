/* sim_net: the simulated network: connections between processes, what is on its way in them, and
 * what is wrong with the paths between them.
 *
 * A path is a directed pair of processes on one of two networks. Within a connection bytes arrive
 * in order; a path that is cut holds them back, as TCP does, and when it is whole again they follow
 * at the sender's next retransmission. A connection that ends loses, delays or repeats what was
 * under way. Its end is noticed at once where a path leads there (a closed socket), else only when
 * something is sent over it later (a reset), or never: then only heartbeats find it.
 *
 *   dial ─> trying ─(a listener answers)─> open ─(closed, reset)─> trying …   until hang_up
 *              └─(nobody listens: refused; no answer: again after a while)
 *
 * Each end has a view of its own of whether a connection is open; that is where silence comes from.
 * libraft's connections are of the pseudo link SIM_NET_RAFT: bytes go from the dialler only. */
#ifndef CLUSTER_SIM_SIM_NET_H
#define CLUSTER_SIM_SIM_NET_H

#include "cluster/sim/sim_heap.h"
#include "node/base/rand.h"
#include "node/base/topology.h"
#include "proto/codec.h"

#define SIM_NET_RAFT  LINK_COUNT
#define SIM_NET_LINKS (LINK_COUNT + 1)

enum sim_wire { SIM_WIRE_VISIBLE, SIM_WIRE_PRIVATE, SIM_WIRES };

/* A frame, or libraft's bytes, under way. */
struct sim_packet {
    struct sim_packet *next; /* in a queue */
    void *conn;              /* sim_net's own */
    uint32_t refs, cap;
    struct codec_frame frame; /* of SIM_NET_RAFT only batch and batch_len */
    uint8_t bytes[];
};

enum sim_news_kind {
    SIM_NEWS_DIALLED_UP,
    SIM_NEWS_DIALLED_LOST,
    SIM_NEWS_DIALLED_REFUSED,
    SIM_NEWS_DIALLED_PACKET,
    SIM_NEWS_ACCEPTED_PACKET,
    SIM_NEWS_ACCEPTED_LOST,
};

struct sim_news {
    enum sim_news_kind kind;
    uint32_t link; /* SIM_NET_RAFT, or an enum link */
    struct proc_id peer;
    struct sim_packet *packet; /* of the receiver from now on: sim_net_release */
};

/* How a process ends. */
enum sim_end {
    SIM_END_CLOSED, /* its kernel says so to everybody it can reach */
    SIM_END_SILENT, /* the machine lost its power: nobody is told anything */
};

struct sim_net_config {
    struct sim_heap *heap;
    uint64_t seed;
    struct duration delay_min, delay_max; /* of every path without faults */
    void *context;
    void (*tell)(void *context, struct proc_id to, const struct sim_news *news);
    /* Some path was cut or mended, or a process stopped or began to answer. */
    void (*changed)(void *context);
};

struct sim_net;

struct sim_net *sim_net_new(const struct sim_net_config *config);
void sim_net_free(struct sim_net **net);

enum sim_wire sim_net_wire(uint32_t link);

/* -- Processes. -- */

void sim_net_start(struct sim_net *net, struct proc_id proc);
void sim_net_end(struct sim_net *net, struct proc_id proc, enum sim_end how);
/* It does not answer: what arrives is told all the same, and waits there. */
void sim_net_pause(struct sim_net *net, struct proc_id proc, bool on);
bool sim_net_answers(const struct sim_net *net, struct proc_id proc);

/* -- Connections. -- */

void sim_net_listen(struct sim_net *net, struct proc_id proc, uint32_t link, bool on);
void sim_net_dial(struct sim_net *net, struct proc_id from, struct proc_id to, uint32_t link);
/* linger  what was sent last still arrives */
void sim_net_hang_up(struct sim_net *net, struct proc_id from, struct proc_id to, uint32_t link,
                     bool linger);
/* Over the connection that `from` dialled, or (not dialled) that `to` did.
 * Errors   ERR_UNKNOWN  there is none, as far as `from` knows; the frame is dropped */
MUST_CHECK enum err sim_net_send(struct sim_net *net, struct proc_id from, struct proc_id to,
                                 uint32_t link, bool dialled, const struct codec_frame *frame);
void sim_net_release(struct sim_net *net, struct sim_packet *packet);

/* -- Faults; each is undone by the same call with the opposite sign. -- */

void sim_net_cut(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                 bool on);
/* The same, and what `from` sends is refused: its connections are reset, and it gets no new one. */
void sim_net_refuse(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                    bool on);
struct sim_net_slow {
    int64_t latency_us, jitter_us;
    int32_t loss_ppm; /* of packets; a stream waits for the retransmission */
};
void sim_net_slow(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                  const struct sim_net_slow *more);

bool sim_net_open(const struct sim_net *net, enum sim_wire wire, struct proc_id from,
                  struct proc_id to);
int32_t sim_net_loss(const struct sim_net *net, enum sim_wire wire, struct proc_id from,
                     struct proc_id to);

struct sim_net_stats {
    uint64_t frames, bytes, opened, closed, refused, held, strays;
};
struct sim_net_stats sim_net_stats(const struct sim_net *net);

#endif
