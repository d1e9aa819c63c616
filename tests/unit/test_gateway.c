#include "node/role/gateway/gateway.h"

#include "tests/unit/fake_world.h"
#include "tests/unit/unit.h"

#include <string.h>

#define GATEWAY ((struct device_id){11})
#define PEER    ((struct device_id){2})
#define N       4

static struct topology topology;
static struct fake_world w;
static struct site site;
static struct gateway g;
static struct gateway_channel channels[N];
static struct msg m;
static struct leg_record last;
static uint32_t ended;

static void on_ended(void *context, const struct leg_record *record)
{
    (void)context;
    last = *record;
    ended++;
}

static struct instant at(int64_t ms)
{
    return (struct instant){ms * 1000};
}

static void link(struct proc_id node, int64_t ms, bool up)
{
    site_link(&site, at(ms), node, up);
    (up ? gateway_link_up : gateway_link_down)(&g, &site, at(ms), node);
}

static void deliver(struct proc_id from, int64_t ms, enum msg_kind kind)
{
    m.kind = kind;
    gateway_message(&g, &site, at(ms), from, &m);
}

static void accept(struct proc_id from, int64_t ms, uint32_t epoch)
{
    m.station_registered = (struct msg_station_registered){
        .device = GATEWAY, .counter = g.station.counter, .epoch = epoch};
    deliver(from, ms, MSG_STATION_REGISTERED);
}

static void call(struct proc_id from, int64_t ms, uint32_t line, enum leg state, enum reason reason)
{
    m.station_call = (struct msg_station_call){.device = GATEWAY,
                                               .epoch = g.station.epoch,
                                               .call = {100 + line},
                                               .line = line,
                                               .state = state,
                                               .reason = reason};
    if (state == LEG_CONNECTED) {
        m.station_call.peer = PEER;
    }
    deliver(from, ms, MSG_STATION_CALL);
}

static void setup(void)
{
    fake_world_topology(&topology, 10, 0);
    fake_world_init(&w);
    site_init(&site, &topology, &w.world, (struct incarnation){1});
    site.ended = on_ended;
    ended = 0;
    gateway_init(&g, &site, GATEWAY, channels, N);
    gateway_start(&g, &site, at(0));
    link(FAKE_SUB1, 1, true);
    link(FAKE_SUB2, 1, true);
    accept(FAKE_SUB1, 2, 1);
    fake_world_forget(&w);
}

static void talking(void)
{
    setup();
    assert_int_equal(gateway_call(&g, &site, at(10), "80001", "4911"), REASON_NONE);
    call(FAKE_SUB1, 11, 1, LEG_DIALING, REASON_NONE);
    call(FAKE_SUB1, 12, 1, LEG_QUEUED, REASON_NONE);
    call(FAKE_SUB1, 20, 1, LEG_CONNECTED, REASON_NONE);
    fake_world_forget(&w);
}

static void test_gateway__has_as_many_calls_as_channels(void **state)
{
    (void)state;
    setup();
    for (int i = 0; i < N; i++) {
        assert_true(gateway_open(&g));
        assert_int_equal(gateway_call(&g, &site, at(10), "80001", "4911"), REASON_NONE);
    }
    assert_false(gateway_open(&g));
    assert_int_equal(gateway_call(&g, &site, at(10), "80001", "4911"), REASON_FULL);
}

static void test_gateway__a_caller_loses_patience(void **state)
{
    (void)state;
    setup();
    assert_int_equal(gateway_call(&g, &site, at(10), "80001", "4911"), REASON_NONE);
    call(FAKE_SUB1, 11, 1, LEG_QUEUED, REASON_NONE);
    fake_world_forget(&w);
    gateway_tick(&g, &site, gateway_deadline(&g));
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->key.key, KEY_HANGUP);
    assert_int_equal(last.reason, REASON_ABANDONED);
    assert_int_equal(last.line, 1);
    assert_string_equal(last.from, "4911");
    assert_true(last.answer.us == INSTANT_NEVER.us);
}

/* conforms: 14 */
static void test_gateway__lost_it_registers_at_once_and_its_channels_live(void **state)
{
    (void)state;
    talking();
    assert_int_equal(gateway_call(&g, &site, at(30), "80001", "4912"), REASON_NONE);
    fake_world_forget(&w);
    uint32_t orders = w.orders_n;
    link(FAKE_SUB1, 100, false);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
    assert_int_equal(w.orders_n, orders);
    assert_true(channels[0].leg.preserved);
    assert_int_equal(channels[1].leg.state, LEG_IDLE); /* dialling: dropped */
    accept(FAKE_SUB2, 101, 2);
    assert_true(gateway_open(&g)); /* new calls beside the preserved one */
    assert_int_equal(channels[0].leg.state, LEG_CONNECTED);
}

static void test_gateway__a_preserved_channel_ends_without_a_word(void **state)
{
    (void)state;
    talking();
    link(FAKE_SUB1, 100, false);
    accept(FAKE_SUB2, 101, 2);
    fake_world_forget(&w);
    assert_true(gateway_deadline(&g).us <= at(100).us + topology.traffic.talk_mean.us * 3 / 2);
    gateway_tick(&g, &site, gateway_deadline(&g));
    const struct fake_sent *s;
    while ((s = fake_world_next(&w)) != NULL) {
        assert_int_not_equal(s->kind, MSG_STATION_KEY);
    }
    struct media_report r = {.device = GATEWAY, .call = {101}, .peer = PEER, .silent = true};
    if (ended == 0) {
        assert_true(gateway_media(&g, &site, at(9000), &r));
    }
    assert_int_equal(ended, 1);
    assert_true(last.preserved);
}

static void test_gateway__silence_ends_a_channel(void **state)
{
    (void)state;
    talking();
    struct media_report r = {.device = GATEWAY, .call = {101}, .peer = PEER, .silent = true};
    assert_true(gateway_media(&g, &site, at(3000), &r));
    assert_int_equal(last.reason, REASON_MEDIA_LOST);
    assert_int_equal(fake_world_next(&w)->key.key, KEY_HANGUP);
}

static void at_sub2_talking(void)
{
    setup();
    link(FAKE_SUB1, 100, false);
    accept(FAKE_SUB2, 101, 2);
    assert_int_equal(gateway_call(&g, &site, at(110), "80001", "4911"), REASON_NONE);
    call(FAKE_SUB2, 111, 1, LEG_CONNECTED, REASON_NONE);
    link(FAKE_SUB1, 1000, true);
    fake_world_forget(&w);
}

static void test_gateway__drains_before_it_goes_home(void **state)
{
    (void)state;
    at_sub2_talking();
    call(FAKE_SUB2, 3000, 1, LEG_ENDED, REASON_HUNG_UP);
    gateway_tick(&g, &site, at(4000));
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_FALLBACK)->peer.v, FAKE_SUB2.v);
    assert_int_equal(gateway_call(&g, &site, at(4000), "80001", "4911"), REASON_NONE);
    call(FAKE_SUB2, 4001, 2, LEG_CONNECTED, REASON_NONE);
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = GATEWAY, .epoch = 2};
    deliver(FAKE_SUB2, 4002, MSG_STATION_FALLBACK_ANSWER);
    fake_world_forget(&w);
    gateway_tick(&g, &site, at(4002));
    assert_null(fake_world_next(&w)); /* one call goes on */
    assert_false(gateway_open(&g));
    assert_int_equal(gateway_call(&g, &site, at(4003), "80001", "4911"), REASON_BUSY);
    call(FAKE_SUB2, 5000, 2, LEG_ENDED, REASON_HUNG_UP);
    gateway_tick(&g, &site, gateway_deadline(&g));
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB1.v);
    accept(FAKE_SUB1, 5001, 3);
    assert_true(gateway_open(&g));
    assert_int_equal(fake_world_events(&w, EVENT_DRAIN), 1);
    assert_int_equal(fake_world_events(&w, EVENT_FALLBACK), 1);
    assert_int_equal(fake_world_events(&w, EVENT_FALLBACK_ENDED), 0);
}

static void test_gateway__says_that_it_stays_if_its_home_is_gone_meanwhile(void **state)
{
    (void)state;
    at_sub2_talking();
    gateway_tick(&g, &site, at(4000));
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = GATEWAY, .epoch = 2};
    deliver(FAKE_SUB2, 4002, MSG_STATION_FALLBACK_ANSWER);
    assert_int_equal(fake_world_events(&w, EVENT_DRAIN), 1);
    site.up[FAKE_SUB1.v] = false;
    gateway_link_down(&g, &site, at(4003), FAKE_SUB1);
    assert_int_equal(fake_world_events(&w, EVENT_FALLBACK_ENDED), 1);
    assert_true(gateway_open(&g));
}

static void test_gateway__under_steady_calls_it_still_goes_home(void **state)
{
    (void)state;
    at_sub2_talking();
    gateway_tick(&g, &site, at(4000));
    assert_non_null(fake_world_next_of(&w, MSG_STATION_FALLBACK));
}

static void test_gateway__a_call_that_is_not_known_any_more_is_hung_up(void **state)
{
    (void)state;
    setup();
    call(FAKE_SUB1, 50, 9, LEG_RINGBACK, REASON_NONE);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->key.key, KEY_HANGUP);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_gateway__has_as_many_calls_as_channels),
    cmocka_unit_test(test_gateway__a_caller_loses_patience),
    cmocka_unit_test(test_gateway__lost_it_registers_at_once_and_its_channels_live),
    cmocka_unit_test(test_gateway__a_preserved_channel_ends_without_a_word),
    cmocka_unit_test(test_gateway__silence_ends_a_channel),
    cmocka_unit_test(test_gateway__drains_before_it_goes_home),
    cmocka_unit_test(test_gateway__says_that_it_stays_if_its_home_is_gone_meanwhile),
    cmocka_unit_test(test_gateway__under_steady_calls_it_still_goes_home),
    cmocka_unit_test(test_gateway__a_call_that_is_not_known_any_more_is_hung_up),
};

UNIT_MAIN(tests);
