#include "cluster/control/scenario.h"

#include "cluster/control/command.h"
#include "cluster/control/delivered.h"
#include "cluster/control/scenario_file.h"
#include "node/base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    const struct scenario *x = *(struct scenario *const *)a;
    const struct scenario *y = *(struct scenario *const *)b;
    return x->number < y->number ? -1 : x->number > y->number ? 1 : 0;
}

int scenario_load(struct scenario_all *ret)
{
    struct delivered files;
    memset(ret, 0, sizeof *ret);
    delivered_list("scenarios", &files);
    if (files.n == 0) {
        return outcome_error(OUTCOME_IO, "set REHOME_SHARE to the folder that has scenarios/",
                             "no scenarios are delivered with this program");
    }
    for (uint32_t i = 0; i < files.n && ret->n < SCENARIO_MAX; i++) {
        char path[DELIVERED_PATH_MAX];
        delivered_path("scenarios", files.names[i], path, sizeof path);
        if (scenario_file_load(path, stderr, &ret->at[ret->n]) != ERR_OK) {
            scenario_free(ret);
            return OUTCOME_CONFIG;
        }
        ret->n++;
    }
    qsort(ret->at, ret->n, sizeof(struct scenario *), by_number);
    return OUTCOME_DONE;
}

void scenario_free(struct scenario_all *all)
{
    for (uint32_t i = 0; i < all->n; i++) {
        scenario_file_free(&all->at[i]);
    }
    all->n = 0;
}

int scenario_find(const struct scenario_all *all, const char *word, const struct scenario **ret)
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
    return command_no_such("scenario", &near);
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
