#include "cluster/control/options.h"

#include "cluster/control/fill.h"
#include "cluster/control/outcome.h"
#include "node/base/err.h"
#include "node/base/nearest.h"
#include "node/runtime/topology_raw.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ROWS     1000 /* of the first row; above every letter */
#define SHARED_MAX   5
#define TEXT_AT      26 /* column where the help of an option begins */
#define LETTERS_SIZE (2 * (OPTIONS_ROWS_MAX + SHARED_MAX) + 2)

/* The rows of the command, then those that it shares with the others. */
struct all {
    struct option_row rows[OPTIONS_ROWS_MAX + SHARED_MAX];
    uint32_t n;
    bool help;
};

static void gather(const struct options_spec *spec, struct options_common *common, struct all *ret)
{
    const struct {
        uint32_t lack;
        struct option_row row;
    } shared[SHARED_MAX] = {
        {OPTIONS_CLUSTER,
         {"cluster", 0, "NAME", "which cluster, if several", NULL, &common->cluster}},
        {OPTIONS_JSON, {"json", 0, NULL, "one JSON object on stdout", &common->json, NULL}},
        {OPTIONS_NO_WAIT,
         {"no-wait", 0, NULL, "return at once, not when it is done", &common->no_wait, NULL}},
        {0, {"quiet", 'q', NULL, "no progress on stderr", &common->quiet, NULL}},
        {0, {"help", 'h', NULL, "this text", &ret->help, NULL}},
    };
    ASSERT(spec->rows_n <= OPTIONS_ROWS_MAX);
    ASSERT(spec->args_max <= OPTIONS_ARGS_MAX);
    memset(ret, 0, sizeof *ret);
    for (uint32_t i = 0; i < spec->rows_n; i++) {
        ret->rows[ret->n++] = spec->rows[i];
    }
    for (uint32_t i = 0; i < SHARED_MAX; i++) {
        if ((spec->lacks & shared[i].lack) == 0) {
            ret->rows[ret->n++] = shared[i].row;
        }
    }
}

static void help(const struct options_spec *spec, const struct all *all)
{
    int at = printf("usage: rehome %s [OPTION]...", spec->name);
    if (spec->args_doc != NULL && at + 1 + (int)strlen(spec->args_doc) > FILL_COLUMNS) {
        printf("\n             ");
    }
    printf("%s%s\n\n", spec->args_doc != NULL ? " " : "",
           spec->args_doc != NULL ? spec->args_doc : "");
    fill_put(stdout, spec->doc, 0, 0);
    putchar('\n');
    for (uint32_t i = 0; i < all->n; i++) {
        const struct option_row *r = &all->rows[i];
        const char letter[] = {r->letter, '\0'};
        int n = printf("  %s%s%s--%s%s%s", r->letter != 0 ? "-" : "", letter,
                       r->letter != 0 ? ", " : "    ", r->name, r->argument != NULL ? " " : "",
                       r->argument != NULL ? r->argument : "");
        if (n > TEXT_AT - 2) {
            putchar('\n');
            n = 0;
        }
        printf("%*s", TEXT_AT - n, "");
        fill_put(stdout, r->help, TEXT_AT, TEXT_AT);
    }
    if (spec->examples != NULL) {
        printf("\nfor example:\n  ");
        fill_put(stdout, spec->examples, 2, 2);
    }
}

static _Noreturn void wrong(const struct options_spec *spec, const char *what, const char *word,
                            const char *nearest)
{
    char next[64];
    snprintf(next, sizeof next, "rehome %s --help", spec->name);
    exit(outcome_error(OUTCOME_USAGE, next, "%s %s%s%s%s%s%s", spec->name, what,
                       word != NULL ? " '" : "", word != NULL ? word : "", word != NULL ? "'" : "",
                       nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : ""));
}

/* An option that the command has not, or not in this way. `got` is what getopt knows of it. */
static _Noreturn void wrong_option(const struct options_spec *spec, const struct all *all, int got,
                                   const char *word)
{
    char text[2 * NEAREST_LEN];
    const char letter[] = {'-', (char)got, '\0'};
    if (got >= KEY_ROWS) {
        snprintf(text, sizeof text, "--%s", all->rows[got - KEY_ROWS].name);
        wrong(spec, "takes no value with", text, NULL);
    }
    if (got != 0) {
        wrong(spec, "has no option", letter, NULL);
    }
    snprintf(text, sizeof text, "%.*s", (int)strcspn(word, "="), word);
    struct nearest near = nearest_to(text + 2);
    for (uint32_t i = 0; i < all->n; i++) {
        nearest_offer(&near, all->rows[i].name);
    }
    char option[2 * NEAREST_LEN];
    const char *likely = nearest_likely(&near);
    snprintf(option, sizeof option, "--%s", likely != NULL ? likely : "");
    wrong(spec, "has no option", text, likely != NULL ? option : NULL);
}

static _Noreturn void wrong_value(const struct options_spec *spec, const struct all *all, int got)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct option_row *r = &all->rows[i];
        if (got == KEY_ROWS + (int)i || (r->letter != 0 && got == r->letter)) {
            char text[NEAREST_LEN];
            snprintf(text, sizeof text, "--%s %s", r->name, r->argument);
            wrong(spec, "needs a value:", text, NULL);
        }
    }
    UNREACHABLE("getopt knows the options that it was given");
}

static void take(const struct all *all, int key, char *value)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct option_row *r = &all->rows[i];
        if (key == KEY_ROWS + (int)i || (r->letter != 0 && key == r->letter)) {
            if (r->flag != NULL) {
                *r->flag = true;
            }
            if (r->text != NULL) {
                *r->text = value;
            }
        }
    }
}

/* The tables that getopt wants. */
static void tables(const struct all *all, struct option *ret_long, char *ret_letters)
{
    *ret_letters++ = ':';
    for (uint32_t i = 0; i < all->n; i++) {
        const struct option_row *r = &all->rows[i];
        int takes = r->argument != NULL ? required_argument : no_argument;
        ret_long[i] = (struct option){r->name, takes, NULL, KEY_ROWS + (int)i};
        if (r->letter != 0) {
            *ret_letters++ = r->letter;
            if (r->argument != NULL) {
                *ret_letters++ = ':';
            }
        }
    }
    ret_long[all->n] = (struct option){0};
    *ret_letters = '\0';
}

void options_parse(const struct options_spec *spec, int argc, char **argv,
                   struct options_common *common, struct options_args *ret_args)
{
    struct all all;
    struct option longs[OPTIONS_ROWS_MAX + SHARED_MAX + 1];
    char letters[LETTERS_SIZE];
    gather(spec, common, &all);
    tables(&all, longs, letters);
    memset(ret_args, 0, sizeof *ret_args);
    opterr = 0;
    for (int key; (key = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        if (key == '?') {
            wrong_option(spec, &all, optopt, argv[optind - 1]);
        }
        if (key == ':') {
            wrong_value(spec, &all, optopt);
        }
        take(&all, key, optarg);
    }
    if (all.help) {
        help(spec, &all);
        exit(OUTCOME_DONE);
    }
    for (; optind < argc; optind++) {
        if (ret_args->n == spec->args_max) {
            wrong(spec, "takes no", argv[optind], NULL);
        }
        ret_args->at[ret_args->n++] = argv[optind];
    }
    if (ret_args->n < spec->args_min) {
        wrong(spec, "takes", spec->args_doc, NULL);
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
    if (duration_to_ms(d) <= 0) {
        exit(outcome_error(OUTCOME_USAGE, NULL,
                           "%s '%s' is no time; write for example 20s or 500ms, or leave it out: "
                           "then it lasts until it is undone",
                           what, text));
    }
    return (uint32_t)duration_to_ms(d);
}
