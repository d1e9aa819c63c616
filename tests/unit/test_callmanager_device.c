#include "tests/unit/callmanager_fixture.h"

static void keepalive(struct cluster *c, uint16_t node, uint32_t device, uint32_t epoch)
{
    static struct msg m;
    m.kind = MSG_STATION_KEEPALIVE;
    m.station_keepalive = (struct msg_station_keepalive){.device = {device}, .epoch = epoch};
    station(c, node, &m);
}

static enum reason refused(const struct cluster *c)
{
    return (enum reason)last(c, MSG_STATION_REFUSED)->station_refused.reason;
}

static uint16_t owner(const struct cluster *c, uint32_t device)
{
    return registry_owner(&c->sites[1].registry, (struct device_id){device}).v;
}

static enum reason fallback(struct cluster *c, uint32_t device, uint16_t target)
{
    static struct msg m;
    m.kind = MSG_STATION_FALLBACK;
    m.station_fallback = (struct msg_station_fallback){
        .device = {device}, .epoch = c->epochs[device], .target = {target}};
    station(c, c->owners[device], &m);
    return (enum reason)last(c, MSG_STATION_FALLBACK_ANSWER)->station_fallback_answer.reason;
}

static void test_callmanager_device__registration_is_answered_only_after_its_commit(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    ask(c, 1, 1);
    assert_int_equal(count(c, MSG_STATION_REGISTERED), 0);
    assert_int_equal(c->proposals_n, 1);
    settle(c);
    assert_int_equal(count(c, MSG_STATION_REGISTERED), 1);
    assert_int_equal(c->traced[EVENT_REGISTER_ACKED], 1);
    assert_int_equal(owner(c, 1), 1);
    assert_int_equal(callmanager_devices(&c->sites[1].cm, DEVICE_KIND_PHONE), 1);
    free(c);
}

static void test_callmanager_device__without_a_lease_it_refuses_and_acks(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    c->sites[1].lease = false;
    ask(c, 1, 2);
    assert_int_equal(refused(c), REASON_NO_QUORUM);
    assert_int_equal(c->proposals_n, 0);
    keepalive(c, 1, 1, c->epochs[1]);
    assert_int_equal(count(c, MSG_STATION_KEEPALIVE_ACK), 1);
    dial(c, 1, 7, "1002", "");
    check_leg(c, 1, LEG_ENDED, REASON_NO_QUORUM, 0);
    free(c);
}

static void test_callmanager_device__a_registration_of_unknown_fate_is_refused_as_that(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    ask(c, 1, 1);
    assert_int_equal(c->proposals_n, 1);
    struct proposal p = c->proposals[--c->proposals_n];
    const struct msg_command_result lost = {.reason = REASON_ROLLED_BACK};
    callmanager_result(&c->sites[1].cm, c->now, p.tag, &lost);
    assert_int_equal(refused(c), REASON_ROLLED_BACK);
    ask(c, 1, 2);
    assert_int_equal(c->proposals_n, 1);
    p = c->proposals[--c->proposals_n];
    const struct msg_command_result nothing = {.reason = REASON_NO_QUORUM};
    callmanager_result(&c->sites[1].cm, c->now, p.tag, &nothing);
    assert_int_equal(refused(c), REASON_NO_QUORUM);
    free(c);
}

static void test_callmanager_device__nobody_is_served_before_service_up(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    crash(c, 1);
    struct site *s = &c->sites[1];
    s->alive = true;
    s->incarnations++;
    callmanager_start(&s->cm, c->now, (struct incarnation){1000 + s->incarnations});
    ask(c, 1, 1);
    assert_int_equal(refused(c), REASON_NO_QUORUM);
    service(c, 1, true);
    assert_true(callmanager_serving(&s->cm));
    put(c, 1, 1);
    free(c);
}

static void test_callmanager_device__an_old_epoch_is_told_to_reset(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    uint32_t old = c->epochs[1];
    put(c, 1, 1);
    assert_true(c->epochs[1] > old);
    keepalive(c, 1, 1, old);
    const struct msg_station_reset *r = &last(c, MSG_STATION_RESET)->station_reset;
    assert_int_equal(r->reason, REASON_OLD_EPOCH);
    assert_int_equal(r->epoch, old);
    assert_int_equal(count(c, MSG_STATION_KEEPALIVE_ACK), 0);
    free(c);
}

static void test_callmanager_device__what_its_registry_knows_counts_before_it_is_told(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    put(c, 1, 2);
    dial(c, 2, 6, "1003", "");
    assert_int_equal(c->traced[EVENT_KEY_TAKEN], 1);
    /* Applied everywhere; the CallManagers hear of it only at the end of the turn. */
    const struct registry_node *n = registry_node(&c->sites[1].registry, (struct proc_id){2});
    struct msg_command command = {.kind = COMMAND_REGISTER,
                                  .device = {1},
                                  .node = {2},
                                  .incarnation = n->service[SERVICE_CALLMANAGER],
                                  .counter = 1000};
    c->sites[1].alive = c->sites[2].alive = false;
    assert_int_equal(commit(c, 2, &command).reason, REASON_NONE);
    c->sites[1].alive = c->sites[2].alive = true;
    dial(c, 1, 7, "1003", "");
    assert_int_equal(last(c, MSG_STATION_RESET)->station_reset.reason, REASON_OLD_EPOCH);
    assert_int_equal(c->traced[EVENT_KEY_TAKEN], 1);
    free(c);
}

/* conforms: 4 */
static void test_callmanager_device__a_standby_keepalive_is_acknowledged_anywhere(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    keepalive(c, 2, 1, 0);
    assert_int_equal(last(c, MSG_STATION_KEEPALIVE_ACK)->station_keepalive_ack.epoch, 0);
    assert_int_equal(count(c, MSG_STATION_RESET), 0);
    free(c);
}

static void test_callmanager_device__the_same_registration_twice_is_acknowledged_twice(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    c->counter--;
    ask(c, 1, 1);
    assert_int_equal(c->proposals_n, 0);
    assert_int_equal(count(c, MSG_STATION_REGISTERED), 2);
    free(c);
}

static void test_callmanager_device__an_older_counter_is_refused(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    c->counter = 10;
    put(c, 1, 1);
    c->counter = 5;
    ask(c, 1, 1);
    settle(c);
    assert_int_equal(refused(c), REASON_OLD_COUNTER);
    ask(c, 2, 1); /* another node asks the registry */
    settle(c);
    assert_int_equal(refused(c), REASON_OLD_COUNTER);
    assert_int_equal(owner(c, 1), 1);
    free(c);
}

static void test_callmanager_device__a_stranger_may_not_speak_for_a_device(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    static struct msg m;
    m.kind = MSG_STATION_REGISTER;
    m.station_register = (struct msg_station_register){.device = {1}, .counter = 1};
    callmanager_message(&c->sites[1].cm, c->now, LINK_STATION, (struct proc_id){9}, &m);
    assert_int_equal(refused(c), REASON_UNKNOWN_DEVICE);
    m.station_register.device.v = DEVICES_MAX + 7;
    station(c, 1, &m);
    assert_int_equal(refused(c), REASON_UNKNOWN_DEVICE);
    m.station_register.device.v = ROUTE_POINT;
    station(c, 1, &m);
    assert_int_equal(refused(c), REASON_UNKNOWN_DEVICE);
    free(c);
}

/* conforms: 11 */
static void test_callmanager_device__more_than_the_rate_are_throttled(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    c->topology.timers.registrations_per_s = 10;
    for (uint32_t d = 1; d <= 10; d++) {
        put(c, 1, d);
    }
    ask(c, 1, 11);
    assert_int_equal(refused(c), REASON_THROTTLED);
    uint32_t first = last(c, MSG_STATION_REFUSED)->station_refused.retry_ms;
    ask(c, 1, 12);
    uint32_t second = last(c, MSG_STATION_REFUSED)->station_refused.retry_ms;
    assert_true(first > 0);
    assert_int_equal(second - first, 100);
    c->now = instant_add(c->now, duration_ms(100));
    put(c, 1, 11);
    free(c);
}

static void test_callmanager_device__the_old_owner_drops_its_session(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 2, 1);
    uint32_t old = c->epochs[1];
    put(c, 1, 1);
    assert_int_equal(callmanager_devices(&c->sites[2].cm, DEVICE_KIND_PHONE), 0);
    keepalive(c, 2, 1, old);
    assert_int_equal(last(c, MSG_STATION_RESET)->station_reset.epoch, old);
    assert_int_equal(owner(c, 1), 1);
    free(c);
}

static void test_callmanager_device__what_it_owns_without_a_session_it_gives_back(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    ask(c, 1, 1);
    callmanager_link_down(&c->sites[1].cm, c->now, LINK_STATION, (struct proc_id){FLEET});
    settle(c); /* the registration is committed, but nobody waits for it */
    assert_int_equal(count(c, MSG_STATION_REGISTERED), 0);
    assert_int_equal(owner(c, 1), 0);
    free(c);
}

static void test_callmanager_device__missed_keepalives_release_a_device(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    put(c, 1, 2);
    for (int i = 0; i < 12; i++) {
        tick(c, 501);
        keepalive(c, 1, 2, c->epochs[2]);
    }
    assert_int_equal(owner(c, 1), 0);
    assert_int_equal(owner(c, 2), 1);
    free(c);
}

static void test_callmanager_device__a_late_loop_is_nobodys_missed_keepalive(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    tick(c, 60000);
    assert_int_equal(owner(c, 1), 1);
    assert_int_equal(callmanager_devices(&c->sites[1].cm, DEVICE_KIND_PHONE), 1);
    free(c);
}

static void test_callmanager_device__unregister_leaves_the_registry(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    static struct msg m;
    m.kind = MSG_STATION_UNREGISTER;
    m.station_unregister =
        (struct msg_station_unregister){.device = {1}, .counter = 1, .epoch = c->epochs[1]};
    station(c, 1, &m);
    settle(c);
    assert_int_equal(owner(c, 1), 0);
    free(c);
}

/* conforms: 12 */
static void test_callmanager_device__fall_back_lets_few_go_at_a_time(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    c->topology.timers.fallback_queue = 2;
    for (uint32_t d = 1; d <= 3; d++) {
        put(c, 2, d);
    }
    assert_int_equal(fallback(c, 1, 1), REASON_NONE);
    assert_int_equal(fallback(c, 2, 1), REASON_NONE);
    assert_int_equal(fallback(c, 3, 1), REASON_THROTTLED);
    assert_int_equal(fallback(c, 1, 1), REASON_NONE); /* asked again: it counts once */
    put(c, 1, 1);                                     /* the registry shows its new owner */
    assert_int_equal(fallback(c, 3, 1), REASON_NONE);
    assert_int_equal(fallback(c, 3, 3), REASON_BAD_REQUEST); /* that is not towards home */
    free(c);
}

/* The file says who goes home, and the configuration has the last word. */
/* conforms: 13 */
static void test_callmanager_device__fall_back_is_a_policy(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    c->topology.timers.fallback_queue = 1;
    c->topology.policies.fallback = FALLBACK_MANUAL;
    for (uint32_t d = 1; d <= 3; d++) {
        put(c, 2, d);
    }
    assert_int_equal(fallback(c, 1, 1), REASON_BY_HAND);
    struct msg_command allow = {.kind = COMMAND_CONFIG, .text = "fallback=graceful"};
    commit(c, 1, &allow);
    assert_int_equal(fallback(c, 1, 1), REASON_NONE);
    assert_int_equal(fallback(c, 2, 1), REASON_THROTTLED);
    struct msg_command at_once = {.kind = COMMAND_CONFIG, .text = "fallback=auto"};
    commit(c, 1, &at_once);
    assert_int_equal(fallback(c, 2, 1), REASON_NONE);
    assert_int_equal(fallback(c, 3, 1), REASON_NONE);
    free(c);
}

static void test_callmanager_device__a_traveller_that_does_not_arrive_frees_its_place(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    c->topology.timers.fallback_queue = 1;
    put(c, 2, 1);
    put(c, 2, 2);
    assert_int_equal(fallback(c, 1, 1), REASON_NONE);
    assert_int_equal(fallback(c, 2, 1), REASON_THROTTLED);
    c->now = instant_add(c->now, duration_ms(DEVICE_TRAVEL_MS + 1));
    assert_int_equal(fallback(c, 2, 1), REASON_NONE);
    free(c);
}

static void test_callmanager_device__a_gateway_that_was_let_go_takes_no_new_call(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 2, GATEWAY);
    put(c, 2, 1);
    put(c, 2, 2);
    dial(c, GATEWAY, 1, "1001", "5551234");
    assert_int_equal(fallback(c, GATEWAY, 1), REASON_NONE);
    dial(c, GATEWAY, 2, "1002", "5551235");
    check_leg(c, GATEWAY, LEG_ENDED, REASON_BUSY, 0);
    assert_int_equal(fallback(c, 1, 1), REASON_BUSY); /* a phone goes home idle */
    free(c);
}

static void test_callmanager_device__a_preserved_report_waits_until_the_owner_is_down(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    static struct msg m;
    m.kind = MSG_STATION_PRESERVED;
    m.station_preserved =
        (struct msg_station_preserved){.device = {1}, .epoch = c->epochs[1], .call = {77}};
    station(c, 2, &m);
    settle(c);
    assert_int_equal(owner(c, 1), 1);
    crash(c, 1);
    const struct registry_device *d = registry_device(&c->sites[2].registry, (struct device_id){1});
    assert_int_equal(d->state, DEVICE_STATE_IN_CALL);
    free(c);
}

static void test_callmanager_device__a_crash_forgets_everything(void **state)
{
    (void)state;
    struct cluster *c = cluster_new();
    put(c, 1, 1);
    put(c, 1, 2);
    talk(c, 1, 2);
    crash(c, 1);
    assert_int_equal(callmanager_devices(&c->sites[1].cm, DEVICE_KIND_PHONE), 0);
    assert_int_equal(callmanager_calls(&c->sites[1].cm), 0);
    assert_int_equal(c->sites[1].cm.parties_n, 0);
    start(c, 1);
    keepalive(c, 1, 1, c->epochs[1]);
    assert_int_equal(last(c, MSG_STATION_RESET)->station_reset.reason, REASON_NOT_OWNER);
    free(c);
}

static void test_callmanager_device__it_stays_below_ten_megabytes(void **state)
{
    (void)state;
    assert_true(sizeof(struct callmanager) < 10000000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_device__registration_is_answered_only_after_its_commit),
    cmocka_unit_test(test_callmanager_device__without_a_lease_it_refuses_and_acks),
    cmocka_unit_test(test_callmanager_device__a_registration_of_unknown_fate_is_refused_as_that),
    cmocka_unit_test(test_callmanager_device__nobody_is_served_before_service_up),
    cmocka_unit_test(test_callmanager_device__an_old_epoch_is_told_to_reset),
    cmocka_unit_test(test_callmanager_device__what_its_registry_knows_counts_before_it_is_told),
    cmocka_unit_test(test_callmanager_device__a_standby_keepalive_is_acknowledged_anywhere),
    cmocka_unit_test(test_callmanager_device__the_same_registration_twice_is_acknowledged_twice),
    cmocka_unit_test(test_callmanager_device__an_older_counter_is_refused),
    cmocka_unit_test(test_callmanager_device__a_stranger_may_not_speak_for_a_device),
    cmocka_unit_test(test_callmanager_device__more_than_the_rate_are_throttled),
    cmocka_unit_test(test_callmanager_device__the_old_owner_drops_its_session),
    cmocka_unit_test(test_callmanager_device__what_it_owns_without_a_session_it_gives_back),
    cmocka_unit_test(test_callmanager_device__missed_keepalives_release_a_device),
    cmocka_unit_test(test_callmanager_device__a_late_loop_is_nobodys_missed_keepalive),
    cmocka_unit_test(test_callmanager_device__unregister_leaves_the_registry),
    cmocka_unit_test(test_callmanager_device__fall_back_lets_few_go_at_a_time),
    cmocka_unit_test(test_callmanager_device__fall_back_is_a_policy),
    cmocka_unit_test(test_callmanager_device__a_traveller_that_does_not_arrive_frees_its_place),
    cmocka_unit_test(test_callmanager_device__a_gateway_that_was_let_go_takes_no_new_call),
    cmocka_unit_test(test_callmanager_device__a_preserved_report_waits_until_the_owner_is_down),
    cmocka_unit_test(test_callmanager_device__a_crash_forgets_everything),
    cmocka_unit_test(test_callmanager_device__it_stays_below_ten_megabytes),
};

UNIT_MAIN(tests);
