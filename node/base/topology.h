/* topology: everything that a cluster's file says once, as one plain value that every process
 * holds.
 *
 * Filled by node/runtime/topology_file (libyaml, libcyaml); constant afterwards. Device numbers run
 * from 1: first the phones, range after range, then the gateways, then the route points (one for
 * each dialled number). */
#ifndef NODE_BASE_TOPOLOGY_H
#define NODE_BASE_TOPOLOGY_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/time.h"
#include "node/base/vocabulary.h"

#include <stddef.h>

#define PROCS_MAX         48
#define NODES_MAX         9
#define GROUPS_MAX        16
#define GROUP_MEMBERS_MAX 3
#define RANGES_MAX        16
#define GATEWAYS_MAX      64
#define DIALLED_MAX       256
#define SKILLS_MAX        32
#define AGENTS_MAX        2048
#define DEVICES_MAX       16384

enum proc_kind { PROC_NONE, PROC_NODE, PROC_PG, PROC_ICM, PROC_FLEET, PROC_RECORDER };
enum side { SIDE_NONE, SIDE_A, SIDE_B };

struct topology_proc {
    char name[NAME_LEN];
    enum proc_kind kind;
    uint32_t host;                  /* its address is 127.x.y.host on one machine */
    bool publisher;                 /* nodes */
    bool callmanager;               /* nodes: runs the service */
    bool ctimanager;                /* nodes: runs the service */
    enum side side;                 /* PG and central controller sides */
    uint32_t pair;                  /* PGs: the PeripheralID of the pair, from 5000 */
    struct proc_id ctimanager_node; /* PGs: the one CTI Manager that this side is wired to */
};

struct topology_group {
    char name[NAME_LEN];
    uint32_t members_n;
    struct proc_id members[GROUP_MEMBERS_MAX]; /* in the order of preference */
};

struct topology_phones {
    uint64_t first; /* first directory number */
    uint32_t count;
    uint32_t group; /* index into groups */
    struct proc_id fleet;
};

struct topology_gateway {
    char name[NAME_LEN];
    uint32_t group;
    uint32_t channels;
    struct proc_id fleet;
};

struct topology_skill {
    char name[NAME_LEN];
    uint32_t number; /* SkillGroupSkillTargetID */
};

struct topology_dialled {
    char number[NUMBER_LEN];
    uint32_t group; /* which CallManagers may hold its route point */
    uint32_t skill; /* index into skills */
    uint32_t pair;  /* the PG pair that routes it */
};

struct topology_agents {
    uint32_t first; /* first agent id */
    uint32_t count;
    uint64_t phone; /* directory number of the first agent's phone; the others follow */
    uint32_t skill; /* index; with `spread`, agents take the skills in turn */
    bool spread;
    uint32_t pair;
};

/* The traffic that a seed draws. Rates are in thousandths of a call a second. */
struct topology_traffic {
    uint64_t seed;
    uint32_t agent_calls_mps;
    uint32_t phone_calls_mps;
    struct duration talk_mean; /* both kinds; drawn from half to one and a half of it */
    struct duration wrapup_mean;
    struct duration ring_mean;   /* how long a person lets it ring before answering */
    struct duration patience;    /* a caller gives up after this long in a queue or ringing */
    uint32_t hold_percent;       /* of agent calls */
    uint32_t transfer_percent;   /* of agent calls; half of them blind */
    uint32_t conference_percent; /* of agent calls */
};

/* Where the sources differ (docs/policies.md). */
struct topology_policies {
    enum fallback fallback; /* the configuration may say something else: registry_config() */
    enum control control;
    enum login login;
    enum cut_row cut_row;
};

/* The networks that its hosts share, for clusters of which every process has a machine of its own:
 * the first three numbers of the addresses; empty: none are named. The last number is `host`. */
struct topology_networks {
    char visible_block[NAME_LEN];
    char private_block[NAME_LEN];
};

/* For so many node_down_after a node tries to have a command or a read done by a majority. */
#define TOPOLOGY_GIVE_UP_FACTOR 4

/* One row of the table of time profiles (docs/protocol.md). */
struct topology_timers {
    char profile[NAME_LEN];
    struct duration phone_keepalive, standby_keepalive;
    uint32_t phone_misses;
    struct duration jtapi_heartbeat, desktop_heartbeat;
    uint32_t cti_misses;
    struct duration private_heartbeat;
    uint32_t private_misses;
    struct duration mesh_heartbeat; /* SDL, member and controller links */
    uint32_t mesh_misses;
    struct duration fallback_watch;
    uint32_t fallback_queue;      /* phones that may be on their way home at once */
    uint32_t registrations_per_s; /* accepted by one CallManager */
    uint32_t monitors_per_s;      /* confirmed to one PIM */
    struct duration raft_election, raft_heartbeat;
    struct duration lease_renew, lease_grant, node_down_after;
    struct duration media_interval, media_lost_after;
    struct duration ring_timeout, route_timeout, reserve_timeout;
    struct duration home_bound, live_bound; /* HOME-1, LIVE-1 */
};

struct topology {
    char name[NAME_LEN];
    uint64_t hash; /* of the whole; a peer with another one is refused */
    uint32_t procs_n, groups_n, phones_n, gateways_n, skills_n, dialled_n, agents_n;
    struct topology_proc procs[PROCS_MAX]; /* proc_id v is procs[v - 1] */
    struct topology_group groups[GROUPS_MAX];
    struct topology_phones phones[RANGES_MAX];
    struct topology_gateway gateways[GATEWAYS_MAX];
    struct topology_skill skills[SKILLS_MAX];
    struct topology_dialled dialled[DIALLED_MAX];
    struct topology_agents agents[RANGES_MAX];
    struct topology_traffic traffic;
    struct topology_policies policies;
    struct topology_networks networks;
    struct topology_timers timers;
};

struct device_info {
    enum device_kind kind;
    char name[NAME_LEN]; /* SEP000000000001, the gateway's name, RP80001 */
    char number[NUMBER_LEN];
    uint32_t group;
    struct proc_id fleet; /* none for route points */
    uint32_t index;       /* gateways: into gateways; route points: into dialled */
};

struct agent_info {
    struct agent_id id;
    char number[NUMBER_LEN]; /* of the phone */
    struct device_id device;
    uint32_t skill; /* index into skills */
    uint32_t pair;
};

/* The defaults of a profile: "lab", "srnd" or "slow". ERR_UNKNOWN leaves *ret alone. */
MUST_CHECK enum err topology_profile(const char *name, struct topology_timers *ret_timers);

uint32_t topology_devices(const struct topology *t);
/* false: no such device. */
bool topology_device(const struct topology *t, struct device_id id, struct device_info *ret_info);
/* The same without name and number: for those who ask for thousands. */
bool topology_device_place(const struct topology *t, struct device_id id,
                           struct device_info *ret_info);
/* none: no device has this number (gateways have none). */
struct device_id topology_number(const struct topology *t, const char *number);
struct device_id topology_device_named(const struct topology *t, const char *name);
struct device_id topology_route_point(const struct topology *t, uint32_t dialled);
struct device_id topology_gateway(const struct topology *t, uint32_t gateway);
/* none, or the first phone that is an agent's, and so on; agents in the order of the ranges. */
uint32_t topology_agents_total(const struct topology *t);
bool topology_agent(const struct topology *t, uint32_t nth, struct agent_info *ret_info);
bool topology_agent_by_id(const struct topology *t, struct agent_id id,
                          struct agent_info *ret_info);
bool topology_agent_by_device(const struct topology *t, struct device_id device,
                              struct agent_info *ret_info);
struct proc_id topology_proc_named(const struct topology *t, const char *name);
const struct topology_proc *topology_proc_of(const struct topology *t, struct proc_id id);
/* The name, or "guest" for one that is not of the topology. */
const char *topology_name(const struct topology *t, struct proc_id id);
struct proc_id topology_publisher(const struct topology *t);
/* The place of a node in a group: 0 is first; GROUP_MEMBERS_MAX if it is no member. */
uint32_t topology_rank(const struct topology *t, uint32_t group, struct proc_id node);

#endif
