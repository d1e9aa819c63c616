/* The worst moments: something is on its way between two nodes when one of them, or the session
 * between them, goes. Nobody may be left in a call that is over. */
#include "node/base/rand.h"
#include "tests/unit/callmanager_fixture.h"

/* Phones 1, 2 at node 1, phones 11, 12 at node 2, phones 21, 22 at node 3. */
static struct cluster *spread(void)
{
    struct cluster *c = cluster_new();
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        put(c, n, 10u * (n - 1) + 1);
        put(c, n, 10u * (n - 1) + 2);
    }
    watch(c, 3);
    return c;
}

/* Press a key and deliver nothing. */
static void press_only(struct cluster *c, uint32_t device, struct call_id call, enum key key)
{
    static struct msg m;
    m.kind = MSG_STATION_KEY;
    m.station_key = (struct msg_station_key){
        .device = {device}, .epoch = c->epochs[device], .call = call, .key = key};
    station(c, c->owners[device], &m);
}

static void check_free(struct cluster *c, uint32_t device)
{
    const struct callmanager *cm = &c->sites[c->owners[device]].cm;
    assert_int_equal(cm->devices[device].parties, 0);
    assert_int_equal(device_free(cm, (struct device_id){device}), REASON_NONE);
}

static void check_no_calls(const struct cluster *c)
{
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        assert_int_equal(c->sites[n].cm.parties_n, 0);
        assert_int_equal(callmanager_calls(&c->sites[n].cm), 0);
    }
}

static uint32_t on_their_way(const struct cluster *c, enum msg_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->letters_n; i++) {
        n += c->letters[i].msg.kind == kind;
    }
    return n;
}

static void cut(struct cluster *c, uint16_t a, uint16_t b)
{
    c->letters_n = 0; /* what is on its way is lost with the session */
    sdl(c, a, b, false);
    settle(c);
}

static void test_callmanager_moment__a_hang_up_on_its_way_to_a_dead_owner_ends_the_leg(void **state)
{
    (void)state;
    for (int crashes = 0; crashes <= 1; crashes++) {
        struct cluster *c = spread();
        struct call_id call = talk(c, 1, 11);
        press_only(c, 11, call, KEY_HANGUP);
        assert_int_equal(c->letters_n, 1);
        if (crashes) {
            c->letters_n = 0;
            crash(c, 1);
        } else {
            cut(c, 1, 2);
        }
        check_leg(c, 11, LEG_ENDED, REASON_HUNG_UP, 0);
        check_free(c, 11);
        assert_int_equal(heard(c, 11, DEVICE_EVENT_DISCONNECTED)->reason, REASON_HUNG_UP);
        free(c);
    }
}

static void test_callmanager_moment__another_key_on_its_way_leaves_the_call_preserved(void **state)
{
    (void)state;
    static const enum key keys[] = {KEY_HOLD, KEY_TRANSFER, KEY_CONFERENCE};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct cluster *c = spread();
        struct call_id call = talk(c, 1, 11);
        press_only(c, 11, call, keys[i]);
        cut(c, 1, 2);
        check_leg(c, 11, LEG_CONNECTED, REASON_PRESERVED, 1);
        check_leg(c, 1, LEG_CONNECTED, REASON_PRESERVED, 11);
        assert_int_equal(press(c, 11, call, KEY_HANGUP, ""), REASON_NONE);
        assert_int_equal(press(c, 1, call, KEY_HANGUP, ""), REASON_NONE);
        check_no_calls(c);
        free(c);
    }
}

static void test_callmanager_moment__who_leaves_a_preserved_conference_is_out_of_it(void **state)
{
    (void)state;
    struct cluster *c = spread();
    struct call_id first = talk(c, 1, 11);
    assert_int_equal(press(c, 11, first, KEY_CONFERENCE, "1021"), REASON_NONE);
    assert_int_equal(press(c, 21, call_of(c, 21), KEY_ANSWER, ""), REASON_NONE);
    assert_int_equal(press(c, 11, call_of(c, 11), KEY_CONFERENCE_COMPLETE, ""), REASON_NONE);
    crash(c, 2);
    assert_int_equal(c->legs[21].reason, REASON_PRESERVED);
    assert_int_equal(press(c, 21, first, KEY_HOLD, ""), REASON_PRESERVED);
    assert_int_equal(press(c, 21, first, KEY_HANGUP, ""), REASON_NONE);
    assert_int_equal(c->legs[21].state, LEG_ENDED);
    check_free(c, 21);
    /* The owner of the call knows it too, and has nothing left when the last one goes. */
    assert_int_equal(c->sites[1].cm.parties_n, 1);
    assert_int_equal(press(c, 1, first, KEY_HANGUP, ""), REASON_NONE);
    check_no_calls(c);
    free(c);
}

static void test_callmanager_moment__a_preserved_leg_ends_though_its_owner_knows_no_call(
    void **state)
{
    (void)state;
    /* The session came back, or the owner began anew: it does not know the call any more. */
    for (int anew = 0; anew <= 1; anew++) {
        struct cluster *c = spread();
        struct call_id call = talk(c, 1, 11);
        if (anew) {
            crash(c, 1);
            start(c, 1);
        } else {
            cut(c, 1, 2);
            sdl(c, 1, 2, true);
            settle(c);
        }
        assert_int_equal(c->legs[11].reason, REASON_PRESERVED);
        assert_int_equal(press(c, 11, call, KEY_HANGUP, ""), REASON_NONE);
        check_leg(c, 11, LEG_ENDED, REASON_HUNG_UP, 0);
        check_free(c, 11);
        free(c);
    }
}

static void test_callmanager_moment__a_call_waits_out_a_cut_from_its_route_point(void **state)
{
    (void)state;
    struct cluster *c = spread();
    hold_route_point(c, 2);
    dial(c, 1, 1, "8000", "");
    struct call_id call = call_of(c, 1);
    cut(c, 1, 2);
    assert_int_equal(c->legs[1].state, LEG_QUEUED);
    tick(c, 1000);
    uint32_t before = c->log_n;
    sdl(c, 1, 2, true);
    settle(c);
    /* It is offered there again. */
    bool offered = false;
    for (uint32_t i = before; i < c->log_n; i++) {
        const struct msg *m = &c->log[i].msg;
        offered = offered ||
                  (m->kind == MSG_SDL_EVENT && m->sdl_event.event.kind == DEVICE_EVENT_OFFERED &&
                   call_id_eq(m->sdl_event.event.call, call));
    }
    assert_true(offered);
    assert_int_equal(cti(c, 3, ROUTE_POINT, call, KEY_ROUTE, "1021"), REASON_NONE);
    check_leg(c, 21, LEG_RINGING, REASON_NONE, 0);
    free(c);
}

static void test_callmanager_moment__a_route_point_refused_by_its_node_is_tried_again_later(
    void **state)
{
    (void)state;
    /* The two replicas do not agree yet who holds it. */
    struct cluster *c = spread();
    hold_route_point(c, 2);
    static struct msg m;
    m.kind = MSG_STATION_DIAL;
    m.station_dial = (struct msg_station_dial){
        .device = {1}, .epoch = c->epochs[1], .line = 1, .number = "8000"};
    station(c, 1, &m);
    struct call_id call = call_of(c, 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(on_their_way(c, MSG_SDL_OFFER), 1);
        c->letters_n = 0;
        m.kind = MSG_SDL_GONE;
        m.sdl_gone = (struct msg_sdl_gone){
            .call = call, .device = {ROUTE_POINT}, .reason = REASON_UNREGISTERED};
        callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){2}, &m);
        assert_int_equal(on_their_way(c, MSG_SDL_OFFER),
                         0); /* not at once: they would go round and round */
        assert_int_equal(c->legs[1].state, LEG_QUEUED);
        c->now = instant_add(c->now, duration_ms(60));
        callmanager_tick(&c->sites[1].cm, c->now);
    }
    settle(c);
    assert_true(call_id_eq(heard(c, ROUTE_POINT, DEVICE_EVENT_OFFERED)->call, call));
    free(c);
}

static void test_callmanager_moment__a_ringing_phone_that_moves_ends_the_call_once(void **state)
{
    (void)state;
    struct cluster *c = spread();
    dial(c, 1, 1, "1011", "");
    check_leg(c, 11, LEG_RINGING, REASON_NONE, 0);
    put(c, 3, 11);
    check_leg(c, 1, LEG_ENDED, REASON_UNREGISTERED, 0);
    check_free(c, 11);
    check_no_calls(c);
    free(c);
}

static void test_callmanager_moment__an_answer_on_its_way_from_a_phone_that_moved_is_late(
    void **state)
{
    (void)state;
    struct cluster *c = spread();
    dial(c, 1, 1, "1011", "");
    struct call_id call = call_of(c, 1);
    press_only(c, 11, call, KEY_ANSWER); /* to node 1, not delivered yet */
    static struct letter key;
    key = c->letters[0];
    c->letters_n = 0;
    put(c, 3, 11);
    callmanager_message(&c->sites[1].cm, c->now, LINK_SDL, (struct proc_id){2}, &key.msg);
    settle(c);
    check_leg(c, 1, LEG_ENDED, REASON_UNREGISTERED, 0);
    check_no_calls(c);
    free(c);
}

static void test_callmanager_moment__a_transfer_completed_as_a_node_dies_leaves_nobody_behind(
    void **state)
{
    (void)state;
    for (uint16_t dead = 1; dead <= 3; dead++) {
        struct cluster *c = spread();
        struct call_id first = talk(c, 1, 11);
        assert_int_equal(press(c, 11, first, KEY_TRANSFER, "1021"), REASON_NONE);
        struct call_id second = call_of(c, 21);
        assert_int_equal(press(c, 21, second, KEY_ANSWER, ""), REASON_NONE);
        press_only(c, 11, second, KEY_TRANSFER_COMPLETE);
        crash(c, dead);
        settle(c);
        /* Whoever still has a leg can end it, and then nothing is left. */
        for (uint32_t device = 1; device <= 21; device += 10) {
            uint16_t home = c->owners[device];
            for (int i = 0; i < 2 && home != dead; i++) {
                uint32_t leg = c->sites[home].cm.devices[device].parties;
                if (leg != 0) {
                    struct call_id call = c->sites[home].cm.parties[leg].call;
                    assert_int_equal(press(c, device, call, KEY_HANGUP, ""), REASON_NONE);
                }
            }
        }
        for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
            if (n != dead) {
                assert_int_equal(c->sites[n].cm.parties_n, 0);
                assert_int_equal(callmanager_calls(&c->sites[n].cm), 0);
            }
        }
        free(c);
    }
}

/* ---- Whatever happens ---- */

#define DEVICES 12u

/* What is on its way between two nodes is lost with their session. */
static void lose(struct cluster *c, uint16_t a, uint16_t b)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->letters_n; i++) {
        const struct letter *l = &c->letters[i];
        if (!((l->from == a && l->to == b) || (l->from == b && l->to == a))) {
            c->letters[kept++] = c->letters[i];
        }
    }
    c->letters_n = kept;
}

static void deliver_some(struct cluster *c, struct rand_state *r)
{
    static struct letter l;
    for (uint64_t n = rand_below(r, 6); n > 0 && c->letters_n > 0; n--) {
        l = c->letters[0];
        c->letters_n--;
        memmove(&c->letters[0], &c->letters[1], c->letters_n * sizeof c->letters[0]);
        if (c->sites[l.to].alive) {
            callmanager_message(&c->sites[l.to].cm, c->now, l.link, (struct proc_id){l.from},
                                &l.msg);
        }
    }
}

/* What a person does with a phone: dial, or press any key on any of its legs. */
static void live(struct cluster *c, struct rand_state *r)
{
    static struct msg m;
    uint32_t device = 1 + (uint32_t)rand_below(r, DEVICES);
    uint16_t home = c->owners[device];
    if (!c->sites[home].alive) {
        return;
    }
    struct callmanager *cm = &c->sites[home].cm;
    uint32_t leg = cm->devices[device].parties;
    if (leg != 0 && cm->parties[leg].next != 0 && rand_below(r, 2) == 0) {
        leg = cm->parties[leg].next;
    }
    char number[NUMBER_LEN];
    snprintf(number, sizeof number, "%u",
             rand_below(r, 6) == 0 ? 8000u : 1001u + (unsigned)rand_below(r, DEVICES));
    if (leg == 0 || rand_below(r, 8) == 0) {
        m.kind = MSG_STATION_DIAL;
        m.station_dial = (struct msg_station_dial){
            .device = {device}, .epoch = c->epochs[device], .line = 1 + device};
        memcpy(m.station_dial.number, number, sizeof number);
    } else {
        m.kind = MSG_STATION_KEY;
        m.station_key = (struct msg_station_key){
            .device = {device},
            .epoch = c->epochs[device],
            .call = cm->parties[leg].call,
            .key = rand_below(r, 3) == 0 ? KEY_ANSWER : (uint32_t)rand_below(r, KEY_ROUTE)};
        memcpy(m.station_key.number, number, sizeof number);
    }
    station(c, home, &m);
}

/* CTI sends a call that waits at the route point somewhere. */
static void route(struct cluster *c, struct rand_state *r)
{
    static struct msg m;
    uint16_t node = 1 + (uint16_t)rand_below(r, FIXTURE_NODES);
    const struct callmanager *cm = &c->sites[node].cm;
    uint32_t leg = cm->devices[ROUTE_POINT].parties;
    if (!c->sites[node].alive || leg == 0) {
        return;
    }
    m.kind = MSG_SDL_REQUEST;
    m.sdl_request = (struct msg_sdl_request){
        .id = 1, .device = {ROUTE_POINT}, .call = cm->parties[leg].call, .key = KEY_ROUTE};
    snprintf(m.sdl_request.number, NUMBER_LEN, "%u", 1001u + (unsigned)rand_below(r, DEVICES));
    callmanager_message(&c->sites[node].cm, c->now, LINK_LOCAL, (struct proc_id){node}, &m);
}

static void crash_now(struct cluster *c, uint16_t node)
{
    struct site *s = &c->sites[node];
    callmanager_reset(&s->cm);
    s->alive = false;
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        lose(c, node, n);
        if (n != node && c->sites[n].alive && mesh_is_up(&c->sites[n].cm, (struct proc_id){node})) {
            sdl(c, node, n, false);
        }
    }
    service(c, node, false);
}

static void place(struct cluster *c, uint16_t node, uint32_t device)
{
    ask(c, node, device);
    settle(c);
}

/* The registry serves what is left of a node that came back. */
static void bring_back(struct cluster *c, uint16_t node)
{
    settle(c);
    start(c, node);
}

static void break_something(struct cluster *c, struct rand_state *r)
{
    uint16_t a = 1 + (uint16_t)rand_below(r, FIXTURE_NODES);
    uint16_t b = 1 + (uint16_t)((a + rand_below(r, FIXTURE_NODES - 1)) % FIXTURE_NODES);
    uint32_t device = 1 + (uint32_t)rand_below(r, DEVICES);
    bool both = c->sites[a].alive && c->sites[b].alive;
    switch (rand_below(r, 5)) {
    case 0:
        if (both && mesh_is_up(&c->sites[a].cm, (struct proc_id){b})) {
            lose(c, a, b);
            sdl(c, a, b, false);
        }
        return;
    case 1:
        if (both && !mesh_is_up(&c->sites[a].cm, (struct proc_id){b})) {
            sdl(c, a, b, true);
        }
        return;
    case 2:
        if (c->sites[a].alive) {
            crash_now(c, a);
        } else {
            bring_back(c, a);
        }
        return;
    case 3:
        if (c->sites[a].alive) {
            place(c, a, device);
        }
        return;
    default:
        c->now = instant_add(c->now, duration_ms((int64_t)rand_below(r, 3000)));
        for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
            if (c->sites[n].alive) {
                callmanager_tick(&c->sites[n].cm, c->now);
            }
        }
        return;
    }
}

/* Everything works again, and everybody hangs up. */
static void calm_down(struct cluster *c)
{
    settle(c);
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        if (!c->sites[n].alive) {
            bring_back(c, n);
        }
        for (uint16_t k = (uint16_t)(n + 1); k <= FIXTURE_NODES; k++) {
            if (c->sites[n].alive && c->sites[k].alive &&
                !mesh_is_up(&c->sites[n].cm, (struct proc_id){k})) {
                sdl(c, n, k, true);
                settle(c);
            }
        }
    }
    for (uint32_t device = 1; device <= DEVICES; device++) {
        uint16_t home = c->owners[device];
        if (!device_served(&c->sites[home].cm, (struct device_id){device})) {
            place(c, home, device);
        }
        for (int i = 0; i < 3 && c->sites[home].cm.devices[device].parties != 0; i++) {
            uint32_t leg = c->sites[home].cm.devices[device].parties;
            (void)press(c, device, c->sites[home].cm.parties[leg].call, KEY_HANGUP, "");
        }
    }
    tick(c, 60000);
    tick(c, 60000);
}

static void test_callmanager_moment__whatever_happens_nobody_stays_in_a_call(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct rand_state r = {seed};
        struct cluster *c = cluster_new();
        for (uint32_t device = 1; device <= DEVICES; device++) {
            put(c, (uint16_t)(1 + device % FIXTURE_NODES), device);
        }
        hold_route_point(c, 2);
        for (int step = 0; step < 400; step++) {
            uint64_t dice = rand_below(&r, 40);
            if (dice == 0) {
                break_something(c, &r);
            } else if (dice < 4) {
                route(c, &r);
            } else {
                live(c, &r);
            }
            deliver_some(c, &r);
            if (c->letters_n > QUEUE_MAX / 2 || c->proposals_n > QUEUE_MAX / 2) {
                settle(c);
            }
            c->log_n = 0;
        }
        calm_down(c);
        for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
            if (c->sites[n].cm.parties_n != 0 || callmanager_calls(&c->sites[n].cm) != 0) {
                fail_msg("seed %u: %u legs and %u calls are left at node %u", (unsigned)seed,
                         c->sites[n].cm.parties_n, callmanager_calls(&c->sites[n].cm), n);
            }
        }
        free(c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_callmanager_moment__a_hang_up_on_its_way_to_a_dead_owner_ends_the_leg),
    cmocka_unit_test(test_callmanager_moment__another_key_on_its_way_leaves_the_call_preserved),
    cmocka_unit_test(test_callmanager_moment__who_leaves_a_preserved_conference_is_out_of_it),
    cmocka_unit_test(test_callmanager_moment__a_preserved_leg_ends_though_its_owner_knows_no_call),
    cmocka_unit_test(test_callmanager_moment__a_call_waits_out_a_cut_from_its_route_point),
    cmocka_unit_test(
        test_callmanager_moment__a_route_point_refused_by_its_node_is_tried_again_later),
    cmocka_unit_test(test_callmanager_moment__a_ringing_phone_that_moves_ends_the_call_once),
    cmocka_unit_test(test_callmanager_moment__an_answer_on_its_way_from_a_phone_that_moved_is_late),
    cmocka_unit_test(
        test_callmanager_moment__a_transfer_completed_as_a_node_dies_leaves_nobody_behind),
    cmocka_unit_test(test_callmanager_moment__whatever_happens_nobody_stays_in_a_call),
};

UNIT_MAIN(tests);
