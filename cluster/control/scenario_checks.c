#include "cluster/control/scenario_checks.h"

#include <stdio.h>
#include <string.h>

#define BETWEEN ", "

bool scenario_checks_next(const char **at, char ret_id[CHECK_ID_LEN])
{
    const char *word = *at + strspn(*at, BETWEEN);
    size_t length = strcspn(word, BETWEEN);
    snprintf(ret_id, CHECK_ID_LEN, "%.*s", (int)length, word);
    *at = word + length;
    return length > 0;
}

static const struct check *find_in(const struct check *checks, size_t n, const char *id,
                                   struct nearest *near)
{
    for (size_t i = 0; i < n; i++) {
        nearest_offer(near, checks[i].id);
        if (strcmp(checks[i].id, id) == 0) {
            return &checks[i];
        }
    }
    return NULL;
}

const struct check *scenario_checks_find(const char *id, struct nearest *ret_near)
{
    size_t n = 0;
    struct nearest near = nearest_to(id);
    const struct check *found = check_invariants(&n);
    found = find_in(found, n, id, &near);
    for (size_t i = 0; found == NULL && check_scenario(i) != NULL; i++) {
        const struct check *sentences = check_sentences(check_scenario(i), &n);
        found = find_in(sentences, n, id, &near);
    }
    if (ret_near != NULL) {
        *ret_near = near;
    }
    return found;
}

bool scenario_checks_judges(const struct check *check, const char *scenario)
{
    size_t n = 0;
    struct nearest near = nearest_to(check->id);
    const struct check *invariants = check_invariants(&n);
    if (find_in(invariants, n, check->id, &near) != NULL) {
        return true;
    }
    const struct check *sentences = check_sentences(scenario, &n);
    return find_in(sentences, n, check->id, &near) != NULL;
}
