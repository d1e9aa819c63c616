/* faults, heal. */
#include "cluster/control/aftermath.h"
#include "cluster/control/backend.h"
#include "cluster/control/break.h"
#include "cluster/control/command.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/plural.h"

/* How many packets it lost or refused; -1: it is no cut of a network that can be asked. */
static long long packets_of(const struct cluster *c, const struct fault *f)
{
    const struct backend *b = backend_of(c);
    return faults_is_cut(f) && b->counted != NULL ? (long long)b->counted(c, &f->cut) : -1;
}

static json_t *list_json(const struct cluster *c, const struct faults *f)
{
    json_t *list = faults_json(&c->topology, f);
    for (uint32_t i = 0; i < f->n; i++) {
        long long packets = packets_of(c, &f->at[i]);
        if (packets >= 0) {
            json_object_set_new(json_array_get(list, i), "packets", json_integer(packets));
        }
    }
    return list;
}

static void list_rows(const struct cluster *c, const struct faults *f)
{
    static const enum column columns[] = {COLUMN_FAULT, COLUMN_TARGET,  COLUMN_SERVICE, COLUMN_HOW,
                                          COLUMN_FOR,   COLUMN_PACKETS, COLUMN_UNDO,    COLUMN_END};
    struct table *table = table_new(columns);
    for (uint32_t i = 0; i < f->n; i++) {
        const struct fault *one = &f->at[i];
        char text[FAULTS_TEXT_LEN];
        long long packets = packets_of(c, one);
        table_row(table);
        table_cell(table, "%u", one->id);
        cut_sides(&one->cut, &c->topology, text, sizeof text);
        table_cell(table, "%s", faults_is_cut(one) ? text : one->target);
        table_cell(table, "%s", one->service[0] != '\0' ? one->service : "-");
        faults_how(one, text);
        table_cell(table, "%s", text);
        table_cell(table, "%lld s", (long long)(tick_now_us() - one->at_us) / 1000000);
        table_number(table, packets >= 0, (uint64_t)packets);
        faults_undo(one, text);
        table_cell(table, "%s", text);
    }
    table_end_or(&table, "nothing is broken on purpose");
}

int command_faults(int argc, char **argv)
{
    static const struct options_spec spec = {.name = "faults",
                                             .examples = "rehome faults",
                                             .lacks = OPTIONS_NO_WAIT,
                                             .doc = "What is broken on purpose at the moment."};
    static struct cluster cluster;
    struct options_common common = {0};
    struct options_args args;
    struct faults f;
    options_parse(&spec, argc, argv, &common, &args);
    int code = home_cluster(common.cluster, &cluster);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(&cluster, &f);
    if (common.json) {
        table_json(json_pack("{s:i, s:o}", "schema", 1, "faults", list_json(&cluster, &f)));
    } else {
        list_rows(&cluster, &f);
    }
    return OUTCOME_DONE;
}

/* Those that are meant; of a number that is none: OUTCOME_USAGE. */
static int choose(struct faults *f, const char *word_or_null)
{
    if (word_or_null == NULL) {
        return OUTCOME_DONE;
    }
    uint32_t id = options_number("fault", word_or_null, 1, INT32_MAX);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        if (f->at[i].id == id) {
            f->at[n++] = f->at[i];
        }
    }
    f->n = n;
    return n > 0 ? OUTCOME_DONE
                 : outcome_error(OUTCOME_USAGE, "rehome faults", "there is no fault %u", id);
}

/* Networks first: a process that was broken may need them to come back. */
static int heal_them(struct session_of_command *s, const struct faults *f)
{
    int code = OUTCOME_DONE;
    for (uint32_t i = 0; i < f->n && code == OUTCOME_DONE; i++) {
        if (faults_is_cut(&f->at[i])) {
            code = faults_end_cut(&s->cluster, f->at[i].id);
        }
    }
    for (uint32_t i = 0; i < f->n && code == OUTCOME_DONE; i++) {
        if (!faults_is_cut(&f->at[i])) {
            code = break_undo(s->desk, &s->cluster,
                              topology_proc_named(&s->cluster.topology, f->at[i].target),
                              SERVICE_NONE);
        }
    }
    return code;
}

/* Whom these faults met. */
static void wait_for_all(struct session_of_command *s, const struct faults *f)
{
    const struct topology *t = &s->cluster.topology;
    uint64_t met = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct fault *one = &f->at[i];
        met |= faults_is_cut(one) ? one->cut.from | one->cut.to
                                  : UINT64_C(1) << topology_proc_named(t, one->target).v;
    }
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if ((met >> v & 1) != 0) {
            aftermath_lease(s, (struct proc_id){v});
        }
    }
}

int command_heal(int argc, char **argv)
{
    bool all = false;
    const struct option_row rows[] = {{"all", 0, NULL, "all of them (the default)", &all, NULL}};
    const struct options_spec spec = {
        .name = "heal",
        .examples = "rehome heal\nrehome heal 2",
        .args_doc = "[FAULT]",
        .doc = "Undoes all faults, or the one with this number (rehome faults).",
        .rows = rows,
        .rows_n = 1,
        .args_max = 1};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    struct faults f;
    options_parse(&spec, argc, argv, &common, &args);
    if (all && args.n > 0) {
        return outcome_error(OUTCOME_USAGE, "rehome heal --help", "all, or the one with a number");
    }
    int code = command_open_silent(&common, &s);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(&s->cluster, &f);
    code = choose(&f, args.n > 0 ? args.at[0] : NULL);
    code = code == OUTCOME_DONE ? heal_them(s, &f) : code;
    if (code == OUTCOME_DONE && !common.no_wait) {
        wait_for_all(s, &f);
    }
    if (common.json && code == OUTCOME_DONE) {
        table_json(json_pack("{s:i, s:i}", "schema", 1, "healed", (int)f.n));
    } else if (!common.quiet && code == OUTCOME_DONE) {
        outcome_progress("%u %s undone", f.n, plural_of(f.n, "fault", "faults"));
    }
    command_close(&s);
    return code;
}
