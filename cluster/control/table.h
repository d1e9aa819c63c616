/* table: a plain table on stdout, with columns as wide as they must be. On a terminal that is too
 * narrow the columns of sentences are broken into lines; for a pipe a row is one line. */
#ifndef CLUSTER_CONTROL_TABLE_H
#define CLUSTER_CONTROL_TABLE_H

#include "cluster/control/columns.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct table;

/* COLUMN_END ends the list. */
struct table *table_new(const enum column *columns);
/* Begin a row; then one cell after the other. */
void table_row(struct table *t);
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A cell with a number, or "-" if nobody knows it. */
void table_number(struct table *t, bool known, uint64_t v);
/* Print and free. */
void table_end(struct table **t);
/* The same; says so on stderr if there is no row. */
void table_end_or(struct table **t, const char *none);

/* Print an object on stdout in one piece, and let go of it. */
void table_json(json_t *root);

#endif
