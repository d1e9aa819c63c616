#include "cluster/registry/registry.h"

#include "cluster/registry/registry_row.h"

#include <string.h>

/* A batch while it is applied. */
struct step {
    struct registry *r;
    uint64_t index;
    struct proc_id origin;
};

static const struct registry_node *node_at(const struct registry *r, struct proc_id node)
{
    const struct topology_proc *proc = topology_proc_of(r->topology, node);
    return proc != NULL && proc->kind == PROC_NODE ? &r->nodes[node.v - 1] : NULL;
}

static struct msg_command_result answer(enum reason reason, uint32_t epoch)
{
    return (struct msg_command_result){.reason = (uint32_t)reason, .epoch = epoch};
}

static void tell(const struct registry *r, const struct registry_change *change)
{
    if (r->watch.changed != NULL) {
        r->watch.changed(r->watch.context, change);
    }
}

/* -- Every change of a row goes through one of these, so that the hash never lags. -- */

static void device_set(const struct step *s, struct device_id id, struct registry_device new)
{
    struct registry_device *d = &s->r->devices[id.v - 1];
    ASSERT(new.epoch >= d->epoch);
    if (!proc_id_eq(new.owner, d->owner)) {
        ASSERT(new.epoch > d->epoch);
    }
    ASSERT(proc_id_some(new.owner) == (new.state == DEVICE_STATE_REGISTERED));
    struct proc_id was = d->owner;
    new.since = s->index;
    s->r->hash ^= registry_row_device(id, d) ^ registry_row_device(id, &new);
    *d = new;
    tell(s->r, &(struct registry_change){.kind = REGISTRY_CHANGE_DEVICE,
                                         .index = s->index,
                                         .device = id,
                                         .node = new.owner,
                                         .was = was,
                                         .incarnation = new.incarnation,
                                         .epoch = new.epoch,
                                         .state = new.state});
}

static void node_set(const struct step *s, struct proc_id id, struct registry_node new)
{
    struct registry_node *n = &s->r->nodes[id.v - 1];
    struct registry_node old = *n;
    s->r->hash ^= registry_row_node(id, &old) ^ registry_row_node(id, &new);
    *n = new;
    if (old.up != new.up || !incarnation_eq(old.incarnation, new.incarnation)) {
        tell(s->r, &(struct registry_change){.kind = REGISTRY_CHANGE_NODE,
                                             .index = s->index,
                                             .node = id,
                                             .incarnation = new.incarnation,
                                             .up = new.up});
    }
    for (enum service v = SERVICE_NONE; v < SERVICE_COUNT; v++) {
        if (old.service_up[v] != new.service_up[v] ||
            !incarnation_eq(old.service[v], new.service[v])) {
            tell(s->r, &(struct registry_change){.kind = REGISTRY_CHANGE_SERVICE,
                                                 .index = s->index,
                                                 .node = id,
                                                 .service = v,
                                                 .incarnation = new.service[v],
                                                 .up = new.service_up[v]});
        }
    }
}

/* -- Ownership. -- */

static struct registry_device unowned(const struct registry_device *d)
{
    struct registry_device new = *d;
    new.owner = (struct proc_id){0};
    new.incarnation = (struct incarnation){0};
    new.state = DEVICE_STATE_UNREGISTERED;
    new.epoch++;
    return new;
}

/* What the CallManager of a node owned is nobody's now. Every owner's service is up and current, so
 * this is called whenever one stops being so. */
static void release_all(const struct step *s, struct proc_id node)
{
    for (uint32_t i = 0; i < s->r->devices_n; i++) {
        if (proc_id_eq(s->r->devices[i].owner, node)) {
            device_set(s, (struct device_id){i + 1}, unowned(&s->r->devices[i]));
        }
    }
}

/* May this CallManager get a device? NONE: it is the current one, and up. */
static enum reason may_own(const struct registry *r, struct proc_id node,
                           struct incarnation incarnation)
{
    const struct registry_node *n = node_at(r, node);
    if (n == NULL) {
        return REASON_BAD_REQUEST;
    }
    if (!incarnation_some(incarnation) ||
        !incarnation_eq(n->service[SERVICE_CALLMANAGER], incarnation)) {
        return REASON_NOT_OWNER;
    }
    return n->service_up[SERVICE_CALLMANAGER] ? REASON_NONE : REASON_SERVICE_LOST;
}

static struct registry_device owned(const struct registry_device *d, struct proc_id node,
                                    struct incarnation incarnation, uint64_t counter)
{
    struct registry_device new = *d;
    new.owner = node;
    new.incarnation = incarnation;
    new.counter = counter;
    new.state = DEVICE_STATE_REGISTERED;
    new.epoch++;
    return new;
}

static bool owned_by(const struct registry_device *d, struct proc_id node,
                     struct incarnation incarnation)
{
    return d->state == DEVICE_STATE_REGISTERED && proc_id_eq(d->owner, node) &&
           incarnation_eq(d->incarnation, incarnation);
}

/* -- Commands. -- */

static struct msg_command_result do_register(const struct step *s, const struct msg_command *c)
{
    const struct registry_device *d = registry_device(s->r, c->device);
    if (d == NULL) {
        return answer(REASON_UNKNOWN_DEVICE, 0);
    }
    if (d->kind == DEVICE_KIND_ROUTE_POINT || !proc_id_eq(c->node, s->origin) || c->counter == 0) {
        return answer(REASON_BAD_REQUEST, d->epoch);
    }
    enum reason reason = may_own(s->r, c->node, c->incarnation);
    if (reason != REASON_NONE) {
        return answer(reason, d->epoch);
    }
    if (c->counter == d->counter && owned_by(d, c->node, c->incarnation)) {
        return answer(REASON_NONE, d->epoch);
    }
    if (c->counter <= d->counter) {
        return answer(REASON_OLD_COUNTER, d->epoch);
    }
    device_set(s, c->device, owned(d, c->node, c->incarnation, c->counter));
    return answer(REASON_NONE, d->epoch);
}

/* UNREGISTER and RELEASE: the owner says that the device is not there any more. */
static struct msg_command_result do_release(const struct step *s, const struct msg_command *c)
{
    const struct registry_device *d = registry_device(s->r, c->device);
    if (d == NULL) {
        return answer(REASON_UNKNOWN_DEVICE, 0);
    }
    if (c->epoch != d->epoch) {
        return answer(REASON_OLD_EPOCH, d->epoch);
    }
    if (!proc_id_eq(d->owner, s->origin)) {
        return answer(REASON_NOT_OWNER, d->epoch);
    }
    device_set(s, c->device, unowned(d));
    return answer(REASON_NONE, d->epoch);
}

static struct msg_command_result do_in_call(const struct step *s, const struct msg_command *c)
{
    const struct registry_device *d = registry_device(s->r, c->device);
    if (d == NULL) {
        return answer(REASON_UNKNOWN_DEVICE, 0);
    }
    if (d->kind == DEVICE_KIND_ROUTE_POINT || d->epoch == 0) {
        return answer(REASON_BAD_REQUEST, d->epoch);
    }
    /* The loss of the owner raised the epoch by one, which the device may not know yet. */
    if (c->epoch != d->epoch && c->epoch != d->epoch - 1) {
        return answer(REASON_OLD_EPOCH, d->epoch);
    }
    if (d->state == DEVICE_STATE_REGISTERED) {
        return answer(REASON_BAD_STATE, d->epoch);
    }
    if (d->state == DEVICE_STATE_UNREGISTERED) {
        struct registry_device new = *d;
        new.state = DEVICE_STATE_IN_CALL;
        device_set(s, c->device, new);
    }
    return answer(REASON_NONE, d->epoch);
}

static struct msg_command_result do_route_point(const struct step *s, const struct msg_command *c)
{
    const struct registry_device *d = registry_device(s->r, c->device);
    if (d == NULL) {
        return answer(REASON_UNKNOWN_DEVICE, 0);
    }
    if (d->kind != DEVICE_KIND_ROUTE_POINT) {
        return answer(REASON_BAD_REQUEST, d->epoch);
    }
    enum reason reason = may_own(s->r, c->node, c->incarnation);
    if (reason != REASON_NONE) {
        return answer(reason, d->epoch);
    }
    if (owned_by(d, c->node, c->incarnation)) {
        return answer(REASON_NONE, d->epoch);
    }
    if (d->state == DEVICE_STATE_REGISTERED) {
        return answer(REASON_NOT_OWNER, d->epoch); /* its owner lives: it does not move */
    }
    device_set(s, c->device, owned(d, c->node, c->incarnation, d->counter));
    return answer(REASON_NONE, d->epoch);
}

static struct msg_command_result do_service(const struct step *s, const struct msg_command *c,
                                            bool up)
{
    const struct registry_node *n = node_at(s->r, c->node);
    if (n == NULL || !proc_id_eq(c->node, s->origin) || c->service == SERVICE_NONE ||
        c->service >= SERVICE_COUNT || !incarnation_some(c->incarnation)) {
        return answer(REASON_BAD_REQUEST, 0);
    }
    struct registry_node new = *n;
    if (c->incarnation.v < n->service[c->service].v) {
        return answer(up ? REASON_STALE_LINK : REASON_NONE, 0);
    }
    bool was_current =
        n->service_up[c->service] && incarnation_eq(n->service[c->service], c->incarnation);
    new.service[c->service] = c->incarnation;
    new.service_up[c->service] = up;
    new.up = true;
    if (c->service == SERVICE_CALLMANAGER && !(was_current && up)) {
        release_all(s, c->node);
    }
    node_set(s, c->node, new);
    return answer(REASON_NONE, 0);
}

static void take_down(const struct step *s, struct proc_id node, struct incarnation now, bool up)
{
    struct registry_node new = *node_at(s->r, node);
    release_all(s, node);
    memset(new.service_up, 0, sizeof new.service_up);
    new.incarnation = now;
    new.up = up;
    node_set(s, node, new);
}

static struct msg_command_result do_node_down(const struct step *s, const struct msg_command *c)
{
    const struct registry_node *n = node_at(s->r, c->node);
    if (n == NULL) {
        return answer(REASON_BAD_REQUEST, 0);
    }
    if (!incarnation_eq(n->incarnation, c->incarnation)) {
        return answer(REASON_STALE_LINK, 0);
    }
    if (n->up) {
        take_down(s, c->node, n->incarnation, false);
    }
    return answer(REASON_NONE, 0);
}

static struct msg_command_result apply_one(const struct step *s, const struct msg_command *c)
{
    switch ((enum command)c->kind) {
    case COMMAND_REGISTER:
        return do_register(s, c);
    case COMMAND_UNREGISTER:
    case COMMAND_RELEASE:
        return do_release(s, c);
    case COMMAND_IN_CALL:
        return do_in_call(s, c);
    case COMMAND_SERVICE_UP:
        return do_service(s, c, true);
    case COMMAND_SERVICE_DOWN:
        return do_service(s, c, false);
    case COMMAND_NODE_DOWN:
        return do_node_down(s, c);
    case COMMAND_ROUTE_POINT_OPEN:
        return do_route_point(s, c);
    case COMMAND_FORWARD:
    case COMMAND_CONFIG: {
        struct registry_change change = {.index = s->index};
        enum reason reason = registry_row_text(s->r, s->origin, c, &change);
        if (reason == REASON_NONE) {
            tell(s->r, &change);
        }
        return answer(reason, 0);
    }
    case COMMAND_NONE:
    case COMMAND_COUNT:
        return answer(REASON_BAD_REQUEST, 0);
    }
    return answer(REASON_BAD_REQUEST, 0); /* a later version's command */
}

/* -- Batches. -- */

static void answer_all(const struct msg_propose *propose, uint64_t index, enum reason reason,
                       struct msg_proposed *ret)
{
    ret->origin = propose->origin;
    ret->incarnation = propose->incarnation;
    ret->seq = propose->seq;
    ret->index = index;
    ret->results_n = propose->commands_n;
    for (uint32_t i = 0; i < propose->commands_n; i++) {
        ret->results[i] = answer(reason, 0);
    }
}

bool registry_answered(const struct registry *r, const struct msg_propose *propose,
                       struct msg_proposed *ret_proposed)
{
    if (node_at(r, propose->origin) == NULL) {
        return false;
    }
    const struct registry_batch *b = &r->batches[propose->origin.v - 1];
    if (!incarnation_eq(b->incarnation, propose->incarnation) || b->seq != propose->seq ||
        b->seq == 0 || b->results_n != propose->commands_n) {
        return false;
    }
    answer_all(propose, b->index, REASON_NONE, ret_proposed);
    memcpy(ret_proposed->results, b->results, b->results_n * sizeof b->results[0]);
    return true;
}

void registry_apply(struct registry *r, uint64_t index, const struct msg_propose *propose,
                    struct msg_proposed *ret_proposed)
{
    ASSERT(index >= r->applied);
    ASSERT(index > 0);
    ASSERT(propose->commands_n <= MAX_command);
    const struct step s = {.r = r, .index = index, .origin = propose->origin};
    r->applied = index;
    if (registry_answered(r, propose, ret_proposed)) {
        return;
    }
    const struct registry_node *n = node_at(r, propose->origin);
    if (n == NULL || propose->seq == 0 || !incarnation_some(propose->incarnation)) {
        answer_all(propose, index, REASON_BAD_REQUEST, ret_proposed);
        return;
    }
    struct registry_batch *b = &r->batches[propose->origin.v - 1];
    if (propose->incarnation.v < b->incarnation.v ||
        (incarnation_eq(propose->incarnation, b->incarnation) && propose->seq <= b->seq)) {
        answer_all(propose, index, REASON_STALE_LINK, ret_proposed);
        return;
    }
    if (propose->incarnation.v > n->incarnation.v) {
        take_down(&s, propose->origin, propose->incarnation, true);
    }
    answer_all(propose, index, REASON_NONE, ret_proposed);
    for (uint32_t i = 0; i < propose->commands_n; i++) {
        ret_proposed->results[i] = apply_one(&s, &propose->commands[i]);
    }
    r->hash ^= registry_row_batch(propose->origin, b);
    b->incarnation = propose->incarnation;
    b->seq = propose->seq;
    b->index = index;
    b->results_n = propose->commands_n;
    memcpy(b->results, ret_proposed->results, b->results_n * sizeof b->results[0]);
    r->hash ^= registry_row_batch(propose->origin, b);
    ASSERT_SLOW(r->hash == registry_row_hash(r));
}

void registry_init(struct registry *r, const struct topology *topology, struct registry_watch watch)
{
    ASSERT(topology->procs_n <= PROCS_MAX);
    ASSERT(topology_devices(topology) <= DEVICES_MAX);
    memset(r, 0, sizeof *r);
    r->topology = topology;
    r->watch = watch;
    r->devices_n = topology_devices(topology);
    for (uint32_t i = 0; i < r->devices_n; i++) {
        struct device_info info;
        bool known = topology_device(topology, (struct device_id){i + 1}, &info);
        ASSERT(known);
        r->devices[i].kind = info.kind;
    }
}

uint64_t registry_applied(const struct registry *r)
{
    return r->applied;
}

uint64_t registry_hash(const struct registry *r)
{
    return r->hash;
}

uint32_t registry_devices(const struct registry *r)
{
    return r->devices_n;
}

const struct registry_device *registry_device(const struct registry *r, struct device_id device)
{
    return device.v >= 1 && device.v <= r->devices_n ? &r->devices[device.v - 1] : NULL;
}

struct proc_id registry_owner(const struct registry *r, struct device_id device)
{
    const struct registry_device *d = registry_device(r, device);
    return d != NULL ? d->owner : (struct proc_id){0};
}

bool registry_owns(const struct registry *r, struct device_id device, struct proc_id node,
                   struct incarnation callmanager, uint32_t epoch)
{
    const struct registry_device *d = registry_device(r, device);
    return d != NULL && owned_by(d, node, callmanager) && d->epoch == epoch;
}

const struct registry_node *registry_node(const struct registry *r, struct proc_id node)
{
    return node_at(r, node);
}

bool registry_service_up(const struct registry *r, struct proc_id node, enum service service)
{
    const struct registry_node *n = node_at(r, node);
    return n != NULL && (unsigned)service < SERVICE_COUNT && n->service_up[service];
}

struct proc_id registry_first_living(const struct registry *r, uint32_t group)
{
    ASSERT(group < r->topology->groups_n);
    const struct topology_group *g = &r->topology->groups[group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (registry_service_up(r, g->members[i], SERVICE_CALLMANAGER)) {
            return g->members[i];
        }
    }
    return (struct proc_id){0};
}

const char *registry_forward(const struct registry *r, const char *number)
{
    return registry_row_forward(r, number);
}

const char *registry_config(const struct registry *r, const char *key)
{
    return registry_row_setting(r, key);
}
