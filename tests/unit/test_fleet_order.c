/* Every verb of `rehome phone` and `rehome agent` in every state, in a whole contact centre. */
#include "node/process/fleet_order.h"
#include "tests/unit/office.h"
#include "tests/unit/unit.h"

#include <string.h>

/* ---- Agents ---- */

enum desk_state {
    CLOSED,       /* no side has the desktop open */
    OUT,          /* logged off */
    UNREGISTERED, /* logged off with 50003, the phone is not registered */
    PRESERVED,    /* the same, and the phone is in a preserved call */
    NOT_READY,
    READY,
    RESERVED, /* a routed call rings */
    TALKING,
    HELD,
    INITIATED, /* a call of the agent's own */
    WORK_READY,
    WORK_NOT_READY,
    DESK_STATES
};

/* Agent 5001 gets there; the two others take no calls. */
static struct office *agent_in(enum desk_state at)
{
    struct office *o = office_new();
    assert_int_equal(office_ask(o, 5002, AGENT_REQUEST_NOT_READY).reason, REASON_NONE);
    assert_int_equal(office_ask(o, 5003, AGENT_REQUEST_NOT_READY).reason, REASON_NONE);
    bool called = (at >= RESERVED && at <= HELD) || at == PRESERVED || at >= WORK_READY;
    if (called) {
        assert_int_equal(office_key(o, 1008, KEY_DIAL, "80001").reason, REASON_NONE);
        assert_int_equal(office_state(o, 5001), AGENT_STATE_RESERVED);
    }
    if (called && at != RESERVED) {
        assert_int_equal(office_key(o, 1001, KEY_ANSWER, "").reason, REASON_NONE);
    }
    switch (at) {
    case CLOSED:
        office_link(o, LINK_DESKTOP, OFFICE_FLEET, OFFICE_PG, false);
        return o;
    case OUT:
        assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_LOGOUT).reason, REASON_NONE);
        return o;
    case UNREGISTERED:
        office_link(o, LINK_STATION, OFFICE_FLEET, OFFICE_SUB1, false);
        office_link(o, LINK_STATION, OFFICE_FLEET, OFFICE_SUB2, false);
        office_run(o, 6000);
        assert_int_equal(office_state(o, 5001), AGENT_STATE_LOGGED_OFF);
        return o;
    case PRESERVED:
        office_crash(o, OFFICE_SUB1);
        office_run(o, 1000);
        assert_int_equal(office_state(o, 5001), AGENT_STATE_LOGGED_OFF);
        return o;
    case NOT_READY:
        assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_NOT_READY).reason, REASON_NONE);
        return o;
    case READY:
    case RESERVED:
    case TALKING:
        return o;
    case HELD:
        assert_int_equal(office_key(o, 1001, KEY_HOLD, "").reason, REASON_NONE);
        return o;
    case INITIATED:
        assert_int_equal(office_key(o, 1001, KEY_DIAL, "1007").reason, REASON_NONE);
        return o;
    case WORK_NOT_READY:
        assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_NOT_READY).value, FLEET_ORDER_NOTED);
        assert_int_equal(office_key(o, 1001, KEY_HANGUP, "").reason, REASON_NONE);
        return o;
    case WORK_READY:
        assert_int_equal(office_key(o, 1001, KEY_HANGUP, "").reason, REASON_NONE);
        return o;
    case DESK_STATES:
        break;
    }
    fail_msg("no such state");
    return o;
}

/* What is answered, and what the agent is then. */
struct expected {
    enum reason reason;
    bool noted;
    enum agent_state after;
};

#define DONE(state)                             \
    {                                           \
        REASON_NONE, false, AGENT_STATE_##state \
    }
#define NOTED(state)                           \
    {                                          \
        REASON_NONE, true, AGENT_STATE_##state \
    }
#define REFUSED(why, state)                      \
    {                                            \
        REASON_##why, false, AGENT_STATE_##state \
    }

static const struct expected agents[DESK_STATES][AGENT_REQUEST_COUNT] = {
    [CLOSED] = {[AGENT_REQUEST_LOGIN] = REFUSED(NOT_ACTIVE, READY),
                [AGENT_REQUEST_LOGOUT] = REFUSED(NOT_ACTIVE, READY),
                [AGENT_REQUEST_READY] = REFUSED(NOT_ACTIVE, READY),
                [AGENT_REQUEST_NOT_READY] = REFUSED(NOT_ACTIVE, READY),
                [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(NOT_ACTIVE, READY)},
    [OUT] = {[AGENT_REQUEST_LOGIN] = DONE(NOT_READY),
             [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
             [AGENT_REQUEST_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
             [AGENT_REQUEST_NOT_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
             [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, LOGGED_OFF)},
    [UNREGISTERED] = {[AGENT_REQUEST_LOGIN] = REFUSED(OUT_OF_SERVICE, LOGGED_OFF),
                      [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
                      [AGENT_REQUEST_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
                      [AGENT_REQUEST_NOT_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
                      [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, LOGGED_OFF)},
    [PRESERVED] = {[AGENT_REQUEST_LOGIN] = REFUSED(OUT_OF_SERVICE, LOGGED_OFF),
                   [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
                   [AGENT_REQUEST_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
                   [AGENT_REQUEST_NOT_READY] = REFUSED(BAD_STATE, LOGGED_OFF),
                   [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, LOGGED_OFF)},
    [NOT_READY] = {[AGENT_REQUEST_LOGIN] = DONE(NOT_READY),
                   [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
                   [AGENT_REQUEST_READY] = DONE(READY),
                   [AGENT_REQUEST_NOT_READY] = DONE(NOT_READY),
                   [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, NOT_READY)},
    [READY] = {[AGENT_REQUEST_LOGIN] = DONE(READY),
               [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
               [AGENT_REQUEST_READY] = DONE(READY),
               [AGENT_REQUEST_NOT_READY] = DONE(NOT_READY),
               [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, READY)},
    [RESERVED] = {[AGENT_REQUEST_LOGIN] = DONE(RESERVED),
                  [AGENT_REQUEST_LOGOUT] = REFUSED(BAD_STATE, RESERVED),
                  [AGENT_REQUEST_READY] = NOTED(RESERVED),
                  [AGENT_REQUEST_NOT_READY] = NOTED(RESERVED),
                  [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, RESERVED)},
    [TALKING] = {[AGENT_REQUEST_LOGIN] = DONE(TALKING),
                 [AGENT_REQUEST_LOGOUT] = REFUSED(BAD_STATE, TALKING),
                 [AGENT_REQUEST_READY] = NOTED(TALKING),
                 [AGENT_REQUEST_NOT_READY] = NOTED(TALKING),
                 [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, TALKING)},
    [HELD] = {[AGENT_REQUEST_LOGIN] = DONE(HELD),
              [AGENT_REQUEST_LOGOUT] = REFUSED(BAD_STATE, HELD),
              [AGENT_REQUEST_READY] = NOTED(HELD),
              [AGENT_REQUEST_NOT_READY] = NOTED(HELD),
              [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, HELD)},
    [INITIATED] = {[AGENT_REQUEST_LOGIN] = DONE(CALL_INITIATED),
                   [AGENT_REQUEST_LOGOUT] = REFUSED(BAD_STATE, CALL_INITIATED),
                   [AGENT_REQUEST_READY] = NOTED(CALL_INITIATED),
                   [AGENT_REQUEST_NOT_READY] = NOTED(CALL_INITIATED),
                   [AGENT_REQUEST_WRAPUP_DONE] = REFUSED(BAD_STATE, CALL_INITIATED)},
    [WORK_READY] = {[AGENT_REQUEST_LOGIN] = DONE(WORK_READY),
                    [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
                    [AGENT_REQUEST_READY] = DONE(READY),
                    [AGENT_REQUEST_NOT_READY] = DONE(NOT_READY),
                    [AGENT_REQUEST_WRAPUP_DONE] = DONE(READY)},
    [WORK_NOT_READY] = {[AGENT_REQUEST_LOGIN] = DONE(WORK_NOT_READY),
                        [AGENT_REQUEST_LOGOUT] = DONE(LOGGED_OFF),
                        [AGENT_REQUEST_READY] = DONE(READY),
                        [AGENT_REQUEST_NOT_READY] = DONE(NOT_READY),
                        [AGENT_REQUEST_WRAPUP_DONE] = DONE(NOT_READY)},
};

static void test_fleet_order__an_agent_asks_in_every_state(void **state)
{
    (void)state;
    for (int at = 0; at < DESK_STATES; at++) {
        for (int request = 1; request < AGENT_REQUEST_COUNT; request++) {
            const struct expected *e = &agents[at][request];
            struct office *o = agent_in((enum desk_state)at);
            struct msg_op_done d = office_ask(o, 5001, (enum agent_request)request);
            if (d.reason != e->reason || (d.value == FLEET_ORDER_NOTED) != e->noted ||
                office_state(o, 5001) != e->after) {
                fail_msg("state %d, %s: %s, noted %d, then %s", at,
                         agent_request_text((enum agent_request)request),
                         d.reason < REASON_COUNT ? reason_text((enum reason)d.reason) : "no answer",
                         (int)d.value, agent_state_text(office_state(o, 5001)));
            }
            assert_true(d.reason == REASON_NONE || d.text[0] != '\0'); /* why, in words */
            office_free(o);
        }
    }
}

static void test_fleet_order__what_is_noted_in_a_call_is_done_after_it(void **state)
{
    (void)state;
    static const enum desk_state calls[] = {RESERVED, TALKING, HELD, INITIATED};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct office *o = agent_in(calls[i]);
        struct msg_op_done d = office_ask(o, 5001, AGENT_REQUEST_NOT_READY);
        assert_int_equal(d.value, FLEET_ORDER_NOTED);
        assert_non_null(strstr(d.text, "not ready after the call"));
        if (calls[i] == RESERVED) {
            assert_int_equal(office_key(o, 1001, KEY_ANSWER, "").reason, REASON_NONE);
        }
        assert_int_equal(office_key(o, 1001, KEY_HANGUP, "").reason, REASON_NONE);
        if (calls[i] != INITIATED) {
            assert_int_equal(office_state(o, 5001), AGENT_STATE_WORK_NOT_READY);
            assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_WRAPUP_DONE).reason, REASON_NONE);
        }
        assert_int_equal(office_state(o, 5001), AGENT_STATE_NOT_READY);
        office_run(o, 60000); /* and nobody undoes it */
        assert_int_equal(office_state(o, 5001), AGENT_STATE_NOT_READY);
        office_free(o);
    }
}

static void test_fleet_order__a_refused_logout_changes_nothing(void **state)
{
    (void)state;
    struct office *o = agent_in(TALKING);
    assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_LOGOUT).reason, REASON_BAD_STATE);
    assert_int_equal(office_key(o, 1001, KEY_HANGUP, "").reason, REASON_NONE);
    assert_int_equal(office_ask(o, 5001, AGENT_REQUEST_WRAPUP_DONE).reason, REASON_NONE);
    assert_int_equal(office_state(o, 5001), AGENT_STATE_READY);
    assert_int_equal(office_agent(o, 5001)->wish, AGENT_WISH_WORK);
    office_free(o);
}

static void test_fleet_order__an_order_waits_for_the_desktop(void **state)
{
    (void)state;
    struct office *o = agent_in(CLOSED);
    struct msg_op_command c = {
        .verb = OP_VERB_AGENT, .agent = {5001}, .request = AGENT_REQUEST_NOT_READY};
    struct msg_op_done d = office_order(o, &c, 1000);
    assert_int_equal(d.reason, REASON_COUNT); /* not answered yet */
    office_link(o, LINK_DESKTOP, OFFICE_FLEET, OFFICE_PG, true);
    office_run(o, 1000);
    assert_int_equal(office_state(o, 5001), AGENT_STATE_NOT_READY);
    /* It was answered meanwhile: nobody waits any more. */
    assert_int_equal(office_fleet(o)->waits[0].used, false);
    office_free(o);
}

static void test_fleet_order__a_link_that_breaks_in_the_middle_is_made_up_for(void **state)
{
    (void)state;
    struct office *o = agent_in(READY);
    struct msg_op_command c = {
        .verb = OP_VERB_AGENT, .agent = {5001}, .request = AGENT_REQUEST_NOT_READY};
    /* What is on its way is lost. */
    office_lose(o, LINK_DESKTOP);
    struct msg_op_done d = office_order(o, &c, 0);
    assert_int_equal(d.reason, REASON_COUNT);
    office_link(o, LINK_DESKTOP, OFFICE_FLEET, OFFICE_PG, false);
    office_link(o, LINK_DESKTOP, OFFICE_FLEET, OFFICE_PG, true);
    office_run(o, 1000);
    assert_int_equal(office_state(o, 5001), AGENT_STATE_NOT_READY);
    assert_int_equal(office_fleet(o)->waits[0].used, false);
    office_free(o);
}

static void test_fleet_order__who_does_not_wait_is_answered_at_once(void **state)
{
    (void)state;
    struct office *o = agent_in(TALKING);
    struct msg_op_command c = {.verb = OP_VERB_AGENT,
                               .agent = {5001},
                               .request = AGENT_REQUEST_NOT_READY,
                               .value = FLEET_ORDER_NO_WAIT};
    assert_int_equal(office_order(o, &c, 0).reason, REASON_NONE);
    c = (struct msg_op_command){
        .verb = OP_VERB_PHONE, .key = KEY_HOLD, .number = "1001", .value = FLEET_ORDER_NO_WAIT};
    assert_int_equal(office_order(o, &c, 0).reason, REASON_NONE);
    office_run(o, 100);
    assert_int_equal(office_state(o, 5001), AGENT_STATE_HELD);
    office_free(o);
}

/* ---- Phones ---- */

enum phone_state {
    IDLE,
    AWAY, /* not registered */
    RINGBACK,
    QUEUED,
    RINGING,
    TALKS,
    HOLDS,
    IS_HELD,
    CONSULTS,       /* holds, and the other phone rings */
    CONSULTS_TALKS, /* holds, and talks to the other one */
    CONFERS,
    KEPT, /* in a preserved call */
    PHONE_STATES
};

/* Phone 1007 gets there, with 1008 and 1006. */
static struct office *phone_in(enum phone_state at)
{
    struct office *o = office_new();
    if (at == AWAY) {
        office_link(o, LINK_STATION, OFFICE_FLEET, OFFICE_SUB1, false);
        office_link(o, LINK_STATION, OFFICE_FLEET, OFFICE_SUB2, false);
        return o;
    }
    if (at == QUEUED) {
        for (uint32_t i = 1; i <= OFFICE_AGENTS; i++) {
            assert_int_equal(office_ask(o, 5000 + i, AGENT_REQUEST_LOGOUT).reason, REASON_NONE);
        }
        assert_int_equal(office_key(o, 1007, KEY_DIAL, "80001").reason, REASON_NONE);
        return o;
    }
    if (at == RINGING) {
        assert_int_equal(office_key(o, 1008, KEY_DIAL, "1007").reason, REASON_NONE);
        return o;
    }
    if (at >= RINGBACK) {
        assert_int_equal(office_key(o, 1007, KEY_DIAL, "1008").reason, REASON_NONE);
    }
    if (at >= TALKS) {
        assert_int_equal(office_key(o, 1008, KEY_ANSWER, "").reason, REASON_NONE);
    }
    if (at == HOLDS) {
        assert_int_equal(office_key(o, 1007, KEY_HOLD, "").reason, REASON_NONE);
    } else if (at == IS_HELD) {
        assert_int_equal(office_key(o, 1008, KEY_HOLD, "").reason, REASON_NONE);
    } else if (at >= CONSULTS && at <= CONFERS) {
        assert_int_equal(office_key(o, 1007, KEY_CONFERENCE, "1006").reason, REASON_NONE);
    } else if (at == KEPT) {
        office_crash(o, OFFICE_SUB1);
    }
    if (at == CONSULTS_TALKS || at == CONFERS) {
        assert_int_equal(office_key(o, 1006, KEY_ANSWER, "").reason, REASON_NONE);
    }
    if (at == CONFERS) {
        assert_int_equal(office_key(o, 1007, KEY_CONFERENCE_COMPLETE, "").reason, REASON_NONE);
    }
    return o;
}

static const enum key keys[] = {KEY_DIAL,           KEY_ANSWER,     KEY_HOLD,
                                KEY_RETRIEVE,       KEY_TRANSFER,   KEY_TRANSFER_COMPLETE,
                                KEY_TRANSFER_BLIND, KEY_CONFERENCE, KEY_CONFERENCE_COMPLETE,
                                KEY_HANGUP};

#define KEYS_N (sizeof keys / sizeof keys[0])
#define OK     REASON_NONE
#define BAD    REASON_BAD_STATE
#define NONE   REASON_NO_CALL
#define LIVE   REASON_PRESERVED

/* In the order of `keys`: dial, answer, hold, retrieve, transfer, complete, blind, conference,
 * join, hangup. */
static const enum reason phones[PHONE_STATES][KEYS_N] = {
    [IDLE] = {OK, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE},
    [AWAY] = {REASON_OUT_OF_SERVICE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE},
    [RINGBACK] = {REASON_BUSY, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, OK},
    [QUEUED] = {REASON_BUSY, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, OK},
    [RINGING] = {REASON_BUSY, OK, BAD, BAD, BAD, BAD, BAD, BAD, BAD, OK},
    [TALKS] = {REASON_BUSY, OK, OK, BAD, OK, BAD, OK, OK, BAD, OK},
    [HOLDS] = {REASON_BUSY, BAD, BAD, OK, OK, BAD, OK, OK, BAD, OK},
    [IS_HELD] = {REASON_BUSY, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, OK},
    [CONSULTS] = {REASON_BUSY, BAD, BAD, BAD, BAD, OK, BAD, BAD, BAD, OK},
    [CONSULTS_TALKS] = {REASON_BUSY, OK, OK, BAD, BAD, OK, BAD, BAD, OK, OK},
    [CONFERS] = {REASON_BUSY, OK, OK, BAD, BAD, BAD, BAD, BAD, BAD, OK},
    [KEPT] = {REASON_BUSY, OK, LIVE, LIVE, LIVE, LIVE, LIVE, LIVE, LIVE, OK},
};

static void test_fleet_order__a_phone_has_its_keys_in_every_state(void **state)
{
    (void)state;
    for (int at = 0; at < PHONE_STATES; at++) {
        for (size_t k = 0; k < KEYS_N; k++) {
            struct office *o = phone_in((enum phone_state)at);
            const struct phone *p = office_phone(o, 1007);
            bool needs_number = keys[k] == KEY_DIAL || keys[k] == KEY_TRANSFER ||
                                keys[k] == KEY_TRANSFER_BLIND || keys[k] == KEY_CONFERENCE;
            struct msg_op_done d = office_key(o, 1007, keys[k], needs_number ? "1005" : "");
            if (d.reason != phones[at][k]) {
                fail_msg("state %d, %s: %s %s", at, key_text(keys[k]),
                         d.reason < REASON_COUNT ? reason_text((enum reason)d.reason) : "no answer",
                         d.text);
            }
            if (keys[k] == KEY_HANGUP && d.reason == REASON_NONE && at != CONSULTS &&
                at != CONSULTS_TALKS) {
                assert_true(phone_idle(p));
            }
            office_free(o);
        }
    }
}

static void test_fleet_order__what_a_key_is_pressed_for_is_there_when_it_is_answered(void **state)
{
    (void)state;
    static const struct {
        enum phone_state at;
        enum key key;
        enum leg leg;
    } cases[] = {{RINGING, KEY_ANSWER, LEG_CONNECTED},
                 {TALKS, KEY_HOLD, LEG_HOLDING},
                 {HOLDS, KEY_RETRIEVE, LEG_CONNECTED},
                 {CONSULTS, KEY_TRANSFER_COMPLETE, LEG_IDLE},
                 {CONSULTS_TALKS, KEY_CONFERENCE_COMPLETE, LEG_CONNECTED},
                 {TALKS, KEY_TRANSFER_BLIND, LEG_IDLE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct office *o = phone_in(cases[i].at);
        const char *to = cases[i].key == KEY_TRANSFER_BLIND ? "1005" : "";
        assert_int_equal(office_key(o, 1007, cases[i].key, to).reason, REASON_NONE);
        const struct call_leg *leg = phone_leg(office_phone(o, 1007));
        assert_int_equal(leg != NULL ? leg->state : LEG_IDLE, cases[i].leg);
        office_free(o);
    }
}

static void test_fleet_order__a_number_that_cannot_be_reached_is_said(void **state)
{
    (void)state;
    static const struct {
        enum phone_state at;
        enum key key;
        const char *to;
        enum reason reason;
    } cases[] = {{IDLE, KEY_DIAL, "4711", REASON_UNKNOWN_NUMBER},
                 {IDLE, KEY_DIAL, "1007", REASON_BUSY},
                 {TALKS, KEY_TRANSFER, "4711", REASON_UNKNOWN_NUMBER},
                 {TALKS, KEY_TRANSFER, "1008", REASON_BUSY},
                 {TALKS, KEY_CONFERENCE, "1008", REASON_BUSY},
                 {TALKS, KEY_TRANSFER_BLIND, "4711", REASON_UNKNOWN_NUMBER},
                 {TALKS, KEY_TRANSFER, "", REASON_BAD_REQUEST}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct office *o = phone_in(cases[i].at);
        assert_int_equal(office_key(o, 1007, cases[i].key, cases[i].to).reason, cases[i].reason);
        office_free(o);
    }
}

static void test_fleet_order__a_refused_key_leaves_the_phone_to_its_person(void **state)
{
    (void)state;
    struct office *o = phone_in(RINGBACK);
    assert_int_equal(office_key(o, 1008, KEY_HOLD, "").reason, REASON_BAD_STATE);
    assert_false(office_phone(o, 1008)->person.by_hand);
    assert_true(office_phone(o, 1007)->person.by_hand);
    office_free(o);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_fleet_order__an_agent_asks_in_every_state),
    cmocka_unit_test(test_fleet_order__what_is_noted_in_a_call_is_done_after_it),
    cmocka_unit_test(test_fleet_order__a_refused_logout_changes_nothing),
    cmocka_unit_test(test_fleet_order__an_order_waits_for_the_desktop),
    cmocka_unit_test(test_fleet_order__a_link_that_breaks_in_the_middle_is_made_up_for),
    cmocka_unit_test(test_fleet_order__who_does_not_wait_is_answered_at_once),
    cmocka_unit_test(test_fleet_order__a_phone_has_its_keys_in_every_state),
    cmocka_unit_test(test_fleet_order__what_a_key_is_pressed_for_is_there_when_it_is_answered),
    cmocka_unit_test(test_fleet_order__a_number_that_cannot_be_reached_is_said),
    cmocka_unit_test(test_fleet_order__a_refused_key_leaves_the_phone_to_its_person),
};

UNIT_MAIN(tests);
