/* sim. */
#include "cluster/control/command.h"
#include "cluster/control/pool.h"
#include "cluster/control/sim_seed.h"
#include "cluster/control/sim_shrink.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"
#include "node/base/plant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SEEDS_MAX 1000000
#define SHOWN_MAX 10 /* failures that are told one by one */
#define BAR_WIDTH 30
#define VOID_FROM 100 /* seeds: a smaller range need not have seen everything */
#define CALLS_PER 10  /* legs for each seed on average, or the range is void */

struct words {
    const char *seeds, *shrink, *jobs, *profile, *faults, *faults_max, *only, *traffic, *report,
        *scenario, *trigger, *topology, *plant;
};

struct failure {
    uint64_t seed;
    char check[CHECK_ID_LEN];
    char observed[CHECK_OBSERVED_LEN];
};

/* What the process of a seed sends back. */
struct played {
    struct sim_outcome outcome;
    uint64_t memory_kib; /* resident, at most */
};

/* What a range of seeds came to. */
struct range {
    uint64_t first, n, done;
    struct sim_seed ask;
    bool bar;
    uint64_t *digests; /* by seed */
    int64_t virtual_us;
    uint64_t events, legs, rows;
    uint64_t memory_kib; /* of the seed that needed most */
    uint64_t fired[SIM_FAULT_KINDS];
    uint64_t counts[EVENT_COUNT];
    struct failure *failures;
    size_t failures_n, failures_cap;
};

/* One seed, in a process of its own. */
static void run_seed(void *context, uint64_t piece, void *ret_result)
{
    const struct range *r = context;
    struct played *p = ret_result;
    struct rusage used;
    sim_seed_play(&r->ask, r->first + piece, &p->outcome);
    p->memory_kib = getrusage(RUSAGE_SELF, &used) == 0 ? (uint64_t)used.ru_maxrss : 0;
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
    char line[SIM_SEED_LINE_LEN];
    clear_bar(r);
    sim_seed_line(&r->ask, f->seed, line);
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

/* The first judge that failed is told, the others are named. */
static struct failure *add_failed(struct range *r, uint64_t seed, const struct sim_outcome *o)
{
    struct failure *f = NULL;
    for (size_t i = 0; i < o->results_n; i++) {
        const struct check_result *c = &o->results[i];
        if (c->verdict != VERDICT_FAIL) {
            continue;
        }
        if (f == NULL) {
            f = add_failure(r, seed);
            snprintf(f->check, sizeof f->check, "%s", c->id);
            snprintf(f->observed, sizeof f->observed, "%s", c->observed);
        } else {
            size_t used = strlen(f->observed);
            snprintf(f->observed + used, sizeof f->observed - used, "; %s, too", c->id);
        }
    }
    return f;
}

static void seed_done(void *context, uint64_t piece, const void *result, const char *words)
{
    struct range *r = context;
    const struct played *p = result;
    struct failure *f = NULL;
    r->done++;
    if (p == NULL) {
        f = add_failure(r, r->first + piece);
        snprintf(f->check, sizeof f->check, "crash");
        snprintf(f->observed, sizeof f->observed, "%s", words);
    } else {
        r->digests[piece] = p->outcome.digest;
        add_outcome(r, &p->outcome);
        r->memory_kib = p->memory_kib > r->memory_kib ? p->memory_kib : r->memory_kib;
        f = add_failed(r, r->first + piece, &p->outcome);
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
        {"snapshots of the registry", r->counts[EVENT_RAFT_SNAPSHOT], r->n / 10},
    };
    size_t n = 0;
    if (r->n < VOID_FROM || r->ask.scenario != NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0] && n < cap; i++) {
        if (all[i].seen < all[i].wanted) {
            ret[n++] = all[i];
        }
    }
    for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS && n < cap; k++) {
        if ((r->ask.kinds >> k & 1) != 0 && r->fired[k] < r->n / VOID_FROM) {
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
        char line[SIM_SEED_LINE_LEN];
        sim_seed_line(&r->ask, r->failures[i].seed, line);
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
    table_json(json_pack("{s:i, s:I, s:I, s:o, s:f, s:f, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
                         "s:I, s:s, s:o, s:o}",
                         "schema", 1, "seeds", (json_int_t)r->n, "first", (json_int_t)r->first,
                         "failed", failed, "virtual_s", (double)r->virtual_us / 1e6, "wall_s",
                         wall_s, "faults", faults, "events", (json_int_t)r->events, "legs",
                         (json_int_t)r->legs, "records", (json_int_t)r->rows, "elections",
                         (json_int_t)r->counts[EVENT_RAFT_SERVING], "pg_active",
                         (json_int_t)r->counts[EVENT_PG_ACTIVE], "devices_lost",
                         (json_int_t)r->counts[EVENT_DEVICE_LOST], "snapshots",
                         (json_int_t)r->counts[EVENT_RAFT_SNAPSHOT], "memory_mib",
                         (json_int_t)(r->memory_kib / 1024), "digest", digest, "failures",
                         failures_json(r), "void", voids));
}

static void say(const struct range *r, double wall_s, const struct minimum *missing, size_t n)
{
    double virtual_s = (double)r->virtual_us / 1e6;
    uint64_t faults = 0;
    for (size_t i = 0; i < SIM_FAULT_KINDS; i++) {
        faults += r->fired[i];
    }
    printf("%" PRIu64 " seeds, %zu failed: %.0f virtual seconds in %.1f s, %.0f times real time, "
           "%" PRIu64 " MiB at most\n",
           r->n, r->failures_n, virtual_s, wall_s, wall_s > 0 ? virtual_s / wall_s : 0,
           r->memory_kib / 1024);
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

static int read_seeds(const struct words *w, struct range *r)
{
    const char *text = w->shrink != NULL ? w->shrink : w->seeds;
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
    if (w->shrink != NULL && (r->n != 1 || w->seeds != NULL || w->scenario != NULL)) {
        return outcome_error(OUTCOME_USAGE, "rehome sim --shrink 42",
                             "--shrink takes one seed of the swarm, instead of --seeds");
    }
    return OUTCOME_DONE;
}

/* "2,5" as bits; complains and exits if it is no such list. */
static uint32_t read_only(const char *text)
{
    uint32_t only = 0;
    char word[16];
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        only |= 1u << (options_number("--only", word, 1, SIM_SWARM_FAULTS_MAX) - 1);
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return only;
}

/* What leaves something of a seed out. */
static void read_less(const struct words *w, struct sim_seed *s)
{
    s->faults_max = w->faults_max != NULL
                        ? options_number("--faults-max", w->faults_max, 0, SIM_SWARM_FAULTS_MAX)
                        : SIM_SWARM_FAULTS_MAX;
    s->only = w->only != NULL ? read_only(w->only) : SIM_SWARM_EVERY;
    s->traffic = w->traffic != NULL ? options_number("--traffic", w->traffic, 0, 100) : 100;
}

static int read_faults(const char *text, struct range *r)
{
    r->ask.kinds = SIM_SWARM_ALL;
    r->ask.kinds_text = text;
    if (text == NULL) {
        return OUTCOME_DONE;
    }
    r->ask.kinds = 0;
    while (*text != '\0' && strcmp(text, "none") != 0) {
        char word[32];
        size_t len = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        struct nearest near = nearest_to(word);
        for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
            nearest_offer(&near, sim_fault_word(k));
            r->ask.kinds |= strcmp(word, sim_fault_word(k)) == 0 ? 1u << k : 0;
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
    r->ask.profile = text;
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
                                              .limit_s = SIM_SEED_LIMIT_S,
                                              .result_size = sizeof(struct played),
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
    r->ask.topology = w->topology;
    if (w->scenario == NULL) {
        return w->trigger == NULL && w->topology == NULL
                   ? OUTCOME_DONE
                   : outcome_error(OUTCOME_USAGE, "rehome sim --help",
                                   "--trigger and --topology are for --scenario");
    }
    int code = scenario_open(w->scenario, all, &r->ask.scenario);
    r->ask.scenario_word = w->scenario;
    if (code == OUTCOME_DONE && w->topology != NULL) {
        code = scenario_suits_file(r->ask.scenario, w->topology);
    }
    return code == OUTCOME_DONE ? scenario_trigger(r->ask.scenario, w->trigger, &r->ask.trigger)
                                : code;
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
        {"only", 0, "LIST", "only these faults of the seed by number, as 2,5", NULL, &w.only},
        {"traffic", 0, "PERCENT", "only so much of the seed's traffic", NULL, &w.traffic},
        {"shrink", 0, "SEED", "find the fewest faults and the least traffic that make it fail",
         NULL, &w.shrink},
        {"scenario", 0, "NAME",
         "play this scenario, or a file of your own (./mine.yaml), instead of drawn faults", NULL,
         &w.scenario},
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
        .examples =
            "rehome sim --seeds 1..100\nrehome sim --seeds 7 --faults crash,hang --report "
            ".\nrehome sim --shrink 7\nrehome sim --scenario subscriber-fails --seeds 1..10",
        .lacks = OPTIONS_CLUSTER | OPTIONS_NO_WAIT,
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
    int code = read_seeds(&w, &r);
    read_less(&w, &r.ask);
    r.ask.report = w.report;
    r.ask.plant = w.plant;
    r.ask.alone = r.n == 1;
    r.ask.quiet = common.quiet;
    code = code == OUTCOME_DONE ? read_profile(w.profile, &r) : code;
    code = code == OUTCOME_DONE ? read_faults(w.faults, &r) : code;
    code = code == OUTCOME_DONE ? read_plant(w.plant) : code;
    code = code == OUTCOME_DONE ? read_scenario(&w, &all, &r) : code;
    if (code == OUTCOME_DONE) {
        code = w.shrink != NULL ? sim_shrink(&r.ask, r.first, jobs, common.json, common.quiet)
                                : run_range(&r, jobs, &common);
    }
    scenario_free(&all);
    free(r.digests);
    free(r.failures);
    return code;
}
