#include "node/runtime/driver.h"

#include "node/hub/mailbox.h"
#include "node/runtime/journal.h"
#include "node/runtime/log.h"
#include "node/runtime/media.h"
#include "node/runtime/spine.h"
#include "node/runtime/state.h"
#include "node/runtime/store.h"
#include "node/runtime/wires.h"
#include "node/runtime/zap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#define ROUNDS_MAX     64   /* of local messages and deadlines in one turn */
#define REJECTED_EVERY 1000 /* ms between two events about the same reason at the same door */

/* Where somebody may be turned away: at the links, and at two doors that are not the hub's. */
enum { DOOR_RAFT = LINK_COUNT, DOOR_TAP, DOORS };
#define ZMQ_SOCKETS_MAX 4096

struct rejected {
    uint64_t waiting; /* not yet told */
    struct proc_id peer;
    struct instant told;
};

struct driver {
    struct driver_config config;
    struct world world;
    struct loop loop;
    void *zmq;
    struct keys keys;
    struct zap *zap;
    struct wires *wires;
    struct hub *hub;
    struct spine *spine;
    struct store *store;           /* PG and central controller sides */
    struct media *media;           /* fleets */
    uint64_t stored;               /* the last ticket that was told */
    struct proc_id sender;         /* of the message that is being handled */
    const struct process *process; /* NULL: not running */
    struct incarnation incarnation;
    enum err failure; /* why the process has to end */
    uint64_t seed, event_seq;
    struct hlc hlc;
    struct instant now; /* of the event that is being handled */
    struct mailbox local;
    struct msg message; /* the local one that is being delivered */
    struct rejected rejected[DOORS][ERR_COUNT];
    uint64_t untold; /* in all of them */
    uint64_t at_tap; /* spine_turned_away, as far as it is counted */
    struct driver_counts counts;
};

/* -- Events. -- */

static void trace(void *context, const struct event *event)
{
    struct driver *d = context;
    if (d->spine == NULL) {
        return;
    }
    struct event e = *event;
    ASSERT(e.kind != EVENT_NONE);
    e.at = loop_now(); /* what libraft does in a turn comes long after the driver's last word */
    e.wall_us = loop_wall_us();
    e.hlc = hlc_tick(&d->hlc, e.wall_us / 1000);
    e.proc = d->config.self;
    e.incarnation = d->incarnation;
    e.seq = ++d->event_seq;
    spine_write(d->spine, &e);
    journal_event(d->config.topology, &e);
}

static void trace_link(struct driver *d, enum event_kind kind, enum link link, struct proc_id peer,
                       enum reason reason)
{
    struct event e = {.kind = kind, .peer = peer, .reason = reason};
    snprintf(e.text, sizeof e.text, "%s", msg_link_name(link));
    trace(d, &e);
}

static void count_rejected(struct driver *d, unsigned door, struct proc_id peer, enum err why)
{
    struct rejected *r = &d->rejected[door][why];
    d->counts.rejected++;
    d->untold++;
    r->waiting++;
    r->peer = peer;
}

static void trace_rejected(struct driver *d, unsigned door, enum err why)
{
    struct rejected *r = &d->rejected[door][why];
    if (r->waiting == 0 ||
        !instant_reached(d->now, instant_add(r->told, duration_ms(REJECTED_EVERY)))) {
        return;
    }
    struct event e = {
        .kind = EVENT_MESSAGE_REJECTED, .peer = r->peer, .value = (int64_t)r->waiting};
    const char *where = door == DOOR_RAFT  ? "raft"
                        : door == DOOR_TAP ? "tap"
                                           : msg_link_name((enum link)door);
    snprintf(e.text, sizeof e.text, "%s: %s", where, err_text(why));
    trace(d, &e);
    d->untold -= r->waiting;
    r->waiting = 0;
    r->told = d->now;
}

static void trace_all_rejected(struct driver *d)
{
    for (; d->spine != NULL && d->at_tap < spine_turned_away(d->spine); d->at_tap++) {
        count_rejected(d, DOOR_TAP, (struct proc_id){0}, ERR_PERMISSION);
    }
    for (unsigned door = 0; door < DOORS && d->untold > 0; door++) {
        for (unsigned why = 0; why < ERR_COUNT; why++) {
            trace_rejected(d, door, (enum err)why);
        }
    }
}

/* -- What the roles ask for. -- */

static void send_to(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct driver *d = context;
    ASSERT(msg_allowed(msg->kind, link));
    d->counts.messages_out++;
    if (link == LINK_LOCAL) {
        mailbox_put(&d->local, msg);
    } else {
        hub_send(d->hub, link, peer, msg);
    }
}

static void listen_on(void *context, enum link link, bool on)
{
    struct driver *d = context;
    enum err err = hub_listen(d->hub, link, on);
    if (err != ERR_OK) {
        /* A service that nobody can reach is worse than none. */
        log_line(LOG_ERROR, "event=listen_failed link=%s port=%u reason=\"%s\" action=exit",
                 msg_link_name(link), msg_link_port(link), err_text(err));
        d->failure = err;
        loop_stop(&d->loop);
    }
}

static void connect_to(void *context, enum link link, struct proc_id peer, bool on)
{
    struct driver *d = context;
    enum err err = hub_connect(d->hub, link, peer, on);
    if (err != ERR_OK) {
        log_line(LOG_ERROR, "event=connect_failed link=%s peer=%s reason=\"%s\"",
                 msg_link_name(link), topology_name(d->config.topology, peer), err_text(err));
    }
}

static uint64_t store(void *context, const struct msg *msg)
{
    struct driver *d = context;
    ASSERT(d->store != NULL); /* only PG and controller sides store */
    bool ordered = msg_is_record(msg->kind) && proc_id_some(msg_record_sender(msg));
    struct proc_id sender = ordered ? msg_record_sender(msg) : d->sender;
    return store_put(d->store, topology_name(d->config.topology, sender), msg);
}

static bool row_after(void *context, int64_t after, const int64_t held[2], struct msg *ret_msg)
{
    struct driver *d = context;
    ASSERT(d->store != NULL);
    return store_row_after(d->store, after, held, ret_msg);
}

static void trim(void *context, uint64_t outbox)
{
    struct driver *d = context;
    ASSERT(d->store != NULL);
    store_trim(d->store, outbox);
}

static void rows(void *context, struct world_rows *ret_rows)
{
    struct driver *d = context;
    ASSERT(d->store != NULL);
    store_rows(d->store, ret_rows);
}

static void order_media(void *context, const struct media_order *order)
{
    struct driver *d = context;
    ASSERT(d->media != NULL); /* only fleets have media */
    media_order(d->media, d->now, order);
}

/* -- What the hub tells. -- */

static void on_message(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct driver *d = context;
    d->counts.messages_in++;
    d->now = loop_now();
    d->sender = peer;
    d->process->message(d->process->self, d->now, link, peer, msg);
    d->sender = d->config.self;
}

static void on_up(void *context, enum link link, struct proc_id peer)
{
    struct driver *d = context;
    d->now = loop_now();
    trace_link(d, EVENT_LINK_UP, link, peer, REASON_NONE);
    if (d->process->link_up != NULL) {
        d->process->link_up(d->process->self, d->now, link, peer);
    }
}

static void on_down(void *context, enum link link, struct proc_id peer, enum reason reason)
{
    struct driver *d = context;
    d->now = loop_now();
    trace_link(d, EVENT_LINK_DOWN, link, peer, reason);
    if (d->process->link_down != NULL) {
        d->process->link_down(d->process->self, d->now, link, peer, reason);
    }
}

static void on_rejected(void *context, enum link link, struct proc_id peer, enum err why)
{
    count_rejected(context, (unsigned)link, peer, why);
}

/* -- A turn. -- */

static void deliver_local(struct driver *d)
{
    while (mailbox_take(&d->local, &d->message)) {
        d->process->message(d->process->self, d->now, LINK_LOCAL, d->config.self, &d->message);
    }
}

static struct instant process_deadline(const struct driver *d)
{
    return d->process->deadline != NULL ? d->process->deadline(d->process->self) : INSTANT_NEVER;
}

/* Local messages and deadlines, until there are none or it was enough for one turn. */
static void run_due(struct driver *d)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        d->now = loop_now();
        bool due = instant_reached(d->now, process_deadline(d));
        if (mailbox_empty(&d->local) && !due) {
            return;
        }
        deliver_local(d);
        if (due) {
            d->process->tick(d->process->self, d->now);
        }
    }
}

static void on_media(void *context, const struct media_report *report)
{
    struct driver *d = context;
    if (d->process->media != NULL) {
        d->process->media(d->process->self, d->now, report);
    }
}

/* One commit for all that the turn stored, and the news of it. */
static void commit(struct driver *d)
{
    uint64_t ticket = store_commit(d->store, d->now, trace, d);
    if (ticket > d->stored) {
        d->stored = ticket;
        d->now = loop_now();
        if (d->process->stored != NULL) {
            d->process->stored(d->process->self, d->now, ticket);
        }
    }
}

static struct instant deadline_of(const struct driver *d)
{
    if (!mailbox_empty(&d->local)) {
        return (struct instant){0};
    }
    struct instant at = instant_min(process_deadline(d), hub_deadline(d->hub));
    if (d->media != NULL) {
        at = instant_min(at, media_deadline(d->media));
    }
    return d->store != NULL ? instant_min(at, store_deadline(d->store)) : at;
}

static struct instant turn(void *context, struct instant now, struct duration late)
{
    struct driver *d = context;
    d->now = now;
    d->counts.turns++;
    if (late.us > LOOP_LATE_US) {
        struct event e = {.kind = EVENT_LOOP_LATE, .value = late.us};
        d->counts.late++;
        trace(d, &e);
    }
    run_due(d);
    if (d->media != NULL) {
        media_turn(d->media, d->now, on_media, d);
    }
    if (d->store != NULL) {
        commit(d);
    }
    hub_turn(d->hub, d->now);
    trace_all_rejected(d);
    if (d->spine != NULL) {
        spine_flush(d->spine);
    }
    return deadline_of(d);
}

/* -- From the beginning to the end. -- */

/* What only some kinds of processes have. */
static enum err open_kind(struct driver *d, const char *block)
{
    const struct driver_config *c = &d->config;
    switch (topology_proc_of(c->topology, c->self)->kind) {
    case PROC_PG:
        return store_new(c->state_dir, c->topology, &outbox_backend, &d->store);
    case PROC_ICM:
        return store_new(c->state_dir, c->topology, &logger_backend, &d->store);
    case PROC_FLEET:
        return media_new(&d->loop, c->topology, block, c->self, &d->media);
    case PROC_NONE:
    case PROC_NODE:
    case PROC_RECORDER:
        break;
    }
    return ERR_OK;
}

static void make_hub(struct driver *d, const struct wires_config *wires)
{
    d->wires = wires_new(wires);
    struct hub_config config = {.topology = d->config.topology,
                                .self = d->config.self,
                                .incarnation = d->incarnation,
                                .seed = d->seed,
                                .hlc = &d->hlc,
                                .ground = wires_ground(d->wires),
                                .events = {d, on_message, on_up, on_down, on_rejected}};
    memcpy(config.name, wires->name, sizeof config.name);
    d->hub = hub_new(&config);
    wires_attach(d->wires, d->hub);
}

static enum err open_hub(struct driver *d, const char *block)
{
    struct wires_config config = {.topology = d->config.topology,
                                  .self = d->config.self,
                                  .ground = {.loop = &d->loop, .zmq = d->zmq, .keys = &d->keys},
                                  .context = d,
                                  .rejected = on_rejected};
    bool guest = !proc_id_some(d->config.self);
    snprintf(config.name, sizeof config.name, "%s",
             guest ? KEYS_OPERATOR : topology_name(d->config.topology, d->config.self));
    snprintf(config.guest, sizeof config.guest, "%s", guest ? d->config.guest : "");
    snprintf(config.block, sizeof config.block, "%s.", block);
    snprintf(config.private_block, sizeof config.private_block, "%s.",
             d->config.private_block != NULL ? d->config.private_block : block);
    make_hub(d, &config);
    enum err err = keys_load(d->config.keys_dir, config.name, d->config.topology, &d->keys);
    if (err != ERR_OK || guest) {
        return err;
    }
    err = zap_new(&d->loop, d->zmq, &d->keys, &d->zap);
    if (err != ERR_OK) {
        return err;
    }
    char address[LINK_ADDRESS_LEN];
    if (!wires_address(d->wires, LINK_OPERATOR, d->config.self, address)) {
        return ERR_INVALID;
    }
    err = spine_new(d->config.state_dir, d->config.topology, &config.ground, address, &d->spine);
    if (err == ERR_OK) {
        err = open_kind(d, config.block);
    }
    return err != ERR_OK ? err : hub_listen(d->hub, LINK_OPERATOR, true);
}

enum err driver_new(const struct driver_config *config, struct driver **ret_driver)
{
    struct driver *d = calloc(1, sizeof *d);
    ASSERT(d != NULL);
    d->config = *config;
    d->incarnation.v = 1;
    d->world = (struct world){d,     send_to, listen_on,   connect_to, trace,
                              store, trim,    order_media, rows,       row_after};
    enum err err = loop_init(&d->loop);
    if (err != ERR_OK) {
        free(d);
        return err;
    }
    d->loop.context = d;
    d->sender = config->self;
    d->now = loop_now();
    if (proc_id_some(config->self)) {
        err = state_count_start(config->state_dir, &d->incarnation);
    }
    if (err == ERR_OK && getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed) {
        err = ERR_IO;
    }
    d->zmq = zmq_ctx_new();
    if (d->zmq == NULL || zmq_ctx_set(d->zmq, ZMQ_MAX_SOCKETS, ZMQ_SOCKETS_MAX) != 0) {
        err = ERR_IO;
    }
    if (err == ERR_OK) {
        err = open_hub(d, config->block);
    }
    if (err != ERR_OK) {
        driver_free(&d);
        return err;
    }
    *ret_driver = d;
    return ERR_OK;
}

void driver_free(struct driver **driver)
{
    struct driver *d = *driver;
    if (d == NULL) {
        return;
    }
    hub_free(&d->hub);
    wires_free(&d->wires);
    spine_free(&d->spine);
    media_free(&d->media);
    store_free(&d->store);
    zap_free(&d->zap);
    loop_deinit(&d->loop);
    if (d->zmq != NULL) {
        zmq_ctx_term(d->zmq);
    }
    mailbox_free(&d->local);
    free(d);
    *driver = NULL;
}

const struct world *driver_world(struct driver *d)
{
    return &d->world;
}

uv_loop_t *driver_loop(struct driver *d)
{
    return &d->loop.uv;
}

const struct keys *driver_keys(const struct driver *d)
{
    return &d->keys;
}

void driver_refused(struct driver *d, enum err why)
{
    count_rejected(d, DOOR_RAFT, (struct proc_id){0}, why);
}

struct incarnation driver_incarnation(const struct driver *d)
{
    return d->incarnation;
}

uint64_t driver_seed(const struct driver *d)
{
    return d->seed;
}

bool driver_address(const struct driver *d, struct proc_id proc, char *ret_address, size_t cap)
{
    char address[LINK_ADDRESS_LEN];
    if (!wires_address(d->wires, LINK_OPERATOR, proc, address)) {
        return false;
    }
    snprintf(ret_address, cap, "%s", address);
    return true;
}

struct driver_counts driver_counted(const struct driver *d)
{
    return d->counts;
}

static void on_restore(void *context, const struct msg *msg)
{
    struct driver *d = context;
    ASSERT(d->process->restore != NULL);
    d->process->restore(d->process->self, msg);
}

enum err driver_run(struct driver *d, const struct process *process)
{
    ASSERT(process->message != NULL);
    ASSERT(process->deadline == NULL || process->tick != NULL);
    d->process = process;
    d->loop.turn = turn;
    d->now = loop_now();
    if (proc_id_some(d->config.self)) {
        struct event e = {.kind = EVENT_PROCESS_START, .value = (int64_t)getpid()};
        trace(d, &e);
        log_line(LOG_INFO, "event=start incarnation=%llu seed=%llu",
                 (unsigned long long)d->incarnation.v, (unsigned long long)d->seed);
    }
    if (d->store != NULL) {
        enum err err = store_restore(d->store, on_restore, d);
        if (err != ERR_OK) {
            log_line(LOG_ERROR, "event=restore_failed reason=\"%s\"", err_text(err));
            return err;
        }
    }
    if (process->start != NULL) {
        process->start(process->self, d->now);
    }
    loop_run(&d->loop);
    d->now = loop_now();
    struct event stop = {.kind = EVENT_PROCESS_STOP};
    trace(d, &stop);
    err_ignore(d->store != NULL && store_commit_last(d->store, d->now, trace, d) == 0 ? ERR_STATE
                                                                                      : ERR_OK,
               "what is not stored was not acknowledged");
    hub_turn(d->hub, d->now);
    if (d->spine != NULL) {
        spine_flush(d->spine);
    }
    d->loop.turn = NULL;
    return d->failure;
}

void driver_stop(struct driver *d)
{
    loop_stop(&d->loop);
}
