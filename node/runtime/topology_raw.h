/* topology_raw: a topology file as it is written, before names become numbers.
 *
 * libcyaml fills it and writes it; topology_check complains about what makes no sense in it;
 * topology_scale changes it by the options of `rehome up`; topology_file turns it into the plain
 * value that processes hold. */
#ifndef NODE_RUNTIME_TOPOLOGY_RAW_H
#define NODE_RUNTIME_TOPOLOGY_RAW_H

#include "node/base/topology.h"
#include "node/runtime/yaml_file.h"

#include <stdbool.h>
#include <stdint.h>

#define RAW_WORD_LEN 32

enum raw_role { RAW_PUBLISHER, RAW_SUBSCRIBER };
enum raw_profile { RAW_LAB, RAW_SRND, RAW_SLOW };

struct raw_node {
    char name[NAME_LEN];
    enum raw_role role;
    uint32_t host;
    enum service *services;
    uint32_t services_count;
};

/* A PG side or a central controller side. */
struct raw_side {
    char name[NAME_LEN];
    enum side side;
    uint32_t host;
    uint32_t pair;
    char ctimanager[NAME_LEN];
};

struct raw_proc {
    char name[NAME_LEN];
    uint32_t host;
};

struct raw_group {
    char name[NAME_LEN];
    char (*members)[NAME_LEN];
    uint32_t members_count;
};

struct raw_phones {
    uint64_t first;
    uint32_t count;
    char group[NAME_LEN];
    char fleet[NAME_LEN];
};

struct raw_gateway {
    char name[NAME_LEN];
    uint32_t channels;
    char group[NAME_LEN];
    char fleet[NAME_LEN];
};

struct raw_skill {
    char name[NAME_LEN];
    uint32_t number;
};

struct raw_dialled {
    char number[NUMBER_LEN];
    char group[NAME_LEN];
    char skill[NAME_LEN];
    uint32_t pair;
};

struct raw_agents {
    uint32_t first;
    uint32_t count;
    uint64_t phone;
    char skill[NAME_LEN];
    bool spread;
    uint32_t pair;
};

struct raw_traffic {
    uint64_t seed;
    char agent_calls_per_second[RAW_WORD_LEN];
    char phone_calls_per_second[RAW_WORD_LEN];
    char talk[RAW_WORD_LEN];
    char wrapup[RAW_WORD_LEN];
    char ring[RAW_WORD_LEN];
    char patience[RAW_WORD_LEN];
    uint32_t hold_percent;
    uint32_t transfer_percent;
    uint32_t conference_percent;
};

struct raw_policies {
    enum fallback fallback;
    enum control control;
    enum login login;
    enum cut_row cut_row;
};

struct raw_networks {
    char visible_net[RAW_WORD_LEN];
    char private_net[RAW_WORD_LEN];
};

struct raw_topology {
    char name[NAME_LEN];
    enum raw_profile profile;
    struct raw_node *nodes;
    uint32_t nodes_count;
    struct raw_side *peripheral_gateways;
    uint32_t peripheral_gateways_count;
    struct raw_side *controllers;
    uint32_t controllers_count;
    struct raw_proc *fleets;
    uint32_t fleets_count;
    struct raw_proc *recorders;
    uint32_t recorders_count;
    struct raw_group *groups;
    uint32_t groups_count;
    struct raw_phones *phones;
    uint32_t phones_count;
    struct raw_gateway *gateways;
    uint32_t gateways_count;
    struct raw_skill *skills;
    uint32_t skills_count;
    struct raw_dialled *dialled;
    uint32_t dialled_count;
    struct raw_agents *agents;
    uint32_t agents_count;
    struct raw_traffic traffic;
    struct raw_policies policies;
    struct raw_networks networks;
};

/* The schema of a topology file. */
extern const cyaml_schema_value_t topology_raw_schema;

/* "5s", "300ms", "2m" (no unit: seconds); false: not a duration. */
bool topology_raw_duration(const char *text, struct duration *ret);
/* "8", "0.5": in thousandths; false: not a rate, or above a million. */
bool topology_raw_rate(const char *text, uint32_t *ret_mps);
/* "192.168.56.0/24": its first three numbers; false: not such a network. */
bool topology_raw_network(const char *text, char ret_block[NAME_LEN]);

#endif
