/* sim. */
#include "cluster/control/command.h"
#include "cluster/control/pool.h"
#include "cluster/control/scenario_sim.h"
#include "cluster/control/sim_run.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "cluster/sim/sim_swarm.h"
#include "node/base/nearest.h"
#include "node/base/plant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEDS_MAX 1000000
#define SHOWN_MAX 10  /* failures that are told one by one */
#define LIMIT_S   600 /* for one seed */
#define BAR_WIDTH 30
#define VOID_FROM 100 /* seeds: a smaller range need not have seen everything */
#define CALLS_PER 10  /* legs for each seed on average, or the range is void */

struct words {
    const char *seeds, *jobs, *profile, *faults, *faults_max, *report, *scenario, *trigger,
        *topology, *plant;
};

struct failure {
    uint64_t seed;
    char check[CHECK_ID_LEN];
    char observed[CHECK_OBSERVED_LEN];
};

/* What a range of seeds came to. */
struct range {
    uint64_t first, n, done;
    const char *profile;
    const char *kinds_text;
    const char *report;              /* NULL: no run is kept */
    const struct scenario *scenario; /* NULL: the swarm */
    const struct scenario_trigger *trigger;
    const char *topology;
    uint32_t kinds, faults_max;
    bool bar, quiet;
    uint64_t *digests; /* by seed */
    int64_t virtual_us;
    uint64_t events, legs, rows;
    uint64_t fired[SIM_FAULT_KINDS];
    uint64_t counts[EVENT_COUNT];
    struct failure *failures;
    size_t failures_n, failures_cap;
};

/* -- One seed, in a process of its own. -- */

struct keeping {
    const struct range *range;
    uint64_t seed;
    const struct sim_outcome *outcome;
};

/* A range keeps the runs that failed, one seed its own. */
static void keep(void *context, const struct history *history)
{
    const struct keeping *k = context;
    char folder[HOME_PATH_MAX];
    if (k->range->n == 1) {
        snprintf(folder, sizeof folder, "%s", k->range->report);
    } else {
        snprintf(folder, sizeof folder, "%s/seed-%" PRIu64, k->range->report, k->seed);
    }
    bool wanted = k->range->n == 1 || k->outcome->verdict == VERDICT_FAIL;
    if (wanted && sim_run_keep(folder, history, NULL, k->seed) != OUTCOME_DONE) {
        _exit(OUTCOME_IO); /* what is wrong was said, and the parent tells it on */
    }
}

static void play_seed(const struct range *r, uint64_t seed, struct sim_outcome *ret)
{
    const struct scenario_sim_options o = {.scenario = r->scenario,
                                           .trigger = r->trigger,
                                           .topology = r->topology,
                                           .profile = r->profile,
                                           .seed = seed,
                                           .folder = r->n == 1 ? r->report : NULL,
                                           .quiet = r->n > 1 || r->quiet};
    int code = scenario_sim_run(&o, ret, NULL);
    if (code != OUTCOME_DONE) {
        _exit(code); /* what is wrong was said, and the parent tells it on */
    }
}

static void run_seed(void *context, uint64_t piece, void *ret_result)
{
    const struct range *r = context;
    if (r->scenario != NULL) {
        play_seed(r, r->first + piece, ret_result);
        return;
    }
    static struct sim_case c;
    sim_swarm_draw(r->first + piece, r->profile, r->kinds, &c);
    c.faults_n = c.faults_n < r->faults_max ? c.faults_n : r->faults_max;
    struct keeping k = {r, r->first + piece, ret_result};
    sim_swarm_run(&c, r->report != NULL ? keep : NULL, &k, ret_result);
}

/* -- The range. -- */

static struct failure *add_failure(struct range *r, uint64_t seed)
{
    if (r->failures_n == r->failures_cap) {
        r->failures_cap = r->failures_cap == 0 ? 64 : 2 * r->failures_cap;
        r->failures = realloc(r->failures, r->failures_cap * sizeof r->failures[0]);
        ASSERT(r->failures != NULL);
    }
    struct failure *f = &r->failures[r->failures_n++];
    *f = (struct failure){.seed = seed};
    return f;
}

/* " --name value", if there is one. */
static void add_word(char *ret, size_t cap, const char *name, const char *value)
{
    size_t used = strlen(ret);
    if (value != NULL && used < cap) {
        snprintf(ret + used, cap - used, " --%s %s", name, value);
    }
}

static void rerun_line(const struct range *r, uint64_t seed, char *ret, size_t cap)
{
    char most[16];
    snprintf(most, sizeof most, "%u", r->faults_max);
    snprintf(ret, cap, "rehome sim --seeds %" PRIu64, seed);
    add_word(ret, cap, "scenario", r->scenario != NULL ? r->scenario->name : NULL);
    add_word(ret, cap, "trigger", r->trigger != NULL ? r->trigger->name : NULL);
    add_word(ret, cap, "topology", r->topology);
    add_word(ret, cap, "profile", r->profile);
    add_word(ret, cap, "faults", r->kinds_text);
    add_word(ret, cap, "faults-max", r->faults_max < SIM_SWARM_FAULTS_MAX ? most : NULL);
}

static void clear_bar(const struct range *r)
{
    if (r->bar) {
        fputs("\r\033[K", stderr);
    }
}

static void draw_bar(const struct range *r)
{
    if (!r->bar) {
        return;
    }
    int full = (int)(r->done * BAR_WIDTH / r->n);
    fprintf(stderr, "\r\033[K%.*s%.*s %" PRIu64 " of %" PRIu64 " seeds, %zu failed", full,
            "##############################", BAR_WIDTH - full, "..............................",
            r->done, r->n, r->failures_n);
    fflush(stderr);
}

static void tell_failure(const struct range *r, const struct failure *f)
{
    char line[256];
    clear_bar(r);
    rerun_line(r, f->seed, line, sizeof line);
    fprintf(stderr, "seed %" PRIu64 ": %s: %s\n  again:  %s\n", f->seed, f->check, f->observed,
            line);
}

static void add_outcome(struct range *r, const struct sim_outcome *o)
{
    r->virtual_us += o->virtual_us;
    r->events += o->events;
    r->legs += o->legs;
    r->rows += o->rows;
    for (size_t i = 0; i < SIM_FAULT_KINDS; i++) {
        r->fired[i] += o->fired[i];
    }
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        r->counts[i] += o->counts[i];
    }
}

static void seed_done(void *context, uint64_t piece, const void *result, const char *words)
{
    struct range *r = context;
    const struct sim_outcome *o = result;
    struct failure *f = NULL;
    r->done++;
    if (o == NULL) {
        f = add_failure(r, r->first + piece);
        snprintf(f->check, sizeof f->check, "crash");
        snprintf(f->observed, sizeof f->observed, "%s", words);
    } else {
        r->digests[piece] = o->digest;
        add_outcome(r, o);
        for (size_t i = 0; i < o->results_n && f == NULL; i++) {
            if (o->results[i].verdict == VERDICT_FAIL) {
                f = add_failure(r, r->first + piece);
                snprintf(f->check, sizeof f->check, "%s", o->results[i].id);
                snprintf(f->observed, sizeof f->observed, "%s", o->results[i].observed);
            }
        }
    }
    if (f != NULL && r->failures_n <= SHOWN_MAX) {
        tell_failure(r, f);
    }
    draw_bar(r);
}

static bool interrupted(void *context)
{
    (void)context;
    return tick_interrupted();
}

/* One digest of all, in the order of the seeds. */
static uint64_t digest_of(const struct range *r)
{
    uint64_t digest = r->first;
    for (uint64_t i = 0; i < r->n; i++) {
        digest = (digest ^ r->digests[i]) * UINT64_C(0x9e3779b97f4a7c15);
        digest ^= digest >> 29;
    }
    return digest;
}

/* -- A range that saw too little proves nothing. -- */

struct minimum {
    const char *what;
    uint64_t seen, wanted;
};

static size_t find_missing(const struct range *r, struct minimum *ret, size_t cap)
{
    const struct minimum all[] = {
        {"legs of calls", r->legs, CALLS_PER * r->n},
        {"call records", r->rows, r->n},
        {"elections", r->counts[EVENT_RAFT_SERVING], r->n},
        {"devices lost", r->counts[EVENT_DEVICE_LOST], r->n},
        {"registrations", r->counts[EVENT_REGISTERED], CALLS_PER * r->n},
        {"PG switches", r->counts[EVENT_PG_ACTIVE], r->n + r->n / 10},
        {"calls preserved", r->counts[EVENT_CALL_PRESERVED], r->n / 10},
    };
    size_t n = 0;
    if (r->n < VOID_FROM || r->scenario != NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0] && n < cap; i++) {
        if (all[i].seen < all[i].wanted) {
            ret[n++] = all[i];
        }
    }
    for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS && n < cap; k++) {
        if ((r->kinds >> k & 1) != 0 && r->fired[k] < r->n / VOID_FROM) {
            ret[n++] = (struct minimum){sim_fault_word(k), r->fired[k], r->n / VOID_FROM};
        }
    }
    return n;
}

/* -- Saying it. -- */

static json_t *failures_json(const struct range *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->failures_n; i++) {
        char line[256];
        rerun_line(r, r->failures[i].seed, line, sizeof line);
        json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:s}", "seed",
                                              (json_int_t)r->failures[i].seed, "check",
                                              r->failures[i].check, "observed",
                                              r->failures[i].observed, "rerun", line));
    }
    return list;
}

static void say_json(const struct range *r, double wall_s, const struct minimum *missing, size_t n)
{
    char digest[20];
    json_t *faults = json_object();
    json_t *failed = json_array();
    json_t *voids = json_array();
    snprintf(digest, sizeof digest, "%016" PRIx64, digest_of(r));
    for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
        json_object_set_new(faults, sim_fault_word(k), json_integer((json_int_t)r->fired[k]));
    }
    for (size_t i = 0; i < r->failures_n; i++) {
        json_array_append_new(failed, json_integer((json_int_t)r->failures[i].seed));
    }
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(voids, json_pack("{s:s, s:I, s:I}", "what", missing[i].what, "seen",
                                               (json_int_t)missing[i].seen, "wanted",
                                               (json_int_t)missing[i].wanted));
    }
    table_json(
        json_pack("{s:i, s:I, s:I, s:o, s:f, s:f, s:o, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:o}",
                  "schema", 1, "seeds", (json_int_t)r->n, "first", (json_int_t)r->first, "failed",
                  failed, "virtual_s", (double)r->virtual_us / 1e6, "wall_s", wall_s, "faults",
                  faults, "events", (json_int_t)r->events, "legs", (json_int_t)r->legs, "records",
                  (json_int_t)r->rows, "elections", (json_int_t)r->counts[EVENT_RAFT_SERVING],
                  "pg_active", (json_int_t)r->counts[EVENT_PG_ACTIVE], "digest", digest, "failures",
                  failures_json(r), "void", voids));
}

static void say(const struct range *r, double wall_s, const struct minimum *missing, size_t n)
{
    double virtual_s = (double)r->virtual_us / 1e6;
    uint64_t faults = 0;
    for (size_t i = 0; i < SIM_FAULT_KINDS; i++) {
        faults += r->fired[i];
    }
    printf("%" PRIu64 " seeds, %zu failed: %.0f virtual seconds in %.1f s, %.0f times real time\n",
           r->n, r->failures_n, virtual_s, wall_s, wall_s > 0 ? virtual_s / wall_s : 0);
    printf("%" PRIu64 " faults, %" PRIu64 " elections, %" PRIu64 " legs, %" PRIu64
           " call records, %" PRIu64 " events, digest %016" PRIx64 "\n",
           faults, r->counts[EVENT_RAFT_SERVING], r->legs, r->rows, r->events, digest_of(r));
    for (size_t i = 0; i < n; i++) {
        printf("void: too few %s: %" PRIu64 ", wanted %" PRIu64 "\n", missing[i].what,
               missing[i].seen, missing[i].wanted);
    }
}

/* -- The command line. -- */

static uint64_t seed_of(const char *text, char **end)
{
    unsigned long long v = strtoull(text, end, 10);
    return text[0] >= '0' && text[0] <= '9' ? v : UINT64_MAX;
}

static int read_seeds(const char *text, struct range *r)
{
    char *end = NULL;
    uint64_t last = 0;
    r->first = text != NULL ? seed_of(text, &end) : UINT64_MAX;
    bool one = r->first != UINT64_MAX && *end == '\0';
    bool two = r->first != UINT64_MAX && strncmp(end, "..", 2) == 0;
    if (two) {
        last = seed_of(end + 2, &end);
    }
    if ((!one && !two) || (two && (last == UINT64_MAX || *end != '\0' || last < r->first)) ||
        (two && last - r->first >= SEEDS_MAX)) {
        return outcome_error(OUTCOME_USAGE, "rehome sim --seeds 1..100",
                             "--seeds takes A..B with A up to B, at most %d of them", SEEDS_MAX);
    }
    r->n = one ? 1 : last - r->first + 1;
    return OUTCOME_DONE;
}

static int read_faults(const char *text, struct range *r)
{
    r->kinds = SIM_SWARM_ALL;
    r->kinds_text = text;
    if (text == NULL) {
        return OUTCOME_DONE;
    }
    r->kinds = 0;
    while (*text != '\0' && strcmp(text, "none") != 0) {
        char word[32];
        size_t len = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        struct nearest near = nearest_to(word);
        for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
            nearest_offer(&near, sim_fault_word(k));
            r->kinds |= strcmp(word, sim_fault_word(k)) == 0 ? 1u << k : 0;
        }
        if (near.distance != 0) {
            return command_no_such("fault", &near);
        }
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return OUTCOME_DONE;
}

static int read_profile(const char *text, struct range *r)
{
    r->profile = text;
    if (text == NULL || strcmp(text, "lab") == 0 || strcmp(text, "srnd") == 0) {
        return OUTCOME_DONE;
    }
    struct nearest near = nearest_to(text);
    nearest_offer(&near, "lab");
    nearest_offer(&near, "srnd");
    return command_no_such("profile", &near);
}

/* Only where bugs can be planted. */
static int read_plant(const char *text)
{
#ifdef REHOME_PLANTS
    struct nearest near = nearest_to(text != NULL ? text : "");
    for (enum plant p = PLANT_NONE; p < PLANT_COUNT; p++) {
        nearest_offer(&near, plant_text(p));
        if (near.distance == 0) {
            plant_set(p);
            return OUTCOME_DONE;
        }
    }
    return command_no_such("planted bug", &near);
#else
    (void)text;
    return OUTCOME_DONE;
#endif
}

static uint32_t read_jobs(const char *text)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return text != NULL ? options_number("--jobs", text, 1, 256) : cores > 0 ? (uint32_t)cores : 1;
}

static int run_range(struct range *r, uint32_t jobs, const struct options_common *common)
{
    struct minimum missing[SIM_FAULT_KINDS + 8];
    int64_t began = tick_now_us();
    ASSERT(r->n > 0);
    r->digests = calloc(r->n, sizeof r->digests[0]);
    ASSERT(r->digests != NULL);
    r->bar = isatty(STDERR_FILENO) != 0 && !common->quiet;
    tick_catch_interrupts();
    draw_bar(r);
    bool whole = pool_run(&(struct pool_work){.context = r,
                                              .n = r->n,
                                              .jobs = jobs,
                                              .limit_s = LIMIT_S,
                                              .result_size = sizeof(struct sim_outcome),
                                              .run = run_seed,
                                              .done = seed_done,
                                              .stop = interrupted});
    clear_bar(r);
    if (!whole) {
        return tick_interrupted() ? OUTCOME_INTERRUPTED
                                  : outcome_error(OUTCOME_EXISTS, NULL, "no more processes");
    }
    double wall_s = (double)(tick_now_us() - began) / 1e6;
    size_t n = find_missing(r, missing, sizeof missing / sizeof missing[0]);
    if (r->failures_n > SHOWN_MAX) {
        outcome_progress("and %zu more failed", r->failures_n - SHOWN_MAX);
    }
    if (common->json) {
        say_json(r, wall_s, missing, n);
    } else {
        say(r, wall_s, missing, n);
    }
    return r->failures_n > 0 || n > 0 ? OUTCOME_NO : OUTCOME_DONE;
}

/* Open the scenario that is asked for, if one is. */
static int read_scenario(const struct words *w, struct scenario_all *all, struct range *r)
{
    r->topology = w->topology;
    if (w->scenario == NULL) {
        return w->trigger == NULL && w->topology == NULL
                   ? OUTCOME_DONE
                   : outcome_error(OUTCOME_USAGE, "rehome sim --help",
                                   "--trigger and --topology are for --scenario");
    }
    int code = scenario_load(all);
    code = code == OUTCOME_DONE ? scenario_find(all, w->scenario, &r->scenario) : code;
    return code == OUTCOME_DONE ? scenario_trigger(r->scenario, w->trigger, &r->trigger) : code;
}

int command_sim(int argc, char **argv)
{
    struct words w = {0};
    const struct option_row rows[] = {
        {"seeds", 's', "A..B", "which seeds; each draws a cluster, its traffic and its faults",
         NULL, &w.seeds},
        {"jobs", 'j', "N", "so many at a time; default: as many as there are cores", NULL, &w.jobs},
        {"profile", 0, "NAME", "lab or srnd; default: the seed draws", NULL, &w.profile},
        {"faults", 0, "LIST", "only these, as crash,hang,partition; none: no faults", NULL,
         &w.faults},
        {"faults-max", 0, "N", "only the first N faults of each seed", NULL, &w.faults_max},
        {"scenario", 0, "NAME", "play this scenario instead of drawn faults", NULL, &w.scenario},
        {"trigger", 0, "T", "which of its faults (default: the first)", NULL, &w.trigger},
        {"topology", 't', "FILE", "of the scenario, another one", NULL, &w.topology},
        {"report", 'r', "DIR", "keep the run of one seed, or those that fail, as folders below DIR",
         NULL, &w.report},
#ifdef REHOME_PLANTS
        {"plant", 0, "NAME", "with this bug planted (docs/simulation.md)", NULL, &w.plant},
#endif
    };
    const struct options_spec spec = {
        .name = "sim",
        .args_doc = "",
        .doc = "Whole clusters in virtual time: the same code, no root, no network.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0],
        .args_min = 0,
        .args_max = 0};
    struct options_common common = {0};
    struct options_args args;
    struct range r = {0};
    struct scenario_all all = {0};
    options_parse(&spec, argc, argv, &common, &args);
    uint32_t jobs = read_jobs(w.jobs);
    r.report = w.report;
    r.quiet = common.quiet;
    r.faults_max = w.faults_max != NULL
                       ? options_number("--faults-max", w.faults_max, 0, SIM_SWARM_FAULTS_MAX)
                       : SIM_SWARM_FAULTS_MAX;
    int code = read_seeds(w.seeds, &r);
    code = code == OUTCOME_DONE ? read_profile(w.profile, &r) : code;
    code = code == OUTCOME_DONE ? read_faults(w.faults, &r) : code;
    code = code == OUTCOME_DONE ? read_plant(w.plant) : code;
    code = code == OUTCOME_DONE ? read_scenario(&w, &all, &r) : code;
    code = code == OUTCOME_DONE ? run_range(&r, jobs, &common) : code;
    scenario_free(&all);
    free(r.digests);
    free(r.failures);
    return code;
}
