#include "cluster/sim/sim_net.h"

#include "tests/unit/unit.h"

#include <string.h>

#define NEWS_MAX 64

/* Three processes, and what they are told. */
struct bench {
    struct sim_heap heap;
    struct sim_net *net;
    size_t n;
    struct sim_news news[NEWS_MAX];
    struct proc_id to[NEWS_MAX];
    int64_t at[NEWS_MAX];
    char bytes[NEWS_MAX][8];
};

static const struct proc_id A = {1}, B = {2};

static void tell(void *context, struct proc_id to, const struct sim_news *news)
{
    struct bench *b = context;
    assert_true(b->n < NEWS_MAX);
    b->news[b->n] = *news;
    b->to[b->n] = to;
    b->at[b->n] = b->heap.now_us;
    if (news->packet != NULL) {
        memcpy(b->bytes[b->n], news->packet->frame.batch, news->packet->frame.batch_len);
        sim_net_release(b->net, news->packet);
    }
    b->n++;
}

static void changed(void *context)
{
    (void)context;
}

static void begin(struct bench *b)
{
    *b = (struct bench){.n = 0};
    sim_heap_init(&b->heap);
    b->net = sim_net_new(&(struct sim_net_config){.heap = &b->heap,
                                                  .seed = 7,
                                                  .delay_min = {100},
                                                  .delay_max = {900},
                                                  .context = b,
                                                  .tell = tell,
                                                  .changed = changed});
    sim_net_start(b->net, A);
    sim_net_start(b->net, B);
}

static void end(struct bench *b)
{
    sim_net_free(&b->net);
    sim_heap_deinit(&b->heap);
}

static void run(struct bench *b, int64_t until_us)
{
    while (sim_heap_run(&b->heap, until_us)) {
    }
}

static enum err send_text(struct bench *b, struct proc_id from, struct proc_id to, bool dialled,
                          const char *text)
{
    struct codec_frame frame = {
        .kind = CODEC_FRAME_DATA, .batch = (const uint8_t *)text, .batch_len = strlen(text) + 1};
    return sim_net_send(b->net, from, to, LINK_SDL, dialled, &frame);
}

/* A has dialled B, and it is up; what was told until then is forgotten. */
static void connected(struct bench *b)
{
    begin(b);
    sim_net_listen(b->net, B, LINK_SDL, true);
    sim_net_dial(b->net, A, B, LINK_SDL);
    run(b, 100000);
    assert_int_equal(b->n, 1);
    assert_int_equal(b->news[0].kind, SIM_NEWS_DIALLED_UP);
    b->n = 0;
}

static void test_sim_net__nobody_listens_is_refused_until_somebody_does(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    sim_net_dial(b.net, A, B, LINK_SDL);
    run(&b, 50000);
    assert_true(b.n >= 1);
    assert_int_equal(b.news[0].kind, SIM_NEWS_DIALLED_REFUSED);
    sim_net_listen(b.net, B, LINK_SDL, true);
    run(&b, 1000000);
    assert_int_equal(b.news[b.n - 1].kind, SIM_NEWS_DIALLED_UP);
    end(&b);
}

static void test_sim_net__order_holds_within_a_connection(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    for (int c = 'a'; c <= 'z'; c++) {
        const char text[] = {(char)c, '\0'};
        assert_int_equal(send_text(&b, A, B, true, text), ERR_OK);
    }
    run(&b, 200000);
    assert_int_equal(b.n, 26);
    for (size_t i = 0; i < b.n; i++) {
        assert_int_equal(b.news[i].kind, SIM_NEWS_ACCEPTED_PACKET);
        assert_int_equal(b.bytes[i][0], 'a' + (char)i);
    }
    end(&b);
}

static void test_sim_net__a_cut_holds_back_and_a_mended_path_lets_follow(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    sim_net_cut(b.net, SIM_WIRE_VISIBLE, A, B, true);
    assert_int_equal(send_text(&b, A, B, true, "late"), ERR_OK);
    assert_int_equal(send_text(&b, B, A, false, "now"), ERR_OK); /* the other way is whole */
    run(&b, 1100000);
    assert_int_equal(b.n, 1);
    assert_string_equal(b.bytes[0], "now");
    sim_net_cut(b.net, SIM_WIRE_VISIBLE, A, B, false);
    run(&b, 1400000);
    assert_int_equal(b.n, 1); /* the sender waits for its timer: 200, 600, 1400 ms */
    run(&b, 1600000);
    assert_int_equal(b.n, 2);
    assert_string_equal(b.bytes[1], "late");
    end(&b);
}

static void test_sim_net__who_sends_over_a_refused_path_is_told_at_once(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    sim_net_refuse(b.net, SIM_WIRE_VISIBLE, A, B, true);
    run(&b, 200000);
    assert_int_equal(b.n, 0); /* nobody has sent anything */
    assert_int_equal(send_text(&b, A, B, true, "x"), ERR_OK);
    run(&b, 201000);
    assert_int_equal(b.n, 1);
    assert_int_equal(b.news[0].kind, SIM_NEWS_DIALLED_LOST);
    assert_int_equal(b.to[0].v, A.v);
    run(&b, 1000000);
    assert_true(b.n > 2);
    assert_int_equal(b.news[1].kind, SIM_NEWS_DIALLED_REFUSED);
    sim_net_refuse(b.net, SIM_WIRE_VISIBLE, A, B, false);
    run(&b, 1500000);
    assert_int_equal(b.news[b.n - 1].kind, SIM_NEWS_DIALLED_UP);
    end(&b);
}

static void test_sim_net__private_cuts_do_not_touch_the_visible_network(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    sim_net_cut(b.net, SIM_WIRE_PRIVATE, A, B, true);
    assert_int_equal(send_text(&b, A, B, true, "x"), ERR_OK);
    run(&b, 200000);
    assert_int_equal(b.n, 1);
    end(&b);
}

static void test_sim_net__a_crash_is_news_at_once(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    sim_net_end(b.net, B, SIM_END_CLOSED);
    run(&b, 110000);
    assert_true(b.n >= 1);
    assert_int_equal(b.news[0].kind, SIM_NEWS_DIALLED_LOST);
    assert_int_equal(b.to[0].v, A.v);
    assert_int_equal(send_text(&b, A, B, true, "x"), ERR_UNKNOWN);
    end(&b);
}

static void test_sim_net__a_power_cut_is_silent_until_the_machine_is_back(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    sim_net_end(b.net, B, SIM_END_SILENT);
    assert_int_equal(send_text(&b, A, B, true, "x"), ERR_OK);
    run(&b, 5000000);
    assert_int_equal(b.n, 0);
    sim_net_start(b.net, B);
    assert_int_equal(send_text(&b, A, B, true, "y"), ERR_OK); /* a reset answers */
    run(&b, 5010000);
    assert_true(b.n >= 1);
    assert_int_equal(b.news[0].kind, SIM_NEWS_DIALLED_LOST);
    end(&b);
}

static void test_sim_net__a_hanging_listener_is_not_connected_to(void **state)
{
    (void)state;
    struct bench b;
    begin(&b);
    sim_net_listen(b.net, B, LINK_SDL, true);
    sim_net_pause(b.net, B, true);
    sim_net_dial(b.net, A, B, LINK_SDL);
    run(&b, 3000000);
    assert_int_equal(b.n, 0);
    sim_net_pause(b.net, B, false);
    run(&b, 6000000);
    assert_int_equal(b.n, 1);
    assert_int_equal(b.news[0].kind, SIM_NEWS_DIALLED_UP);
    end(&b);
}

static void test_sim_net__loss_delays_a_stream_and_loses_nothing(void **state)
{
    (void)state;
    struct bench b;
    connected(&b);
    const struct sim_net_slow slow = {.latency_us = 5000, .jitter_us = 1000, .loss_ppm = 300000};
    sim_net_slow(b.net, SIM_WIRE_VISIBLE, A, B, &slow);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(send_text(&b, A, B, true, "x"), ERR_OK);
    }
    run(&b, 104000);
    assert_int_equal(b.n, 0);
    run(&b, 60000000);
    assert_int_equal(b.n, 20);
    assert_true(b.at[19] > 300000); /* at least one was sent again */
    end(&b);
}

static void test_sim_net__of_what_was_under_way_some_is_lost_and_some_comes_late(void **state)
{
    (void)state;
    struct bench b;
    uint64_t arrived = 0;
    connected(&b);
    for (int i = 0; i < 100; i++) {
        b.n = 0;
        assert_int_equal(send_text(&b, A, B, true, "old"), ERR_OK);
        sim_net_hang_up(b.net, A, B, LINK_SDL, false);
        sim_net_dial(b.net, A, B, LINK_SDL);
        run(&b, b.heap.now_us + 1000000);
        for (size_t k = 0; k < b.n; k++) {
            arrived += b.news[k].packet != NULL ? 1 : 0;
        }
    }
    assert_true(sim_net_stats(b.net).strays > 0);
    assert_true(arrived > 0);
    assert_true(arrived < 100);
    end(&b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_net__nobody_listens_is_refused_until_somebody_does),
    cmocka_unit_test(test_sim_net__order_holds_within_a_connection),
    cmocka_unit_test(test_sim_net__a_cut_holds_back_and_a_mended_path_lets_follow),
    cmocka_unit_test(test_sim_net__who_sends_over_a_refused_path_is_told_at_once),
    cmocka_unit_test(test_sim_net__private_cuts_do_not_touch_the_visible_network),
    cmocka_unit_test(test_sim_net__a_crash_is_news_at_once),
    cmocka_unit_test(test_sim_net__a_power_cut_is_silent_until_the_machine_is_back),
    cmocka_unit_test(test_sim_net__a_hanging_listener_is_not_connected_to),
    cmocka_unit_test(test_sim_net__loss_delays_a_stream_and_loses_nothing),
    cmocka_unit_test(test_sim_net__of_what_was_under_way_some_is_lost_and_some_comes_late),
};

UNIT_MAIN(tests);
