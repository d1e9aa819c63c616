#include "node/base/alarm.h"
#include "node/base/rand.h"

#include "tests/unit/unit.h"

#define N 50

static int64_t memory[3 * N];

static struct instant at(int64_t us)
{
    return (struct instant){us};
}

static void test_alarm__nothing_is_armed_at_first(void **state)
{
    (void)state;
    struct alarm a;
    uint32_t id = 0;
    assert_true(sizeof memory >= alarm_size(N));
    alarm_init(&a, N, memory);
    assert_true(alarm_next(&a).us == INSTANT_NEVER.us);
    assert_false(alarm_due(&a, at(INT64_MAX), &id));
}

static void test_alarm__equal_deadlines_come_in_order_of_number(void **state)
{
    (void)state;
    struct alarm a;
    alarm_init(&a, N, memory);
    for (uint32_t i = N; i-- > 0;) {
        alarm_set(&a, i, at(7));
    }
    for (uint32_t i = 0; i < N; i++) {
        uint32_t id = N;
        assert_true(alarm_due(&a, at(7), &id));
        assert_int_equal(id, i);
    }
    assert_true(alarm_next(&a).us == INSTANT_NEVER.us);
}

/* Against the plainest implementation there is: look at all of them. */
static void test_alarm__any_moves_keep_the_earliest_first(void **state)
{
    (void)state;
    struct alarm a;
    struct rand_state r = {.v = 1};
    struct instant plain[N];
    alarm_init(&a, N, memory);
    for (uint32_t i = 0; i < N; i++) {
        plain[i] = INSTANT_NEVER;
    }
    for (int step = 0; step < 20000; step++) {
        uint32_t id = (uint32_t)rand_below(&r, N);
        plain[id] = rand_below(&r, 4) == 0 ? INSTANT_NEVER : at((int64_t)rand_below(&r, 100));
        alarm_set(&a, id, plain[id]);
        if (rand_below(&r, 3) == 0) {
            uint32_t due = N;
            if (alarm_due(&a, at(20), &due)) {
                assert_true(plain[due].us <= 20);
                plain[due] = INSTANT_NEVER;
            }
        }
        struct instant first = INSTANT_NEVER;
        for (uint32_t i = 0; i < N; i++) {
            first = instant_min(first, plain[i]);
        }
        assert_true(alarm_next(&a).us == first.us);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_alarm__nothing_is_armed_at_first),
    cmocka_unit_test(test_alarm__equal_deadlines_come_in_order_of_number),
    cmocka_unit_test(test_alarm__any_moves_keep_the_earliest_first),
};

UNIT_MAIN(tests);
