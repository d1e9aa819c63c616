#include "cluster/control/table.h"

#include "cluster/control/outcome.h"
#include "node/base/err.h"

#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_MAX 512

struct table {
    struct libscols_table *scols;
    struct libscols_line *line;
    size_t at;
};

struct table *table_new(const enum column *columns)
{
    struct table *t = calloc(1, sizeof *t);
    if (t == NULL || (t->scols = scols_new_table()) == NULL) {
        abort();
    }
    for (; *columns != COLUMN_END; columns++) {
        int flags = columns_right(*columns)    ? SCOLS_FL_RIGHT
                    : columns_breaks(*columns) ? SCOLS_FL_WRAP
                                               : 0;
        if (scols_table_new_column(t->scols, columns_head(*columns), 0, flags) == NULL) {
            abort();
        }
    }
    return t;
}

void table_row(struct table *t)
{
    t->line = scols_table_new_line(t->scols, NULL);
    t->at = 0;
    if (t->line == NULL) {
        abort();
    }
}

void table_cell(struct table *t, const char *format, ...)
{
    char text[CELL_MAX];
    va_list args;
    ASSERT(t->line != NULL);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (scols_line_set_data(t->line, t->at++, text) != 0) {
        abort();
    }
}

void table_number(struct table *t, bool known, uint64_t v)
{
    if (known) {
        table_cell(t, "%llu", (unsigned long long)v);
    } else {
        table_cell(t, "-");
    }
}

/* Without the blanks that fill the last column of a line. */
static void put_lines(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        size_t shown = length;
        while (shown > 0 && text[shown - 1] == ' ') {
            shown--;
        }
        printf("%.*s\n", (int)shown, text);
        text += length + (text[length] == '\n' ? 1 : 0);
    }
}

void table_end(struct table **t)
{
    char *text = NULL;
    if (scols_table_get_nlines((*t)->scols) > 0 &&
        scols_print_table_to_string((*t)->scols, &text) != 0) {
        abort();
    }
    put_lines(text != NULL ? text : "");
    free(text);
    scols_unref_table((*t)->scols);
    free(*t);
    *t = NULL;
}

void table_end_or(struct table **t, const char *none)
{
    if (scols_table_get_nlines((*t)->scols) == 0) {
        outcome_progress("%s", none);
    }
    table_end(t);
}

void table_json(json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6));
    if (text == NULL) {
        abort();
    }
    puts(text);
    free(text);
    json_decref(root);
}
