#include "cluster/sim/sim_net.h"

#include <stdlib.h>
#include <string.h>

#define PROCS           (PROCS_MAX + 1)
#define RETRY_MIN_US    20000 /* between two tries to connect; doubles up to the next */
#define RETRY_MAX_US    200000
#define CONNECT_US      500000  /* no answer for so long: the try is given up */
#define HANDSHAKE_US    1000000 /* a listener that hangs is given up after this */
#define HANDSHAKE_TRIPS 4       /* ways of TCP, ZMTP and CURVE */
#define RETRANSMIT_US   200000  /* the first; doubles */
#define RETRANSMIT_MAX  120000000
#define STRAY_LATE_US   500000
#define UNANSWERED_US   2000000 /* libraft's connections (RAFT_TCP_UNANSWERED_MS) are given up */
#define SMALL_PACKET    384     /* bytes; such packets are kept for the next one */
#define DIALLER         0
#define LISTENER        1

/* What one end sends to the other. */
struct way {
    int64_t last_us; /* when what was sent last arrives */
    struct sim_packet *held, *held_last;
    int64_t held_since;
    bool resuming; /* a retransmission is on the heap */
};

struct conn {
    struct proc_id ends[2];
    uint32_t link;
    uint32_t generation; /* counts the connections that were open */
    bool dialled;        /* the dialler wants it */
    uint32_t dial;       /* counts hang-ups: tries of an older one are void */
    bool open[2];        /* as each end believes */
    int64_t retry_us;
    struct way ways[2]; /* by the sending end */
};

struct path {
    uint16_t cuts, refusals; /* each refusal is a cut, too */
    struct sim_net_slow slow;
};

struct endpoint {
    bool up, powered, paused;
    bool listens[SIM_NET_LINKS];
};

struct sim_net {
    struct sim_net_config config;
    struct rand_state rand;
    struct endpoint procs[PROCS];
    struct path paths[SIM_WIRES][PROCS][PROCS];
    struct conn *conns[SIM_NET_LINKS][PROCS][PROCS]; /* by dialler and listener; made on demand */
    struct conn *list[SIM_NET_LINKS * 256];
    size_t list_n;
    struct sim_packet *spare;
    struct sim_net_stats stats;
};

struct sim_net *sim_net_new(const struct sim_net_config *config)
{
    struct sim_net *net = calloc(1, sizeof *net);
    ASSERT(net != NULL);
    ASSERT(config->delay_min.us >= 0);
    ASSERT(config->delay_max.us >= config->delay_min.us);
    net->config = *config;
    net->rand.v = config->seed;
    return net;
}

enum sim_wire sim_net_wire(uint32_t link)
{
    return link == LINK_PRIVATE ? SIM_WIRE_PRIVATE : SIM_WIRE_VISIBLE;
}

/* -- Packets. -- */

static struct sim_packet *packet_new(struct sim_net *net, const struct codec_frame *frame)
{
    struct sim_packet *p = NULL;
    if (frame->batch_len <= SMALL_PACKET && net->spare != NULL) {
        p = net->spare;
        net->spare = p->next;
    } else {
        size_t cap = frame->batch_len <= SMALL_PACKET ? SMALL_PACKET : frame->batch_len;
        p = malloc(sizeof *p + cap);
        ASSERT(p != NULL);
        p->cap = (uint32_t)cap;
    }
    p->next = NULL;
    p->refs = 1;
    p->frame = *frame;
    p->frame.batch = p->bytes;
    if (frame->batch_len > 0) {
        memcpy(p->bytes, frame->batch, frame->batch_len);
    }
    return p;
}

void sim_net_release(struct sim_net *net, struct sim_packet *p)
{
    ASSERT(p->refs > 0);
    if (--p->refs > 0) {
        return;
    }
    if (p->cap == SMALL_PACKET) {
        p->next = net->spare;
        net->spare = p;
    } else {
        free(p);
    }
}

static void drop_held(struct sim_net *net, struct way *w)
{
    while (w->held != NULL) {
        struct sim_packet *p = w->held;
        w->held = p->next;
        sim_net_release(net, p);
    }
    w->held_last = NULL;
}

static void free_packet_item(struct sim_net *net, const struct sim_item *item);

void sim_net_free(struct sim_net **ret_net)
{
    struct sim_net *net = *ret_net;
    if (net == NULL) {
        return;
    }
    for (size_t i = 0; i < net->config.heap->n; i++) {
        free_packet_item(net, &net->config.heap->items[i]);
    }
    for (size_t i = 0; i < net->list_n; i++) {
        drop_held(net, &net->list[i]->ways[0]);
        drop_held(net, &net->list[i]->ways[1]);
        free(net->list[i]);
    }
    while (net->spare != NULL) {
        struct sim_packet *p = net->spare;
        net->spare = p->next;
        free(p);
    }
    free(net);
    *ret_net = NULL;
}

/* -- Paths. -- */

static struct path *path_of(struct sim_net *net, const struct conn *c, int from)
{
    return &net->paths[sim_net_wire(c->link)][c->ends[from].v][c->ends[1 - from].v];
}

bool sim_net_open(const struct sim_net *net, enum sim_wire wire, struct proc_id from,
                  struct proc_id to)
{
    return net->paths[wire][from.v][to.v].cuts == 0;
}

int32_t sim_net_loss(const struct sim_net *net, enum sim_wire wire, struct proc_id from,
                     struct proc_id to)
{
    return net->paths[wire][from.v][to.v].slow.loss_ppm;
}

static bool way_is_open(struct sim_net *net, const struct conn *c, int from)
{
    return path_of(net, c, from)->cuts == 0;
}

/* How long one packet takes. */
static int64_t delay_of(struct sim_net *net, const struct path *path)
{
    const struct sim_net_config *c = &net->config;
    int64_t us = rand_between(&net->rand, c->delay_min.us, c->delay_max.us) + path->slow.latency_us;
    if (path->slow.jitter_us > 0) {
        us += rand_between(&net->rand, 0, path->slow.jitter_us);
    }
    for (int64_t wait = RETRANSMIT_US;
         path->slow.loss_ppm > 0 && wait < RETRANSMIT_MAX &&
         rand_below(&net->rand, 1000000) < (uint64_t)path->slow.loss_ppm;
         wait *= 2) {
        us += wait;
    }
    return us;
}

static int64_t now_of(const struct sim_net *net)
{
    return net->config.heap->now_us;
}

/* -- Connections. -- */

static struct conn *conn_of(struct sim_net *net, uint32_t link, struct proc_id dialler,
                            struct proc_id listener, bool make)
{
    ASSERT(link < SIM_NET_LINKS);
    ASSERT(dialler.v < PROCS);
    ASSERT(listener.v < PROCS);
    struct conn **slot = &net->conns[link][dialler.v][listener.v];
    if (*slot == NULL && make) {
        ASSERT(net->list_n < sizeof net->list / sizeof net->list[0]);
        *slot = calloc(1, sizeof **slot);
        ASSERT(*slot != NULL);
        **slot = (struct conn){.ends = {dialler, listener}, .link = link};
        net->list[net->list_n++] = *slot;
    }
    return *slot;
}

static void tell(struct sim_net *net, struct proc_id to, enum sim_news_kind kind,
                 const struct conn *c, struct proc_id peer, struct sim_packet *packet)
{
    struct sim_news news = {kind, c->link, peer, packet};
    net->config.tell(net->config.context, to, &news);
}

static void try_later(struct sim_net *net, struct conn *c, int64_t us);

/* One end learns that its connection is gone. */
static void notice(struct sim_net *net, struct conn *c, int end)
{
    if (!c->open[end]) {
        return;
    }
    c->open[end] = false;
    drop_held(net, &c->ways[end]);
    if (end == DIALLER) {
        tell(net, c->ends[DIALLER], SIM_NEWS_DIALLED_LOST, c, c->ends[LISTENER], NULL);
        c->retry_us = RETRY_MIN_US;
        try_later(net, c, c->retry_us);
    } else {
        tell(net, c->ends[LISTENER], SIM_NEWS_ACCEPTED_LOST, c, c->ends[DIALLER], NULL);
    }
}

/* number: generation << 1 | the end that is to notice */
static void on_closed(void *self, void *data, uint64_t number)
{
    struct conn *c = data;
    if (c->generation == number >> 1) {
        notice(self, c, (int)(number & 1));
    }
}

/* The other end of `end` is told, if a path leads to it: after all that is on its way there, or by
 * a reset that overtakes it. */
static void tell_closed(struct sim_net *net, struct conn *c, int end, bool linger)
{
    int other = 1 - end;
    if (!c->open[other] || !way_is_open(net, c, end)) {
        return;
    }
    int64_t at = now_of(net) + delay_of(net, path_of(net, c, end));
    if (linger || rand_below(&net->rand, 2) == 0) {
        at = at > c->ways[end].last_us ? at : c->ways[end].last_us;
    }
    sim_heap_push(net->config.heap, at, on_closed, net, c,
                  (uint64_t)c->generation << 1 | (uint64_t)other);
}

/* `end` has no socket for it any more. */
static void close_end(struct sim_net *net, struct conn *c, int end, bool say, bool linger)
{
    drop_held(net, &c->ways[end]);
    if (c->open[end]) {
        c->open[end] = false;
        net->stats.closed++;
    }
    if (say) {
        tell_closed(net, c, end, linger);
    }
}

/* -- Packets on their way. -- */

/* What was under way when its connection ended: mostly lost, sometimes late, or twice. */
static bool strays(struct sim_net *net)
{
    return rand_below(&net->rand, 4) == 0;
}

static bool is_there(const struct sim_net *net, const struct conn *c, int end)
{
    const struct endpoint *e = &net->procs[c->ends[end].v];
    return e->up && (end == DIALLER ? c->dialled : e->listens[c->link]);
}

static void hand_over(struct sim_net *net, struct conn *c, int to, struct sim_packet *p)
{
    tell(net, c->ends[to], to == DIALLER ? SIM_NEWS_DIALLED_PACKET : SIM_NEWS_ACCEPTED_PACKET, c,
         c->ends[1 - to], p);
}

/* A packet of a connection that is no more; number: the receiving end. Only sessions are made for
 * that: libraft's bytes never stray. */
static void on_stray(void *self, void *data, uint64_t number);

/* A packet arrives. number: generation << 1 | receiving end */
static void on_packet(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct sim_packet *p = data;
    struct conn *c = p->conn;
    int to = (int)(number & 1);
    uint32_t generation = (uint32_t)(number >> 1);
    if (c->generation == generation && c->open[to] && is_there(net, c, to)) {
        hand_over(net, c, to, p);
        return;
    }
    if (c->generation == generation && !c->open[to] && c->open[1 - to] &&
        net->procs[c->ends[to].v].powered && way_is_open(net, c, to)) {
        /* Nobody has a socket for it: a reset goes back. */
        int64_t at = now_of(net) + delay_of(net, path_of(net, c, to));
        sim_heap_push(net->config.heap, at, on_closed, net, c,
                      (uint64_t)generation << 1 | (uint64_t)(1 - to));
    }
    if (c->link != SIM_NET_RAFT && is_there(net, c, to) && strays(net)) {
        net->stats.strays++;
        if (strays(net)) { /* a copy comes later still */
            p->refs++;
            sim_heap_push(net->config.heap,
                          now_of(net) + rand_between(&net->rand, 0, STRAY_LATE_US), on_stray, net,
                          p, number);
        }
        sim_heap_push(net->config.heap, now_of(net) + rand_between(&net->rand, 0, STRAY_LATE_US),
                      on_stray, net, p, number);
        return;
    }
    sim_net_release(net, p);
}

static void on_stray(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct sim_packet *p = data;
    struct conn *c = p->conn;
    int to = (int)(number & 1);
    if (is_there(net, c, to)) {
        hand_over(net, c, to, p);
    } else {
        sim_net_release(net, p);
    }
}

static void free_packet_item(struct sim_net *net, const struct sim_item *item)
{
    if (item->self == net && (item->call == on_packet || item->call == on_stray)) {
        sim_net_release(net, item->data);
    }
}

static void launch(struct sim_net *net, struct conn *c, int from, struct sim_packet *p)
{
    struct way *w = &c->ways[from];
    int64_t at = now_of(net) + delay_of(net, path_of(net, c, from));
    w->last_us = at > w->last_us ? at : w->last_us;
    p->conn = c;
    sim_heap_push(net->config.heap, w->last_us, on_packet, net, p,
                  (uint64_t)c->generation << 1 | (uint64_t)(1 - from));
}

/* The next retransmission after `now` of what waits since `since`. */
static int64_t retransmission(int64_t since, int64_t now)
{
    int64_t wait = RETRANSMIT_US;
    int64_t at = since + wait;
    while (at <= now) {
        wait = wait * 2 < RETRANSMIT_MAX ? wait * 2 : RETRANSMIT_MAX;
        at += wait;
    }
    return at;
}

static void on_resume(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct conn *c = data;
    int from = (int)(number & 1);
    struct way *w = &c->ways[from];
    w->resuming = false;
    if (!way_is_open(net, c, from)) {
        return; /* cut again */
    }
    while (w->held != NULL) {
        struct sim_packet *p = w->held;
        w->held = p->next;
        launch(net, c, from, p);
    }
    w->held_last = NULL;
}

static void resume(struct sim_net *net, struct conn *c, int from)
{
    struct way *w = &c->ways[from];
    if (w->held != NULL && !w->resuming && way_is_open(net, c, from)) {
        w->resuming = true;
        sim_heap_push(net->config.heap, retransmission(w->held_since, now_of(net)), on_resume, net,
                      c, (uint64_t)from);
    }
}

/* The kernel of a sender of libraft's bytes gives up. number: generation << 1 | end */
static void on_unanswered(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct conn *c = data;
    int from = (int)(number & 1);
    const struct way *w = &c->ways[from];
    if (c->generation == number >> 1 && w->held != NULL &&
        w->held_since + UNANSWERED_US <= now_of(net)) {
        notice(net, c, from);
    }
}

enum err sim_net_send(struct sim_net *net, struct proc_id from, struct proc_id to, uint32_t link,
                      bool dialled, const struct codec_frame *frame)
{
    struct conn *c =
        dialled ? conn_of(net, link, from, to, false) : conn_of(net, link, to, from, false);
    int end = dialled ? DIALLER : LISTENER;
    if (c == NULL || !c->open[end]) {
        return ERR_UNKNOWN;
    }
    struct way *w = &c->ways[end];
    if (path_of(net, c, end)->refusals > 0) {
        sim_heap_push(net->config.heap, now_of(net), on_closed, net, c,
                      (uint64_t)c->generation << 1 | (uint64_t)end);
        return ERR_OK;
    }
    struct sim_packet *p = packet_new(net, frame);
    net->stats.frames++;
    net->stats.bytes += frame->batch_len;
    if (w->held == NULL && way_is_open(net, c, end)) {
        launch(net, c, end, p);
        return ERR_OK;
    }
    net->stats.held++;
    if (w->held == NULL) {
        w->held = p;
        w->held_since = now_of(net);
        if (link == SIM_NET_RAFT) {
            sim_heap_push(net->config.heap, now_of(net) + UNANSWERED_US, on_unanswered, net, c,
                          (uint64_t)c->generation << 1 | (uint64_t)end);
        }
    } else {
        w->held_last->next = p;
    }
    w->held_last = p;
    resume(net, c, end);
    return ERR_OK;
}

/* -- Dialling. -- */

static void on_connected(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct conn *c = data;
    if (c->dial != number || !c->dialled || c->open[DIALLER]) {
        return;
    }
    bool whole = way_is_open(net, c, DIALLER) && way_is_open(net, c, LISTENER);
    const struct endpoint *e = &net->procs[c->ends[LISTENER].v];
    if (!whole || !e->up || !e->listens[c->link] || e->paused) {
        try_later(net, c, CONNECT_US);
        return;
    }
    drop_held(net, &c->ways[LISTENER]); /* of an older one that the listener thought was open */
    drop_held(net, &c->ways[DIALLER]);
    c->generation++;
    c->open[DIALLER] = true;
    c->open[LISTENER] = true;
    c->ways[DIALLER].last_us = now_of(net);
    c->ways[LISTENER].last_us = now_of(net);
    net->stats.opened++;
    tell(net, c->ends[DIALLER], SIM_NEWS_DIALLED_UP, c, c->ends[LISTENER], NULL);
}

static void on_refused(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct conn *c = data;
    if (c->dial != number || !c->dialled || c->open[DIALLER]) {
        return;
    }
    net->stats.refused++;
    c->retry_us = c->retry_us * 2 < RETRY_MAX_US ? c->retry_us * 2 : RETRY_MAX_US;
    try_later(net, c, c->retry_us);
    tell(net, c->ends[DIALLER], SIM_NEWS_DIALLED_REFUSED, c, c->ends[LISTENER], NULL);
}

static void on_try(void *self, void *data, uint64_t number)
{
    struct sim_net *net = self;
    struct conn *c = data;
    if (c->dial != number || !c->dialled || c->open[DIALLER]) {
        return;
    }
    const struct endpoint *e = &net->procs[c->ends[LISTENER].v];
    bool whole = way_is_open(net, c, DIALLER) && way_is_open(net, c, LISTENER);
    if (path_of(net, c, DIALLER)->refusals > 0) {
        sim_heap_push(net->config.heap, now_of(net), on_refused, net, c, number);
        return;
    }
    if (!whole || !e->powered) {
        try_later(net, c, CONNECT_US);
        return;
    }
    int64_t trip =
        delay_of(net, path_of(net, c, DIALLER)) + delay_of(net, path_of(net, c, LISTENER));
    if (!e->up || !e->listens[c->link]) {
        sim_heap_push(net->config.heap, now_of(net) + trip, on_refused, net, c, number);
    } else if (e->paused) {
        try_later(net, c, HANDSHAKE_US);
    } else {
        sim_heap_push(net->config.heap, now_of(net) + trip * (HANDSHAKE_TRIPS / 2), on_connected,
                      net, c, number);
    }
}

static void try_later(struct sim_net *net, struct conn *c, int64_t us)
{
    int64_t jitter = rand_between(&net->rand, 0, us / 4);
    sim_heap_push(net->config.heap, now_of(net) + us + jitter, on_try, net, c, c->dial);
}

void sim_net_dial(struct sim_net *net, struct proc_id from, struct proc_id to, uint32_t link)
{
    struct conn *c = conn_of(net, link, from, to, true);
    ASSERT(!c->dialled);
    c->dialled = true;
    c->dial++;
    c->retry_us = RETRY_MIN_US;
    try_later(net, c, 0);
}

void sim_net_hang_up(struct sim_net *net, struct proc_id from, struct proc_id to, uint32_t link,
                     bool linger)
{
    struct conn *c = conn_of(net, link, from, to, false);
    if (c == NULL || !c->dialled) {
        return;
    }
    c->dialled = false;
    c->dial++;
    close_end(net, c, DIALLER, true, linger);
}

void sim_net_listen(struct sim_net *net, struct proc_id proc, uint32_t link, bool on)
{
    net->procs[proc.v].listens[link] = on;
    for (uint16_t v = 1; v < PROCS && !on; v++) {
        struct conn *c = conn_of(net, link, (struct proc_id){v}, proc, false);
        if (c != NULL) {
            close_end(net, c, LISTENER, true, false);
        }
    }
}

/* -- Processes. -- */

void sim_net_start(struct sim_net *net, struct proc_id proc)
{
    struct endpoint *e = &net->procs[proc.v];
    ASSERT(!e->up);
    e->up = true;
    e->powered = true;
    e->paused = false;
    net->config.changed(net->config.context);
}

void sim_net_end(struct sim_net *net, struct proc_id proc, enum sim_end how)
{
    struct endpoint *e = &net->procs[proc.v];
    bool say = how == SIM_END_CLOSED;
    for (size_t i = 0; i < net->list_n; i++) {
        struct conn *c = net->list[i];
        for (int end = 0; end < 2; end++) {
            if (c->ends[end].v == proc.v) {
                if (end == DIALLER) {
                    c->dialled = false;
                    c->dial++;
                }
                close_end(net, c, end, say, false);
            }
        }
    }
    *e = (struct endpoint){.powered = say};
    net->config.changed(net->config.context);
}

void sim_net_pause(struct sim_net *net, struct proc_id proc, bool on)
{
    net->procs[proc.v].paused = on;
    net->config.changed(net->config.context);
}

bool sim_net_answers(const struct sim_net *net, struct proc_id proc)
{
    const struct endpoint *e = &net->procs[proc.v];
    return e->up && !e->paused;
}

/* -- Faults. -- */

void sim_net_cut(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                 bool on)
{
    struct path *path = &net->paths[wire][from.v][to.v];
    ASSERT(on || path->cuts > 0);
    path->cuts = (uint16_t)(on ? path->cuts + 1 : path->cuts - 1);
    for (size_t i = 0; i < net->list_n && path->cuts == 0; i++) {
        struct conn *c = net->list[i];
        if (c->ends[0].v == from.v && c->ends[1].v == to.v) {
            resume(net, c, DIALLER);
        } else if (c->ends[1].v == from.v && c->ends[0].v == to.v) {
            resume(net, c, LISTENER);
        }
    }
    net->config.changed(net->config.context);
}

void sim_net_refuse(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                    bool on)
{
    struct path *path = &net->paths[wire][from.v][to.v];
    ASSERT(on || path->refusals > 0);
    path->refusals = (uint16_t)(on ? path->refusals + 1 : path->refusals - 1);
    sim_net_cut(net, wire, from, to, on);
}

void sim_net_slow(struct sim_net *net, enum sim_wire wire, struct proc_id from, struct proc_id to,
                  const struct sim_net_slow *more)
{
    struct sim_net_slow *slow = &net->paths[wire][from.v][to.v].slow;
    slow->latency_us += more->latency_us;
    slow->jitter_us += more->jitter_us;
    slow->loss_ppm += more->loss_ppm;
    ASSERT(slow->latency_us >= 0);
    ASSERT(slow->jitter_us >= 0);
    ASSERT(slow->loss_ppm >= 0);
    net->config.changed(net->config.context);
}

struct sim_net_stats sim_net_stats(const struct sim_net *net)
{
    return net->stats;
}
