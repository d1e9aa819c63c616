#include "node/base/session.h"

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_MS 100
#define MISSES       3
#define RING_BYTES   8192
#define FRAME_MAX    1024
#define WIRE_MAX     4096
#define SEEDS        400
#define STEPS        3000

/* Two ends and what is on the way between them. The transport keeps order within a connection;
 * across connections it loses the newest, keeps old frames for later, and repeats. */
struct wire_frame {
    struct session_frame frame;
    uint8_t bytes[FRAME_MAX];
};

struct wire {
    struct wire_frame *frames[WIRE_MAX];
    size_t n;
};

struct end {
    struct session s;
    uint64_t ring[RING_BYTES / 8];
    struct wire out;
    /* what the user of the session knows */
    bool up;
    uint32_t era, said;        /* this end's own sessions, and messages in the present one */
    uint32_t heard_era, heard; /* the peer's, as they arrive */
    unsigned downs, ups;
    enum reason reason;
};

struct pair {
    struct end a, b; /* a is the connector */
    struct instant now;
    struct rand_state rand;
    bool connected;
};

static void pair_init(struct pair *p, uint64_t seed)
{
    memset(p, 0, sizeof *p);
    struct session_config config = {.connector = true,
                                    .incarnation = {1},
                                    .topology = 77,
                                    .heartbeat = duration_ms(HEARTBEAT_MS),
                                    .misses = MISSES,
                                    .grace = duration_ms(200),
                                    .credit = 8,
                                    .frame_bytes_max = FRAME_MAX,
                                    .frame_items_max = 5};
    p->now.us = 1000000;
    p->rand.v = seed;
    session_init(&p->a.s, &config, (uint8_t *)p->a.ring, sizeof p->a.ring, seed * 2 + 1);
    config.connector = false;
    session_init(&p->b.s, &config, (uint8_t *)p->b.ring, sizeof p->b.ring, seed * 2 + 2);
}

static void wire_clear(struct wire *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->frames[i]);
    }
    w->n = 0;
}

static void pair_deinit(struct pair *p)
{
    wire_clear(&p->a.out);
    wire_clear(&p->b.out);
}

static void pump(struct pair *p, struct end *e)
{
    struct session_frame f;
    while (session_next(&e->s, p->now, &f)) {
        if (!p->connected || e->out.n == WIRE_MAX) {
            continue; /* lost */
        }
        struct wire_frame *w = malloc(sizeof *w);
        assert_non_null(w);
        w->frame = f;
        assert_true(f.len <= FRAME_MAX);
        if (f.len > 0) {
            memcpy(w->bytes, f.payload, f.len);
        }
        w->frame.payload = w->bytes;
        e->out.frames[e->out.n++] = w;
    }
}

static void hear(struct end *e, const struct session_frame *f)
{
    for (size_t at = 0; at < f->len;) {
        uint32_t m[3]; /* length, era, number */
        assert_true(at + sizeof m <= f->len);
        memcpy(m, f->payload + at, sizeof m);
        if (e->heard == 0) {
            e->heard_era = m[1];
        }
        assert_int_equal(m[1], e->heard_era); /* one session of the peer, one session here */
        assert_int_equal(m[2], e->heard + 1); /* in order, once */
        e->heard++;
        at += m[0];
    }
}

static void learn(struct end *e, struct session_news news)
{
    assert_false(news.mismatch);
    if (news.down) {
        assert_true(e->up);
        e->up = false;
        e->downs++;
        e->reason = news.reason;
    }
    if (news.up) {
        assert_false(e->up);
        e->up = true;
        e->ups++;
        e->era++;
        e->said = 0;
        e->heard = 0;
    }
}

static void say(struct pair *p, struct end *e, size_t len)
{
    uint8_t bytes[FRAME_MAX] = {0};
    uint32_t m[3] = {(uint32_t)len, e->era, e->said + 1};
    memcpy(bytes, m, sizeof m);
    struct session_news news = session_append(&e->s, p->now, bytes, len);
    if (e->up && !news.down) {
        e->said++;
    }
    learn(e, news);
    pump(p, e);
}

static void deliver_at(struct pair *p, struct end *from, struct end *to, size_t i, bool keep)
{
    struct wire_frame *w = from->out.frames[i];
    struct session_news news = session_receive(&to->s, p->now, &w->frame);
    learn(to, news);
    if (news.deliver) {
        hear(to, &w->frame);
    }
    if (!keep) {
        free(w);
        from->out.n--;
        memmove(&from->out.frames[i], &from->out.frames[i + 1],
                (from->out.n - i) * sizeof from->out.frames[0]);
    }
    pump(p, to);
}

static void deliver_all(struct pair *p)
{
    while (p->a.out.n + p->b.out.n > 0) {
        if (p->a.out.n > 0) {
            deliver_at(p, &p->a, &p->b, 0, false);
        }
        if (p->b.out.n > 0) {
            deliver_at(p, &p->b, &p->a, 0, false);
        }
    }
}

static void pass(struct pair *p, int64_t ms)
{
    p->now = instant_add(p->now, duration_ms(ms));
    learn(&p->a, session_tick(&p->a.s, p->now));
    learn(&p->b, session_tick(&p->b.s, p->now));
    pump(p, &p->a);
    pump(p, &p->b);
}

static void reconnect(struct pair *p)
{
    p->connected = true;
    session_transport_up(&p->a.s, p->now);
    pump(p, &p->a);
}

static void lose(struct pair *p)
{
    p->connected = false;
    session_transport_lost(&p->a.s, p->now);
    session_transport_lost(&p->b.s, p->now);
}

static void quiet(struct pair *p, int64_t ms)
{
    for (int64_t t = 0; t < ms; t += 10) {
        pass(p, 10);
        deliver_all(p);
    }
}

static struct pair pair;

static void up(uint64_t seed)
{
    pair_init(&pair, seed);
    reconnect(&pair);
    deliver_all(&pair);
    assert_true(pair.a.up && pair.b.up);
}

static void test_session__a_greeting_brings_both_ends_up(void **state)
{
    (void)state;
    up(1);
    assert_true(pair.a.s.peer_id == pair.b.s.id && pair.b.s.peer_id == pair.a.s.id);
    say(&pair, &pair.a, 20);
    say(&pair, &pair.b, 20);
    deliver_all(&pair);
    assert_int_equal(pair.b.heard, 1);
    assert_int_equal(pair.a.heard, 1);
    pair_deinit(&pair);
}

static void test_session__messages_of_one_turn_make_one_frame(void **state)
{
    (void)state;
    up(1);
    uint8_t m[12] = {12};
    for (unsigned i = 0; i < 5; i++) {
        assert_false(session_append(&pair.a.s, pair.now, m, sizeof m).down);
    }
    struct session_frame f;
    assert_true(session_next(&pair.a.s, pair.now, &f));
    assert_int_equal(f.len, 60);
    assert_false(session_next(&pair.a.s, pair.now, &f));
    pair_deinit(&pair);
}

static void test_session__a_broken_connection_is_resumed_without_loss(void **state)
{
    (void)state;
    up(2);
    for (unsigned i = 0; i < 6; i++) {
        say(&pair, &pair.a, 20);
        say(&pair, &pair.b, 20);
    }
    lose(&pair);
    wire_clear(&pair.a.out);
    wire_clear(&pair.b.out);
    say(&pair, &pair.a, 20);
    pass(&pair, 20);
    reconnect(&pair);
    deliver_all(&pair);
    assert_int_equal(pair.b.heard, 7);
    assert_int_equal(pair.a.heard, 6);
    assert_int_equal(pair.a.downs + pair.b.downs, 0);
    assert_true(pair.a.s.resumed == 1);
    pair_deinit(&pair);
}

static void test_session__a_loss_inside_a_connection_is_repaired(void **state)
{
    (void)state;
    up(3);
    say(&pair, &pair.b, 20);
    wire_clear(&pair.b.out); /* the transport dropped it and says nothing */
    say(&pair, &pair.b, 20);
    deliver_all(&pair);
    assert_int_equal(pair.a.heard, 2);
    say(&pair, &pair.a, 20);
    wire_clear(&pair.a.out); /* the last one: a heartbeat tells */
    quiet(&pair, 2 * HEARTBEAT_MS);
    assert_int_equal(pair.b.heard, 1);
    assert_int_equal(pair.a.downs + pair.b.downs, 0);
    pair_deinit(&pair);
}

/* conforms: 31, 51 */
static void test_session__silence_takes_it_down_after_the_misses(void **state)
{
    (void)state;
    up(4);
    quiet(&pair, 1000);
    assert_int_equal(pair.a.downs, 0);
    for (unsigned i = 0; i < 29; i++) {
        pass(&pair, 10);
        wire_clear(&pair.a.out);
        wire_clear(&pair.b.out);
    }
    assert_int_equal(pair.a.downs, 0);
    for (unsigned i = 0; i < 12; i++) { /* the last sign of life was up to one heartbeat ago */
        pass(&pair, 10);
        wire_clear(&pair.a.out);
        wire_clear(&pair.b.out);
    }
    assert_int_equal(pair.a.downs, 1);
    assert_int_equal(pair.b.downs, 1);
    assert_int_equal(pair.a.reason, REASON_TIMEOUT);
    quiet(&pair, 2 * SESSION_HELLO_RETRY_MS);
    assert_true(pair.a.up && pair.b.up);
    pair_deinit(&pair);
}

static void test_session__a_greeting_that_nobody_answers_is_told(void **state)
{
    (void)state;
    up(5);
    lose(&pair);
    learn(&pair.a, session_transport_refused(&pair.a.s, pair.now));
    session_transport_up(&pair.a.s, pair.now);
    unsigned silent = 0;
    for (unsigned ms = 10; ms <= 2 * HEARTBEAT_MS * MISSES; ms += 10) {
        struct session_frame f;
        while (session_next(&pair.a.s, pair.now, &f)) { /* into the void */
        }
        pair.now = instant_add(pair.now, duration_ms(10));
        silent += session_tick(&pair.a.s, pair.now).silent ? 1 : 0;
        assert_int_equal(silent, ms / ((uint64_t)HEARTBEAT_MS * MISSES));
    }
    session_transport_lost(&pair.a.s, pair.now);
    pair.now = instant_add(pair.now, duration_ms(10 * HEARTBEAT_MS * MISSES));
    assert_false(session_tick(&pair.a.s, pair.now).silent);
    pair_deinit(&pair);
}

static void test_session__what_this_process_slept_through_is_no_silence(void **state)
{
    (void)state;
    up(5);
    quiet(&pair, 500);
    pair.now = instant_add(pair.now, duration_ms(5000)); /* both were stopped */
    pass(&pair, 0);
    deliver_all(&pair);
    quiet(&pair, 500);
    assert_int_equal(pair.a.downs + pair.b.downs, 0);
    pair_deinit(&pair);
}

static void test_session__a_refused_connection_is_down_at_once(void **state)
{
    (void)state;
    up(6);
    lose(&pair);
    assert_true(session_is_up(&pair.a.s));
    learn(&pair.a, session_transport_refused(&pair.a.s, pair.now));
    assert_int_equal(pair.a.downs, 1);
    assert_int_equal(pair.a.reason, REASON_NODE_LOST);
    /* and for a connector that never was up, it is no news */
    assert_false(session_transport_refused(&pair.a.s, pair.now).down);
    pair_deinit(&pair);
}

static void test_session__a_listener_waits_for_its_grace(void **state)
{
    (void)state;
    up(7);
    lose(&pair);
    wire_clear(&pair.a.out);
    pass(&pair, 100);
    assert_int_equal(pair.b.downs, 0);
    pass(&pair, 100);
    assert_int_equal(pair.b.downs, 1);
    assert_int_equal(pair.b.reason, REASON_NODE_LOST);
    pair_deinit(&pair);
}

static void test_session__a_peer_that_started_anew_is_a_new_session(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        up(8 + which);
        say(&pair, &pair.a, 20);
        say(&pair, &pair.b, 20);
        deliver_all(&pair);
        lose(&pair);
        struct end *dead = which == 0 ? &pair.a : &pair.b;
        struct end *alive = which == 0 ? &pair.b : &pair.a;
        struct session_config config = dead->s.config;
        config.incarnation.v++;
        session_init(&dead->s, &config, (uint8_t *)dead->ring, sizeof dead->ring, 999);
        dead->up = false;
        dead->downs = 0;
        pass(&pair, 10);
        reconnect(&pair);
        deliver_all(&pair);
        assert_true(dead->up && alive->up);
        assert_int_equal(alive->downs, 1);
        assert_int_equal(alive->reason, REASON_STALE_LINK);
        assert_true(alive->s.peer_incarnation.v == 2);
        pair_deinit(&pair);
    }
}

static void test_session__a_late_greeting_does_not_end_a_session(void **state)
{
    (void)state;
    pair_init(&pair, 10);
    reconnect(&pair);
    deliver_at(&pair, &pair.a, &pair.b, 0, true); /* HELLO, kept for later */
    struct wire_frame *late = pair.a.out.frames[0];
    pair.a.out.n = 0;
    deliver_all(&pair);
    assert_true(pair.a.up && pair.b.up);
    say(&pair, &pair.a, 20);
    deliver_all(&pair);
    pair.a.out.frames[pair.a.out.n++] = late;
    deliver_all(&pair);
    say(&pair, &pair.a, 20);
    deliver_all(&pair);
    assert_int_equal(pair.b.heard, 2);
    assert_int_equal(pair.a.downs + pair.b.downs, 0);
    pair_deinit(&pair);
}

static void test_session__a_full_ring_takes_both_ends_down(void **state)
{
    (void)state;
    up(11);
    unsigned said = 0;
    while (pair.a.downs == 0) {
        say(&pair, &pair.a, 500);
        said++;
        assert_true(said < 100);
    }
    assert_int_equal(pair.a.reason, REASON_OVERFLOW);
    deliver_all(&pair);
    assert_int_equal(pair.b.downs, 1);
    assert_true(pair.a.up && pair.b.up); /* a new session */
    say(&pair, &pair.a, 500);
    deliver_all(&pair);
    assert_int_equal(pair.b.heard, 1);
    pair_deinit(&pair);
}

static void test_session__credit_bounds_what_is_on_the_way(void **state)
{
    (void)state;
    up(12);
    for (unsigned i = 0; i < 40; i++) {
        say(&pair, &pair.a, 100);
    }
    assert_true(pair.a.out.n <= 8);
    deliver_all(&pair);
    assert_int_equal(pair.b.heard, 40);
    pair_deinit(&pair);
}

static void test_session__another_topology_is_a_stranger(void **state)
{
    (void)state;
    pair_init(&pair, 13);
    pair.a.s.config.topology = 78;
    session_transport_up(&pair.a.s, pair.now);
    struct session_frame f;
    assert_true(session_next(&pair.a.s, pair.now, &f));
    assert_true(session_receive(&pair.b.s, pair.now, &f).mismatch);
    assert_false(session_next(&pair.b.s, pair.now, &f));
    pair_deinit(&pair);
}

static void test_session__closing_says_goodbye(void **state)
{
    (void)state;
    up(14);
    session_close(&pair.a.s, pair.now);
    pump(&pair, &pair.a);
    deliver_all(&pair);
    assert_int_equal(pair.b.downs, 1);
    assert_false(session_is_up(&pair.b.s));
    pair_deinit(&pair);
}

static void test_session__garbage_frames_are_harmless(void **state)
{
    (void)state;
    up(15);
    struct rand_state r = {4711};
    for (unsigned i = 0; i < 100000; i++) {
        struct end *e = rand_below(&r, 2) == 0 ? &pair.a : &pair.b;
        const uint64_t ids[] = {
            0, e->s.id, e->s.peer_id, e->s.candidate_id, e->s.candidate_peer, rand_next(&r)};
        struct session_frame f = {.kind = (enum session_frame_kind)rand_below(&r, 4),
                                  .session = ids[rand_below(&r, 6)],
                                  .peer_session = ids[rand_below(&r, 6)],
                                  .seq = rand_below(&r, 5),
                                  .ack = rand_below(&r, 3),
                                  .credit = (uint32_t)rand_below(&r, 3),
                                  .topology = 77};
        learn(e, session_receive(&e->s, pair.now, &f));
        while (session_next(&e->s, pair.now, &f)) {
        }
        if (rand_below(&r, 50) == 0) {
            wire_clear(&pair.a.out);
            wire_clear(&pair.b.out);
            pair.now = instant_add(pair.now, duration_ms(10));
            learn(e, session_tick(&e->s, pair.now));
        }
    }
    pair_deinit(&pair);
}

/* The connection breaks: of what is on the way, some is lost from a point on, some comes late. */
static void break_connection(struct pair *p)
{
    struct wire *wires[] = {&p->a.out, &p->b.out};
    for (unsigned i = 0; i < 2; i++) {
        size_t keep = (size_t)rand_below(&p->rand, wires[i]->n + 1);
        while (wires[i]->n > keep) {
            free(wires[i]->frames[--wires[i]->n]);
        }
    }
    p->connected = false;
    if (rand_below(&p->rand, 4) != 0) {
        session_transport_lost(&p->a.s, p->now);
    }
    if (rand_below(&p->rand, 2) == 0) {
        session_transport_lost(&p->b.s, p->now); /* a listener may learn of it by silence only */
    }
}

static void random_step(struct pair *p)
{
    struct end *e = rand_below(&p->rand, 2) == 0 ? &p->a : &p->b;
    struct end *other = e == &p->a ? &p->b : &p->a;
    uint64_t dice = rand_below(&p->rand, 1000);
    if (dice < 300) {
        say(p, e, 12 + (size_t)rand_below(&p->rand, dice < 5 ? FRAME_MAX - 12 : 60));
    } else if (dice < 800) {
        if (e->out.n > 0) {
            deliver_at(p, e, other, 0, false);
        }
    } else if (dice < 940) {
        pass(p, rand_between(&p->rand, 0, 20));
    } else if (dice < 960) {
        if (p->connected) {
            break_connection(p);
        }
    } else if (dice < 990) {
        if (!p->connected) {
            reconnect(p);
        }
    } else if (dice < 995) {
        /* out of order, and again: an old connection's frame */
        if (e->out.n > 0) {
            deliver_at(p, e, other, (size_t)rand_below(&p->rand, e->out.n), true);
        }
    } else if (dice < 998 && e->out.n > 0) {
        free(e->out.frames[--e->out.n]); /* the newest is dropped in silence */
    } else if (dice == 998) {
        learn(&p->a, session_transport_refused(&p->a.s, p->now));
        p->connected = false;
    }
}

static void test_session__exactly_once_in_order_or_down(void **state)
{
    (void)state;
    unsigned resumed = 0;
    unsigned downs = 0;
    unsigned heard = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        pair_init(&pair, seed);
        for (unsigned step = 0; step < STEPS; step++) {
            random_step(&pair);
        }
        if (!pair.connected) {
            reconnect(&pair);
        }
        quiet(&pair, 3000);
        if (!pair.a.up || !pair.b.up) {
            fail_msg("seed %u: no session after the last fault", (unsigned)seed);
        }
        /* All that was said in the present session has arrived. */
        if (pair.a.heard != pair.b.said || pair.b.heard != pair.a.said) {
            fail_msg("seed %u: said %u heard %u; said %u heard %u", (unsigned)seed, pair.a.said,
                     pair.b.heard, pair.b.said, pair.a.heard);
        }
        resumed += (unsigned)pair.a.s.resumed;
        downs += pair.a.downs;
        heard += (unsigned)(pair.a.s.frames_received + pair.b.s.frames_received);
        pair_deinit(&pair);
    }
    print_message("%u frames, %u resumed, %u down\n", heard, resumed, downs);
    assert_true(resumed > SEEDS);
    assert_true(downs > SEEDS);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_session__a_greeting_brings_both_ends_up),
    cmocka_unit_test(test_session__messages_of_one_turn_make_one_frame),
    cmocka_unit_test(test_session__a_broken_connection_is_resumed_without_loss),
    cmocka_unit_test(test_session__a_loss_inside_a_connection_is_repaired),
    cmocka_unit_test(test_session__silence_takes_it_down_after_the_misses),
    cmocka_unit_test(test_session__a_greeting_that_nobody_answers_is_told),
    cmocka_unit_test(test_session__what_this_process_slept_through_is_no_silence),
    cmocka_unit_test(test_session__a_refused_connection_is_down_at_once),
    cmocka_unit_test(test_session__a_listener_waits_for_its_grace),
    cmocka_unit_test(test_session__a_peer_that_started_anew_is_a_new_session),
    cmocka_unit_test(test_session__a_late_greeting_does_not_end_a_session),
    cmocka_unit_test(test_session__a_full_ring_takes_both_ends_down),
    cmocka_unit_test(test_session__credit_bounds_what_is_on_the_way),
    cmocka_unit_test(test_session__another_topology_is_a_stranger),
    cmocka_unit_test(test_session__closing_says_goodbye),
    cmocka_unit_test(test_session__garbage_frames_are_harmless),
    cmocka_unit_test(test_session__exactly_once_in_order_or_down),
};

UNIT_MAIN(tests);
