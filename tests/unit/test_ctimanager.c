#include "tests/unit/ctimanager_fixture.h"

static void device_event(struct cluster *c, uint32_t device, uint32_t epoch, uint64_t call)
{
    static struct msg msg;
    msg.kind = MSG_SDL_EVENT;
    msg.sdl_event.event = (struct msg_device_event){
        .device = {device}, .epoch = epoch, .call = {call}, .kind = DEVICE_EVENT_RINGING};
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
}

static void acknowledge(struct cluster *c, uint64_t provider, uint64_t seq)
{
    static struct msg msg;
    msg.kind = MSG_CTI_EVENT_ACK;
    msg.cti_event_ack = (struct msg_cti_event_ack){.provider = provider, .seq = seq};
    tell(c, &msg);
}

/* conforms: 26 */
static void test_ctimanager__monitors_are_confirmed_one_by_one_at_the_rate(void **state)
{
    (void)state;
    struct cluster *c = start();
    monitor_all(c, open_provider(c, 0, 0));
    run(c, 110);
    assert_in_range(ctimanager_monitors(&c->m), 40, 55);
    run(c, 112);
    assert_int_equal(ctimanager_monitors(&c->m), PHONES + DIALLED);
    int64_t at = 0;
    for (uint32_t i = 0; i < c->sent_n; i++) {
        if (c->sent[i].kind == MSG_MONITOR_CONFIRMED) {
            assert_true(c->sent[i].at.us - at >= 2000);
            at = c->sent[i].at.us;
            assert_true(c->sent[i].confirmed.in_service);
        }
    }
    stop(c);
}

/* conforms: 15 */
static void test_ctimanager__route_points_are_opened_at_the_first_living_callmanager(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    assert_int_equal(c->proposed, DIALLED);
    for (uint32_t i = 0; i < DIALLED; i++) {
        assert_int_equal(registry_owner(&c->registry, topology_route_point(&c->topology, i)).v, 1);
    }
    service(c, SUB1, false, 1);
    run(c, 100);
    for (uint32_t i = 0; i < DIALLED; i++) {
        assert_int_equal(registry_owner(&c->registry, topology_route_point(&c->topology, i)).v, 2);
    }
    stop(c);
}

static void test_ctimanager__proposal_that_came_to_nothing_is_made_again(void **state)
{
    (void)state;
    struct cluster *c = start();
    c->obey = false;
    monitor_all(c, open_provider(c, 0, 0));
    run(c, 1200);
    assert_true(c->proposed >= 2 * DIALLED);
    assert_true(c->proposed <= 4 * DIALLED);
    run(c, 2000);
    assert_int_equal(ctimanager_monitors(&c->m), PHONES + DIALLED); /* out of service, but told */
    stop(c);
}

/* conforms: 19 */
static void test_ctimanager__side_of_another_ctimanager_gets_nothing(void **state)
{
    (void)state;
    struct cluster *c = start();
    static struct msg msg;
    msg.kind = MSG_PROVIDER_OPEN;
    msg.provider_open = (struct msg_provider_open){0};
    uint32_t before = c->sent_n;
    ctimanager_message(&c->m, c->now, LINK_JTAPI, PGB, &msg);
    assert_int_equal(c->sent_n, before);
    assert_int_equal(ctimanager_providers(&c->m), 0);
    assert_true(c->m.rejected == 1);
    stop(c);
}

static void test_ctimanager__events_are_numbered_from_one_without_a_hole(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    for (uint32_t i = 1; i <= 20; i++) {
        device_event(c, i, 1, 100 + i);
    }
    uint64_t seq = 0;
    for (uint32_t i = 0; i < c->sent_n; i++) {
        assert_int_equal(c->sent[i].kind, MSG_CTI_EVENT);
        assert_true(c->sent[i].event.seq == seq + 1 || seq == 0);
        seq = c->sent[i].event.seq;
    }
    assert_int_equal(c->sent_n, 20);
    stop(c);
}

static void test_ctimanager__resume_replays_what_is_not_acknowledged(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    for (uint32_t i = 1; i <= 5; i++) {
        device_event(c, i, 1, 100 + i);
    }
    uint64_t first = c->sent[0].event.seq;
    acknowledge(c, provider, first + 1);
    ctimanager_link_down(&c->m, c->now, LINK_JTAPI, PGA, REASON_TIMEOUT);
    device_event(c, 6, 1, 106);
    run(c, 500);
    c->sent_n = 0;
    assert_true(open_provider(c, provider, first + 2) == provider);
    assert_true(c->sent[0].opened.resumed);
    assert_int_equal(count(c, MSG_CTI_EVENT), 3);
    assert_int_equal(c->sent[1].kind, MSG_PROVIDER_REACH);
    assert_true(c->sent[2].event.seq == first + 3);
    assert_true(c->sent[4].event.seq == first + 5);
    stop(c);
}

static void test_ctimanager__provider_is_kept_for_the_missed_heartbeats_only(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    ctimanager_link_down(&c->m, c->now, LINK_JTAPI, PGA, REASON_TIMEOUT);
    run(c, 2900);
    assert_int_equal(ctimanager_providers(&c->m), 1);
    run(c, 200);
    assert_int_equal(ctimanager_providers(&c->m), 0);
    uint64_t next = open_provider(c, provider, 0);
    assert_true(next != provider);
    assert_false(last_of(c, MSG_PROVIDER_OPENED)->opened.resumed);
    stop(c);
}

/* The session was dead without anybody knowing while the provider was out of service for a moment.
 */
static void test_ctimanager__provider_without_its_monitors_is_not_resumed(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    ctimanager_local_callmanager(&c->m, c->now, false);
    ctimanager_local_callmanager(&c->m, c->now, true);
    ctimanager_link_down(&c->m, c->now, LINK_JTAPI, PGA, REASON_TIMEOUT);
    uint64_t next = open_provider(c, provider, c->m.providers[0].seq);
    assert_true(next != provider);
    assert_false(last_of(c, MSG_PROVIDER_OPENED)->opened.resumed);
    assert_true(last_of(c, MSG_PROVIDER_OPENED)->opened.in_service);
    ctimanager_link_down(&c->m, c->now, LINK_JTAPI, PGA, REASON_TIMEOUT);
    assert_true(open_provider(c, next, 0) == next);
    assert_true(last_of(c, MSG_PROVIDER_OPENED)->opened.resumed);
    stop(c);
}

static void test_ctimanager__full_replay_buffer_closes_the_provider(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    for (uint32_t i = 0; i <= PROVIDER_REPLAY_MAX; i++) {
        device_event(c, 1, 1, 100 + i);
    }
    assert_int_equal(ctimanager_providers(&c->m), 0);
    const struct sent *s = last_of(c, MSG_PROVIDER_STATE);
    assert_non_null(s);
    assert_false(s->state.in_service);
    assert_int_equal(s->state.reason, REASON_OVERFLOW);
    stop(c);
}

static void test_ctimanager__device_that_moves_goes_out_of_service_and_in_again(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    register_phone(c, 7, SUB2, 2);
    assert_int_equal(c->sent_n, 2);
    assert_int_equal(c->sent[0].event.event.kind, DEVICE_EVENT_OUT_OF_SERVICE);
    assert_int_equal(c->sent[0].event.event.epoch, 1);
    assert_int_equal(c->sent[1].event.event.kind, DEVICE_EVENT_IN_SERVICE);
    assert_true(c->sent[1].event.event.epoch > 1);
    c->sent_n = 0;
    device_event(c, 7, 1, 5); /* what its old owner still says */
    assert_int_equal(c->sent_n, 0);
    stop(c);
}

static void test_ctimanager__lost_local_callmanager_ends_service_requests_and_monitors(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    static struct msg msg;
    msg.kind = MSG_CTI_REQUEST;
    msg.cti_request = (struct msg_cti_request){
        .provider = provider, .id = 9, .device = {101}, .call = {77}, .key = KEY_ROUTE};
    tell(c, &msg);
    assert_int_equal(count(c, MSG_SDL_REQUEST), 1);
    ctimanager_local_callmanager(&c->m, c->now, false);
    assert_int_equal(last_of(c, MSG_CTI_RESULT)->result.reason, REASON_SERVICE_LOST);
    assert_false(last_of(c, MSG_PROVIDER_STATE)->state.in_service);
    assert_int_equal(ctimanager_monitors(&c->m), 0);
    open_provider(c, 0, 0);
    assert_false(last_of(c, MSG_PROVIDER_OPENED)->opened.in_service);
    ctimanager_local_callmanager(&c->m, c->now, true);
    assert_true(last_of(c, MSG_PROVIDER_STATE)->state.in_service);
    stop(c);
}

static void test_ctimanager__result_goes_back_once_under_the_sides_own_number(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    static struct msg msg;
    msg.kind = MSG_CTI_REQUEST;
    msg.cti_request = (struct msg_cti_request){
        .provider = provider, .id = 4711, .device = {101}, .call = {77}, .key = KEY_ROUTE};
    tell(c, &msg);
    uint64_t ours = last_of(c, MSG_SDL_REQUEST)->request.id;
    msg.kind = MSG_SDL_REQUEST_RESULT;
    msg.sdl_request_result =
        (struct msg_sdl_request_result){.id = ours, .origin = SUB1, .reason = REASON_BUSY};
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
    assert_int_equal(count(c, MSG_CTI_RESULT), 1);
    assert_true(last_of(c, MSG_CTI_RESULT)->result.id == 4711);
    assert_int_equal(last_of(c, MSG_CTI_RESULT)->result.reason, REASON_BUSY);
    stop(c);
}

static void test_ctimanager__crash_forgets_everything_without_a_word(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = ready(c);
    ctimanager_reset(&c->m);
    assert_int_equal(c->sent_n, 0);
    assert_int_equal(ctimanager_providers(&c->m), 0);
    assert_true(ctimanager_deadline(&c->m).us == INT64_MAX);
    ctimanager_start(&c->m, c->now, (struct incarnation){4});
    ctimanager_local_callmanager(&c->m, c->now, true);
    assert_true(open_provider(c, provider, 0) != provider);
    stop(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ctimanager__monitors_are_confirmed_one_by_one_at_the_rate),
    cmocka_unit_test(test_ctimanager__route_points_are_opened_at_the_first_living_callmanager),
    cmocka_unit_test(test_ctimanager__proposal_that_came_to_nothing_is_made_again),
    cmocka_unit_test(test_ctimanager__side_of_another_ctimanager_gets_nothing),
    cmocka_unit_test(test_ctimanager__events_are_numbered_from_one_without_a_hole),
    cmocka_unit_test(test_ctimanager__resume_replays_what_is_not_acknowledged),
    cmocka_unit_test(test_ctimanager__provider_is_kept_for_the_missed_heartbeats_only),
    cmocka_unit_test(test_ctimanager__provider_without_its_monitors_is_not_resumed),
    cmocka_unit_test(test_ctimanager__full_replay_buffer_closes_the_provider),
    cmocka_unit_test(test_ctimanager__device_that_moves_goes_out_of_service_and_in_again),
    cmocka_unit_test(test_ctimanager__lost_local_callmanager_ends_service_requests_and_monitors),
    cmocka_unit_test(test_ctimanager__result_goes_back_once_under_the_sides_own_number),
    cmocka_unit_test(test_ctimanager__crash_forgets_everything_without_a_word),
};

UNIT_MAIN(tests);
