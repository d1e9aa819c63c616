/* fleet: one fleet process: its phones with their people, its gateways with their callers, its
 * agents with their desktops, and the calls that begin.
 *
 * The whole is one sans-I/O machine over tables in one block of memory that the caller gives. No
 * phone wakes the process by itself: keepalives go out in STATION_SLOTS bursts an interval, and all
 * other deadlines stand in one heap. */
#ifndef NODE_PROCESS_FLEET_H
#define NODE_PROCESS_FLEET_H

#include "node/base/alarm.h"
#include "node/process/leg_log.h"
#include "node/process/traffic.h"
#include "node/role/agent/agent.h"
#include "node/role/gateway/gateway.h"
#include "node/role/phone/phone.h"

#define FLEET_WAITS_MAX 64 /* operators who wait for an effect */

/* What an operator waits for. */
struct fleet_wait {
    bool used;
    struct proc_id peer;
    uint64_t id;
    struct device_id device;
    enum key key;
    struct agent_id agent;
    enum agent_request request;
    bool closed;  /* it is asked when a desktop is open */
    bool no_wait; /* it is answered when it was asked */
    struct instant until;
};

struct fleet {
    const struct topology *topology;
    const struct world *world;
    struct proc_id self;
    struct site site;
    struct agent_hall hall;
    struct phone *phones;
    struct gateway *gateways;
    struct agent *agents;
    struct gateway_channel *channels;
    uint16_t *agent_of; /* by phone: 1 + index of its agent; 0: none */
    uint64_t *calls;    /* scratch for counting calls: one for each leg that can be */
    uint32_t phones_n, gateways_n, agents_n, channels_n;
    uint16_t slot[DEVICES_MAX + 1]; /* by device: 1 + index (phones, then gateways); 0: not ours */
    struct alarm alarm;             /* phones, gateways, agents */
    struct instant keepalive_at;    /* the next slot */
    uint32_t keepalive_slot, keepalive_round;
    uint32_t forgive; /* slots in which nothing is counted as a miss */
    struct traffic traffic;
    uint32_t next_gateway, next_number;
    struct leg_log log;
    uint64_t calls_done;
    uint32_t waits_n; /* beyond these none was ever used */
    struct fleet_wait waits[FLEET_WAITS_MAX];
    struct msg msg;     /* the one answer under construction */
    struct instant now; /* of the present event */
    bool stopping;      /* an operator asked for the end; the driver looks after each event */
};

/* The bytes that fleet_init needs for the devices of `self`. */
size_t fleet_size(const struct topology *topology, struct proc_id self);
/* Make a fleet in `memory` (fleet_size bytes, aligned for any type, owned by the caller and
 * outliving the fleet). `topology` and `world` are borrowed for good. */
struct fleet *fleet_init(void *memory, const struct topology *topology, struct proc_id self,
                         struct incarnation incarnation, const struct world *world);
/* Where legs go that are over (docs/protocol.md, "The fleet's call log"). Before start. */
void fleet_set_log(struct fleet *f, void *context,
                   void (*write)(void *context, const struct leg_record *record));
/* The entry points for a driver. */
struct process fleet_process(struct fleet *f);
/* The end is near and polite: log what is held back and what is still open. */
void fleet_stop(struct fleet *f, struct instant now);

/* For fleet_op and fleet_order. NULL: not of this fleet. */
struct phone *fleet_phone(struct fleet *f, struct device_id device);
struct agent *fleet_agent_at(struct fleet *f, struct device_id device);
/* Something was done with this phone or agent from outside an event: hand out what follows. */
void fleet_touch(struct fleet *f, struct device_id device);

#endif
