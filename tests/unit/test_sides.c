#include "cluster/control/sides.h"

#include "tests/unit/unit.h"

static const struct topology topology = {
    .procs_n = 4,
    .procs = {{.name = "pub", .kind = PROC_NODE, .publisher = true, .host = 1},
              {.name = "sub1", .kind = PROC_NODE, .host = 2},
              {.name = "pga", .kind = PROC_PG, .host = 11},
              {.name = "pgb", .kind = PROC_PG, .host = 12}}};

#define PUB  (UINT64_C(1) << 1)
#define SUB1 (UINT64_C(1) << 2)
#define PGA  (UINT64_C(1) << 3)
#define PGB  (UINT64_C(1) << 4)

static uint64_t from, to;

static int find(const char *text)
{
    static struct scene scene;
    scene.leader.v = 2;
    from = to = 0;
    return sides_find(text, &topology, &scene, &from, &to);
}

static void test_sides__names_and_roles_with_blanks_or_without(void **state)
{
    (void)state;
    assert_int_equal(find("leader,pga / pub , pgb"), OUTCOME_DONE);
    assert_int_equal(from, SUB1 | PGA);
    assert_int_equal(to, PUB | PGB);
    assert_int_equal(find("sub1/pub"), OUTCOME_DONE);
    assert_int_equal(from, SUB1);
    assert_int_equal(to, PUB);
}

static void test_sides__the_rest_is_whoever_is_on_no_side(void **state)
{
    (void)state;
    assert_int_equal(find("sub1 / rest"), OUTCOME_DONE);
    assert_int_equal(from, SUB1);
    assert_int_equal(to, PUB | PGA | PGB);
    assert_int_equal(find("rest / publisher,pga"), OUTCOME_DONE);
    assert_int_equal(from, SUB1 | PGB);
    assert_int_equal(to, PUB | PGA);
}

static void test_sides__two_sides_share_nobody_and_are_not_empty(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "sub1", "sub1 / leader",           "sub1 /",      "/ sub1",      "rest / rest", "a / b / c",
        "",     "pub,sub1,pga,pgb / rest", "sub1 / sup2", "sub1,, / pub"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(find(bad[i]), OUTCOME_USAGE);
        assert_int_equal(from | to, 0);
    }
}

static void test_sides__a_role_that_nobody_plays_is_not_a_wrong_word(void **state)
{
    (void)state;
    assert_int_equal(find("pg:active / pub"), OUTCOME_UNREACHABLE);
    assert_int_equal(sides_known("pg:active / pub", &topology), OUTCOME_DONE);
    assert_int_equal(sides_known("pg:activ / pub", &topology), OUTCOME_USAGE);
    assert_int_equal(sides_known("sub1 pub", &topology), OUTCOME_USAGE);
    assert_int_equal(sides_known("sub1 / ", &topology), OUTCOME_USAGE);
    assert_int_equal(sides_known("sub1 / pub, sub1", &topology), OUTCOME_USAGE);
    assert_int_equal(sides_known("rest / rest", &topology), OUTCOME_USAGE);
    struct sides_wrong w;
    assert_false(sides_look("pub / subl", &topology, &w));
    assert_string_equal(w.why, "there is no process or role 'subl'");
    assert_string_equal(w.near, "sub1");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sides__names_and_roles_with_blanks_or_without),
    cmocka_unit_test(test_sides__the_rest_is_whoever_is_on_no_side),
    cmocka_unit_test(test_sides__two_sides_share_nobody_and_are_not_empty),
    cmocka_unit_test(test_sides__a_role_that_nobody_plays_is_not_a_wrong_word),
};

UNIT_MAIN(tests);
