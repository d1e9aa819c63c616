#include "node/base/rand.h"
#include "node/role/pg/opc.h"
#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define INPUTS  20000
#define CALLS   24
#define DEVICES 5 /* three agents' phones, one that is nobody's, the route point */

struct seen {
    uint64_t digest;
    uint32_t rows;
    struct msg_record_tcd last[4096];
};

static void see(void *context, const struct opc_output *o)
{
    struct seen *s = context;
    s->digest = (s->digest ^ (uint64_t)o->kind ^ o->call.v ^ o->request) * 1099511628211u;
    if (o->kind == OPC_TCD) {
        assert_non_null(o->tcd);
        assert_int_not_equal(o->tcd->disposition, 0);
        assert_int_equal(o->tcd->duration_ms, o->tcd->queue_ms + o->tcd->delay_ms +
                                                  o->tcd->ring_ms + o->tcd->talk_ms +
                                                  o->tcd->hold_ms + o->tcd->work_ms);
        s->last[s->rows++ % 4096] = *o->tcd;
    }
}

static struct topology *topology(void)
{
    struct pg_world *w = pg_world_new();
    struct topology *t = malloc(sizeof *t);
    assert_non_null(t);
    *t = w->topology;
    pg_world_free(w);
    return t;
}

static struct msg_private_input draw(struct rand_state *r, const struct topology *t,
                                     const struct opc *o)
{
    struct msg_private_input in = {.seq = o->seq + 1,
                                   .at_us = o->at_us + (int64_t)rand_below(r, 400000)};
    in.kind = (uint32_t)rand_between(r, OPC_INPUT_DEVICE_EVENT, OPC_INPUT_TICK);
    if (in.kind == OPC_INPUT_PROVIDER_LOST && rand_below(r, 20) != 0) {
        in.kind = OPC_INPUT_DEVICE_EVENT;
    }
    if (in.kind == OPC_INPUT_ACTIVATED) {
        in.id = o->epoch + rand_below(r, 20) / 19;
    }
    uint32_t device = 1 + (uint32_t)rand_below(r, DEVICES);
    in.event.device = device == DEVICES ? topology_route_point(t, 0) : (struct device_id){device};
    in.event.call.v = 0x0100010000000000u + 1 + rand_below(r, CALLS);
    in.event.old_call.v = rand_below(r, 4) == 0 ? in.event.call.v % CALLS + 1 : 0;
    in.event.kind = (uint32_t)rand_below(r, DEVICE_EVENT_COUNT);
    in.event.reason = (uint32_t)rand_below(r, REASON_COUNT);
    in.event.state = (uint32_t)rand_below(r, LEG_COUNT);
    in.event.epoch = 1 + (uint32_t)rand_below(r, 2);
    in.agent.v = 5001 + (uint32_t)rand_below(r, PG_WORLD_AGENTS + 1);
    in.request = (uint32_t)rand_below(r, AGENT_REQUEST_COUNT);
    if (in.kind == OPC_INPUT_AGENT_REQUEST) {
        in.event.device.v = 0;
    }
    in.reason = (uint32_t)rand_between(r, 1, REASON_COUNT - 1);
    in.in_service = rand_below(r, 4) != 0;
    if (in.kind == OPC_INPUT_ROUTED || in.kind == OPC_INPUT_ROUTE_FAILED) {
        in.id = o->requests - rand_below(r, 3);
        in.reason_code = (uint32_t)rand_below(r, ROUTE_COUNT);
        for (uint32_t i = 1; i <= o->calls_max; i++) {
            if (call_id_some(o->calls[i].id) && o->calls[i].request == in.id) {
                in.event.call = o->calls[i].id;
            }
        }
    }
    in.text[0] = 'x';
    return in;
}

static void start(struct opc *o, const struct topology *t, struct seen *s)
{
    struct opc_sink sink = {.context = s, .output = see};
    memset(s, 0, sizeof *s);
    opc_init(o, t, 5000, &sink);
}

static void test_pg_opc__same_inputs_give_the_same_state_and_outputs(void **state)
{
    (void)state;
    static struct seen left, right;
    static struct opc a, b;
    struct topology *t = topology();
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct rand_state r = {.v = seed};
        start(&a, t, &left);
        start(&b, t, &right);
        for (int i = 0; i < INPUTS; i++) {
            struct msg_private_input in = draw(&r, t, &a);
            opc_input(&a, &in);
            opc_input(&b, &in);
            if (i % 500 == 0) {
                assert_true(opc_state_digest(&a) == opc_state_digest(&b));
            }
        }
        assert_true(opc_state_digest(&a) == opc_state_digest(&b));
        assert_true(left.digest == right.digest);
        assert_true(left.rows > 100);
    }
    free(t);
}

static void test_pg_opc__another_input_gives_another_state(void **state)
{
    (void)state;
    static struct seen left, right;
    static struct opc a, b;
    struct topology *t = topology();
    start(&a, t, &left);
    start(&b, t, &right);
    struct msg_private_input in = {.seq = 1, .at_us = 5, .kind = OPC_INPUT_MONITORED};
    in.event.device.v = 1;
    in.event.epoch = 1;
    in.in_service = true;
    opc_input(&a, &in);
    in.in_service = false;
    opc_input(&b, &in);
    assert_true(opc_state_digest(&a) != opc_state_digest(&b));
    free(t);
}

/* The wire is not there: what is exported is imported at once. */
static void hand_over(void *context, const struct msg *msg)
{
    enum err err = msg->kind == MSG_PRIVATE_AGENT
                       ? opc_state_import_agent(context, &msg->private_agent)
                       : opc_state_import_leg(context, &msg->private_leg);
    assert_int_equal(err, ERR_OK);
}

/* conforms: 37 */
static void test_pg_opc__state_that_was_handed_over_goes_on_alike(void **state)
{
    (void)state;
    static struct seen left, right;
    static struct opc a, b;
    struct topology *t = topology();
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct rand_state r = {.v = seed};
        start(&a, t, &left);
        start(&b, t, &right);
        for (int i = 0; i < 400; i++) {
            struct msg_private_input in = draw(&r, t, &a);
            opc_input(&a, &in);
        }
        opc_state_export(&a, &b, hand_over);
        assert_true(opc_state_digest(&a) == opc_state_digest(&b));
        for (int i = 0; i < 400; i++) {
            struct msg_private_input in = draw(&r, t, &a);
            opc_input(&a, &in);
            opc_input(&b, &in);
            if (opc_state_digest(&a) != opc_state_digest(&b)) {
                fail_msg(
                    "seed %u: after input %d of kind %u, event %u at device %u, the states differ",
                    (unsigned)seed, i, in.kind, in.event.kind, in.event.device.v);
            }
        }
    }
    free(t);
}

/* Give every field of what is in view a value of its own, so that none can be left behind. */
static void fill_in(struct opc *o)
{
    int64_t n = 1000;
    for (uint32_t i = 1; i <= o->legs_max; i++) {
        struct opc_leg *leg = &o->legs[i];
        if (!call_id_some(leg->call)) {
            continue;
        }
        leg->agent.v = 5001;
        leg->parent = (uint32_t)n++;
        leg->day = (uint32_t)n++;
        leg->key = (uint32_t)n++;
        leg->key_seq = (uint32_t)n++;
        leg->skill = (uint32_t)n++;
        leg->call_type = (uint32_t)n++;
        leg->disposition = (uint32_t)n++;
        leg->begin_us = n++;
        leg->ring_us = n++;
        leg->answer_us = n++;
        leg->held_at_us = n++;
        leg->hold_us = n++;
        leg->end_us = n++;
        leg->queue_us = n++;
        leg->delay_us = n++;
        leg->inbound = true;
        memcpy(leg->from, "555", 4);
        memcpy(leg->to, "666", 4);
        memcpy(leg->text, "text", 5);
    }
    for (uint32_t i = 1; i <= o->calls_max; i++) {
        struct opc_call *call = &o->calls[i];
        if (!call_id_some(call->id)) {
            continue;
        }
        call->parent = (uint32_t)n++;
        call->legs_made = (uint32_t)n++;
        call->day = (uint32_t)n++;
        call->key = (uint32_t)n++;
        call->key_seq = (uint32_t)n++;
        call->skill = (uint32_t)n++;
        call->tries = (uint32_t)n++;
        call->request = (uint64_t)n++;
        call->begin_us = n++;
        call->queue_us = n++;
        call->linger_us = n++;
        call->agent = 2;
        call->waiting = true;
        call->moved = true;
        call->point.v = 5;
        memcpy(call->from, "777", 4);
        memcpy(call->to, "888", 4);
    }
    for (uint32_t i = 0; i < o->agents_n; i++) {
        struct opc_agent *a = &o->agents[i];
        a->before = AGENT_STATE_READY;
        a->reason_code = (uint32_t)n++;
        a->epoch = (uint32_t)n++;
        a->since_us = n++;
        a->login_us = n++;
        a->deadline_us = n++;
        a->reserved.v = (uint64_t)n++;
        o->devices[a->info.device.v].epoch = (uint32_t)n++;
        o->devices[a->info.device.v].snapshot = i % 2 == 0;
    }
}

static void test_pg_opc__nothing_is_left_behind_in_a_transfer(void **state)
{
    (void)state;
    static struct seen left, right;
    static struct opc a, b;
    struct topology *t = topology();
    uint32_t legs = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rand_state r = {.v = seed};
        start(&a, t, &left);
        start(&b, t, &right);
        for (int i = 0; i < 400; i++) {
            struct msg_private_input in = draw(&r, t, &a);
            opc_input(&a, &in);
        }
        fill_in(&a);
        legs += a.legs_n;
        opc_state_export(&a, &b, hand_over);
        assert_true(opc_state_digest(&a) == opc_state_digest(&b));
        assert_int_equal(a.legs_n, b.legs_n);
        assert_int_equal(a.calls_n, b.calls_n);
    }
    assert_true(legs > 20);
    free(t);
}

static int by_key(const void *x, const void *y)
{
    const struct msg_record_tcd *a = x, *b = y;
    if (a->icr_call_key != b->icr_call_key) {
        return a->icr_call_key < b->icr_call_key ? -1 : 1;
    }
    return a->leg == b->leg ? (int)a->segment - (int)b->segment : a->leg < b->leg ? -1 : 1;
}

static void test_pg_opc__no_key_is_given_to_two_rows(void **state)
{
    (void)state;
    static struct seen seen;
    static struct opc o;
    struct topology *t = topology();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rand_state r = {.v = seed};
        start(&o, t, &seen);
        while (seen.rows < 4000) {
            struct msg_private_input in = draw(&r, t, &o);
            opc_input(&o, &in);
        }
        qsort(seen.last, 4000, sizeof seen.last[0], by_key);
        for (int i = 1; i < 4000; i++) {
            if (by_key(&seen.last[i - 1], &seen.last[i]) == 0) {
                fail_msg("seed %u: key %u leg %u segment %u twice: dispositions %u and %u",
                         (unsigned)seed, seen.last[i].icr_call_key, seen.last[i].leg,
                         seen.last[i].segment, seen.last[i - 1].disposition,
                         seen.last[i].disposition);
            }
        }
    }
    free(t);
}

static void test_pg_opc__keys_of_two_activations_never_meet(void **state)
{
    (void)state;
    static struct seen seen;
    static struct opc o;
    struct topology *t = topology();
    uint32_t last = 0;
    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        start(&o, t, &seen); /* all memory is lost in between */
        struct msg_private_input in = {.seq = 1, .kind = OPC_INPUT_ACTIVATED, .id = epoch};
        opc_input(&o, &in);
        in = (struct msg_private_input){.seq = 2, .kind = OPC_INPUT_DEVICE_EVENT};
        in.event.kind = DEVICE_EVENT_RINGING;
        in.event.device.v = 1;
        in.event.call.v = 77;
        opc_input(&o, &in);
        assert_true(o.keys > last);
        last = o.keys;
    }
    free(t);
}

/* The registry does not know yet that the phone is lost; the caller goes to somebody else. */
static void test_pg_opc__a_phone_that_nobody_serves_is_not_tried_again_at_once(void **state)
{
    (void)state;
    struct pg_world *w = pg_world_new();
    struct pg_world_side *s = &w->sides[0];
    pg_world_start(w, 0);
    pg_world_run(w, 500);
    pg_world_open(w, 0, 0);
    pg_world_ask(w, 0, 0, AGENT_REQUEST_LOGIN);
    pg_world_ask(w, 0, 0, AGENT_REQUEST_READY);
    pg_world_event(w, 0, DEVICE_EVENT_OFFERED, pg_world_point(w), 0x0100010000000001, REASON_NONE);
    uint32_t routes = w->routes;
    s->refusal = REASON_UNREGISTERED;
    pg_world_label(w, 0, 0);
    pg_world_run(w, 100);
    assert_int_equal(s->requests[s->requests_n - 1].key, KEY_ROUTE);
    assert_int_equal(s->pg.opc.agents[0].state, AGENT_STATE_NOT_READY);
    assert_int_equal(w->routes, routes + 1);
    pg_world_free(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_opc__a_phone_that_nobody_serves_is_not_tried_again_at_once),
    cmocka_unit_test(test_pg_opc__same_inputs_give_the_same_state_and_outputs),
    cmocka_unit_test(test_pg_opc__another_input_gives_another_state),
    cmocka_unit_test(test_pg_opc__state_that_was_handed_over_goes_on_alike),
    cmocka_unit_test(test_pg_opc__nothing_is_left_behind_in_a_transfer),
    cmocka_unit_test(test_pg_opc__no_key_is_given_to_two_rows),
    cmocka_unit_test(test_pg_opc__keys_of_two_activations_never_meet),
};

UNIT_MAIN(tests);
