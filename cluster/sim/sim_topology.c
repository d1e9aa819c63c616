#include "cluster/sim/sim_topology.h"

#include "node/base/checksum.h"

#include <stdio.h>
#include <string.h>

#define FIRST_PHONE   1001
#define FIRST_AGENT   5001
#define FIRST_PAIR    5000
#define FIRST_DIALLED 80001
#define FIRST_SKILL   5101
#define SKILLS        4
#define DIALLED       6 /* of each pair */
#define HOST_PG       21
#define HOST_ICM      31
#define HOST_FLEET    41

static struct topology_proc *add_proc(struct topology *t, enum proc_kind kind, uint32_t host)
{
    struct topology_proc *p = &t->procs[t->procs_n++];
    *p = (struct topology_proc){.kind = kind, .host = host};
    return p;
}

static void add_nodes(struct topology *t, const struct sim_topology_size *s)
{
    for (uint32_t i = 0; i < s->nodes; i++) {
        struct topology_proc *p = add_proc(t, PROC_NODE, 1 + i);
        p->publisher = i == 0;
        p->callmanager = true;
        p->ctimanager = true;
        if (i == 0) {
            snprintf(p->name, sizeof p->name, "pub");
        } else {
            snprintf(p->name, sizeof p->name, "sub%u", i);
        }
    }
}

/* Both sides of a pair are wired to different nodes: pair 0 to sub1 and sub2, pair 1 to the last
 * two. */
static void add_pgs(struct topology *t, const struct sim_topology_size *s)
{
    for (uint32_t i = 0; i < 2 * s->pairs; i++) {
        struct topology_proc *p = add_proc(t, PROC_PG, HOST_PG + i);
        uint32_t node = i < 2 ? 2 + i : s->nodes - (i - 2);
        p->side = i % 2 == 0 ? SIDE_A : SIDE_B;
        p->pair = FIRST_PAIR + i / 2;
        p->ctimanager_node.v = (uint16_t)node;
        snprintf(p->name, sizeof p->name, "pg%c", (int)('a' + i));
    }
}

static struct proc_id add_rest(struct topology *t, const struct sim_topology_size *s)
{
    for (uint32_t i = 0; i < s->controllers; i++) {
        struct topology_proc *icm = add_proc(t, PROC_ICM, HOST_ICM + i);
        icm->side = i == 0 ? SIDE_A : SIDE_B;
        snprintf(icm->name, sizeof icm->name, "icm%c", (int)('a' + i));
    }
    struct proc_id first = {(uint16_t)(t->procs_n + 1)};
    for (uint32_t i = 0; i < s->fleets; i++) {
        struct topology_proc *p = add_proc(t, PROC_FLEET, HOST_FLEET + i);
        snprintf(p->name, sizeof p->name, "fleet%s", i == 0 ? "" : "2");
    }
    return first;
}

/* Group g begins with the subscriber g + 1 and goes on with the next ones. */
static void add_groups(struct topology *t, const struct sim_topology_size *s)
{
    uint32_t subscribers = s->nodes - 1;
    for (uint32_t g = 0; g < s->groups; g++) {
        struct topology_group *group = &t->groups[t->groups_n++];
        snprintf(group->name, sizeof group->name, "group%u", g + 1);
        for (uint32_t i = 0; i < GROUP_MEMBERS_MAX && i < subscribers; i++) {
            group->members[group->members_n++].v = (uint16_t)(2 + (g + i) % subscribers);
        }
    }
}

static void add_devices(struct topology *t, const struct sim_topology_size *s, struct proc_id fleet)
{
    uint64_t first = FIRST_PHONE;
    for (uint32_t i = 0; i < s->groups; i++) {
        uint32_t count = s->phones / s->groups + (i < s->phones % s->groups ? 1 : 0);
        struct topology_phones *range = &t->phones[t->phones_n++];
        *range = (struct topology_phones){.first = first, .count = count, .group = i};
        range->fleet.v = (uint16_t)(fleet.v + i % s->fleets);
        first += count;
    }
    for (uint32_t i = 0; i < s->gateways; i++) {
        struct topology_gateway *gateway = &t->gateways[t->gateways_n++];
        *gateway = (struct topology_gateway){.group = i % s->groups, .channels = 30};
        gateway->fleet.v = (uint16_t)(fleet.v + i % s->fleets);
        snprintf(gateway->name, sizeof gateway->name, "gw%u", i + 1);
    }
}

static void add_contact_centre(struct topology *t, const struct sim_topology_size *s)
{
    static const char *const skills[SKILLS] = {"sales", "service", "billing", "support"};
    uint64_t phone = FIRST_PHONE;
    for (uint32_t i = 0; i < SKILLS; i++) {
        snprintf(t->skills[i].name, sizeof t->skills[i].name, "%s", skills[i]);
        t->skills[i].number = FIRST_SKILL + i;
    }
    t->skills_n = SKILLS;
    for (uint32_t i = 0; i < DIALLED * s->pairs; i++) {
        struct topology_dialled *d = &t->dialled[t->dialled_n++];
        *d = (struct topology_dialled){
            .group = i % s->groups, .skill = i % SKILLS, .pair = FIRST_PAIR + i % s->pairs};
        snprintf(d->number, sizeof d->number, "%u", FIRST_DIALLED + i);
    }
    for (uint32_t i = 0; i < s->pairs; i++) {
        uint32_t count = s->agents / s->pairs;
        t->agents[t->agents_n++] =
            (struct topology_agents){.first = FIRST_AGENT + i * SIM_TOPOLOGY_PHONES_MAX,
                                     .count = count,
                                     .phone = phone,
                                     .spread = true,
                                     .pair = FIRST_PAIR + i};
        phone += count;
    }
}

enum err sim_topology_make(const struct sim_topology_size *s, struct topology *t)
{
    ASSERT(s->nodes >= SIM_TOPOLOGY_NODES_MIN);
    ASSERT(s->nodes <= SIM_TOPOLOGY_NODES_MAX);
    ASSERT(s->pairs == 1 || s->pairs == 2);
    ASSERT(s->groups >= 1 && s->groups <= 3);
    ASSERT(s->fleets == 1 || s->fleets == 2);
    ASSERT(s->controllers == 1 || s->controllers == 2);
    ASSERT(s->agents >= s->pairs);
    ASSERT(s->agents <= s->phones);
    memset(t, 0, sizeof *t);
    enum err err = topology_profile(s->profile, &t->timers);
    if (err != ERR_OK) {
        return err;
    }
    snprintf(t->name, sizeof t->name, "sim");
    add_nodes(t, s);
    add_pgs(t, s);
    struct proc_id fleet = add_rest(t, s);
    add_groups(t, s);
    add_devices(t, s, fleet);
    add_contact_centre(t, s);
    t->traffic = (struct topology_traffic){.seed = s->traffic_seed,
                                           .agent_calls_mps = s->agent_calls_mps,
                                           .phone_calls_mps = s->phone_calls_mps,
                                           .talk_mean = duration_ms(5000),
                                           .wrapup_mean = duration_ms(3000),
                                           .ring_mean = duration_ms(1000),
                                           .patience = duration_ms(20000),
                                           .hold_percent = 20,
                                           .transfer_percent = 10,
                                           .conference_percent = 5};
    t->hash = checksum_number(
        checksum_bytes(CHECKSUM_BEGIN, s->profile, strlen(s->profile)),
        (int64_t)((s->controllers - 1) << 28 | s->nodes << 20 | s->phones << 4 | s->pairs));
    return ERR_OK;
}

void sim_topology_default(uint32_t phones, const char *profile, struct sim_topology_size *ret)
{
    *ret = (struct sim_topology_size){.nodes = 3,
                                      .pairs = 1,
                                      .fleets = 1,
                                      .groups = 1,
                                      .phones = phones,
                                      .agents = phones / 5 > 0 ? phones / 5 : 1,
                                      .gateways = 4,
                                      .controllers = 1,
                                      .agent_calls_mps = phones * 16,
                                      .phone_calls_mps = phones * 24,
                                      .traffic_seed = 7};
    snprintf(ret->profile, sizeof ret->profile, "%s", profile);
}

void sim_topology_draw(struct rand_state *rand, const char *profile, struct sim_topology_size *ret)
{
    uint32_t phones =
        (uint32_t)rand_between(rand, SIM_TOPOLOGY_PHONES_MIN, SIM_TOPOLOGY_PHONES_MAX);
    /* Most clusters are small: small ones find the same, and more of them fit in an hour. */
    if (rand_below(rand, 4) != 0) {
        phones = (uint32_t)rand_between(rand, SIM_TOPOLOGY_PHONES_MIN, 60);
    }
    *ret = (struct sim_topology_size){
        .nodes = (uint32_t)rand_between(rand, SIM_TOPOLOGY_NODES_MIN, SIM_TOPOLOGY_NODES_MAX),
        .pairs = (uint32_t)rand_between(rand, 1, 2),
        .fleets = rand_below(rand, 3) == 0 ? 2 : 1,
        .groups = (uint32_t)rand_between(rand, 1, 3),
        .phones = phones,
        .agents = (uint32_t)rand_between(rand, 2, phones / 2),
        .gateways = (uint32_t)rand_between(rand, 1, 4),
        .controllers = 1,
        .traffic_seed = rand_next(rand)};
    snprintf(ret->profile, sizeof ret->profile, "%s", profile);
    ret->agent_calls_mps = (uint32_t)rand_between(rand, 100, 100 + ret->agents * 80);
    ret->phone_calls_mps = (uint32_t)rand_between(rand, 0, phones * 30);
}
