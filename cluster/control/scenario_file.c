#include "cluster/control/scenario_file.h"

#include "node/base/nearest.h"
#include "node/runtime/topology_raw.h"
#include "node/runtime/yaml_file.h"

#include <string.h>

#define ALWAYS    CYAML_FLAG_DEFAULT
#define MAYBE     CYAML_FLAG_OPTIONAL
#define STEPS_MAX 48
#define ROWS_MAX  32
#define COUNT(a)  ((uint32_t)(sizeof(a) / sizeof(a)[0]))

#define STEP_WORD(name, word, must, may, meaning) {#word, SCENARIO_##name},
static const cyaml_strval_t step_words[] = {SCENARIO_STEP_MAP(STEP_WORD)};
#undef STEP_WORD
static const cyaml_strval_t service_words[] = {{"none", SERVICE_NONE},
                                               {"callmanager", SERVICE_CALLMANAGER},
                                               {"ctimanager", SERVICE_CTIMANAGER}};
#define HOW_WORD(name, word) {#word, BREAK_##name},
static const cyaml_strval_t how_words[] = {BREAK_HOW_MAP(HOW_WORD)};
#undef HOW_WORD
static const cyaml_strval_t net_words[] = {{"visible", CUT_VISIBLE}, {"private", CUT_PRIVATE}};
static const cyaml_strval_t write_words[] = {{"config", SCENARIO_WRITE_CONFIG},
                                             {"forward", SCENARIO_WRITE_FORWARD}};

static const cyaml_schema_field_t step_fields[] = {
    CYAML_FIELD_ENUM("step", CYAML_FLAG_STRICT, struct scenario_step, step, step_words,
                     COUNT(step_words)),
    CYAML_FIELD_STRING("within", ALWAYS, struct scenario_step, within, 1),
    CYAML_FIELD_STRING("text", ALWAYS, struct scenario_step, text, 1),
    CYAML_FIELD_UINT("count", MAYBE, struct scenario_step, count),
    CYAML_FIELD_STRING("target", MAYBE, struct scenario_step, target, 1),
    CYAML_FIELD_ENUM("how", CYAML_FLAG_STRICT | MAYBE, struct scenario_step, how, how_words,
                     COUNT(how_words)),
    CYAML_FIELD_ENUM("service", CYAML_FLAG_STRICT | MAYBE, struct scenario_step, service,
                     service_words, COUNT(service_words)),
    CYAML_FIELD_STRING("sides", MAYBE, struct scenario_step, sides, 1),
    CYAML_FIELD_ENUM("net", CYAML_FLAG_STRICT | MAYBE, struct scenario_step, net, net_words,
                     COUNT(net_words)),
    CYAML_FIELD_BOOL("reject", MAYBE, struct scenario_step, reject),
    CYAML_FIELD_ENUM("write", CYAML_FLAG_STRICT | MAYBE, struct scenario_step, write, write_words,
                     COUNT(write_words)),
    CYAML_FIELD_END};
static const cyaml_schema_field_t trigger_fields[] = {
    CYAML_FIELD_STRING("name", ALWAYS, struct scenario_trigger, name, 1),
    CYAML_FIELD_ENUM("how", CYAML_FLAG_STRICT, struct scenario_trigger, how, how_words,
                     COUNT(how_words)),
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

/* -- What the schema cannot say. -- */

struct field {
    enum scenario_field bit;
    const char *key;
};

static const struct field fields[] = {
    {SCENARIO_FIELD_COUNT, "count"}, {SCENARIO_FIELD_TARGET, "target"},
    {SCENARIO_FIELD_HOW, "how"},     {SCENARIO_FIELD_SERVICE, "service"},
    {SCENARIO_FIELD_SIDES, "sides"}, {SCENARIO_FIELD_NET, "net"},
    {SCENARIO_FIELD_WRITE, "write"}, {SCENARIO_FIELD_REJECT, "reject"}};

#define STEP_MUST(name, word, must, may, meaning) must,
#define STEP_MAY(name, word, must, may, meaning)  (must) | (may),
static const int musts[] = {SCENARIO_STEP_MAP(STEP_MUST)};
static const int mays[] = {SCENARIO_STEP_MAP(STEP_MAY)};
#undef STEP_MUST
#undef STEP_MAY

static void judge_step(struct yaml_file *f, const char *phase, uint32_t i,
                       const struct scenario_step *step)
{
    const yaml_node_t *whole = yaml_file_at(f, "%s[%u]", phase, i);
    const char *word = step_words[step->step].str;
    struct duration within = {0};
    bool known = topology_raw_duration(step->within, &within);
    if (within.us <= 0) {
        yaml_file_complain(f, yaml_file_at(f, "%s[%u].within", phase, i), "for example 5s or 300ms",
                           known ? "within '%s' leaves no time" : "within '%s' is not a duration",
                           step->within);
    }
    if (step->step == SCENARIO_FLAP && step->count == 0) {
        yaml_file_complain(f, yaml_file_at(f, "%s[%u].count", phase, i), NULL,
                           "the step %s needs a count of at least 1", word);
    }
    for (size_t k = 0; k < COUNT(fields); k++) {
        const yaml_node_t *at = yaml_file_at(f, "%s[%u].%s", phase, i, fields[k].key);
        bool said = at != whole;
        if (said && (mays[step->step] & (int)fields[k].bit) == 0) {
            yaml_file_complain(f, at, NULL, "the step %s has no %s", word, fields[k].key);
        } else if (!said && (musts[step->step] & (int)fields[k].bit) != 0) {
            yaml_file_complain(f, whole, NULL, "the step %s needs %s", word, fields[k].key);
        }
    }
}

static bool judge_phase(struct yaml_file *f, const char *phase, const struct scenario_step *steps,
                        uint32_t n)
{
    bool cuts = false;
    for (uint32_t i = 0; i < n; i++) {
        judge_step(f, phase, i, &steps[i]);
        cuts = cuts || steps[i].step == SCENARIO_CUT || steps[i].step == SCENARIO_FLAP;
    }
    return cuts;
}

/* Every word, and that a backend without networks is not asked to cut one. */
static void judge_backends(struct yaml_file *f, const struct scenario *s, bool cuts)
{
    static const char *const words[] = {"local", "netns", "sim"};
    for (uint32_t i = 0; i < s->backends_count; i++) {
        const yaml_node_t *at = yaml_file_at(f, "backends[%u]", i);
        struct nearest near = nearest_to(s->backends[i]);
        for (size_t k = 0; k < COUNT(words); k++) {
            nearest_offer(&near, words[k]);
        }
        if (near.distance != 0) {
            yaml_file_complain(f, at, nearest_likely(&near),
                               "backend '%s' is not one of local, netns, sim", s->backends[i]);
        } else if (cuts && strcmp(s->backends[i], words[0]) == 0) {
            yaml_file_complain(f, at, NULL, "the backend local has no networks that could be cut");
        }
    }
}

/* A word that is no number, no path, and not "all". */
static void judge_name(struct yaml_file *f, const char *name)
{
    bool letter = name[0] >= 'a' && name[0] <= 'z';
    if (!letter || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
        yaml_file_complain(f, yaml_file_at(f, "name"), "for example subscriber-fails",
                           "name '%s' is not of lower-case letters, digits and dashes, with a "
                           "letter first",
                           name);
    } else if (strcmp(name, "all") == 0) {
        yaml_file_complain(f, yaml_file_at(f, "name"), "take another one",
                           "the name 'all' means every scenario");
    }
}

static enum err judge(struct yaml_file *f, const struct scenario *s)
{
    judge_name(f, s->name);
    bool cuts = judge_phase(f, "given", s->given, s->given_count);
    cuts = judge_phase(f, "when", s->when, s->when_count) || cuts;
    cuts = judge_phase(f, "then", s->then, s->then_count) || cuts;
    cuts = judge_phase(f, "finally", s->finally, s->finally_count) || cuts;
    judge_backends(f, s, cuts);
    return f->faults == 0 ? ERR_OK : ERR_INVALID;
}

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
    if (err == ERR_OK) {
        err = judge(f, data);
    }
    if (err != ERR_OK) {
        yaml_file_free(&scenario_schema, data);
        data = NULL;
    }
    yaml_file_close(f);
    *ret = data;
    return err;
}

enum err scenario_file_load(const char *path, FILE *complaints, struct scenario **ret)
{
    struct yaml_file f;
    enum err err = yaml_file_open(&f, path, complaints);
    err = take(&f, err, ret);
    if (err == ERR_OK) {
        snprintf((*ret)->file, sizeof(*ret)->file, "%s", path);
    }
    return err;
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
