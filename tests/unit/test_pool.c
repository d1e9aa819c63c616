#include "cluster/control/pool.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct seen {
    bool whole;
    uint64_t result;
    char words[POOL_LAST_WORDS];
};

enum { WORKS, SLEEPS, SPINS, SPEAKS_AND_DIES, PIECES };

static volatile bool for_ever = true;

static void on_run(void *context, uint64_t piece, void *ret_result)
{
    (void)context;
    switch (piece) {
    case SLEEPS:
        usleep(1500000);
        break;
    case SPINS:
        while (for_ever) {
        }
        break;
    case SPEAKS_AND_DIES:
        fprintf(stderr, "once\nlast words\n");
        abort();
    default:
        break;
    }
    *(uint64_t *)ret_result = 100 + piece;
}

static void on_done(void *context, uint64_t piece, const void *result, const char *words)
{
    struct seen *s = (struct seen *)context + piece;
    s->whole = result != NULL;
    if (s->whole) {
        memcpy(&s->result, result, sizeof s->result);
    }
    snprintf(s->words, sizeof s->words, "%s", words);
}

static void test_pool__every_piece_ends_as_it_does_and_hurts_no_other(void **state)
{
    (void)state;
    struct seen seen[PIECES] = {0};
    assert_true(pool_run(&(struct pool_work){.context = seen,
                                             .n = PIECES,
                                             .jobs = 2,
                                             .limit_s = 1,
                                             .result_size = sizeof(uint64_t),
                                             .run = on_run,
                                             .done = on_done}));
    assert_true(seen[WORKS].whole);
    assert_int_equal(seen[WORKS].result, 100 + WORKS);
    /* It lived longer than a second, and used next to nothing of it. */
    assert_true(seen[SLEEPS].whole);
    assert_int_equal(seen[SLEEPS].result, 100 + SLEEPS);
    assert_false(seen[SPINS].whole);
    assert_string_equal(seen[SPINS].words, "it took too long");
    assert_false(seen[SPEAKS_AND_DIES].whole);
    assert_string_equal(seen[SPEAKS_AND_DIES].words, "last words");
}

static bool on_stop(void *context)
{
    (void)context;
    return true;
}

static void test_pool__who_stops_it_gets_it_back_at_once(void **state)
{
    (void)state;
    struct seen seen[PIECES] = {0};
    assert_false(pool_run(&(struct pool_work){.context = seen,
                                              .n = PIECES,
                                              .jobs = 2,
                                              .limit_s = 60,
                                              .result_size = sizeof(uint64_t),
                                              .run = on_run,
                                              .done = on_done,
                                              .stop = on_stop}));
    assert_false(seen[SPINS].whole);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pool__every_piece_ends_as_it_does_and_hurts_no_other),
    cmocka_unit_test(test_pool__who_stops_it_gets_it_back_at_once),
};

UNIT_MAIN(tests);
