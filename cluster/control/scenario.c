#include "cluster/control/scenario.h"

#include "cluster/control/command.h"
#include "cluster/control/delivered.h"
#include "node/base/nearest.h"
#include "node/runtime/yaml_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALWAYS    CYAML_FLAG_DEFAULT
#define MAYBE     CYAML_FLAG_OPTIONAL
#define STEPS_MAX 32
#define ROWS_MAX  32
#define COUNT(a)  ((uint32_t)(sizeof(a) / sizeof(a)[0]))

#define STEP_WORD(name, word, meaning) {#word, SCENARIO_##name},
static const cyaml_strval_t step_words[] = {SCENARIO_STEP_MAP(STEP_WORD)};
#undef STEP_WORD
static const cyaml_strval_t service_words[] = {{"none", SERVICE_NONE},
                                               {"callmanager", SERVICE_CALLMANAGER},
                                               {"ctimanager", SERVICE_CTIMANAGER}};

static const cyaml_schema_field_t step_fields[] = {
    CYAML_FIELD_ENUM("step", CYAML_FLAG_STRICT, struct scenario_step, step, step_words,
                     COUNT(step_words)),
    CYAML_FIELD_STRING("within", ALWAYS, struct scenario_step, within, 1),
    CYAML_FIELD_UINT("count", MAYBE, struct scenario_step, count),
    CYAML_FIELD_STRING("text", ALWAYS, struct scenario_step, text, 1), CYAML_FIELD_END};
static const cyaml_schema_field_t trigger_fields[] = {
    CYAML_FIELD_STRING("name", ALWAYS, struct scenario_trigger, name, 1),
    CYAML_FIELD_STRING("how", ALWAYS, struct scenario_trigger, how, 1),
    CYAML_FIELD_ENUM("service", CYAML_FLAG_STRICT | MAYBE, struct scenario_trigger, service,
                     service_words, COUNT(service_words)),
    CYAML_FIELD_STRING("text", ALWAYS, struct scenario_trigger, text, 1), CYAML_FIELD_END};
static const cyaml_schema_field_t row_fields[] = {
    CYAML_FIELD_STRING("test", ALWAYS, struct scenario_row, test, 1),
    CYAML_FIELD_STRING("action", ALWAYS, struct scenario_row, action, 1),
    CYAML_FIELD_STRING("expected", ALWAYS, struct scenario_row, expected, 1),
    CYAML_FIELD_STRING("result", ALWAYS, struct scenario_row, result, 1), CYAML_FIELD_END};

static const cyaml_schema_value_t word_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_DEFAULT, char[NAME_LEN], 1, NAME_LEN - 1)};
static const cyaml_schema_value_t step_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct scenario_step, step_fields)};
static const cyaml_schema_value_t trigger_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct scenario_trigger, trigger_fields)};
static const cyaml_schema_value_t row_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct scenario_row, row_fields)};

#define LIST(key, schema, max) \
    CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER, struct scenario, key, &(schema), 1, max)

static const cyaml_schema_field_t scenario_fields[] = {
    CYAML_FIELD_STRING("name", ALWAYS, struct scenario, name, 1),
    CYAML_FIELD_UINT("number", ALWAYS, struct scenario, number),
    CYAML_FIELD_STRING("title", ALWAYS, struct scenario, title, 1),
    LIST(backends, word_schema, 8),
    CYAML_FIELD_STRING("topology", ALWAYS, struct scenario, topology, 1),
    CYAML_FIELD_STRING("target", ALWAYS, struct scenario, target, 1),
    LIST(triggers, trigger_schema, 8),
    LIST(table, row_schema, ROWS_MAX),
    LIST(given, step_schema, STEPS_MAX),
    LIST(when, step_schema, STEPS_MAX),
    LIST(then, step_schema, STEPS_MAX),
    LIST(finally, step_schema, STEPS_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_value_t scenario_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct scenario, scenario_fields)};

static int load_one(const char *path, struct scenario **ret)
{
    struct yaml_file f;
    void *data = NULL;
    enum err err = yaml_file_open(&f, path, stderr);
    if (err == ERR_OK) {
        err = yaml_file_judge(&f, &scenario_schema);
    }
    if (err == ERR_OK) {
        err = yaml_file_fill(&f, &scenario_schema, &data);
    }
    yaml_file_close(&f);
    *ret = data;
    return err == ERR_OK ? OUTCOME_DONE : OUTCOME_CONFIG;
}

static int by_number(const void *a, const void *b)
{
    const struct scenario *x = *(struct scenario *const *)a;
    const struct scenario *y = *(struct scenario *const *)b;
    return x->number < y->number ? -1 : x->number > y->number ? 1 : 0;
}

int scenario_load(struct scenario_all *ret)
{
    struct delivered files;
    memset(ret, 0, sizeof *ret);
    delivered_list("scenarios", &files);
    if (files.n == 0) {
        return outcome_error(OUTCOME_IO, "set REHOME_SHARE to the folder that has scenarios/",
                             "no scenarios are delivered with this program");
    }
    for (uint32_t i = 0; i < files.n && ret->n < SCENARIO_MAX; i++) {
        char path[DELIVERED_PATH_MAX];
        delivered_path("scenarios", files.names[i], path, sizeof path);
        int code = load_one(path, &ret->at[ret->n]);
        if (code != OUTCOME_DONE) {
            scenario_free(ret);
            return code;
        }
        ret->n++;
    }
    qsort(ret->at, ret->n, sizeof(struct scenario *), by_number);
    return OUTCOME_DONE;
}

void scenario_free(struct scenario_all *all)
{
    for (uint32_t i = 0; i < all->n; i++) {
        yaml_file_free(&scenario_schema, all->at[i]);
    }
    all->n = 0;
}

int scenario_find(const struct scenario_all *all, const char *word, const struct scenario **ret)
{
    struct nearest near = nearest_to(word);
    for (uint32_t i = 0; i < all->n; i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", all->at[i]->number);
        nearest_offer(&near, all->at[i]->name);
        if (strcmp(word, all->at[i]->name) == 0 || strcmp(word, number) == 0) {
            *ret = all->at[i];
            return OUTCOME_DONE;
        }
    }
    return command_no_such("scenario", &near);
}

int scenario_trigger(const struct scenario *s, const char *word_or_null,
                     const struct scenario_trigger **ret)
{
    struct nearest near = nearest_to(word_or_null != NULL ? word_or_null : s->triggers[0].name);
    for (uint32_t i = 0; i < s->triggers_count; i++) {
        nearest_offer(&near, s->triggers[i].name);
        if (strcmp(near.word, s->triggers[i].name) == 0) {
            *ret = &s->triggers[i];
            return OUTCOME_DONE;
        }
    }
    return command_no_such("trigger of this scenario", &near);
}
