/* feature: hold in calls of two and three, and what a hang-up or a join makes of it. The same on
 * one node and over three. */
#include "tests/unit/callmanager_fixture.h"

/* Phones 1, 2, 3; node i serves phone i if `spread`, else node 1 serves all. */
static struct cluster *phones(bool spread)
{
    struct cluster *c = cluster_new();
    for (uint16_t n = 1; n <= 3; n++) {
        put(c, spread ? n : 1, n);
    }
    watch(c, 1);
    return c;
}

static struct call_id conference(struct cluster *c)
{
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, KEY_CONFERENCE, "1003"), REASON_NONE);
    struct call_id second = call_of(c, 3);
    assert_int_equal(press(c, 3, second, KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 2, second, KEY_CONFERENCE_COMPLETE, ""), REASON_NONE);
    return first;
}

/* How many events of a kind a device had. */
static uint32_t told(const struct cluster *c, uint32_t device, enum device_event kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->log_n; i++) {
        const struct msg *m = &c->log[i].msg;
        n += m->kind == MSG_SDL_EVENT && m->sdl_event.event.device.v == device &&
             m->sdl_event.event.kind == (uint32_t)kind;
    }
    return n;
}

static void test_callmanager_feature__who_holds_a_conference_stays_on_hold(void **state)
{
    (void)state;
    for (int spread = 0; spread <= 1; spread++) {
        /* Any of the three holds, any of the others hangs up. */
        for (uint32_t holder = 1; holder <= 3; holder++) {
            for (uint32_t leaver = 1; leaver <= 3; leaver++) {
                if (leaver == holder) {
                    continue;
                }
                uint32_t other = 6 - holder - leaver;
                struct cluster *c = phones(spread != 0);
                struct call_id call = conference(c);
                assert_int_equal(press(c, holder, call, KEY_HOLD, ""), REASON_NONE);
                assert_int_equal(c->legs[other].state, LEG_CONNECTED);
                assert_int_equal(press(c, leaver, call, KEY_HANGUP, ""), REASON_NONE);
                check_leg(c, leaver, LEG_ENDED, REASON_HUNG_UP, 0);
                check_leg(c, holder, LEG_HOLDING, REASON_NONE, other);
                check_leg(c, other, LEG_HELD, REASON_NONE, holder);
                assert_int_equal(c->legs[holder].peer2.v + c->legs[other].peer2.v, 0);
                assert_int_equal(told(c, holder, DEVICE_EVENT_RETRIEVED), 0);
                assert_int_equal(press(c, holder, call, KEY_RETRIEVE, ""), REASON_NONE);
                check_leg(c, holder, LEG_CONNECTED, REASON_NONE, other);
                check_leg(c, other, LEG_CONNECTED, REASON_NONE, holder);
                assert_int_equal(told(c, holder, DEVICE_EVENT_RETRIEVED), 1);
                free(c);
            }
        }
    }
}

static void test_callmanager_feature__a_holder_who_hangs_up_leaves_the_others_talking(void **state)
{
    (void)state;
    for (int spread = 0; spread <= 1; spread++) {
        struct cluster *c = phones(spread != 0);
        struct call_id call = conference(c);
        assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_NONE);
        assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
        check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 3);
        check_leg(c, 3, LEG_CONNECTED, REASON_NONE, 2);
        free(c);
    }
}

static void test_callmanager_feature__two_hold_and_each_retrieves_for_himself(void **state)
{
    (void)state;
    for (int spread = 0; spread <= 1; spread++) {
        struct cluster *c = phones(spread != 0);
        struct call_id call = conference(c);
        assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_NONE);
        assert_int_equal(press(c, 2, call, KEY_HOLD, ""), REASON_NONE);
        assert_int_equal(c->legs[3].state, LEG_HELD); /* nobody is left to talk to */
        assert_int_equal(press(c, 3, call, KEY_HANGUP, ""), REASON_NONE);
        check_leg(c, 1, LEG_HOLDING, REASON_NONE, 2);
        check_leg(c, 2, LEG_HOLDING, REASON_NONE, 1);
        assert_int_equal(press(c, 1, call, KEY_RETRIEVE, ""), REASON_NONE);
        check_leg(c, 1, LEG_HELD, REASON_NONE, 2);
        check_leg(c, 2, LEG_HOLDING, REASON_NONE, 1);
        assert_int_equal(told(c, 1, DEVICE_EVENT_RETRIEVED), 1);
        assert_int_equal(press(c, 2, call, KEY_RETRIEVE, ""), REASON_NONE);
        check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 2);
        check_leg(c, 2, LEG_CONNECTED, REASON_NONE, 1);
        free(c);
    }
}

static void test_callmanager_feature__one_of_two_holders_comes_back_to_the_third(void **state)
{
    (void)state;
    struct cluster *c = phones(false);
    struct call_id call = conference(c);
    assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_NONE);
    assert_int_equal(press(c, 2, call, KEY_HOLD, ""), REASON_NONE);
    assert_int_equal(press(c, 1, call, KEY_RETRIEVE, ""), REASON_NONE);
    assert_int_equal(c->legs[1].state, LEG_CONNECTED);
    assert_int_equal(c->legs[2].state, LEG_HOLDING);
    assert_int_equal(c->legs[3].state, LEG_CONNECTED);
    free(c);
}

/* Phone 2 consults phone 3, who answers and puts the consultation on hold. */
static struct call_id hold_the_consultation(struct cluster *c, enum key key)
{
    struct call_id first = talk(c, 1, 2);
    assert_int_equal(press(c, 2, first, key, "1003"), REASON_NONE);
    struct call_id second = call_of(c, 3);
    assert_int_equal(press(c, 3, second, KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 3, second, KEY_HOLD, ""), REASON_NONE);
    check_leg(c, 2, LEG_HELD, REASON_NONE, 3);
    return first;
}

/* A phone knows a leg that moves by the call that it leaves, and must not hold that one. */
static bool moved_while_holding(const struct cluster *c, uint32_t device, struct call_id from)
{
    uint32_t was = LEG_IDLE;
    for (uint32_t i = 0; i < c->log_n; i++) {
        const struct msg *m = &c->log[i].msg;
        if (m->kind != MSG_STATION_CALL || m->station_call.device.v != device) {
            continue;
        }
        if (call_id_eq(m->station_call.consult_of, from)) {
            return was == LEG_HOLDING;
        }
        was = m->station_call.state;
    }
    return true;
}

static void test_callmanager_feature__a_transfer_to_one_who_holds_leaves_him_holding(void **state)
{
    (void)state;
    for (int spread = 0; spread <= 1; spread++) {
        struct cluster *c = phones(spread != 0);
        struct call_id first = hold_the_consultation(c, KEY_TRANSFER);
        struct call_id second = call_of(c, 3);
        assert_int_equal(press(c, 2, first, KEY_TRANSFER_COMPLETE, ""), REASON_NONE);
        check_leg(c, 3, LEG_HOLDING, REASON_NONE, 1);
        check_leg(c, 1, LEG_HELD, REASON_NONE, 3);
        assert_true(call_id_eq(call_of(c, 3), first));
        assert_false(moved_while_holding(c, 3, second));
        assert_true(call_id_eq(heard(c, 3, DEVICE_EVENT_CONNECTED)->old_call, second));
        assert_int_equal(told(c, 3, DEVICE_EVENT_HELD), 2);
        assert_int_equal(press(c, 3, first, KEY_RETRIEVE, ""), REASON_NONE);
        check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 3);
        check_leg(c, 3, LEG_CONNECTED, REASON_NONE, 1);
        free(c);
    }
}

static void test_callmanager_feature__a_conference_with_one_who_holds_goes_on_without_him(
    void **state)
{
    (void)state;
    for (int spread = 0; spread <= 1; spread++) {
        struct cluster *c = phones(spread != 0);
        struct call_id first = hold_the_consultation(c, KEY_CONFERENCE);
        struct call_id second = call_of(c, 3);
        assert_int_equal(press(c, 2, first, KEY_CONFERENCE_COMPLETE, ""), REASON_NONE);
        assert_int_equal(c->legs[1].state, LEG_CONNECTED);
        assert_int_equal(c->legs[2].state, LEG_CONNECTED);
        assert_int_equal(c->legs[3].state, LEG_HOLDING);
        assert_false(moved_while_holding(c, 3, second));
        for (uint32_t d = 1; d <= 3; d++) {
            assert_int_equal(told(c, d, DEVICE_EVENT_CONFERENCED), 1);
        }
        free(c);
    }
}

static void test_callmanager_feature__a_caller_who_holds_is_not_retrieved_by_a_transfer(
    void **state)
{
    (void)state;
    struct cluster *c = phones(false);
    put(c, 1, 4);
    struct call_id call = conference(c);
    assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_NONE);
    assert_int_equal(press(c, 2, call, KEY_HOLD, ""), REASON_NONE);
    assert_int_equal(press(c, 3, call, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(press(c, 2, call, KEY_TRANSFER, "1004"), REASON_NONE);
    assert_int_equal(press(c, 4, call_of(c, 4), KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 2, call, KEY_TRANSFER_COMPLETE, ""), REASON_NONE);
    check_leg(c, 1, LEG_HOLDING, REASON_NONE, 4);
    check_leg(c, 4, LEG_HELD, REASON_NONE, 1);
    free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_feature__who_holds_a_conference_stays_on_hold),
    cmocka_unit_test(test_callmanager_feature__a_holder_who_hangs_up_leaves_the_others_talking),
    cmocka_unit_test(test_callmanager_feature__two_hold_and_each_retrieves_for_himself),
    cmocka_unit_test(test_callmanager_feature__one_of_two_holders_comes_back_to_the_third),
    cmocka_unit_test(test_callmanager_feature__a_transfer_to_one_who_holds_leaves_him_holding),
    cmocka_unit_test(test_callmanager_feature__a_conference_with_one_who_holds_goes_on_without_him),
    cmocka_unit_test(test_callmanager_feature__a_caller_who_holds_is_not_retrieved_by_a_transfer),
};

UNIT_MAIN(tests);
