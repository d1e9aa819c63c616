#include "node/role/agent/agent.h"

#include "tests/unit/fake_world.h"
#include "tests/unit/unit.h"

#include <string.h>

#define CALL  ((struct call_id){7})
#define CALL2 ((struct call_id){8})

static struct topology topology;
static struct fake_world w;
static struct agent_hall hall;
static struct agent a;
static struct msg m;
static enum key keys[32];
static uint32_t keys_n;
static enum reason key_answer;
static char wrapup[64];

static enum reason on_key(void *context, struct device_id device, enum key key, const char *number)
{
    (void)context;
    (void)device;
    (void)number;
    assert_true(keys_n < 32);
    keys[keys_n++] = key;
    return key_answer;
}

static void on_wrapup(void *context, struct device_id device, struct call_id call, const char *text)
{
    (void)context;
    (void)device;
    (void)call;
    strcpy(wrapup, text);
}

static struct instant at(int64_t ms)
{
    return (struct instant){ms * 1000};
}

static void setup(void)
{
    fake_world_topology(&topology, 10, 4);
    fake_world_init(&w);
    memset(&hall, 0, sizeof hall);
    hall.topology = &topology;
    hall.world = &w.world;
    hall.key = on_key;
    hall.wrapup = on_wrapup;
    keys_n = 0;
    key_answer = REASON_NONE;
    wrapup[0] = '\0';
    agent_init(&a, &hall, 0);
    agent_start(&a, &hall, at(0));
}

static void link(struct proc_id side, int64_t ms, bool up)
{
    hall.up[side.v] = up;
    (up ? agent_link_up : agent_link_down)(&a, &hall, at(ms), side);
}

static void opened(struct proc_id side, int64_t ms, enum reason reason, enum agent_state state,
                   bool in_service)
{
    m.kind = MSG_DESKTOP_OPENED;
    m.desktop_opened = (struct msg_desktop_opened){
        .agent = a.id, .reason = reason, .state = state, .in_service = in_service};
    agent_message(&a, &hall, at(ms), side, &m);
}

static void told(struct proc_id side, int64_t ms, enum agent_state state, uint32_t code,
                 bool in_service)
{
    m.kind = MSG_DESKTOP_AGENT;
    m.desktop_agent = (struct msg_desktop_agent){
        .agent = a.id, .state = state, .reason_code = code, .in_service = in_service};
    agent_message(&a, &hall, at(ms), side, &m);
}

/* Let time pass up to `ms`; answers the next request that was sent meanwhile. */
static const struct fake_sent *pass(int64_t ms, enum msg_kind kind)
{
    for (int i = 0; i < 100 && agent_deadline(&a).us <= at(ms).us; i++) {
        agent_tick(&a, &hall, agent_deadline(&a));
    }
    return fake_world_next_of(&w, kind);
}

static void working(void)
{
    setup();
    link(FAKE_PGA, 1, true);
    link(FAKE_PGB, 1, true);
    opened(FAKE_PGA, 2, REASON_NONE, AGENT_STATE_READY, true);
    fake_world_forget(&w);
}

static void phone(int64_t ms, struct call_id call, enum leg state, bool incoming)
{
    agent_phone(&a, &hall, at(ms), call, state, incoming, state == LEG_ENDED);
}

static void test_agent__opens_logs_in_and_goes_ready(void **state)
{
    (void)state;
    setup();
    link(FAKE_PGA, 1, true);
    assert_int_equal(fake_world_next(&w)->kind, MSG_DESKTOP_OPEN);
    opened(FAKE_PGA, 2, REASON_NONE, AGENT_STATE_LOGGED_OFF, true);
    const struct fake_sent *s = pass(1000, MSG_DESKTOP_REQUEST);
    assert_non_null(s);
    assert_int_equal(s->request.request, AGENT_REQUEST_LOGIN);
    assert_int_equal(s->request.device.v, 1);
    told(FAKE_PGA, 1001, AGENT_STATE_NOT_READY, 0, true);
    s = pass(2000, MSG_DESKTOP_REQUEST);
    assert_non_null(s);
    assert_int_equal(s->request.request, AGENT_REQUEST_READY);
    told(FAKE_PGA, 2001, AGENT_STATE_READY, 0, true);
    assert_null(pass(60000, MSG_DESKTOP_REQUEST));
}

/* conforms: 52 */
static void test_agent__tries_the_other_side_when_this_one_is_not_active(void **state)
{
    (void)state;
    setup();
    link(FAKE_PGA, 1, true);
    link(FAKE_PGB, 1, true);
    assert_int_equal(fake_world_next(&w)->peer.v, FAKE_PGA.v);
    opened(FAKE_PGA, 2, REASON_NOT_ACTIVE, AGENT_STATE_LOGGED_OFF, false);
    const struct fake_sent *s = pass(1000, MSG_DESKTOP_OPEN);
    assert_non_null(s);
    assert_int_equal(s->peer.v, FAKE_PGB.v);
}

/* conforms: 49, 50 */
static void test_agent__moves_to_the_other_side_when_closed_and_keeps_its_state(void **state)
{
    (void)state;
    working();
    m.kind = MSG_DESKTOP_CLOSED;
    m.desktop_closed = (struct msg_desktop_closed){.agent = a.id, .reason = REASON_NOT_ACTIVE};
    agent_message(&a, &hall, at(100), FAKE_PGA, &m);
    const struct fake_sent *s = pass(1000, MSG_DESKTOP_OPEN);
    assert_non_null(s);
    assert_int_equal(s->peer.v, FAKE_PGB.v);
    opened(FAKE_PGB, 1001, REASON_NONE, AGENT_STATE_READY, true);
    assert_null(pass(60000, MSG_DESKTOP_REQUEST));
}

/* conforms: 49, 51 */
static void test_agent__moves_to_the_other_side_when_the_link_is_down(void **state)
{
    (void)state;
    working();
    link(FAKE_PGA, 100, false);
    const struct fake_sent *s = pass(1000, MSG_DESKTOP_OPEN);
    assert_non_null(s);
    assert_int_equal(s->peer.v, FAKE_PGB.v);
}

static void test_agent__logged_out_with_50003_it_waits_for_the_phone(void **state)
{
    (void)state;
    working();
    told(FAKE_PGA, 100, AGENT_STATE_LOGGED_OFF, 50003, false);
    assert_null(pass(30000, MSG_DESKTOP_REQUEST));
    assert_int_equal(a.reason_code, 50003);
    told(FAKE_PGA, 30001, AGENT_STATE_LOGGED_OFF, 50003, true);
    const struct fake_sent *s = pass(31000, MSG_DESKTOP_REQUEST);
    assert_non_null(s);
    assert_int_equal(s->request.request, AGENT_REQUEST_LOGIN);
}

static void test_agent__whose_phone_was_lost_may_have_to_be_logged_in_by_hand(void **state)
{
    (void)state;
    working();
    topology.policies.login = LOGIN_MANUAL;
    told(FAKE_PGA, 100, AGENT_STATE_LOGGED_OFF, 50003, false);
    told(FAKE_PGA, 200, AGENT_STATE_LOGGED_OFF, 50003, true);
    assert_null(pass(60000, MSG_DESKTOP_REQUEST));
    bool asked = false;
    assert_int_equal(agent_request(&a, &hall, at(60000), AGENT_REQUEST_LOGIN, &asked), REASON_NONE);
    assert_true(asked);
}

/* The side that logged him out is the other one: its desktop says so when it opens. */
static void test_agent__whose_phone_was_lost_as_the_side_changed_is_logged_in_by_hand(void **state)
{
    (void)state;
    working();
    topology.policies.login = LOGIN_MANUAL;
    link(FAKE_PGB, 100, true);
    link(FAKE_PGA, 200, false);
    assert_non_null(pass(800, MSG_DESKTOP_OPEN));
    m.kind = MSG_DESKTOP_OPENED;
    m.desktop_opened = (struct msg_desktop_opened){
        .agent = a.id, .state = AGENT_STATE_LOGGED_OFF, .reason_code = 50003, .in_service = true};
    agent_message(&a, &hall, at(900), FAKE_PGB, &m);
    assert_null(pass(60000, MSG_DESKTOP_REQUEST));
}

static void test_agent__a_refused_login_is_asked_again(void **state)
{
    (void)state;
    setup();
    link(FAKE_PGA, 1, true);
    opened(FAKE_PGA, 2, REASON_NONE, AGENT_STATE_LOGGED_OFF, true);
    assert_non_null(pass(500, MSG_DESKTOP_REQUEST));
    m.kind = MSG_DESKTOP_RESULT;
    m.desktop_result = (struct msg_desktop_result){
        .agent = a.id, .request = AGENT_REQUEST_LOGIN, .reason = REASON_OUT_OF_SERVICE};
    agent_message(&a, &hall, at(501), FAKE_PGA, &m);
    assert_non_null(pass(2000, MSG_DESKTOP_REQUEST));
}

static void test_agent__goes_ready_at_once_when_the_state_came_before_the_answer(void **state)
{
    (void)state;
    setup();
    link(FAKE_PGA, 1, true);
    opened(FAKE_PGA, 2, REASON_NONE, AGENT_STATE_LOGGED_OFF, true);
    assert_non_null(pass(500, MSG_DESKTOP_REQUEST));
    told(FAKE_PGA, 501, AGENT_STATE_NOT_READY, 0, true);
    m.kind = MSG_DESKTOP_RESULT;
    m.desktop_result = (struct msg_desktop_result){.agent = a.id, .request = AGENT_REQUEST_LOGIN};
    agent_message(&a, &hall, at(502), FAKE_PGA, &m);
    const struct fake_sent *s = pass(800, MSG_DESKTOP_REQUEST);
    assert_non_null(s);
    assert_int_equal(s->request.request, AGENT_REQUEST_READY);
}

static void test_agent__answers_talks_hangs_up_and_enters_wrapup(void **state)
{
    (void)state;
    working();
    phone(100, CALL, LEG_RINGING, true);
    (void)pass(2000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys_n, 1);
    assert_int_equal(keys[0], KEY_ANSWER);
    phone(2000, CALL, LEG_CONNECTED, true);
    (void)pass(12000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys[keys_n - 1], KEY_HANGUP);
    phone(12000, CALL, LEG_ENDED, true);
    told(FAKE_PGA, 12010, AGENT_STATE_WORK_READY, 0, true);
    const struct fake_sent *s = pass(20000, MSG_DESKTOP_WRAPUP);
    assert_non_null(s);
    assert_string_equal(s->wrapup.text, "W5001-1");
    assert_true(call_id_eq(s->wrapup.call, CALL));
    assert_string_equal(wrapup, "W5001-1");
    s = fake_world_next_of(&w, MSG_DESKTOP_REQUEST);
    assert_non_null(s);
    assert_int_equal(s->request.request, AGENT_REQUEST_WRAPUP_DONE);
    assert_int_equal(fake_world_events(&w, EVENT_WRAPUP_ENTERED), 1);
}

static void test_agent__holds_and_takes_the_call_back(void **state)
{
    (void)state;
    working();
    topology.traffic.hold_percent = 100;
    phone(100, CALL, LEG_CONNECTED, true);
    assert_int_equal(a.plan, AGENT_PLAN_HOLD);
    bool held = false;
    for (int64_t ms = 100; ms < 20000 && call_id_some(a.call); ms += 10) {
        while (agent_deadline(&a).us <= at(ms).us) {
            agent_tick(&a, &hall, at(ms));
        }
        const struct fake_sent *s = fake_world_next_of(&w, MSG_DESKTOP_CONTROL);
        enum key key = s != NULL ? (enum key)s->control.key : keys_n > 0 ? keys[0] : KEY_NONE;
        keys_n = 0;
        if (key == KEY_HOLD) {
            held = true;
            phone(ms, CALL, LEG_HOLDING, true);
        } else if (key == KEY_RETRIEVE) {
            phone(ms, CALL, LEG_CONNECTED, true);
        } else if (key == KEY_HANGUP) {
            phone(ms, CALL, LEG_ENDED, true);
        }
    }
    assert_true(held);
    assert_false(call_id_some(a.call));
}

static void test_agent__transfers_announced_when_the_colleague_answers(void **state)
{
    (void)state;
    working();
    phone(100, CALL, LEG_CONNECTED, true);
    a.plan = AGENT_PLAN_TRANSFER;
    a.phone_at = at(1000);
    agent_tick(&a, &hall, at(1000));
    assert_int_equal(keys[0], KEY_TRANSFER);
    phone(1001, CALL, LEG_HOLDING, true);
    phone(1002, CALL2, LEG_DIALING, false);
    phone(1003, CALL2, LEG_RINGBACK, false);
    phone(1500, CALL2, LEG_CONNECTED, false);
    (void)pass(3000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys[keys_n - 1], KEY_TRANSFER_COMPLETE);
    phone(3001, CALL2, LEG_ENDED, false);
    phone(3001, CALL, LEG_ENDED, true);
    assert_false(call_id_some(a.call));
    assert_true(call_id_eq(a.last, CALL));
}

static void test_agent__takes_the_caller_back_when_the_colleague_does_not_answer(void **state)
{
    (void)state;
    working();
    phone(100, CALL, LEG_CONNECTED, true);
    a.plan = AGENT_PLAN_CONFERENCE;
    a.phone_at = at(1000);
    agent_tick(&a, &hall, at(1000));
    phone(1001, CALL, LEG_HOLDING, true);
    phone(1002, CALL2, LEG_RINGBACK, false);
    (void)pass(8000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys[keys_n - 1], KEY_HANGUP);
    phone(8001, CALL2, LEG_ENDED, false);
    key_answer = REASON_NONE;
    fake_world_forget(&w);
    keys_n = 0;
    const struct fake_sent *s = pass(8600, MSG_DESKTOP_CONTROL);
    assert_true((s != NULL && s->control.key == KEY_RETRIEVE) ||
                (keys_n > 0 && keys[0] == KEY_RETRIEVE));
}

static void test_agent__does_nothing_more_about_a_preserved_call(void **state)
{
    (void)state;
    working();
    phone(100, CALL, LEG_CONNECTED, true);
    agent_hands_off(&a);
    (void)pass(60000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys_n, 0);
    phone(60000, CALL, LEG_ENDED, true);
    phone(61000, CALL2, LEG_RINGING, true);
    (void)pass(65000, MSG_DESKTOP_REQUEST);
    assert_int_equal(keys_n, 1);
}

static void test_agent__what_was_asked_by_hand_is_not_undone(void **state)
{
    (void)state;
    working();
    bool asked = false;
    assert_int_equal(agent_request(&a, &hall, at(10), AGENT_REQUEST_NOT_READY, &asked),
                     REASON_NONE);
    assert_true(asked);
    told(FAKE_PGA, 20, AGENT_STATE_NOT_READY, 0, true);
    fake_world_forget(&w);
    assert_null(pass(60000, MSG_DESKTOP_REQUEST));
    assert_int_equal(agent_request(&a, &hall, at(60000), AGENT_REQUEST_LOGOUT, &asked),
                     REASON_NONE);
    told(FAKE_PGA, 60010, AGENT_STATE_LOGGED_OFF, 0, true);
    fake_world_forget(&w);
    assert_null(pass(90000, MSG_DESKTOP_REQUEST));
    assert_int_equal(agent_request(&a, &hall, at(90000), AGENT_REQUEST_WRAPUP_DONE, &asked),
                     REASON_BAD_STATE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_agent__opens_logs_in_and_goes_ready),
    cmocka_unit_test(test_agent__tries_the_other_side_when_this_one_is_not_active),
    cmocka_unit_test(test_agent__moves_to_the_other_side_when_closed_and_keeps_its_state),
    cmocka_unit_test(test_agent__moves_to_the_other_side_when_the_link_is_down),
    cmocka_unit_test(test_agent__logged_out_with_50003_it_waits_for_the_phone),
    cmocka_unit_test(test_agent__whose_phone_was_lost_may_have_to_be_logged_in_by_hand),
    cmocka_unit_test(test_agent__whose_phone_was_lost_as_the_side_changed_is_logged_in_by_hand),
    cmocka_unit_test(test_agent__a_refused_login_is_asked_again),
    cmocka_unit_test(test_agent__goes_ready_at_once_when_the_state_came_before_the_answer),
    cmocka_unit_test(test_agent__answers_talks_hangs_up_and_enters_wrapup),
    cmocka_unit_test(test_agent__holds_and_takes_the_call_back),
    cmocka_unit_test(test_agent__transfers_announced_when_the_colleague_answers),
    cmocka_unit_test(test_agent__takes_the_caller_back_when_the_colleague_does_not_answer),
    cmocka_unit_test(test_agent__does_nothing_more_about_a_preserved_call),
    cmocka_unit_test(test_agent__what_was_asked_by_hand_is_not_undone),
};

UNIT_MAIN(tests);
