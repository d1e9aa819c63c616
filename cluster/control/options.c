#include "cluster/control/options.h"

#include "cluster/control/outcome.h"
#include "node/base/err.h"
#include "node/runtime/topology_raw.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_CLUSTER 1000
#define KEY_JSON    1001
#define KEY_NO_WAIT 1002
#define KEY_QUIET   1003
#define KEY_ROWS    2000
#define NAME_ROOM   64

struct parse {
    const struct options_spec *spec;
    struct options_common *common;
    struct options_args *args;
};

static void take_row(const struct option_row *row, char *value)
{
    if (row->flag != NULL) {
        *row->flag = true;
    }
    if (row->text != NULL) {
        *row->text = value;
    }
}

static const struct option_row *row_of(const struct options_spec *spec, int key)
{
    for (uint32_t i = 0; i < spec->rows_n; i++) {
        if (key == KEY_ROWS + (int)i ||
            (spec->rows[i].letter != 0 && key == spec->rows[i].letter)) {
            return &spec->rows[i];
        }
    }
    return NULL;
}

static error_t parse_one(int key, char *value, struct argp_state *state)
{
    struct parse *p = state->input;
    switch (key) {
    case KEY_CLUSTER:
        p->common->cluster = value;
        return 0;
    case KEY_JSON:
        p->common->json = true;
        return 0;
    case KEY_NO_WAIT:
        p->common->no_wait = true;
        return 0;
    case KEY_QUIET:
        p->common->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (p->args->n == p->spec->args_max) {
            argp_error(state, "'%s' is one argument too many", value);
        }
        p->args->at[p->args->n++] = value;
        return 0;
    case ARGP_KEY_END:
        if (p->args->n < p->spec->args_min) {
            argp_error(state, "it takes %s", p->spec->args_doc);
        }
        return 0;
    default:
        break;
    }
    const struct option_row *row = row_of(p->spec, key);
    if (row == NULL) {
        return ARGP_ERR_UNKNOWN;
    }
    take_row(row, value);
    return 0;
}

void options_parse(const struct options_spec *spec, int argc, char **argv,
                   struct options_common *common, struct options_args *ret_args)
{
    static const struct argp_option shared[] = {
        {.name = "cluster", .key = KEY_CLUSTER, .arg = "NAME", .doc = "which cluster, if several"},
        {.name = "json", .key = KEY_JSON, .doc = "one JSON object on stdout"},
        {.name = "no-wait", .key = KEY_NO_WAIT, .doc = "return at once, not when it is done"},
        {.name = "quiet", .key = KEY_QUIET, .doc = "no progress on stderr"},
    };
    const uint32_t shared_n = sizeof shared / sizeof shared[0];
    struct argp_option rows[OPTIONS_ROWS_MAX + 5] = {{0}};
    ASSERT(spec->rows_n <= OPTIONS_ROWS_MAX);
    ASSERT(spec->args_max <= OPTIONS_ARGS_MAX);
    for (uint32_t i = 0; i < spec->rows_n; i++) {
        const struct option_row *r = &spec->rows[i];
        rows[i] = (struct argp_option){.name = r->name,
                                       .key = r->letter != 0 ? r->letter : KEY_ROWS + (int)i,
                                       .arg = r->argument,
                                       .doc = r->help};
    }
    for (uint32_t i = 0; i < shared_n; i++) {
        rows[spec->rows_n + i] = shared[i];
        rows[spec->rows_n + i].group = 1;
    }
    const struct argp argp = {
        .options = rows, .parser = parse_one, .args_doc = spec->args_doc, .doc = spec->doc};
    struct parse parse = {.spec = spec, .common = common, .args = ret_args};
    static char name[NAME_ROOM];
    snprintf(name, sizeof name, "rehome %s", spec->name);
    argv[0] = name;
    memset(ret_args, 0, sizeof *ret_args);
    argp_err_exit_status = OUTCOME_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &parse) != 0) {
        exit(OUTCOME_USAGE);
    }
}

uint32_t options_number(const char *what, const char *text, uint32_t min, uint32_t max)
{
    char *end = NULL;
    unsigned long long v = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || v < min || v > max) {
        exit(outcome_error(OUTCOME_USAGE, NULL, "%s '%s' is not a number from %u to %u", what, text,
                           min, max));
    }
    return (uint32_t)v;
}

uint32_t options_rate(const char *what, const char *text)
{
    uint32_t mps = 0;
    if (!topology_raw_rate(text, &mps)) {
        exit(outcome_error(OUTCOME_USAGE, NULL, "%s '%s' is not a rate; write for example 8 or 0.5",
                           what, text));
    }
    return mps;
}

uint32_t options_duration_ms(const char *what, const char *text)
{
    struct duration d = {0};
    if (!topology_raw_duration(text, &d) || d.us > 86400000000) {
        exit(outcome_error(OUTCOME_USAGE, NULL,
                           "%s '%s' is not a duration; write for example 20s or 500ms", what,
                           text));
    }
    return (uint32_t)duration_to_ms(d);
}
