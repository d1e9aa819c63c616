#include "cluster/control/target.h"

#include "cluster/control/outcome.h"
#include "tests/unit/unit.h"

#include <string.h>

#define SUB1 2
#define SUB2 3
#define PGA  4
#define PGB  5

static const struct topology topology = {
    .procs_n = 5,
    .procs = {{.name = "pub", .kind = PROC_NODE, .publisher = true},
              {.name = "sub1", .kind = PROC_NODE},
              {.name = "sub2", .kind = PROC_NODE},
              {.name = "pga", .kind = PROC_PG, .ctimanager_node = {SUB1}},
              {.name = "pgb", .kind = PROC_PG, .ctimanager_node = {SUB2}}}};

static struct scene scene;

/* All phones on sub1, side A active. */
static void make(void)
{
    memset(&scene, 0, sizeof scene);
    for (uint32_t i = 0; i < topology.procs_n; i++) {
        scene.procs[i].state = SCENE_UP;
        scene.procs[i].node.ctimanager = topology.procs[i].kind == PROC_NODE;
    }
    scene.procs[SUB1 - 1].node.phones = 20;
    scene.procs[PGA - 1].pg.active = true;
}

static uint16_t who(const char *role)
{
    struct proc_id id = {0};
    return target_find(role, &topology, &scene, &id) == OUTCOME_DONE ? id.v : 0;
}

static void test_target__the_cti_manager_is_that_of_the_active_side(void **state)
{
    (void)state;
    make();
    assert_int_equal(who("pg:ctimanager"), SUB1);
    scene.procs[PGA - 1].pg.active = false;
    scene.procs[PGB - 1].pg.active = true;
    assert_int_equal(who("pg:ctimanager"), SUB2);
    scene.procs[SUB2 - 1].node.ctimanager = false;
    assert_int_equal(who("pg:ctimanager"), 0);
}

static void test_target__the_phones_callmanager_serves_most(void **state)
{
    (void)state;
    make();
    assert_int_equal(who("phones:callmanager"), SUB1);
    scene.procs[SUB2 - 1].node.phones = 20;
    assert_int_equal(who("phones:callmanager"), SUB1); /* the first of two equals */
    scene.procs[SUB2 - 1].node.phones = 21;
    assert_int_equal(who("phones:callmanager"), SUB2);
    scene.procs[SUB2 - 1].state = SCENE_DOWN;
    assert_int_equal(who("phones:callmanager"), SUB1);
}

static void test_target__nobody_serves_phones_that_are_nowhere(void **state)
{
    (void)state;
    make();
    scene.procs[SUB1 - 1].node.phones = 0;
    assert_int_equal(who("phones:callmanager"), 0);
}

static void test_target__an_unknown_role_is_refused(void **state)
{
    (void)state;
    make();
    assert_int_equal(target_known("pg:ctimanagr", &topology), OUTCOME_USAGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_target__the_cti_manager_is_that_of_the_active_side),
    cmocka_unit_test(test_target__the_phones_callmanager_serves_most),
    cmocka_unit_test(test_target__nobody_serves_phones_that_are_nowhere),
    cmocka_unit_test(test_target__an_unknown_role_is_refused),
};

UNIT_MAIN(tests);
