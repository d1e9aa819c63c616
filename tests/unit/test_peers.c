#include "proto/peers.h"

#include "tests/unit/small.h"
#include "tests/unit/unit.h"

enum { PUB = 1, SUB1, SUB2, PGA, PGB, ICMA, FLEET, RECORDER };

static void fill(struct topology *t)
{
    small_topology(t);
    for (unsigned v = PUB; v <= SUB2; v++) {
        t->procs[v - 1].callmanager = true;
        t->procs[v - 1].ctimanager = true;
    }
    t->procs[PGA - 1].pair = t->procs[PGB - 1].pair = 5000;
    t->procs[PGA - 1].ctimanager_node.v = SUB1;
    t->procs[PGB - 1].ctimanager_node.v = SUB2;
}

static bool may(const struct topology *t, enum link link, uint16_t dialler, uint16_t listener)
{
    return peers_may_dial(t, link, (struct proc_id){dialler}, (struct proc_id){listener});
}

static void test_peers__those_of_the_protocol_may(void **state)
{
    (void)state;
    static struct topology t;
    fill(&t);
    assert_true(may(&t, LINK_STATION, FLEET, SUB1));
    assert_true(may(&t, LINK_SDL, PUB, SUB2));
    assert_true(may(&t, LINK_SDL, SUB2, PUB));
    assert_true(may(&t, LINK_JTAPI, PGA, SUB1));
    assert_true(may(&t, LINK_MEMBER, PUB, SUB1));
    assert_true(may(&t, LINK_DESKTOP, FLEET, PGB));
    assert_true(may(&t, LINK_PRIVATE, PGA, PGB));
    assert_true(may(&t, LINK_CONTROLLER, PGB, ICMA));
    assert_true(may(&t, LINK_OPERATOR, RECORDER, FLEET));
}

static void test_peers__nobody_else_may(void **state)
{
    (void)state;
    static struct topology t;
    unsigned allowed = 0;
    fill(&t);
    for (enum link link = 0; link < LINK_COUNT; link++) {
        for (unsigned dialler = 0; dialler <= RECORDER + 1; dialler++) {
            for (unsigned listener = 0; listener <= RECORDER + 1; listener++) {
                allowed += may(&t, link, (uint16_t)dialler, (uint16_t)listener);
            }
        }
    }
    /* STATION 3, SDL 6, JTAPI 2, MEMBER 6, DESKTOP 2, PRIVATE 2, CONTROLLER 2, OPERATOR 7 */
    assert_int_equal(allowed, 30);
}

static void test_peers__a_pg_side_has_one_cti_manager(void **state)
{
    (void)state;
    static struct topology t;
    fill(&t);
    assert_false(may(&t, LINK_JTAPI, PGA, SUB2));
    assert_false(may(&t, LINK_JTAPI, FLEET, SUB1));
}

static void test_peers__a_service_that_does_not_run_has_no_callers(void **state)
{
    (void)state;
    static struct topology t;
    fill(&t);
    t.procs[PUB - 1].callmanager = false;
    assert_false(may(&t, LINK_STATION, FLEET, PUB));
    assert_false(may(&t, LINK_SDL, SUB1, PUB));
    assert_false(may(&t, LINK_SDL, PUB, SUB1));
    assert_true(may(&t, LINK_MEMBER, PUB, SUB1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_peers__those_of_the_protocol_may),
    cmocka_unit_test(test_peers__nobody_else_may),
    cmocka_unit_test(test_peers__a_pg_side_has_one_cti_manager),
    cmocka_unit_test(test_peers__a_service_that_does_not_run_has_no_callers),
};

UNIT_MAIN(tests);
