#include "cluster/control/scenario.h"

#include "cluster/control/cluster_run.h"
#include "cluster/control/command.h"
#include "cluster/control/delivered.h"
#include "cluster/control/scenario_file.h"
#include "cluster/control/scenario_fit.h"
#include "node/base/nearest.h"
#include "node/runtime/topology_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_number(const void *a, const void *b)
{
    const struct scenario *x = *(struct scenario *const *)a;
    const struct scenario *y = *(struct scenario *const *)b;
    return x->number < y->number ? -1 : x->number > y->number ? 1 : 0;
}

/* Load a file that is right in itself, and fits the others; false: it is complained about. */
static bool add_file(struct scenario_all *all, const char *path, FILE *complaints)
{
    struct stat st;
    struct scenario *s = NULL;
    if (all->n == SCENARIO_MAX) {
        fprintf(complaints, "%s: there can be at most %d scenarios\n", path, SCENARIO_MAX);
        return false;
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        fprintf(complaints, "%s: it is no regular file\n", path);
        return false;
    }
    if (scenario_file_load(path, complaints, &s) != ERR_OK ||
        scenario_fit(s, NULL, complaints) != ERR_OK ||
        scenario_fit_beside(s, all, complaints) != ERR_OK) {
        scenario_file_free(&s);
        return false;
    }
    all->at[all->n++] = s;
    return true;
}

int scenario_load(struct scenario_all *ret)
{
    struct delivered files;
    size_t length = 0;
    bool refused = false;
    memset(ret, 0, sizeof *ret);
    delivered_list("scenarios", &files);
    if (files.n == 0) {
        return outcome_error(OUTCOME_IO, "set REHOME_SHARE to the folder that has scenarios/",
                             "no scenarios are delivered with this program");
    }
    FILE *complaints = open_memstream(&ret->complaints, &length);
    ASSERT(complaints != NULL);
    for (uint32_t i = 0; i < files.n; i++) {
        char path[DELIVERED_PATH_MAX];
        if (delivered_path("scenarios", files.names[i], path, sizeof path)) {
            refused = !add_file(ret, path, complaints) || refused;
        }
    }
    fclose(complaints);
    if (!refused) {
        free(ret->complaints);
        ret->complaints = NULL;
    }
    qsort(ret->at, ret->n, sizeof(struct scenario *), by_number);
    return OUTCOME_DONE;
}

void scenario_free(struct scenario_all *all)
{
    for (uint32_t i = 0; i < all->n; i++) {
        scenario_file_free(&all->at[i]);
    }
    free(all->complaints);
    all->complaints = NULL;
    all->n = 0;
}

int scenario_refused(const struct scenario_all *all)
{
    if (all->complaints == NULL) {
        return OUTCOME_DONE;
    }
    fflush(stdout);
    fputs(all->complaints, stderr);
    return OUTCOME_CONFIG;
}

static int find(const struct scenario_all *all, const char *word, const struct scenario **ret)
{
    struct nearest near = nearest_to(word);
    for (uint32_t i = 0; i < all->n; i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", all->at[i]->number);
        nearest_offer(&near, all->at[i]->name);
        if (strcmp(word, all->at[i]->name) == 0 || strcmp(word, number) == 0) {
            *ret = all->at[i];
            return OUTCOME_DONE;
        }
    }
    int code = scenario_refused(all);
    if (code != OUTCOME_DONE) {
        return outcome_error((enum outcome)code, "mend the file",
                             "there is no scenario '%s' in the files that are right", word);
    }
    return command_no_near("scenario", &near, "rehome scenario list");
}

int scenario_open(const char *word, struct scenario_all *all, const struct scenario **ret)
{
    char path[DELIVERED_PATH_MAX];
    const char *dot = strrchr(word, '.');
    memset(all, 0, sizeof *all);
    if (strchr(word, '/') == NULL && (dot == NULL || strcmp(dot, ".yaml") != 0)) {
        int code = scenario_load(all);
        return code == OUTCOME_DONE ? find(all, word, ret) : code;
    }
    if (!delivered_find("scenarios", word, path, sizeof path)) {
        return outcome_error(OUTCOME_USAGE, "rehome scenario list",
                             "there is no scenario file '%s'", word);
    }
    if (!add_file(all, path, stderr)) {
        return OUTCOME_CONFIG;
    }
    *ret = all->at[0];
    return OUTCOME_DONE;
}

int scenario_suits(const struct scenario *s, const struct topology *t)
{
    if (scenario_fit(s, t, stderr) == ERR_OK) {
        return OUTCOME_DONE;
    }
    return outcome_error(OUTCOME_USAGE,
                         "play it on its own topology: leave --topology or --here out",
                         "%s cannot be played on the topology '%s'", s->name, t->name);
}

int scenario_suits_file(const struct scenario *s, const char *topology)
{
    char path[DELIVERED_PATH_MAX];
    struct topology *t = calloc(1, sizeof *t);
    ASSERT(t != NULL);
    int code = cluster_run_topology(topology, path, sizeof path);
    if (code == OUTCOME_DONE && topology_file_load(path, stderr, t) != ERR_OK) {
        code = OUTCOME_CONFIG;
    }
    code = code == OUTCOME_DONE ? scenario_suits(s, t) : code;
    free(t);
    return code;
}

bool scenario_needs_root(const struct scenario *s)
{
    for (uint32_t i = 0; i < s->backends_count; i++) {
        if (strcmp(s->backends[i], "local") == 0) {
            return false;
        }
    }
    return true;
}

int scenario_trigger(const struct scenario *s, const char *word_or_null,
                     const struct scenario_trigger **ret)
{
    struct nearest near = nearest_to(word_or_null != NULL ? word_or_null : s->triggers[0].name);
    for (uint32_t i = 0; i < s->triggers_count; i++) {
        nearest_offer(&near, s->triggers[i].name);
        if (strcmp(near.word, s->triggers[i].name) == 0) {
            *ret = &s->triggers[i];
            return OUTCOME_DONE;
        }
    }
    return command_no_such("trigger of this scenario", &near);
}
