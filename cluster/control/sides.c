#include "cluster/control/sides.h"

#include "cluster/control/target.h"

#include <stdarg.h>
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

#define NO_SIDES    "'%s' has no two sides with a / between them"
#define SHARED_SIDE "'%s' has somebody on both sides"

static int no_sides(const char *text)
{
    return outcome_error(OUTCOME_USAGE, "rehome partition \"sub1 / pub,sub2\"", NO_SIDES, text);
}

/* NULL: there is not exactly one. */
static const char *slash_of(const char *text)
{
    const char *slash = strchr(text, '/');
    return slash != NULL && strchr(slash + 1, '/') == NULL ? slash : NULL;
}

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
        code = target_find(word, t, scene, &id);
        *ret |= proc_id_some(id) ? UINT64_C(1) << id.v : 0;
    }
    return code;
}

__attribute__((format(printf, 2, 3))) static bool wrong(struct sides_wrong *w, const char *format,
                                                        ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->why, sizeof w->why, format, args);
    va_end(args);
    return false;
}

/* Whether each word of a side is known. */
static bool look_at_side(const char *at, const char *end, const struct topology *t,
                         struct sides_wrong *ret)
{
    char word[WORD_LEN];
    while (next_word(&at, end, word)) {
        struct nearest near = target_nearest(word, t);
        if (near.distance != 0 && strcmp(word, SIDES_REST) != 0) {
            ret->near = near.best;
            return wrong(ret, "there is no process or role '%s'", word);
        }
    }
    return true;
}

static bool has_word(const char *at, const char *end, const char *wanted)
{
    char word[WORD_LEN];
    while (next_word(&at, end, word)) {
        if (strcmp(word, wanted) == 0) {
            return true;
        }
    }
    return false;
}

bool sides_look(const char *text, const struct topology *t, struct sides_wrong *ret)
{
    char word[WORD_LEN];
    const char *slash = slash_of(text);
    const char *end = text + strlen(text);
    *ret = (struct sides_wrong){.near = NULL};
    if (slash == NULL || strspn(text, BLANKS) == (size_t)(slash - text) ||
        slash + 1 + strspn(slash + 1, BLANKS) == end) {
        return wrong(ret, NO_SIDES, text);
    }
    if (!look_at_side(text, slash, t, ret) || !look_at_side(slash + 1, end, t, ret)) {
        return false;
    }
    for (const char *at = text; next_word(&at, slash, word);) {
        if (has_word(slash + 1, end, word)) {
            return wrong(ret, SHARED_SIDE, text);
        }
    }
    return true;
}

int sides_known(const char *text, const struct topology *t)
{
    struct sides_wrong w;
    if (sides_look(text, t, &w)) {
        return OUTCOME_DONE;
    }
    return outcome_error(OUTCOME_USAGE, "rehome partition \"sub1 / pub,sub2\"", "%s%s%s%s", w.why,
                         w.near != NULL ? "; the nearest name is '" : "",
                         w.near != NULL ? w.near : "", w.near != NULL ? "'" : "");
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
        return outcome_error(OUTCOME_USAGE, NULL, SHARED_SIDE, text);
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
