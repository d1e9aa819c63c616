#include "node/role/phone/phone.h"

#include "tests/unit/fake_world.h"
#include "tests/unit/unit.h"

#include <string.h>

#define CALL  ((struct call_id){0x0200010000000007u})
#define CALL2 ((struct call_id){0x0200010000000008u})
#define PEER  ((struct device_id){2})

static struct topology topology;
static struct fake_world w;
static struct site site;
static struct phone p;
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

static void setup_at(struct instant now)
{
    fake_world_topology(&topology, 10, 0);
    fake_world_init(&w);
    site_init(&site, &topology, &w.world, (struct incarnation){3});
    site.ended = on_ended;
    ended = 0;
    memset(&last, 0, sizeof last);
    phone_init(&p, &site, (struct device_id){1});
    phone_start(&p, &site, now);
}

static void up(struct proc_id node, int64_t ms)
{
    site_link(&site, at(ms), node, true);
    phone_link_up(&p, &site, at(ms), node);
}

static void down(struct proc_id node, int64_t ms)
{
    site_link(&site, at(ms), node, false);
    phone_link_down(&p, &site, at(ms), node);
}

static void deliver(struct proc_id from, int64_t ms, enum msg_kind kind)
{
    m.kind = kind;
    phone_message(&p, &site, at(ms), from, &m);
}

static void accept(struct proc_id from, int64_t ms, uint32_t epoch)
{
    m.station_registered = (struct msg_station_registered){
        .device = {1}, .counter = p.station.counter, .epoch = epoch};
    deliver(from, ms, MSG_STATION_REGISTERED);
}

static void refuse(struct proc_id from, int64_t ms, enum reason reason, uint32_t retry_ms)
{
    m.station_refused = (struct msg_station_refused){
        .device = {1}, .counter = p.station.counter, .reason = reason, .retry_ms = retry_ms};
    deliver(from, ms, MSG_STATION_REFUSED);
}

static void call(struct proc_id from, int64_t ms, struct msg_station_call c)
{
    c.device.v = 1;
    c.epoch = c.epoch != 0 ? c.epoch : p.station.epoch;
    m.station_call = c;
    deliver(from, ms, MSG_STATION_CALL);
}

static void registered_at_sub1(void)
{
    setup_at(at(0));
    up(FAKE_SUB1, 1);
    up(FAKE_SUB2, 1);
    accept(FAKE_SUB1, 2, 1);
    fake_world_forget(&w);
}

static void in_call_at_sub1(void)
{
    registered_at_sub1();
    call(FAKE_SUB1, 10,
         (struct msg_station_call){.call = CALL, .state = LEG_RINGING, .number = "1002"});
    call(FAKE_SUB1, 20,
         (struct msg_station_call){.call = CALL, .state = LEG_CONNECTED, .peer = PEER});
    fake_world_forget(&w);
}

static void test_phone__registers_with_the_first_member_of_its_group(void **state)
{
    (void)state;
    setup_at(at(0));
    up(FAKE_SUB2, 1);
    assert_int_equal(w.sent_n, 0); /* the first member has a moment to come up */
    up(FAKE_SUB1, 5);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB1.v);
    assert_true(s->reg.counter == (3u << 20) + 1);
    accept(FAKE_SUB1, 6, 1);
    assert_int_equal(p.station.state, STATION_REGISTERED);
    assert_int_equal(fake_world_events(&w, EVENT_REGISTERED), 1);
}

static void test_phone__does_not_wait_for_the_first_member_for_ever(void **state)
{
    (void)state;
    setup_at(at(0));
    up(FAKE_SUB2, 1);
    phone_tick(&p, &site, phone_deadline(&p));
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
}

static void test_phone__no_quorum_sends_it_to_the_next_member_then_to_a_pause(void **state)
{
    (void)state;
    setup_at(at(0));
    up(FAKE_SUB1, 1);
    up(FAKE_SUB2, 1);
    refuse(FAKE_SUB1, 2, REASON_NO_QUORUM, 0);
    (void)fake_world_next(&w);
    assert_int_equal(fake_world_next(&w)->peer.v, FAKE_SUB2.v);
    refuse(FAKE_SUB2, 3, REASON_NO_QUORUM, 0);
    assert_null(fake_world_next(&w));
    assert_int_equal(p.station.state, STATION_UNREGISTERED);
    int64_t pause = phone_deadline(&p).us - at(3).us;
    assert_true(pause >= 50000);
    assert_true(pause <= 250000);
    phone_tick(&p, &site, phone_deadline(&p));
    assert_int_equal(fake_world_next(&w)->peer.v, FAKE_SUB1.v);
}

static void test_phone__throttled_it_asks_the_same_member_when_told(void **state)
{
    (void)state;
    setup_at(at(0));
    up(FAKE_SUB1, 1);
    up(FAKE_SUB2, 1);
    refuse(FAKE_SUB1, 2, REASON_THROTTLED, 700);
    assert_true(phone_deadline(&p).us > at(702).us);
    fake_world_forget(&w);
    phone_tick(&p, &site, phone_deadline(&p));
    assert_int_equal(fake_world_next(&w)->peer.v, FAKE_SUB1.v);
}

static void test_phone__without_an_answer_it_asks_the_next(void **state)
{
    (void)state;
    setup_at(at(0));
    up(FAKE_SUB1, 1);
    up(FAKE_SUB2, 1);
    fake_world_forget(&w);
    phone_tick(&p, &site, phone_deadline(&p));
    assert_int_equal(fake_world_next(&w)->peer.v, FAKE_SUB2.v);
    /* The late answer of the first is an answer to nothing. */
    m.station_registered = (struct msg_station_registered){
        .device = {1}, .counter = p.station.counter - 1, .epoch = 9};
    deliver(FAKE_SUB1, 1100, MSG_STATION_REGISTERED);
    assert_int_equal(p.station.state, STATION_REGISTERING);
}

/* conforms: 5, 10 */
static void test_phone__idle_it_registers_elsewhere_at_once_when_the_link_is_down(void **state)
{
    (void)state;
    registered_at_sub1();
    down(FAKE_SUB1, 100);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
    assert_int_equal(fake_world_events(&w, EVENT_DEVICE_LOST), 1);
    accept(FAKE_SUB2, 101, 2);
    assert_int_equal(p.station.epoch, 2);
}

static void test_phone__an_older_epoch_is_not_accepted(void **state)
{
    (void)state;
    registered_at_sub1();
    down(FAKE_SUB1, 100);
    p.station.epoch = 5;
    accept(FAKE_SUB2, 101, 4);
    assert_int_equal(p.station.state, STATION_REGISTERING);
    assert_int_equal(site.rejected, 1);
}

static void test_phone__a_call_under_an_older_epoch_is_rejected(void **state)
{
    (void)state;
    registered_at_sub1();
    down(FAKE_SUB1, 100);
    accept(FAKE_SUB2, 101, 2);
    call(FAKE_SUB2, 102, (struct msg_station_call){.call = CALL, .state = LEG_RINGING, .epoch = 1});
    call(FAKE_SUB1, 103, (struct msg_station_call){.call = CALL, .state = LEG_RINGING, .epoch = 2});
    assert_true(phone_idle(&p));
    assert_int_equal(site.rejected, 2);
}

/* conforms: 6, 7 */
static void test_phone__in_a_call_it_keeps_the_media_and_waits(void **state)
{
    (void)state;
    in_call_at_sub1();
    uint32_t orders = w.orders_n;
    down(FAKE_SUB1, 100);
    assert_int_equal(p.station.state, STATION_PRESERVED);
    assert_int_equal(w.orders_n, orders);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_PRESERVED);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
    assert_true(call_id_eq(s->preserved.call, CALL));
    assert_null(fake_world_next(&w));
    assert_int_equal(fake_world_events(&w, EVENT_CALL_PRESERVED), 1);
}

/* conforms: 8 */
static void test_phone__a_preserved_call_refuses_every_key_but_hangup(void **state)
{
    (void)state;
    in_call_at_sub1();
    down(FAKE_SUB1, 100);
    static const enum key keys[] = {
        KEY_HOLD,       KEY_RETRIEVE,       KEY_TRANSFER,          KEY_ANSWER,
        KEY_CONFERENCE, KEY_TRANSFER_BLIND, KEY_TRANSFER_COMPLETE, KEY_CONFERENCE_COMPLETE};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_int_equal(phone_key(&p, &site, at(101), keys[i], "1003"), REASON_PRESERVED);
    }
    assert_int_equal(fake_world_events(&w, EVENT_KEY_REFUSED), sizeof keys / sizeof keys[0]);
    assert_int_equal(phone_key(&p, &site, at(102), KEY_HANGUP, ""), REASON_NONE);
    assert_true(last.preserved);
    assert_int_equal(last.reason, REASON_HUNG_UP);
}

/* conforms: 6 */
static void test_phone__after_the_preserved_call_it_registers(void **state)
{
    (void)state;
    in_call_at_sub1();
    down(FAKE_SUB1, 100);
    fake_world_forget(&w);
    assert_int_equal(phone_key(&p, &site, at(200), KEY_HANGUP, ""), REASON_NONE);
    /* Its media is stopped: that is all that the far end can learn. */
    assert_int_equal(w.orders[w.orders_n - 1].peer.v, 0);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
    assert_int_equal(ended, 1);
}

static void test_phone__silence_ends_a_preserved_call(void **state)
{
    (void)state;
    in_call_at_sub1();
    down(FAKE_SUB1, 100);
    struct media_report r = {
        .device = {1}, .call = CALL, .peer = PEER, .silent = true, .gap = duration_ms(2000)};
    assert_true(phone_media(&p, &site, at(3000), &r));
    assert_true(phone_idle(&p));
    assert_int_equal(last.reason, REASON_MEDIA_LOST);
    assert_true(last.gap_us == 2000000);
    assert_int_equal(p.station.state, STATION_REGISTERING);
}

static void test_phone__the_person_hangs_up_a_preserved_call_within_the_talk_time(void **state)
{
    (void)state;
    in_call_at_sub1();
    down(FAKE_SUB1, 100);
    for (int i = 0; i < 3 && !phone_idle(&p); i++) {
        struct instant next = phone_deadline(&p);
        assert_true(next.us <= at(100).us + topology.traffic.talk_mean.us * 3 / 2);
        phone_tick(&p, &site, next);
    }
    assert_true(phone_idle(&p));
}

/* conforms: 9 */
static void test_phone__a_call_in_setup_is_dropped(void **state)
{
    (void)state;
    registered_at_sub1();
    call(FAKE_SUB1, 10,
         (struct msg_station_call){.call = CALL, .state = LEG_RINGING, .number = "1002"});
    fake_world_forget(&w);
    down(FAKE_SUB1, 100);
    assert_true(phone_idle(&p));
    assert_int_equal(last.reason, REASON_DROPPED_IN_SETUP);
    assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_REGISTER);
}

/* conforms: 9 */
static void test_phone__a_call_with_an_open_consultation_is_dropped(void **state)
{
    (void)state;
    in_call_at_sub1();
    assert_int_equal(phone_key(&p, &site, at(30), KEY_TRANSFER, "1003"), REASON_NONE);
    call(FAKE_SUB1, 31,
         (struct msg_station_call){.call = CALL, .state = LEG_HOLDING, .peer = PEER});
    call(FAKE_SUB1, 32,
         (struct msg_station_call){
             .call = CALL2, .state = LEG_CONNECTED, .consult_of = CALL, .peer = {3}});
    assert_int_equal(p.legs[1].state, LEG_IDLE); /* it must be told of the dialling first */
    call(FAKE_SUB1, 33,
         (struct msg_station_call){.call = CALL2, .state = LEG_DIALING, .consult_of = CALL});
    call(FAKE_SUB1, 34,
         (struct msg_station_call){
             .call = CALL2, .state = LEG_CONNECTED, .consult_of = CALL, .peer = {3}});
    assert_int_equal(p.legs[1].state, LEG_CONNECTED);
    down(FAKE_SUB1, 100);
    assert_true(phone_idle(&p));
    assert_int_equal(ended, 2);
    assert_int_equal(p.station.state, STATION_REGISTERING);
}

static void test_phone__a_leg_goes_on_in_the_call_that_it_is_transferred_to(void **state)
{
    (void)state;
    in_call_at_sub1();
    call(FAKE_SUB1, 40,
         (struct msg_station_call){
             .call = CALL2, .state = LEG_CONNECTED, .consult_of = CALL, .peer = {5}});
    assert_true(call_id_eq(p.legs[0].call, CALL2));
    assert_int_equal(p.legs[0].peer.v, 5);
    assert_int_equal(p.legs[1].state, LEG_IDLE);
    assert_true(p.legs[0].transferred);
    assert_int_equal(ended, 0);
    /* Whoever replays the events must know that it is the same leg. */
    const struct event *told = &w.events[w.events_n - 1];
    assert_int_equal(told->kind, EVENT_CALL_STATE);
    assert_int_equal(told->call.v, CALL2.v);
    assert_int_equal(told->value2, CALL.v);
}

/* conforms: 3 */
static void test_phone__a_group_of_three_is_gone_through_in_its_order(void **state)
{
    (void)state;
    const struct proc_id third = {1};
    setup_at(at(0));
    topology.groups[0] =
        (struct topology_group){.members_n = 3, .members = {FAKE_SUB1, FAKE_SUB2, third}};
    up(third, 1);
    up(FAKE_SUB2, 1);
    up(FAKE_SUB1, 1);
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_REGISTER)->peer.v, FAKE_SUB1.v);
    accept(FAKE_SUB1, 2, 1);
    down(FAKE_SUB1, 100);
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_REGISTER)->peer.v, FAKE_SUB2.v);
    accept(FAKE_SUB2, 101, 2);
    down(FAKE_SUB2, 200);
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_REGISTER)->peer.v, third.v);
    accept(third, 201, 3);
    assert_int_equal(p.station.state, STATION_REGISTERED);
}

/* conforms: 10 */
static void test_phone__unanswered_keepalives_are_a_loss(void **state)
{
    (void)state;
    registered_at_sub1();
    for (int i = 0; i < 3; i++) {
        phone_keepalive(&p, &site, at(1000 * (i + 1)), false, false);
        assert_int_equal(p.station.state, STATION_REGISTERED);
    }
    phone_keepalive(&p, &site, at(4000), false, false);
    assert_int_equal(p.station.state, STATION_REGISTERING);
    /* The link of the silent one is up: the next member is asked. */
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_REGISTER)->peer.v, FAKE_SUB2.v);
}

static void test_phone__a_late_process_counts_no_misses(void **state)
{
    (void)state;
    registered_at_sub1();
    for (int i = 0; i < 10; i++) {
        phone_keepalive(&p, &site, at(1000 * (i + 1)), false, true);
    }
    assert_int_equal(p.station.state, STATION_REGISTERED);
}

static void test_phone__a_reset_is_a_loss_only_under_the_present_epoch(void **state)
{
    (void)state;
    registered_at_sub1();
    m.station_reset = (struct msg_station_reset){.device = {1}, .epoch = 7};
    deliver(FAKE_SUB1, 50, MSG_STATION_RESET);
    assert_int_equal(p.station.state, STATION_REGISTERED);
    m.station_reset.epoch = 1;
    deliver(FAKE_SUB1, 51, MSG_STATION_RESET);
    assert_int_equal(p.station.state, STATION_REGISTERING);
}

static void at_sub2(void)
{
    registered_at_sub1();
    down(FAKE_SUB1, 100);
    accept(FAKE_SUB2, 101, 2);
    fake_world_forget(&w);
}

static void test_phone__goes_home_only_after_the_watch(void **state)
{
    (void)state;
    at_sub2();
    up(FAKE_SUB1, 1000);
    assert_true(phone_deadline(&p).us == at(4000).us);
    phone_tick(&p, &site, at(3999));
    assert_null(fake_world_next(&w));
    phone_tick(&p, &site, at(4000));
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_FALLBACK);
    assert_int_equal(s->peer.v, FAKE_SUB2.v);
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = {1}, .epoch = 2};
    deliver(FAKE_SUB2, 4001, MSG_STATION_FALLBACK_ANSWER);
    phone_tick(&p, &site, at(4001));
    s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_REGISTER);
    assert_int_equal(s->peer.v, FAKE_SUB1.v);
    assert_true(s->reg.fallback);
    assert_int_equal(p.station.state, STATION_REGISTERED); /* at sub2, until acknowledged */
    accept(FAKE_SUB1, 4002, 3);
    assert_int_equal(p.station.owner.v, FAKE_SUB1.v);
    assert_true(phone_deadline(&p).us == INSTANT_NEVER.us);
}

static void test_phone__who_goes_home_by_hand_asks_once_a_watch(void **state)
{
    (void)state;
    at_sub2();
    up(FAKE_SUB1, 1000);
    phone_tick(&p, &site, at(4000));
    m.station_fallback_answer =
        (struct msg_station_fallback_answer){.device = {1}, .epoch = 2, .reason = REASON_BY_HAND};
    deliver(FAKE_SUB2, 4001, MSG_STATION_FALLBACK_ANSWER);
    assert_true(phone_deadline(&p).us == at(7001).us);
}

/* Away at the third member, it does not stop over at the second for the sake of a moment. */
static void test_phone__goes_home_in_one_move(void **state)
{
    (void)state;
    static const struct proc_id third = {1};
    for (unsigned late = 0; late <= 1; late++) {
        registered_at_sub1();
        topology.groups[0].members[topology.groups[0].members_n++] = third;
        down(FAKE_SUB1, 100);
        down(FAKE_SUB2, 100);
        up(third, 100);
        accept(third, 500, 2);
        up(FAKE_SUB2, 1000);
        up(FAKE_SUB1, late == 1 ? 2000 : 1100);
        fake_world_forget(&w);
        phone_tick(&p, &site, phone_deadline(&p));
        assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_FALLBACK);
        assert_int_equal(p.station.target.v, late == 1 ? FAKE_SUB2.v : FAKE_SUB1.v);
    }
}

static void test_phone__throttled_on_the_way_home_it_asks_again(void **state)
{
    (void)state;
    at_sub2();
    up(FAKE_SUB1, 1000);
    phone_tick(&p, &site, at(4000));
    fake_world_forget(&w);
    m.station_fallback_answer =
        (struct msg_station_fallback_answer){.device = {1}, .epoch = 2, .reason = REASON_THROTTLED};
    deliver(FAKE_SUB2, 4001, MSG_STATION_FALLBACK_ANSWER);
    /* A twelfth of the watch of 3 s, and up to as long again. */
    assert_true(phone_deadline(&p).us >= at(4251).us);
    assert_true(phone_deadline(&p).us <= at(4501).us);
    phone_tick(&p, &site, phone_deadline(&p));
    assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_FALLBACK);
}

static void test_phone__reset_by_the_old_owner_on_the_way_home_it_waits_for_the_new(void **state)
{
    (void)state;
    at_sub2();
    up(FAKE_SUB1, 1000);
    phone_tick(&p, &site, at(4000));
    m.station_fallback_answer =
        (struct msg_station_fallback_answer){.device = {1}, .epoch = 2, .reason = REASON_NONE};
    deliver(FAKE_SUB2, 4001, MSG_STATION_FALLBACK_ANSWER);
    phone_tick(&p, &site, at(4001));
    m.station_reset = (struct msg_station_reset){.device = {1}, .epoch = 2};
    deliver(FAKE_SUB2, 4002, MSG_STATION_RESET);
    assert_int_equal(p.station.state, STATION_REGISTERED);
    accept(FAKE_SUB1, 4003, 3);
    assert_int_equal(p.station.owner.v, FAKE_SUB1.v);
}

/* In a call at sub2, with sub1 back for long; the call ends at 9 s. */
static void hung_up_away_from_home(void)
{
    at_sub2();
    call(FAKE_SUB2, 500,
         (struct msg_station_call){.call = CALL, .state = LEG_RINGING, .number = "1002"});
    p.person.by_hand = true;
    up(FAKE_SUB1, 1000);
    phone_tick(&p, &site, at(4000));
    assert_null(fake_world_next(&w));
    assert_int_equal(phone_key(&p, &site, at(9000), KEY_HANGUP, ""), REASON_NONE);
    fake_world_forget(&w);
}

static void test_phone__goes_home_a_moment_after_its_call(void **state)
{
    (void)state;
    hung_up_away_from_home();
    /* It asks at once, so that nobody rings it any more ... */
    phone_tick(&p, &site, at(9000));
    assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_FALLBACK);
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = {1}, .epoch = 2};
    deliver(FAKE_SUB2, 9001, MSG_STATION_FALLBACK_ANSWER);
    /* ... and travels later: who hears of the end from sub2 must hear that before sub1 owns it. */
    phone_tick(&p, &site, at(9299));
    assert_null(fake_world_next(&w));
    phone_tick(&p, &site, at(9300));
    assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_REGISTER);
}

static void test_phone__that_dialled_after_it_was_let_go_asks_again(void **state)
{
    (void)state;
    hung_up_away_from_home();
    phone_tick(&p, &site, at(9000));
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = {1}, .epoch = 2};
    deliver(FAKE_SUB2, 9001, MSG_STATION_FALLBACK_ANSWER);
    assert_int_equal(phone_dial(&p, &site, at(9100), "1002"), REASON_NONE);
    phone_tick(&p, &site, at(12000));
    assert_int_equal(phone_key(&p, &site, at(14000), KEY_HANGUP, ""), REASON_NONE);
    fake_world_forget(&w);
    phone_tick(&p, &site, at(14000));
    assert_int_equal(fake_world_next(&w)->kind, MSG_STATION_FALLBACK);
}

static void test_phone__a_target_that_falls_is_not_gone_home_to(void **state)
{
    (void)state;
    at_sub2();
    up(FAKE_SUB1, 1000);
    phone_tick(&p, &site, at(4000));
    fake_world_forget(&w);
    down(FAKE_SUB1, 4001);
    assert_int_equal(p.station.state, STATION_REGISTERED);
    m.station_fallback_answer = (struct msg_station_fallback_answer){.device = {1}, .epoch = 2};
    deliver(FAKE_SUB2, 4002, MSG_STATION_FALLBACK_ANSWER);
    phone_tick(&p, &site, at(9000));
    assert_null(fake_world_next(&w));
}

static void test_phone__dials_rings_back_talks_and_hangs_up_by_itself(void **state)
{
    (void)state;
    registered_at_sub1();
    assert_int_equal(phone_dial(&p, &site, at(10), "1002"), REASON_NONE);
    assert_int_equal(phone_dial(&p, &site, at(10), "1003"), REASON_BUSY);
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->kind, MSG_STATION_DIAL);
    uint32_t line = s->dial.line;
    call(FAKE_SUB1, 11,
         (struct msg_station_call){.call = CALL, .line = line, .state = LEG_DIALING});
    call(FAKE_SUB1, 12,
         (struct msg_station_call){.call = CALL, .line = line, .state = LEG_RINGBACK});
    call(FAKE_SUB1, 900,
         (struct msg_station_call){
             .call = CALL, .line = line, .state = LEG_CONNECTED, .peer = PEER});
    phone_tick(&p, &site, phone_deadline(&p));
    assert_true(phone_idle(&p));
    assert_int_equal(fake_world_next_of(&w, MSG_STATION_KEY)->key.key, KEY_HANGUP);
    assert_false(last.incoming);
    assert_string_equal(last.to, "1002");
    assert_string_equal(last.from, "1001");
    assert_true(last.answer.us == at(900).us);
}

static void test_phone__hung_up_before_the_call_had_a_number_it_is_hung_up_then(void **state)
{
    (void)state;
    registered_at_sub1();
    assert_int_equal(phone_dial(&p, &site, at(10), "1002"), REASON_NONE);
    assert_int_equal(phone_key(&p, &site, at(11), KEY_HANGUP, ""), REASON_NONE);
    fake_world_forget(&w);
    call(FAKE_SUB1, 12, (struct msg_station_call){.call = CALL, .line = 1, .state = LEG_DIALING});
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->key.key, KEY_HANGUP);
    assert_true(call_id_eq(s->key.call, CALL));
    assert_int_equal(ended, 0);
}

static void test_phone__a_call_that_it_does_not_have_is_hung_up(void **state)
{
    (void)state;
    /* The key that hung it up was lost with the CallManager that it was for. */
    in_call_at_sub1();
    assert_int_equal(phone_key(&p, &site, at(30), KEY_HANGUP, ""), REASON_NONE);
    fake_world_forget(&w);
    call(FAKE_SUB1, 40,
         (struct msg_station_call){
             .call = CALL, .state = LEG_CONNECTED, .reason = REASON_PRESERVED, .peer = PEER});
    const struct fake_sent *s = fake_world_next(&w);
    assert_non_null(s);
    assert_int_equal(s->key.key, KEY_HANGUP);
    assert_true(call_id_eq(s->key.call, CALL));
    assert_true(phone_idle(&p));
    fake_world_forget(&w);
    call(FAKE_SUB1, 50,
         (struct msg_station_call){.call = CALL, .state = LEG_ENDED, .reason = REASON_HUNG_UP});
    assert_null(fake_world_next(&w));
    assert_int_equal(ended, 1);
}

static void test_phone__time_on_hold_is_counted(void **state)
{
    (void)state;
    in_call_at_sub1();
    call(FAKE_SUB1, 100,
         (struct msg_station_call){.call = CALL, .state = LEG_HOLDING, .peer = PEER});
    call(FAKE_SUB1, 350,
         (struct msg_station_call){.call = CALL, .state = LEG_CONNECTED, .peer = PEER});
    call(FAKE_SUB1, 400,
         (struct msg_station_call){.call = CALL, .state = LEG_ENDED, .reason = REASON_HUNG_UP});
    assert_true(last.held_us == 250000);
    assert_int_equal(last.reason, REASON_HUNG_UP);
    assert_int_equal(w.orders_n, 2); /* one begin, one stop: holding does not touch the media */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_phone__registers_with_the_first_member_of_its_group),
    cmocka_unit_test(test_phone__does_not_wait_for_the_first_member_for_ever),
    cmocka_unit_test(test_phone__no_quorum_sends_it_to_the_next_member_then_to_a_pause),
    cmocka_unit_test(test_phone__throttled_it_asks_the_same_member_when_told),
    cmocka_unit_test(test_phone__without_an_answer_it_asks_the_next),
    cmocka_unit_test(test_phone__idle_it_registers_elsewhere_at_once_when_the_link_is_down),
    cmocka_unit_test(test_phone__an_older_epoch_is_not_accepted),
    cmocka_unit_test(test_phone__a_call_under_an_older_epoch_is_rejected),
    cmocka_unit_test(test_phone__in_a_call_it_keeps_the_media_and_waits),
    cmocka_unit_test(test_phone__a_preserved_call_refuses_every_key_but_hangup),
    cmocka_unit_test(test_phone__after_the_preserved_call_it_registers),
    cmocka_unit_test(test_phone__silence_ends_a_preserved_call),
    cmocka_unit_test(test_phone__the_person_hangs_up_a_preserved_call_within_the_talk_time),
    cmocka_unit_test(test_phone__a_call_in_setup_is_dropped),
    cmocka_unit_test(test_phone__a_call_with_an_open_consultation_is_dropped),
    cmocka_unit_test(test_phone__a_leg_goes_on_in_the_call_that_it_is_transferred_to),
    cmocka_unit_test(test_phone__a_group_of_three_is_gone_through_in_its_order),
    cmocka_unit_test(test_phone__unanswered_keepalives_are_a_loss),
    cmocka_unit_test(test_phone__a_late_process_counts_no_misses),
    cmocka_unit_test(test_phone__a_reset_is_a_loss_only_under_the_present_epoch),
    cmocka_unit_test(test_phone__goes_home_only_after_the_watch),
    cmocka_unit_test(test_phone__who_goes_home_by_hand_asks_once_a_watch),
    cmocka_unit_test(test_phone__goes_home_in_one_move),
    cmocka_unit_test(test_phone__throttled_on_the_way_home_it_asks_again),
    cmocka_unit_test(test_phone__reset_by_the_old_owner_on_the_way_home_it_waits_for_the_new),
    cmocka_unit_test(test_phone__goes_home_a_moment_after_its_call),
    cmocka_unit_test(test_phone__that_dialled_after_it_was_let_go_asks_again),
    cmocka_unit_test(test_phone__a_target_that_falls_is_not_gone_home_to),
    cmocka_unit_test(test_phone__dials_rings_back_talks_and_hangs_up_by_itself),
    cmocka_unit_test(test_phone__hung_up_before_the_call_had_a_number_it_is_hung_up_then),
    cmocka_unit_test(test_phone__a_call_that_it_does_not_have_is_hung_up),
    cmocka_unit_test(test_phone__time_on_hold_is_counted),
};

UNIT_MAIN(tests);
