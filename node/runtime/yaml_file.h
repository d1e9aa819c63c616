/* yaml_file: a YAML file that can be complained about: each value knows its line and column.
 *
 * libyaml reads it and knows the places, a libcyaml schema says what may stand in it, and libcyaml
 * fills plain structs from it. A complaint looks like this:
 *
 *     my.yaml:12:11: role 'subscribr' is not one of publisher, subscriber
 *        12 |     role: subscribr
 *           |           ^ did you mean 'subscriber'? */
#ifndef NODE_RUNTIME_YAML_FILE_H
#define NODE_RUNTIME_YAML_FILE_H

#include "node/base/err.h"

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <yaml.h>

#define YAML_FILE_BYTES_MAX  ((size_t)1024 * 1024)
#define YAML_FILE_FAULTS_MAX 20 /* complaints that are printed; the rest is only counted */

struct yaml_file {
    const char *path; /* as it was given; borrowed */
    char *text;
    size_t length;
    yaml_document_t document;
    bool loaded;
    FILE *complaints; /* where complaints go; NULL: nowhere */
    uint32_t faults;
};

/* Read and parse. ERR_IO: it cannot be read (errno says why, complained about); ERR_INVALID: it is
 * no YAML (complained about, with the place). Call yaml_file_close in every case. */
MUST_CHECK enum err yaml_file_open(struct yaml_file *f, const char *path, FILE *complaints);
/* The same for a text that was read before; `path` is what complaints name. */
MUST_CHECK enum err yaml_file_open_text(struct yaml_file *f, const char *path, const char *text,
                                        FILE *complaints);
void yaml_file_close(struct yaml_file *f);

/* Complain about everything that the schema does not allow: unknown and missing keys, wrong types,
 * words that are not in their list, too many entries. ERR_INVALID if there was any of it. */
MUST_CHECK enum err yaml_file_judge(struct yaml_file *f, const cyaml_schema_value_t *schema);

/* Fill what the schema describes; `*ret_data` is freed by yaml_file_free with the same schema. */
MUST_CHECK enum err yaml_file_fill(struct yaml_file *f, const cyaml_schema_value_t *schema,
                                   void **ret_data);
void yaml_file_free(const cyaml_schema_value_t *schema, void *data);

/* The YAML text of `data`; the caller frees it with free(). */
MUST_CHECK enum err yaml_file_text(const cyaml_schema_value_t *schema, const void *data,
                                   char **ret_text, size_t *ret_length);

/* The node at a path like "nodes[2].role"; the deepest that exists on the way to it. */
yaml_node_t *yaml_file_at(struct yaml_file *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One complaint. `hint` stands behind the caret; NULL: none. */
void yaml_file_complain(struct yaml_file *f, const yaml_node_t *node, const char *hint,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
