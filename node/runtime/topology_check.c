#include "node/runtime/topology_check.h"

#include "node/base/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PHONE_NUMBER_MAX 999999999999999
#define AGENT_NUMBER_MAX 999999999
#define HINT_LEN         160

/* A process as the checks see it: where its entry stands in the file. */
struct proc {
    const char *name;
    uint32_t host;
    const char *list; /* "nodes", … */
    uint32_t nth;
};

struct check {
    struct yaml_file *f;
    const struct raw_topology *raw;
    struct proc procs[PROCS_MAX];
    uint32_t procs_n;
};

#define AT(c, ...)                   yaml_file_at((c)->f, __VA_ARGS__)
#define COMPLAIN(c, node, hint, ...) yaml_file_complain((c)->f, node, hint, __VA_ARGS__)

static void gather(struct check *c, const char *list, uint32_t nth, const char *name, uint32_t host)
{
    if (c->procs_n == PROCS_MAX) {
        COMPLAIN(c, AT(c, "%s[%u]", list, nth), "leave some out",
                 "there can be at most %d processes", PROCS_MAX);
        return;
    }
    c->procs[c->procs_n++] = (struct proc){.name = name, .host = host, .list = list, .nth = nth};
}

static void gather_all(struct check *c)
{
    const struct raw_topology *raw = c->raw;
    for (uint32_t i = 0; i < raw->nodes_count; i++) {
        gather(c, "nodes", i, raw->nodes[i].name, raw->nodes[i].host);
    }
    for (uint32_t i = 0; i < raw->peripheral_gateways_count; i++) {
        gather(c, "peripheral_gateways", i, raw->peripheral_gateways[i].name,
               raw->peripheral_gateways[i].host);
    }
    for (uint32_t i = 0; i < raw->controllers_count; i++) {
        gather(c, "controllers", i, raw->controllers[i].name, raw->controllers[i].host);
    }
    for (uint32_t i = 0; i < raw->fleets_count; i++) {
        gather(c, "fleets", i, raw->fleets[i].name, raw->fleets[i].host);
    }
    for (uint32_t i = 0; i < raw->recorders_count; i++) {
        gather(c, "recorders", i, raw->recorders[i].name, raw->recorders[i].host);
    }
}

static uint32_t free_host(const struct check *c)
{
    for (uint32_t host = 1; host < 255; host++) {
        bool taken = false;
        for (uint32_t i = 0; i < c->procs_n; i++) {
            taken = taken || c->procs[i].host == host;
        }
        if (!taken) {
            return host;
        }
    }
    return 0;
}

static bool reserved(const char *name)
{
    static const char *const words[] = {"leader", "follower", "publisher", "subscriber", "none",
                                        "guest",  "operator", "all",       "rest"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool well_formed(const char *name)
{
    return islower((unsigned char)name[0]) &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static void check_procs(struct check *c)
{
    char hint[HINT_LEN];
    for (uint32_t i = 0; i < c->procs_n; i++) {
        const struct proc *p = &c->procs[i];
        yaml_node_t *name = AT(c, "%s[%u].name", p->list, p->nth);
        yaml_node_t *host = AT(c, "%s[%u].host", p->list, p->nth);
        if (!well_formed(p->name)) {
            COMPLAIN(c, name, "lower-case letters, digits, - and _, a letter first",
                     "'%s' cannot be the name of a process", p->name);
        } else if (reserved(p->name)) {
            COMPLAIN(c, name, "call it something else", "'%s' is a word of the command line",
                     p->name);
        }
        snprintf(hint, sizeof hint, "write another number, for example %u", free_host(c));
        if (p->host < 1 || p->host > 254) {
            COMPLAIN(c, host, hint, "host %u is not in 1 to 254", p->host);
        }
        for (uint32_t k = 0; k < i; k++) {
            const struct proc *q = &c->procs[k];
            if (strcmp(p->name, q->name) == 0) {
                COMPLAIN(c, name, "rename one of them",
                         "two processes are named '%s', the first in line %zu", p->name,
                         AT(c, "%s[%u].name", q->list, q->nth)->start_mark.line + 1);
            }
            if (p->host == q->host) {
                COMPLAIN(c, host, hint, "'%s' and '%s' have the same host %u", q->name, p->name,
                         p->host);
            }
        }
    }
}

static const struct raw_node *node_named(const struct check *c, const char *name)
{
    for (uint32_t i = 0; i < c->raw->nodes_count; i++) {
        if (strcmp(c->raw->nodes[i].name, name) == 0) {
            return &c->raw->nodes[i];
        }
    }
    return NULL;
}

static bool runs(const struct raw_node *node, enum service service)
{
    for (uint32_t i = 0; i < node->services_count; i++) {
        if (node->services[i] == service) {
            return true;
        }
    }
    return false;
}

/* A name that stands for nothing: complain, and offer the nearest of `names`. */
static void no_such(struct check *c, yaml_node_t *node, const char *kind, const char *name,
                    const char *(*nth_name)(const struct raw_topology *, uint32_t), uint32_t n)
{
    char hint[HINT_LEN];
    struct nearest near = nearest_to(name);
    for (uint32_t i = 0; i < n; i++) {
        nearest_offer(&near, nth_name(c->raw, i));
    }
    const char *likely = nearest_likely(&near);
    if (likely != NULL) {
        snprintf(hint, sizeof hint, "did you mean '%s'?", likely);
    } else if (near.best != NULL) {
        snprintf(hint, sizeof hint, "for example '%s'", near.best);
    } else {
        snprintf(hint, sizeof hint, "the file has none");
    }
    COMPLAIN(c, node, hint, "there is no %s '%s'", kind, name);
}

#define NTH_NAME(list)                                                           \
    static const char *nth_of_##list(const struct raw_topology *raw, uint32_t i) \
    {                                                                            \
        return raw->list[i].name;                                                \
    }
#define HAS_NAME(list)                                                       \
    static bool list##_has(const struct raw_topology *raw, const char *name) \
    {                                                                        \
        for (uint32_t i = 0; i < raw->list##_count; i++) {                   \
            if (strcmp(raw->list[i].name, name) == 0) {                      \
                return true;                                                 \
            }                                                                \
        }                                                                    \
        return false;                                                        \
    }
NTH_NAME(nodes)
NTH_NAME(groups)
NTH_NAME(fleets)
NTH_NAME(skills)
HAS_NAME(groups)
HAS_NAME(fleets)
HAS_NAME(skills)
#undef HAS_NAME
#undef NTH_NAME

#define NAMES(c, list, kind, name, ...) \
    (list##_has((c)->raw, name)         \
         ? (void)0                      \
         : no_such(c, AT(c, __VA_ARGS__), kind, name, nth_of_##list, (c)->raw->list##_count))

static void check_nodes(struct check *c)
{
    uint32_t publishers = 0;
    for (uint32_t i = 0; i < c->raw->nodes_count; i++) {
        if (c->raw->nodes[i].role == RAW_PUBLISHER && ++publishers > 1) {
            COMPLAIN(c, AT(c, "nodes[%u].role", i), "make it a subscriber",
                     "a cluster has one publisher, this is another");
        }
    }
    if (publishers == 0) {
        COMPLAIN(c, AT(c, "nodes"), "give one of them `role: publisher`",
                 "the cluster has no publisher");
    }
}

static void check_member(struct check *c, uint32_t g, uint32_t m)
{
    const struct raw_group *group = &c->raw->groups[g];
    yaml_node_t *at = AT(c, "groups[%u].members[%u]", g, m);
    const struct raw_node *node = node_named(c, group->members[m]);
    if (node == NULL) {
        no_such(c, at, "node", group->members[m], nth_of_nodes, c->raw->nodes_count);
    } else if (!runs(node, SERVICE_CALLMANAGER)) {
        COMPLAIN(c, at, "name a node whose services have callmanager",
                 "node '%s' runs no CallManager, no device can register there", node->name);
    }
    for (uint32_t k = 0; k < m; k++) {
        if (strcmp(group->members[k], group->members[m]) == 0) {
            COMPLAIN(c, at, "leave one out", "'%s' is in group '%s' twice", group->members[m],
                     group->name);
        }
    }
}

static void check_groups(struct check *c)
{
    for (uint32_t i = 0; i < c->raw->groups_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(c->raw->groups[i].name, c->raw->groups[k].name) == 0) {
                COMPLAIN(c, AT(c, "groups[%u].name", i), "rename one of them",
                         "two groups are named '%s'", c->raw->groups[i].name);
            }
        }
        for (uint32_t m = 0; m < c->raw->groups[i].members_count; m++) {
            check_member(c, i, m);
        }
    }
}

static void check_pgs(struct check *c)
{
    for (uint32_t i = 0; i < c->raw->peripheral_gateways_count; i++) {
        const struct raw_side *pg = &c->raw->peripheral_gateways[i];
        yaml_node_t *cti = AT(c, "peripheral_gateways[%u].ctimanager", i);
        const struct raw_node *node = node_named(c, pg->ctimanager);
        if (node == NULL) {
            no_such(c, cti, "node", pg->ctimanager, nth_of_nodes, c->raw->nodes_count);
        } else if (!runs(node, SERVICE_CTIMANAGER)) {
            COMPLAIN(c, cti, "name a node whose services have ctimanager",
                     "node '%s' runs no CTI Manager", node->name);
        }
        if (pg->pair < 5000 || pg->pair > 65535) {
            COMPLAIN(c, AT(c, "peripheral_gateways[%u].pair", i), "pairs are numbered from 5000",
                     "pair %u is not in 5000 to 65535", pg->pair);
        }
        for (uint32_t k = 0; k < i; k++) {
            const struct raw_side *other = &c->raw->peripheral_gateways[k];
            if (pg->pair == other->pair && pg->side == other->side) {
                COMPLAIN(c, AT(c, "peripheral_gateways[%u].side", i), "one is A, the other B",
                         "'%s' and '%s' are the same side of pair %u", other->name, pg->name,
                         pg->pair);
            }
        }
    }
    if (c->raw->controllers_count == 2 &&
        c->raw->controllers[0].side == c->raw->controllers[1].side) {
        COMPLAIN(c, AT(c, "controllers[1].side"), "one is A, the other B",
                 "the two controllers are the same side");
    }
    if (c->raw->peripheral_gateways_count > 0 && c->raw->controllers_count == 0) {
        COMPLAIN(c, AT(c, "peripheral_gateways"), "add a `controllers:` list",
                 "there are Peripheral Gateways and no central controller");
    }
}

static bool pair_exists(const struct check *c, uint32_t pair)
{
    for (uint32_t i = 0; i < c->raw->peripheral_gateways_count; i++) {
        if (c->raw->peripheral_gateways[i].pair == pair) {
            return true;
        }
    }
    return false;
}

static void check_pair(struct check *c, const char *list, uint32_t nth, uint32_t pair)
{
    if (!pair_exists(c, pair)) {
        char hint[HINT_LEN] = "the file has no peripheral_gateways";
        if (c->raw->peripheral_gateways_count > 0) {
            snprintf(hint, sizeof hint, "for example %u", c->raw->peripheral_gateways[0].pair);
        }
        COMPLAIN(c, AT(c, "%s[%u].pair", list, nth), hint, "there is no Peripheral Gateway pair %u",
                 pair);
    }
}

static bool overlap(uint64_t a, uint64_t a_n, uint64_t b, uint64_t b_n)
{
    return a < b + b_n && b < a + a_n;
}

static void check_phones(struct check *c)
{
    uint64_t total = (uint64_t)c->raw->gateways_count + c->raw->dialled_count;
    for (uint32_t i = 0; i < c->raw->phones_count; i++) {
        const struct raw_phones *p = &c->raw->phones[i];
        NAMES(c, groups, "group", p->group, "phones[%u].group", i);
        NAMES(c, fleets, "fleet", p->fleet, "phones[%u].fleet", i);
        uint64_t last =
            p->first > PHONE_NUMBER_MAX ? p->first : p->first + p->count - (p->count > 0 ? 1 : 0);
        if (p->first == 0 || last > PHONE_NUMBER_MAX) {
            COMPLAIN(c, AT(c, "phones[%u].first", i), "for example 1001",
                     "%llu cannot be a directory number",
                     (unsigned long long)(p->first == 0 ? 0 : last));
        }
        total += p->count;
        if (p->count > DEVICES_MAX || total > DEVICES_MAX) {
            COMPLAIN(c, AT(c, "phones[%u].count", i), "make it smaller",
                     "with these there are %llu devices, there can be at most %d",
                     (unsigned long long)total, DEVICES_MAX);
        }
        for (uint32_t k = 0; k < i; k++) {
            const struct raw_phones *q = &c->raw->phones[k];
            if (overlap(p->first, p->count, q->first, q->count)) {
                char hint[HINT_LEN];
                snprintf(hint, sizeof hint, "begin at %llu",
                         (unsigned long long)(q->first + q->count));
                COMPLAIN(c, AT(c, "phones[%u].first", i), hint,
                         "phones from %llu and phones from %llu overlap",
                         (unsigned long long)q->first, (unsigned long long)p->first);
            }
        }
    }
}

static void check_gateways(struct check *c)
{
    for (uint32_t i = 0; i < c->raw->gateways_count; i++) {
        const struct raw_gateway *g = &c->raw->gateways[i];
        yaml_node_t *name = AT(c, "gateways[%u].name", i);
        NAMES(c, groups, "group", g->group, "gateways[%u].group", i);
        NAMES(c, fleets, "fleet", g->fleet, "gateways[%u].fleet", i);
        if (!well_formed(g->name)) {
            COMPLAIN(c, name, "lower-case letters, digits, - and _, a letter first",
                     "'%s' cannot be the name of a gateway", g->name);
        }
        if (g->channels < 1 || g->channels > 1000) {
            COMPLAIN(c, AT(c, "gateways[%u].channels", i), "for example 30",
                     "channels %u is not in 1 to 1000", g->channels);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(g->name, c->raw->gateways[k].name) == 0) {
                COMPLAIN(c, name, "rename one of them", "two gateways are named '%s'", g->name);
            }
        }
    }
}

static const struct raw_phones *phones_with(const struct check *c, uint64_t number)
{
    for (uint32_t i = 0; i < c->raw->phones_count; i++) {
        if (overlap(number, 1, c->raw->phones[i].first, c->raw->phones[i].count)) {
            return &c->raw->phones[i];
        }
    }
    return NULL;
}

static void check_skills(struct check *c)
{
    for (uint32_t i = 0; i < c->raw->skills_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(c->raw->skills[i].name, c->raw->skills[k].name) == 0) {
                COMPLAIN(c, AT(c, "skills[%u].name", i), "rename one of them",
                         "two skill groups are named '%s'", c->raw->skills[i].name);
            }
            if (c->raw->skills[i].number == c->raw->skills[k].number) {
                COMPLAIN(c, AT(c, "skills[%u].number", i), "write another number",
                         "skill groups '%s' and '%s' have the same number %u",
                         c->raw->skills[k].name, c->raw->skills[i].name, c->raw->skills[i].number);
            }
        }
    }
}

static void check_dialled(struct check *c)
{
    for (uint32_t i = 0; i < c->raw->dialled_count; i++) {
        const struct raw_dialled *d = &c->raw->dialled[i];
        yaml_node_t *number = AT(c, "dialled[%u].number", i);
        NAMES(c, groups, "group", d->group, "dialled[%u].group", i);
        NAMES(c, skills, "skill group", d->skill, "dialled[%u].skill", i);
        check_pair(c, "dialled", i, d->pair);
        if (d->number[0] == '0' || d->number[strspn(d->number, "0123456789")] != '\0' ||
            strlen(d->number) > 15) {
            COMPLAIN(c, number, "digits only, for example 80001", "'%s' cannot be dialled",
                     d->number);
        } else if (phones_with(c, strtoull(d->number, NULL, 10)) != NULL) {
            COMPLAIN(c, number, "choose a number outside", "%s is the number of a phone",
                     d->number);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(d->number, c->raw->dialled[k].number) == 0) {
                COMPLAIN(c, number, "leave one out", "%s is here twice", d->number);
            }
        }
    }
}

static void check_agent_phones(struct check *c, uint32_t i)
{
    const struct raw_agents *a = &c->raw->agents[i];
    for (uint32_t n = 0; n < a->count; n++) {
        if (phones_with(c, a->phone + n) != NULL) {
            continue;
        }
        char hint[HINT_LEN];
        if (n == 0) {
            snprintf(hint, sizeof hint, "phones begin at %llu",
                     (unsigned long long)(c->raw->phones_count > 0 ? c->raw->phones[0].first : 0));
            COMPLAIN(c, AT(c, "agents[%u].phone", i), hint, "there is no phone %llu",
                     (unsigned long long)a->phone);
        } else {
            snprintf(hint, sizeof hint, "%u have a phone", n);
            COMPLAIN(c, AT(c, "agents[%u].count", i), hint,
                     "agent %u would sit at phone %llu, which does not exist", a->first + n,
                     (unsigned long long)(a->phone + n));
        }
        return;
    }
}

static void check_agents(struct check *c)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < c->raw->agents_count; i++) {
        const struct raw_agents *a = &c->raw->agents[i];
        NAMES(c, skills, "skill group", a->skill, "agents[%u].skill", i);
        check_pair(c, "agents", i, a->pair);
        uint64_t last = (uint64_t)a->first + a->count - (a->count > 0 ? 1 : 0);
        if (a->first == 0 || last > AGENT_NUMBER_MAX) {
            COMPLAIN(c, AT(c, "agents[%u].first", i), "for example 5001",
                     "%llu cannot be the number of an agent",
                     (unsigned long long)(a->first == 0 ? 0 : last));
        }
        total += a->count;
        if (a->count > AGENTS_MAX || total > AGENTS_MAX) {
            COMPLAIN(c, AT(c, "agents[%u].count", i), "make it smaller",
                     "with these there are %llu agents, there can be at most %d",
                     (unsigned long long)total, AGENTS_MAX);
            return;
        }
        check_agent_phones(c, i);
        for (uint32_t k = 0; k < i; k++) {
            const struct raw_agents *b = &c->raw->agents[k];
            if (overlap(a->first, a->count, b->first, b->count)) {
                COMPLAIN(c, AT(c, "agents[%u].first", i), "choose a later number",
                         "agents from %u and agents from %u overlap", b->first, a->first);
            }
            if (overlap(a->phone, a->count, b->phone, b->count)) {
                COMPLAIN(c, AT(c, "agents[%u].phone", i), "choose later phones",
                         "agents from %u and agents from %u share phones", b->first, a->first);
            }
        }
    }
}

static void check_duration(struct check *c, const char *key, const char *text)
{
    struct duration d;
    if (text[0] != '\0' && !topology_raw_duration(text, &d)) {
        COMPLAIN(c, AT(c, "traffic.%s", key), "write for example 5s or 300ms",
                 "%s '%s' is not a duration", key, text);
    }
}

static void check_rate(struct check *c, const char *key, const char *text)
{
    uint32_t mps = 0;
    if (text[0] != '\0' && !topology_raw_rate(text, &mps)) {
        COMPLAIN(c, AT(c, "traffic.%s", key), "write for example 8 or 0.5",
                 "%s '%s' is not a number of calls a second", key, text);
    }
}

static void check_traffic(struct check *c)
{
    const struct raw_traffic *t = &c->raw->traffic;
    check_rate(c, "agent_calls_per_second", t->agent_calls_per_second);
    check_rate(c, "phone_calls_per_second", t->phone_calls_per_second);
    check_duration(c, "talk", t->talk);
    check_duration(c, "wrapup", t->wrapup);
    check_duration(c, "ring", t->ring);
    check_duration(c, "patience", t->patience);
    uint64_t sum = (uint64_t)t->hold_percent + t->transfer_percent + t->conference_percent;
    if (sum > 100) {
        COMPLAIN(c, AT(c, "traffic.hold_percent"), "make them smaller",
                 "hold, transfer and conference together are %llu percent of the calls",
                 (unsigned long long)sum);
    }
}

static void check_network(struct check *c, const char *key, const char *text)
{
    char block[NAME_LEN];
    if (text[0] == '\0') {
        COMPLAIN(c, AT(c, "networks"), "for example 192.168.57.0/24",
                 "the cluster needs both networks, and there is no '%s'", key);
    } else if (!topology_raw_network(text, block)) {
        COMPLAIN(c, AT(c, "networks.%s", key), "write for example 192.168.56.0/24",
                 "'%s' is not a network of 254 hosts", text);
    }
}

static void check_networks(struct check *c)
{
    const struct raw_networks *n = &c->raw->networks;
    if (n->visible_net[0] == '\0' && n->private_net[0] == '\0') {
        return;
    }
    check_network(c, "visible", n->visible_net);
    check_network(c, "private", n->private_net);
    if (strcmp(n->visible_net, n->private_net) == 0) {
        COMPLAIN(c, AT(c, "networks.private"), "write another one",
                 "the private network is the visible one");
    }
}

void topology_check_all(struct yaml_file *f, const struct raw_topology *raw)
{
    struct check c = {.f = f, .raw = raw};
    gather_all(&c);
    check_procs(&c);
    check_nodes(&c);
    check_groups(&c);
    check_pgs(&c);
    check_phones(&c);
    check_gateways(&c);
    check_skills(&c);
    check_dialled(&c);
    check_agents(&c);
    check_traffic(&c);
    check_networks(&c);
}
