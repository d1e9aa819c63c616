#include "cluster/sim/sim_swarm.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGRESS "tests/regress/seeds.txt"

static struct sim_case one;
static struct sim_outcome outcome;

static void run(uint64_t seed, const char *profile, uint32_t kinds, uint64_t limit)
{
    sim_swarm_draw(seed, profile, kinds, &one);
    one.faults_n = one.faults_n < limit ? one.faults_n : limit;
    sim_swarm_run(&one, NULL, NULL, &outcome);
    for (size_t i = 0; i < outcome.results_n; i++) {
        if (outcome.results[i].verdict == VERDICT_FAIL) {
            fail_msg("seed %llu: %s: %s", (unsigned long long)seed, outcome.results[i].id,
                     outcome.results[i].observed);
        }
    }
}

/* "crash,hang", or "all". */
static uint32_t kinds_of(const char *words)
{
    uint32_t kinds = strcmp(words, "all") == 0 ? SIM_SWARM_ALL : 0;
    for (const char *at = words; kinds == 0 || *at != '\0';) {
        size_t len = strcspn(at, ",");
        for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
            const char *word = sim_fault_word(k);
            kinds |= strlen(word) == len && strncmp(word, at, len) == 0 ? 1u << k : 0;
        }
        if (kinds == SIM_SWARM_ALL || at[len] == '\0') {
            break;
        }
        at += len + 1;
    }
    assert_true(kinds != 0);
    return kinds;
}

/* Every third line of the file, from `part` on: a process each, for they take their time. */
static void replay(uint32_t part)
{
    char line[256];
    uint32_t n = 0;
    FILE *f = fopen(REGRESS, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        unsigned long long seed = 0, limit = 0;
        char profile[NAME_LEN], words[128];
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        int got = sscanf(line, "%llu %31s %127s %llu", &seed, profile, words, &limit);
        assert_int_equal(got, 4);
        if (n++ % 3 == part) {
            run(seed, profile, kinds_of(words), limit);
        }
    }
    (void)fclose(f);
    assert_true(n > part);
}

static void test_sim_seeds__what_was_found_once_stays_away_1(void **state)
{
    (void)state;
    replay(0);
}

static void test_sim_seeds__what_was_found_once_stays_away_2(void **state)
{
    (void)state;
    replay(1);
}

static void test_sim_seeds__what_was_found_once_stays_away_3(void **state)
{
    (void)state;
    replay(2);
}

static void test_sim_seeds__nothing_fails_without_faults(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run(seed, "lab", 0, 0);
        assert_true(outcome.legs > 0);
        assert_true(outcome.rows > 0);
    }
}

static void test_sim_seeds__one_seed_is_one_case_and_one_digest(void **state)
{
    (void)state;
    static struct sim_case again;
    sim_swarm_draw(7, NULL, SIM_SWARM_ALL, &one);
    sim_swarm_draw(7, NULL, SIM_SWARM_ALL, &again);
    assert_memory_equal(&one, &again, sizeof one);
    sim_swarm_run(&one, NULL, NULL, &outcome);
    uint64_t digest = outcome.digest;
    sim_swarm_run(&again, NULL, NULL, &outcome);
    assert_true(outcome.digest == digest);
}

static void test_sim_seeds__every_kind_of_fault_happens(void **state)
{
    (void)state;
    for (enum sim_fault_kind k = 0; k < SIM_FAULT_KINDS; k++) {
        uint64_t fired = 0;
        for (uint64_t seed = 100; seed < 104 && fired == 0; seed++) {
            sim_swarm_draw(seed, "lab", 1u << k, &one);
            one.calm_us = one.faults_us; /* what becomes of it is not the question */
            sim_swarm_run(&one, NULL, NULL, &outcome);
            fired = outcome.fired[k];
        }
        if (fired == 0) {
            fail_msg("%s never happened", sim_fault_word(k));
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_seeds__what_was_found_once_stays_away_1),
    cmocka_unit_test(test_sim_seeds__what_was_found_once_stays_away_2),
    cmocka_unit_test(test_sim_seeds__what_was_found_once_stays_away_3),
    cmocka_unit_test(test_sim_seeds__nothing_fails_without_faults),
    cmocka_unit_test(test_sim_seeds__one_seed_is_one_case_and_one_digest),
    cmocka_unit_test(test_sim_seeds__every_kind_of_fault_happens),
};

UNIT_MAIN(tests);
