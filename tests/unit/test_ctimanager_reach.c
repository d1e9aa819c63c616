/* reach: how many devices of its pair a PG side is told that it reaches. */
#include "tests/unit/ctimanager_fixture.h"

static void session(struct cluster *c, struct proc_id node, bool up)
{
    static struct msg msg;
    msg.kind = MSG_SDL_SESSION;
    msg.sdl_session = (struct msg_sdl_session){.node = node, .up = up};
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
}

/* Phones 1 to 10 are agents', of which 6 to 10 are at sub2; the route points are at sub1. */
static struct cluster *spread(void)
{
    struct cluster *c = start();
    c->topology.agents_n = 2;
    c->topology.agents[0] =
        (struct topology_agents){.first = 5001, .count = 10, .phone = 1001, .pair = 5000};
    c->topology.agents[1] =
        (struct topology_agents){.first = 6001, .count = 10, .phone = 1021, .pair = 6000};
    session(c, SUB2, true);
    for (uint32_t phone = 6; phone <= 10; phone++) {
        register_phone(c, phone, SUB2, 2);
    }
    ready(c);
    run(c, 1000);
    return c;
}

static uint32_t told(const struct cluster *c)
{
    const struct sent *s = last_of(c, MSG_PROVIDER_REACH);
    assert_non_null(s);
    return s->reach.devices;
}

static void test_ctimanager_reach__a_side_is_told_when_it_opens(void **state)
{
    (void)state;
    struct cluster *c = spread();
    c->sent_n = 0;
    uint64_t provider = open_provider(c, 0, 0);
    assert_int_equal(told(c), 10 + DIALLED); /* not the phones of another pair, nor of nobody */
    assert_true(last_of(c, MSG_PROVIDER_REACH)->reach.provider == provider);
    stop(c);
}

static void test_ctimanager_reach__a_lost_session_takes_the_devices_behind_it(void **state)
{
    (void)state;
    struct cluster *c = spread();
    c->sent_n = 0;
    session(c, SUB2, false);
    run(c, 300);
    assert_int_equal(told(c), 5 + DIALLED);
    assert_int_equal(count(c, MSG_PROVIDER_REACH), 1);
    session(c, SUB2, true);
    run(c, 300);
    assert_int_equal(told(c), 10 + DIALLED);
    stop(c);
}

static void test_ctimanager_reach__it_is_told_seldom_and_only_if_it_changed(void **state)
{
    (void)state;
    struct cluster *c = spread();
    session(c, SUB2, false);
    run(c, 300);
    c->sent_n = 0;
    for (uint32_t phone = 6; phone <= 10; phone++) {
        register_phone(c, phone, SUB1, 3);
        run(c, 20);
    }
    run(c, 300);
    assert_in_range(count(c, MSG_PROVIDER_REACH), 1, 2);
    assert_int_equal(told(c), 10 + DIALLED);
    c->sent_n = 0;
    register_phone(c, 50, SUB1, 3); /* nobody's */
    run(c, 1000);
    assert_int_equal(count(c, MSG_PROVIDER_REACH), 0);
    stop(c);
}

static void test_ctimanager_reach__without_its_callmanager_it_reaches_nothing(void **state)
{
    (void)state;
    struct cluster *c = spread();
    ctimanager_local_callmanager(&c->m, c->now, false);
    c->sent_n = 0;
    open_provider(c, 0, 0);
    assert_int_equal(told(c), 0);
    ctimanager_local_callmanager(&c->m, c->now, true);
    run(c, 300);
    assert_int_equal(told(c), 5 + DIALLED); /* the sessions are told anew */
    stop(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ctimanager_reach__a_side_is_told_when_it_opens),
    cmocka_unit_test(test_ctimanager_reach__a_lost_session_takes_the_devices_behind_it),
    cmocka_unit_test(test_ctimanager_reach__it_is_told_seldom_and_only_if_it_changed),
    cmocka_unit_test(test_ctimanager_reach__without_its_callmanager_it_reaches_nothing),
};

UNIT_MAIN(tests);
