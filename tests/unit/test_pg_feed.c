#include "tests/unit/pg_world.h"
#include "tests/unit/unit.h"

#define A    0
#define CALL UINT64_C(0x0100010000000001)

static const struct instant now = {1000000};

static void test_pg_feed__each_number_is_applied_once_and_in_order(void **state)
{
    (void)state;
    struct feed f;
    feed_begin(&f, 7);
    assert_int_equal(feed_take(&f, now, 7, 1), FEED_APPLY);
    assert_int_equal(feed_take(&f, now, 7, 1), FEED_REPEATED);
    assert_int_equal(feed_take(&f, now, 7, 2), FEED_APPLY);
    assert_int_equal(feed_take(&f, now, 8, 3), FEED_STRANGE);
    assert_int_equal(feed_take(&f, now, 7, 4), FEED_GAP);
    assert_true(f.applied == 2);
}

static void test_pg_feed__acknowledgement_is_due_after_a_while_or_many(void **state)
{
    (void)state;
    struct feed f;
    feed_begin(&f, 7);
    assert_true(feed_deadline(&f).us == INT64_MAX);
    assert_int_equal(feed_take(&f, now, 7, 1), FEED_APPLY);
    assert_false(feed_ack_due(&f, now));
    assert_true(feed_ack_due(&f, instant_add(now, duration_ms(FEED_ACK_MS))));
    for (uint64_t seq = 2; seq <= FEED_ACK_EVENTS; seq++) {
        assert_int_equal(feed_take(&f, now, 7, seq), FEED_APPLY);
    }
    assert_true(feed_ack_due(&f, now));
    feed_acked(&f);
    assert_false(feed_ack_due(&f, now));
}

static struct pg_world *ready(void)
{
    struct pg_world *w = pg_world_new();
    pg_world_start(w, A);
    pg_world_run(w, 500);
    return w;
}

static void test_pg_feed__gap_is_traced_and_ends_the_provider(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    w->sides[A].seq++; /* an event that is lost on the way */
    uint64_t before = w->sides[A].provider;
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_CTI_GAP), 1);
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PROVIDER_DOWN), 1);
    assert_false(pg_world_is_active(w, A));
    assert_true(w->sides[A].provider != before);
    pg_world_free(w);
}

static void test_pg_feed__short_break_is_resumed_and_replayed_once(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    struct pg_world_side *s = &w->sides[A];
    uint64_t provider = s->provider;
    pg_world_event(w, A, DEVICE_EVENT_OFFERED, pg_world_point(w), CALL, REASON_NONE);
    uint64_t applied = s->pg.pim.feed.applied;
    pg_link_down(&s->pg, w->now, LINK_JTAPI, s->cti, REASON_TIMEOUT);
    pg_world_run(w, 100);
    pg_link_up(&s->pg, w->now, LINK_JTAPI, s->cti);
    pg_world_run(w, 100);
    assert_true(s->provider == provider);
    assert_true(pg_world_is_active(w, A));
    assert_int_equal(w->routes, 1);
    struct msg msg = {.kind = MSG_CTI_EVENT}; /* the replay of what was applied already */
    msg.cti_event.provider = provider;
    msg.cti_event.seq = applied;
    msg.cti_event.event = (struct msg_device_event){
        .device = pg_world_point(w), .call = {CALL + 1}, .kind = DEVICE_EVENT_OFFERED};
    pg_message(&s->pg, w->now, LINK_JTAPI, s->cti, &msg);
    pg_world_run(w, 100);
    assert_int_equal(w->routes, 1);
    assert_true(s->pg.pim.feed.applied == applied);
    assert_int_equal(pg_world_count(s, EVENT_CTI_GAP), 0);
    pg_world_free(w);
}

static void test_pg_feed__long_break_loses_the_provider(void **state)
{
    (void)state;
    struct pg_world *w = ready();
    pg_world_cti(w, A, false);
    pg_world_run(w, 100);
    assert_true(pg_world_is_active(w, A));
    pg_world_run(w, 200);
    assert_false(pg_world_is_active(w, A));
    assert_int_equal(pg_world_count(&w->sides[A], EVENT_PROVIDER_DOWN), 1);
    pg_world_free(w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_pg_feed__each_number_is_applied_once_and_in_order),
    cmocka_unit_test(test_pg_feed__acknowledgement_is_due_after_a_while_or_many),
    cmocka_unit_test(test_pg_feed__gap_is_traced_and_ends_the_provider),
    cmocka_unit_test(test_pg_feed__short_break_is_resumed_and_replayed_once),
    cmocka_unit_test(test_pg_feed__long_break_loses_the_provider),
};

UNIT_MAIN(tests);
