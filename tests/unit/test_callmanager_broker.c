/* broker: what a CTI Manager gets over the mesh, and what it does not. */
#include "tests/unit/callmanager_fixture.h"

static void ask_snapshot(struct cluster *c, uint16_t node, uint32_t device)
{
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.origin = {node}, .device = {device}};
    callmanager_message(&c->sites[node].cm, c->now, LINK_LOCAL, (struct proc_id){node}, &m);
    settle(c);
}

/* Phones 1 and 2 at node 1, 11 and 12 at node 2. */
static struct cluster *two_nodes(void)
{
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    put(c, 1, 2);
    put(c, 2, 11);
    put(c, 2, 12);
    return c;
}

static void test_callmanager_broker__a_new_session_is_told_to_who_subscribed(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 1);
    assert_int_equal(count(c, MSG_SDL_SESSION), 2); /* those that are there */
    sdl(c, 1, 2, false);
    assert_false(last(c, MSG_SDL_SESSION)->sdl_session.up);
    sdl(c, 1, 2, true);
    settle(c);
    assert_int_equal(count(c, MSG_SDL_SESSION), 4);
    assert_int_equal(last(c, MSG_SDL_SESSION)->sdl_session.node.v, 2);
    assert_true(last(c, MSG_SDL_SESSION)->sdl_session.up);
    for (uint32_t i = 0; i < c->log_n; i++) {
        assert_true(c->log[i].msg.kind != MSG_SDL_SESSION || c->log[i].from == 1);
    }
    /* And its events come again. */
    talk(c, 11, 12);
    assert_non_null(heard(c, 12, DEVICE_EVENT_CONNECTED));
    free(c);
}

static void test_callmanager_broker__the_subscription_goes_before_the_question(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 1);
    sdl(c, 1, 2, false);
    sdl(c, 1, 2, true);
    /* Nothing is delivered yet, and the CTI Manager asks at once. */
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.device = {11}};
    callmanager_message(&c->sites[1].cm, c->now, LINK_LOCAL, (struct proc_id){1}, &m);
    uint32_t subscribe = UINT32_MAX, question = UINT32_MAX;
    for (uint32_t i = 0; i < c->letters_n; i++) {
        if (c->letters[i].to == 2 && c->letters[i].msg.kind == MSG_SDL_SUBSCRIBE) {
            subscribe = i;
        } else if (c->letters[i].to == 2 && c->letters[i].msg.kind == MSG_SDL_SNAPSHOT) {
            question = i;
        }
    }
    assert_true(subscribe < question);
    assert_true(question != UINT32_MAX);
    settle(c);
    assert_non_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    free(c);
}

static void test_callmanager_broker__who_cannot_be_asked_does_not_answer(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 1);
    talk(c, 11, 12);
    sdl(c, 1, 2, false);
    settle(c);
    ask_snapshot(c, 1, 11);
    assert_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT));
    assert_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    /* Of a phone without owner nobody knows anything either. */
    ask_snapshot(c, 1, 30);
    assert_null(heard(c, 30, DEVICE_EVENT_SNAPSHOT_END));
    sdl(c, 1, 2, true);
    settle(c);
    ask_snapshot(c, 1, 11);
    assert_int_equal(heard(c, 11, DEVICE_EVENT_SNAPSHOT)->state, LEG_CONNECTED);
    assert_non_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    free(c);
}

static void test_callmanager_broker__only_the_owner_answers_for_a_device(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 1);
    /* Asked of the former owner: the question was on its way when the phone moved. */
    put(c, 3, 11);
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.origin = {1}, .device = {11}};
    callmanager_message(&c->sites[2].cm, c->now, LINK_SDL, (struct proc_id){1}, &m);
    settle(c);
    assert_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    free(c);
}

/* Node 2's CallManager is back before the registry knows that it was gone. */
static void test_callmanager_broker__its_next_life_does_not_answer_for_the_last(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 1);
    talk(c, 11, 12);
    c->log_n = 0;
    struct callmanager *next = &c->sites[2].cm;
    callmanager_reset(next);
    callmanager_start(next, c->now, (struct incarnation){5000});
    callmanager_link_up(next, c->now, LINK_SDL, (struct proc_id){1});
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.origin = {1}, .device = {11}};
    callmanager_message(next, c->now, LINK_SDL, (struct proc_id){1}, &m);
    settle(c);
    assert_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    free(c);
}

static void test_callmanager_broker__the_answer_goes_to_who_asked(void **state)
{
    (void)state;
    struct cluster *c = two_nodes();
    watch(c, 3);
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.origin = {3}, .device = {11}};
    callmanager_message(&c->sites[2].cm, c->now, LINK_SDL, (struct proc_id){1}, &m);
    assert_int_equal(c->letters_n, 1);
    assert_int_equal(c->letters[0].to, 1);
    free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_broker__a_new_session_is_told_to_who_subscribed),
    cmocka_unit_test(test_callmanager_broker__the_subscription_goes_before_the_question),
    cmocka_unit_test(test_callmanager_broker__who_cannot_be_asked_does_not_answer),
    cmocka_unit_test(test_callmanager_broker__only_the_owner_answers_for_a_device),
    cmocka_unit_test(test_callmanager_broker__its_next_life_does_not_answer_for_the_last),
    cmocka_unit_test(test_callmanager_broker__the_answer_goes_to_who_asked),
};

UNIT_MAIN(tests);
