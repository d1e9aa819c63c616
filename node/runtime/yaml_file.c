#include "node/runtime/yaml_file.h"

#include "node/base/nearest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX     512
#define PATH_MAX_LEN 256

static const cyaml_config_t config = {
    .log_fn = NULL,
    .mem_fn = cyaml_mem,
    .log_level = CYAML_LOG_ERROR,
    .flags = CYAML_CFG_NO_ALIAS,
};

/* The source line and the caret below it. `line` and `column` count from 0. */
static void show_place(const struct yaml_file *f, size_t line, size_t column, const char *hint)
{
    const char *p = f->text;
    const char *end = f->text + f->length;
    for (size_t i = 0; i < line && p != NULL && p < end; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p != NULL ? p + 1 : end;
    }
    if (p == NULL || p >= end) {
        return;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    int width = (int)((stop != NULL ? stop : end) - p);
    fprintf(f->complaints, "%5zu | %.*s\n      | ", line + 1, width, p);
    for (size_t i = 0; i < column; i++) {
        fputc(i < (size_t)width && p[i] == '\t' ? '\t' : ' ', f->complaints);
    }
    fprintf(f->complaints, "^%s%s\n", hint != NULL ? " " : "", hint != NULL ? hint : "");
}

static void complain_at(struct yaml_file *f, size_t line, size_t column, const char *hint,
                        const char *text)
{
    f->faults++;
    if (f->complaints == NULL || f->faults > YAML_FILE_FAULTS_MAX) {
        return;
    }
    fprintf(f->complaints, "%s:%zu:%zu: %s\n", f->path, line + 1, column + 1, text);
    show_place(f, line, column, hint);
}

void yaml_file_complain(struct yaml_file *f, const yaml_node_t *node, const char *hint,
                        const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (node == NULL) {
        complain_at(f, 0, 0, hint, text);
    } else {
        complain_at(f, node->start_mark.line, node->start_mark.column, hint, text);
    }
}

static enum err read_all(struct yaml_file *f)
{
    FILE *in = fopen(f->path, "rbe");
    if (in == NULL) {
        return ERR_IO;
    }
    f->text = malloc(YAML_FILE_BYTES_MAX + 1);
    if (f->text == NULL) {
        fclose(in);
        return ERR_MEMORY;
    }
    f->length = fread(f->text, 1, YAML_FILE_BYTES_MAX + 1, in);
    int failed = ferror(in);
    fclose(in);
    if (failed) {
        errno = EIO;
        return ERR_IO;
    }
    return f->length > YAML_FILE_BYTES_MAX ? ERR_TOO_BIG : ERR_OK;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The place of the character that a byte belongs to; columns are characters. */
static yaml_mark_t place_of(const struct yaml_file *f, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < f->length; i++) {
        if (f->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (!continues(f->text[i])) {
            mark.column++;
        }
    }
    return mark;
}

/* Where what is no text begins: the reader of libyaml knows only a byte, and of a character that is
 * broken off the byte that is not part of it. */
static yaml_mark_t place_of_no_text(const struct yaml_file *f, const yaml_parser_t *parser)
{
    size_t at = parser->problem_offset;
    if (parser->problem != NULL && strstr(parser->problem, "trailing") != NULL && at > 0) {
        at--;
        while (at > 0 && continues(f->text[at])) {
            at--;
        }
    }
    return place_of(f, at);
}

static void complain_of(struct yaml_file *f, const yaml_parser_t *parser)
{
    char text[TEXT_MAX];
    bool no_text = parser->error == YAML_READER_ERROR;
    yaml_mark_t at = no_text ? place_of_no_text(f, parser) : parser->problem_mark;
    snprintf(text, sizeof text, "not YAML: %s%s%s",
             parser->problem != NULL ? parser->problem : "it cannot be parsed",
             parser->context != NULL ? ", " : "", parser->context != NULL ? parser->context : "");
    complain_at(f, at.line, at.column, no_text ? "save the file as plain UTF-8" : NULL, text);
}

/* What stands behind the first document would be passed over. */
static bool ends_here(struct yaml_file *f, yaml_parser_t *parser)
{
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more)) {
        complain_of(f, parser);
        return false;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&more);
    if (root != NULL) {
        complain_at(f, root->start_mark.line, root->start_mark.column, "leave it out",
                    "this is a second document, a file has one");
    }
    yaml_document_delete(&more);
    return root == NULL;
}

static enum err parse(struct yaml_file *f)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return ERR_MEMORY;
    }
    enum err err = ERR_OK;
    yaml_parser_set_input_string(&parser, (const unsigned char *)f->text, f->length);
    f->loaded = yaml_parser_load(&parser, &f->document) != 0;
    if (!f->loaded) {
        complain_of(f, &parser);
        err = ERR_INVALID;
    } else if (yaml_document_get_root_node(&f->document) != NULL && !ends_here(f, &parser)) {
        err = ERR_INVALID;
    }
    yaml_parser_delete(&parser);
    return err;
}

static enum err parse_whole(struct yaml_file *f)
{
    enum err err = parse(f);
    if (err == ERR_OK && yaml_document_get_root_node(&f->document) == NULL) {
        complain_at(f, 0, 0, NULL, "the file is empty");
        err = ERR_INVALID;
    }
    return err;
}

enum err yaml_file_open(struct yaml_file *f, const char *path, FILE *complaints)
{
    memset(f, 0, sizeof *f);
    f->path = path;
    f->complaints = complaints;
    enum err err = read_all(f);
    if (err == ERR_TOO_BIG) {
        f->length = 0; /* no line of it is shown */
        complain_at(f, 0, 0, NULL, "the file is larger than 1 MiB; leave something out");
    } else if (err != ERR_OK) {
        f->faults++;
        if (complaints != NULL) {
            fprintf(complaints, "%s: %s\n", path, strerror(errno));
        }
    }
    if (err != ERR_OK) {
        return err;
    }
    return parse_whole(f);
}

enum err yaml_file_open_text(struct yaml_file *f, const char *path, const char *text,
                             FILE *complaints)
{
    memset(f, 0, sizeof *f);
    f->path = path;
    f->complaints = complaints;
    f->length = strlen(text);
    f->text = strdup(text);
    return f->text != NULL ? parse_whole(f) : ERR_MEMORY;
}

void yaml_file_close(struct yaml_file *f)
{
    if (f->loaded) {
        yaml_document_delete(&f->document);
        f->loaded = false;
    }
    free(f->text);
    f->text = NULL;
}

static const char *scalar(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static yaml_node_t *child_named(struct yaml_file *f, yaml_node_t *map, const char *key, size_t len)
{
    if (map->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        yaml_node_t *name = yaml_document_get_node(&f->document, p->key);
        if (name->type == YAML_SCALAR_NODE && strlen(scalar(name)) == len &&
            strncmp(scalar(name), key, len) == 0) {
            return yaml_document_get_node(&f->document, p->value);
        }
    }
    return NULL;
}

static yaml_node_t *child_nth(struct yaml_file *f, yaml_node_t *list, unsigned long nth)
{
    if (list->type != YAML_SEQUENCE_NODE) {
        return NULL;
    }
    yaml_node_item_t *item = list->data.sequence.items.start + nth;
    return item < list->data.sequence.items.top ? yaml_document_get_node(&f->document, *item)
                                                : NULL;
}

yaml_node_t *yaml_file_at(struct yaml_file *f, const char *format, ...)
{
    char path[PATH_MAX_LEN];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    yaml_node_t *node = yaml_document_get_root_node(&f->document);
    const char *p = path;
    while (*p != '\0' && node != NULL) {
        yaml_node_t *next = NULL;
        if (*p == '[') {
            char *end = NULL;
            next = child_nth(f, node, strtoul(p + 1, &end, 10));
            p = *end == ']' ? end + 1 : end;
        } else {
            size_t len = strcspn(p, ".[");
            next = child_named(f, node, p, len);
            p += len;
        }
        p += *p == '.' ? 1 : 0;
        if (next == NULL) {
            return node;
        }
        node = next;
    }
    return node;
}

static void judge_value(struct yaml_file *f, yaml_node_t *node, const char *key,
                        const cyaml_schema_value_t *schema);

static const char *did_you_mean(const struct nearest *n, char *room, size_t size)
{
    const char *best = nearest_likely(n);
    if (best == NULL) {
        return NULL;
    }
    snprintf(room, size, "did you mean '%s'?", best);
    return room;
}

static void judge_key(struct yaml_file *f, yaml_node_t *name, yaml_node_t *value,
                      const cyaml_schema_field_t *fields)
{
    struct nearest near = nearest_to(name->type == YAML_SCALAR_NODE ? scalar(name) : "");
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        if (strcmp(field->key, near.word) == 0) {
            judge_value(f, value, field->key, &field->value);
            return;
        }
        nearest_offer(&near, field->key);
    }
    char hint[TEXT_MAX];
    char known[TEXT_MAX] = "";
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", field->key);
    }
    yaml_file_complain(f, name, did_you_mean(&near, hint, sizeof hint),
                       "unknown key '%s'; known here: %s", near.word, known);
}

static void judge_mapping(struct yaml_file *f, yaml_node_t *node, const char *key,
                          const cyaml_schema_field_t *fields)
{
    if (node->type != YAML_MAPPING_NODE) {
        yaml_file_complain(f, node, "write `key: value` lines here", "%s must hold keys and values",
                           key);
        return;
    }
    yaml_node_pair_t *top = node->data.mapping.pairs.top;
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < top; p++) {
        yaml_node_t *name = yaml_document_get_node(&f->document, p->key);
        judge_key(f, name, yaml_document_get_node(&f->document, p->value), fields);
        for (yaml_node_pair_t *q = node->data.mapping.pairs.start; q < p; q++) {
            const yaml_node_t *other = yaml_document_get_node(&f->document, q->key);
            if (name->type == YAML_SCALAR_NODE && other->type == YAML_SCALAR_NODE &&
                strcmp(scalar(name), scalar(other)) == 0) {
                yaml_file_complain(f, name, "leave one of them out",
                                   "key '%s' is here twice, first in line %zu", scalar(name),
                                   other->start_mark.line + 1);
                break;
            }
        }
    }
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        if ((field->value.flags & CYAML_FLAG_OPTIONAL) == 0 &&
            child_named(f, node, field->key, strlen(field->key)) == NULL) {
            char hint[TEXT_MAX];
            snprintf(hint, sizeof hint, "add `%s: ...`", field->key);
            yaml_file_complain(f, node, hint, "%s has no '%s'", key, field->key);
        }
    }
}

static void judge_sequence(struct yaml_file *f, yaml_node_t *node, const char *key,
                           const cyaml_schema_value_t *schema)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        yaml_file_complain(f, node, "write a list: [a, b], or lines that begin with `- `",
                           "%s must be a list", key);
        return;
    }
    size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    char hint[TEXT_MAX];
    if (n < schema->sequence.min) {
        snprintf(hint, sizeof hint, "add %zu", schema->sequence.min - n);
        yaml_file_complain(f, node, hint, "%s has %zu entries, it takes at least %u", key, n,
                           schema->sequence.min);
        return;
    }
    if (n > schema->sequence.max) {
        snprintf(hint, sizeof hint, "leave out %zu", n - schema->sequence.max);
        yaml_file_complain(f, node, hint, "%s has %zu entries, there can be at most %u", key, n,
                           schema->sequence.max);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        judge_value(f, child_nth(f, node, i), key, schema->sequence.entry);
    }
}

static void judge_word(struct yaml_file *f, yaml_node_t *node, const char *key,
                       const cyaml_schema_value_t *schema)
{
    struct nearest near = nearest_to(scalar(node));
    char known[TEXT_MAX] = "";
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        const char *word = schema->enumeration.strings[i].str;
        if (strcmp(word, near.word) == 0) {
            return;
        }
        nearest_offer(&near, word);
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", word);
    }
    char hint[TEXT_MAX];
    yaml_file_complain(f, node, did_you_mean(&near, hint, sizeof hint), "%s '%s' is not one of %s",
                       key, near.word, known);
}

static void judge_number(struct yaml_file *f, yaml_node_t *node, const char *key, uint32_t size)
{
    const char *text = scalar(node);
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
    if (!digits) {
        yaml_file_complain(f, node, "digits only", "%s '%s' is not a whole number", key, text);
    } else if (errno == ERANGE || (size < sizeof v && v >> (size * 8) != 0)) {
        yaml_file_complain(f, node, NULL, "%s %s is too large", key, text);
    }
}

static void judge_scalar(struct yaml_file *f, yaml_node_t *node, const char *key,
                         const cyaml_schema_value_t *schema)
{
    if (node->type != YAML_SCALAR_NODE) {
        yaml_file_complain(f, node, "write one value here",
                           "%s takes exactly one value, not a list", key);
        return;
    }
    size_t length = strlen(scalar(node));
    switch ((int)schema->type) {
    case CYAML_ENUM:
        judge_word(f, node, key, schema);
        break;
    case CYAML_UINT:
        judge_number(f, node, key, schema->data_size);
        break;
    case CYAML_BOOL:
        if (strcmp(scalar(node), "true") != 0 && strcmp(scalar(node), "false") != 0) {
            yaml_file_complain(f, node, "write true or false", "%s '%s' is neither true nor false",
                               key, scalar(node));
        }
        break;
    case CYAML_STRING:
        if (length < schema->string.min) {
            yaml_file_complain(f, node, NULL, "%s is empty", key);
        } else if (length > schema->string.max) {
            yaml_file_complain(f, node, "shorten it", "%s has %zu characters, at most %u fit", key,
                               length, schema->string.max);
        }
        break;
    default:
        UNREACHABLE("a schema of ours uses no other type");
    }
}

static void judge_value(struct yaml_file *f, yaml_node_t *node, const char *key,
                        const cyaml_schema_value_t *schema)
{
    if (schema->type == CYAML_MAPPING) {
        judge_mapping(f, node, key, schema->mapping.fields);
    } else if (schema->type == CYAML_SEQUENCE) {
        judge_sequence(f, node, key, schema);
    } else {
        judge_scalar(f, node, key, schema);
    }
}

enum err yaml_file_judge(struct yaml_file *f, const cyaml_schema_value_t *schema)
{
    judge_value(f, yaml_document_get_root_node(&f->document), "the file", schema);
    return f->faults == 0 ? ERR_OK : ERR_INVALID;
}

enum err yaml_file_fill(struct yaml_file *f, const cyaml_schema_value_t *schema, void **ret_data)
{
    cyaml_data_t *data = NULL;
    cyaml_err_t e =
        cyaml_load_data((const uint8_t *)f->text, f->length, &config, schema, &data, NULL);
    if (e != CYAML_OK) {
        yaml_file_complain(f, NULL, NULL, "%s", cyaml_strerror(e));
        return e == CYAML_ERR_OOM ? ERR_MEMORY : ERR_INVALID;
    }
    *ret_data = data;
    return ERR_OK;
}

void yaml_file_free(const cyaml_schema_value_t *schema, void *data)
{
    if (data != NULL) {
        (void)cyaml_free(&config, schema, data, 0);
    }
}

enum err yaml_file_text(const cyaml_schema_value_t *schema, const void *data, char **ret_text,
                        size_t *ret_length)
{
    cyaml_err_t e = cyaml_save_data(ret_text, ret_length, &config, schema, data, 0);
    return e == CYAML_OK ? ERR_OK : e == CYAML_ERR_OOM ? ERR_MEMORY : ERR_INVALID;
}
