#include "node/runtime/notify.h"

#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WATCHDOG_US "40000" /* a sign of life every 20 ms */
#define QUIET_MS    100

static uv_loop_t loop;
static struct notify notify;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int manager; /* what systemd would read from */
static char told[256];

static int set_up(void **state)
{
    (void)state;
    char pid[32];
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/notify.%d", (int)getpid());
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(manager, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", WATCHDOG_US, 1), 0);
    return uv_loop_init(&loop);
}

static void close_one(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    uv_walk(&loop, close_one, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    close(manager);
    unlink(address.sun_path);
    return uv_loop_close(&loop);
}

/* The next that was told within `ms`; "" if nothing was. */
static const char *heard(int ms)
{
    struct pollfd poll_fd = {manager, POLLIN, 0};
    told[0] = '\0';
    if (poll(&poll_fd, 1, ms) == 1) {
        ssize_t n = recv(manager, told, sizeof told - 1, 0);
        assert_true(n >= 0);
        told[n] = '\0';
    }
    return told;
}

static void test_notify__ready_is_told_by_the_loop_and_not_before(void **state)
{
    (void)state;
    notify_begin(&notify, &loop);
    assert_string_equal(heard(0), "");
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_string_equal(heard(0), "READY=1\nWATCHDOG=1");
}

static void test_notify__a_loop_that_runs_gives_signs_of_life(void **state)
{
    (void)state;
    notify_begin(&notify, &loop);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_string_equal(heard(0), "READY=1\nWATCHDOG=1");
    for (int i = 0; i < 3; i++) {
        uv_run(&loop, UV_RUN_ONCE);
        assert_string_equal(heard(0), "WATCHDOG=1");
    }
}

static void test_notify__a_loop_that_hangs_gives_none(void **state)
{
    (void)state;
    notify_begin(&notify, &loop);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_string_equal(heard(0), "READY=1\nWATCHDOG=1");
    assert_string_equal(heard(QUIET_MS), "");
}

static void test_notify__without_a_watchdog_there_are_no_signs_of_life(void **state)
{
    (void)state;
    unsetenv("WATCHDOG_USEC");
    notify_begin(&notify, &loop);
    uv_run(&loop, UV_RUN_DEFAULT); /* ends, because nothing is left to come */
    assert_string_equal(heard(0), "READY=1\nWATCHDOG=1");
    assert_string_equal(heard(0), "");
}

static void test_notify__who_stops_says_so_and_no_more(void **state)
{
    (void)state;
    notify_begin(&notify, &loop);
    uv_run(&loop, UV_RUN_NOWAIT);
    notify_end(&notify);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(heard(0), "READY=1\nWATCHDOG=1");
    assert_string_equal(heard(0), "STOPPING=1");
    assert_string_equal(heard(0), "");
}

static void test_notify__status_is_one_line(void **state)
{
    (void)state;
    notify_status("sub1 follows pub in term 7");
    assert_string_equal(heard(0), "STATUS=sub1 follows pub in term 7");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_notify__ready_is_told_by_the_loop_and_not_before, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(test_notify__a_loop_that_runs_gives_signs_of_life, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(test_notify__a_loop_that_hangs_gives_none, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_notify__without_a_watchdog_there_are_no_signs_of_life,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_notify__who_stops_says_so_and_no_more, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_notify__status_is_one_line, set_up, tear_down),
};

UNIT_MAIN(tests);
