#include "cluster/control/scenario_show.h"

#include "cluster/control/scenario_checks.h"
#include "cluster/control/table.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX   64 /* checks of one table */
#define SHOWN_WIDTH 16

static json_t *backends_json(const struct scenario *s)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->backends_count; i++) {
        json_array_append_new(list, json_string(s->backends[i]));
    }
    return list;
}

int scenario_show_list(const struct scenario_all *all, bool json)
{
    static const enum column columns[] = {COLUMN_NUMBER,   COLUMN_NAME,  COLUMN_TITLE,
                                          COLUMN_TRIGGERS, COLUMN_NEEDS, COLUMN_END};
    if (json) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < all->n; i++) {
            const struct scenario *s = all->at[i];
            json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:o}", "name", s->name, "number",
                                                  (int)s->number, "title", s->title, "backends",
                                                  backends_json(s)));
        }
        table_json(json_pack("{s:i, s:o}", "schema", 1, "scenarios", list));
        return scenario_refused(all);
    }
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < all->n; i++) {
        const struct scenario *s = all->at[i];
        char triggers[128] = "";
        for (uint32_t k = 0; k < s->triggers_count; k++) {
            size_t used = strlen(triggers);
            snprintf(triggers + used, sizeof triggers - used, "%s%s", k > 0 ? ", " : "",
                     s->triggers[k].name);
        }
        table_row(table);
        table_cell(table, "%u", s->number);
        table_cell(table, "%s", s->name);
        table_cell(table, "%s", s->title);
        table_cell(table, "%s", triggers);
        table_cell(table, "%s", scenario_needs_root(s) ? "root" : "-");
    }
    table_end(&table);
    return scenario_refused(all);
}

static json_t *steps_json(const struct scenario_step *steps, uint32_t n)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(
            list, json_pack("{s:s, s:s}", "text", steps[i].text, "within", steps[i].within));
    }
    return list;
}

static int show_json(const struct scenario *s)
{
    json_t *rows = json_array();
    for (uint32_t i = 0; i < s->table_count; i++) {
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s}", "test", s->table[i].test,
                                              "action", s->table[i].action, "expected",
                                              s->table[i].expected, "result", s->table[i].result));
    }
    json_t *triggers = json_array();
    for (uint32_t i = 0; i < s->triggers_count; i++) {
        json_array_append_new(triggers, json_pack("{s:s, s:s}", "name", s->triggers[i].name, "text",
                                                  s->triggers[i].text));
    }
    table_json(json_pack(
        "{s:i, s:s, s:i, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", 1, "name",
        s->name, "number", (int)s->number, "title", s->title, "backends", backends_json(s),
        "triggers", triggers, "topology", s->topology, "table", rows, "given",
        steps_json(s->given, s->given_count), "when", steps_json(s->when, s->when_count), "then",
        steps_json(s->then, s->then_count), "finally", steps_json(s->finally, s->finally_count)));
    return OUTCOME_DONE;
}

static void show_steps(const char *phase, const struct scenario_step *steps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        printf("%-8s %s (within %s)\n", i == 0 ? phase : "", steps[i].text, steps[i].within);
    }
}

/* What each check of the table says, once. */
static void show_checks(const struct scenario *s)
{
    char id[CHECK_ID_LEN];
    const struct check *shown[SHOWN_MAX];
    size_t n = 0;
    putchar('\n');
    for (uint32_t i = 0; i < s->table_count; i++) {
        for (const char *at = s->table[i].result; scenario_checks_next(&at, id);) {
            const struct check *check = scenario_checks_find(id, NULL);
            bool again = n == SHOWN_MAX || check == NULL;
            for (size_t k = 0; k < n; k++) {
                again = again || shown[k] == check;
            }
            if (!again) {
                shown[n++] = check;
                printf("%-*s %s%s\n", SHOWN_WIDTH, check->id, check->title,
                       scenario_checks_judges(check, s->name) ? "" : " (not judged here)");
            }
        }
    }
}

int scenario_show(const struct scenario *s, bool json)
{
    static const enum column columns[] = {COLUMN_TEST, COLUMN_ACTION, COLUMN_EXPECTED,
                                          COLUMN_RESULT, COLUMN_END};
    if (json) {
        return show_json(s);
    }
    printf("%u  %s\n%s\n\n", s->number, s->name, s->title);
    for (uint32_t i = 0; i < s->triggers_count; i++) {
        printf("--trigger %-12s %s%s\n", s->triggers[i].name, s->triggers[i].text,
               i == 0 ? " (default)" : "");
    }
    putchar('\n');
    show_steps("given", s->given, s->given_count);
    show_steps("when", s->when, s->when_count);
    show_steps("then", s->then, s->then_count);
    show_steps("finally", s->finally, s->finally_count);
    putchar('\n');
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < s->table_count; i++) {
        table_row(table);
        table_cell(table, "%s", s->table[i].test);
        table_cell(table, "%s", s->table[i].action);
        table_cell(table, "%s", s->table[i].expected);
        table_cell(table, "%s", s->table[i].result);
    }
    table_end(&table);
    show_checks(s);
    return OUTCOME_DONE;
}
