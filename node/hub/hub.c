#include "node/hub/hub.h"

#include "node/base/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROC_SLOTS (PROCS_MAX + HUB_GUESTS_MAX + 1)

struct peer {
    struct hub *hub;
    enum link link;
    struct proc_id proc;
    char routing[HUB_ROUTING_LEN]; /* at our listener */
    struct session session;
    uint8_t *ring;
    bool dials;     /* else the listener's socket carries it */
    bool wanted;    /* a role wants the connection kept */
    bool refused;   /* nobody listens there, as far as is known */
    bool redial;    /* the dialer's socket went silent: make a new one */
    bool dead;      /* to be freed at the end of the turn */
    bool owes_down; /* the role has not been told yet */
    enum reason reason;
    struct instant idle_since; /* when it last had a session or hope for one */
};

struct hub {
    struct hub_config config;
    bool listens[LINK_COUNT];
    struct peer *peers[LINK_COUNT][PROC_SLOTS];
    struct peer *list[LINK_COUNT * PROC_SLOTS]; /* the same, in a row */
    size_t list_n;
    struct msg message; /* the one that is being delivered */
    uint8_t packed[CODEC_ITEM_MAX + CODEC_HEADER_MAX];
};

static struct instant now_of(const struct hub *hub)
{
    return hub->config.ground.now(hub->config.ground.context);
}

static int64_t wall_ms(const struct hub *hub)
{
    return hub->config.ground.wall_ms(hub->config.ground.context);
}

struct hub *hub_new(const struct hub_config *config)
{
    struct hub *hub = calloc(1, sizeof *hub);
    ASSERT(hub != NULL);
    hub->config = *config;
    return hub;
}

static void rejected(struct hub *hub, enum link link, struct proc_id peer, enum err why)
{
    hub->config.events.rejected(hub->config.events.context, link, peer, why);
}

/* -- Peers. -- */

static void heartbeat_of(const struct hub *hub, enum link link, struct session_config *config)
{
    const struct topology_timers *t = &hub->config.topology->timers;
    switch (link) {
    case LINK_STATION:
        config->heartbeat = t->phone_keepalive;
        config->misses = t->phone_misses;
        break;
    case LINK_JTAPI:
        config->heartbeat = t->jtapi_heartbeat;
        config->misses = t->cti_misses;
        break;
    case LINK_DESKTOP:
        config->heartbeat = t->desktop_heartbeat;
        config->misses = t->cti_misses;
        break;
    case LINK_PRIVATE:
        config->heartbeat = t->private_heartbeat;
        config->misses = t->private_misses;
        break;
    case LINK_LOCAL:
    case LINK_SDL:
    case LINK_MEMBER:
    case LINK_CONTROLLER:
    case LINK_OPERATOR:
    case LINK_COUNT:
        config->heartbeat = t->mesh_heartbeat;
        config->misses = t->mesh_misses;
        break;
    }
}

/* A session without a past, as connector or as listener. */
static void peer_reset(struct peer *p, bool connector)
{
    const struct hub_config *c = &p->hub->config;
    uint32_t frame_max = msg_link_frame_max(p->link) - CODEC_HEADER_MAX;
    struct session_config config = {.connector = connector,
                                    .incarnation = c->incarnation,
                                    .topology = c->topology->hash,
                                    .grace = duration_ms(HUB_GRACE_MS),
                                    .credit = HUB_CREDIT,
                                    .frame_bytes_max =
                                        frame_max < HUB_BATCH_BYTES ? frame_max : HUB_BATCH_BYTES,
                                    .frame_items_max = CODEC_ITEMS_MAX};
    heartbeat_of(p->hub, p->link, &config);
    p->hub->config.seed = p->hub->config.seed * 6364136223846793005u + 1442695040888963407u;
    session_init(&p->session, &config, p->ring, HUB_RING_BYTES,
                 p->hub->config.seed ^ (uint64_t)now_of(p->hub).us);
}

static struct peer *peer_new(struct hub *hub, enum link link, struct proc_id proc, bool connector)
{
    struct peer *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    p->hub = hub;
    p->link = link;
    p->proc = proc;
    p->idle_since = now_of(hub);
    /* Pages come when they are touched, and a session touches the first ones first. */
    p->ring = malloc(HUB_RING_BYTES);
    ASSERT(p->ring != NULL);
    peer_reset(p, connector);
    ASSERT(hub->peers[link][proc.v] == NULL);
    hub->peers[link][proc.v] = p;
    hub->list[hub->list_n++] = p;
    return p;
}

static void hang_up(struct peer *p, bool linger)
{
    const struct hub_ground *g = &p->hub->config.ground;
    if (p->dials) {
        p->dials = false;
        g->hang_up(g->context, p->link, p->proc, linger);
    }
}

static void peer_free(struct peer *p)
{
    ASSERT(!p->dials);
    free(p->ring);
    free(p);
}

static struct peer *peer_of(const struct hub *hub, enum link link, struct proc_id proc)
{
    struct peer *p = proc.v < PROC_SLOTS ? hub->peers[link][proc.v] : NULL;
    return p != NULL && !p->dead ? p : NULL;
}

/* Nothing of it is heard or told any more. */
static void peer_kill(struct peer *p, bool linger)
{
    hang_up(p, linger);
    p->dead = true;
    p->owes_down = false;
    p->hub->peers[p->link][p->proc.v] = NULL;
}

static void bury(struct hub *hub)
{
    size_t kept = 0;
    for (size_t i = 0; i < hub->list_n; i++) {
        if (hub->list[i]->dead) {
            peer_free(hub->list[i]);
        } else {
            hub->list[kept++] = hub->list[i];
        }
    }
    hub->list_n = kept;
}

/* -- News of sessions. -- */

static void tell_down(struct peer *p)
{
    if (p->owes_down) {
        struct hub_events *e = &p->hub->config.events;
        p->owes_down = false;
        e->down(e->context, p->link, p->proc, p->reason);
    }
}

static void learn(struct peer *p, struct session_news news)
{
    struct hub_events *e = &p->hub->config.events;
    p->redial = p->redial || (p->dials && news.silent);
    if (news.mismatch) {
        rejected(p->hub, p->link, p->proc, ERR_VERSION);
    }
    if (news.down) {
        p->owes_down = true;
        p->reason = news.reason;
        p->idle_since = now_of(p->hub);
        p->redial = p->redial || (p->dials && news.reason == REASON_TIMEOUT);
        tell_down(p);
    }
    if (news.up && !p->dead) {
        tell_down(p);
        e->up(e->context, p->link, p->proc);
    }
}

static void deliver(struct peer *p, const struct codec_frame *frame)
{
    struct hub *hub = p->hub;
    struct hub_events *e = &hub->config.events;
    struct codec_batch batch = {frame->batch, frame->batch + frame->batch_len};
    const uint8_t *item = NULL;
    size_t len = 0;
    enum err err = ERR_OK;
    for (unsigned i = 0; i < CODEC_ITEMS_MAX && !p->dead; i++) {
        err = codec_batch_next(&batch, &item, &len);
        if (err != ERR_OK) {
            break;
        }
        err = codec_unpack(p->link, frame->newer, item, len, &hub->message);
        if (err != ERR_OK) {
            rejected(hub, p->link, p->proc, err);
            continue;
        }
        e->message(e->context, p->link, p->proc, &hub->message);
    }
    if (err != ERR_OK && err != ERR_UNKNOWN) {
        rejected(hub, p->link, p->proc, err);
    }
}

static void receive(struct peer *p, const struct codec_frame *frame)
{
    static const enum session_frame_kind kinds[CODEC_FRAME_COUNT] = {
        [CODEC_FRAME_HELLO] = SESSION_HELLO,
        [CODEC_FRAME_DATA] = SESSION_DATA,
        [CODEC_FRAME_HEARTBEAT] = SESSION_HEARTBEAT,
        [CODEC_FRAME_BYE] = SESSION_BYE,
    };
    struct session_frame f = {.kind = kinds[frame->kind],
                              .incarnation = frame->incarnation,
                              .session = frame->session,
                              .peer_session = frame->peer_session,
                              .seq = frame->seq,
                              .ack = frame->ack,
                              .credit = frame->credit,
                              .topology = frame->topology};
    hlc_merge(p->hub->config.hlc, frame->hlc, wall_ms(p->hub));
    tell_down(p);
    if (p->dead) {
        return;
    }
    struct session_news news = session_receive(&p->session, now_of(p->hub), &f);
    learn(p, news);
    if (news.deliver && !p->dead) {
        deliver(p, frame);
    }
}

/* Everything that the session has to send now. */
static void flush(struct peer *p, struct instant now)
{
    struct hub *hub = p->hub;
    const struct hub_ground *g = &hub->config.ground;
    struct session_frame f;
    static const enum codec_frame_kind kinds[] = {
        [SESSION_HELLO] = CODEC_FRAME_HELLO,
        [SESSION_DATA] = CODEC_FRAME_DATA,
        [SESSION_HEARTBEAT] = CODEC_FRAME_HEARTBEAT,
        [SESSION_BYE] = CODEC_FRAME_BYE,
    };
    bool socket = p->dials || hub->listens[p->link];
    while (socket && session_next(&p->session, now, &f)) {
        struct codec_frame frame = {.kind = kinds[f.kind],
                                    .incarnation = f.incarnation,
                                    .session = f.session,
                                    .peer_session = f.peer_session,
                                    .seq = f.seq,
                                    .ack = f.ack,
                                    .hlc = hlc_tick(hub->config.hlc, wall_ms(hub)),
                                    .credit = f.credit,
                                    .topology = f.topology,
                                    .batch = f.payload,
                                    .batch_len = f.len};
        memcpy(frame.sender, hub->config.name, sizeof frame.sender);
        enum err err = g->send(g->context, p->link, p->proc, p->dials, p->routing, &frame);
        if (err == ERR_UNKNOWN) {
            session_transport_lost(&p->session, now);
        }
        if (err != ERR_OK) {
            break; /* the session finds out what is missing */
        }
    }
}

/* -- Dialling. -- */

/* The dialled peer that news of a socket is about; NULL: it was hung up meanwhile. */
static struct peer *dialled(const struct hub *hub, enum link link, struct proc_id proc)
{
    struct peer *p = peer_of(hub, link, proc);
    return p != NULL && p->dials ? p : NULL;
}

void hub_dialled_frame(struct hub *hub, enum link link, struct proc_id proc,
                       const struct codec_frame *frame)
{
    struct peer *p = dialled(hub, link, proc);
    if (p != NULL) {
        receive(p, frame);
    }
}

void hub_dialled_up(struct hub *hub, enum link link, struct proc_id proc)
{
    struct peer *p = dialled(hub, link, proc);
    if (p != NULL) {
        p->refused = false;
        session_transport_up(&p->session, now_of(hub));
    }
}

void hub_dialled_lost(struct hub *hub, enum link link, struct proc_id proc)
{
    struct peer *p = dialled(hub, link, proc);
    if (p != NULL) {
        session_transport_lost(&p->session, now_of(hub));
    }
}

void hub_dialled_refused(struct hub *hub, enum link link, struct proc_id proc)
{
    struct peer *p = dialled(hub, link, proc);
    if (p != NULL) {
        p->refused = true;
        learn(p, session_transport_refused(&p->session, now_of(hub)));
    }
}

static enum err dial(struct peer *p)
{
    const struct hub_ground *g = &p->hub->config.ground;
    p->redial = false;
    enum err err = g->dial(g->context, p->link, p->proc);
    p->dials = err == ERR_OK;
    return err;
}

/* The session goes over the other end's connection from now on. */
static void follow(struct peer *p)
{
    if (session_is_up(&p->session)) {
        p->owes_down = true;
        p->reason = REASON_STALE_LINK;
    }
    hang_up(p, false);
    peer_reset(p, false);
    p->idle_since = now_of(p->hub);
}

/* A new socket for one that went silent, or whose session the other end no longer dials. */
static void dial_again(struct peer *p)
{
    hang_up(p, false);
    if (!p->session.config.connector) {
        peer_reset(p, true);
    }
    session_transport_lost(&p->session, now_of(p->hub));
    enum err err = dial(p);
    if (err != ERR_OK) {
        rejected(p->hub, p->link, p->proc, err);
    }
}

enum err hub_connect(struct hub *hub, enum link link, struct proc_id proc, bool on)
{
    ASSERT(link != LINK_LOCAL);
    ASSERT(proc.v != hub->config.self.v);
    struct peer *p = peer_of(hub, link, proc);
    if (!on) {
        if (p != NULL && p->wanted) {
            session_close(&p->session, now_of(hub));
            flush(p, now_of(hub));
            peer_kill(p, true);
        }
        return ERR_OK;
    }
    if (p != NULL) {
        p->wanted = true; /* the other end's connection serves, as long as it lasts */
        return ERR_OK;
    }
    p = peer_new(hub, link, proc, true);
    p->wanted = true;
    enum err err = dial(p);
    if (err != ERR_OK) {
        peer_kill(p, false);
    }
    return err;
}

/* -- Listening. -- */

struct proc_id hub_guest(const struct hub *hub, const char *routing)
{
    struct proc_id free_slot = {0};
    for (uint32_t v = PROCS_MAX + 1; v < PROC_SLOTS; v++) {
        const struct peer *p = hub->peers[LINK_OPERATOR][v];
        if (p != NULL && strcmp(p->routing, routing) == 0) {
            return p->proc;
        }
        if (p == NULL && free_slot.v == 0) {
            free_slot.v = (uint16_t)v;
        }
    }
    return free_slot;
}

/* The session that a frame at our listener belongs to; NULL: not wanted. */
static struct peer *admit(struct hub *hub, enum link link, struct proc_id proc, const char *routing)
{
    struct peer *p = peer_of(hub, link, proc);
    if (p == NULL) {
        p = peer_new(hub, link, proc, false);
    } else if (p->dials) {
        bool mine_wins = hub->config.self.v < proc.v && !p->refused;
        if (mine_wins || session_is_up(&p->session)) {
            return NULL;
        }
        follow(p);
    }
    snprintf(p->routing, sizeof p->routing, "%s", routing);
    return p;
}

void hub_accepted_frame(struct hub *hub, enum link link, struct proc_id proc, const char *routing,
                        const struct codec_frame *frame)
{
    ASSERT(proc.v > 0 && proc.v < PROC_SLOTS);
    struct peer *p = hub->listens[link] ? admit(hub, link, proc, routing) : NULL;
    if (p != NULL) {
        receive(p, frame);
    }
}

void hub_someone_left(struct hub *hub, enum link link)
{
    for (size_t i = 0; i < hub->list_n; i++) {
        struct peer *p = hub->list[i];
        if (p->link == link && !p->dials && !p->dead) {
            session_probe(&p->session);
        }
    }
}

enum err hub_listen(struct hub *hub, enum link link, bool on)
{
    ASSERT(link != LINK_LOCAL);
    const struct hub_ground *g = &hub->config.ground;
    if (hub->listens[link] == on) {
        return ERR_OK;
    }
    enum err err = g->listen(g->context, link, on);
    if (err != ERR_OK) {
        return err;
    }
    hub->listens[link] = on;
    for (size_t i = 0; i < hub->list_n && !on; i++) {
        struct peer *p = hub->list[i];
        if (p->link == link && !p->dead && !p->dials) {
            peer_kill(p, false);
        }
    }
    return ERR_OK;
}

/* -- Sending. -- */

void hub_send(struct hub *hub, enum link link, struct proc_id proc, const struct msg *msg)
{
    struct peer *p = peer_of(hub, link, proc);
    if (p == NULL || !session_is_up(&p->session)) {
        return;
    }
    ASSERT(msg_allowed(msg->kind, link));
    size_t len = 0;
    enum err err = codec_pack(msg, hub->packed, sizeof hub->packed, &len);
    ASSERT(err == ERR_OK);
    struct session_news news = session_append(&p->session, now_of(hub), hub->packed, len);
    if (news.down) { /* told after the present event, not inside it */
        p->owes_down = true;
        p->reason = news.reason;
    }
}

/* When an end that waits for the other one's connection has waited for long enough. */
static struct instant give_up_at(const struct peer *p)
{
    bool waits = !p->dials && p->session.state == SESSION_DOWN;
    bool matters = p->wanted || p->proc.v > PROCS_MAX;
    return waits && matters ? instant_add(p->idle_since, duration_ms(HUB_GRACE_MS)) : INSTANT_NEVER;
}

void hub_turn(struct hub *hub, struct instant now)
{
    for (size_t i = 0; i < hub->list_n; i++) {
        struct peer *p = hub->list[i];
        if (p->dead) {
            continue;
        }
        tell_down(p);
        if (!p->dead) {
            learn(p, session_tick(&p->session, now));
        }
        if (p->dead) {
            continue;
        }
        bool given_up = instant_reached(now, give_up_at(p));
        if (p->redial || (given_up && p->wanted)) {
            dial_again(p);
        } else if (given_up && p->proc.v > PROCS_MAX) {
            peer_kill(p, false); /* a guest that left */
        }
    }
    for (size_t i = 0; i < hub->list_n; i++) {
        if (!hub->list[i]->dead) {
            flush(hub->list[i], now);
        }
    }
    bury(hub);
}

struct instant hub_deadline(const struct hub *hub)
{
    struct instant at = INSTANT_NEVER;
    for (size_t i = 0; i < hub->list_n; i++) {
        const struct peer *p = hub->list[i];
        if (p->owes_down || p->redial) {
            return (struct instant){0};
        }
        at = instant_min(at, session_deadline(&p->session));
        at = instant_min(at, give_up_at(p));
    }
    return at;
}

void hub_free(struct hub **hub)
{
    struct hub *h = *hub;
    if (h == NULL) {
        return;
    }
    for (size_t i = 0; i < h->list_n; i++) {
        hang_up(h->list[i], false);
        peer_free(h->list[i]);
    }
    free(h);
    *hub = NULL;
}
