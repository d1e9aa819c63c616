/* options: the options and arguments of one subcommand as a table.
 *
 * A row with `flag` sets it; a row with `text` keeps the argument (borrowed from argv). Every
 * command also takes what all share, except what it says to lack. */
#ifndef CLUSTER_CONTROL_OPTIONS_H
#define CLUSTER_CONTROL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_ROWS_MAX 20
#define OPTIONS_ARGS_MAX 16

struct option_row {
    const char *name;
    char letter; /* 0: none */
    const char *argument;
    const char *help;
    bool *flag;
    const char **text;
};

/* What every command shares. */
struct options_common {
    const char *cluster;
    bool json;
    bool no_wait;
    bool quiet;
};

/* What a command can lack, because it has no meaning there. */
#define OPTIONS_CLUSTER 1u
#define OPTIONS_JSON    2u
#define OPTIONS_NO_WAIT 4u

struct options_spec {
    const char *name;
    const char *args_doc; /* as in "NUMBER TO|off" */
    const char *doc;
    const char *examples; /* whole commands, one a line; NULL: none */
    uint32_t lacks;
    const struct option_row *rows;
    uint32_t rows_n;
    uint32_t args_min, args_max;
};

struct options_args {
    uint32_t n;
    const char *at[OPTIONS_ARGS_MAX];
};

/* Exits with 64 and a message for a wrong command line, and with 0 after --help. A row without
 * `argument` is a flag. */
void options_parse(const struct options_spec *spec, int argc, char **argv,
                   struct options_common *common, struct options_args *ret_args);

/* Text as a number; complains and exits with 64 if it is none. `what` names the option. */
uint32_t options_number(const char *what, const char *text, uint32_t min, uint32_t max);
/* "8", "0.5"; in thousandths. */
uint32_t options_rate(const char *what, const char *text);
/* "20s", "500ms"; in milliseconds, at least 1. */
uint32_t options_duration_ms(const char *what, const char *text);

#endif
