#include "cluster/control/sides.h"

#include "cluster/control/target.h"

#include <stdio.h>
#include <string.h>

#define WORD_LEN 64
#define BLANKS   " \t"

/* The next of the words that stand between commas, without blanks around it. false: no more. */
static bool next_word(const char **at, const char *end, char ret[WORD_LEN])
{
    const char *p = *at;
    if (p >= end) {
        return false;
    }
    p += strspn(p, BLANKS);
    const char *comma = p;
    while (comma < end && *comma != ',') {
        comma++;
    }
    const char *last = comma;
    while (last > p && strchr(BLANKS, last[-1]) != NULL) {
        last--;
    }
    snprintf(ret, WORD_LEN, "%.*s", (int)(last - p), p);
    *at = comma < end ? comma + 1 : end;
    return true;
}

static int no_sides(const char *text)
{
    return outcome_error(OUTCOME_USAGE, "rehome partition \"sub1 / pub,sub2\"",
                         "'%s' has no two sides with a / between them", text);
}

/* NULL: there is not exactly one. */
static const char *slash_of(const char *text)
{
    const char *slash = strchr(text, '/');
    return slash != NULL && strchr(slash + 1, '/') == NULL ? slash : NULL;
}

/* One side; `scene` NULL: the words are only looked at. */
static int read_side(const char *at, const char *end, const struct topology *t,
                     const struct scene *scene, uint64_t *ret, bool *ret_rest)
{
    char word[WORD_LEN];
    int code = OUTCOME_DONE;
    *ret = 0;
    *ret_rest = false;
    while (code == OUTCOME_DONE && next_word(&at, end, word)) {
        struct proc_id id = {0};
        if (strcmp(word, SIDES_REST) == 0) {
            *ret_rest = true;
            continue;
        }
        code = scene == NULL ? target_known(word, t) : target_find(word, t, scene, &id);
        *ret |= proc_id_some(id) ? UINT64_C(1) << id.v : 0;
    }
    return code;
}

int sides_known(const char *text, const struct topology *t)
{
    uint64_t side = 0;
    bool rest = false;
    const char *slash = slash_of(text);
    if (slash == NULL) {
        return no_sides(text);
    }
    int code = read_side(text, slash, t, NULL, &side, &rest);
    return code == OUTCOME_DONE ? read_side(slash + 1, slash + strlen(slash), t, NULL, &side, &rest)
                                : code;
}

int sides_find(const char *text, const struct topology *t, const struct scene *s,
               uint64_t *ret_from, uint64_t *ret_to)
{
    uint64_t from = 0, to = 0;
    bool from_rest = false, to_rest = false;
    const char *slash = slash_of(text);
    if (slash == NULL) {
        return no_sides(text);
    }
    int code = read_side(text, slash, t, s, &from, &from_rest);
    if (code == OUTCOME_DONE) {
        code = read_side(slash + 1, slash + strlen(slash), t, s, &to, &to_rest);
    }
    if (code != OUTCOME_DONE) {
        return code;
    }
    if ((from & to) != 0 || (from_rest && to_rest)) {
        return outcome_error(OUTCOME_USAGE, NULL, "'%s' has somebody on both sides", text);
    }
    uint64_t all = ((UINT64_C(1) << t->procs_n) - 1) << 1;
    from |= from_rest ? all & ~to : 0;
    to |= to_rest ? all & ~from : 0;
    if (from == 0 || to == 0) {
        return no_sides(text);
    }
    *ret_from = from;
    *ret_to = to;
    return OUTCOME_DONE;
}
