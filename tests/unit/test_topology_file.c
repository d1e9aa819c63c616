#include "node/runtime/topology_file.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAID_MAX  8192
#define DEFAULT   "deploy/topologies/default.yaml"
#define BAD       "tests/unit/topology/bad"
#define GOOD      "deploy/topologies"
#define PATH_SIZE 512

static struct topology topology;

/* Prepare and keep what was complained about. */
static enum err prepare(const char *path, const struct topology_change *change, char *said)
{
    char *text = NULL;
    size_t length = 0;
    FILE *complaints = fmemopen(said, SAID_MAX, "w");
    assert_non_null(complaints);
    memset(said, 0, SAID_MAX);
    enum err err = topology_file_prepare(path, change, complaints, &topology, &text, &length);
    fclose(complaints);
    free(text);
    return err;
}

static void test_topology_file__the_default_is_the_cluster_of_the_design(void **state)
{
    (void)state;
    assert_int_equal(topology_file_load(DEFAULT, stderr, &topology), ERR_OK);
    assert_string_equal(topology.name, "default");
    assert_int_equal(topology.procs_n, 8);
    assert_int_equal(topology_devices(&topology), 1000 + 4 + 10);
    assert_int_equal(topology_agents_total(&topology), 100);
    assert_int_equal(topology.traffic.agent_calls_mps, 8000);
    assert_int_equal(topology.traffic.phone_calls_mps, 12000);
    assert_int_equal(topology.traffic.talk_mean.us, 5000000);
    assert_string_equal(topology.timers.profile, "lab");
    const struct topology_proc *pga =
        topology_proc_of(&topology, topology_proc_named(&topology, "pga"));
    assert_non_null(pga);
    assert_string_equal(topology_name(&topology, pga->ctimanager_node), "sub1");
    assert_int_equal(topology_rank(&topology, 0, topology_proc_named(&topology, "sub2")), 1);
    struct agent_info agent;
    assert_true(topology_agent_by_id(&topology, (struct agent_id){5012}, &agent));
    assert_string_equal(agent.number, "1012");
}

static void test_topology_file__every_file_that_is_delivered_loads(void **state)
{
    (void)state;
    DIR *dir = opendir(GOOD);
    assert_non_null(dir);
    unsigned seen = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[PATH_SIZE];
        if (strstr(e->d_name, ".yaml") == NULL) {
            continue;
        }
        snprintf(path, sizeof path, GOOD "/%s", e->d_name);
        assert_int_equal(topology_file_load(path, stderr, &topology), ERR_OK);
        seen++;
    }
    closedir(dir);
    assert_true(seen >= 5);
}

static void expect_complaint(const char *yaml)
{
    char path[PATH_SIZE];
    char want[PATH_SIZE] = "";
    char said[SAID_MAX];
    snprintf(path, sizeof path, BAD "/%.*s.txt", (int)(strlen(yaml) - 5), yaml);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    assert_non_null(fgets(want, sizeof want, in));
    fclose(in);
    want[strcspn(want, "\n")] = '\0';
    snprintf(path, sizeof path, BAD "/%s", yaml);
    const struct topology_change none = {.name = NULL};
    enum err err = prepare(path, &none, said);
    if (err != ERR_INVALID || strstr(said, want) == NULL) {
        fail_msg("%s: expected \"%s\", got %s:\n%s", yaml, want, err_text(err), said);
    }
    /* The file, a line and a column. */
    char *end = NULL;
    assert_int_equal(strncmp(said, path, strlen(path)), 0);
    unsigned long line = strtoul(said + strlen(path) + 1, &end, 10);
    assert_int_equal(*end, ':');
    unsigned long column = strtoul(end + 1, &end, 10);
    assert_int_equal(*end, ':');
    assert_true(line >= 1 && column >= 1);
}

static void test_topology_file__every_bad_file_is_refused_with_its_place(void **state)
{
    (void)state;
    DIR *dir = opendir(BAD);
    assert_non_null(dir);
    unsigned seen = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strstr(e->d_name, ".yaml") != NULL) {
            expect_complaint(e->d_name);
            seen++;
        }
    }
    closedir(dir);
    assert_true(seen >= 30);
}

static void test_topology_file__the_caret_stands_under_the_word(void **state)
{
    (void)state;
    char said[SAID_MAX];
    const struct topology_change none = {.name = NULL};
    assert_int_equal(prepare(BAD "/wrong-role.yaml", &none, said), ERR_INVALID);
    assert_string_equal(
        said, BAD "/wrong-role.yaml:7:24: role 'subscribr' is not one of publisher, subscriber\n"
                  "    7 |   - {name: sub1, role: subscribr, host: 2, services: [callmanager, "
                  "ctimanager]}\n"
                  "      |                        ^ did you mean 'subscriber'?\n");
}

/* A file with these bytes, and its place in what is complained about it. */
static void expect_place(const char *bytes, size_t n, const char *want)
{
    char said[SAID_MAX];
    char path[] = "/tmp/test_topology_file.XXXXXX";
    const struct topology_change none = {.name = NULL};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
    enum err err = prepare(path, &none, said);
    unlink(path);
    assert_int_not_equal(err, ERR_OK);
    assert_int_equal(strncmp(said, path, strlen(path)), 0);
    if (strncmp(said + strlen(path), want, strlen(want)) != 0) {
        fail_msg("expected \"%s\", got \"%s\"", want, said);
    }
}

static void test_topology_file__what_is_no_text_is_named_with_its_place(void **state)
{
    (void)state;
    static const char latin1[] = "name: a\n# \xc3\xa9\nschema: \xe9t\xe9\n";
    static const char nul[] = "name: a\n\nschema: \0\n";
    static const char cut_off[] = "name: a\nschema: \xe2\x82";
    static const char broken[] = "name: \xc3\xa9\xe2\x82x\n";
    expect_place(latin1, sizeof latin1 - 1, ":3:9: not YAML: invalid");
    expect_place(nul, sizeof nul - 1, ":3:9: not YAML: control characters");
    expect_place(cut_off, sizeof cut_off - 1, ":2:9: not YAML: incomplete");
    expect_place(broken, sizeof broken - 1, ":1:8: not YAML: invalid");
}

static void test_topology_file__a_huge_file_is_named_with_its_place(void **state)
{
    (void)state;
    size_t n = 1024 * 1024 + 1;
    char *bytes = malloc(n);
    assert_non_null(bytes);
    memset(bytes, '#', n);
    expect_place(bytes, n, ":1:1: the file is larger than 1 MiB");
    free(bytes);
}

static void test_topology_file__a_byte_order_mark_is_no_part_of_the_text(void **state)
{
    (void)state;
    static const char marked[] = "\xef\xbb\xbfname: a\nshcema: 1\n";
    expect_place(marked, sizeof marked - 1, ":2:1: unknown key 'shcema'");
}

static void test_topology_file__a_missing_file_is_io(void **state)
{
    (void)state;
    char said[SAID_MAX];
    const struct topology_change none = {.name = NULL};
    assert_int_equal(prepare("/nowhere/x.yaml", &none, said), ERR_IO);
    assert_string_equal(said, "/nowhere/x.yaml: No such file or directory\n");
}

static void test_topology_file__options_change_phones_agents_calls_and_profile(void **state)
{
    (void)state;
    char said[SAID_MAX];
    const struct topology_change change = {.name = "mine",
                                           .profile = "srnd",
                                           .phones = 2001,
                                           .phones_set = true,
                                           .agents = 10,
                                           .agents_set = true,
                                           .calls_per_second_m = 10000,
                                           .calls_set = true};
    assert_int_equal(prepare(GOOD "/balanced.yaml", &change, said), ERR_OK);
    assert_string_equal(topology.name, "mine");
    assert_string_equal(topology.timers.profile, "srnd");
    assert_int_equal(topology.phones[0].count + topology.phones[1].count, 2001);
    assert_true(topology.phones[1].first >= topology.phones[0].first + topology.phones[0].count);
    assert_int_equal(topology_agents_total(&topology), 10);
    assert_int_equal(topology.traffic.agent_calls_mps, 4000);
    assert_int_equal(topology.traffic.phone_calls_mps, 6000);
    struct agent_info last;
    assert_true(topology_agent(&topology, 9, &last));
    assert_true(device_id_some(last.device));
}

static void test_topology_file__fewer_phones_take_their_agents_along(void **state)
{
    (void)state;
    char said[SAID_MAX];
    const struct topology_change change = {.phones = 40, .phones_set = true};
    assert_int_equal(prepare(DEFAULT, &change, said), ERR_OK);
    assert_int_equal(topology_agents_total(&topology), 40);
}

static void test_topology_file__too_many_agents_are_refused(void **state)
{
    (void)state;
    char said[SAID_MAX];
    const struct topology_change change = {.agents = 1001, .agents_set = true};
    assert_int_equal(prepare(DEFAULT, &change, said), ERR_INVALID);
    assert_non_null(strstr(said, "--agents 1001"));
}

static void test_topology_file__the_effective_file_is_the_same_topology(void **state)
{
    (void)state;
    static struct topology again;
    char *text = NULL;
    size_t length = 0;
    const struct topology_change change = {.phones = 300, .phones_set = true};
    assert_int_equal(topology_file_prepare(DEFAULT, &change, stderr, &topology, &text, &length),
                     ERR_OK);
    char path[] = "/tmp/test_topology_file.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    close(fd);
    free(text);
    enum err err = topology_file_load(path, stderr, &again);
    unlink(path);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(again.hash, topology.hash);
    assert_memory_equal(&again, &topology, sizeof again);
}

static void test_topology_file__another_content_has_another_hash(void **state)
{
    (void)state;
    assert_int_equal(topology_file_load(DEFAULT, stderr, &topology), ERR_OK);
    uint64_t before = topology.hash;
    assert_int_equal(topology_file_load(GOOD "/balanced.yaml", stderr, &topology), ERR_OK);
    assert_true(before != topology.hash);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_topology_file__the_default_is_the_cluster_of_the_design),
    cmocka_unit_test(test_topology_file__every_file_that_is_delivered_loads),
    cmocka_unit_test(test_topology_file__every_bad_file_is_refused_with_its_place),
    cmocka_unit_test(test_topology_file__the_caret_stands_under_the_word),
    cmocka_unit_test(test_topology_file__what_is_no_text_is_named_with_its_place),
    cmocka_unit_test(test_topology_file__a_huge_file_is_named_with_its_place),
    cmocka_unit_test(test_topology_file__a_byte_order_mark_is_no_part_of_the_text),
    cmocka_unit_test(test_topology_file__a_missing_file_is_io),
    cmocka_unit_test(test_topology_file__options_change_phones_agents_calls_and_profile),
    cmocka_unit_test(test_topology_file__fewer_phones_take_their_agents_along),
    cmocka_unit_test(test_topology_file__too_many_agents_are_refused),
    cmocka_unit_test(test_topology_file__the_effective_file_is_the_same_topology),
    cmocka_unit_test(test_topology_file__another_content_has_another_hash),
};

UNIT_MAIN(tests);
