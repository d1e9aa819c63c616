/* Where a call goes, and what becomes of it when nobody is there. A caller who waits at a route
 * point leaves it only for a phone that rings, wherever that phone is. */
#include "tests/unit/callmanager_fixture.h"

/* Phones 1, 2 at node 1, phones 11, 12 at node 2, phones 21, 22 at node 3; CTI at node 3; the route
 * point at `node`. */
static struct cluster *desk(uint16_t node)
{
    struct cluster *c = cluster_new();
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        put(c, n, 10u * (n - 1) + 1);
        put(c, n, 10u * (n - 1) + 2);
    }
    watch(c, 3);
    hold_route_point(c, node);
    return c;
}

/* Phone 1 waits at the route point. */
static struct call_id queue(struct cluster *c)
{
    dial(c, 1, 1, "8000", "");
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    return call_of(c, 1);
}

/* Deliver messages of the mesh until one of `kind` is next. */
static void deliver_until(struct cluster *c, enum msg_kind kind)
{
    static struct letter l;
    while (c->letters_n > 0 && c->letters[0].msg.kind != kind) {
        l = c->letters[0];
        c->letters_n--;
        memmove(&c->letters[0], &c->letters[1], c->letters_n * sizeof c->letters[0]);
        callmanager_message(&c->sites[l.to].cm, c->now, l.link, (struct proc_id){l.from}, &l.msg);
    }
    assert_true(c->letters_n > 0);
}

/* CTI at node 3 asks, and nothing is delivered yet; answers the number of the request. */
static uint64_t ask_route(struct cluster *c, struct call_id call, const char *number)
{
    static struct msg m;
    static uint64_t id = 1000;
    m.kind = MSG_SDL_REQUEST;
    m.sdl_request = (struct msg_sdl_request){
        .id = ++id, .device = {ROUTE_POINT}, .call = call, .key = KEY_ROUTE};
    snprintf(m.sdl_request.number, NUMBER_LEN, "%s", number);
    callmanager_message(&c->sites[3].cm, c->now, LINK_LOCAL, (struct proc_id){3}, &m);
    return id;
}

/* What was answered to a request; REASON_COUNT: nothing yet. Two answers are one too many. */
static enum reason answer_to(const struct cluster *c, uint64_t id)
{
    enum reason reason = REASON_COUNT;
    for (uint32_t i = 0; i < c->log_n; i++) {
        const struct msg *m = &c->log[i].msg;
        if (m->kind == MSG_SDL_REQUEST_RESULT && m->sdl_request_result.id == id) {
            assert_int_equal(reason, REASON_COUNT);
            reason = (enum reason)m->sdl_request_result.reason;
        }
    }
    return reason;
}

static void nothing_is_left(const struct cluster *c)
{
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        assert_int_equal(c->sites[n].cm.parties_n, 0);
        assert_int_equal(callmanager_calls(&c->sites[n].cm), 0);
    }
}

static void still_waits(struct cluster *c)
{
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    assert_null(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED));
    assert_null(heard(c, ROUTE_POINT, DEVICE_EVENT_FAILED));
}

static void test_callmanager_route__a_busy_phone_leaves_the_caller_in_the_queue(void **state)
{
    (void)state;
    /* Wherever the route point and the phone are. */
    for (uint16_t point = 1; point <= 2; point++) {
        for (uint32_t phone = 2; phone <= 22; phone += 10) {
            struct cluster *c = desk(point);
            dial(c, phone, 1, phone == 2 ? "1012" : "1002", "");
            struct call_id call = queue(c);
            char number[NUMBER_LEN];
            snprintf(number, sizeof number, "%u", 1000 + phone);
            assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, number), REASON_BUSY);
            still_waits(c);
            assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1021"), REASON_NONE);
            check_leg(c, 21, LEG_RINGING, REASON_NONE, 0);
            assert_int_equal(c->legs[1].state, LEG_RINGBACK);
            assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason,
                             REASON_REDIRECTED);
            assert_int_equal(press(c, 21, call, KEY_ANSWER, ""), REASON_NONE);
            check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 21);
            free(c);
        }
    }
}

static void test_callmanager_route__a_phone_that_just_left_leaves_the_caller_there(void **state)
{
    (void)state;
    for (uint16_t node = 1; node <= 3; node++) {
        struct cluster *c = desk(1);
        struct call_id call = queue(c);
        /* The phone is gone and the registry does not know it yet. */
        uint32_t phone = 10u * (node - 1) + 2;
        static struct msg m;
        m.kind = MSG_STATION_UNREGISTER;
        m.station_unregister = (struct msg_station_unregister){
            .device = {phone}, .epoch = c->epochs[phone], .counter = ++c->counter};
        station(c, node, &m);
        uint32_t proposals = c->proposals_n;
        c->proposals_n = 0;
        assert_int_equal(proposals, 1);
        char number[NUMBER_LEN];
        snprintf(number, sizeof number, "%u", 1000 + phone);
        assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, number), REASON_UNREGISTERED);
        still_waits(c);
        free(c);
    }
}

static void test_callmanager_route__a_node_that_dies_with_the_offer_leaves_him_there(void **state)
{
    (void)state;
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1011");
    deliver_until(c, MSG_SDL_OFFER);
    assert_int_equal(answer_to(c, id), REASON_COUNT);
    still_waits(c);
    crash(c, 2);
    assert_int_equal(answer_to(c, id), REASON_UNREGISTERED);
    still_waits(c);
    assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1002"), REASON_NONE);
    check_leg(c, 2, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_route__a_cut_before_the_answer_stops_the_ringing(void **state)
{
    (void)state;
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1011");
    deliver_until(c, MSG_SDL_OFFERED);
    check_leg(c, 11, LEG_RINGING, REASON_NONE, 0);
    c->letters_n = 0; /* what is on its way is lost with the session */
    sdl(c, 1, 2, false);
    settle(c);
    check_leg(c, 11, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    still_waits(c);
    assert_int_equal(answer_to(c, id), REASON_UNREGISTERED);
    free(c);
}

static void test_callmanager_route__a_caller_who_gives_up_takes_the_offer_with_him(void **state)
{
    (void)state;
    struct cluster *c = desk(2);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1021");
    deliver_until(c, MSG_SDL_OFFERED);
    assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(answer_to(c, id), REASON_NO_CALL);
    check_leg(c, 21, LEG_ENDED, REASON_ABANDONED, 0);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason, REASON_ABANDONED);
    nothing_is_left(c);
    free(c);
}

static void test_callmanager_route__one_route_at_a_time(void **state)
{
    (void)state;
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    uint64_t first = ask_route(c, call, "1011");
    uint64_t second = ask_route(c, call, "1012");
    settle(c);
    assert_int_equal(answer_to(c, first), REASON_NONE);
    assert_int_equal(answer_to(c, second), REASON_BAD_STATE);
    check_leg(c, 11, LEG_RINGING, REASON_NONE, 0);
    assert_int_equal(c->legs[12].state, LEG_IDLE);
    free(c);
}

static void test_callmanager_route__an_answer_of_the_phone_says_that_it_rang(void **state)
{
    (void)state;
    /* A third party's ANSWER can overtake what the phone's node says. */
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1011");
    deliver_until(c, MSG_SDL_OFFERED);
    static struct msg m;
    m.kind = MSG_SDL_REQUEST;
    m.sdl_request =
        (struct msg_sdl_request){.id = 77, .device = {11}, .call = call, .key = KEY_ANSWER};
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){3}, &m);
    settle(c);
    assert_int_equal(answer_to(c, 77), REASON_NONE);
    assert_int_equal(answer_to(c, id), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 11);
    check_leg(c, 11, LEG_CONNECTED, REASON_NONE, 1);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason, REASON_REDIRECTED);
    free(c);
}

static void test_callmanager_route__an_offer_without_an_answer_ends(void **state)
{
    (void)state;
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1011");
    deliver_until(c, MSG_SDL_OFFERED);
    static struct letter late;
    late = c->letters[0];
    c->letters_n = 0;
    tick(c, 20000);
    assert_int_equal(answer_to(c, id), REASON_TIMEOUT);
    still_waits(c);
    check_leg(c, 11, LEG_ENDED, REASON_TIMEOUT, 0);
    /* It comes after all: nobody minds. */
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){2}, &late.msg);
    still_waits(c);
    assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1011"), REASON_NONE);
    check_leg(c, 11, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_route__the_node_of_the_route_point_dies_with_the_offer_out(
    void **state)
{
    (void)state;
    struct cluster *c = desk(2);
    struct call_id call = queue(c);
    uint64_t id = ask_route(c, call, "1021");
    deliver_until(c, MSG_SDL_OFFERED);
    static struct letter yes;
    yes = c->letters[0];
    c->letters_n = 0;
    crash(c, 2);
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){3}, &yes.msg);
    settle(c);
    assert_int_equal(answer_to(c, id), REASON_NONE);
    assert_int_equal(c->legs[1].state, LEG_RINGBACK);
    assert_int_equal(press(c, 21, call, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 21);
    free(c);
}

static void test_callmanager_route__a_refusal_finds_the_route_point_at_another_node(void **state)
{
    (void)state;
    struct cluster *c = desk(2);
    struct call_id call = queue(c);
    dial(c, 21, 1, "1022", "");
    uint64_t id = ask_route(c, call, "1021");
    deliver_until(c, MSG_SDL_OFFER);
    static struct letter offer;
    offer = c->letters[0];
    c->letters_n = 0;
    crash(c, 2);
    hold_route_point(c, 1);
    callmanager_message(&c->sites[3].cm, c->now, LINK_SDL, (struct proc_id){1}, &offer.msg);
    settle(c);
    assert_int_equal(answer_to(c, id), REASON_BUSY);
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    assert_true(call_id_eq(heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED)->call, call));
    assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1002"), REASON_NONE);
    free(c);
}

/* Node 2 was cut off: its registry learns that the point was lost and that it is open elsewhere
 * before its CallManager is told of either. */
static void test_callmanager_route__a_late_former_node_speaks_under_its_own_epoch(void **state)
{
    (void)state;
    struct cluster *c = desk(2);
    struct call_id call = queue(c);
    uint32_t epoch = heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED)->epoch;
    c->sites[2].alive = false;
    service(c, 2, false);
    hold_route_point(c, 1);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED)->epoch, epoch + 2);
    c->sites[2].alive = true;
    c->log_n = 0;
    const struct registry_change change = {.kind = REGISTRY_CHANGE_DEVICE, .device = {ROUTE_POINT}};
    callmanager_registry_changed(&c->sites[2].cm, c->now, &change);
    settle(c);
    const struct msg_device_event *over = heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED);
    assert_non_null(over);
    assert_true(call_id_eq(over->call, call));
    assert_int_equal(over->epoch, epoch);
    /* The caller waits on elsewhere: cut here, not ended. */
    assert_int_equal(over->reason, REASON_OUT_OF_SERVICE);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    free(c);
}

/* Let go by node 2, and not registered at node 1 yet. */
static void travel(struct cluster *c, uint32_t device)
{
    static struct msg m;
    m.kind = MSG_STATION_FALLBACK;
    m.station_fallback = (struct msg_station_fallback){
        .device = {device}, .epoch = c->epochs[device], .target = {1}};
    station(c, 2, &m);
    assert_int_equal(last(c, MSG_STATION_FALLBACK_ANSWER)->station_fallback_answer.reason,
                     REASON_NONE);
}

static void test_callmanager_route__a_phone_on_its_way_home_is_rung_there(void **state)
{
    (void)state;
    /* Owned by the node that it leaves, and by another one. */
    for (uint32_t caller = 1; caller <= 12; caller += 11) {
        struct cluster *c = desk(3);
        dial(c, caller, 1, "8000", "");
        struct call_id call = call_of(c, caller);
        travel(c, 11);
        uint64_t id = ask_route(c, call, "1011");
        settle(c);
        assert_int_equal(answer_to(c, id), REASON_COUNT);
        assert_int_equal(c->legs[caller].state, LEG_QUEUED);
        put(c, 1, 11);
        tick(c, 60);
        assert_int_equal(answer_to(c, id), REASON_NONE);
        check_leg(c, 11, LEG_RINGING, REASON_NONE, 0);
        assert_int_equal(c->legs[caller].state, LEG_RINGBACK);
        assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED)->reason,
                         REASON_REDIRECTED);
        free(c);
    }
}

static void test_callmanager_route__a_phone_that_does_not_arrive_leaves_the_caller(void **state)
{
    (void)state;
    for (uint32_t caller = 1; caller <= 12; caller += 11) {
        struct cluster *c = desk(3);
        dial(c, caller, 1, "8000", "");
        struct call_id call = call_of(c, caller);
        travel(c, 11);
        uint64_t id = ask_route(c, call, "1011");
        settle(c);
        for (uint32_t i = 0; i < 60 && answer_to(c, id) == REASON_COUNT; i++) {
            travel(c, 11);
            tick(c, 60);
        }
        assert_int_equal(answer_to(c, id), REASON_UNREGISTERED);
        assert_int_equal(c->legs[caller].state, LEG_QUEUED);
        assert_null(heard(c, ROUTE_POINT, DEVICE_EVENT_DISCONNECTED));
        free(c);
    }
}

static void test_callmanager_route__a_caller_gives_up_while_the_phone_travels(void **state)
{
    (void)state;
    struct cluster *c = desk(3);
    struct call_id call = queue(c);
    travel(c, 11);
    uint64_t id = ask_route(c, call, "1011");
    settle(c);
    assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(answer_to(c, id), REASON_NO_CALL);
    put(c, 1, 11);
    tick(c, 60);
    assert_int_equal(c->legs[11].state, LEG_IDLE);
    nothing_is_left(c);
    free(c);
}

static void test_callmanager_route__the_ring_of_a_phone_elsewhere_runs_out(void **state)
{
    (void)state;
    struct cluster *c = desk(1);
    struct call_id call = queue(c);
    assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1011"), REASON_NONE);
    c->now = instant_add(c->now, c->topology.timers.ring_timeout);
    tick(c, 0);
    check_leg(c, 1, LEG_ENDED, REASON_NO_ANSWER, 0);
    check_leg(c, 11, LEG_ENDED, REASON_NO_ANSWER, 0);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_FAILED)->reason, REASON_NO_ANSWER);
    nothing_is_left(c);
    free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_route__a_busy_phone_leaves_the_caller_in_the_queue),
    cmocka_unit_test(test_callmanager_route__a_phone_that_just_left_leaves_the_caller_there),
    cmocka_unit_test(test_callmanager_route__a_node_that_dies_with_the_offer_leaves_him_there),
    cmocka_unit_test(test_callmanager_route__a_cut_before_the_answer_stops_the_ringing),
    cmocka_unit_test(test_callmanager_route__a_caller_who_gives_up_takes_the_offer_with_him),
    cmocka_unit_test(test_callmanager_route__one_route_at_a_time),
    cmocka_unit_test(test_callmanager_route__an_answer_of_the_phone_says_that_it_rang),
    cmocka_unit_test(test_callmanager_route__an_offer_without_an_answer_ends),
    cmocka_unit_test(test_callmanager_route__the_node_of_the_route_point_dies_with_the_offer_out),
    cmocka_unit_test(test_callmanager_route__a_refusal_finds_the_route_point_at_another_node),
    cmocka_unit_test(test_callmanager_route__a_late_former_node_speaks_under_its_own_epoch),
    cmocka_unit_test(test_callmanager_route__a_phone_on_its_way_home_is_rung_there),
    cmocka_unit_test(test_callmanager_route__a_phone_that_does_not_arrive_leaves_the_caller),
    cmocka_unit_test(test_callmanager_route__a_caller_gives_up_while_the_phone_travels),
    cmocka_unit_test(test_callmanager_route__the_ring_of_a_phone_elsewhere_runs_out),
};

UNIT_MAIN(tests);
