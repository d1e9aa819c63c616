/* provider: what one PG side opened at this CTI Manager: its monitors and its numbered events.
 *
 *   provider:  none --open--> open --link down--> kept --open with its number--> open
 *              any --close, replay buffer full, kept too long, out of service while kept--> none
 *   monitor:   none --monitor--> waiting --its turn--> [opening, if a route point without owner]
 *              --owner seen, or waited long enough--> confirmed
 *
 * Confirmations go out one by one at `monitors_per_s`. A provider that goes out of service loses
 * its monitors: events were missed, so whoever wants them must ask, and gets snapshots, anew. */
#ifndef NODE_ROLE_CTIMANAGER_PROVIDER_H
#define NODE_ROLE_CTIMANAGER_PROVIDER_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define PROVIDER_REPLAY_MAX   4096 /* events that wait for their acknowledgement; power of two */
#define PROVIDER_OPEN_WAIT_MS 2000 /* a route point is confirmed out of service after this */

struct ctimanager;

enum provider_state { PROVIDER_NONE, PROVIDER_OPEN, PROVIDER_KEPT };
enum provider_watch { PROVIDER_UNWATCHED, PROVIDER_WAITING, PROVIDER_OPENING, PROVIDER_CONFIRMED };

struct provider_monitor {
    enum provider_watch watch;
    bool in_service;
    bool snapshot; /* its calls were asked for and are not all told yet */
    uint32_t epoch;
    struct proc_id owner;
};

struct provider {
    enum provider_state state;
    struct proc_id peer;
    uint64_t id;
    bool in_service;
    bool lapsed; /* it was out of service and lost its monitors; the peer may not have heard it */
    struct instant kept_until;
    uint64_t seq, acked; /* last number given, last one acknowledged */
    uint32_t reach;      /* that it was told last */
    uint32_t confirmed, opening;
    struct instant opening_until; /* of the last route point that waits */
    uint32_t waiting_first, waiting_n;
    struct instant turn;                                 /* the next confirmation, if one waits */
    struct provider_monitor monitors[DEVICES_MAX + 1];   /* by device; 0 is not used */
    struct device_id waiting[DEVICES_MAX + 1];           /* ring of devices_n + 1 */
    struct msg_device_event replay[PROVIDER_REPLAY_MAX]; /* by number */
};

void provider_init(struct provider *p, struct proc_id peer);
/* Forget it, without a word to the peer. */
void provider_forget(struct provider *p, uint32_t devices_n);

/* provider_open of `p->peer`: goes on, or begins anew. */
void provider_open(struct ctimanager *m, struct provider *p, const struct msg_provider_open *open);
void provider_monitor(struct ctimanager *m, struct provider *p, struct instant now,
                      const struct msg_monitor *monitor);
void provider_ack(struct ctimanager *m, struct provider *p, const struct msg_cti_event_ack *ack);
/* The local CallManager came or went. */
void provider_service(struct ctimanager *m, struct provider *p, bool up, enum reason reason);
void provider_link_down(struct ctimanager *m, struct provider *p, struct instant now);
/* An event of a device: numbered and sent if the device is monitored here. May close the provider.
 */
void provider_event(struct ctimanager *m, struct provider *p, const struct msg_device_event *event);
/* The device is monitored here. */
bool provider_watches(const struct provider *p, struct device_id device);
/* ... and its first snapshot is still to come. */
bool provider_expects(const struct provider *p, struct device_id device);
/* Compare a monitored device with the registry and tell what changed. */
void provider_compare(struct ctimanager *m, struct provider *p, struct device_id device);
struct instant provider_deadline(const struct provider *p);
void provider_tick(struct ctimanager *m, struct provider *p, struct instant now);

#endif
