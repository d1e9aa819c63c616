#include "node/runtime/topology_raw.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Sequences carry a name of libcyaml's own choosing for their length: `x_count`. */
#define ALWAYS   CYAML_FLAG_DEFAULT
#define MAYBE    CYAML_FLAG_OPTIONAL
#define LIST     CYAML_FLAG_POINTER
#define MAYLIST  (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof(a)[0]))

#define NAME(key, type, member, flags) \
    CYAML_FIELD_STRING(key, flags, struct type, member, ((flags)&MAYBE) != 0 ? 0 : 1)
#define UINT(key, type, member, flags) CYAML_FIELD_UINT(key, flags, struct type, member)
#define MAPPING(type, fields)                                        \
    {                                                                \
        CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct type, fields) \
    }

static const cyaml_strval_t roles[] = {{"publisher", RAW_PUBLISHER},
                                       {"subscriber", RAW_SUBSCRIBER}};
static const cyaml_strval_t services[] = {{"callmanager", SERVICE_CALLMANAGER},
                                          {"ctimanager", SERVICE_CTIMANAGER}};
static const cyaml_strval_t sides[] = {{"A", SIDE_A}, {"B", SIDE_B}};
static const cyaml_strval_t profiles[] = {{"lab", RAW_LAB}, {"srnd", RAW_SRND}, {"slow", RAW_SLOW}};

#define WORD(prefix, name, word, meaning) {#word, prefix##_##name},
static const cyaml_strval_t fallbacks[] = {FALLBACK_MAP(WORD)};
static const cyaml_strval_t controls[] = {CONTROL_MAP(WORD)};
static const cyaml_strval_t logins[] = {LOGIN_MAP(WORD)};
static const cyaml_strval_t cut_rows[] = {CUT_ROW_MAP(WORD)};
#undef WORD

static const cyaml_schema_value_t service_schema = {
    CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, enum service, services, COUNT(services))};
static const cyaml_schema_value_t name_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_DEFAULT, char[NAME_LEN], 1, NAME_LEN - 1)};

static const cyaml_schema_field_t node_fields[] = {
    NAME("name", raw_node, name, ALWAYS),
    CYAML_FIELD_ENUM("role", CYAML_FLAG_STRICT, struct raw_node, role, roles, COUNT(roles)),
    UINT("host", raw_node, host, ALWAYS),
    CYAML_FIELD_SEQUENCE("services", LIST | CYAML_FLAG_FLOW, struct raw_node, services,
                         &service_schema, 1, 2),
    CYAML_FIELD_END};
static const cyaml_schema_field_t pg_fields[] = {
    NAME("name", raw_side, name, ALWAYS),
    CYAML_FIELD_ENUM("side", CYAML_FLAG_STRICT, struct raw_side, side, sides, COUNT(sides)),
    UINT("host", raw_side, host, ALWAYS),
    UINT("pair", raw_side, pair, ALWAYS),
    NAME("ctimanager", raw_side, ctimanager, ALWAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t controller_fields[] = {
    NAME("name", raw_side, name, ALWAYS),
    CYAML_FIELD_ENUM("side", CYAML_FLAG_STRICT, struct raw_side, side, sides, COUNT(sides)),
    UINT("host", raw_side, host, ALWAYS), CYAML_FIELD_END};
static const cyaml_schema_field_t proc_fields[] = {
    NAME("name", raw_proc, name, ALWAYS), UINT("host", raw_proc, host, ALWAYS), CYAML_FIELD_END};
static const cyaml_schema_field_t group_fields[] = {
    NAME("name", raw_group, name, ALWAYS),
    CYAML_FIELD_SEQUENCE("members", LIST | CYAML_FLAG_FLOW, struct raw_group, members, &name_schema,
                         1, GROUP_MEMBERS_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_field_t phones_fields[] = {
    UINT("first", raw_phones, first, ALWAYS), UINT("count", raw_phones, count, ALWAYS),
    NAME("group", raw_phones, group, ALWAYS), NAME("fleet", raw_phones, fleet, ALWAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t gateway_fields[] = {
    NAME("name", raw_gateway, name, ALWAYS), UINT("channels", raw_gateway, channels, ALWAYS),
    NAME("group", raw_gateway, group, ALWAYS), NAME("fleet", raw_gateway, fleet, ALWAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t skill_fields[] = {NAME("name", raw_skill, name, ALWAYS),
                                                    UINT("number", raw_skill, number, ALWAYS),
                                                    CYAML_FIELD_END};
static const cyaml_schema_field_t dialled_fields[] = {
    NAME("number", raw_dialled, number, ALWAYS), NAME("group", raw_dialled, group, ALWAYS),
    NAME("skill", raw_dialled, skill, ALWAYS), UINT("pair", raw_dialled, pair, ALWAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t agents_fields[] = {
    UINT("first", raw_agents, first, ALWAYS),
    UINT("count", raw_agents, count, ALWAYS),
    UINT("phone", raw_agents, phone, ALWAYS),
    NAME("skill", raw_agents, skill, ALWAYS),
    CYAML_FIELD_BOOL("spread", MAYBE, struct raw_agents, spread),
    UINT("pair", raw_agents, pair, ALWAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t traffic_fields[] = {
    UINT("seed", raw_traffic, seed, MAYBE),
    NAME("agent_calls_per_second", raw_traffic, agent_calls_per_second, MAYBE),
    NAME("phone_calls_per_second", raw_traffic, phone_calls_per_second, MAYBE),
    NAME("talk", raw_traffic, talk, MAYBE),
    NAME("wrapup", raw_traffic, wrapup, MAYBE),
    NAME("ring", raw_traffic, ring, MAYBE),
    NAME("patience", raw_traffic, patience, MAYBE),
    UINT("hold_percent", raw_traffic, hold_percent, MAYBE),
    UINT("transfer_percent", raw_traffic, transfer_percent, MAYBE),
    UINT("conference_percent", raw_traffic, conference_percent, MAYBE),
    CYAML_FIELD_END};

#define POLICY(key, words) \
    CYAML_FIELD_ENUM(#key, CYAML_FLAG_STRICT | MAYBE, struct raw_policies, key, words, COUNT(words))
static const cyaml_schema_field_t policies_fields[] = {
    POLICY(fallback, fallbacks), POLICY(control, controls), POLICY(login, logins),
    POLICY(cut_row, cut_rows), CYAML_FIELD_END};

static const cyaml_schema_field_t networks_fields[] = {
    NAME("visible", raw_networks, visible_net, MAYBE),
    NAME("private", raw_networks, private_net, MAYBE), CYAML_FIELD_END};

static const cyaml_schema_value_t node_schema = MAPPING(raw_node, node_fields);
static const cyaml_schema_value_t pg_schema = MAPPING(raw_side, pg_fields);
static const cyaml_schema_value_t controller_schema = MAPPING(raw_side, controller_fields);
static const cyaml_schema_value_t proc_schema = MAPPING(raw_proc, proc_fields);
static const cyaml_schema_value_t group_schema = MAPPING(raw_group, group_fields);
static const cyaml_schema_value_t phones_schema = MAPPING(raw_phones, phones_fields);
static const cyaml_schema_value_t gateway_schema = MAPPING(raw_gateway, gateway_fields);
static const cyaml_schema_value_t skill_schema = MAPPING(raw_skill, skill_fields);
static const cyaml_schema_value_t dialled_schema = MAPPING(raw_dialled, dialled_fields);
static const cyaml_schema_value_t agents_schema = MAPPING(raw_agents, agents_fields);

#define SEQUENCE(key, flags, schema, min, max) \
    CYAML_FIELD_SEQUENCE(#key, flags, struct raw_topology, key, &(schema), min, max)

static const cyaml_schema_field_t topology_fields[] = {
    NAME("name", raw_topology, name, ALWAYS),
    CYAML_FIELD_ENUM("profile", CYAML_FLAG_STRICT | MAYBE, struct raw_topology, profile, profiles,
                     COUNT(profiles)),
    SEQUENCE(nodes, LIST, node_schema, 1, NODES_MAX),
    SEQUENCE(peripheral_gateways, MAYLIST, pg_schema, 0, 16),
    SEQUENCE(controllers, MAYLIST, controller_schema, 0, 2),
    SEQUENCE(fleets, MAYLIST, proc_schema, 0, 16),
    SEQUENCE(recorders, MAYLIST, proc_schema, 0, 1),
    SEQUENCE(groups, LIST, group_schema, 1, GROUPS_MAX),
    SEQUENCE(phones, MAYLIST, phones_schema, 0, RANGES_MAX),
    SEQUENCE(gateways, MAYLIST, gateway_schema, 0, GATEWAYS_MAX),
    SEQUENCE(skills, MAYLIST, skill_schema, 0, SKILLS_MAX),
    SEQUENCE(dialled, MAYLIST, dialled_schema, 0, DIALLED_MAX),
    SEQUENCE(agents, MAYLIST, agents_schema, 0, RANGES_MAX),
    CYAML_FIELD_MAPPING("traffic", MAYBE, struct raw_topology, traffic, traffic_fields),
    CYAML_FIELD_MAPPING("policies", MAYBE, struct raw_topology, policies, policies_fields),
    CYAML_FIELD_MAPPING("networks", MAYBE, struct raw_topology, networks, networks_fields),
    CYAML_FIELD_END};

const cyaml_schema_value_t topology_raw_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_topology, topology_fields)};

/* Digits, perhaps a point and up to three more digits; in thousandths. `*ret_rest` is what follows.
 */
static bool thousandths(const char *text, uint64_t *ret, const char **ret_rest)
{
    uint64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > 1000000000) {
            return false;
        }
        v = v * 10 + (uint64_t)(*p - '0');
    }
    if (p == text) {
        return false;
    }
    uint64_t scale = 1000;
    v *= scale;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9' && scale > 1; p++) {
            scale /= 10;
            v += (uint64_t)(*p - '0') * scale;
        }
    }
    *ret = v;
    *ret_rest = p;
    return true;
}

bool topology_raw_duration(const char *text, struct duration *ret)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"", 1000000}, {"s", 1000000}, {"ms", 1000}, {"m", 60000000}};
    uint64_t v = 0;
    const char *unit = NULL;
    if (!thousandths(text, &v, &unit)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(units); i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            ret->us = (int64_t)v * units[i].us / 1000;
            return true;
        }
    }
    return false;
}

bool topology_raw_rate(const char *text, uint32_t *ret_mps)
{
    uint64_t v = 0;
    const char *rest = NULL;
    if (!thousandths(text, &v, &rest) || *rest != '\0' || v > 1000000000) {
        return false;
    }
    *ret_mps = (uint32_t)v;
    return true;
}

bool topology_raw_network(const char *text, char ret_block[NAME_LEN])
{
    unsigned a = 0, b = 0, c = 0;
    char again[RAW_WORD_LEN];
    if (sscanf(text, "%3u.%3u.%3u.0/24", &a, &b, &c) != 3 || a < 1 || a > 223 || b > 255 ||
        c > 255) {
        return false;
    }
    snprintf(again, sizeof again, "%u.%u.%u.0/24", a, b, c);
    if (strcmp(again, text) != 0) {
        return false; /* something before, between or after it */
    }
    snprintf(ret_block, NAME_LEN, "%u.%u.%u", a, b, c);
    return true;
}
