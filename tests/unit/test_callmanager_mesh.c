#include "tests/unit/callmanager_fixture.h"

/* Phones 1, 2 at node 1, phones 11, 12 at node 2, phones 21, 22 at node 3. */
static struct cluster *spread(void)
{
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    put(c, 1, 2);
    put(c, 2, 11);
    put(c, 2, 12);
    put(c, 3, 21);
    put(c, 3, 22);
    return c;
}

/* conforms: 16 */
static void test_callmanager_mesh__a_call_spans_two_nodes(void **state)
{
    (void)state;
    struct cluster *c = spread();
    watch(c, 3);
    struct call_id call = talk(c, 1, 11);
    assert_int_equal(call_id_owner(call).v, 1);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 1);
    assert_int_equal(callmanager_calls(&c->sites[2].cm), 0);
    assert_int_equal(press(c, 11, call, KEY_HOLD, ""), REASON_NONE);
    check_leg(c, 11, LEG_HOLDING, REASON_NONE, 1);
    check_leg(c, 1, LEG_HELD, REASON_NONE, 11);
    assert_int_equal(press(c, 11, call, KEY_RETRIEVE, ""), REASON_NONE);
    assert_int_equal(press(c, 11, call, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 1, LEG_ENDED, REASON_HUNG_UP, 0);
    check_leg(c, 11, LEG_ENDED, REASON_HUNG_UP, 0);
    for (uint16_t n = 1; n <= 2; n++) {
        assert_int_equal(c->sites[n].cm.parties_n, 0);
    }
    /* The CTI Manager of a third node heard both ends. */
    assert_non_null(heard(c, 1, DEVICE_EVENT_ORIGINATED));
    assert_int_equal(heard(c, 11, DEVICE_EVENT_RINGING)->other.v, 1);
    assert_non_null(heard(c, 11, DEVICE_EVENT_HELD));
    assert_non_null(heard(c, 11, DEVICE_EVENT_DISCONNECTED));
    free(c);
}

static void test_callmanager_mesh__a_busy_phone_elsewhere_ends_the_call(void **state)
{
    (void)state;
    struct cluster *c = spread();
    talk(c, 11, 12);
    dial(c, 1, 1, "1011", "");
    check_leg(c, 1, LEG_ENDED, REASON_BUSY, 0);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__a_transfer_works_across_three_nodes(void **state)
{
    (void)state;
    struct cluster *c = spread();
    watch(c, 1);
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_TRANSFER, "1021"), REASON_NONE);
    struct call_id second = call_of(c, 21);
    assert_int_equal(call_id_owner(second).v, 1); /* the owner of the first call owns both */
    assert_true(call_id_eq(c->legs[11].consult_of, first));
    assert_int_equal(press(c, 21, second, KEY_ANSWER, ""), REASON_NONE);
    check_leg(c, 11, LEG_CONNECTED, REASON_NONE, 21);
    assert_int_equal(press(c, 11, second, KEY_TRANSFER_COMPLETE, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 21);
    check_leg(c, 21, LEG_CONNECTED, REASON_NONE, 1);
    assert_true(call_id_eq(call_of(c, 21), first));
    assert_true(call_id_eq(heard(c, 21, DEVICE_EVENT_CONNECTED)->old_call, second));
    assert_true(call_id_eq(heard(c, 11, DEVICE_EVENT_TRANSFERRED)->old_call, second));
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    assert_int_equal(press(c, 21, first, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(c->sites[1].cm.parties_n + c->sites[3].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__a_conference_works_across_three_nodes(void **state)
{
    (void)state;
    struct cluster *c = spread();
    watch(c, 1);
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_CONFERENCE, "1021"), REASON_NONE);
    assert_int_equal(press(c, 21, call_of(c, 21), KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 11, call_of(c, 11), KEY_CONFERENCE_COMPLETE, ""), REASON_NONE);
    static const uint32_t in[] = {1, 11, 21};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(c->legs[in[i]].state, LEG_CONNECTED);
        assert_int_equal(c->legs[in[i]].peer.v + c->legs[in[i]].peer2.v + in[i], 33);
        assert_non_null(heard(c, in[i], DEVICE_EVENT_CONFERENCED));
    }
    assert_int_equal(press(c, 21, first, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 11);
    free(c);
}

static void test_callmanager_mesh__a_dead_owner_leaves_calls_preserved(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id call = talk(c, 1, 11);
    crash(c, 1);
    check_leg(c, 11, LEG_CONNECTED, REASON_PRESERVED, 1);
    assert_int_equal(c->traced[EVENT_CALL_PRESERVED], 1);
    assert_int_equal(press(c, 11, call, KEY_HOLD, ""), REASON_PRESERVED);
    assert_int_equal(c->traced[EVENT_KEY_REFUSED], 1);
    assert_int_equal(registry_owner(&c->sites[2].registry, (struct device_id){11}).v, 2);
    assert_int_equal(press(c, 11, call, KEY_HANGUP, ""), REASON_NONE);
    check_leg(c, 11, LEG_ENDED, REASON_HUNG_UP, 0);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__a_dead_home_leaves_calls_preserved(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id call = talk(c, 1, 11);
    crash(c, 2);
    check_leg(c, 1, LEG_CONNECTED, REASON_PRESERVED, 11);
    assert_int_equal(press(c, 1, call, KEY_TRANSFER, "1002"), REASON_PRESERVED);
    assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 0);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__a_node_that_dies_drops_what_alerts(void **state)
{
    (void)state;
    struct cluster *c = spread();
    dial(c, 1, 1, "1011", "");
    dial(c, 12, 1, "1002", "");
    check_leg(c, 2, LEG_RINGING, REASON_NONE, 0);
    crash(c, 2);
    check_leg(c, 1, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    check_leg(c, 2, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    free(c);
}

/* The owner is silent before anybody knows that it is dead: the release reaches nobody. */
static void test_callmanager_mesh__who_hung_up_before_the_owner_was_found_dead_is_free(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id call = talk(c, 1, 11);
    c->sites[1].alive = false;
    assert_int_equal(press(c, 11, call, KEY_HANGUP, ""), REASON_COUNT);
    c->sites[1].alive = true;
    crash(c, 1);
    check_leg(c, 11, LEG_ENDED, REASON_HUNG_UP, 0);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    assert_int_equal(c->traced[EVENT_CALL_PRESERVED], 0);
    free(c);
}

/* conforms: 9 */
static void test_callmanager_mesh__a_node_that_dies_drops_a_transfer_on_its_way(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_TRANSFER, "1021"), REASON_NONE);
    assert_int_equal(press(c, 21, call_of(c, 21), KEY_ANSWER, ""), REASON_NONE);
    crash(c, 2); /* the presser's */
    check_leg(c, 1, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    check_leg(c, 21, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    assert_int_equal(c->sites[1].cm.parties_n + c->sites[3].cm.parties_n, 0);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 0);
    free(c);
}

static void test_callmanager_mesh__the_owner_dies_in_the_middle_of_a_transfer(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_TRANSFER, "1012"), REASON_NONE);
    crash(c, 1);
    check_leg(c, 11, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    check_leg(c, 12, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__the_consulted_node_dies_and_the_first_call_stays(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_TRANSFER, "1021"), REASON_NONE);
    crash(c, 3);
    check_leg(c, 11, LEG_ENDED, REASON_DROPPED_IN_SETUP, 0);
    assert_false(call_id_eq(call_of(c, 11), first));
    assert_int_equal(press(c, 11, first, KEY_RETRIEVE, ""), REASON_NONE);
    check_leg(c, 1, LEG_CONNECTED, REASON_NONE, 11);
    free(c);
}

/* conforms: 16 */
static void test_callmanager_mesh__a_cut_preserves_at_both_ends(void **state)
{
    (void)state;
    struct cluster *c = spread();
    talk(c, 1, 11);
    sdl(c, 1, 2, false);
    settle(c);
    check_leg(c, 1, LEG_CONNECTED, REASON_PRESERVED, 11);
    check_leg(c, 11, LEG_CONNECTED, REASON_PRESERVED, 1);
    assert_int_equal(c->traced[EVENT_CALL_PRESERVED], 2);
    free(c);
}

static void test_callmanager_mesh__a_new_incarnation_does_not_end_its_own_calls(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id call = talk(c, 11, 1);
    struct registry_change again = {.kind = REGISTRY_CHANGE_SERVICE,
                                    .node = {2},
                                    .service = SERVICE_CALLMANAGER,
                                    .incarnation = {1001},
                                    .up = true};
    callmanager_registry_changed(&c->sites[1].cm, c->now, &again);
    assert_int_equal(press(c, 1, call, KEY_HOLD, ""), REASON_NONE);
    again.incarnation.v = 1002;
    callmanager_registry_changed(&c->sites[1].cm, c->now, &again);
    check_leg(c, 1, LEG_HOLDING, REASON_PRESERVED, 11);
    free(c);
}

static void test_callmanager_mesh__a_phone_that_moves_away_leaves_its_calls(void **state)
{
    (void)state;
    struct cluster *c = spread();
    talk(c, 1, 11);
    put(c, 3, 11);
    check_leg(c, 1, LEG_CONNECTED, REASON_PRESERVED, 11);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    free(c);
}

static void test_callmanager_mesh__a_fleet_that_goes_preserves_the_other_side(void **state)
{
    (void)state;
    struct cluster *c = spread();
    talk(c, 1, 11);
    callmanager_link_down(&c->sites[2].cm, c->now, LINK_STATION, (struct proc_id){FLEET});
    settle(c);
    check_leg(c, 1, LEG_CONNECTED, REASON_PRESERVED, 11);
    /* In a call: given back at once. Idle: it is waited for. */
    assert_int_equal(registry_owner(&c->sites[1].registry, (struct device_id){11}).v, 0);
    assert_int_equal(registry_owner(&c->sites[1].registry, (struct device_id){12}).v, 2);
    free(c);
}

/* conforms: 16 */
static void test_callmanager_mesh__a_route_point_elsewhere_is_asked_and_answers(void **state)
{
    (void)state;
    struct cluster *c = spread();
    watch(c, 3);
    hold_route_point(c, 2);
    dial(c, 1, 1, "8000", "");
    const struct msg_device_event *e = heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED);
    assert_non_null(e);
    assert_int_equal(cti(c, 3, ROUTE_POINT, e->call, KEY_ROUTE, "1021"), REASON_NONE);
    check_leg(c, 21, LEG_RINGING, REASON_NONE, 0);
    assert_int_equal(c->sites[2].cm.parties_n, 0);
    c->now = instant_add(c->now, c->topology.timers.ring_timeout);
    tick(c, 0);
    assert_int_equal(heard(c, ROUTE_POINT, DEVICE_EVENT_FAILED)->reason, REASON_NO_ANSWER);
    free(c);
}

static void test_callmanager_mesh__a_queued_call_survives_the_node_of_the_route_point(void **state)
{
    (void)state;
    struct cluster *c = spread();
    watch(c, 1);
    hold_route_point(c, 2);
    dial(c, 1, 1, "8000", "");
    uint32_t before = c->log_n;
    crash(c, 2);
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    hold_route_point(c, 1);
    assert_true(c->log_n > before);
    assert_int_equal(cti(c, 1, ROUTE_POINT, call_of(c, 1), KEY_ROUTE, "1021"), REASON_NONE);
    check_leg(c, 21, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

/* The registry is ahead of what a CallManager was told: the caller who waits elsewhere is let in at
 * once, and whoever watches hears of him under the epoch that the registry knows. */
static void test_callmanager_mesh__a_route_point_that_is_held_again_lets_in_under_its_epoch(
    void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct site *s = &c->sites[2];
    watch(c, 3);
    hold_route_point(c, 2);
    dial(c, 1, 1, "8000", "");
    callmanager_reset(&s->cm); /* dies and lives again before anybody says that it died */
    sdl(c, 1, 2, false);
    sdl(c, 3, 2, false);
    start(c, 2);
    c->log_n = 0;
    const struct msg_command open = {.kind = COMMAND_ROUTE_POINT_OPEN,
                                     .device = {ROUTE_POINT},
                                     .node = {2},
                                     .incarnation = {1000 + s->incarnations}};
    s->alive = false; /* it is told later */
    assert_int_equal(commit(c, 2, &open).reason, REASON_NONE);
    s->alive = true;
    settle(c);
    const struct registry_device *r =
        registry_device(&c->sites[3].registry, (struct device_id){ROUTE_POINT});
    assert_int_equal(r->owner.v, 2);
    const struct msg_device_event *e = heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED);
    assert_non_null(e);
    assert_int_equal(e->epoch, r->epoch);
    const struct registry_change told = {.kind = REGISTRY_CHANGE_DEVICE, .device = {ROUTE_POINT}};
    callmanager_registry_changed(&s->cm, c->now, &told);
    settle(c);
    assert_int_equal(cti(c, 3, ROUTE_POINT, e->call, KEY_ROUTE, "1021"), REASON_NONE);
    check_leg(c, 21, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_mesh__a_snapshot_tells_the_calls_of_a_device_elsewhere(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id call = talk(c, 1, 11);
    watch(c, 3);
    static struct msg m;
    m.kind = MSG_SDL_SNAPSHOT;
    m.sdl_snapshot = (struct msg_sdl_snapshot){.device = {11}};
    callmanager_message(&c->sites[3].cm, c->now, LINK_LOCAL, (struct proc_id){3}, &m);
    settle(c);
    const struct msg_device_event *e = heard(c, 11, DEVICE_EVENT_SNAPSHOT);
    assert_non_null(e);
    assert_true(call_id_eq(e->call, call));
    assert_int_equal(e->state, LEG_CONNECTED);
    assert_int_equal(e->other.v, 1);
    assert_non_null(heard(c, 11, DEVICE_EVENT_SNAPSHOT_END));
    free(c);
}

static void test_callmanager_mesh__a_leg_of_nobody_is_given_back(void **state)
{
    (void)state;
    struct cluster *c = spread();
    static struct msg m;
    m.kind = MSG_SDL_LEG;
    m.sdl_leg =
        (struct msg_sdl_leg){.call = {(2ull << 56) | 5}, .device = {1}, .state = LEG_CONNECTED};
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){2}, &m);
    assert_int_equal(c->letters_n, 1);
    assert_int_equal(c->letters[0].msg.kind, MSG_SDL_GONE);
    uint64_t rejected = c->sites[1].cm.rejected;
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){3}, &m);
    assert_int_equal(c->sites[1].cm.rejected, rejected + 1);
    free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_mesh__a_call_spans_two_nodes),
    cmocka_unit_test(test_callmanager_mesh__a_busy_phone_elsewhere_ends_the_call),
    cmocka_unit_test(test_callmanager_mesh__a_transfer_works_across_three_nodes),
    cmocka_unit_test(test_callmanager_mesh__a_conference_works_across_three_nodes),
    cmocka_unit_test(test_callmanager_mesh__a_dead_owner_leaves_calls_preserved),
    cmocka_unit_test(test_callmanager_mesh__a_dead_home_leaves_calls_preserved),
    cmocka_unit_test(test_callmanager_mesh__a_node_that_dies_drops_what_alerts),
    cmocka_unit_test(test_callmanager_mesh__who_hung_up_before_the_owner_was_found_dead_is_free),
    cmocka_unit_test(test_callmanager_mesh__a_node_that_dies_drops_a_transfer_on_its_way),
    cmocka_unit_test(test_callmanager_mesh__the_owner_dies_in_the_middle_of_a_transfer),
    cmocka_unit_test(test_callmanager_mesh__the_consulted_node_dies_and_the_first_call_stays),
    cmocka_unit_test(test_callmanager_mesh__a_cut_preserves_at_both_ends),
    cmocka_unit_test(test_callmanager_mesh__a_new_incarnation_does_not_end_its_own_calls),
    cmocka_unit_test(test_callmanager_mesh__a_phone_that_moves_away_leaves_its_calls),
    cmocka_unit_test(test_callmanager_mesh__a_fleet_that_goes_preserves_the_other_side),
    cmocka_unit_test(test_callmanager_mesh__a_route_point_elsewhere_is_asked_and_answers),
    cmocka_unit_test(test_callmanager_mesh__a_queued_call_survives_the_node_of_the_route_point),
    cmocka_unit_test(
        test_callmanager_mesh__a_route_point_that_is_held_again_lets_in_under_its_epoch),
    cmocka_unit_test(test_callmanager_mesh__a_snapshot_tells_the_calls_of_a_device_elsewhere),
    cmocka_unit_test(test_callmanager_mesh__a_leg_of_nobody_is_given_back),
};

UNIT_MAIN(tests);
