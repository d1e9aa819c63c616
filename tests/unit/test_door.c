#include "node/runtime/door.h"

#include "node/runtime/link.h"
#include "node/runtime/log.h"
#include "node/runtime/zap.h"
#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <zmq.h>

#define PORT  2000
#define FILES 400 /* the limit in the test of a crowd */
#define CROWD 360

/* A door of sub1 and a link of the fleet. */
static struct topology topology;
static struct loop loop;
static void *zmq;
static struct keys server_keys, client_keys;
static struct zap *zap;
static char dir[64], block[32], address[48];
static struct link_socket *server, *client;
static unsigned left, away, ups, losts, frames;

static void on_frame(void *context, const char *user, const char *routing, const uint8_t *bytes,
                     size_t len)
{
    (void)context;
    (void)user;
    (void)routing;
    (void)bytes;
    (void)len;
    frames++;
}

static void on_up(void *context)
{
    (void)context;
    ups++;
}

static void on_lost(void *context)
{
    (void)context;
    losts++;
}

static void on_left(void *context)
{
    (void)context;
    left++;
}

static void on_away(void *context)
{
    (void)context;
    away++;
}

static void on_nothing(void *context)
{
    (void)context;
}

static void listen_here(void)
{
    struct link_ground ground = {.loop = &loop, .zmq = zmq, .keys = &server_keys};
    struct link_events events = {NULL,       on_frame, on_nothing, on_nothing,
                                 on_nothing, on_left,  on_away};
    assert_int_equal(link_listen(&ground, address, PORT, 65536, &events, &server), ERR_OK);
}

static void dial(void)
{
    struct link_ground ground = {.loop = &loop, .zmq = zmq, .keys = &client_keys};
    struct link_events events = {NULL, on_frame, on_up, on_lost, on_nothing, NULL, NULL};
    assert_int_equal(
        link_dial(&ground, "", address, PORT, 65536, "sub1", "fleet/station", &events, &client),
        ERR_OK);
}

static int set_up(void **state)
{
    (void)state;
    log_setup("test", LOG_ERROR);
    small_topology(&topology);
    small_folder(dir, sizeof dir);
    small_block(block, sizeof block);
    snprintf(address, sizeof address, "%s.12", block);
    left = away = ups = losts = frames = 0;
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

static void wait_for(const unsigned *what, unsigned n, int64_t ms)
{
    struct instant end = instant_add(loop_now(), duration_ms(ms));
    while (*what < n && !instant_reached(loop_now(), end)) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        usleep(500);
    }
}

/* A connection of somebody; -1: nobody answers. */
static int stranger(const void *bytes, size_t len)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct timeval patience = {.tv_usec = 200000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    return fd;
}

static void test_door__everybody_without_a_key_is_counted(void **state)
{
    (void)state;
    static const char http[] = "GET / HTTP/1.1\r\nHost: a-host-with-a-rather-long-name\r\n\r\n";
    static const uint8_t half[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f};
    static const uint8_t plain[64 + 2] = {0xff, [9] = 0x7f, 3, 0, 'P', 'L', 'A', 'I', 'N'};
    static const uint8_t curve[64 + 10] = {0xff, [9] = 0x7f, 3,   0,        'C',         'U',
                                           'R',  'V',        'E', [64] = 6, [65] = 0xff, 0xff};
    listen_here();
    close(stranger("", 0));
    wait_for(&away, 1, 2000);
    assert_int_equal(away, 1);
    int fds[] = {stranger(http, sizeof http), stranger(half, sizeof half),
                 stranger(plain, sizeof plain), stranger(curve, sizeof curve)};
    wait_for(&away, 5, DOOR_HANDSHAKE_MS + 2000); /* who waits is sent away, too */
    assert_int_equal(away, 5);
    assert_int_equal(left, 0);
    assert_int_equal(frames, 0);
    for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        close(fds[i]);
    }
}

static void test_door__who_was_inside_is_not_counted(void **state)
{
    (void)state;
    listen_here();
    dial();
    wait_for(&ups, 1, 2000);
    assert_int_equal(ups, 1);
    close(stranger("x", 1));
    wait_for(&away, 1, 2000);
    link_close(&client);
    wait_for(&left, 1, 2000);
    assert_int_equal(left, 1);
    assert_int_equal(away, 1);
}

/* ZeroMQ's thread must not wait for us with a lock in its hand. */
static void test_door__a_flood_that_nobody_looks_at_does_not_lock_the_door(void **state)
{
    (void)state;
    unsigned flood = 0;
    listen_here();
    for (unsigned i = 0; i < 6000; i++) {
        int fd = stranger("", 0);
        if (fd >= 0) { /* or the kernel's queue was full */
            close(fd);
            flood++;
        }
    }
    assert_true(flood > 3000);
    link_close(&server); /* came never back when the events had filled a queue */
    assert_null(server);
}

static void test_door__a_crowd_finds_it_shut_and_it_opens_again(void **state)
{
    (void)state;
    int crowd[CROWD];
    unsigned inside = 0;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = FILES;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    listen_here();
    limit.rlim_cur = FILES + 2 * CROWD; /* the crowd's ends are in this process, too */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    dial();
    wait_for(&ups, 1, 2000);
    bool was_shut = false;
    for (unsigned i = 0; i < CROWD && !was_shut; i++) {
        crowd[inside] = stranger("\xff", 1);
        was_shut = crowd[inside] < 0;
        inside += !was_shut;
        wait_for(&frames, 1, 2);
    }
    assert_true(was_shut);
    assert_true(inside < CROWD);
    for (unsigned i = 0; i < inside; i++) {
        close(crowd[i]);
    }
    wait_for(&away, inside, 2000);
    assert_int_equal(away, inside);
    assert_int_equal(losts, 0); /* who was inside noticed nothing */
    link_close(&client);
    dial();
    wait_for(&ups, 2, DOOR_SHUT_MS + 3000);
    assert_int_equal(ups, 2);
}

#define DOOR_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    DOOR_TEST(test_door__everybody_without_a_key_is_counted),
    DOOR_TEST(test_door__who_was_inside_is_not_counted),
    DOOR_TEST(test_door__a_flood_that_nobody_looks_at_does_not_lock_the_door),
    DOOR_TEST(test_door__a_crowd_finds_it_shut_and_it_opens_again),
};

UNIT_MAIN(tests);
