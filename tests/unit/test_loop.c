#include "node/runtime/loop.h"

#include "tests/unit/unit.h"

#include <unistd.h>

#define LONG_US 80000 /* what the first turn takes */

static struct loop loop;
static struct duration late[2];
static uint32_t turns;
static int64_t asks_us; /* when the first turn wants the next, from its own begin */

static struct instant turn(void *context, struct instant now, struct duration by)
{
    (void)context;
    late[turns++] = by;
    if (turns == 2) {
        loop_stop(&loop);
        return INSTANT_NEVER;
    }
    usleep(LONG_US);
    return (struct instant){.us = now.us + asks_us};
}

/* Also when a turn asks for another one at once, or for one whose time went by in it. */
static void test_loop__what_a_long_turn_kept_waiting_is_late(void **state)
{
    (void)state;
    static const int64_t cases[] = {0, -5000000, 1000};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(loop_init(&loop), ERR_OK);
        loop.turn = turn;
        loop.deadline = loop_now();
        turns = 0;
        asks_us = cases[i];
        loop_run(&loop);
        loop_deinit(&loop);
        assert_int_equal(turns, 2);
        int64_t least = LONG_US - (asks_us > 0 ? asks_us : 0);
        assert_true(late[1].us >= least);
        assert_true(late[1].us < least + 1000000);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_loop__what_a_long_turn_kept_waiting_is_late),
};

UNIT_MAIN(tests);
