#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#define A 0
#define B 1

static struct pg_world *pair(void)
{
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    pg_world_start(w, B);
    pg_world_run(w, 500);
    return w;
}

/* Every agent logged in and ready at the active side. */
static void staff(struct pg_world *w, int side)
{
    for (uint32_t i = 0; i < PG_WORLD_AGENTS; i++) {
        pg_world_open(w, side, i);
        pg_world_ask(w, side, i, AGENT_REQUEST_LOGIN);
        pg_world_ask(w, side, i, AGENT_REQUEST_READY);
    }
    pg_world_run(w, 200);
}

/* conforms: 24 */
static void test_pg_duplex__first_side_is_active_and_the_other_has_no_monitors(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    assert_true(pg_world_is_active(w, A));
    assert_false(pg_world_is_active(w, B));
    assert_int_equal(w->sides[A].monitored_n, PG_WORLD_AGENTS + 1);
    assert_int_equal(w->sides[B].monitored_n, 0);
    assert_true(w->sides[B].pg.pim.in_service);
    assert_false(w->sides[A].active_before_monitors);
    pg_world_free(w);
}

/* conforms: 29 */
static void test_pg_duplex__side_b_alone_waits_and_then_goes_active(void **state)
{
    (void)state;
    struct pg_world *w = pg_world_new();
    pg_world_start(w, B);
    pg_world_run(w, 2500);
    assert_false(pg_world_is_active(w, B));
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, B));
    pg_world_free(w);
}

/* conforms: 20, 25 */
static void test_pg_duplex__lost_provider_moves_the_pair_after_all_monitors(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, A));
    assert_true(pg_world_is_active(w, B));
    assert_false(w->sides[B].active_before_monitors);
    assert_int_equal(w->sides[B].monitored_n, PG_WORLD_AGENTS + 1);
    assert_int_equal(w->highest, 2);
    pg_world_free(w);
}

/* conforms: 28 */
static void test_pg_duplex__nothing_fails_back(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    pg_world_cti(w, A, true);
    pg_world_run(w, 60000);
    assert_true(pg_world_is_active(w, B));
    assert_false(pg_world_is_active(w, A));
    assert_true(w->sides[A].pg.pim.in_service);
    assert_int_equal(w->sides[A].monitored_n, 0);
    assert_int_equal(w->highest, 2);
    pg_world_free(w);
}

/* conforms: 30 */
static void test_pg_duplex__without_a_provider_and_without_a_peer_nobody_is_active(void **state)
{
    (void)state;
    for (int which = A; which <= B; which++) {
        struct pg_world *w = pair();
        pg_world_cti(w, A, false);
        pg_world_kill(w, B);
        pg_world_run(w, 10000);
        assert_false(pg_world_is_active(w, A));
        assert_false(pg_world_is_active(w, B));
        if (which == A) {
            pg_world_cti(w, A, true);
        } else {
            pg_world_start(w, B);
        }
        pg_world_run(w, 10000);
        assert_true(pg_world_is_active(w, which));
        assert_false(pg_world_is_active(w, 1 - which));
        pg_world_free(w);
    }
}

/* conforms: 22 */
static void test_pg_duplex__killed_process_is_replaced(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_kill(w, A);
    pg_world_run(w, 2000);
    assert_true(pg_world_is_active(w, B));
    pg_world_start(w, A);
    pg_world_run(w, 10000);
    assert_true(pg_world_is_active(w, B));
    assert_false(pg_world_is_active(w, A));
    pg_world_free(w);
}

static void test_pg_duplex__cut_private_link_leaves_one_active_side_and_no_rows(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_private(w, false);
    pg_world_run(w, 5000);
    assert_true(pg_world_is_active(w, A));
    assert_false(pg_world_is_active(w, B));
    assert_true(w->refused > 0);
    assert_int_equal(w->sides[A].rows_n, 0);
    assert_int_equal(w->sides[B].rows_n, 0);
    pg_world_private(w, true);
    pg_world_run(w, 1000);
    assert_int_equal(w->sides[B].rows_n, 0);
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_free(w);
}

static void test_pg_duplex__inputs_missed_while_the_private_link_was_cut_are_made_up(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_private(w, false);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_private(w, true);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, A));
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_kill(w, A);
    pg_world_run(w, 2000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].rows_n, 1);
    assert_true(w->sides[B].rows[0].partial);
    pg_world_free(w);
}

/* A hangs for long, B takes over; meanwhile calls begin and end, which both CTI Managers tell. */
static struct pg_world *hung_and_replaced(void)
{
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_run(w, 100);
    pg_world_sleep(w, A);
    pg_world_run(w, 500);
    pg_world_missed(w, A, LINK_PRIVATE);
    pg_world_run(w, 500);
    pg_world_missed(w, A, LINK_CONTROLLER);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, B));
    return w;
}

static void test_pg_duplex__side_that_slept_writes_nothing_that_the_other_saw(void **state)
{
    (void)state;
    struct pg_world *w = hung_and_replaced();
    for (int side = A; side <= B; side++) {
        pg_world_event(w, side, DEVICE_EVENT_DISCONNECTED, (struct device_id){1},
                       0x0100010000000001, REASON_HUNG_UP);
        pg_world_event(w, side, DEVICE_EVENT_ORIGINATED, (struct device_id){2}, 0x0100010000000002,
                       REASON_NONE);
        pg_world_event(w, side, DEVICE_EVENT_DISCONNECTED, (struct device_id){2},
                       0x0100010000000002, REASON_BUSY);
        pg_world_event(w, side, DEVICE_EVENT_OFFERED, pg_world_point(w), 0x0100010000000003,
                       REASON_NONE);
    }
    pg_world_wake(w, A);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, B));
    assert_false(pg_world_is_active(w, A));
    /* The call that both had in view when A fell asleep, under one key, and not a moment more. */
    assert_int_equal(w->sides[A].rows_n, 1);
    const struct msg_record_tcd *row = &w->sides[A].rows[0];
    const struct msg_record_tcd *first = &w->sides[B].rows[0];
    assert_true(row->partial);
    assert_true(call_id_eq(row->call, (struct call_id){0x0100010000000001}));
    assert_int_equal(row->icr_call_key, first->icr_call_key);
    assert_int_equal(row->leg, first->leg);
    assert_int_equal(row->segment, first->segment);
    assert_true(row->duration_ms <= first->duration_ms);
    pg_world_free(w);
}

/* The other one had the pair for a while and let it go again: whoever finds it free has no view of
 * the calls any more, though he had one when he fell asleep. */
static void test_pg_duplex__side_that_slept_begins_anew_if_it_was_replaced_meanwhile(void **state)
{
    (void)state;
    struct pg_world *w = hung_and_replaced();
    pg_world_cti(w, B, false);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, B));
    uint32_t activations = pg_world_count(&w->sides[A], EVENT_PG_ACTIVE);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, (struct device_id){1}, 0x0100010000000001,
                   REASON_HUNG_UP);
    pg_world_event(w, A, DEVICE_EVENT_ORIGINATED, (struct device_id){2}, 0x0100010000000002,
                   REASON_NONE);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, (struct device_id){2}, 0x0100010000000002,
                   REASON_BUSY);
    pg_world_wake(w, A);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PG_STANDBY), 1);
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PG_ACTIVE), activations + 1);
    assert_int_equal(w->sides[A].pg.duplex.epoch, w->highest);
    /* The call in view when it fell asleep. */
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_true(w->sides[A].rows[0].partial);
    pg_world_free(w);
}

static void test_pg_duplex__side_that_slept_for_a_moment_goes_on_where_it_was(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_sleep(w, A);
    pg_world_run(w, 500);
    pg_world_missed(w, A, LINK_PRIVATE);
    pg_world_run(w, 200);
    pg_world_event(w, A, DEVICE_EVENT_ORIGINATED, (struct device_id){2}, 0x0100010000000002,
                   REASON_NONE);
    assert_int_equal(w->sides[A].missed_n > 0, true);
    pg_world_wake(w, A);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, A));
    assert_false(pg_world_is_active(w, B));
    assert_int_equal(w->sides[A].rows_n, 0);
    assert_int_equal(w->sides[A].pg.opc.legs_n, 2);
    assert_int_equal(w->highest, 1);
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_free(w);
}

static void test_pg_duplex__an_answer_from_before_the_sleep_proves_nothing(void **state)
{
    (void)state;
    struct pg_world *w = hung_and_replaced();
    /* The controller said yes, A was stopped before it read that, and B was granted then. */
    struct msg yes = {.kind = MSG_PG_GRANT};
    yes.pg_grant.side = SIDE_A;
    yes.pg_grant.pair = 5000;
    yes.pg_grant.epoch = 1;
    yes.pg_grant.active = true;
    yes.pg_grant.hello = w->hello[A];
    w->sides[A].asleep = false;
    pg_message(&w->sides[A].pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM, &yes);
    w->sides[A].asleep = true;
    pg_world_event(w, A, DEVICE_EVENT_ORIGINATED, (struct device_id){2}, 0x0100010000000002,
                   REASON_NONE);
    pg_world_wake(w, A);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, A));
    assert_int_equal(w->sides[A].rows_n, 1);
    pg_world_free(w);
}

/* B had taken over, written what A had in view, and was lost: nobody is active when A wakes up. */
static void test_pg_duplex__side_that_slept_through_another_grant_begins_anew(void **state)
{
    (void)state;
    struct pg_world *w = hung_and_replaced();
    pg_world_cti(w, B, false);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, B));
    pg_world_wake(w, A);
    pg_world_run(w, 3000);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PG_STANDBY), 1);
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PG_ACTIVE), 2);
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_true(w->sides[A].rows[0].partial);
    assert_int_equal(w->sides[A].rows[0].icr_call_key, w->sides[B].rows[0].icr_call_key);
    /* The call goes on, and was seen anew. */
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, (struct device_id){1}, 0x0100010000000001,
                   REASON_HUNG_UP);
    pg_world_run(w, 10000);
    assert_int_equal(w->sides[A].rows_n, 2);
    assert_false(w->sides[A].rows[1].partial);
    assert_int_equal(w->sides[A].rows[1].segment, 1);
    assert_int_not_equal(w->sides[A].rows[1].icr_call_key, w->sides[A].rows[0].icr_call_key);
    pg_world_free(w);
}

/* B hangs while a call waits; A sees the call go on and end, and lets go. What B remembers of it is
 * no view of the calls, and nobody waits for it any more. */
static void test_pg_duplex__standby_that_slept_cuts_nothing_for_its_peer(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), 0x0100010000000001, REASON_NONE);
    pg_world_run(w, 100);
    assert_int_equal(w->sides[B].pg.opc.legs_n, 1);
    pg_world_sleep(w, B);
    pg_world_run(w, 500);
    pg_world_missed(w, B, LINK_PRIVATE);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), 0x0100010000000001,
                   REASON_ABANDONED);
    pg_world_run(w, 500);
    assert_int_equal(w->sides[A].rows_n, 1);
    pg_world_missed(w, B, LINK_CONTROLLER);
    pg_world_cti(w, A, false);
    pg_world_run(w, 5000);
    assert_false(pg_world_is_active(w, A));
    pg_world_wake(w, B);
    pg_world_run(w, 5000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].rows_n, 0);
    assert_int_equal(w->sides[B].pg.opc.legs_n, 0);
    assert_int_equal(w->sides[B].pg.opc.calls_n, 0);
    pg_world_free(w);
}

static void test_pg_duplex__unsure_side_waits_for_the_controller_and_then_goes_on(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), 0x0100010000000001, REASON_NONE);
    pg_world_label(w, A, 0); /* its reservation runs out meanwhile */
    pg_world_sleep(w, A);
    pg_world_run(w, 450);
    pg_world_controller(w, false);
    pg_world_wake(w, A);
    pg_world_run(w, 10000);
    assert_true(w->sides[A].pg.duplex.unsure);
    assert_int_equal(w->sides[A].pg.held_n, 0);
    pg_world_controller(w, true);
    pg_world_run(w, 10000);
    assert_true(pg_world_is_active(w, A));
    assert_false(w->sides[A].pg.duplex.unsure);
    assert_int_equal(w->sides[A].pg.opc.agents[0].state, AGENT_STATE_READY);
    assert_int_equal(w->highest, 1);
    pg_world_free(w);
}

/* It closed its provider when it let go, and is not asked for anything before it has another. */
static void test_pg_duplex__side_that_let_go_waits_for_a_provider_in_service(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_cti(w, B, false);
    pg_world_run(w, 1000);
    w->sides[A].cti_out = true;
    struct msg msg = {.kind = MSG_PG_GRANT};
    msg.pg_grant.side = SIDE_A;
    msg.pg_grant.pair = 5000;
    msg.pg_grant.epoch = 9;
    w->highest = 9;
    pg_message(&w->sides[A].pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM, &msg);
    pg_world_run(w, 5000);
    assert_false(pg_world_is_active(w, A));
    assert_int_equal(w->highest, 9);
    pg_world_service(w, A);
    pg_world_run(w, 100);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(w->highest, 10);
    pg_world_free(w);
}

static void test_pg_duplex__side_with_an_older_epoch_steps_down(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    struct msg msg = {.kind = MSG_PG_GRANT};
    msg.pg_grant.side = SIDE_A;
    msg.pg_grant.pair = 5000;
    msg.pg_grant.epoch = 9;
    msg.pg_grant.active = false;
    w->highest = 9;
    w->active = PG_WORLD_B;
    pg_message(&w->sides[A].pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM, &msg);
    assert_false(pg_world_is_active(w, A));
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PG_STANDBY), 1);
    pg_world_free(w);
}

static void test_pg_duplex__failure_rows_of_both_sides_have_the_same_keys(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_routed_call(w, A, 1, 0x0100010000000002);
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), 0x0100010000000003, REASON_NONE);
    pg_world_run(w, 100);
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    assert_int_equal(w->sides[A].rows_n, 3);
    assert_int_equal(w->sides[B].rows_n, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct msg_record_tcd *row = &w->sides[A].rows[i];
        assert_true(row->partial);
        assert_int_equal(row->disposition, 27);
        assert_int_not_equal(row->fail_cause, REASON_NONE);
        uint32_t same = 0;
        for (uint32_t j = 0; j < 3; j++) {
            const struct msg_record_tcd *other = &w->sides[B].rows[j];
            same += other->icr_call_key == row->icr_call_key && other->leg == row->leg &&
                    other->segment == row->segment && call_id_eq(other->call, row->call) &&
                    other->talk_ms == row->talk_ms;
        }
        assert_int_equal(same, 1);
    }
    pg_world_free(w);
}

/* conforms: 43 */
static void test_pg_duplex__call_that_outlives_the_switch_gets_a_second_row(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_run(w, 100);
    pg_world_kill(w, A);
    pg_world_run(w, 2000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].rows_n, 1);
    assert_true(w->sides[B].rows[0].partial);
    assert_int_equal(w->sides[B].rows[0].fail_cause, REASON_PEER_LOST);
    pg_world_open(w, B, 0);
    pg_world_event(w, B, DEVICE_EVENT_DISCONNECTED, (struct device_id){1}, 0x0100010000000001,
                   REASON_HUNG_UP);
    pg_world_ask(w, B, 0, AGENT_REQUEST_WRAPUP_DONE);
    assert_int_equal(w->sides[B].rows_n, 2);
    const struct msg_record_tcd *second = &w->sides[B].rows[1];
    assert_false(second->partial);
    assert_int_equal(second->segment, 1);
    assert_int_equal(second->key, 0);
    assert_int_not_equal(second->icr_call_key, w->sides[B].rows[0].icr_call_key);
    pg_world_free(w);
}

/* The side dies in the moment in which a row goes to disk, or long after it. */
static void test_pg_duplex__a_row_that_the_dead_side_may_not_have_stored_is_written_again(
    void **state)
{
    (void)state;
    for (unsigned late = 0; late <= 1; late++) {
        struct pg_world *w = pair();
        staff(w, A);
        pg_world_routed_call(w, A, 0, 0x0100010000000001);
        pg_world_run(w, 100);
        pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, (struct device_id){1}, 0x0100010000000001,
                       REASON_HUNG_UP);
        pg_world_wrapup(w, A, 0, 0x0100010000000001, "sold");
        pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
        pg_world_run(w, late == 1 ? 2000 : 10);
        assert_int_equal(w->sides[A].rows_n, 1);
        assert_int_equal(w->sides[B].rows_n, 0);
        pg_world_kill(w, A);
        pg_world_run(w, 2000);
        assert_true(pg_world_is_active(w, B));
        assert_int_equal(w->sides[B].rows_n, late == 1 ? 0 : 1);
        if (late == 0) {
            struct msg_record_tcd same = w->sides[B].rows[0];
            same.outbox = w->sides[A].rows[0].outbox;   /* its own */
            same.wall_us = w->sides[A].rows[0].wall_us; /* by its own clock */
            assert_memory_equal(&same, &w->sides[A].rows[0], sizeof same);
        }
        pg_world_free(w);
    }
}

/* Found at the switch, a call may be controlled at once, or when the agent has cleared it. */
static void test_pg_duplex__when_control_returns_is_a_policy(void **state)
{
    (void)state;
    for (unsigned wait = 0; wait <= 1; wait++) {
        struct pg_world *w = pair();
        w->topology.policies.control = wait == 1 ? CONTROL_UNTIL_CLEAR : CONTROL_SNAPSHOT;
        staff(w, A);
        pg_world_routed_call(w, A, 0, 0x0100010000000001);
        pg_world_run(w, 100);
        pg_world_kill(w, A);
        pg_world_run(w, 2000);
        pg_world_open(w, B, 0);
        uint32_t before = w->sides[B].requests_n;
        pg_world_key(w, B, 0, 0x0100010000000001, KEY_HOLD);
        pg_world_run(w, 100);
        assert_int_equal(w->sides[B].requests_n, before + (wait == 1 ? 0 : 1));
        assert_int_equal(w->control, wait == 1 ? REASON_UNTIL_CLEAR : REASON_NONE);
        pg_world_event(w, B, DEVICE_EVENT_DISCONNECTED, (struct device_id){1}, 0x0100010000000001,
                       REASON_HUNG_UP);
        pg_world_ask(w, B, 0, AGENT_REQUEST_WRAPUP_DONE);
        pg_world_routed_call(w, B, 0, 0x0100010000000002);
        before = w->sides[B].requests_n;
        pg_world_key(w, B, 0, 0x0100010000000002, KEY_HOLD);
        pg_world_run(w, 100);
        assert_int_equal(w->sides[B].requests_n, before + 1);
        pg_world_free(w);
    }
}

/* conforms: 37 */
static void test_pg_duplex__restarted_side_takes_the_state_over(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_kill(w, B);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    assert_int_equal(pg_world_count(&w->sides[B], EVENT_PG_SYNCED), 1);
    pg_world_start(w, B);
    pg_world_run(w, 500);
    assert_int_equal(pg_world_count(&w->sides[B], EVENT_PG_SYNCED), 2);
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_routed_call(w, A, 1, 0x0100010000000002);
    pg_world_run(w, 500);
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_free(w);
}

/* A lost its provider, B has none, and A is granted again: what B has is older than A's state. */
static void test_pg_duplex__a_side_that_comes_back_gives_its_state_anew(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_cti(w, B, false);
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, A));
    pg_world_cti(w, A, true);
    pg_world_run(w, 5000);
    assert_true(pg_world_is_active(w, A));
    staff(w, A);
    pg_world_routed_call(w, A, 0, 0x0100010000000001);
    pg_world_run(w, 1000);
    assert_true(opc_state_digest(&w->sides[A].pg.opc) == opc_state_digest(&w->sides[B].pg.opc));
    pg_world_cti(w, B, true);
    pg_world_run(w, 1000);
    pg_world_kill(w, A);
    pg_world_run(w, 5000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].rows_n, 1);
    assert_true(w->sides[B].rows[0].partial);
    pg_world_free(w);
}

/* conforms: 48 */
static void test_pg_duplex__agents_keep_their_state_unless_their_phone_moved(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_cti(w, A, false);
    pg_world_device(w, true, (struct device_id){1}, 2);  /* registered elsewhere meanwhile */
    pg_world_device(w, false, (struct device_id){2}, 1); /* not at all */
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].logouts_n, 2);
    assert_int_equal(w->sides[B].logouts[0].reason_code, 50003);
    assert_int_equal(w->sides[B].logouts[1].reason_code, 50003);
    pg_world_open(w, B, 2);
    assert_int_equal(w->opened[2].reason, REASON_NONE);
    assert_int_equal(w->opened[2].state, AGENT_STATE_READY);
    assert_int_equal(w->agents[0].state, AGENT_STATE_LOGGED_OFF);
    assert_int_equal(w->agents[2].state, AGENT_STATE_READY);
    pg_world_free(w);
}

/* conforms: 49, 52 */
static void test_pg_duplex__desktops_are_closed_and_find_the_other_side(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    staff(w, A);
    pg_world_open(w, B, 0);
    assert_int_equal(w->opened[0].reason, REASON_NOT_ACTIVE);
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    assert_int_equal(w->closed, PG_WORLD_AGENTS);
    pg_world_open(w, B, 0);
    assert_int_equal(w->opened[0].reason, REASON_NONE);
    pg_world_free(w);
}

/* Side B hears of side A, which this test plays, and asks for its state. */
static struct pg_world *taking(void)
{
    struct pg_world *w = pg_world_new();
    struct msg msg = {.kind = MSG_PRIVATE_STATUS};
    pg_world_start(w, B);
    pg_link_up(&w->sides[B].pg, w->now, LINK_PRIVATE, PG_WORLD_A);
    msg.private_status.active = true;
    msg.private_status.epoch = 1;
    pg_message(&w->sides[B].pg, w->now, LINK_PRIVATE, PG_WORLD_A, &msg);
    assert_int_equal(w->sides[B].pg.sync, PG_SYNC_ASKED);
    return w;
}

/* A call of the transfer; its legs would come later. */
static void tell_call(struct pg_world *w, uint64_t call)
{
    struct msg msg = {.kind = MSG_PRIVATE_LEG};
    msg.private_leg.call.v = call;
    msg.private_leg.icr_call_key = 7;
    pg_message(&w->sides[B].pg, w->now, LINK_PRIVATE, PG_WORLD_A, &msg);
}

static void test_pg_duplex__half_a_state_is_no_state(void **state)
{
    (void)state;
    struct pg_world *w = taking();
    tell_call(w, 0x0100010000000001);
    pg_link_down(&w->sides[B].pg, w->now, LINK_PRIVATE, PG_WORLD_A, REASON_TIMEOUT);
    pg_world_run(w, 4000);
    assert_true(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].pg.opc.calls_n, 0);
    pg_world_cti(w, B, false);
    pg_world_run(w, 1000);
    assert_false(pg_world_is_active(w, B));
    assert_int_equal(w->sides[B].rows_n, 0);
    pg_world_free(w);
}

static void test_pg_duplex__a_state_that_cannot_be_is_asked_for_again(void **state)
{
    (void)state;
    struct pg_world *w = taking();
    struct msg last = {.kind = MSG_PRIVATE_LEG};
    last.private_leg.last = true;
    tell_call(w, 0x0100010000000001); /* a call without a leg that nobody waits for */
    pg_message(&w->sides[B].pg, w->now, LINK_PRIVATE, PG_WORLD_A, &last);
    assert_int_equal(w->sides[B].pg.sync, PG_SYNC_NONE);
    assert_int_equal(pg_world_count(&w->sides[B], EVENT_MESSAGE_REJECTED), 1);
    pg_world_free(w);
}

static void test_pg_duplex__an_epoch_from_nowhere_does_not_fence(void **state)
{
    (void)state;
    struct pg_world *w = pair();
    struct msg msg = {.kind = MSG_PRIVATE_STATUS};
    msg.private_status.active = true;
    msg.private_status.epoch = UINT32_MAX;
    pg_message(&w->sides[A].pg, w->now, LINK_PRIVATE, PG_WORLD_B, &msg);
    pg_world_run(w, 1000);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(w->sides[A].pg.duplex.highest, 1);
    pg_world_free(w);
}

static void test_pg_duplex__controller_that_the_peer_reaches_first_is_no_reason_to_give_up(
    void **state)
{
    (void)state;
    struct pg_world *w = pair();
    pg_world_controller(w, false);
    pg_world_run(w, 5000);
    w->controller_up = true;
    w->controller_linked[B] = true;
    pg_link_up(&w->sides[B].pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM);
    pg_world_run(w, 300);
    w->controller_linked[A] = true;
    pg_link_up(&w->sides[A].pg, w->now, LINK_CONTROLLER, PG_WORLD_ICM);
    pg_world_run(w, 5000);
    assert_true(pg_world_is_active(w, A));
    assert_false(pg_world_is_active(w, B));
    pg_world_free(w);
}

/* The link to the CTI Manager breaks just before the grant comes, and is resumed afterwards. */
static void test_pg_duplex__granted_while_the_provider_resumes_waits_for_it(void **state)
{
    (void)state;
    struct pg_world *w = pg_world_new();
    pg_world_start(w, B);
    pg_world_run(w, 2950);
    assert_false(pg_world_is_active(w, B));
    pg_world_cti(w, B, false);
    pg_world_run(w, 100);
    assert_int_equal(w->sides[B].monitored_n, 0);
    pg_world_cti(w, B, true);
    pg_world_run(w, 6000);
    assert_true(pg_world_is_active(w, B));
    assert_false(w->sides[B].active_before_monitors);
    pg_world_free(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_duplex__a_row_that_the_dead_side_may_not_have_stored_is_written_again),
    cmocka_unit_test(test_pg_duplex__first_side_is_active_and_the_other_has_no_monitors),
    cmocka_unit_test(test_pg_duplex__side_b_alone_waits_and_then_goes_active),
    cmocka_unit_test(test_pg_duplex__lost_provider_moves_the_pair_after_all_monitors),
    cmocka_unit_test(test_pg_duplex__nothing_fails_back),
    cmocka_unit_test(
        test_pg_duplex__controller_that_the_peer_reaches_first_is_no_reason_to_give_up),
    cmocka_unit_test(test_pg_duplex__granted_while_the_provider_resumes_waits_for_it),
    cmocka_unit_test(test_pg_duplex__without_a_provider_and_without_a_peer_nobody_is_active),
    cmocka_unit_test(test_pg_duplex__killed_process_is_replaced),
    cmocka_unit_test(test_pg_duplex__cut_private_link_leaves_one_active_side_and_no_rows),
    cmocka_unit_test(test_pg_duplex__inputs_missed_while_the_private_link_was_cut_are_made_up),
    cmocka_unit_test(test_pg_duplex__side_that_slept_writes_nothing_that_the_other_saw),
    cmocka_unit_test(test_pg_duplex__side_that_slept_begins_anew_if_it_was_replaced_meanwhile),
    cmocka_unit_test(test_pg_duplex__side_that_slept_for_a_moment_goes_on_where_it_was),
    cmocka_unit_test(test_pg_duplex__an_answer_from_before_the_sleep_proves_nothing),
    cmocka_unit_test(test_pg_duplex__standby_that_slept_cuts_nothing_for_its_peer),
    cmocka_unit_test(test_pg_duplex__side_that_slept_through_another_grant_begins_anew),
    cmocka_unit_test(test_pg_duplex__unsure_side_waits_for_the_controller_and_then_goes_on),
    cmocka_unit_test(test_pg_duplex__side_that_let_go_waits_for_a_provider_in_service),
    cmocka_unit_test(test_pg_duplex__side_with_an_older_epoch_steps_down),
    cmocka_unit_test(test_pg_duplex__failure_rows_of_both_sides_have_the_same_keys),
    cmocka_unit_test(test_pg_duplex__call_that_outlives_the_switch_gets_a_second_row),
    cmocka_unit_test(test_pg_duplex__when_control_returns_is_a_policy),
    cmocka_unit_test(test_pg_duplex__restarted_side_takes_the_state_over),
    cmocka_unit_test(test_pg_duplex__a_side_that_comes_back_gives_its_state_anew),
    cmocka_unit_test(test_pg_duplex__agents_keep_their_state_unless_their_phone_moved),
    cmocka_unit_test(test_pg_duplex__desktops_are_closed_and_find_the_other_side),
    cmocka_unit_test(test_pg_duplex__half_a_state_is_no_state),
    cmocka_unit_test(test_pg_duplex__a_state_that_cannot_be_is_asked_for_again),
    cmocka_unit_test(test_pg_duplex__an_epoch_from_nowhere_does_not_fence),
};

UNIT_MAIN(tests);
