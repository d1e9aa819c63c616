#include "cluster/control/scenario_file.h"

#include "node/runtime/yaml_file.h"

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

static enum err take(struct yaml_file *f, enum err opened, struct scenario **ret)
{
    void *data = NULL;
    enum err err = opened;
    if (err == ERR_OK) {
        err = yaml_file_judge(f, &scenario_schema);
    }
    if (err == ERR_OK) {
        err = yaml_file_fill(f, &scenario_schema, &data);
    }
    yaml_file_close(f);
    *ret = data;
    return err;
}

enum err scenario_file_load(const char *path, FILE *complaints, struct scenario **ret)
{
    struct yaml_file f;
    enum err err = yaml_file_open(&f, path, complaints);
    return take(&f, err, ret);
}

enum err scenario_file_parse(const char *path, const char *text, FILE *complaints,
                             struct scenario **ret)
{
    struct yaml_file f;
    enum err err = yaml_file_open_text(&f, path, text, complaints);
    return take(&f, err, ret);
}

void scenario_file_free(struct scenario **scenario)
{
    yaml_file_free(&scenario_schema, *scenario);
    *scenario = NULL;
}
