#include "node/runtime/link.h"

#include "node/runtime/log.h"
#include "node/runtime/zap.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <zmq.h>

#define PORT      2000
#define BYTES_MAX 65536

/* A listener of sub1, and what it and a dialler see. */
struct seen {
    unsigned frames, ups, losts, refusals, left, away;
    size_t len;
    char user[NAME_LEN];
    char routing[LINK_ROUTING_LEN];
    char bytes[64];
};

static struct topology topology;
static struct loop loop;
static void *zmq;
static struct keys server_keys, client_keys;
static struct zap *zap;
static char dir[64], block[32], address[48];
static struct seen at_server, at_client;
static struct link_socket *server, *client; /* closed after every test, failed ones too */

static void on_frame(void *context, const char *user, const char *routing, const uint8_t *bytes,
                     size_t len)
{
    struct seen *s = context;
    s->frames++;
    s->len = len;
    snprintf(s->user, sizeof s->user, "%s", user != NULL ? user : "");
    snprintf(s->routing, sizeof s->routing, "%s", routing);
    snprintf(s->bytes, sizeof s->bytes, "%.*s", (int)(len < 60 ? len : 60), (const char *)bytes);
}

static void on_up(void *context)
{
    ((struct seen *)context)->ups++;
}

static void on_lost(void *context)
{
    ((struct seen *)context)->losts++;
}

static void on_refused(void *context)
{
    ((struct seen *)context)->refusals++;
}

static void on_left(void *context)
{
    ((struct seen *)context)->left++;
}

static void on_away(void *context)
{
    ((struct seen *)context)->away++;
}

static struct link_events events_of(struct seen *seen)
{
    return (struct link_events){seen, on_frame, on_up, on_lost, on_refused, on_left, on_away};
}

static struct link_ground ground_of(const struct keys *keys)
{
    return (struct link_ground){.loop = &loop, .zmq = zmq, .keys = keys};
}

static int set_up(void **state)
{
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    small_block(block, sizeof block);
    snprintf(address, sizeof address, "%s.12", block);
    memset(&at_server, 0, sizeof at_server);
    memset(&at_client, 0, sizeof at_client);
    assert_int_equal(keys_make(dir, &topology), ERR_OK);
    assert_int_equal(keys_load(dir, "sub1", &topology, &server_keys), ERR_OK);
    assert_int_equal(keys_load(dir, "fleet", &topology, &client_keys), ERR_OK);
    assert_int_equal(loop_init(&loop), ERR_OK);
    zmq = zmq_ctx_new();
    assert_int_equal(zap_new(&loop, zmq, &server_keys, &zap), ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    link_close(&client);
    link_close(&server);
    zap_free(&zap);
    loop_deinit(&loop);
    zmq_ctx_term(zmq);
    small_remove(dir);
    return 0;
}

/* Run the loop until `what` is at least `n`, or for `ms`. */
static void wait_for(const unsigned *what, unsigned n, int64_t ms)
{
    struct instant end = instant_add(loop_now(), duration_ms(ms));
    while (*what < n && !instant_reached(loop_now(), end)) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        usleep(500);
    }
}

static struct link_socket *listener(void)
{
    struct link_ground ground = ground_of(&server_keys);
    struct link_events events = events_of(&at_server);
    struct link_socket *s = NULL;
    assert_int_equal(link_listen(&ground, address, PORT, BYTES_MAX, &events, &s), ERR_OK);
    return s;
}

static struct link_socket *dialler(const struct keys *keys, const char *routing)
{
    struct link_ground ground = ground_of(keys);
    struct link_events events = events_of(&at_client);
    struct link_socket *s = NULL;
    char from[48];
    snprintf(from, sizeof from, "%s.17", block);
    assert_int_equal(
        link_dial(&ground, from, address, PORT, BYTES_MAX, "sub1", routing, &events, &s), ERR_OK);
    return s;
}

static enum err say(struct link_socket *s, const char *routing, const char *text, size_t len)
{
    struct link_out out;
    link_out_begin(&out, len);
    memset(out.bytes, 'x', len);
    memcpy(out.bytes, text, strlen(text) < len ? strlen(text) : len);
    return link_send(s, routing, &out);
}

static void test_link__frames_go_both_ways_under_the_name_of_the_key(void **state)
{
    (void)state;
    server = listener();
    client = dialler(&client_keys, "fleet/station");
    wait_for(&at_client.ups, 1, 2000);
    assert_int_equal(at_client.ups, 1);
    assert_int_equal(say(client, "", "hello", 5), ERR_OK);
    wait_for(&at_server.frames, 1, 2000);
    assert_string_equal(at_server.bytes, "hello");
    assert_string_equal(at_server.user, "fleet");
    assert_string_equal(at_server.routing, "fleet/station");
    assert_int_equal(say(server, "fleet/station", "there", 5), ERR_OK);
    wait_for(&at_client.frames, 1, 2000);
    assert_string_equal(at_client.bytes, "there");
    assert_int_equal(say(server, "nobody/station", "there", 5), ERR_UNKNOWN);
}

static void test_link__a_new_one_does_not_meet_what_is_left_of_the_last(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct link_socket *s = dialler(&client_keys, "fleet/station");
        link_close(&s);
    }
}

static void test_link__a_key_that_is_not_known_gets_nothing(void **state)
{
    (void)state;
    server = listener();
    struct keys strange = client_keys;
    assert_int_equal(zmq_curve_keypair(strange.own_public, strange.own_secret), 0);
    client = dialler(&strange, "fleet/station");
    wait_for(&at_client.ups, 1, 500);
    assert_int_equal(at_client.ups, 0);
    assert_int_equal(at_server.frames, 0);
    assert_true(zap_refused(zap) > 0);
}

static void test_link__a_server_with_another_key_gets_nothing(void **state)
{
    (void)state;
    struct keys wrong = server_keys;
    assert_int_equal(zmq_curve_keypair(wrong.own_public, wrong.own_secret), 0);
    struct link_ground ground = ground_of(&wrong);
    struct link_events events = events_of(&at_server);
    assert_int_equal(link_listen(&ground, address, PORT, BYTES_MAX, &events, &server), ERR_OK);
    client = dialler(&client_keys, "fleet/station");
    wait_for(&at_client.ups, 1, 500);
    assert_int_equal(at_client.ups, 0);
    assert_int_equal(at_server.frames, 0);
}

static void test_link__no_encryption_no_entry(void **state)
{
    (void)state;
    server = listener();
    void *plain = zmq_socket(zmq, ZMQ_DEALER);
    char endpoint[64];
    int linger = 0;
    zmq_setsockopt(plain, ZMQ_LINGER, &linger, sizeof linger);
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%d", address, PORT);
    assert_int_equal(zmq_connect(plain, endpoint), 0);
    /* Who has been turned away already has nowhere to send to, and would wait for ever. */
    int sent = zmq_send(plain, "hi", 2, ZMQ_DONTWAIT);
    assert_true(sent == 2 || zmq_errno() == EAGAIN);
    wait_for(&at_server.frames, 1, 300);
    assert_int_equal(at_server.frames, 0);
    zmq_close(plain);
}

static void test_link__what_is_too_large_does_not_arrive(void **state)
{
    (void)state;
    server = listener();
    client = dialler(&client_keys, "fleet/station");
    wait_for(&at_client.ups, 1, 2000);
    assert_int_equal(say(client, "", "big", BYTES_MAX + 100), ERR_OK);
    wait_for(&at_server.frames, 1, 300);
    assert_int_equal(at_server.frames, 0);
    assert_int_equal(at_client.losts, 1);
    wait_for(&at_client.ups, 2, 2000);
    assert_int_equal(say(client, "", "small", BYTES_MAX), ERR_OK);
    wait_for(&at_server.frames, 1, 2000);
    assert_int_equal(at_server.len, BYTES_MAX);
}

static void test_link__the_end_of_a_listener_is_news_and_its_return_too(void **state)
{
    (void)state;
    server = listener();
    client = dialler(&client_keys, "fleet/station");
    wait_for(&at_client.ups, 1, 2000);
    link_close(&server);
    struct instant begin = loop_now();
    wait_for(&at_client.refusals, 1, 2000);
    struct duration took = instant_since(loop_now(), begin);
    assert_int_equal(at_client.losts, 1);
    assert_true(at_client.refusals >= 1);
    print_message("refused after %d us\n", (int)took.us);
    assert_true(took.us < 300000);
    server = listener();
    wait_for(&at_client.ups, 2, 2000);
    assert_int_equal(at_client.ups, 2);
    link_close(&client);
    wait_for(&at_server.left, 1, 2000);
    assert_int_equal(at_server.left, 1);
}

static void test_link__a_taken_address_is_said(void **state)
{
    (void)state;
    server = listener();
    struct link_ground ground = ground_of(&server_keys);
    struct link_events events = events_of(&at_server);
    struct link_socket *second = NULL;
    assert_int_equal(link_listen(&ground, address, PORT, BYTES_MAX, &events, &second), ERR_IN_USE);
}

static void test_link__secret_keys_are_private(void **state)
{
    (void)state;
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/sub1.cert_secret", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct keys keys;
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(keys_load(dir, "sub1", &topology, &keys), ERR_PERMISSION);
    snprintf(path, sizeof path, "%s/sub1.cert", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(keys_load(dir, "fleet", &topology, &keys), ERR_IO);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    LINK_TEST(test_link__frames_go_both_ways_under_the_name_of_the_key),
    LINK_TEST(test_link__a_new_one_does_not_meet_what_is_left_of_the_last),
    LINK_TEST(test_link__a_key_that_is_not_known_gets_nothing),
    LINK_TEST(test_link__a_server_with_another_key_gets_nothing),
    LINK_TEST(test_link__no_encryption_no_entry),
    LINK_TEST(test_link__what_is_too_large_does_not_arrive),
    LINK_TEST(test_link__the_end_of_a_listener_is_news_and_its_return_too),
    LINK_TEST(test_link__a_taken_address_is_said),
    LINK_TEST(test_link__secret_keys_are_private),
};

UNIT_MAIN(tests);
