/* registry: what the nodes agree on, as a pure state machine: who owns which device, which services
 * live, forwards, configuration, and which batches were already applied.
 *
 * Fed with committed batches in the order of the Raft log, on every node alike; no clock, no I/O.
 * The epoch of a device is the only truth about ownership: every change of owner raises it.
 *
 *                 REGISTER, ROUTE_POINT_OPEN: epoch + 1
 *   UNREGISTERED ------------------------------------------> REGISTERED --+ new counter: epoch + 1
 *     |      ^   <------------------------------------------     ^      <-+
 *     |      |    UNREGISTER, RELEASE, owner's service or node   |
 *     |      |    down or anew: epoch + 1, owner none            |
 *     +------|--> IN_CALL ---------------------------------------+
 *     IN_CALL (same epoch)         REGISTER: epoch + 1
 *
 * Commands (struct msg_command) and the fields that they use; `origin` is the batch's:
 *   REGISTER          device, node (= origin), incarnation (its CallManager's), counter (phone's)
 *   UNREGISTER        device, epoch; origin is the owner
 *   RELEASE           device, epoch; origin is the owner
 *   IN_CALL           device, epoch (the one that the phone knows, at most one behind)
 *   SERVICE_UP        node (= origin), service, incarnation
 *   SERVICE_DOWN      node (= origin), service, incarnation
 *   NODE_DOWN         node, incarnation (of the process, as registry_node() has it)
 *   ROUTE_POINT_OPEN  device, node (its owner to be), incarnation (of that node's CallManager)
 *   FORWARD           number, text (the target; empty: none)
 *   CONFIG            text: key=value (empty value: none); origin is the publisher
 * The first batch of a new incarnation of a process takes all services of the older one down. */
#ifndef CLUSTER_REGISTRY_REGISTRY_H
#define CLUSTER_REGISTRY_REGISTRY_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define REGISTRY_FORWARDS_MAX 1024
#define REGISTRY_CONFIG_MAX   128
#define REGISTRY_TEXT_LEN     64

struct registry_device {
    struct proc_id owner;
    enum device_kind kind; /* constant, of the topology */
    enum device_state state;
    uint32_t epoch;                 /* 0: never had an owner */
    struct incarnation incarnation; /* of the owner's CallManager */
    uint64_t counter;               /* of the last registration that was accepted */
    uint64_t since;                 /* Raft index of the last change */
};

struct registry_node {
    bool up;
    struct incarnation incarnation; /* of the process */
    bool service_up[SERVICE_COUNT];
    struct incarnation service[SERVICE_COUNT];
};

enum registry_change_kind {
    REGISTRY_CHANGE_DEVICE,  /* device, node (owner now), was, incarnation, epoch, state */
    REGISTRY_CHANGE_SERVICE, /* node, service, incarnation, up */
    REGISTRY_CHANGE_NODE,    /* node, incarnation, up */
    REGISTRY_CHANGE_FORWARD, /* device: of the number, if it is one; read registry_forward() */
    REGISTRY_CHANGE_CONFIG,  /* read registry_config() */
    REGISTRY_CHANGE_ALL,     /* a snapshot was loaded, or too much changed: read everything anew */
};

struct registry_change {
    enum registry_change_kind kind;
    uint64_t index;
    struct device_id device;
    struct proc_id node, was;
    enum service service;
    struct incarnation incarnation;
    bool up;
    uint32_t epoch;
    enum device_state state;
};

/* Told of every change, while it is applied; must not call back into the registry's appliers. */
struct registry_watch {
    void *context;
    void (*changed)(void *context, const struct registry_change *change);
};

struct registry_forward {
    char number[NUMBER_LEN], to[NUMBER_LEN];
};

struct registry_setting {
    char key[NAME_LEN], value[REGISTRY_TEXT_LEN];
};

/* The last batch of an origin: an origin has one batch outstanding at a time. */
struct registry_batch {
    struct incarnation incarnation;
    uint64_t seq, index;
    uint32_t results_n;
    struct msg_command_result results[MAX_command_result];
};

/* About 1 MiB; its storage is the caller's. Only the functions here touch the fields. */
struct registry {
    const struct topology *topology;
    struct registry_watch watch;
    uint64_t applied, hash;
    uint32_t devices_n, forwards_n, settings_n;
    struct registry_device devices[DEVICES_MAX];
    struct registry_node nodes[PROCS_MAX];
    struct registry_batch batches[PROCS_MAX];
    struct registry_forward forwards[REGISTRY_FORWARDS_MAX]; /* sorted by number */
    struct registry_setting settings[REGISTRY_CONFIG_MAX];   /* sorted by key */
};

/* An empty registry over a topology, which is borrowed for its whole life. */
void registry_init(struct registry *r, const struct topology *topology,
                   struct registry_watch watch);

/* Apply one committed batch. `index` is of its log entry and never goes back; an entry may hold
 * several batches. A batch that was applied before gets its old answer and changes nothing; one
 * that is older than the origin's last answers STALE_LINK for each command.
 *
 * ret_proposed  one result for each command, in their order
 * Upholds  REG-1, REG-2: epochs never fall, and rise with every change of owner */
void registry_apply(struct registry *r, uint64_t index, const struct msg_propose *propose,
                    struct msg_proposed *ret_proposed);

/* Was this very batch applied already? Then its answer is in *ret_proposed. */
bool registry_answered(const struct registry *r, const struct msg_propose *propose,
                       struct msg_proposed *ret_proposed);

/* Index of the last applied batch; 0: none. */
uint64_t registry_applied(const struct registry *r);
/* A hash of all state, the same on every node that applied the same index, whatever its history.
 * Upholds REG-4. */
uint64_t registry_hash(const struct registry *r);

/* Look-ups. NULL, none, false: there is no such thing. Device numbers run from 1. */
uint32_t registry_devices(const struct registry *r);
const struct registry_device *registry_device(const struct registry *r, struct device_id device);
/* The owner, if the device is REGISTERED; none otherwise. */
struct proc_id registry_owner(const struct registry *r, struct device_id device);
/* Does this CallManager own the device, and under this epoch? The test before anything is done. */
bool registry_owns(const struct registry *r, struct device_id device, struct proc_id node,
                   struct incarnation callmanager, uint32_t epoch);
const struct registry_node *registry_node(const struct registry *r, struct proc_id node);
bool registry_service_up(const struct registry *r, struct proc_id node, enum service service);
/* First member of a group whose CallManager lives; none if no one does. */
struct proc_id registry_first_living(const struct registry *r, uint32_t group);
/* Where calls to a number go instead; NULL: nowhere. */
const char *registry_forward(const struct registry *r, const char *number);
const char *registry_config(const struct registry *r, const char *key);

#endif
