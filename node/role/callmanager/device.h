/* device: the devices that this CallManager serves, from registration to departure.
 *
 *   none --register--> pending --committed--> served --keepalives missed, link down--> orphan
 *   served --unregister, the registry shows another owner or epoch--> none
 *   orphan --released in the registry, or another owner--> none
 *
 * Pending and served may overlap: a device that registers anew stays served until the new epoch is
 * committed. Route points have no session here: the registry alone says who holds them.
 *
 * Source: docs/protocol.md, "Registration". */
#ifndef NODE_ROLE_CALLMANAGER_DEVICE_H
#define NODE_ROLE_CALLMANAGER_DEVICE_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define DEVICE_TRAVELLERS_MAX 256 /* on their way home at once, whatever the profile says */
#define DEVICE_TRAVEL_MS      2000
#define DEVICE_RETRY_MS_MAX   10000

struct callmanager;
struct registry_change;

struct device {
    uint32_t epoch;       /* served under this epoch; 0: not served */
    uint32_t orphan;      /* was served under this epoch; to be released; 0: no */
    struct proc_id peer;  /* the fleet process that speaks for it */
    uint64_t counter;     /* of the registration that is served; a route point: its epoch, as last
                             looked at */
    uint64_t pending;     /* counter of the registration that is proposed; 0: none */
    struct instant heard; /* last keepalive, or the moment that it became an orphan */
    uint32_t parties;     /* its legs; 0: none */
    uint32_t preserved;   /* epoch of a preserved call that the phone reported; 0: none */
    struct call_id preserved_call;
    bool draining; /* a gateway on its way home: no new calls */
    enum device_kind kind;
};

struct device_traveller {
    struct device_id device; /* none: free */
    struct instant until;    /* NEVER while a gateway drains */
};

/* STATION messages. */
void device_register(struct callmanager *cm, struct proc_id peer,
                     const struct msg_station_register *m);
void device_unregister(struct callmanager *cm, struct proc_id peer,
                       const struct msg_station_unregister *m);
void device_keepalive(struct callmanager *cm, struct proc_id peer,
                      const struct msg_station_keepalive *m);
void device_preserved(struct callmanager *cm, struct proc_id peer,
                      const struct msg_station_preserved *m);
void device_fallback(struct callmanager *cm, struct proc_id peer,
                     const struct msg_station_fallback *m);
/* Is the device served here, by this peer, under this epoch? If not, it is told to reset. */
bool device_check(struct callmanager *cm, struct proc_id peer, struct device_id device,
                  uint32_t epoch);

void device_link_down(struct callmanager *cm, struct proc_id peer);
/* What became of a proposal about a device (tag as given to the proposal). */
void device_result(struct callmanager *cm, uint64_t tag, const struct msg_command_result *result);
/* The registry changed about one device: compare, and give up or give back. */
void device_registry_changed(struct callmanager *cm, struct device_id device);
/* Look for missed keepalives; `late` is what our own loop lost, which is nobody's miss. */
void device_scan(struct callmanager *cm, struct duration late);

bool device_served(const struct callmanager *cm, struct device_id device);
/* Epoch of a device that this node holds: of its session, or the one under which it last looked at
 * a route point. */
uint32_t device_epoch(const struct callmanager *cm, struct device_id device);
/* May a call ring there (or be offered there)? Otherwise why not: THROTTLED if the phone is on its
 * way home and can be rung in a moment. */
enum reason device_free(const struct callmanager *cm, struct device_id device);
/* May it dial? */
enum reason device_may_dial(const struct callmanager *cm, struct device_id device);
/* Send a station_call to a served device; fills in the epoch. Route points are shown nothing. */
void device_show(struct callmanager *cm, struct msg_station_call *m);
uint32_t device_count(const struct callmanager *cm, enum device_kind kind);

#endif
