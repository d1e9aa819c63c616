#include "cluster/sim/sim_proc.h"

#include "cluster/sim/sim_life.h"
#include "node/hub/hub.h"
#include "node/hub/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX     64   /* of local messages and deadlines in one turn */
#define REJECTED_EVERY 1000 /* ms between two events about the same reason */
#define LATE_US        50000
#define OPERATOR       (PROCS_MAX + 1)

struct rejected {
    uint64_t waiting; /* not yet told */
    struct proc_id peer;
    enum link link;
    struct instant told;
};

/* What came while the process hung, or while it is busy with something else. */
struct pending {
    struct sim_news news;
    struct msg *order; /* else news */
};

struct sim_proc {
    struct sim_ground *ground;
    struct proc_id self;
    enum proc_kind kind;
    struct sim_clock clock;
    struct sim_vault *store;
    struct sim_disk *disk;
    uint64_t starts;
    int64_t *skews; /* of the wall at each start */
    struct rand_state rand;

    bool alive, paused, stored_waits;
    int64_t paused_at;
    struct sim_life *life;
    const struct process *process;
    struct world world;
    struct hub *hub;
    struct hlc hlc;
    struct instant now; /* of the event that is being handled */
    struct proc_id sender;
    uint64_t event_seq, stored;
    struct mailbox local;
    struct rejected rejected[ERR_COUNT];
    int64_t wake_at; /* the earliest wake that is on the heap */
    struct pending *pending;
    size_t pending_n, pending_cap;
    struct msg message;
};

static int64_t true_now(const struct sim_proc *p)
{
    return p->ground->heap.now_us;
}

static struct instant now_of(void *context)
{
    const struct sim_proc *p = context;
    return sim_clock_now(&p->clock, true_now(p));
}

static int64_t wall_us(const struct sim_proc *p)
{
    return sim_clock_wall(&p->clock, true_now(p));
}

static int64_t wall_ms(void *context)
{
    return wall_us(context) / 1000;
}

/* -- Events. -- */

static void trace(void *context, const struct event *event)
{
    struct sim_proc *p = context;
    if (!p->alive) {
        return; /* it is being taken apart */
    }
    struct event e = *event;
    e.at.us = true_now(p);
    e.wall_us = wall_us(p);
    e.hlc = hlc_tick(&p->hlc, e.wall_us / 1000);
    e.proc = p->self;
    e.incarnation.v = p->starts;
    e.seq = ++p->event_seq;
    sim_history_event(&p->ground->record, &e);
    p->ground->traced(p->ground->context, &e);
}

static void trace_link(struct sim_proc *p, enum event_kind kind, enum link link,
                       struct proc_id peer, enum reason reason)
{
    struct event e = {.kind = kind, .peer = peer, .reason = reason};
    snprintf(e.text, sizeof e.text, "%s", msg_link_name(link));
    trace(p, &e);
}

static void trace_rejected(struct sim_proc *p, enum err why)
{
    struct rejected *r = &p->rejected[why];
    if (r->waiting == 0 ||
        !instant_reached(p->now, instant_add(r->told, duration_ms(REJECTED_EVERY)))) {
        return;
    }
    struct event e = {
        .kind = EVENT_MESSAGE_REJECTED, .peer = r->peer, .value = (int64_t)r->waiting};
    snprintf(e.text, sizeof e.text, "%s: %s", msg_link_name(r->link), err_text(why));
    trace(p, &e);
    r->waiting = 0;
    r->told = p->now;
}

/* -- What the roles ask for. -- */

static void send_to(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct sim_proc *p = context;
    ASSERT(msg_allowed(msg->kind, link));
    if (!p->alive) {
        return;
    }
    if (link == LINK_LOCAL) {
        mailbox_put(&p->local, msg);
    } else if (link == LINK_OPERATOR) {
        if (p->ground->answer != NULL) {
            p->ground->answer(p->ground->context, p->self, msg);
        }
    } else {
        hub_send(p->hub, link, peer, msg);
    }
}

static void listen_on(void *context, enum link link, bool on)
{
    struct sim_proc *p = context;
    if (p->alive) {
        enum err err = hub_listen(p->hub, link, on);
        ASSERT(err == ERR_OK);
    }
}

static void connect_to(void *context, enum link link, struct proc_id peer, bool on)
{
    struct sim_proc *p = context;
    if (p->alive) {
        enum err err = hub_connect(p->hub, link, peer, on);
        ASSERT(err == ERR_OK);
    }
}

static uint64_t store_put(void *context, const struct msg *msg)
{
    struct sim_proc *p = context;
    ASSERT(p->store != NULL); /* only PG and controller sides store */
    bool ordered = msg_is_record(msg->kind) && proc_id_some(msg_record_sender(msg));
    return sim_vault_put(p->store, ordered ? msg_record_sender(msg) : p->sender, msg);
}

static bool store_row_after(void *context, int64_t after, const int64_t held[2],
                            struct msg *ret_msg)
{
    struct sim_proc *p = context;
    return sim_vault_row_after(p->store, after, held, ret_msg);
}

static void store_trim(void *context, uint64_t outbox)
{
    struct sim_proc *p = context;
    sim_vault_trim(p->store, outbox);
}

static void store_rows(void *context, struct world_rows *ret_rows)
{
    struct sim_proc *p = context;
    size_t n = 0;
    (void)sim_vault_rows(p->store, &n);
    *ret_rows = (struct world_rows){.tcd = n}; /* it keeps no others */
    sim_vault_last(p->store, ret_rows->last);
}

static void order_media(void *context, const struct media_order *order)
{
    struct sim_proc *p = context;
    ASSERT(p->kind == PROC_FLEET);
    if (p->alive) {
        sim_media_order(p->ground->media, p->self, order);
        p->ground->media_changed(p->ground->context);
    }
}

static void log_leg(void *context, const struct leg_record *leg)
{
    struct sim_proc *p = context;
    struct device_info device;
    bool known = topology_device(p->ground->topology, leg->device, &device);
    ASSERT(known);
    sim_history_leg(&p->ground->record, leg, device.number);
}

/* -- What the hub asks of the network, and tells. -- */

static enum err ground_listen(void *context, enum link link, bool on)
{
    struct sim_proc *p = context;
    sim_net_listen(p->ground->net, p->self, link, on);
    return ERR_OK;
}

static enum err ground_dial(void *context, enum link link, struct proc_id peer)
{
    struct sim_proc *p = context;
    sim_net_dial(p->ground->net, p->self, peer, link);
    return ERR_OK;
}

static void ground_hang_up(void *context, enum link link, struct proc_id peer, bool linger)
{
    struct sim_proc *p = context;
    sim_net_hang_up(p->ground->net, p->self, peer, link, linger);
}

static enum err ground_send(void *context, enum link link, struct proc_id peer, bool dialled,
                            const char *routing, const struct codec_frame *frame)
{
    struct sim_proc *p = context;
    (void)routing;
    return sim_net_send(p->ground->net, p->self, peer, link, dialled, frame);
}

static void on_message(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct sim_proc *p = context;
    p->sender = peer;
    p->process->message(p->process->self, p->now, link, peer, msg);
    p->sender = p->self;
}

static void on_up(void *context, enum link link, struct proc_id peer)
{
    struct sim_proc *p = context;
    trace_link(p, EVENT_LINK_UP, link, peer, REASON_NONE);
    p->process->link_up(p->process->self, p->now, link, peer);
}

static void on_down(void *context, enum link link, struct proc_id peer, enum reason reason)
{
    struct sim_proc *p = context;
    trace_link(p, EVENT_LINK_DOWN, link, peer, reason);
    p->process->link_down(p->process->self, p->now, link, peer, reason);
}

static void on_rejected(void *context, enum link link, struct proc_id peer, enum err why)
{
    struct sim_proc *p = context;
    p->rejected[why].waiting++;
    p->rejected[why].peer = peer;
    p->rejected[why].link = link;
}

/* -- A turn. -- */

static void deliver_local(struct sim_proc *p)
{
    while (mailbox_take(&p->local, &p->message)) {
        p->process->message(p->process->self, p->now, LINK_LOCAL, p->self, &p->message);
    }
}

static void run_due(struct sim_proc *p)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        bool raft = sim_life_raft_turn(p->life, p->now);
        bool due = instant_reached(p->now, p->process->deadline(p->process->self));
        if (mailbox_empty(&p->local) && !due && !raft) {
            return;
        }
        deliver_local(p);
        if (due) {
            p->process->tick(p->process->self, p->now);
        }
    }
}

static void give_media(struct sim_proc *p)
{
    struct media_report report;
    while (sim_media_report(p->ground->media, p->self, &report)) {
        p->process->media(p->process->self, p->now, &report);
    }
}

static void give_stored(struct sim_proc *p)
{
    p->stored_waits = false;
    uint64_t ticket = sim_vault_settle(p->store, trace, p);
    if (ticket > p->stored) {
        p->stored = ticket;
        p->process->stored(p->process->self, p->now, ticket);
    }
}

static void wake(void *self, void *data, uint64_t number);

/* Be called again when something is due. */
static void sleep_until(struct sim_proc *p)
{
    struct instant at = instant_min(p->process->deadline(p->process->self), hub_deadline(p->hub));
    at = instant_min(at, sim_life_raft_deadline(p->life));
    int64_t true_at = sim_clock_true(&p->clock, at);
    if (p->kind == PROC_FLEET) {
        int64_t media = sim_media_deadline(p->ground->media, p->self);
        true_at = media < true_at ? media : true_at;
    }
    true_at = true_at > true_now(p) ? true_at : true_now(p) + 1;
    if (true_at < p->wake_at) {
        p->wake_at = true_at;
        sim_heap_push(&p->ground->heap, true_at, wake, p, NULL, p->starts);
    }
}

void sim_proc_rearm(struct sim_proc *p)
{
    if (p->alive && p->process != NULL && !p->paused) {
        sleep_until(p);
    }
}

static void end_turn(struct sim_proc *p)
{
    run_due(p);
    if (p->kind == PROC_FLEET) {
        give_media(p);
        run_due(p);
    }
    if (p->store != NULL) {
        sim_vault_commit(p->store);
    }
    hub_turn(p->hub, p->now);
    for (unsigned why = 0; why < ERR_COUNT; why++) {
        trace_rejected(p, (enum err)why);
    }
    if (sim_life_ended(p->life)) {
        sim_proc_stop(p);
        return;
    }
    sleep_until(p);
}

static void wake(void *self, void *data, uint64_t number)
{
    struct sim_proc *p = self;
    (void)data;
    if (!p->alive || number != p->starts || p->wake_at != true_now(p)) {
        return;
    }
    p->wake_at = INT64_MAX;
    if (!p->paused) {
        p->now = now_of(p);
        end_turn(p);
    }
}

/* -- What comes from outside. -- */

static void take_raft(struct sim_proc *p, const struct sim_news *news)
{
    switch (news->kind) {
    case SIM_NEWS_DIALLED_UP:
        sim_life_raft_connected(p->life, p->now, news->peer, true);
        return;
    case SIM_NEWS_DIALLED_LOST:
        sim_life_raft_connected(p->life, p->now, news->peer, false);
        return;
    case SIM_NEWS_ACCEPTED_LOST:
        sim_life_raft_lost(p->life, p->now, news->peer);
        return;
    case SIM_NEWS_ACCEPTED_PACKET:
        sim_life_raft_receive(p->life, p->now, news->peer, news->packet->frame.batch,
                              news->packet->frame.batch_len);
        return;
    case SIM_NEWS_DIALLED_REFUSED:
    case SIM_NEWS_DIALLED_PACKET:
        return;
    }
    UNREACHABLE("every kind of news is listed");
}

static void take(struct sim_proc *p, const struct sim_news *news)
{
    enum link link = (enum link)news->link;
    if (news->link == SIM_NET_RAFT) {
        take_raft(p, news);
        return;
    }
    switch (news->kind) {
    case SIM_NEWS_DIALLED_UP:
        hub_dialled_up(p->hub, link, news->peer);
        return;
    case SIM_NEWS_DIALLED_LOST:
        hub_dialled_lost(p->hub, link, news->peer);
        return;
    case SIM_NEWS_DIALLED_REFUSED:
        hub_dialled_refused(p->hub, link, news->peer);
        return;
    case SIM_NEWS_DIALLED_PACKET:
        hub_dialled_frame(p->hub, link, news->peer, &news->packet->frame);
        return;
    case SIM_NEWS_ACCEPTED_PACKET:
        hub_accepted_frame(p->hub, link, news->peer, "", &news->packet->frame);
        return;
    case SIM_NEWS_ACCEPTED_LOST:
        hub_someone_left(p->hub, link);
        return;
    }
    UNREACHABLE("every kind of news is listed");
}

static void release(struct sim_proc *p, const struct sim_news *news)
{
    if (news->packet != NULL) {
        sim_net_release(p->ground->net, news->packet);
    }
}

static void put_off(struct sim_proc *p, const struct pending *what)
{
    if (p->pending_n == p->pending_cap) {
        p->pending_cap = p->pending_cap == 0 ? 64 : 2 * p->pending_cap;
        p->pending = realloc(p->pending, p->pending_cap * sizeof p->pending[0]);
        ASSERT(p->pending != NULL);
    }
    p->pending[p->pending_n++] = *what;
}

static void drop_pending(struct sim_proc *p)
{
    for (size_t i = 0; i < p->pending_n; i++) {
        release(p, &p->pending[i].news);
        free(p->pending[i].order);
    }
    p->pending_n = 0;
}

void sim_proc_news(struct sim_proc *p, const struct sim_news *news)
{
    if (!p->alive) {
        release(p, news);
        return;
    }
    if (p->paused) {
        put_off(p, &(struct pending){.news = *news});
        return;
    }
    p->now = now_of(p);
    take(p, news);
    release(p, news);
    end_turn(p);
}

static void take_order(struct sim_proc *p, const struct msg *msg)
{
    const struct proc_id guest = {OPERATOR};
    p->process->message(p->process->self, p->now, LINK_OPERATOR, guest, msg);
}

void sim_proc_ask(struct sim_proc *p, const struct msg *msg)
{
    if (!p->alive) {
        return;
    }
    if (p->paused) {
        struct pending later = {.order = malloc(sizeof *msg)};
        ASSERT(later.order != NULL);
        memcpy(later.order, msg, sizeof *msg);
        put_off(p, &later);
        return;
    }
    p->now = now_of(p);
    take_order(p, msg);
    end_turn(p);
}

void sim_proc_order(struct sim_proc *p, const struct msg_op_command *command)
{
    static struct msg msg; /* too large for a stack; used up before this returns */
    msg.kind = MSG_OP_COMMAND;
    msg.correlation = 0;
    msg.op_command = *command;
    sim_proc_ask(p, &msg);
}

static void on_stored(void *context, struct proc_id self)
{
    struct sim_proc *p = context;
    (void)self;
    if (!p->alive) {
        return;
    }
    if (p->paused) {
        p->stored_waits = true;
        return;
    }
    p->now = now_of(p);
    give_stored(p);
    end_turn(p);
}

/* -- Its life. -- */

struct sim_proc *sim_proc_new(struct sim_ground *ground, struct proc_id self,
                              const struct sim_clock *clock)
{
    struct sim_proc *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    p->ground = ground;
    p->self = self;
    p->kind = topology_proc_of(ground->topology, self)->kind;
    p->clock = *clock;
    p->rand.v = rand_next(&ground->rand);
    p->world = (struct world){p,         send_to,    listen_on,   connect_to, trace,
                              store_put, store_trim, order_media, store_rows, store_row_after};
    if (p->kind == PROC_NODE) {
        p->disk = sim_disk_new(rand_next(&p->rand));
    } else if (p->kind == PROC_PG || p->kind == PROC_ICM) {
        p->store = sim_vault_new(&(struct sim_vault_config){.topology = ground->topology,
                                                            .heap = &ground->heap,
                                                            .self = self,
                                                            .rows = p->kind == PROC_ICM,
                                                            .keep = ground->record.keep,
                                                            .seed = rand_next(&p->rand),
                                                            .context = p,
                                                            .done = on_stored});
    }
    return p;
}

void sim_proc_free(struct sim_proc **proc)
{
    struct sim_proc *p = *proc;
    if (p == NULL) {
        return;
    }
    if (p->alive) {
        sim_proc_kill(p, SIM_END_SILENT);
    }
    sim_disk_free(&p->disk);
    sim_vault_free(&p->store);
    free(p->pending);
    mailbox_free(&p->local);
    free(p->skews);
    free(p);
    *proc = NULL;
}

static void make_hub(struct sim_proc *p)
{
    struct hub_config config = {
        .topology = p->ground->topology,
        .self = p->self,
        .incarnation = {p->starts},
        .seed = rand_next(&p->rand),
        .hlc = &p->hlc,
        .ground = {p, now_of, wall_ms, ground_listen, ground_dial, ground_hang_up, ground_send},
        .events = {p, on_message, on_up, on_down, on_rejected}};
    snprintf(config.name, sizeof config.name, "%s", topology_name(p->ground->topology, p->self));
    p->hub = hub_new(&config);
}

static void send_raft(void *context, struct proc_id to, const uint8_t *bytes, size_t len)
{
    struct sim_proc *p = context;
    struct codec_frame frame = {.kind = CODEC_FRAME_DATA, .batch = bytes, .batch_len = len};
    err_ignore(sim_net_send(p->ground->net, p->self, to, SIM_NET_RAFT, true, &frame),
               "libraft was told that it is not connected, or is going to be");
}

static void restore_one(void *context, const struct msg *msg)
{
    struct sim_proc *p = context;
    p->process->restore(p->process->self, msg);
}

static void join_raft(struct sim_proc *p)
{
    const struct topology *t = p->ground->topology;
    sim_net_listen(p->ground->net, p->self, SIM_NET_RAFT, true);
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (t->procs[v - 1].kind == PROC_NODE && v != p->self.v) {
            sim_net_dial(p->ground->net, p->self, (struct proc_id){v}, SIM_NET_RAFT);
        }
    }
}

void sim_proc_start(struct sim_proc *p)
{
    ASSERT(!p->alive);
    p->starts++;
    p->skews = realloc(p->skews, (p->starts + 1) * sizeof p->skews[0]);
    ASSERT(p->skews != NULL);
    p->skews[p->starts] = p->clock.skew_us;
    p->alive = true;
    p->paused = false;
    p->stored_waits = false;
    p->wake_at = INT64_MAX;
    p->event_seq = 0;
    p->hlc.v = 0;
    mailbox_clear(&p->local);
    memset(p->rejected, 0, sizeof p->rejected);
    p->now = now_of(p);
    p->sender = p->self;
    make_hub(p);
    struct sim_life_config config = {.topology = p->ground->topology,
                                     .self = p->self,
                                     .incarnation = {p->starts},
                                     .world = &p->world,
                                     .wall_offset_us = wall_us(p) - p->now.us,
                                     .disk = p->disk,
                                     .snapshot_every = p->ground->snapshot_every,
                                     .seed = rand_next(&p->rand),
                                     .context = p,
                                     .now = now_of,
                                     .send = send_raft,
                                     .log_leg = log_leg};
    p->life = sim_life_new(&config);
    p->process = sim_life_process(p->life);
    sim_net_start(p->ground->net, p->self);
    struct event e = {.kind = EVENT_PROCESS_START, .value = p->self.v};
    trace(p, &e);
    if (p->store != NULL) {
        p->stored = sim_vault_settle(p->store, trace, p);
        if (p->process->restore != NULL) {
            sim_vault_restore(p->store, restore_one, p);
        }
    }
    p->process->start(p->process->self, p->now);
    if (p->kind == PROC_NODE) {
        join_raft(p);
    }
    end_turn(p);
}

/* The end of whatever is left of it. */
static void bury(struct sim_proc *p, enum sim_end how)
{
    p->alive = false;
    p->process = NULL;
    sim_life_free(&p->life);
    sim_net_end(p->ground->net, p->self, how);
    hub_free(&p->hub);
    drop_pending(p);
    if (p->kind == PROC_FLEET) {
        sim_media_end(p->ground->media, p->self);
    }
}

void sim_proc_kill(struct sim_proc *p, enum sim_end how)
{
    ASSERT(p->alive);
    bury(p, how);
    if (p->disk != NULL) {
        sim_disk_crash(p->disk);
    }
    if (p->store != NULL) {
        sim_vault_crash(p->store);
    }
}

void sim_proc_stop(struct sim_proc *p)
{
    ASSERT(p->alive);
    p->now = now_of(p);
    sim_life_stop(p->life, p->now);
    struct event stop = {.kind = EVENT_PROCESS_STOP};
    trace(p, &stop);
    hub_turn(p->hub, p->now);
    sim_life_last(p->life, p->now);
    if (p->store != NULL) {
        sim_vault_stop(p->store, trace, p);
    }
    bury(p, SIM_END_CLOSED);
}

void sim_proc_pause(struct sim_proc *p, bool on)
{
    ASSERT(p->alive);
    ASSERT(p->paused != on);
    p->paused = on;
    sim_net_pause(p->ground->net, p->self, on);
    if (on) {
        p->paused_at = true_now(p);
        return;
    }
    int64_t slept = true_now(p) - p->paused_at;
    p->now = now_of(p);
    if (slept > LATE_US) {
        struct event e = {.kind = EVENT_LOOP_LATE, .value = slept};
        trace(p, &e);
    }
    if (p->kind == PROC_FLEET) {
        sim_media_slept(p->ground->media, p->self, slept);
    }
    /* libraft's timer comes first, as in a real loop; then what piled up. */
    sim_life_raft_turn(p->life, p->now);
    for (size_t i = 0; i < p->pending_n; i++) {
        struct pending *one = &p->pending[i];
        if (one->order != NULL) {
            take_order(p, one->order);
        } else {
            take(p, &one->news);
        }
    }
    drop_pending(p);
    if (p->stored_waits) {
        give_stored(p);
    }
    p->wake_at = INT64_MAX;
    end_turn(p);
}

bool sim_proc_alive(const struct sim_proc *p)
{
    return p->alive;
}

bool sim_proc_paused(const struct sim_proc *p)
{
    return p->alive && p->paused;
}

uint64_t sim_proc_starts(const struct sim_proc *p)
{
    return p->starts;
}

void sim_proc_skew(struct sim_proc *p, int64_t skew_us)
{
    p->clock.skew_us = skew_us;
}

struct sim_disk *sim_proc_disk(struct sim_proc *p)
{
    return p->disk;
}

struct sim_vault *sim_proc_store(struct sim_proc *p)
{
    return p->store;
}

struct instant sim_proc_clock_at(const struct sim_proc *p, int64_t true_us)
{
    return sim_clock_now(&p->clock, true_us);
}

int64_t sim_proc_true(const struct sim_proc *p, uint64_t starts, int64_t wall)
{
    ASSERT(starts > 0);
    ASSERT(starts <= p->starts);
    return wall - SIM_CLOCK_WALL_US - p->skews[starts];
}
