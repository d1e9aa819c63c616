#include "node/runtime/spine.h"

#include "node/runtime/log.h"
#include "node/runtime/zap.h"
#include "proto/msg.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <zmq.h>

static struct topology topology;
static char dir[64];

static int set_up(void **state)
{
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_remove(dir);
    return 0;
}

static struct event full(void)
{
    struct event e = {.kind = EVENT_OWNER_CHANGED,
                      .at = {123456789},
                      .wall_us = INT64_C(1795464900123456), /* 2026-11-23T20:15:00.123456Z */
                      .hlc = {INT64_C(1795464900123) << 16 | 7},
                      .proc = {2},
                      .seq = 41,
                      .incarnation = {3},
                      .peer = {3},
                      .device = {5},
                      .call = {UINT64_C(0x0200010000000007)},
                      .epoch = 9,
                      .reason = REASON_NODE_LOST,
                      .value = INT64_MIN,
                      .value2 = INT64_MAX};
    snprintf(e.text, sizeof e.text, "say \"\\\" \t Z\xc3\xbcrich");
    return e;
}

static void test_spine__a_line_is_the_json_that_the_reference_says(void **state)
{
    (void)state;
    char line[SPINE_LINE_MAX];
    struct event e = full();
    size_t len = spine_format(&topology, &e, line);
    line[len] = '\0';
    struct device_info device;
    char want[SPINE_LINE_MAX];
    assert_true(topology_device(&topology, e.device, &device));
    snprintf(want, sizeof want,
             "{\"at\":\"2026-11-23T20:15:00.123456Z\",\"at_us\":123456789,\"hlc\":%llu,"
             "\"process\":\"sub1\",\"incarnation\":3,\"seq\":41,\"kind\":\"owner_changed\","
             "\"peer\":\"sub2\",\"device\":\"%s\",\"call\":\"0200010000000007\",\"epoch\":9,"
             "\"reason\":\"node_lost\",\"value\":-9223372036854775808,"
             "\"value2\":9223372036854775807,"
             "\"text\":\"say \\\"\\\\\\\" \\u0009 Z\xc3\xbcrich\"}\n",
             (unsigned long long)e.hlc.v, device.name);
    assert_string_equal(line, want);
}

static void test_spine__zero_fields_are_left_out(void **state)
{
    (void)state;
    char line[SPINE_LINE_MAX];
    struct event e = {.kind = EVENT_LEASE_GOT, .proc = {1}, .seq = 1, .incarnation = {1}};
    size_t len = spine_format(&topology, &e, line);
    line[len] = '\0';
    assert_string_equal(line, "{\"at\":\"1970-01-01T00:00:00.000000Z\",\"at_us\":0,\"hlc\":0,"
                              "\"process\":\"pub\",\"incarnation\":1,\"seq\":1,"
                              "\"kind\":\"lease_got\"}\n");
}

static void test_spine__a_line_is_read_back(void **state)
{
    (void)state;
    char line[SPINE_LINE_MAX];
    struct event e = full();
    struct event back;
    size_t len = spine_format(&topology, &e, line);
    memset(&back, 0, sizeof back);
    assert_int_equal(spine_parse_line(&topology, line, len, &back), ERR_OK);
    assert_true(back.kind == e.kind && back.at.us == e.at.us && back.wall_us == e.wall_us);
    assert_true(back.hlc.v == e.hlc.v && back.proc.v == e.proc.v && back.seq == e.seq);
    assert_true(back.incarnation.v == e.incarnation.v && back.peer.v == e.peer.v);
    assert_true(back.device.v == e.device.v && back.call.v == e.call.v && back.epoch == e.epoch);
    assert_true(back.reason == e.reason && back.value == e.value && back.value2 == e.value2);
    assert_string_equal(back.text, e.text);
}

/* snprintf cuts a text anywhere; the event must not be lost with half a character. */
static void test_spine__what_is_no_utf8_does_not_spoil_the_line(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"name=Z\xc3", "name=Z?"},
        {"\xe2\x82", "??"},
        {"\xf0\x9f\x98", "???"},
        {"\x80 \xff", "? ?"},
        {"\xc0\xaf", "??"},           /* overlong */
        {"\xed\xa0\x80", "???"},      /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", "????"}, /* beyond the last character */
        {"\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80"},
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[SPINE_LINE_MAX];
        struct event back;
        struct event e = full();
        snprintf(e.text, sizeof e.text, "%s", bad[i][0]);
        size_t len = spine_format(&topology, &e, line);
        assert_int_equal(spine_parse_line(&topology, line, len, &back), ERR_OK);
        assert_string_equal(back.text, bad[i][1]);
    }
}

static enum err parse(const char *line)
{
    struct event e;
    return spine_parse_line(&topology, line, strlen(line), &e);
}

#define BEGIN "{\"at\":\"2026-11-23T20:15:00.123456Z\",\"at_us\":1,\"hlc\":1,\"seq\":1,"

static void test_spine__what_is_no_event_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"at\":\"2026-11"), ERR_TRUNCATED);
    assert_int_equal(parse("[]"), ERR_TRUNCATED);
    assert_int_equal(parse("{}"), ERR_INVALID);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_got\"}"), ERR_OK);
    assert_int_equal(parse(BEGIN "\"process\":\"sub9\",\"kind\":\"lease_got\"}"), ERR_UNKNOWN);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_gone\"}"), ERR_UNKNOWN);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_got\",\"value\":\"1\"}"),
                     ERR_INVALID);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_got\",\"epoch\":-1}"),
                     ERR_INVALID);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_got\",\"device\":\"X\"}"),
                     ERR_UNKNOWN);
    assert_int_equal(parse(BEGIN "\"process\":\"sub1\",\"kind\":\"lease_got\",\"call\":\"12\"}"),
                     ERR_INVALID);
    assert_int_equal(parse("{\"at\":\"2026-11-23T20:15:0\",\"process\":\"sub1\","
                           "\"kind\":\"lease_got\"}"),
                     ERR_INVALID);
    assert_int_equal(parse("{\"at\":\"2026-11-23T20:15:00.123456Z \",\"process\":\"sub1\","
                           "\"kind\":\"lease_got\"}"),
                     ERR_INVALID);
}

static unsigned lines(char *ret_last, size_t cap)
{
    char path[128];
    unsigned n = 0;
    snprintf(path, sizeof path, "%s/%s", dir, SPINE_FILE);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(ret_last, (int)cap, file) != NULL) {
        n++;
    }
    fclose(file);
    return n;
}

static void test_spine__half_a_line_of_a_crash_does_not_spoil_the_next(void **state)
{
    (void)state;
    char path[128];
    char last[SPINE_LINE_MAX];
    struct spine *spine = NULL;
    struct event e = full();
    snprintf(path, sizeof path, "%s/%s", dir, SPINE_FILE);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"at\":\"2026-11", file);
    fclose(file);
    assert_int_equal(spine_new(dir, &topology, NULL, NULL, &spine), ERR_OK);
    spine_write(spine, &e);
    spine_flush(spine);
    assert_int_equal(lines(last, sizeof last), 2);
    assert_int_equal(parse(last), ERR_OK);
    spine_free(&spine);
}

static void test_spine__more_than_the_buffer_holds_is_written(void **state)
{
    (void)state;
    char last[SPINE_LINE_MAX];
    struct spine *spine = NULL;
    struct event e = full();
    assert_int_equal(spine_new(dir, &topology, NULL, NULL, &spine), ERR_OK);
    struct instant begin = loop_now();
    for (unsigned i = 0; i < 10000; i++) {
        e.seq = i;
        spine_write(spine, &e);
    }
    struct duration took = instant_since(loop_now(), begin);
    spine_free(&spine);
    print_message("%.2f us an event\n", (double)took.us / 10000);
    assert_int_equal(lines(last, sizeof last), 10000);
}

static void test_spine__the_tap_gives_the_same_lines(void **state)
{
    (void)state;
    struct loop loop;
    struct keys keys, mine;
    struct zap *zap = NULL;
    struct spine *spine = NULL;
    char block[32], address[48], endpoint[80], line[SPINE_LINE_MAX];
    int linger = 0;
    int n = -1;
    small_block(block, sizeof block);
    snprintf(address, sizeof address, "%s.12", block);
    assert_int_equal(keys_make(dir, &topology), ERR_OK);
    assert_int_equal(keys_load(dir, "sub1", &topology, &keys), ERR_OK);
    assert_int_equal(keys_load(dir, "recorder", &topology, &mine), ERR_OK);
    assert_int_equal(loop_init(&loop), ERR_OK);
    void *context = zmq_ctx_new();
    struct link_ground ground = {.loop = &loop, .zmq = context, .keys = &keys};
    assert_int_equal(zap_new(&loop, context, &keys, &zap), ERR_OK);
    assert_int_equal(spine_new(dir, &topology, &ground, address, &spine), ERR_OK);
    void *sub = zmq_socket(context, ZMQ_SUB);
    zmq_setsockopt(sub, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(sub, ZMQ_CURVE_SERVERKEY, keys.own_public, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(sub, ZMQ_CURVE_PUBLICKEY, mine.own_public, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(sub, ZMQ_CURVE_SECRETKEY, mine.own_secret, KEYS_TEXT_LEN - 1);
    zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0);
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%d", address, TAP_PORT);
    assert_int_equal(zmq_connect(sub, endpoint), 0);
    struct event e = full();
    for (unsigned i = 0; i < 2000 && n < 0; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        spine_write(spine, &e);
        usleep(1000);
        n = zmq_recv(sub, line, sizeof line - 1, ZMQ_DONTWAIT);
    }
    assert_true(n > 0);
    line[n] = '\0';
    assert_int_equal(parse(line), ERR_OK);
    zmq_close(sub);
    spine_free(&spine);
    zap_free(&zap);
    loop_deinit(&loop);
    zmq_ctx_term(context);
}

#define SPINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    SPINE_TEST(test_spine__a_line_is_the_json_that_the_reference_says),
    SPINE_TEST(test_spine__zero_fields_are_left_out),
    SPINE_TEST(test_spine__a_line_is_read_back),
    SPINE_TEST(test_spine__what_is_no_utf8_does_not_spoil_the_line),
    SPINE_TEST(test_spine__what_is_no_event_is_refused),
    SPINE_TEST(test_spine__half_a_line_of_a_crash_does_not_spoil_the_next),
    SPINE_TEST(test_spine__more_than_the_buffer_holds_is_written),
    SPINE_TEST(test_spine__the_tap_gives_the_same_lines),
};

UNIT_MAIN(tests);
