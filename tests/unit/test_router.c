#include "node/role/icm/router.h"

#include "tests/unit/icm_world.h"
#include "tests/unit/unit.h"

#define WALL_US INT64_C(1700000000000000)
#define PAIR    5000

static struct router router;
static struct instant now;

static void started(void)
{
    cluster_make();
    now = (struct instant){.us = 1000000};
    router_init(&router, &cluster, &world);
    keys_start(&router.keys, now, WALL_US);
    keys_stored(&router.keys, seen.stored_n);
}

static void agent_is(uint32_t agent, enum agent_state state)
{
    struct msg_agent_update update = {.agent = {agent}, .state = state};
    router_agent(&router, now, PAIR, &update);
}

static void call_comes(uint64_t call)
{
    struct msg_route_request request = {.request = call, .call = {call}};
    snprintf(request.dialled, sizeof request.dialled, "80001");
    router_request(&router, now, PGA, PAIR, &request);
}

static void call_goes(uint64_t call)
{
    struct msg_route_cancel cancel = {.request = call, .call = {call}};
    router_cancel(&router, now, PAIR, &cancel);
}

static const struct msg_route_answer *answer(void)
{
    return &last_sent(MSG_ROUTE_ANSWER)->msg.route_answer;
}

static void pass(int64_t ms)
{
    now = instant_add(now, duration_ms(ms));
}

static void test_router__the_agent_who_is_ready_longest_gets_the_call(void **state)
{
    (void)state;
    started();
    agent_is(5002, AGENT_STATE_READY);
    pass(10);
    agent_is(5001, AGENT_STATE_READY);
    call_comes(1);
    assert_int_equal(answer()->kind, ROUTE_LABEL);
    assert_int_equal(answer()->agent.v, 5002);
    assert_string_equal(answer()->label, "2002");
    assert_int_equal(answer()->skill, 7001);
    call_comes(2);
    assert_int_equal(answer()->agent.v, 5001);
}

static void test_router__an_agent_gets_one_call_at_a_time(void **state)
{
    (void)state;
    started();
    agent_is(5001, AGENT_STATE_READY);
    call_comes(1);
    call_comes(2);
    assert_int_equal(answer()->kind, ROUTE_QUEUED);
    assert_int_equal(router_queued(&router), 1);
}

static void test_router__callers_are_served_in_the_order_of_arrival(void **state)
{
    (void)state;
    started();
    call_comes(1);
    call_comes(2);
    agent_is(5001, AGENT_STATE_READY);
    assert_int_equal(answer()->call.v, 1);
    agent_is(5002, AGENT_STATE_READY);
    assert_int_equal(answer()->call.v, 2);
}

static void test_router__who_gave_up_is_not_served(void **state)
{
    (void)state;
    started();
    call_comes(1);
    call_comes(2);
    call_goes(1);
    agent_is(5001, AGENT_STATE_READY);
    assert_int_equal(answer()->call.v, 2);
}

static void test_router__a_cancelled_label_frees_the_agent(void **state)
{
    (void)state;
    started();
    agent_is(5001, AGENT_STATE_READY);
    call_comes(1);
    call_goes(1);
    call_comes(2);
    assert_int_equal(answer()->kind, ROUTE_LABEL);
    assert_int_equal(answer()->call.v, 2);
}

static void test_router__a_ready_that_crossed_the_label_does_not_free_the_agent(void **state)
{
    (void)state;
    started();
    agent_is(5001, AGENT_STATE_READY);
    call_comes(1);
    agent_is(5001, AGENT_STATE_READY);
    call_comes(2);
    assert_int_equal(answer()->kind, ROUTE_QUEUED);
    agent_is(5001, AGENT_STATE_RESERVED);
    agent_is(5001, AGENT_STATE_READY);
    assert_int_equal(answer()->kind, ROUTE_LABEL);
    assert_int_equal(answer()->call.v, 2);
}

static void test_router__a_promise_ends_after_the_reserve_timeout(void **state)
{
    (void)state;
    started();
    agent_is(5001, AGENT_STATE_READY);
    call_comes(1);
    call_comes(2);
    now = router_deadline(&router);
    router_tick(&router, now);
    assert_int_equal(answer()->call.v, 2);
    assert_int_equal(answer()->kind, ROUTE_LABEL);
}

static void test_router__a_call_that_asks_again_keeps_its_place_and_its_key(void **state)
{
    (void)state;
    started();
    call_comes(1);
    uint32_t key = answer()->key;
    call_comes(2);
    call_comes(1);
    assert_int_equal(router_queued(&router), 2);
    agent_is(5001, AGENT_STATE_READY);
    assert_int_equal(answer()->call.v, 1);
    assert_int_equal(answer()->key, key);
}

static void test_router__a_number_that_nobody_routes_gets_none(void **state)
{
    (void)state;
    started();
    struct msg_route_request request = {.request = 1, .call = {1}};
    snprintf(request.dialled, sizeof request.dialled, "99999");
    router_request(&router, now, PGA, PAIR, &request);
    assert_int_equal(answer()->kind, ROUTE_NONE);
}

static void test_router__a_full_queue_gets_none(void **state)
{
    (void)state;
    started();
    for (uint64_t call = 1; call <= ROUTER_QUEUE_MAX; call++) {
        call_comes(call);
        keys_stored(&router.keys, seen.stored_n);
        router_serve(&router, now);
    }
    call_comes(100000);
    assert_int_equal(answer()->kind, ROUTE_NONE);
    assert_int_equal(router_queued(&router), ROUTER_QUEUE_MAX);
}

/* conforms: 45 */
static void test_router__keys_begin_at_200_and_rise(void **state)
{
    (void)state;
    started();
    call_comes(1);
    assert_int_equal(answer()->key, KEYS_FIRST);
    assert_int_equal(answer()->day, WALL_US / INT64_C(86400000000));
    call_comes(2);
    assert_int_equal(answer()->key, KEYS_FIRST + 1);
}

static void test_router__no_answer_before_a_range_of_keys_is_durable(void **state)
{
    (void)state;
    cluster_make();
    router_init(&router, &cluster, &world);
    keys_start(&router.keys, now, WALL_US);
    call_comes(1);
    assert_null(last_sent(MSG_ROUTE_ANSWER));
    keys_stored(&router.keys, seen.stored_n);
    router_serve(&router, now);
    assert_int_equal(answer()->kind, ROUTE_QUEUED);
}

static void test_router__a_key_never_repeats_after_a_restart(void **state)
{
    (void)state;
    started();
    struct msg_route_answer range = seen.stored[0].route_answer;
    uint32_t day = 0, key = 0, last = 0;
    while (keys_take(&router.keys, now, &day, &last)) {
    }
    keys_init(&router.keys, &world);
    keys_restore(&router.keys, range.day, range.key);
    keys_start(&router.keys, now, WALL_US);
    keys_stored(&router.keys, seen.stored_n);
    assert_true(keys_take(&router.keys, now, &day, &key));
    assert_true(key > last);
}

/* conforms: 45 */
static void test_router__a_new_day_begins_at_200_again(void **state)
{
    (void)state;
    started();
    uint32_t day = 0, key = 0, next_day = 0;
    assert_true(keys_take(&router.keys, now, &day, &key));
    now.us += INT64_C(86400000000);
    err_ignore(keys_take(&router.keys, now, &next_day, &key) ? ERR_OK : ERR_STATE,
               "the range of the new day is only asked for here");
    keys_stored(&router.keys, seen.stored_n);
    assert_true(keys_take(&router.keys, now, &next_day, &key));
    assert_int_equal(next_day, day + 1);
    assert_int_equal(key, KEYS_FIRST);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_router__the_agent_who_is_ready_longest_gets_the_call),
    cmocka_unit_test(test_router__an_agent_gets_one_call_at_a_time),
    cmocka_unit_test(test_router__callers_are_served_in_the_order_of_arrival),
    cmocka_unit_test(test_router__who_gave_up_is_not_served),
    cmocka_unit_test(test_router__a_cancelled_label_frees_the_agent),
    cmocka_unit_test(test_router__a_ready_that_crossed_the_label_does_not_free_the_agent),
    cmocka_unit_test(test_router__a_promise_ends_after_the_reserve_timeout),
    cmocka_unit_test(test_router__a_call_that_asks_again_keeps_its_place_and_its_key),
    cmocka_unit_test(test_router__a_number_that_nobody_routes_gets_none),
    cmocka_unit_test(test_router__a_full_queue_gets_none),
    cmocka_unit_test(test_router__keys_begin_at_200_and_rise),
    cmocka_unit_test(test_router__no_answer_before_a_range_of_keys_is_durable),
    cmocka_unit_test(test_router__a_key_never_repeats_after_a_restart),
    cmocka_unit_test(test_router__a_new_day_begins_at_200_again),
};

UNIT_MAIN(tests);
