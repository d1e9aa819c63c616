/* scenario_file: the file of a scenario becomes a struct scenario, or complaints with line and
 * column. */
#ifndef CLUSTER_CONTROL_SCENARIO_FILE_H
#define CLUSTER_CONTROL_SCENARIO_FILE_H

#include "cluster/control/scenario.h"

#include <stdio.h>

/* Load a file; what is wrong goes to `complaints`, NULL: nowhere. The caller frees *ret.
 * Errors   ERR_IO       it cannot be read
 *          ERR_INVALID  at least one complaint about its content; *ret is NULL */
MUST_CHECK enum err scenario_file_load(const char *path, FILE *complaints, struct scenario **ret);
/* The same for a text; `path` is what complaints name. */
MUST_CHECK enum err scenario_file_parse(const char *path, const char *text, FILE *complaints,
                                        struct scenario **ret);
/* NULL is accepted. */
void scenario_file_free(struct scenario **scenario);

#endif
