#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define A    0
#define CALL UINT64_C(0x0100010000000001)

static const struct device_id phone = {1};

/* What happens to the phone of agent `nth` in a call: from whom, to whom, and in which call it was
 * until then (0: in this one). */
struct happening {
    enum device_event kind;
    uint32_t nth;
    uint64_t call, old_call;
    enum reason reason;
    const char *from, *to;
};

static void happen(struct pg_world *w, const struct happening *h)
{
    struct msg msg = {.kind = MSG_CTI_EVENT};
    msg.cti_event.provider = w->sides[A].provider;
    msg.cti_event.seq = ++w->sides[A].seq;
    struct msg_device_event *e = &msg.cti_event.event;
    *e = (struct msg_device_event){.device = {1 + h->nth},
                                   .epoch = 1,
                                   .call = {h->call},
                                   .kind = h->kind,
                                   .reason = h->reason,
                                   .old_call = {h->old_call}};
    snprintf(e->from, sizeof e->from, "%s", h->from != NULL ? h->from : "5551234");
    snprintf(e->to, sizeof e->to, "%s", h->to != NULL ? h->to : "80001");
    pg_message(&w->sides[A].pg, w->now, LINK_JTAPI, w->sides[A].cti, &msg);
    pg_world_run(w, 0);
}

/* In which call, then what else there is to say. */
#define HAPPEN(w, what, who, ...) \
    happen((w), &(struct happening){.kind = (what), .nth = (who), .call = __VA_ARGS__})

static struct pg_world *ready(void)
{
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    for (uint32_t i = 0; i < PG_WORLD_AGENTS; i++) {
        pg_world_open(w, A, i);
        pg_world_ask(w, A, i, AGENT_REQUEST_LOGIN);
        pg_world_ask(w, A, i, AGENT_REQUEST_READY);
    }
    return w;
}

static const struct msg_record_tcd *only_row(const struct pg_world *w)
{
    assert_int_equal(w->sides[A].rows_n, 1);
    return &w->sides[A].rows[0];
}

static void test_pg_tcd__routed_call_is_one_row_with_its_times_and_wrapup(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_run(w, 1000);
    pg_world_event(w, A, DEVICE_EVENT_HELD, phone, CALL, REASON_NONE);
    pg_world_run(w, 500);
    pg_world_event(w, A, DEVICE_EVENT_RETRIEVED, phone, CALL, REASON_NONE);
    pg_world_run(w, 1000);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    assert_int_equal(w->sides[A].rows_n, 0);
    assert_int_equal(w->agents[0].state, AGENT_STATE_WORK_READY);
    pg_world_wrapup(w, A, 0, CALL, "sold");
    pg_world_run(w, 700);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *row = only_row(w);
    assert_int_equal(row->disposition, 13);
    assert_int_equal(row->call_type, 2);
    assert_int_equal(row->agent.v, 5001);
    assert_int_equal(row->skill, 42);
    assert_int_equal(row->day, 7);
    assert_int_not_equal(row->key, 0);
    assert_int_equal(row->ring_ms, 300);
    assert_int_equal(row->talk_ms, 2000);
    assert_int_equal(row->hold_ms, 500);
    assert_int_equal(row->work_ms, 700);
    assert_int_equal(row->duration_ms, row->ring_ms + row->talk_ms + row->hold_ms + row->work_ms +
                                           row->queue_ms + row->delay_ms);
    assert_string_equal(row->wrapup, "sold");
    assert_false(row->partial);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    pg_world_free(w);
}

static void test_pg_tcd__a_cut_row_may_be_called_partial(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    w->topology.policies.cut_row = CUT_ROW_PARTIAL;
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    assert_int_equal(only_row(w)->disposition, 53);
    assert_true(only_row(w)->partial);
    pg_world_free(w);
}

/* conforms: 42 */
static void test_pg_tcd__wrapup_after_a_failure_reaches_no_row(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_wrapup(w, A, 0, CALL, "before");
    pg_world_run(w, 1000);
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    const struct msg_record_tcd first = *only_row(w);
    assert_true(first.partial);
    assert_int_equal(first.disposition, 27);
    assert_int_equal(first.talk_ms / 100, 12); /* until the break was taken for a loss */
    assert_string_equal(first.wrapup, "");
    pg_world_cti(w, A, true);
    pg_world_run(w, 3000);
    pg_world_open(w, A, 0);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    pg_world_wrapup(w, A, 0, CALL, "too late");
    assert_int_equal(w->sides[A].rows_n, 2);
    assert_memory_equal(&w->sides[A].rows[0], &first, sizeof first);
    assert_int_equal(w->sides[A].rows[1].segment, 1);
    assert_string_equal(w->sides[A].rows[1].wrapup, "");
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_WRAPUP_ENTERED), 2);
    pg_world_free(w);
}

/* conforms: 53 */
static void test_pg_tcd__leg_in_wrapup_at_a_failure_is_handled_without_wrapup(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    pg_world_wrapup(w, A, 0, CALL, "half");
    pg_world_cti(w, A, false);
    pg_world_run(w, 1000);
    const struct msg_record_tcd *row = only_row(w);
    assert_int_equal(row->disposition, 13);
    assert_false(row->partial);
    assert_string_equal(row->wrapup, "");
    pg_world_cti(w, A, true);
    pg_world_run(w, 3000);
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    pg_world_free(w);
}

static void test_pg_tcd__caller_who_gives_up_in_the_queue_is_a_row(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_run(w, 800);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_ABANDONED);
    const struct msg_record_tcd *row = only_row(w);
    assert_int_equal(row->disposition, 2);
    assert_int_equal(row->queue_ms, 800);
    assert_int_equal(row->abandon_ms, 800);
    assert_int_equal(row->work_ms, 0);
    assert_int_equal(w->sides[A].pg.opc.calls_n, 0);
    pg_world_free(w);
}

static void test_pg_tcd__ring_no_answer_sets_the_agent_not_ready(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_label(w, A, 0);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_REDIRECTED);
    pg_world_event(w, A, DEVICE_EVENT_RINGING, phone, CALL, REASON_NONE);
    pg_world_run(w, 12000);
    pg_world_event(w, A, DEVICE_EVENT_FAILED, pg_world_point(w), CALL, REASON_NO_ANSWER);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_NO_ANSWER);
    assert_int_equal(only_row(w)->disposition, 19);
    assert_int_equal(w->agents[0].state, AGENT_STATE_NOT_READY);
    assert_int_equal(w->sides[A].pg.opc.agents[0].reason_code, 32767);
    pg_world_free(w);
}

static void test_pg_tcd__what_an_agent_asks_for_in_a_call_is_traced_and_comes_after_it(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    const struct pg_world_side *s = &w->sides[A];
    pg_world_ask(w, A, 1, AGENT_REQUEST_NOT_READY);
    assert_int_equal(pg_world_count(s, EVENT_AGENT_AFTER), 0);
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_ask(w, A, 0, AGENT_REQUEST_NOT_READY);
    pg_world_ask(w, A, 0, AGENT_REQUEST_NOT_READY);
    assert_int_equal(pg_world_count(s, EVENT_AGENT_AFTER), 1);
    const struct event *e = &s->events[s->events_n - 1];
    assert_int_equal(e->kind, EVENT_AGENT_AFTER);
    assert_int_equal(e->device.v, phone.v);
    assert_int_equal(e->value, s->pg.opc.agents[0].info.id.v);
    assert_int_equal(e->value2, AGENT_STATE_NOT_READY);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    assert_int_equal(w->agents[0].state, AGENT_STATE_WORK_NOT_READY);
    pg_world_free(w);
}

/* conforms: 41, 47 */
static void test_pg_tcd__phone_out_of_service_cuts_its_call_and_logs_out(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    pg_world_run(w, 400);
    pg_world_device(w, false, phone, 1);
    assert_true(only_row(w)->partial);
    assert_int_equal(only_row(w)->fail_cause, REASON_NODE_LOST);
    assert_int_equal(w->sides[A].logouts_n, 1);
    assert_int_equal(w->sides[A].logouts[0].reason_code, 50003);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    assert_int_equal(w->sides[A].rows_n, 1);
    pg_world_free(w);
}

static void test_pg_tcd__leg_from_before_the_login_leaves_its_agent_free(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_label(w, A, 0);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_REDIRECTED);
    pg_world_device(w, true, phone, 2); /* it went home meanwhile */
    assert_int_equal(w->agents[0].state, AGENT_STATE_LOGGED_OFF);
    pg_world_event(w, A, DEVICE_EVENT_RINGING, phone, CALL, REASON_NONE);
    pg_world_ask(w, A, 0, AGENT_REQUEST_LOGIN);
    pg_world_event(w, A, DEVICE_EVENT_CONNECTED, phone, CALL, REASON_NONE);
    assert_int_equal(w->agents[0].state, AGENT_STATE_TALKING);
    pg_world_run(w, 1000);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, phone, CALL, REASON_HUNG_UP);
    assert_int_equal(only_row(w)->disposition, 13);
    assert_int_equal(w->agents[0].state, AGENT_STATE_NOT_READY);
    pg_world_free(w);
}

#define CONSULT (CALL + 1)

/* Agent 0 has the caller on hold and talks to agent 1. */
static struct pg_world *consulting(void)
{
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_HELD, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_ORIGINATED, 0, CONSULT, .from = "1001", .to = "1002");
    HAPPEN(w, DEVICE_EVENT_RINGING, 1, CONSULT, .from = "1001", .to = "1002");
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 1, CONSULT, .from = "1001", .to = "1002");
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 0, CONSULT, .from = "1001", .to = "1002");
    pg_world_run(w, 500);
    return w;
}

static void test_pg_tcd__announced_transfer_is_a_row_for_each_leg(void **state)
{
    (void)state;
    struct pg_world *w = consulting();
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CONSULT, .reason = REASON_TRANSFERRED);
    HAPPEN(w, DEVICE_EVENT_TRANSFERRED, 0, CALL, .old_call = CONSULT);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_TRANSFERRED);
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 1, CALL, .old_call = CONSULT);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 1, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 1, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 3);
    assert_int_equal(rows[0].call_type, 12);
    assert_int_equal(rows[0].disposition, 29);
    assert_int_equal(rows[0].key, 0); /* a call that no router saw */
    assert_int_equal(rows[1].call_type, 2);
    assert_int_equal(rows[1].disposition, 29);
    assert_int_equal(rows[2].call_type, 4);
    assert_int_equal(rows[2].disposition, 14);
    assert_true(rows[2].call.v == CALL);
    /* The consultation is the child of the call that it was about. */
    assert_int_equal(rows[1].icr_call_key_child, rows[0].icr_call_key);
    assert_int_equal(rows[0].icr_call_key_parent, rows[1].icr_call_key);
    assert_int_equal(rows[2].icr_call_key, rows[0].icr_call_key);
    assert_int_equal(rows[2].icr_call_key_parent, rows[1].icr_call_key);
    /* One call of the router's, a leg after the other. */
    assert_int_not_equal(rows[1].key, 0);
    assert_int_equal(rows[2].day, rows[1].day);
    assert_int_equal(rows[2].key, rows[1].key);
    assert_int_equal(rows[2].key_seq, rows[1].key_seq + 1);
    assert_int_equal(w->sides[A].pg.opc.legs_n, 0);
    assert_int_equal(w->sides[A].pg.opc.calls_n, 0);
    pg_world_free(w);
}

static void test_pg_tcd__leg_with_a_router_key_keeps_it_in_a_transfer(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_HELD, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_ORIGINATED, 0, CONSULT, .from = "1001", .to = "80001");
    pg_world_routed_call(w, A, 1, CONSULT);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CONSULT, .reason = REASON_TRANSFERRED);
    HAPPEN(w, DEVICE_EVENT_TRANSFERRED, 0, CALL, .old_call = CONSULT);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_TRANSFERRED);
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 1, CALL, .old_call = CONSULT);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 1, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    pg_world_ask(w, A, 1, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 3);
    assert_int_equal(rows[1].agent.v, 5001);
    assert_int_equal(rows[2].agent.v, 5002);
    assert_int_equal(rows[2].key, rows[1].key + 1); /* the router's next call */
    pg_world_free(w);
}

static void test_pg_tcd__blind_transfer_is_a_row_for_each_leg(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_routed_call(w, A, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_TRANSFERRED, 0, CALL);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_TRANSFERRED);
    HAPPEN(w, DEVICE_EVENT_RINGING, 1, CALL, .to = "1002");
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 1, CALL, .to = "1002");
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 1, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 1, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 2);
    assert_int_equal(rows[0].disposition, 28);
    assert_int_equal(rows[0].call_type, 2);
    assert_int_equal(rows[1].disposition, 14);
    assert_int_equal(rows[1].call_type, 4);
    assert_int_equal(rows[1].icr_call_key, rows[0].icr_call_key);
    assert_int_not_equal(rows[1].leg, rows[0].leg);
    assert_int_not_equal(rows[0].key, 0);
    assert_int_equal(rows[1].key, rows[0].key);
    assert_int_equal(rows[1].key_seq, rows[0].key_seq + 1);
    pg_world_free(w);
}

static void test_pg_tcd__conference_is_a_row_for_each_leg(void **state)
{
    (void)state;
    struct pg_world *w = consulting();
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CONSULT, .reason = REASON_CONFERENCED);
    HAPPEN(w, DEVICE_EVENT_CONFERENCED, 0, CALL, .old_call = CONSULT);
    HAPPEN(w, DEVICE_EVENT_CONFERENCED, 1, CALL, .old_call = CONSULT);
    pg_world_run(w, 300);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 1, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 1, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 3);
    assert_int_equal(rows[0].call_type, 14);
    assert_int_equal(rows[0].disposition, 30);
    assert_int_equal(rows[1].call_type, 2);
    assert_int_equal(rows[1].disposition, 30);
    assert_int_equal(rows[1].hold_ms, 500);
    assert_int_equal(rows[2].call_type, 15);
    assert_int_equal(rows[2].disposition, 30);
    assert_int_equal(rows[2].key, rows[1].key);
    pg_world_free(w);
}

static void test_pg_tcd__consultation_that_comes_to_nothing_is_two_rows(void **state)
{
    (void)state;
    struct pg_world *w = consulting();
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 1, CONSULT, .reason = REASON_HUNG_UP);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CONSULT, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 1, AGENT_REQUEST_WRAPUP_DONE);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 2);
    assert_int_equal(rows[0].call_type, 12);
    assert_int_equal(rows[1].call_type, 13);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rows[i].disposition, 14);
        assert_int_equal(rows[i].key, 0);
        assert_int_equal(rows[i].icr_call_key_parent, rows[0].icr_call_key - 1);
    }
    pg_world_free(w);
}

/* The caller hangs up while the agent consults, and then the consultation is cut. */
static void test_pg_tcd__call_that_ended_before_a_cut_one_is_wrapped_up(void **state)
{
    (void)state;
    struct pg_world *w = consulting();
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_HUNG_UP);
    assert_int_equal(w->sides[A].rows_n, 0);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CONSULT, .reason = REASON_DROPPED_IN_SETUP);
    const struct msg_record_tcd *rows = w->sides[A].rows;
    assert_int_equal(w->sides[A].rows_n, 1);
    assert_int_equal(rows[0].disposition, 27);
    assert_int_equal(w->agents[0].state, AGENT_STATE_WORK_READY);
    pg_world_wrapup(w, A, 0, CALL, "sold");
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    assert_int_equal(w->sides[A].rows_n, 2);
    assert_int_equal(rows[1].disposition, 13);
    assert_string_equal(rows[1].wrapup, "sold");
    pg_world_free(w);
}

static void test_pg_tcd__call_type_says_who_is_at_the_other_end(void **state)
{
    (void)state;
    static const struct {
        bool inbound;
        const char *from, *to;
        uint32_t call_type;
    } cases[] = {
        {false, "1001", "1002", 10}, {false, "1001", "80001", 10}, {false, "1001", "4711", 9},
        {true, "1002", "1001", 10},  {true, "5551234", "1001", 6},
    };
    struct pg_world *w = ready();
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const enum device_event begin =
            cases[i].inbound ? DEVICE_EVENT_RINGING : DEVICE_EVENT_ORIGINATED;
        HAPPEN(w, begin, 0, CALL + i, .from = cases[i].from, .to = cases[i].to);
        pg_world_run(w, 100);
        HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL + i, .reason = REASON_HUNG_UP);
        assert_int_equal(w->sides[A].rows_n, i + 1);
        const struct msg_record_tcd *row = &w->sides[A].rows[i];
        assert_int_equal(row->call_type, cases[i].call_type);
        assert_int_equal(row->disposition, cases[i].inbound ? 3 : 10);
        assert_int_equal(row->abandon_ms, cases[i].inbound ? 100 : 0);
        assert_int_equal(row->key, 0);
    }
    pg_world_free(w);
}

static void test_pg_tcd__other_call_handled_is_14(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    HAPPEN(w, DEVICE_EVENT_RINGING, 0, CALL, .to = "1001");
    HAPPEN(w, DEVICE_EVENT_CONNECTED, 0, CALL, .to = "1001");
    pg_world_run(w, 100);
    HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, CALL, .reason = REASON_HUNG_UP);
    pg_world_ask(w, A, 0, AGENT_REQUEST_WRAPUP_DONE);
    assert_int_equal(only_row(w)->disposition, 14);
    assert_int_equal(only_row(w)->talk_ms, 100);
    pg_world_free(w);
}

static void test_pg_tcd__system_that_ends_a_call_at_the_point_is_26(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_NO_AGENT);
    assert_int_equal(only_row(w)->disposition, 26);
    assert_false(only_row(w)->partial);
    pg_world_free(w);
}

static void test_pg_tcd__two_calls_in_a_row_that_do_not_arrive_set_the_agent_not_ready(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_label(w, A, 0);
    pg_world_run(w, 7100);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    pg_world_label(w, A, 0);
    pg_world_run(w, 7100);
    assert_int_equal(w->agents[0].state, AGENT_STATE_NOT_READY);
    assert_int_equal(w->sides[A].pg.opc.agents[0].reason_code, 50010);
    pg_world_free(w);
}

static void test_pg_tcd__call_that_arrives_forgives_the_one_that_did_not(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    for (uint64_t call = CALL; call < CALL + 2; call++) {
        pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), call, REASON_NONE);
        pg_world_label(w, A, 0);
        pg_world_run(w, 7100);
        assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
        pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), call, REASON_ABANDONED);
        HAPPEN(w, DEVICE_EVENT_RINGING, 0, call + 10);
        HAPPEN(w, DEVICE_EVENT_DISCONNECTED, 0, call + 10, .reason = REASON_HUNG_UP);
        assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    }
    pg_world_free(w);
}

/* The node of the route point went and came back before anybody had called it down. */
static void test_pg_tcd__call_that_vanished_at_the_point_is_cut(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_NO_CALL);
    assert_true(only_row(w)->partial);
    assert_int_equal(only_row(w)->fail_cause, REASON_NO_CALL);
    assert_int_equal(w->sides[A].pg.opc.calls_n, 0);
    pg_world_free(w);
}

static void test_pg_tcd__call_that_never_arrives_is_a_row_and_frees_the_agent(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    pg_world_label(w, A, 0);
    assert_int_equal(w->agents[0].state, AGENT_STATE_RESERVED);
    pg_world_event(w, A, DEVICE_EVENT_DISCONNECTED, pg_world_point(w), CALL, REASON_REDIRECTED);
    pg_world_run(w, 7100);
    assert_int_equal(only_row(w)->disposition, 1);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    pg_world_free(w);
}

static void test_pg_tcd__reservation_that_runs_out_frees_the_agent_and_asks_again(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    uint64_t first = w->last_route.request;
    pg_world_label(w, A, 0);
    assert_int_equal(w->agents[0].state, AGENT_STATE_RESERVED);
    pg_world_run(w, 6900);
    assert_int_equal(w->agents[0].state, AGENT_STATE_RESERVED);
    pg_world_run(w, 200);
    assert_int_equal(w->agents[0].state, AGENT_STATE_READY);
    assert_int_equal(w->routes, 2);
    assert_true(w->last_route.call.v == CALL);
    assert_true(w->last_route.request != first);
    assert_int_equal(w->sides[A].rows_n, 0);
    pg_world_free(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_tcd__routed_call_is_one_row_with_its_times_and_wrapup),
    cmocka_unit_test(test_pg_tcd__a_cut_row_may_be_called_partial),
    cmocka_unit_test(test_pg_tcd__wrapup_after_a_failure_reaches_no_row),
    cmocka_unit_test(test_pg_tcd__leg_in_wrapup_at_a_failure_is_handled_without_wrapup),
    cmocka_unit_test(test_pg_tcd__caller_who_gives_up_in_the_queue_is_a_row),
    cmocka_unit_test(test_pg_tcd__ring_no_answer_sets_the_agent_not_ready),
    cmocka_unit_test(test_pg_tcd__what_an_agent_asks_for_in_a_call_is_traced_and_comes_after_it),
    cmocka_unit_test(test_pg_tcd__phone_out_of_service_cuts_its_call_and_logs_out),
    cmocka_unit_test(test_pg_tcd__leg_from_before_the_login_leaves_its_agent_free),
    cmocka_unit_test(test_pg_tcd__announced_transfer_is_a_row_for_each_leg),
    cmocka_unit_test(test_pg_tcd__leg_with_a_router_key_keeps_it_in_a_transfer),
    cmocka_unit_test(test_pg_tcd__blind_transfer_is_a_row_for_each_leg),
    cmocka_unit_test(test_pg_tcd__conference_is_a_row_for_each_leg),
    cmocka_unit_test(test_pg_tcd__consultation_that_comes_to_nothing_is_two_rows),
    cmocka_unit_test(test_pg_tcd__call_that_ended_before_a_cut_one_is_wrapped_up),
    cmocka_unit_test(test_pg_tcd__call_type_says_who_is_at_the_other_end),
    cmocka_unit_test(test_pg_tcd__other_call_handled_is_14),
    cmocka_unit_test(test_pg_tcd__system_that_ends_a_call_at_the_point_is_26),
    cmocka_unit_test(test_pg_tcd__two_calls_in_a_row_that_do_not_arrive_set_the_agent_not_ready),
    cmocka_unit_test(test_pg_tcd__call_that_arrives_forgives_the_one_that_did_not),
    cmocka_unit_test(test_pg_tcd__call_that_vanished_at_the_point_is_cut),
    cmocka_unit_test(test_pg_tcd__call_that_never_arrives_is_a_row_and_frees_the_agent),
    cmocka_unit_test(test_pg_tcd__reservation_that_runs_out_frees_the_agent_and_asks_again),
};

UNIT_MAIN(tests);
