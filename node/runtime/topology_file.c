#include "node/runtime/topology_file.h"

#include "node/runtime/topology_check.h"
#include "node/runtime/topology_raw.h"
#include "node/runtime/topology_scale.h"
#include "node/runtime/yaml_file.h"

#include <stdlib.h>
#include <string.h>

static const char *const profile_words[] = {"lab", "srnd", "slow"};

/* FNV-1a; any change of the text changes it. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++) {
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
    }
    return h;
}

static struct topology_proc *add_proc(struct topology *t, enum proc_kind kind, const char *name,
                                      uint32_t host)
{
    ASSERT(t->procs_n < PROCS_MAX);
    struct topology_proc *p = &t->procs[t->procs_n++];
    p->kind = kind;
    p->host = host;
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

static void build_procs(const struct raw_topology *raw, struct topology *t)
{
    for (uint32_t i = 0; i < raw->nodes_count; i++) {
        const struct raw_node *n = &raw->nodes[i];
        struct topology_proc *p = add_proc(t, PROC_NODE, n->name, n->host);
        p->publisher = n->role == RAW_PUBLISHER;
        for (uint32_t k = 0; k < n->services_count; k++) {
            p->callmanager = p->callmanager || n->services[k] == SERVICE_CALLMANAGER;
            p->ctimanager = p->ctimanager || n->services[k] == SERVICE_CTIMANAGER;
        }
    }
    for (uint32_t i = 0; i < raw->peripheral_gateways_count; i++) {
        const struct raw_side *s = &raw->peripheral_gateways[i];
        struct topology_proc *p = add_proc(t, PROC_PG, s->name, s->host);
        p->side = s->side;
        p->pair = s->pair;
        p->ctimanager_node = topology_proc_named(t, s->ctimanager);
    }
    for (uint32_t i = 0; i < raw->controllers_count; i++) {
        add_proc(t, PROC_ICM, raw->controllers[i].name, raw->controllers[i].host)->side =
            raw->controllers[i].side;
    }
    for (uint32_t i = 0; i < raw->fleets_count; i++) {
        add_proc(t, PROC_FLEET, raw->fleets[i].name, raw->fleets[i].host);
    }
    for (uint32_t i = 0; i < raw->recorders_count; i++) {
        add_proc(t, PROC_RECORDER, raw->recorders[i].name, raw->recorders[i].host);
    }
}

static uint32_t group_named(const struct topology *t, const char *name)
{
    for (uint32_t i = 0; i < t->groups_n; i++) {
        if (strcmp(t->groups[i].name, name) == 0) {
            return i;
        }
    }
    UNREACHABLE("topology_check found the group");
}

static uint32_t skill_named(const struct topology *t, const char *name)
{
    for (uint32_t i = 0; i < t->skills_n; i++) {
        if (strcmp(t->skills[i].name, name) == 0) {
            return i;
        }
    }
    UNREACHABLE("topology_check found the skill group");
}

static void build_groups(const struct raw_topology *raw, struct topology *t)
{
    t->groups_n = raw->groups_count;
    for (uint32_t i = 0; i < raw->groups_count; i++) {
        struct topology_group *g = &t->groups[i];
        snprintf(g->name, sizeof g->name, "%s", raw->groups[i].name);
        g->members_n = raw->groups[i].members_count;
        for (uint32_t m = 0; m < g->members_n; m++) {
            g->members[m] = topology_proc_named(t, raw->groups[i].members[m]);
            ASSERT(proc_id_some(g->members[m]));
        }
    }
    t->skills_n = raw->skills_count;
    for (uint32_t i = 0; i < raw->skills_count; i++) {
        snprintf(t->skills[i].name, sizeof t->skills[i].name, "%s", raw->skills[i].name);
        t->skills[i].number = raw->skills[i].number;
    }
}

static void build_devices(const struct raw_topology *raw, struct topology *t)
{
    t->phones_n = raw->phones_count;
    for (uint32_t i = 0; i < raw->phones_count; i++) {
        const struct raw_phones *p = &raw->phones[i];
        t->phones[i] = (struct topology_phones){.first = p->first,
                                                .count = p->count,
                                                .group = group_named(t, p->group),
                                                .fleet = topology_proc_named(t, p->fleet)};
    }
    t->gateways_n = raw->gateways_count;
    for (uint32_t i = 0; i < raw->gateways_count; i++) {
        const struct raw_gateway *g = &raw->gateways[i];
        t->gateways[i] = (struct topology_gateway){.group = group_named(t, g->group),
                                                   .channels = g->channels,
                                                   .fleet = topology_proc_named(t, g->fleet)};
        snprintf(t->gateways[i].name, sizeof t->gateways[i].name, "%s", g->name);
    }
    t->dialled_n = raw->dialled_count;
    for (uint32_t i = 0; i < raw->dialled_count; i++) {
        const struct raw_dialled *d = &raw->dialled[i];
        t->dialled[i] = (struct topology_dialled){
            .group = group_named(t, d->group), .skill = skill_named(t, d->skill), .pair = d->pair};
        snprintf(t->dialled[i].number, sizeof t->dialled[i].number, "%s", d->number);
    }
    t->agents_n = raw->agents_count;
    for (uint32_t i = 0; i < raw->agents_count; i++) {
        const struct raw_agents *a = &raw->agents[i];
        t->agents[i] = (struct topology_agents){.first = a->first,
                                                .count = a->count,
                                                .phone = a->phone,
                                                .skill = skill_named(t, a->skill),
                                                .spread = a->spread,
                                                .pair = a->pair};
    }
}

static struct duration duration_of(const char *text)
{
    struct duration d = {0};
    if (!topology_raw_duration(text, &d)) {
        UNREACHABLE("topology_check read the duration");
    }
    return d;
}

static uint32_t rate_of(const char *text)
{
    uint32_t mps = 0;
    if (!topology_raw_rate(text, &mps)) {
        UNREACHABLE("topology_check read the rate");
    }
    return mps;
}

static void build_traffic(const struct raw_traffic *raw, struct topology_traffic *t)
{
    *t = (struct topology_traffic){
        .seed = raw->seed,
        .agent_calls_mps = rate_of(raw->agent_calls_per_second),
        .phone_calls_mps = rate_of(raw->phone_calls_per_second),
        .talk_mean = duration_of(raw->talk),
        .wrapup_mean = duration_of(raw->wrapup),
        .ring_mean = duration_of(raw->ring),
        .patience = duration_of(raw->patience),
        .hold_percent = raw->hold_percent,
        .transfer_percent = raw->transfer_percent,
        .conference_percent = raw->conference_percent,
    };
}

static void build_networks(const struct raw_networks *raw, struct topology_networks *n)
{
    bool named = raw->visible_net[0] != '\0';
    if (named && (!topology_raw_network(raw->visible_net, n->visible_block) ||
                  !topology_raw_network(raw->private_net, n->private_block))) {
        UNREACHABLE("topology_check read the networks");
    }
}

/* What a file may leave out. */
static void fill_in(struct raw_topology *raw)
{
    static const char *const defaults[] = {"0", "0", "5s", "3s", "1s", "20s"};
    struct raw_traffic *t = &raw->traffic;
    char *const texts[] = {t->agent_calls_per_second,
                           t->phone_calls_per_second,
                           t->talk,
                           t->wrapup,
                           t->ring,
                           t->patience};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i][0] == '\0') {
            snprintf(texts[i], RAW_WORD_LEN, "%s", defaults[i]);
        }
    }
}

static enum err build(struct raw_topology *raw, struct topology *ret, char **ret_text,
                      size_t *ret_length)
{
    char *text = NULL;
    size_t length = 0;
    enum err err = yaml_file_text(&topology_raw_schema, raw, &text, &length);
    if (err != ERR_OK) {
        return err;
    }
    memset(ret, 0, sizeof *ret);
    snprintf(ret->name, sizeof ret->name, "%s", raw->name);
    ret->hash = hash_of(text, length);
    err = topology_profile(profile_words[raw->profile], &ret->timers);
    ASSERT(err == ERR_OK);
    build_procs(raw, ret);
    build_groups(raw, ret);
    build_devices(raw, ret);
    build_traffic(&raw->traffic, &ret->traffic);
    ret->policies = (struct topology_policies){.fallback = raw->policies.fallback,
                                               .control = raw->policies.control,
                                               .login = raw->policies.login,
                                               .cut_row = raw->policies.cut_row};
    build_networks(&raw->networks, &ret->networks);
    if (ret_text != NULL) {
        *ret_text = text;
        *ret_length = length;
    } else {
        free(text);
    }
    return ERR_OK;
}

/* What is in `f`, which was opened with `err`; closes it. */
static enum err take(struct yaml_file *f, enum err err, const struct topology_change *change,
                     struct topology *ret, char **ret_text, size_t *ret_length)
{
    void *data = NULL;
    if (err != ERR_OK) {
        goto close;
    }
    err = yaml_file_judge(f, &topology_raw_schema);
    if (err != ERR_OK) {
        goto close;
    }
    err = yaml_file_fill(f, &topology_raw_schema, &data);
    if (err != ERR_OK) {
        goto close;
    }
    struct raw_topology *raw = data;
    topology_check_all(f, raw);
    err = f->faults == 0 ? ERR_OK : ERR_INVALID;
    if (err == ERR_OK) {
        fill_in(raw);
        err = topology_scale_apply(raw, change, f->complaints);
    }
    if (err == ERR_OK) {
        err = build(raw, ret, ret_text, ret_length);
    }
    yaml_file_free(&topology_raw_schema, data);
close:
    yaml_file_close(f);
    return err;
}

enum err topology_file_prepare(const char *path, const struct topology_change *change,
                               FILE *complaints, struct topology *ret, char **ret_text,
                               size_t *ret_length)
{
    struct yaml_file f;
    enum err err = yaml_file_open(&f, path, complaints);
    return take(&f, err, change, ret, ret_text, ret_length);
}

enum err topology_file_load(const char *path, FILE *complaints, struct topology *ret)
{
    const struct topology_change nothing = {.name = NULL};
    return topology_file_prepare(path, &nothing, complaints, ret, NULL, NULL);
}

enum err topology_file_parse(const char *path, const char *text, FILE *complaints,
                             struct topology *ret)
{
    const struct topology_change nothing = {.name = NULL};
    struct yaml_file f;
    enum err err = yaml_file_open_text(&f, path, text, complaints);
    return take(&f, err, &nothing, ret, NULL, NULL);
}
