/* table: a plain table on stdout, with columns as wide as they must be. */
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
/* Print and free. */
void table_end(struct table **t);

/* Print an object on stdout in one piece, and let go of it. */
void table_json(json_t *root);

#endif
