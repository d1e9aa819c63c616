#include "cluster/control/topology_text.h"

#include <inttypes.h>

static void write_nodes(FILE *f, const struct topology *t)
{
    fputs("nodes:\n", f);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_NODE) {
            fprintf(f, "  - {name: %s, role: %s, host: %u, services: [%s%s%s]}\n", p->name,
                    p->publisher ? "publisher" : "subscriber", p->host,
                    p->callmanager ? "callmanager" : "",
                    p->callmanager && p->ctimanager ? ", " : "", p->ctimanager ? "ctimanager" : "");
        }
    }
}

static char side_of(const struct topology_proc *p)
{
    return p->side == SIDE_B ? 'B' : 'A';
}

static void write_others(FILE *f, const struct topology *t)
{
    fputs("peripheral_gateways:\n", f);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_PG) {
            fprintf(f, "  - {name: %s, side: %c, host: %u, pair: %u, ctimanager: %s}\n", p->name,
                    side_of(p), p->host, p->pair, topology_name(t, p->ctimanager_node));
        }
    }
    fputs("controllers:\n", f);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_ICM) {
            fprintf(f, "  - {name: %s, side: %c, host: %u}\n", p->name, side_of(p), p->host);
        }
    }
    fputs("fleets:\n", f);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        if (p->kind == PROC_FLEET) {
            fprintf(f, "  - {name: %s, host: %u}\n", p->name, p->host);
        }
    }
}

static void write_devices(FILE *f, const struct topology *t)
{
    fputs("groups:\n", f);
    for (uint32_t i = 0; i < t->groups_n; i++) {
        fprintf(f, "  - {name: %s, members: [", t->groups[i].name);
        for (uint32_t k = 0; k < t->groups[i].members_n; k++) {
            fprintf(f, "%s%s", k > 0 ? ", " : "", topology_name(t, t->groups[i].members[k]));
        }
        fputs("]}\n", f);
    }
    fputs("phones:\n", f);
    for (uint32_t i = 0; i < t->phones_n; i++) {
        const struct topology_phones *p = &t->phones[i];
        fprintf(f, "  - {first: %" PRIu64 ", count: %u, group: %s, fleet: %s}\n", p->first,
                p->count, t->groups[p->group].name, topology_name(t, p->fleet));
    }
    fputs("gateways:\n", f);
    for (uint32_t i = 0; i < t->gateways_n; i++) {
        const struct topology_gateway *g = &t->gateways[i];
        fprintf(f, "  - {name: %s, channels: %u, group: %s, fleet: %s}\n", g->name, g->channels,
                t->groups[g->group].name, topology_name(t, g->fleet));
    }
}

static void write_centre(FILE *f, const struct topology *t)
{
    fputs("skills:\n", f);
    for (uint32_t i = 0; i < t->skills_n; i++) {
        fprintf(f, "  - {name: %s, number: %u}\n", t->skills[i].name, t->skills[i].number);
    }
    fputs("dialled:\n", f);
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        const struct topology_dialled *d = &t->dialled[i];
        fprintf(f, "  - {number: \"%s\", group: %s, skill: %s, pair: %u}\n", d->number,
                t->groups[d->group].name, t->skills[d->skill].name, d->pair);
    }
    fputs("agents:\n", f);
    for (uint32_t i = 0; i < t->agents_n; i++) {
        const struct topology_agents *a = &t->agents[i];
        fprintf(f,
                "  - {first: %u, count: %u, phone: %" PRIu64 ", skill: %s, spread: %s, pair: %u}\n",
                a->first, a->count, a->phone, t->skills[a->skill].name,
                a->spread ? "true" : "false", a->pair);
    }
}

void topology_text_write(FILE *f, const struct topology *t)
{
    const struct topology_traffic *r = &t->traffic;
    fprintf(f, "name: %s\nprofile: %s\n", t->name, t->timers.profile);
    write_nodes(f, t);
    write_others(f, t);
    write_devices(f, t);
    write_centre(f, t);
    fprintf(f,
            "traffic:\n  seed: %" PRIu64 "\n  agent_calls_per_second: %u.%03u\n"
            "  phone_calls_per_second: %u.%03u\n  talk: %" PRId64 "ms\n  wrapup: %" PRId64
            "ms\n  ring: %" PRId64 "ms\n  patience: %" PRId64 "ms\n  hold_percent: %u\n"
            "  transfer_percent: %u\n  conference_percent: %u\n",
            r->seed, r->agent_calls_mps / 1000, r->agent_calls_mps % 1000,
            r->phone_calls_mps / 1000, r->phone_calls_mps % 1000, duration_to_ms(r->talk_mean),
            duration_to_ms(r->wrapup_mean), duration_to_ms(r->ring_mean),
            duration_to_ms(r->patience), r->hold_percent, r->transfer_percent,
            r->conference_percent);
    fprintf(f, "policies:\n  fallback: %s\n  control: %s\n  login: %s\n  cut_row: %s\n",
            fallback_text(t->policies.fallback), control_text(t->policies.control),
            login_text(t->policies.login), cut_row_text(t->policies.cut_row));
}
