/* watch, told: what providers hear of devices of another node, whatever was lost on the way. */
#include "node/base/rand.h"
#include "tests/unit/ctimanager_fixture.h"

#define CALL(n) ((struct call_id){(UINT64_C(2) << 56) + (n)})

/* What the event of a device says, with the numbers that its node would put there. */
static struct msg_device_event event_of(const struct cluster *c, uint32_t device,
                                        enum device_event kind, struct call_id call)
{
    struct msg_device_event e = {
        .device = {device},
        .epoch = registry_device(&c->registry, (struct device_id){device})->epoch,
        .kind = kind,
        .call = call};
    snprintf(e.from, NUMBER_LEN, "5550100");
    snprintf(e.to, NUMBER_LEN, "%u", 1000 + device);
    return e;
}

static void happens(struct cluster *c, uint32_t device, enum device_event kind, struct call_id call)
{
    struct msg_device_event e = event_of(c, device, kind, call);
    hear(c, &e);
}

static void row(struct cluster *c, uint32_t device, enum leg state, struct call_id call)
{
    struct msg_device_event e = event_of(c, device, DEVICE_EVENT_SNAPSHOT, call);
    e.state = state;
    hear(c, &e);
}

static void end(struct cluster *c, uint32_t device)
{
    happens(c, device, DEVICE_EVENT_SNAPSHOT_END, (struct call_id){0});
}

/* The session with a node is new. */
static void anew(struct cluster *c, struct proc_id node)
{
    static struct msg msg;
    msg.kind = MSG_SDL_SESSION;
    msg.sdl_session = (struct msg_sdl_session){.node = node, .up = true};
    ctimanager_message(&c->m, c->now, LINK_LOCAL, SUB1, &msg);
}

/* The n-th event that the provider was sent; fails if there is none. */
static const struct msg_device_event *told_nth(const struct cluster *c, uint32_t n)
{
    for (uint32_t i = 0; i < c->sent_n; i++) {
        if (c->sent[i].kind == MSG_CTI_EVENT && n-- == 0) {
            return &c->sent[i].event.event;
        }
    }
    fail_msg("not so many events");
    return NULL;
}

static void check_nth(const struct cluster *c, uint32_t n, enum device_event kind,
                      struct call_id call)
{
    assert_string_equal(device_event_text((enum device_event)told_nth(c, n)->kind),
                        device_event_text(kind));
    assert_true(call_id_eq(told_nth(c, n)->call, call));
}

static void test_ctimanager_watch__a_call_that_ended_unseen_ends(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    happens(c, 7, DEVICE_EVENT_CONNECTED, CALL(1));
    c->sent_n = 0;
    anew(c, SUB1);
    assert_int_equal(count(c, MSG_SDL_SNAPSHOT), PHONES + DIALLED);
    answer_snapshots(c, 0);
    assert_int_equal(count(c, MSG_CTI_EVENT), 1);
    check_nth(c, 0, DEVICE_EVENT_DISCONNECTED, CALL(1));
    assert_int_equal(told_nth(c, 0)->device.v, 7);
    assert_int_equal(told_nth(c, 0)->reason, REASON_NO_CALL);
    /* Once is enough. */
    anew(c, SUB1);
    answer_snapshots(c, 0);
    assert_int_equal(count(c, MSG_CTI_EVENT), 1);
    stop(c);
}

static void test_ctimanager_watch__a_call_that_began_unseen_begins(void **state)
{
    (void)state;
    static const struct {
        enum leg state;
        uint32_t n;
        enum device_event kinds[3];
        bool dialled;
    } cases[] = {
        {LEG_RINGING, 1, {DEVICE_EVENT_RINGING}, false},
        {LEG_CONNECTED, 1, {DEVICE_EVENT_CONNECTED}, false},
        {LEG_HELD, 1, {DEVICE_EVENT_CONNECTED}, false},
        {LEG_HOLDING, 2, {DEVICE_EVENT_CONNECTED, DEVICE_EVENT_HELD}, false},
        {LEG_DIALING, 1, {DEVICE_EVENT_ORIGINATED}, true},
        {LEG_RINGBACK, 1, {DEVICE_EVENT_ORIGINATED}, true},
        {LEG_QUEUED, 1, {DEVICE_EVENT_ORIGINATED}, true},
        {LEG_CONNECTED, 2, {DEVICE_EVENT_ORIGINATED, DEVICE_EVENT_CONNECTED}, true},
        {LEG_HOLDING,
         3,
         {DEVICE_EVENT_ORIGINATED, DEVICE_EVENT_CONNECTED, DEVICE_EVENT_HELD},
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = start();
        ready(c);
        anew(c, SUB1);
        c->sent_n = 0;
        struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_SNAPSHOT, CALL(9));
        e.state = cases[i].state;
        e.other.v = 12;
        if (cases[i].dialled) {
            snprintf(e.from, NUMBER_LEN, "1007");
            snprintf(e.to, NUMBER_LEN, "1012");
        }
        hear(c, &e);
        assert_int_equal(c->sent_n, 0);
        end(c, 7);
        assert_int_equal(c->sent_n, cases[i].n);
        for (uint32_t k = 0; k < cases[i].n; k++) {
            check_nth(c, k, cases[i].kinds[k], CALL(9));
            assert_int_equal(told_nth(c, k)->other.v, 12);
            assert_string_equal(told_nth(c, k)->from, e.from);
        }
        stop(c);
    }
}

static void test_ctimanager_watch__a_call_at_a_route_point_is_offered(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    anew(c, SUB1);
    c->sent_n = 0;
    row(c, PHONES + 1, LEG_QUEUED, CALL(9));
    end(c, PHONES + 1);
    assert_int_equal(c->sent_n, 1);
    check_nth(c, 0, DEVICE_EVENT_OFFERED, CALL(9));
    stop(c);
}

static void test_ctimanager_watch__what_changed_unseen_is_told_and_nothing_else(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    for (uint64_t i = 1; i <= 4; i++) {
        happens(c, (uint32_t)i, DEVICE_EVENT_RINGING, CALL(i));
    }
    happens(c, 3, DEVICE_EVENT_CONNECTED, CALL(3));
    happens(c, 4, DEVICE_EVENT_CONNECTED, CALL(4));
    happens(c, 4, DEVICE_EVENT_HELD, CALL(4));
    anew(c, SUB1);
    c->sent_n = 0;
    row(c, 1, LEG_RINGING, CALL(1));
    end(c, 1);
    assert_int_equal(c->sent_n, 0);
    row(c, 2, LEG_HOLDING, CALL(2));
    end(c, 2);
    check_nth(c, 0, DEVICE_EVENT_CONNECTED, CALL(2));
    check_nth(c, 1, DEVICE_EVENT_HELD, CALL(2));
    row(c, 3, LEG_HELD, CALL(3));
    end(c, 3);
    assert_int_equal(c->sent_n, 2);
    row(c, 4, LEG_CONNECTED, CALL(4));
    end(c, 4);
    check_nth(c, 2, DEVICE_EVENT_RETRIEVED, CALL(4));
    assert_int_equal(c->sent_n, 3);
    stop(c);
}

static void test_ctimanager_watch__the_old_call_ends_before_the_new_one_begins(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    anew(c, SUB1);
    c->sent_n = 0;
    row(c, 7, LEG_RINGING, CALL(2));
    end(c, 7);
    check_nth(c, 0, DEVICE_EVENT_DISCONNECTED, CALL(1));
    check_nth(c, 1, DEVICE_EVENT_RINGING, CALL(2));
    stop(c);
}

static void test_ctimanager_watch__a_leg_that_moved_to_another_call_is_the_same(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(2));
    happens(c, 7, DEVICE_EVENT_CONNECTED, CALL(2));
    struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_CONNECTED, CALL(1));
    e.old_call = CALL(2);
    hear(c, &e);
    anew(c, SUB1);
    c->sent_n = 0;
    row(c, 7, LEG_CONNECTED, CALL(1));
    end(c, 7);
    assert_int_equal(c->sent_n, 0);
    stop(c);
}

static void test_ctimanager_watch__what_comes_before_the_snapshot_is_not_told_twice(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    anew(c, SUB1);
    c->sent_n = 0;
    /* The leg began unseen: who does not know it is told by the snapshot. */
    happens(c, 7, DEVICE_EVENT_HELD, CALL(1));
    assert_int_equal(c->sent_n, 0);
    row(c, 7, LEG_HOLDING, CALL(1));
    end(c, 7);
    assert_int_equal(c->sent_n, 2);
    /* One that began and ended unseen, but for its end, stays unseen. */
    anew(c, SUB1);
    c->sent_n = 0;
    happens(c, 8, DEVICE_EVENT_DISCONNECTED, CALL(5));
    end(c, 8);
    assert_int_equal(c->sent_n, 0);
    /* And one that begins now is told at once. */
    anew(c, SUB1);
    c->sent_n = 0;
    happens(c, 9, DEVICE_EVENT_RINGING, CALL(6));
    assert_int_equal(c->sent_n, 1);
    row(c, 9, LEG_RINGING, CALL(6));
    end(c, 9);
    assert_int_equal(c->sent_n, 1);
    stop(c);
}

static void test_ctimanager_watch__a_cut_in_the_snapshot_begins_it_again(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    happens(c, 7, DEVICE_EVENT_CONNECTED, CALL(1));
    anew(c, SUB1);
    c->sent_n = 0;
    row(c, 7, LEG_CONNECTED, CALL(1));
    row(c, 7, LEG_RINGING, CALL(2));
    anew(c, SUB1); /* the rest never came */
    c->sent_n = 0;
    row(c, 7, LEG_CONNECTED, CALL(3));
    end(c, 7);
    assert_int_equal(c->sent_n, 2);
    check_nth(c, 0, DEVICE_EVENT_DISCONNECTED, CALL(1));
    check_nth(c, 1, DEVICE_EVENT_CONNECTED, CALL(3));
    stop(c);
}

static void test_ctimanager_watch__only_devices_of_that_node_are_asked_about(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    register_phone(c, 7, SUB2, 2);
    register_phone(c, 8, SUB2, 2);
    c->sent_n = 0;
    anew(c, SUB2);
    assert_int_equal(count(c, MSG_SDL_SNAPSHOT), 2);
    assert_int_equal(c->sent[0].snapshot.device.v, 7);
    assert_int_equal(c->sent[1].snapshot.device.v, 8);
    stop(c);
}

static void test_ctimanager_watch__an_event_does_not_overtake_the_registration(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    e.epoch++;
    hear(c, &e);
    e.kind = DEVICE_EVENT_CONNECTED;
    hear(c, &e);
    assert_int_equal(c->sent_n, 0);
    register_phone(c, 8, SUB2, 2); /* another one */
    c->sent_n = 0;
    register_phone(c, 7, SUB2, 2);
    assert_int_equal(c->sent_n, 4);
    assert_int_equal(told_nth(c, 0)->kind, DEVICE_EVENT_OUT_OF_SERVICE);
    assert_int_equal(told_nth(c, 1)->kind, DEVICE_EVENT_IN_SERVICE);
    check_nth(c, 2, DEVICE_EVENT_RINGING, CALL(1));
    check_nth(c, 3, DEVICE_EVENT_CONNECTED, CALL(1));
    stop(c);
}

/* The replica applied two registrations at once, and tells of the other phone's first. */
static void test_ctimanager_watch__an_event_waits_for_the_news_of_its_own_device(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    e.epoch++;
    hear(c, &e);
    c->m.running = false;
    register_phone(c, 8, SUB2, 2);
    register_phone(c, 7, SUB2, 2);
    c->m.running = true;
    ctimanager_registry_changed(&c->m, c->now, (struct device_id){8});
    c->sent_n = 0;
    ctimanager_registry_changed(&c->m, c->now, (struct device_id){7});
    assert_int_equal(count(c, MSG_CTI_EVENT), 3);
    assert_int_equal(told_nth(c, 0)->kind, DEVICE_EVENT_OUT_OF_SERVICE);
    assert_int_equal(told_nth(c, 1)->kind, DEVICE_EVENT_IN_SERVICE);
    check_nth(c, 2, DEVICE_EVENT_RINGING, CALL(1));
    stop(c);
}

/* The replica knows the registration already, and has not told of it. */
static void test_ctimanager_watch__an_event_does_not_overtake_what_is_known_and_not_told(
    void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    c->m.running = false;
    register_phone(c, 7, SUB2, 2);
    c->m.running = true;
    struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    assert_int_equal(e.epoch, registry_device(&c->registry, (struct device_id){7})->epoch);
    hear(c, &e);
    assert_int_equal(c->sent_n, 0);
    ctimanager_registry_changed(&c->m, c->now, (struct device_id){7});
    assert_int_equal(count(c, MSG_CTI_EVENT), 3);
    assert_int_equal(told_nth(c, 0)->kind, DEVICE_EVENT_OUT_OF_SERVICE);
    assert_int_equal(told_nth(c, 1)->kind, DEVICE_EVENT_IN_SERVICE);
    check_nth(c, 2, DEVICE_EVENT_RINGING, CALL(1));
    stop(c);
}

static void test_ctimanager_watch__an_owner_that_comes_and_goes_takes_its_events_along(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    struct msg_device_event e = event_of(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    e.epoch++;
    hear(c, &e);
    /* This replica sees two changes at once. */
    struct msg_command twice = {
        .kind = COMMAND_REGISTER, .device = {7}, .node = SUB2, .incarnation = {1}, .counter = 2};
    c->m.running = false;
    commit(c, SUB2, &twice);
    twice.node = SUB1;
    twice.counter = 3;
    c->m.running = true;
    commit(c, SUB1, &twice);
    assert_int_equal(c->sent_n, 2);
    assert_int_equal(told_nth(c, 1)->kind, DEVICE_EVENT_IN_SERVICE);
    stop(c);
}

static void test_ctimanager_watch__too_many_early_events_become_a_snapshot(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    for (uint32_t i = 0; i <= CTIMANAGER_AHEAD_MAX; i++) {
        struct msg_device_event e =
            event_of(c, i < CTIMANAGER_AHEAD_MAX ? 7 : 8, DEVICE_EVENT_RINGING, CALL(i));
        e.epoch++;
        hear(c, &e);
    }
    register_phone(c, 8, SUB2, 2);
    assert_int_equal(count(c, MSG_SDL_SNAPSHOT), 1);
    assert_int_equal(last_of(c, MSG_SDL_SNAPSHOT)->snapshot.device.v, 8);
    c->sent_n = 0;
    row(c, 8, LEG_RINGING, CALL(CTIMANAGER_AHEAD_MAX));
    end(c, 8);
    assert_int_equal(c->sent_n, 1);
    check_nth(c, 0, DEVICE_EVENT_RINGING, CALL(CTIMANAGER_AHEAD_MAX));
    stop(c);
}

static void test_ctimanager_watch__a_first_snapshot_that_never_came_is_asked_for_again(void **state)
{
    (void)state;
    struct cluster *c = start();
    uint64_t provider = open_provider(c, 0, 0);
    monitor_all(c, provider);
    run(c, 1000);
    c->sent_n = 0;
    /* Its owner was cut off, and it goes elsewhere. */
    register_phone(c, 7, SUB2, 2);
    assert_int_equal(count(c, MSG_SDL_SNAPSHOT), 1);
    c->sent_n = 0;
    row(c, 7, LEG_CONNECTED, CALL(1));
    end(c, 7);
    assert_int_equal(c->sent_n, 2);
    check_nth(c, 0, DEVICE_EVENT_SNAPSHOT, CALL(1));
    assert_int_equal(told_nth(c, 1)->kind, DEVICE_EVENT_SNAPSHOT_END);
    c->sent_n = 0;
    register_phone(c, 7, SUB1, 3);
    assert_int_equal(count(c, MSG_SDL_SNAPSHOT), 0);
    stop(c);
}

static void test_ctimanager_watch__a_new_provider_begins_with_the_truth(void **state)
{
    (void)state;
    struct cluster *c = start();
    ready(c);
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(1));
    /* The side opens another provider: what the first one was told is nothing to it. */
    uint64_t second = open_provider(c, 0, 0);
    happens(c, 7, DEVICE_EVENT_DISCONNECTED, CALL(1));
    happens(c, 7, DEVICE_EVENT_RINGING, CALL(2));
    monitor_all(c, second);
    run(c, 1000);
    c->sent_n = 0;
    row(c, 7, LEG_RINGING, CALL(2));
    end(c, 7);
    assert_int_equal(c->sent_n, 2);
    check_nth(c, 0, DEVICE_EVENT_SNAPSHOT, CALL(2));
    anew(c, SUB1);
    c->sent_n = 0;
    end(c, 7);
    assert_int_equal(c->sent_n, 1);
    check_nth(c, 0, DEVICE_EVENT_DISCONNECTED, CALL(2));
    stop(c);
}

/* ---- Whatever is lost ---- */

#define DEVICES 12
#define CALLS   2000

/* What a device does, and what somebody who hears the provider's events believes that it does. */
struct view {
    uint32_t begun;
    enum leg legs[DEVICES + 1][CALLS];
};

static void believe(struct view *v, const struct msg_device_event *e)
{
    enum leg *leg = &v->legs[e->device.v][e->call.v & 0xffff];
    switch ((enum device_event)e->kind) {
    case DEVICE_EVENT_RINGING:
        assert_int_equal(*leg, LEG_IDLE);
        *leg = LEG_RINGING;
        return;
    case DEVICE_EVENT_CONNECTED:
        assert_true(*leg == LEG_IDLE || *leg == LEG_RINGING);
        *leg = LEG_CONNECTED;
        return;
    case DEVICE_EVENT_HELD:
        assert_int_equal(*leg, LEG_CONNECTED);
        *leg = LEG_HOLDING;
        return;
    case DEVICE_EVENT_RETRIEVED:
        assert_int_equal(*leg, LEG_HOLDING);
        *leg = LEG_CONNECTED;
        return;
    case DEVICE_EVENT_DISCONNECTED:
        assert_true(*leg != LEG_IDLE && *leg != LEG_ENDED);
        *leg = LEG_ENDED;
        return;
    case DEVICE_EVENT_SNAPSHOT:
    case DEVICE_EVENT_SNAPSHOT_END:
    case DEVICE_EVENT_ORIGINATED:
    case DEVICE_EVENT_OFFERED:
    case DEVICE_EVENT_TRANSFERRED:
    case DEVICE_EVENT_CONFERENCED:
    case DEVICE_EVENT_FAILED:
    case DEVICE_EVENT_IN_SERVICE:
    case DEVICE_EVENT_OUT_OF_SERVICE:
    case DEVICE_EVENT_NONE:
    case DEVICE_EVENT_COUNT:
        fail_msg("%s was not to be told", device_event_text((enum device_event)e->kind));
    }
}

/* Something possible happens to a leg of the device; it is heard unless the two nodes are cut. */
static void live(struct cluster *c, struct view *truth, struct rand_state *r, bool cut)
{
    uint32_t device = 1 + (uint32_t)rand_below(r, DEVICES);
    uint32_t recent = truth->begun < 40 ? truth->begun : 40;
    uint32_t call = recent > 0 ? truth->begun - 1 - (uint32_t)rand_below(r, recent) : 0;
    if (recent == 0 || truth->legs[device][call] == LEG_ENDED || rand_below(r, 4) == 0) {
        assert_true(truth->begun < CALLS);
        call = truth->begun++;
    }
    enum leg *leg = &truth->legs[device][call];
    enum device_event kind = DEVICE_EVENT_NONE;
    bool other = rand_below(r, 2) == 0;
    if (*leg == LEG_IDLE) {
        kind = DEVICE_EVENT_RINGING;
        *leg = LEG_RINGING;
    } else if (rand_below(r, 3) == 0) {
        kind = DEVICE_EVENT_DISCONNECTED;
        *leg = LEG_ENDED;
    } else if (*leg == LEG_RINGING) {
        kind = DEVICE_EVENT_CONNECTED;
        *leg = LEG_CONNECTED;
    } else if (*leg == LEG_CONNECTED && other) {
        kind = DEVICE_EVENT_HELD;
        *leg = LEG_HOLDING;
    } else if (*leg == LEG_HOLDING) {
        kind = DEVICE_EVENT_RETRIEVED;
        *leg = LEG_CONNECTED;
    }
    if (kind != DEVICE_EVENT_NONE && !cut) {
        happens(c, device, kind, CALL(call));
    }
}

/* The snapshots of all devices, of which events go on, and which may be cut short. */
static void tell_all(struct cluster *c, struct view *truth, struct rand_state *r, bool whole)
{
    for (uint32_t d = 1; d <= DEVICES; d++) {
        for (uint32_t call = 0; call < CALLS; call++) {
            if (truth->legs[d][call] != LEG_IDLE && truth->legs[d][call] != LEG_ENDED) {
                row(c, d, truth->legs[d][call], CALL(call));
                if (!whole && rand_below(r, 20) == 0) {
                    return;
                }
            }
        }
        end(c, d);
        live(c, truth, r, false);
    }
}

static void check_same(const struct view *truth, const struct view *view)
{
    for (uint32_t d = 1; d <= DEVICES; d++) {
        for (uint32_t call = 0; call < truth->begun; call++) {
            enum leg is = truth->legs[d][call], seen = view->legs[d][call];
            assert_true(is == seen || (is == LEG_ENDED && seen == LEG_IDLE));
        }
    }
}

static void test_ctimanager_watch__after_any_loss_the_provider_knows_the_truth(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        static struct view truth, view;
        memset(&truth, 0, sizeof truth);
        memset(&view, 0, sizeof view);
        struct rand_state r = {seed};
        struct cluster *c = start();
        uint64_t provider = ready(c);
        uint64_t seq = 0;
        for (int round = 0; round < 20; round++) {
            c->sent_n = 0;
            for (uint64_t n = rand_below(&r, 60); n > 0; n--) {
                live(c, &truth, &r, false);
            }
            for (uint64_t n = rand_below(&r, 60); n > 0; n--) {
                live(c, &truth, &r, true);
            }
            anew(c, SUB1);
            if (rand_below(&r, 2) == 0) {
                live(c, &truth, &r, false);
                tell_all(c, &truth, &r, false);
                for (uint64_t n = rand_below(&r, 30); n > 0; n--) {
                    live(c, &truth, &r, true);
                }
                anew(c, SUB1);
            }
            live(c, &truth, &r, false);
            tell_all(c, &truth, &r, true);
            for (uint32_t i = 0; i < c->sent_n; i++) {
                if (c->sent[i].kind == MSG_CTI_EVENT) {
                    assert_true(c->sent[i].event.seq == seq + 1 || seq == 0);
                    seq = c->sent[i].event.seq;
                    believe(&view, &c->sent[i].event.event);
                }
            }
            check_same(&truth, &view);
            static struct msg ack;
            ack.kind = MSG_CTI_EVENT_ACK;
            ack.cti_event_ack = (struct msg_cti_event_ack){.provider = provider, .seq = seq};
            tell(c, &ack);
        }
        stop(c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_ctimanager_watch__a_call_that_ended_unseen_ends),
    cmocka_unit_test(test_ctimanager_watch__a_call_that_began_unseen_begins),
    cmocka_unit_test(test_ctimanager_watch__a_call_at_a_route_point_is_offered),
    cmocka_unit_test(test_ctimanager_watch__what_changed_unseen_is_told_and_nothing_else),
    cmocka_unit_test(test_ctimanager_watch__the_old_call_ends_before_the_new_one_begins),
    cmocka_unit_test(test_ctimanager_watch__a_leg_that_moved_to_another_call_is_the_same),
    cmocka_unit_test(test_ctimanager_watch__what_comes_before_the_snapshot_is_not_told_twice),
    cmocka_unit_test(test_ctimanager_watch__a_cut_in_the_snapshot_begins_it_again),
    cmocka_unit_test(test_ctimanager_watch__only_devices_of_that_node_are_asked_about),
    cmocka_unit_test(test_ctimanager_watch__an_event_does_not_overtake_the_registration),
    cmocka_unit_test(test_ctimanager_watch__an_event_waits_for_the_news_of_its_own_device),
    cmocka_unit_test(test_ctimanager_watch__an_event_does_not_overtake_what_is_known_and_not_told),
    cmocka_unit_test(test_ctimanager_watch__an_owner_that_comes_and_goes_takes_its_events_along),
    cmocka_unit_test(test_ctimanager_watch__too_many_early_events_become_a_snapshot),
    cmocka_unit_test(test_ctimanager_watch__a_first_snapshot_that_never_came_is_asked_for_again),
    cmocka_unit_test(test_ctimanager_watch__a_new_provider_begins_with_the_truth),
    cmocka_unit_test(test_ctimanager_watch__after_any_loss_the_provider_knows_the_truth),
};

UNIT_MAIN(tests);
