#include "node/process/node.h"

#include "node/process/node_op.h"

#include <stdio.h>
#include <string.h>

/* Whose proposal: the top bits of its tag. The CallManager's own tags stay below. */
enum tag_owner { TAG_CALLMANAGER = 1, TAG_CTIMANAGER, TAG_OPERATOR };

#define TAG_SHIFT      60
#define TAG_MASK       ((1ull << TAG_SHIFT) - 1)
#define POLLS_IN_A_ROW 4

static enum err propose(struct node *n, enum tag_owner owner, const struct msg_command *command,
                        uint64_t tag)
{
    ASSERT(tag <= TAG_MASK);
    n->again = true;
    return member_propose(&n->member, n->now, command, ((uint64_t)owner << TAG_SHIFT) | tag);
}

enum err node_propose(struct node *n, const struct msg_command *command, uint64_t ticket)
{
    return propose(n, TAG_OPERATOR, command, ticket);
}

static enum err callmanager_propose(void *context, struct instant now,
                                    const struct msg_command *command, uint64_t tag)
{
    (void)now;
    return propose(context, TAG_CALLMANAGER, command, tag);
}

static bool callmanager_lease(void *context, struct instant now)
{
    const struct node *n = context;
    return member_has_lease(&n->member, now);
}

static void ctimanager_propose(void *context, const struct msg_command *command)
{
    err_ignore(propose(context, TAG_CTIMANAGER, command, 0), "it asks again after a while");
}

/* ---- Services ---- */

static void trace_service(struct node *n, enum event_kind kind, enum service service)
{
    struct event e = {.kind = kind, .value = (int64_t)n->services[service].incarnation.v};
    snprintf(e.text, sizeof e.text, "%s", service_text(service));
    world_trace(n->config.world, &e);
}

/* The CTI Manager hears whether the CallManager beside it serves. */
static void tell_ctimanager(struct node *n)
{
    bool serving = callmanager_serving(&n->callmanager);
    if (n->services[SERVICE_CTIMANAGER].up && serving != n->serving_told) {
        n->serving_told = serving;
        ctimanager_local_callmanager(&n->ctimanager, n->now, serving);
    }
}

bool node_service_start(struct node *n, enum service service)
{
    ASSERT(service == SERVICE_CALLMANAGER || service == SERVICE_CTIMANAGER);
    struct node_service *s = &n->services[service];
    if (s->up || s->starts + 1 == NODE_STARTS_MAX) {
        return false;
    }
    s->up = true;
    s->starts++;
    s->incarnation.v = n->config.incarnation.v * NODE_STARTS_MAX + s->starts;
    trace_service(n, EVENT_SERVICE_START, service);
    if (service == SERVICE_CALLMANAGER) {
        callmanager_start(&n->callmanager, n->now, s->incarnation);
    } else {
        ctimanager_start(&n->ctimanager, n->now, s->incarnation);
        n->serving_told = callmanager_serving(&n->callmanager);
        ctimanager_local_callmanager(&n->ctimanager, n->now, n->serving_told);
    }
    member_service(&n->member, n->now, service, s->incarnation, true);
    n->again = true;
    return true;
}

bool node_service_end(struct node *n, enum service service, bool polite)
{
    ASSERT(service == SERVICE_CALLMANAGER || service == SERVICE_CTIMANAGER);
    struct node_service *s = &n->services[service];
    if (!s->up) {
        return false;
    }
    s->up = false;
    trace_service(n, polite ? EVENT_SERVICE_STOP : EVENT_SERVICE_CRASH, service);
    if (service == SERVICE_CALLMANAGER) {
        callmanager_reset(&n->callmanager);
        tell_ctimanager(n);
    } else {
        if (polite) {
            ctimanager_stop(&n->ctimanager);
        } else {
            ctimanager_reset(&n->ctimanager);
        }
        /* Its end of the LOCAL link is gone, and that is how the CallManager notices. */
        n->out.kind = MSG_SDL_SUBSCRIBE;
        n->out.correlation = 0;
        n->out.sdl_subscribe.on = false;
        callmanager_message(&n->callmanager, n->now, LINK_LOCAL, n->config.self, &n->out);
    }
    member_service(&n->member, n->now, service, s->incarnation, false);
    n->again = true;
    return true;
}

/* ---- What the member tells ---- */

static void on_result(void *context, struct instant now, uint64_t tag,
                      const struct msg_command_result *result, uint64_t index)
{
    struct node *n = context;
    enum tag_owner owner = (enum tag_owner)(tag >> TAG_SHIFT);
    if (owner == TAG_CALLMANAGER) {
        callmanager_result(&n->callmanager, now, tag & TAG_MASK, result);
    } else if (owner == TAG_OPERATOR) {
        node_op_result(n, tag & TAG_MASK, (enum reason)result->reason, index);
    }
}

static void on_changed(void *context, struct instant now, const struct registry_change *change)
{
    struct node *n = context;
    struct device_id device = {0};
    if (change->kind == REGISTRY_CHANGE_DEVICE) {
        device = change->device;
        n->changed[device.v] = now;
    }
    callmanager_registry_changed(&n->callmanager, now, change);
    if (change->kind != REGISTRY_CHANGE_FORWARD && change->kind != REGISTRY_CHANGE_CONFIG &&
        n->services[SERVICE_CTIMANAGER].up) {
        tell_ctimanager(n);
        ctimanager_registry_changed(&n->ctimanager, now, device);
    }
    if (change->kind != REGISTRY_CHANGE_DEVICE) {
        node_op_look(n);
    }
}

static void on_read(void *context, struct instant now, uint64_t tag, enum reason reason,
                    uint64_t index)
{
    (void)now;
    node_op_read(context, tag, reason, index);
}

static void on_lease(void *context, struct instant now, bool held)
{
    /* The member traces it; the CallManager asks whenever it matters. */
    (void)context;
    (void)now;
    (void)held;
}

/* When nothing was applied for a while, every node says what its state is: the judge of REG-4 must
 * not depend on how busy the cluster is. */
static void trace_hash(struct node *n)
{
    uint64_t applied = registry_applied(&n->registry);
    if (applied != n->seen) {
        n->seen = applied;
        n->quiet_at = instant_add(n->now, duration_ms(NODE_QUIET_MS));
    } else if (applied != n->hashed && instant_reached(n->now, n->quiet_at)) {
        n->hashed = applied;
        n->quiet_at = INSTANT_NEVER;
        world_trace(n->config.world,
                    &(struct event){.kind = EVENT_STATE_HASH,
                                    .value = (int64_t)applied,
                                    .value2 = (int64_t)registry_hash(&n->registry)});
    }
}

void node_poll(struct node *n, struct instant now)
{
    n->now = now;
    for (uint32_t i = 0; i < POLLS_IN_A_ROW; i++) {
        n->again = false;
        member_poll(&n->member, now);
        if (!n->again) {
            break;
        }
    }
    if (n->transferring) {
        node_op_look(n);
    }
    trace_hash(n);
    enum err failure = replica_failure(member_replica(&n->member));
    if (failure != ERR_OK && n->failure == ERR_OK) {
        n->failure = failure;
        n->ended = true;
    }
}

void node_peer_lost(struct node *n, struct instant now, struct proc_id peer)
{
    member_peer_lost(&n->member, now, peer);
}

/* ---- Entry points ---- */

static void start(void *self, struct instant now)
{
    struct node *n = self;
    const struct topology_proc *p = topology_proc_of(n->config.topology, n->config.self);
    n->now = now;
    n->config.world->listen(n->config.world->context, LINK_OPERATOR, true);
    n->failure = member_start(&n->member, now);
    if (n->failure != ERR_OK) {
        n->ended = true;
        return;
    }
    if (p->callmanager) {
        node_service_start(n, SERVICE_CALLMANAGER);
    }
    if (p->ctimanager) {
        node_service_start(n, SERVICE_CTIMANAGER);
    }
    node_poll(n, now);
}

static void local_message(struct node *n, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_SDL_EVENT || msg->kind == MSG_SDL_REQUEST_RESULT ||
        msg->kind == MSG_SDL_SESSION) {
        if (n->services[SERVICE_CTIMANAGER].up) {
            ctimanager_message(&n->ctimanager, n->now, LINK_LOCAL, peer, msg);
        }
    } else {
        callmanager_message(&n->callmanager, n->now, LINK_LOCAL, peer, msg);
    }
}

static void message(void *self, struct instant now, enum link link, struct proc_id peer,
                    const struct msg *msg)
{
    struct node *n = self;
    n->now = now;
    if (link == LINK_STATION || link == LINK_SDL) {
        callmanager_message(&n->callmanager, now, link, peer, msg);
    } else if (link == LINK_MEMBER) {
        member_message(&n->member, now, peer, msg);
    } else if (link == LINK_JTAPI) {
        if (n->services[SERVICE_CTIMANAGER].up) {
            ctimanager_message(&n->ctimanager, now, link, peer, msg);
        }
    } else if (link == LINK_LOCAL) {
        local_message(n, peer, msg);
    } else if (link == LINK_OPERATOR) {
        node_op_message(n, peer, msg);
    }
    node_poll(n, now);
}

static void link_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct node *n = self;
    n->now = now;
    if (link == LINK_STATION || link == LINK_SDL) {
        callmanager_link_up(&n->callmanager, now, link, peer);
    } else if (link == LINK_MEMBER) {
        member_link_up(&n->member, now, peer);
    } else if (link == LINK_JTAPI && n->services[SERVICE_CTIMANAGER].up) {
        ctimanager_link_up(&n->ctimanager, now, link, peer);
    }
    node_poll(n, now);
}

static void link_down(void *self, struct instant now, enum link link, struct proc_id peer,
                      enum reason reason)
{
    struct node *n = self;
    n->now = now;
    if (link == LINK_STATION || link == LINK_SDL) {
        callmanager_link_down(&n->callmanager, now, link, peer);
    } else if (link == LINK_MEMBER) {
        member_link_down(&n->member, now, peer);
    } else if (link == LINK_JTAPI && n->services[SERVICE_CTIMANAGER].up) {
        ctimanager_link_down(&n->ctimanager, now, link, peer, reason);
    }
    node_poll(n, now);
}

static struct instant deadline(const void *self)
{
    const struct node *n = self;
    struct instant next = instant_min(member_deadline(&n->member), n->quiet_at);
    next = instant_min(next, callmanager_deadline(&n->callmanager));
    if (n->services[SERVICE_CTIMANAGER].up) {
        next = instant_min(next, ctimanager_deadline(&n->ctimanager));
    }
    return instant_min(next, node_op_deadline(n));
}

static void tick(void *self, struct instant now)
{
    struct node *n = self;
    n->now = now;
    member_tick(&n->member, now);
    callmanager_tick(&n->callmanager, now);
    if (n->services[SERVICE_CTIMANAGER].up &&
        instant_reached(now, ctimanager_deadline(&n->ctimanager))) {
        ctimanager_tick(&n->ctimanager, now);
    }
    node_op_look(n);
    node_poll(n, now);
}

struct process node_entries(struct node *n)
{
    return (struct process){
        .self = n,
        .start = start,
        .message = message,
        .link_up = link_up,
        .link_down = link_down,
        .deadline = deadline,
        .tick = tick,
    };
}

/* ---- Life ---- */

enum err node_init(struct node *n, const struct node_config *config)
{
    ASSERT(topology_proc_of(config->topology, config->self) != NULL);
    ASSERT(topology_proc_of(config->topology, config->self)->kind == PROC_NODE);
    n->config = *config;
    n->quiet_at = INSTANT_NEVER;
    struct member_config m = {.self = config->self,
                              .incarnation = config->incarnation,
                              .topology = config->topology,
                              .world = config->world,
                              .registry = &n->registry,
                              .io = config->io,
                              .peers_n = config->peers_n,
                              .snapshot_every = config->snapshot_every,
                              .hooks = {n, on_result, on_changed, on_read, on_lease}};
    memcpy(m.peers, config->peers, sizeof m.peers);
    const struct ctimanager_raft cti = {n, ctimanager_propose};
    enum err err = ctimanager_init(&n->ctimanager, config->topology, config->self, config->world,
                                   &n->registry, &cti);
    if (err != ERR_OK) {
        return err;
    }
    err = member_init(&n->member, &m);
    if (err != ERR_OK) {
        ctimanager_deinit(&n->ctimanager);
        return err;
    }
    const struct callmanager_raft raft = {n, callmanager_propose, callmanager_lease};
    callmanager_init(&n->callmanager, config->topology, config->self, config->world, &n->registry,
                     &raft);
    return ERR_OK;
}

void node_deinit(struct node *n)
{
    ctimanager_deinit(&n->ctimanager);
}

void node_stop(struct node *n, struct instant now)
{
    n->now = now;
    node_service_end(n, SERVICE_CTIMANAGER, true);
    node_service_end(n, SERVICE_CALLMANAGER, true);
    member_close(&n->member);
}

bool node_closed(const struct node *n)
{
    return member_closed(&n->member);
}
