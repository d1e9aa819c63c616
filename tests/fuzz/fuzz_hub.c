/* Two nodes whose sessions run over a network that loses, doubles, reorders and changes what they
 * say, and that now and then says something of its own. */
#include "node/hub/hub.h"
#include "tests/fuzz/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 2000
#define NODES     2
#define WAY_MAX   64 /* frames on the way */
#define PEERS     (PROCS_MAX + HUB_GUESTS_MAX + 1)

struct fuzzed;

struct end {
    struct fuzzed *f;
    struct proc_id self;
    struct hub *hub;
    struct hlc hlc;
    bool listens[LINK_COUNT];
    bool dials[LINK_COUNT][PEERS];
    bool told_up[LINK_COUNT][PEERS];
    bool hung_up[LINK_COUNT][PEERS]; /* perhaps, and whoever does is not told */
};

struct packet {
    enum link link;
    struct end *to;
    struct proc_id from;
    bool dialled; /* by who sent it */
    struct codec_frame frame;
    uint8_t *bytes;
};

struct fuzzed {
    struct hostile h; /* for its topology, its tape, and the clock */
    struct end ends[NODES];
    struct packet way[WAY_MAX];
    uint32_t way_n;
    struct msg msg;
    uint8_t bytes[CODEC_ITEM_MAX + CODEC_HEADER_MAX];
};

static const enum link links[] = {LINK_SDL, LINK_MEMBER};

static uint32_t below(struct fuzzed *f, uint32_t n)
{
    return tape_below(&f->h.draw.tape, n);
}

/* -- The ground. -- */

static struct end *end_of(struct fuzzed *f, struct proc_id id)
{
    for (uint32_t i = 0; i < NODES; i++) {
        if (proc_id_eq(f->ends[i].self, id)) {
            return &f->ends[i];
        }
    }
    return NULL;
}

static struct instant on_now(void *context)
{
    const struct end *s = context;
    return s->f->h.now;
}

static int64_t on_wall(void *context)
{
    const struct end *s = context;
    return s->f->h.now.us / 1000;
}

static enum err on_listen(void *context, enum link link, bool on)
{
    struct end *s = context;
    s->listens[link] = on;
    return ERR_OK;
}

static enum err on_dial(void *context, enum link link, struct proc_id peer)
{
    struct end *s = context;
    ASSERT(!s->dials[link][peer.v]);
    s->dials[link][peer.v] = true;
    return ERR_OK;
}

static void on_hang_up(void *context, enum link link, struct proc_id peer, bool linger)
{
    struct end *s = context;
    (void)linger;
    ASSERT(s->dials[link][peer.v]);
    s->dials[link][peer.v] = false;
}

static enum err on_send(void *context, enum link link, struct proc_id peer, bool dialled,
                        const char *routing, const struct codec_frame *frame)
{
    struct end *s = context;
    struct fuzzed *f = s->f;
    struct end *to = end_of(f, peer);
    ASSERT(!dialled || s->dials[link][peer.v]);
    ASSERT(dialled || routing[0] != '\0');
    ASSERT(codec_frame_len(frame) <= msg_link_frame_max(link));
    if (to == NULL || f->way_n == WAY_MAX) {
        return ERR_UNKNOWN;
    }
    struct packet *p = &f->way[f->way_n++];
    *p = (struct packet){link, to, s->self, dialled, *frame, malloc(frame->batch_len + 1)};
    ASSERT(p->bytes != NULL);
    memcpy(p->bytes, frame->batch_len > 0 ? frame->batch : p->bytes, frame->batch_len);
    p->frame.batch = p->bytes;
    return ERR_OK;
}

/* -- What the hubs tell. -- */

static void on_message(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    const struct end *s = context;
    ASSERT(msg_allowed(msg->kind, link));
    ASSERT(s->told_up[link][peer.v]);
}

static void on_up(void *context, enum link link, struct proc_id peer)
{
    struct end *s = context;
    ASSERT(!s->told_up[link][peer.v] || s->hung_up[link][peer.v]);
    s->told_up[link][peer.v] = true;
    s->hung_up[link][peer.v] = false;
}

static void on_down(void *context, enum link link, struct proc_id peer, enum reason reason)
{
    struct end *s = context;
    ASSERT(s->told_up[link][peer.v]);
    ASSERT(reason < REASON_COUNT);
    s->told_up[link][peer.v] = false;
}

static void on_rejected(void *context, enum link link, struct proc_id peer, enum err why)
{
    (void)context;
    (void)link;
    (void)peer;
    ASSERT(why != ERR_OK);
}

/* -- The network. -- */

static void arrive(const struct packet *p)
{
    char routing[HUB_ROUTING_LEN];
    if (p->dialled) {
        snprintf(routing, sizeof routing, "%s/%s", topology_name(&p->to->f->h.topology, p->from),
                 msg_link_name(p->link));
        if (p->to->listens[p->link]) {
            hub_accepted_frame(p->to->hub, p->link, p->from, routing, &p->frame);
        }
    } else {
        hub_dialled_frame(p->to->hub, p->link, p->from, &p->frame);
    }
}

static uint64_t other(struct fuzzed *f, uint64_t v)
{
    switch (below(f, 6)) {
    case 0:
        return tape_u64(&f->h.draw.tape);
    case 1:
        return UINT64_MAX - below(f, 2);
    case 2:
        return v + 1 + below(f, 70);
    case 3:
        return v - 1 - below(f, 70);
    case 4:
        return below(f, 4);
    default:
        return v ^ UINT64_C(1) << below(f, 64);
    }
}

static void change(struct fuzzed *f, struct packet *p)
{
    struct codec_frame *frame = &p->frame;
    switch (below(f, 11)) {
    case 0:
        frame->kind = (enum codec_frame_kind)(1 + below(f, CODEC_FRAME_COUNT - 1));
        break;
    case 1:
        frame->incarnation.v = other(f, frame->incarnation.v);
        break;
    case 2:
        frame->session = other(f, frame->session);
        break;
    case 3:
        frame->peer_session = other(f, frame->peer_session);
        break;
    case 4:
        frame->seq = other(f, frame->seq);
        break;
    case 5:
        frame->ack = other(f, frame->ack);
        break;
    case 6:
        frame->hlc.v = other(f, frame->hlc.v);
        break;
    case 7:
        frame->credit = (uint32_t)other(f, frame->credit);
        break;
    case 8:
        frame->topology = other(f, frame->topology);
        break;
    case 9:
        frame->batch_len = below(f, (uint32_t)frame->batch_len + 1);
        break;
    default:
        if (frame->batch_len > 0) {
            p->bytes[below(f, (uint32_t)frame->batch_len)] = tape_byte(&f->h.draw.tape);
        }
        break;
    }
}

static void take_out(struct fuzzed *f, uint32_t at)
{
    free(f->way[at].bytes);
    memmove(&f->way[at], &f->way[at + 1], (--f->way_n - at) * sizeof f->way[0]);
}

/* The first of the frames that are on the way; or another one, changed, twice, or never. */
static void network(struct fuzzed *f)
{
    if (f->way_n == 0) {
        return;
    }
    uint32_t what = below(f, 16);
    uint32_t at = what == 1 ? below(f, f->way_n) : 0;
    struct packet p = f->way[at];
    f->way[at].bytes = NULL;
    take_out(f, at);
    if (what == 2 || what == 3) {
        change(f, &p);
    }
    if (what != 0) {
        arrive(&p);
    }
    if (what == 4) {
        arrive(&p);
    }
    free(p.bytes);
}

/* Whoever dialled has a connection, if there is somebody who listens. */
static void connections(struct fuzzed *f, struct end *s, enum link link, struct proc_id peer)
{
    const struct end *to = end_of(f, peer);
    if (!s->dials[link][peer.v]) {
        return;
    }
    if (to != NULL && to->listens[link]) {
        hub_dialled_up(s->hub, link, peer);
    } else {
        hub_dialled_refused(s->hub, link, peer);
    }
}

/* -- What the two want. -- */

static void say(struct fuzzed *f, struct end *s, enum link link, struct proc_id peer)
{
    enum msg_kind kinds[MSG_COUNT];
    uint32_t n = 0;
    for (enum msg_kind kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        if (msg_allowed(kind, link)) {
            kinds[n++] = kind;
        }
    }
    draw_msg(&f->h.draw, kinds[below(f, n)], &f->msg);
    size_t len = 0;
    if (codec_pack(&f->msg, f->bytes, sizeof f->bytes, &len) == ERR_OK) {
        hub_send(s->hub, link, peer, &f->msg);
    }
}

/* To dial, to listen, or not to. */
static void wants(struct fuzzed *f, struct end *s, enum link link, struct proc_id peer)
{
    bool on = below(f, 4) != 0;
    enum err err =
        below(f, 2) == 0 ? hub_connect(s->hub, link, peer, on) : hub_listen(s->hub, link, on);
    ASSERT(err == ERR_OK);
    s->hung_up[link][peer.v] = s->hung_up[link][peer.v] || !on;
}

static void time_passes(struct fuzzed *f)
{
    static const int64_t pauses_us[] = {0, 1000, 20000, 100000, 600000, 10000000};
    f->h.now.us += pauses_us[below(f, 6)];
    for (uint32_t i = 0; i < NODES; i++) {
        hub_turn(f->ends[i].hub, f->h.now);
    }
}

static void step(struct fuzzed *f)
{
    struct end *s = &f->ends[below(f, NODES)];
    struct proc_id peer = f->ends[s == f->ends ? 1 : 0].self;
    enum link link = links[below(f, 2)];
    switch (below(f, 20)) {
    case 0:
    case 1:
        wants(f, s, link, peer);
        break;
    case 2:
        connections(f, s, link, peer);
        break;
    case 3:
        if (below(f, 4) == 0) {
            hub_dialled_lost(s->hub, link, peer);
        }
        break;
    case 4:
        hub_someone_left(s->hub, link);
        break;
    case 5:
    case 6:
    case 7:
        say(f, s, link, peer);
        break;
    case 8:
    case 9:
    case 10:
        time_passes(f);
        break;
    default:
        network(f);
        break;
    }
}

static void begin(struct fuzzed *f, struct end *s, const char *name)
{
    s->f = f;
    s->self = topology_proc_named(&f->h.topology, name);
    struct hub_config config = {
        .topology = &f->h.topology,
        .self = s->self,
        .incarnation = {1},
        .seed = 7 + s->self.v,
        .hlc = &s->hlc,
        .ground = {s, on_now, on_wall, on_listen, on_dial, on_hang_up, on_send},
        .events = {s, on_message, on_up, on_down, on_rejected},
    };
    snprintf(config.name, sizeof config.name, "%s", name);
    s->hub = hub_new(&config);
}

/* Both listen, both dial, and the network is there. */
static void come_up(struct fuzzed *f)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        for (uint32_t n = 0; n < NODES; n++) {
            struct end *s = &f->ends[n];
            struct proc_id peer = f->ends[1 - n].self;
            enum err err = hub_listen(s->hub, links[i], true);
            ASSERT(err == ERR_OK);
            err = hub_connect(s->hub, links[i], peer, true);
            ASSERT(err == ERR_OK);
            hub_dialled_up(s->hub, links[i], peer);
        }
    }
    for (uint32_t i = 0; i < 64; i++) {
        f->h.now.us += 1000;
        for (uint32_t n = 0; n < NODES; n++) {
            hub_turn(f->ends[n].hub, f->h.now);
        }
        while (f->way_n > 0) {
            arrive(&f->way[0]);
            take_out(f, 0);
        }
    }
    ASSERT(f->ends[0].told_up[LINK_SDL][f->ends[1].self.v]);
    ASSERT(f->ends[1].told_up[LINK_SDL][f->ends[0].self.v]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzzed *f = calloc(1, sizeof *f);
    ASSERT(f != NULL);
    hostile_init(&f->h, "sub1");
    begin(f, &f->ends[0], "sub1");
    begin(f, &f->ends[1], "sub2");
    come_up(f);
    f->h.draw.tape = tape_of(data, size);
    for (uint32_t i = 0; i < STEPS_MAX && !tape_ended(&f->h.draw.tape); i++) {
        step(f);
    }
    while (f->way_n > 0) {
        take_out(f, 0);
    }
    for (uint32_t i = 0; i < NODES; i++) {
        hub_free(&f->ends[i].hub);
    }
    hostile_deinit(&f->h);
    free(f);
    return 0;
}
