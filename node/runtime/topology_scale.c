#include "node/runtime/topology_scale.h"

#include <stdlib.h>
#include <string.h>

#define RATE_LEN 32

/* Share `total` out over `n` counts in their present proportions; what is left over goes to the
 * first ones. */
static void share(uint32_t total, uint32_t n, const uint32_t *old, uint32_t *ret)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += old[i];
    }
    uint32_t given = 0;
    for (uint32_t i = 0; i < n; i++) {
        ret[i] = sum == 0 ? 0 : (uint32_t)((uint64_t)total * old[i] / sum);
        given += ret[i];
    }
    for (uint32_t i = 0; n > 0 && given < total; i = i + 1 < n ? i + 1 : 0) {
        ret[i]++;
        given++;
    }
}

static enum err scale_phones(struct raw_topology *raw, uint32_t total, FILE *complaints)
{
    uint32_t old[RANGES_MAX];
    uint32_t now[RANGES_MAX];
    if (raw->phones_count == 0) {
        fprintf(complaints, "--phones %u: the topology has no phones to begin with\n", total);
        return ERR_INVALID;
    }
    if (total < raw->phones_count || total > DEVICES_MAX) {
        fprintf(complaints, "--phones %u: there can be %u to %d\n", total, raw->phones_count,
                DEVICES_MAX);
        return ERR_INVALID;
    }
    for (uint32_t i = 0; i < raw->phones_count; i++) {
        old[i] = raw->phones[i].count;
    }
    share(total, raw->phones_count, old, now);
    uint64_t next = 0;
    for (uint32_t i = 0; i < raw->phones_count; i++) {
        struct raw_phones *p = &raw->phones[i];
        uint64_t first = p->first < next ? next : p->first;
        for (uint32_t k = 0; k < raw->agents_count; k++) {
            struct raw_agents *a = &raw->agents[k];
            if (a->phone >= p->first && a->phone - p->first < old[i] && first != p->first) {
                a->phone += first - p->first;
            }
        }
        p->first = first;
        p->count = now[i];
        next = first + now[i];
    }
    return ERR_OK;
}

/* How many phones in a row there are from `number` on. */
static uint32_t phones_from(const struct raw_topology *raw, uint64_t number)
{
    for (uint32_t i = 0; i < raw->phones_count; i++) {
        const struct raw_phones *p = &raw->phones[i];
        if (number >= p->first && number - p->first < p->count) {
            return p->count - (uint32_t)(number - p->first);
        }
    }
    return 0;
}

static enum err scale_agents(struct raw_topology *raw, uint32_t total, FILE *complaints)
{
    uint32_t old[RANGES_MAX];
    uint32_t now[RANGES_MAX];
    if (raw->agents_count == 0) {
        fprintf(complaints, "--agents %u: the topology has no agents to begin with\n", total);
        return ERR_INVALID;
    }
    for (uint32_t i = 0; i < raw->agents_count; i++) {
        old[i] = raw->agents[i].count;
    }
    share(total, raw->agents_count, old, now);
    uint64_t next = 0;
    for (uint32_t i = 0; i < raw->agents_count; i++) {
        struct raw_agents *a = &raw->agents[i];
        if (now[i] > AGENTS_MAX || phones_from(raw, a->phone) < now[i]) {
            fprintf(complaints,
                    "--agents %u: agents from %u would need %u phones from %llu on, there are %u; "
                    "say --phones too\n",
                    total, a->first, now[i], (unsigned long long)a->phone,
                    phones_from(raw, a->phone));
            return ERR_INVALID;
        }
        a->first = a->first < next ? (uint32_t)next : a->first;
        a->count = now[i];
        next = (uint64_t)a->first + now[i];
    }
    return ERR_OK;
}

/* Fewer phones than agents: the agents without a phone go. */
static void shrink_agents(struct raw_topology *raw)
{
    for (uint32_t i = 0; i < raw->agents_count; i++) {
        uint32_t fit = phones_from(raw, raw->agents[i].phone);
        raw->agents[i].count = raw->agents[i].count < fit ? raw->agents[i].count : fit;
    }
}

static void scale_calls(struct raw_traffic *t, uint32_t total_m)
{
    uint32_t old[2] = {0, 0};
    uint32_t now[2];
    if (!topology_raw_rate(t->agent_calls_per_second, &old[0]) ||
        !topology_raw_rate(t->phone_calls_per_second, &old[1]) || old[0] + old[1] == 0) {
        old[0] = 1;
    }
    share(total_m, 2, old, now);
    snprintf(t->agent_calls_per_second, RATE_LEN, "%u.%03u", now[0] / 1000, now[0] % 1000);
    snprintf(t->phone_calls_per_second, RATE_LEN, "%u.%03u", now[1] / 1000, now[1] % 1000);
}

enum err topology_scale_apply(struct raw_topology *raw, const struct topology_change *change,
                              FILE *complaints)
{
    enum err err = ERR_OK;
    if (change->name != NULL) {
        snprintf(raw->name, sizeof raw->name, "%s", change->name);
    }
    if (change->seed_set) {
        raw->traffic.seed = change->seed;
    }
    if (change->profile != NULL) {
        struct topology_timers timers;
        if (topology_profile(change->profile, &timers) != ERR_OK) {
            fprintf(complaints, "--profile '%s' is not one of lab, srnd, slow\n", change->profile);
            return ERR_INVALID;
        }
        raw->profile = strcmp(change->profile, "srnd") == 0   ? RAW_SRND
                       : strcmp(change->profile, "slow") == 0 ? RAW_SLOW
                                                              : RAW_LAB;
    }
    if (change->phones_set) {
        err = scale_phones(raw, change->phones, complaints);
        if (err == ERR_OK && !change->agents_set) {
            shrink_agents(raw);
        }
    }
    if (err == ERR_OK && change->agents_set) {
        err = scale_agents(raw, change->agents, complaints);
    }
    if (err == ERR_OK && change->calls_set) {
        scale_calls(&raw->traffic, change->calls_per_second_m);
    }
    return err;
}
