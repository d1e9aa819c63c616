#include "cluster/control/command.h"

#include "cluster/control/past.h"
#include "node/base/nearest.h"

#include <stdlib.h>

#define SURVEY_WAIT_MS 1000

int command_open_silent(const struct options_common *common, struct session_of_command **ret)
{
    struct session_of_command *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    int code = home_cluster(common->cluster, &s->cluster);
    if (code == OUTCOME_DONE) {
        code = operator_open(&s->cluster, &s->desk);
    }
    if (code != OUTCOME_DONE) {
        command_close(&s);
        return code;
    }
    survey_take(s->desk, &s->cluster, SURVEY_WAIT_MS, &s->scene);
    *ret = s;
    return OUTCOME_DONE;
}

int command_open(const struct options_common *common, struct session_of_command **ret)
{
    int code = command_open_silent(common, ret);
    if (code == OUTCOME_DONE && !(*ret)->scene.any_answered) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome up",
                             "cluster '%s' is down: no process answers", (*ret)->cluster.name);
        command_close(ret);
    }
    return code;
}

void command_close(struct session_of_command **s)
{
    if (*s != NULL) {
        operator_close(&(*s)->desk);
        past_close(&(*s)->past);
        free(*s);
        *s = NULL;
    }
}

int command_no_such(const char *kind, const struct nearest *near)
{
    if (near->best == NULL) {
        return outcome_error(OUTCOME_USAGE, NULL, "there is no %s '%s'", kind, near->word);
    }
    return outcome_error(OUTCOME_USAGE, NULL, "there is no %s '%s'; the nearest name is '%s'", kind,
                         near->word, near->best);
}

int command_no_near(const char *kind, const struct nearest *near, const char *next)
{
    if (nearest_likely(near) != NULL) {
        return command_no_such(kind, near);
    }
    return outcome_error(OUTCOME_USAGE, next, "there is no %s '%s'", kind, near->word);
}

int command_none_up(const struct home *h, const char *next)
{
    char name[NAME_LEN];
    return home_running_one(h, name)
               ? outcome_error(OUTCOME_EXISTS, next, "cluster '%s' is up already", name)
               : OUTCOME_DONE;
}

int command_profile(const char *word_or_null)
{
    static const char *const words[] = {"lab", "srnd", "slow"};
    struct nearest near = nearest_to(word_or_null != NULL ? word_or_null : words[0]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        nearest_offer(&near, words[i]);
    }
    return near.distance == 0 ? OUTCOME_DONE : command_no_such("profile", &near);
}
