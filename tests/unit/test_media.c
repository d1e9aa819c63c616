#include "node/runtime/media.h"

#include "node/runtime/log.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <sys/resource.h>

#define CALLS_LOAD 200 /* two flows each */

static struct topology topology;
static struct loop loop;
static struct media *media;
static char block[48];
static struct media_report reports[2 * CALLS_LOAD];
static unsigned reports_n;

static void on_report(void *context, const struct media_report *report)
{
    (void)context;
    reports[reports_n++] = *report;
}

static struct instant turn(void *context, struct instant now, struct duration late)
{
    (void)context;
    (void)late;
    media_turn(media, now, on_report, NULL);
    return media_deadline(media);
}

static int set_up(void **state)
{
    char name[32];
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    topology.phones[0].count = 2 * CALLS_LOAD;
    topology.timers.media_lost_after = duration_ms(300);
    small_block(name, sizeof name);
    snprintf(block, sizeof block, "%s.", name);
    reports_n = 0;
    assert_int_equal(loop_init(&loop), ERR_OK);
    assert_int_equal(media_new(&loop, &topology, block, (struct proc_id){7}, &media), ERR_OK);
    loop.turn = turn;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    media_free(&media);
    loop_deinit(&loop);
    return 0;
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void pass(uint64_t ms)
{
    uv_timer_t timer;
    uv_timer_init(&loop.uv, &timer);
    uv_timer_start(&timer, on_end, ms, 0);
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static void order(uint32_t device, uint64_t call, uint32_t peer)
{
    struct media_order o = {.device = {device}, .call = {call}, .peer = {peer}};
    media_order(media, loop_now(), &o);
}

static void test_media__two_parties_hear_each_other(void **state)
{
    (void)state;
    order(1, 7, 2);
    order(2, 7, 1);
    pass(1000);
    assert_int_equal(reports_n, 0);
    order(1, 7, 0);
    order(2, 7, 0);
    pass(20);
    assert_int_equal(reports_n, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_false(reports[i].silent);
        assert_true(reports[i].received >= 17 && reports[i].received <= 22);
        assert_true(reports[i].gap.us < 100000);
    }
    assert_int_equal(media_counted(media).flows, 0);
}

static void test_media__silence_is_reported_once_and_a_gap_is_measured(void **state)
{
    (void)state;
    order(1, 7, 2);
    order(2, 7, 1);
    pass(200);
    order(2, 7, 0); /* the other party stops, and nobody says so */
    pass(700);
    assert_int_equal(reports_n, 2);
    assert_int_equal(reports[0].device.v, 2);
    assert_int_equal(reports[1].device.v, 1);
    assert_true(reports[1].silent);
    assert_true(reports[1].gap.us >= 300000 && reports[1].gap.us < 400000);
    order(2, 7, 1); /* and goes on */
    pass(200);
    order(1, 7, 0);
    pass(20);
    assert_int_equal(reports_n, 3);
    assert_false(reports[2].silent);
    assert_true(reports[2].gap.us >= 650000 && reports[2].gap.us < 900000);
}

/* Both parties live here: while this process slept, nobody spoke, and that is nobody's fault. */
static void test_media__ones_own_sleep_is_not_the_silence_of_others(void **state)
{
    (void)state;
    order(1, 7, 2);
    order(2, 7, 1);
    order(3, 8, 4); /* nobody ever speaks to this one */
    pass(200);
    usleep(500000);
    pass(50);
    assert_int_equal(reports_n, 0);
    pass(300);
    assert_int_equal(reports_n, 1);
    assert_int_equal(reports[0].device.v, 3);
    order(1, 7, 0);
    pass(20);
    assert_int_equal(reports_n, 2);
    assert_false(reports[1].silent);
    assert_true(reports[1].gap.us >= 450000); /* it was a gap nevertheless */
}

/* What came while the loop was away came one by one, however it is read. */
static void test_media__a_gap_is_between_arrivals_and_not_between_readings(void **state)
{
    (void)state;
    order(1, 7, 2);
    order(2, 7, 1);
    pass(200);
    for (unsigned i = 0; i < 4; i++) { /* sends, and reads nothing */
        usleep(50000);
        media_turn(media, loop_now(), on_report, NULL);
    }
    pass(50);
    order(1, 7, 0);
    order(2, 7, 0);
    pass(20);
    assert_int_equal(reports_n, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(reports[i].received >= 8);
        assert_true(reports[i].gap.us >= 40000 && reports[i].gap.us < 150000);
    }
}

static void test_media__three_parties_of_a_conference(void **state)
{
    (void)state;
    for (uint32_t a = 1; a <= 3; a++) {
        for (uint32_t b = 1; b <= 3; b++) {
            if (a != b) {
                order(a, 9, b);
            }
        }
    }
    pass(300);
    assert_int_equal(media_counted(media).flows, 6);
    order(1, 9, 0);
    pass(20);
    assert_int_equal(reports_n, 2);
    assert_true(reports[0].received >= 4 && reports[1].received >= 4);
    assert_int_equal(media_counted(media).flows, 4);
}

static void test_media__a_peer_that_has_no_fleet_gets_nothing(void **state)
{
    (void)state;
    order(1, 9, 99999);
    assert_int_equal(media_counted(media).flows, 0);
    assert_true(media_counted(media).full == 1);
}

static void test_media__hundreds_of_flows_are_cheap(void **state)
{
    (void)state;
    struct rusage before, after;
    for (uint32_t i = 0; i < CALLS_LOAD; i++) {
        order(2 * i + 1, 1000 + i, 2 * i + 2);
        order(2 * i + 2, 1000 + i, 2 * i + 1);
    }
    getrusage(RUSAGE_SELF, &before);
    pass(2000);
    getrusage(RUSAGE_SELF, &after);
    double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
                 (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                 (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
                 (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    struct media_counts counts = media_counted(media);
    print_message("%u flows: %u sent, %u received in 2 s, %.1f %% of a core\n", counts.flows,
                  (unsigned)counts.sent, (unsigned)counts.received, cpu / 2 * 100);
    assert_true(counts.sent >= 2 * CALLS_LOAD * 36);
    assert_true(counts.received >= counts.sent * 99 / 100);
}

#define MEDIA_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    MEDIA_TEST(test_media__two_parties_hear_each_other),
    MEDIA_TEST(test_media__silence_is_reported_once_and_a_gap_is_measured),
    MEDIA_TEST(test_media__ones_own_sleep_is_not_the_silence_of_others),
    MEDIA_TEST(test_media__a_gap_is_between_arrivals_and_not_between_readings),
    MEDIA_TEST(test_media__three_parties_of_a_conference),
    MEDIA_TEST(test_media__a_peer_that_has_no_fleet_gets_nothing),
    MEDIA_TEST(test_media__hundreds_of_flows_are_cheap),
};

UNIT_MAIN(tests);
