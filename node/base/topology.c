#include "node/base/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS(n)            \
    {                    \
        .us = (n)*1000LL \
    }

static const struct topology_timers profiles[] = {
    {
        .profile = "lab",
        .phone_keepalive = MS(1000),
        .standby_keepalive = MS(2000),
        .phone_misses = 3,
        .jtapi_heartbeat = MS(1000),
        .desktop_heartbeat = MS(1000),
        .cti_misses = 3,
        .private_heartbeat = MS(100),
        .private_misses = 5,
        .mesh_heartbeat = MS(200),
        .mesh_misses = 5,
        .fallback_watch = MS(3000),
        .fallback_queue = 50,
        .registrations_per_s = 20000,
        .monitors_per_s = 500,
        .raft_election = MS(150),
        .raft_heartbeat = MS(30),
        .lease_renew = MS(50),
        .lease_grant = MS(400),
        .node_down_after = MS(600),
        .media_interval = MS(50),
        .media_lost_after = MS(2000),
        .ring_timeout = MS(12000),
        .route_timeout = MS(5000),
        .reserve_timeout = MS(7000),
        .home_bound = MS(5000),
        .live_bound = MS(10000),
    },
    {
        .profile = "srnd",
        .phone_keepalive = MS(30000),
        .standby_keepalive = MS(60000),
        .phone_misses = 3,
        .jtapi_heartbeat = MS(30000),
        .desktop_heartbeat = MS(30000),
        .cti_misses = 3,
        .private_heartbeat = MS(100),
        .private_misses = 5,
        .mesh_heartbeat = MS(400),
        .mesh_misses = 5,
        .fallback_watch = MS(120000),
        .fallback_queue = 10,
        .registrations_per_s = 100,
        .monitors_per_s = 5,
        .raft_election = MS(150),
        .raft_heartbeat = MS(30),
        .lease_renew = MS(50),
        .lease_grant = MS(400),
        .node_down_after = MS(600),
        .media_interval = MS(50),
        .media_lost_after = MS(10000),
        .ring_timeout = MS(12000),
        .route_timeout = MS(5000),
        .reserve_timeout = MS(7000),
        .home_bound = MS(180000),
        .live_bound = MS(300000),
    },
    {
        .profile = "slow",
        .phone_keepalive = MS(10000),
        .standby_keepalive = MS(20000),
        .phone_misses = 3,
        .jtapi_heartbeat = MS(10000),
        .desktop_heartbeat = MS(10000),
        .cti_misses = 3,
        .private_heartbeat = MS(2000),
        .private_misses = 5,
        .mesh_heartbeat = MS(4000),
        .mesh_misses = 5,
        .fallback_watch = MS(30000),
        .fallback_queue = 10,
        .registrations_per_s = 1000,
        .monitors_per_s = 25,
        .raft_election = MS(3000),
        .raft_heartbeat = MS(600),
        .lease_renew = MS(1000),
        .lease_grant = MS(8000),
        .node_down_after = MS(12000),
        .media_interval = MS(200),
        .media_lost_after = MS(10000),
        .ring_timeout = MS(60000),
        .route_timeout = MS(30000),
        .reserve_timeout = MS(30000),
        .home_bound = MS(120000),
        .live_bound = MS(200000),
    },
};

enum err topology_profile(const char *name, struct topology_timers *ret_timers)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(profiles[i].profile, name) == 0) {
            *ret_timers = profiles[i];
            return ERR_OK;
        }
    }
    return ERR_UNKNOWN;
}

static uint32_t phones_total(const struct topology *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->phones_n; i++) {
        n += t->phones[i].count;
    }
    return n;
}

uint32_t topology_devices(const struct topology *t)
{
    return phones_total(t) + t->gateways_n + t->dialled_n;
}

bool topology_device_place(const struct topology *t, struct device_id id,
                           struct device_info *ret_info)
{
    if (id.v == 0 || id.v > topology_devices(t)) {
        return false;
    }
    memset(ret_info, 0, sizeof *ret_info);
    uint32_t nth = id.v - 1;
    for (uint32_t i = 0; i < t->phones_n; i++) {
        const struct topology_phones *range = &t->phones[i];
        if (nth < range->count) {
            ret_info->kind = DEVICE_KIND_PHONE;
            ret_info->group = range->group;
            ret_info->fleet = range->fleet;
            return true;
        }
        nth -= range->count;
    }
    if (nth < t->gateways_n) {
        ret_info->kind = DEVICE_KIND_GATEWAY;
        ret_info->group = t->gateways[nth].group;
        ret_info->fleet = t->gateways[nth].fleet;
        ret_info->index = nth;
        return true;
    }
    ret_info->kind = DEVICE_KIND_ROUTE_POINT;
    ret_info->index = nth - t->gateways_n;
    ret_info->group = t->dialled[ret_info->index].group;
    return true;
}

static void name_phone(const struct topology *t, struct device_id id, struct device_info *info)
{
    uint32_t nth = id.v - 1, i = 0;
    for (; nth >= t->phones[i].count; i++) {
        nth -= t->phones[i].count;
    }
    snprintf(info->name, sizeof info->name, "SEP%012u", id.v);
    snprintf(info->number, sizeof info->number, "%llu",
             (unsigned long long)(t->phones[i].first + nth));
}

bool topology_device(const struct topology *t, struct device_id id, struct device_info *ret_info)
{
    if (!topology_device_place(t, id, ret_info)) {
        return false;
    }
    if (ret_info->kind == DEVICE_KIND_PHONE) {
        name_phone(t, id, ret_info);
    } else if (ret_info->kind == DEVICE_KIND_GATEWAY) {
        snprintf(ret_info->name, sizeof ret_info->name, "%s", t->gateways[ret_info->index].name);
    } else {
        const char *number = t->dialled[ret_info->index].number;
        snprintf(ret_info->name, sizeof ret_info->name, "RP%s", number);
        snprintf(ret_info->number, sizeof ret_info->number, "%s", number);
    }
    return true;
}

struct device_id topology_gateway(const struct topology *t, uint32_t gateway)
{
    ASSERT(gateway < t->gateways_n);
    return (struct device_id){phones_total(t) + gateway + 1};
}

struct device_id topology_route_point(const struct topology *t, uint32_t dialled)
{
    ASSERT(dialled < t->dialled_n);
    return (struct device_id){phones_total(t) + t->gateways_n + dialled + 1};
}

/* The number as digits; false if it is not made of digits only. */
static bool parse_number(const char *text, uint64_t *ret)
{
    if (text[0] < '1' || text[0] > '9') {
        return false;
    }
    uint64_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || n > UINT64_MAX / 100) {
            return false;
        }
        n = n * 10 + (uint64_t)(*p - '0');
    }
    *ret = n;
    return true;
}

struct device_id topology_number(const struct topology *t, const char *number)
{
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        if (strcmp(t->dialled[i].number, number) == 0) {
            return topology_route_point(t, i);
        }
    }
    uint64_t n = 0;
    if (!parse_number(number, &n)) {
        return (struct device_id){0};
    }
    uint32_t before = 0;
    for (uint32_t i = 0; i < t->phones_n; i++) {
        if (n >= t->phones[i].first && n - t->phones[i].first < t->phones[i].count) {
            return (struct device_id){before + (uint32_t)(n - t->phones[i].first) + 1};
        }
        before += t->phones[i].count;
    }
    return (struct device_id){0};
}

struct device_id topology_device_named(const struct topology *t, const char *name)
{
    uint64_t v = 0;
    if (strncmp(name, "SEP", 3) == 0 && parse_number(name + 3 + strspn(name + 3, "0"), &v) &&
        v <= phones_total(t)) {
        return (struct device_id){(uint32_t)v};
    }
    if (strncmp(name, "RP", 2) == 0) {
        struct device_id id = topology_number(t, name + 2);
        if (id.v > phones_total(t)) {
            return id;
        }
    }
    for (uint32_t i = 0; i < t->gateways_n; i++) {
        if (strcmp(t->gateways[i].name, name) == 0) {
            return topology_gateway(t, i);
        }
    }
    return (struct device_id){0};
}

uint32_t topology_agents_total(const struct topology *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->agents_n; i++) {
        n += t->agents[i].count;
    }
    return n;
}

static void describe_agent(const struct topology *t, const struct topology_agents *range,
                           uint32_t nth, struct agent_info *info)
{
    info->id.v = range->first + nth;
    info->pair = range->pair;
    info->skill = range->spread ? (range->skill + nth) % t->skills_n : range->skill;
    snprintf(info->number, sizeof info->number, "%llu", (unsigned long long)(range->phone + nth));
    info->device = topology_number(t, info->number);
}

bool topology_agent(const struct topology *t, uint32_t nth, struct agent_info *ret_info)
{
    for (uint32_t i = 0; i < t->agents_n; i++) {
        if (nth < t->agents[i].count) {
            describe_agent(t, &t->agents[i], nth, ret_info);
            return true;
        }
        nth -= t->agents[i].count;
    }
    return false;
}

bool topology_agent_by_id(const struct topology *t, struct agent_id id, struct agent_info *ret_info)
{
    for (uint32_t i = 0; i < t->agents_n; i++) {
        if (id.v >= t->agents[i].first && id.v - t->agents[i].first < t->agents[i].count) {
            describe_agent(t, &t->agents[i], id.v - t->agents[i].first, ret_info);
            return true;
        }
    }
    return false;
}

bool topology_agent_by_device(const struct topology *t, struct device_id device,
                              struct agent_info *ret_info)
{
    struct device_info info;
    uint64_t n = 0;
    if (!topology_device(t, device, &info) || info.kind != DEVICE_KIND_PHONE ||
        !parse_number(info.number, &n)) {
        return false;
    }
    for (uint32_t i = 0; i < t->agents_n; i++) {
        if (n >= t->agents[i].phone && n - t->agents[i].phone < t->agents[i].count) {
            describe_agent(t, &t->agents[i], (uint32_t)(n - t->agents[i].phone), ret_info);
            return true;
        }
    }
    return false;
}

struct proc_id topology_proc_named(const struct topology *t, const char *name)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (strcmp(t->procs[i].name, name) == 0) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

const struct topology_proc *topology_proc_of(const struct topology *t, struct proc_id id)
{
    return id.v >= 1 && id.v <= t->procs_n ? &t->procs[id.v - 1] : NULL;
}

const char *topology_name(const struct topology *t, struct proc_id id)
{
    const struct topology_proc *p = topology_proc_of(t, id);
    return p != NULL ? p->name : id.v == 0 ? "none" : "guest";
}

struct proc_id topology_publisher(const struct topology *t)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_NODE && t->procs[i].publisher) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

uint32_t topology_rank(const struct topology *t, uint32_t group, struct proc_id node)
{
    ASSERT(group < t->groups_n);
    const struct topology_group *g = &t->groups[group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (proc_id_eq(g->members[i], node)) {
            return i;
        }
    }
    return GROUP_MEMBERS_MAX;
}
