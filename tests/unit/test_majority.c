#include "node/role/icm/majority.h"

#include "tests/unit/unit.h"

#include <string.h>

static struct topology cluster;
static const struct instant begin = {1000000};

static void sides(uint32_t pgs)
{
    memset(&cluster, 0, sizeof cluster);
    enum err err = topology_profile("lab", &cluster.timers);
    assert_int_equal(err, ERR_OK);
    for (uint32_t i = 0; i < pgs; i++) {
        cluster.procs[cluster.procs_n++].kind = PROC_PG;
    }
}

static struct instant later(void)
{
    return instant_add(begin, duration_ms(60000));
}

static struct majority waited(enum side side, uint32_t devices)
{
    struct majority m;
    majority_init(&m, &cluster, side);
    majority_wait(&m, begin);
    m.devices = devices;
    return m;
}

/* conforms: 33 */
static void test_majority__a_needs_half_of_the_devices_and_b_more(void **state)
{
    (void)state;
    sides(4);
    for (uint32_t n = 0; n <= 4; n++) {
        struct majority a = waited(SIDE_A, n), b = waited(SIDE_B, n);
        assert_int_equal(majority_may_begin(&a, later()), n >= 2);
        assert_int_equal(majority_may_begin(&b, later()), n >= 3);
    }
}

static void test_majority__a_side_waits_for_the_private_link_first(void **state)
{
    (void)state;
    sides(2);
    struct majority m = waited(SIDE_A, 2);
    assert_false(majority_may_begin(&m, begin));
    assert_true(majority_may_begin(&m, m.not_before));
    majority_met(&m, begin);
    assert_true(majority_may_begin(&m, begin));
}

/* conforms: 34 */
static void test_majority__the_test_of_the_other_side_decides_between_two_majorities(void **state)
{
    (void)state;
    static const struct {
        enum side side;
        enum mds_state other;
        bool other_majority, go_on, begin, must_end;
    } cases[] = {
        {SIDE_A, MDS_STATE_PAIRED_ENABLED, true, true, false, false},
        {SIDE_A, MDS_STATE_PAIRED_DISABLED, true, true, true, false},
        {SIDE_A, MDS_STATE_ISOLATED_DISABLED, true, true, true, false},
        {SIDE_A, MDS_STATE_ISOLATED_ENABLED, true, false, false, false},
        {SIDE_B, MDS_STATE_PAIRED_ENABLED, true, false, false, false},
        {SIDE_B, MDS_STATE_PAIRED_ENABLED, false, true, false, false},
        {SIDE_B, MDS_STATE_ISOLATED_DISABLED, true, false, false, false},
        {SIDE_B, MDS_STATE_ISOLATED_DISABLED, false, true, true, false},
        {SIDE_B, MDS_STATE_ISOLATED_ENABLED, false, false, false, true},
    };
    sides(2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct majority m = waited(cases[i].side, 2);
        struct msg_mds_status other = {.state = cases[i].other,
                                       .majority = cases[i].other_majority};
        majority_test(&m, &other);
        assert_int_equal(majority_may_go_on(&m, later()), cases[i].go_on);
        assert_int_equal(majority_may_begin(&m, later()), cases[i].begin);
        assert_int_equal(majority_must_end(&m), cases[i].must_end);
        majority_test(&m, NULL);
        assert_true(majority_may_go_on(&m, later()));
        assert_true(majority_may_begin(&m, later()));
        assert_false(majority_must_end(&m));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_majority__a_needs_half_of_the_devices_and_b_more),
    cmocka_unit_test(test_majority__a_side_waits_for_the_private_link_first),
    cmocka_unit_test(test_majority__the_test_of_the_other_side_decides_between_two_majorities),
};

UNIT_MAIN(tests);
