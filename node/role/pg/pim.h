/* pim: the PG side's end of its one CTI Manager: provider, monitors, requests.
 *
 *   DOWN --link up: provider_open--> OPENING --provider_opened--> OPEN
 *   OPEN --link down--> RESUMING --link up: provider_open(provider, applied)--> OPENING
 *   RESUMING too long, not resumed, out of service, a gap: the provider is lost, and is opened anew
 *
 * It never speaks to any CTI Manager but the one that the topology wires the side to (CTI-2). */
#ifndef NODE_ROLE_PG_PIM_H
#define NODE_ROLE_PG_PIM_H

#include "node/base/topology.h"
#include "node/role/pg/feed.h"
#include "proto/world.h"

#define PIM_MONITORS_MAX   (AGENTS_MAX + DIALLED_MAX)
#define PIM_REQUESTS_MAX   1024
#define PIM_RESUME_BEATS   2 /* private heartbeats that a broken link has to come back */
#define PIM_MONITORS_TRACE 256

enum pim_state { PIM_DOWN, PIM_OPENING, PIM_OPEN, PIM_RESUMING };
enum pim_news { PIM_NOTHING, PIM_UP, PIM_LOST };

/* A request on its way: a route (call, request), or a third party's key (agent, key). */
struct pim_request {
    uint64_t id; /* 0: free */
    bool route;
    struct call_id call;
    uint64_t request;
    uint32_t agent;
    enum key key;
};

struct pim {
    const struct topology *topology;
    const struct world *world;
    struct proc_id manager;
    enum pim_state state;
    bool linked;
    uint32_t opens; /* provider_open without answer */
    bool in_service;
    uint32_t reach; /* devices that the CTI Manager has a way to */
    bool monitoring;
    struct feed feed;
    struct instant resume_until;
    enum reason lost; /* why, with PIM_LOST */
    uint32_t monitors_n, confirmed;
    struct device_id monitors[PIM_MONITORS_MAX]; /* dialled numbers, then phones */
    uint8_t is_confirmed[DEVICES_MAX + 1];       /* by device; 1: wanted, 2: confirmed */
    uint32_t devices_n;
    uint64_t requests_made;
    struct pim_request requests[PIM_REQUESTS_MAX];
    uint64_t events, gaps, rejected;
};

void pim_init(struct pim *p, const struct topology *topology, struct proc_id self,
              const struct world *world);

void pim_link_up(struct pim *p);
void pim_link_down(struct pim *p, struct instant now);
enum pim_news pim_opened(struct pim *p, struct instant now, const struct msg_provider_opened *m);
enum pim_news pim_service(struct pim *p, const struct msg_provider_state *m);
/* What the CTI Manager reaches has changed. */
void pim_reach(struct pim *p, const struct msg_provider_reach *m);
/* How much of its cluster this side reaches: 0 without a provider in service. */
uint32_t pim_weight(const struct pim *p);
/* Is the confirmation one that was waited for? */
bool pim_confirmed(struct pim *p, const struct msg_monitor_confirmed *m);
/* *ret_apply: the event is next in order. PIM_LOST: there was a gap. */
enum pim_news pim_event(struct pim *p, struct instant now, const struct msg_cti_event *m,
                        bool *ret_apply);
/* The request that a result is about; false: none that is known. */
bool pim_result(struct pim *p, const struct msg_cti_result *m, struct pim_request *ret_request);

/* Ask for all monitors of the pair. */
void pim_monitor_all(struct pim *p);
bool pim_all_confirmed(const struct pim *p);
/* Close the provider and open another one, without monitors. */
void pim_close(struct pim *p);
/* ERR_STATE: no provider; ERR_FULL: too many on their way. */
MUST_CHECK enum err pim_ask(struct pim *p, const struct pim_request *request,
                            struct device_id device, const char *number);

struct instant pim_deadline(const struct pim *p);
enum pim_news pim_tick(struct pim *p, struct instant now);

#endif
