#include "cluster/control/sim_seed.h"

#include "cluster/control/home.h"
#include "cluster/control/outcome.h"
#include "cluster/control/scenario_sim.h"
#include "cluster/control/sim_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct keeping {
    const struct sim_seed *ask;
    uint64_t seed;
    const struct sim_outcome *outcome;
};

/* A range keeps the runs that failed, one seed its own. */
static void keep(void *context, const struct history *history)
{
    const struct keeping *k = context;
    char folder[HOME_PATH_MAX];
    if (k->ask->alone) {
        snprintf(folder, sizeof folder, "%s", k->ask->report);
    } else {
        snprintf(folder, sizeof folder, "%s/seed-%" PRIu64, k->ask->report, k->seed);
    }
    bool wanted = k->ask->alone || k->outcome->verdict == VERDICT_FAIL;
    const struct runfile_rehearsal none = {.seed = k->seed};
    if (wanted && sim_run_keep(folder, history, &none) != OUTCOME_DONE) {
        _exit(OUTCOME_IO); /* what is wrong was said, and the parent tells it on */
    }
}

static void play_scenario(const struct sim_seed *s, uint64_t seed, struct sim_outcome *ret)
{
    const struct scenario_sim_options o = {.scenario = s->scenario,
                                           .trigger = s->trigger,
                                           .topology = s->topology,
                                           .profile = s->profile,
                                           .seed = seed,
                                           .folder = s->alone ? s->report : NULL,
                                           .quiet = !s->alone || s->quiet};
    int code = scenario_sim_run(&o, ret, NULL);
    if (code != OUTCOME_DONE) {
        _exit(code); /* what is wrong was said, and the parent tells it on */
    }
}

void sim_seed_case(const struct sim_seed *s, uint64_t seed, struct sim_case *ret)
{
    sim_swarm_draw(seed, s->profile, s->kinds, ret);
    sim_swarm_keep(ret, s->only, s->faults_max);
    sim_swarm_traffic(ret, s->traffic);
}

void sim_seed_play(const struct sim_seed *s, uint64_t seed, struct sim_outcome *ret)
{
    static struct sim_case c;
    if (s->scenario != NULL) {
        play_scenario(s, seed, ret);
        return;
    }
    sim_seed_case(s, seed, &c);
    struct keeping k = {s, seed, ret};
    sim_swarm_run(&c, s->report != NULL ? keep : NULL, &k, ret);
}

/* " --name value", if there is one. */
static void add_word(char ret[SIM_SEED_LINE_LEN], const char *name, const char *value)
{
    size_t used = strlen(ret);
    if (value != NULL) {
        snprintf(ret + used, SIM_SEED_LINE_LEN - used, " --%s %s", name, value);
    }
}

static void add_number(char ret[SIM_SEED_LINE_LEN], const char *name, uint32_t value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    add_word(ret, name, text);
}

/* " --only 2,5" */
static void add_only(char ret[SIM_SEED_LINE_LEN], uint32_t only)
{
    char text[96] = "";
    for (uint32_t i = 0; i < SIM_SWARM_FAULTS_MAX; i++) {
        size_t used = strlen(text);
        if ((only >> i & 1) != 0) {
            snprintf(text + used, sizeof text - used, "%s%u", used > 0 ? "," : "", i + 1);
        }
    }
    add_word(ret, "only", text);
}

void sim_seed_line(const struct sim_seed *s, uint64_t seed, char ret[SIM_SEED_LINE_LEN])
{
    snprintf(ret, SIM_SEED_LINE_LEN, "rehome sim --seeds %" PRIu64, seed);
    add_word(ret, "scenario", s->scenario_word);
    add_word(ret, "trigger", s->trigger != NULL ? s->trigger->name : NULL);
    add_word(ret, "topology", s->topology);
    add_word(ret, "profile", s->profile);
    add_word(ret, "faults", s->only == 0 ? "none" : s->kinds_text);
    if (s->faults_max < SIM_SWARM_FAULTS_MAX) {
        add_number(ret, "faults-max", s->faults_max);
    }
    if (s->only != SIM_SWARM_EVERY && s->only != 0) {
        add_only(ret, s->only);
    }
    if (s->traffic != 100) {
        add_number(ret, "traffic", s->traffic);
    }
    add_word(ret, "plant", s->plant);
}
