#include "cluster/control/sim_shrink.h"

#include "cluster/control/outcome.h"
#include "cluster/control/pool.h"
#include "cluster/control/table.h"
#include "cluster/control/tick.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIES_MAX 32

/* One way to play the seed. */
struct try_out {
    uint32_t only, traffic;
    char check[CHECK_ID_LEN]; /* the first judge that failed; empty: none */
    char observed[CHECK_OBSERVED_LEN];
    bool fails; /* before the judge that is looked for */
};

struct shrink {
    struct sim_seed ask;
    uint64_t seed;
    uint32_t jobs, faults_n;
    uint64_t played;
    bool quiet;
    struct try_out least; /* that fails, so far */
    struct try_out tries[TRIES_MAX];
    uint32_t tries_n;
};

/* -- Playing some. -- */

static void run_try(void *context, uint64_t piece, void *ret_result)
{
    const struct shrink *s = context;
    struct sim_seed ask = s->ask;
    ask.only = s->tries[piece].only;
    ask.traffic = s->tries[piece].traffic;
    sim_seed_play(&ask, s->seed, ret_result);
}

static void try_done(void *context, uint64_t piece, const void *result, const char *words)
{
    struct shrink *s = context;
    struct try_out *t = &s->tries[piece];
    const struct sim_outcome *o = result;
    s->played++;
    if (o == NULL) {
        snprintf(t->check, sizeof t->check, "crash");
        snprintf(t->observed, sizeof t->observed, "%s", words);
    }
    for (size_t i = 0; o != NULL && i < o->results_n && !t->fails; i++) {
        const struct check_result *r = &o->results[i];
        bool wanted = s->least.check[0] == '\0' || strcmp(r->id, s->least.check) == 0;
        if (r->verdict == VERDICT_FAIL && wanted) {
            memcpy(t->check, r->id, sizeof t->check);
            memcpy(t->observed, r->observed, sizeof t->observed);
            t->fails = true;
        }
    }
    t->fails = t->fails ||
               (o == NULL && (s->least.check[0] == '\0' || strcmp(s->least.check, t->check) == 0));
}

static bool interrupted(void *context)
{
    (void)context;
    return tick_interrupted();
}

static void add_try(struct shrink *s, uint32_t only, uint32_t traffic)
{
    ASSERT(s->tries_n < TRIES_MAX);
    s->tries[s->tries_n++] = (struct try_out){.only = only, .traffic = traffic};
}

/* Plays all that was added. The first that fails is the least now; whatever the number of jobs, it
 * is the same one. false: nothing failed, or it was interrupted. */
static bool play(struct shrink *s)
{
    bool whole = pool_run(&(struct pool_work){.context = s,
                                              .n = s->tries_n,
                                              .jobs = s->jobs,
                                              .limit_s = SIM_SEED_LIMIT_S,
                                              .result_size = sizeof(struct sim_outcome),
                                              .run = run_try,
                                              .done = try_done,
                                              .stop = interrupted});
    uint32_t n = s->tries_n;
    s->tries_n = 0;
    for (uint32_t i = 0; whole && i < n; i++) {
        if (s->tries[i].fails) {
            s->least = s->tries[i];
            return true;
        }
    }
    return false;
}

/* -- Less and less. -- */

static uint32_t count(uint32_t only)
{
    uint32_t n = 0;
    for (; only != 0; only &= only - 1) {
        n++;
    }
    return n;
}

/* `only` without some of its faults: `n` from the `from`th on. */
static uint32_t without(uint32_t only, uint32_t from, uint32_t n)
{
    uint32_t place = 0, left = 0;
    for (uint32_t i = 0; i < SIM_SWARM_FAULTS_MAX; i++) {
        uint32_t bit = only & 1u << i;
        left |= place >= from && place < from + n ? 0 : bit;
        place += bit != 0 ? 1 : 0;
    }
    return left;
}

/* Leave out halves, then quarters, at last single faults, until every one of them is needed. */
static void shrink_faults(struct shrink *s)
{
    uint32_t piece = count(s->least.only);
    while (piece > 0 && s->least.only != 0 && !tick_interrupted()) {
        uint32_t n = count(s->least.only);
        for (uint32_t from = 0; from < n; from += piece) {
            add_try(s, without(s->least.only, from, piece), s->least.traffic);
        }
        if (!play(s)) {
            piece /= 2;
        } else if (!s->quiet) {
            outcome_progress("%u of %u faults are enough", count(s->least.only), s->faults_n);
        }
        n = count(s->least.only);
        piece = piece < n ? piece : n;
    }
}

static void shrink_traffic(struct shrink *s)
{
    static const uint32_t percents[] = {0, 5, 10, 25, 50};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        add_try(s, s->least.only, percents[i]);
    }
    if (play(s) && !s->quiet) {
        outcome_progress("%u %% of the traffic is enough", s->least.traffic);
    }
}

/* -- Saying it. -- */

static const char *aim_text(enum sim_aim aim)
{
    switch (aim) {
    case SIM_AIM_PROC:
        return "";
    case SIM_AIM_LEADER:
        return ", or whoever leads then";
    case SIM_AIM_FOLLOWER:
        return ", or another node if it leads then";
    case SIM_AIM_ACTIVE:
        return ", or the side that is active then";
    case SIM_AIM_STANDBY:
        return ", or the side that is standby then";
    }
    UNREACHABLE("every aim is listed");
}

static json_t *fault_json(const struct sim_fault *f, const struct topology *t)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:f}", "kind", sim_fault_word(f->kind), "target",
                     topology_name(t, f->target), "service",
                     f->service != SERVICE_NONE ? service_text(f->service) : "", "at_s",
                     (double)f->at_us / 1e6, "until_s", (double)f->until_us / 1e6);
}

static void say_fault(const struct sim_fault *f, const struct topology *t)
{
    printf("  %9.3f s to %9.3f s  %s%s%s at %s%s\n", (double)f->at_us / 1e6,
           (double)f->until_us / 1e6, sim_fault_word(f->kind),
           f->service != SERVICE_NONE ? " of " : "",
           f->service != SERVICE_NONE ? service_text(f->service) : "", topology_name(t, f->target),
           aim_text(f->aim));
}

static void say(const struct shrink *s, const struct sim_seed *ask, bool json)
{
    static struct topology t;
    static struct sim_case c;
    char line[SIM_SEED_LINE_LEN];
    sim_seed_case(ask, s->seed, &c);
    enum err err = sim_topology_make(&c.size, &t);
    ASSERT(err == ERR_OK);
    sim_seed_line(ask, s->seed, line);
    json_t *faults = json_array();
    for (size_t i = 0; i < c.faults_n; i++) {
        json_array_append_new(faults, fault_json(&c.faults[i], &t));
    }
    if (json) {
        table_json(json_pack("{s:i, s:I, s:s, s:s, s:I, s:i, s:I, s:o, s:s}", "schema", 1, "seed",
                             (json_int_t)s->seed, "check", s->least.check, "observed",
                             s->least.observed, "drawn", (json_int_t)s->faults_n, "traffic_percent",
                             (int)ask->traffic, "played", (json_int_t)s->played, "faults", faults,
                             "rerun", line));
        return;
    }
    json_decref(faults);
    printf("seed %" PRIu64 ": %s: %s\n%zu of %u faults, %u %% of the traffic, after %" PRIu64
           " runs:\n",
           s->seed, s->least.check, s->least.observed, c.faults_n, s->faults_n, ask->traffic,
           s->played);
    for (size_t i = 0; i < c.faults_n; i++) {
        say_fault(&c.faults[i], &t);
    }
    printf("again:  %s\n", line);
}

int sim_shrink(const struct sim_seed *ask, uint64_t seed, uint32_t jobs, bool json, bool quiet)
{
    static struct shrink s;
    static struct sim_case c;
    s = (struct shrink){.ask = *ask, .seed = seed, .jobs = jobs, .quiet = quiet};
    s.ask.report = NULL;
    sim_swarm_draw(seed, ask->profile, ask->kinds, &c);
    uint32_t first = c.faults_n < ask->faults_max ? (uint32_t)c.faults_n : ask->faults_max;
    uint32_t drawn = ask->only & ((1u << first) - 1);
    s.faults_n = count(drawn);
    tick_catch_interrupts();
    add_try(&s, ask->only, ask->traffic);
    if (!play(&s) && !tick_interrupted()) {
        outcome_progress("seed %" PRIu64 " does not fail", seed);
        return OUTCOME_DONE;
    }
    s.least.only = drawn; /* and not faults that the seed has not */
    shrink_faults(&s);
    shrink_traffic(&s);
    shrink_faults(&s);
    if (tick_interrupted()) {
        return OUTCOME_INTERRUPTED;
    }
    struct sim_seed least = *ask;
    least.only = s.least.only;
    least.traffic = s.least.traffic;
    say(&s, &least, json);
    return OUTCOME_NO;
}
