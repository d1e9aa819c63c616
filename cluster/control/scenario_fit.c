#include "cluster/control/scenario_fit.h"

#include "cluster/control/delivered.h"
#include "cluster/control/scenario_checks.h"
#include "cluster/control/sides.h"
#include "cluster/control/target.h"
#include "node/runtime/topology_file.h"
#include "node/runtime/yaml_file.h"

#include <stdlib.h>
#include <string.h>

#define HINT_LEN 128

struct fit {
    struct yaml_file file;
    const struct scenario *scenario;
    const struct topology *own;      /* that the scenario names */
    const struct topology *topology; /* that it is to be played on */
};

/* "did you mean 'x'?", or NULL. */
static const char *did_you_mean(const char *word_or_null, char room[HINT_LEN])
{
    snprintf(room, HINT_LEN, "did you mean '%s'?", word_or_null != NULL ? word_or_null : "");
    return word_or_null != NULL ? room : NULL;
}

/* Load the topology that the scenario names. */
static bool load_own(struct fit *f, struct topology *ret)
{
    char path[DELIVERED_PATH_MAX];
    char hint[HINT_LEN];
    const char *name = f->scenario->topology;
    const yaml_node_t *at = yaml_file_at(&f->file, "topology");
    if (delivered_find("topologies", name, path, sizeof path)) {
        if (topology_file_load(path, f->file.complaints, ret) == ERR_OK) {
            return true;
        }
        yaml_file_complain(&f->file, at, NULL, "the topology '%s' is wrong itself", name);
        return false;
    }
    struct delivered files;
    struct nearest near = nearest_to(name);
    delivered_offer("topologies", &files, &near);
    yaml_file_complain(&f->file, at, did_you_mean(nearest_likely(&near), hint),
                       "there is no topology file '%s'", name);
    return false;
}

/* Whether a process has another side. */
static bool is_paired(const struct topology *t, const struct topology_proc *p)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *other = &t->procs[i];
        if (other->kind == p->kind && other->pair == p->pair && other->side != p->side) {
            return true;
        }
    }
    return false;
}

static void judge_target(struct fit *f, const yaml_node_t *at, const char *word)
{
    char hint[HINT_LEN];
    const struct topology *t = f->topology;
    struct nearest near = target_nearest(word, t);
    if (near.distance != 0) {
        yaml_file_complain(&f->file, at, did_you_mean(nearest_likely(&near), hint),
                           "there is no process or role '%s' in the topology '%s'", word, t->name);
        return;
    }
    const struct topology_proc *meant = topology_proc_of(f->own, topology_proc_named(f->own, word));
    const struct topology_proc *there = topology_proc_of(t, topology_proc_named(t, word));
    if (meant != NULL && there != NULL && is_paired(f->own, meant) && !is_paired(t, there)) {
        yaml_file_complain(&f->file, at, NULL, "'%s' has no other side in the topology '%s'", word,
                           t->name);
    }
}

static void judge_steps(struct fit *f, const char *phase, const struct scenario_step *steps,
                        uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char hint[HINT_LEN];
        struct sides_wrong w;
        if (steps[i].target[0] != '\0') {
            judge_target(f, yaml_file_at(&f->file, "%s[%u].target", phase, i), steps[i].target);
        }
        if (steps[i].sides[0] != '\0' && !sides_look(steps[i].sides, f->topology, &w)) {
            yaml_file_complain(&f->file, yaml_file_at(&f->file, "%s[%u].sides", phase, i),
                               did_you_mean(w.near, hint), "%s", w.why);
        }
    }
}

static void judge_results(struct fit *f)
{
    char id[CHECK_ID_LEN];
    char hint[HINT_LEN];
    const struct scenario *s = f->scenario;
    for (uint32_t i = 0; i < s->table_count; i++) {
        for (const char *at = s->table[i].result; scenario_checks_next(&at, id);) {
            struct nearest near;
            if (scenario_checks_find(id, &near) == NULL) {
                yaml_file_complain(&f->file, yaml_file_at(&f->file, "table[%u].result", i),
                                   did_you_mean(nearest_likely(&near), hint),
                                   "there is no check '%s'", id);
            }
        }
    }
}

static void judge(struct fit *f)
{
    const struct scenario *s = f->scenario;
    judge_target(f, yaml_file_at(&f->file, "target"), s->target);
    judge_steps(f, "given", s->given, s->given_count);
    judge_steps(f, "when", s->when, s->when_count);
    judge_steps(f, "then", s->then, s->then_count);
    judge_steps(f, "finally", s->finally, s->finally_count);
}

enum err scenario_fit(const struct scenario *s, const struct topology *topology_or_null,
                      FILE *complaints)
{
    struct topology *own = calloc(1, sizeof *own);
    struct fit f = {.scenario = s, .own = own, .topology = topology_or_null};
    if (own == NULL) {
        abort();
    }
    enum err err = yaml_file_open(&f.file, s->file, complaints);
    if (err == ERR_OK) {
        if (load_own(&f, own)) {
            f.topology = f.topology != NULL ? f.topology : own;
            judge(&f);
        }
        judge_results(&f);
        err = f.file.faults == 0 ? ERR_OK : ERR_INVALID;
    }
    yaml_file_close(&f.file);
    free(own);
    return err;
}

enum err scenario_fit_beside(const struct scenario *s, const struct scenario_all *others,
                             FILE *complaints)
{
    struct yaml_file f;
    enum err err = yaml_file_open(&f, s->file, complaints);
    for (uint32_t i = 0; err == ERR_OK && i < others->n; i++) {
        const struct scenario *other = others->at[i];
        if (strcmp(s->name, other->name) == 0) {
            yaml_file_complain(&f, yaml_file_at(&f, "name"), "take another one",
                               "the name '%s' is that of %s, too", s->name, other->file);
        }
        if (s->number == other->number) {
            yaml_file_complain(&f, yaml_file_at(&f, "number"), "take another one",
                               "the number %u is that of %s, too", s->number, other->file);
        }
    }
    err = err == ERR_OK && f.faults > 0 ? ERR_INVALID : err;
    yaml_file_close(&f);
    return err;
}
