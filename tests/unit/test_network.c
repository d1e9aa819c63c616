#include "cluster/fault/network.h"

#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct topology topology = {.procs_n = 2,
                                         .procs = {{.name = "pga", .kind = PROC_PG, .host = 11},
                                                   {.name = "pgb", .kind = PROC_PG, .host = 12}}};
static struct network network;
static struct tool_said said;

static void claim(enum err err)
{
    if (err != ERR_OK) {
        struct tool_said unheard;
        err_ignore(network_remove(&network, &unheard), "the first error is the one to report");
        fail_msg("%s: %s", err_text(err), said.text);
    }
}

/* A network of its own for each test; needs root, and the programs. */
static bool set_up(void)
{
    char folder[64];
    if (network_permitted() != ERR_OK) {
        return false;
    }
    snprintf(folder, sizeof folder, "/nowhere/%d", (int)getpid());
    network_of("test", folder, &topology, &network);
    enum err err = network_make(&network, &said);
    if (err == ERR_UNKNOWN) {
        claim(network_remove(&network, &said));
        return false;
    }
    claim(err);
    return true;
}

static void tear_down(void)
{
    claim(network_remove(&network, &said));
    assert_int_equal(network_found(&network), 0);
}

/* In a process's namespace: a connection to nobody's port, refused (0), or not answered within
 * the time (1). */
static int knock_from(const char *who, const char *address)
{
    pid_t pid = fork();
    if (pid == 0) {
        const struct timeval wait = {.tv_usec = 300000};
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(9)};
        if (network_enter(&network, who) != ERR_OK) {
            _exit(9);
        }
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        inet_pton(AF_INET, address, &a.sin_addr);
        int rc = connect(fd, (const struct sockaddr *)&a, sizeof a);
        _exit(rc != 0 && errno == ECONNREFUSED ? 0 : rc != 0 ? 1 : 8);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

/* The kernel asks once a second who has an address, and may just have asked. */
static int knock_again(const char *who, const char *address)
{
    int rc = 1;
    for (unsigned i = 0; i < 20 && rc != 0; i++) {
        rc = knock_from(who, address);
    }
    return rc;
}

static void test_network__folders_have_prefixes_of_their_own(void **state)
{
    (void)state;
    struct network a = {0}, b = {0}, again = {0};
    network_of("small", "/tmp", &topology, &a);
    network_of("small", "/usr", &topology, &b);
    network_of("small", "/tmp/../tmp", &topology, &again);
    assert_string_not_equal(a.prefix, b.prefix);
    assert_string_equal(a.prefix, again.prefix);
    assert_int_equal(strncmp(a.prefix, "rehome-small-", 13), 0);
}

static void test_network__a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program", NULL};
    assert_int_equal(tool_run(argv, NULL, "", &said), ERR_UNKNOWN);
    assert_non_null(strstr(said.text, "no-such-program"));
}

static void test_network__a_program_gets_its_text_and_its_words_are_kept(void **state)
{
    (void)state;
    const char *const cat[] = {"cat", NULL};
    const char *const bad[] = {"sh", "-c", "echo why >&2; exit 3", NULL};
    assert_int_equal(tool_run(cat, NULL, "some text", &said), ERR_OK);
    assert_string_equal(said.text, "some text");
    assert_int_equal(tool_run(bad, NULL, "", &said), ERR_IO);
    assert_string_equal(said.text, "why\n");
}

static void test_network__removing_nothing_is_no_error(void **state)
{
    (void)state;
    network_of("none", "/nowhere", &topology, &network);
    assert_int_equal(network_remove(&network, &said), ERR_OK);
}

static void test_network__processes_reach_each_other_on_two_networks(void **state)
{
    (void)state;
    if (!set_up()) {
        skip();
    }
    int visible = knock_from("pga", "10.77.0.12");
    int private = knock_from("pgb", "10.78.0.11");
    int looked = knock_from(NETWORK_SWITCH, "10.77.0.11");
    tear_down();
    assert_int_equal(visible, 0);
    assert_int_equal(private, 0);
    assert_int_equal(looked, 0);
}

static void test_network__a_cut_drops_counts_and_ends(void **state)
{
    (void)state;
    const struct cut cut = {.id = 1, .from = 1u << 1, .to = 1u << 2};
    if (!set_up()) {
        skip();
    }
    claim(network_cut(&network, &cut, 1, &said));
    int during = knock_from("pga", "10.77.0.12");
    int other = knock_from("pga", "10.78.0.12");
    int looked = knock_from(NETWORK_SWITCH, "10.77.0.11");
    uint64_t counted = network_counted(&network, &cut);
    claim(network_cut(&network, NULL, 0, &said));
    int after = knock_again("pga", "10.77.0.12");
    tear_down();
    assert_int_equal(during, 1);
    assert_int_equal(other, 0);
    assert_int_equal(looked, 0);
    assert_true(counted > 0);
    assert_int_equal(after, 0);
}

static void test_network__a_plug_that_is_pulled_cuts_everybody_off(void **state)
{
    (void)state;
    const struct proc_id pga = {1};
    if (!set_up()) {
        skip();
    }
    claim(network_plug(&network, pga, false, &said));
    int visible = knock_from("pga", "10.77.0.12");
    int private = knock_from("pgb", "10.78.0.11");
    claim(network_plug(&network, pga, true, &said));
    int after = knock_again("pga", "10.77.0.12");
    tear_down();
    assert_int_equal(visible, 1);
    assert_int_equal(private, 1);
    assert_int_equal(after, 0);
}

static void test_network__whoever_is_in_a_namespace_goes_with_it(void **state)
{
    (void)state;
    if (!set_up()) {
        skip();
    }
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bool in = network_enter(&network, "pga") == ERR_OK;
        ssize_t written = write(ready[1], "x", 1);
        _exit(in && written == 1 ? (int)sleep(10) : 1);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    uint32_t killed = network_kill(&network, (struct proc_id){1});
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    tear_down();
    assert_int_equal(killed, 1);
    assert_true(WIFSIGNALED(status));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_network__folders_have_prefixes_of_their_own),
    cmocka_unit_test(test_network__a_program_that_is_not_there_is_named),
    cmocka_unit_test(test_network__a_program_gets_its_text_and_its_words_are_kept),
    cmocka_unit_test(test_network__removing_nothing_is_no_error),
    cmocka_unit_test(test_network__processes_reach_each_other_on_two_networks),
    cmocka_unit_test(test_network__a_cut_drops_counts_and_ends),
    cmocka_unit_test(test_network__a_plug_that_is_pulled_cuts_everybody_off),
    cmocka_unit_test(test_network__whoever_is_in_a_namespace_goes_with_it),
};

UNIT_MAIN(tests);
