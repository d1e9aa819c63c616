#include "node/runtime/raft_check.h"
#include "tests/unit/raft_cluster.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PHONES 50

static uint32_t wanted;

static bool answered(struct cluster *c)
{
    return c->nodes[0].results_n >= wanted;
}

static void settle(struct cluster *c, uint32_t device, uint64_t counter)
{
    wanted = c->nodes[0].results_n + 1;
    cluster_register(c, 0, device, counter, 0);
    assert_true(cluster_until(c, answered, 5000));
}

/* One node that wrote some entries and still runs: its last segment is open. */
static struct cluster *written(uint32_t entries)
{
    struct cluster *c = cluster_new(1, PHONES);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 5000));
    for (uint32_t i = 0; i < entries; i++) {
        settle(c, 1 + i % PHONES, 1 + i);
    }
    return c;
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t bytes[1 << 16];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(in >= 0 && out >= 0);
    for (ssize_t n = read(in, bytes, sizeof bytes); n > 0; n = read(in, bytes, sizeof bytes)) {
        assert_int_equal(write(out, bytes, (size_t)n), n);
    }
    close(in);
    close(out);
}

/* What a crash now would leave, in a folder of its own. */
static void crash_copy(const struct cluster *c, char ret_folder[200])
{
    static uint32_t copies;
    snprintf(ret_folder, 200, "%s/copy%u", c->folder, copies++);
    assert_int_equal(mkdir(ret_folder, 0700), 0);
    DIR *dir = opendir(c->nodes[0].folder);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char from[512], to[512];
        if (e->d_name[0] == '.') {
            continue;
        }
        snprintf(from, sizeof from, "%s/%s", c->nodes[0].folder, e->d_name);
        snprintf(to, sizeof to, "%s/%s", ret_folder, e->d_name);
        copy_file(from, to);
    }
    closedir(dir);
}

/* The file whose name begins so; of several the one with the most in it. */
static void find(const char *folder, const char *prefix, bool meta, char ret_path[512])
{
    off_t most = -1;
    DIR *dir = opendir(folder);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[512];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        bool is_meta = strstr(e->d_name, ".meta") != NULL;
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || is_meta != meta ||
            stat(path, &st) != 0) {
            continue;
        }
        uint64_t head = 0;
        int fd = open(path, O_RDONLY);
        bool blank = read(fd, &head, sizeof head) != (ssize_t)sizeof head || head == 0;
        close(fd);
        if (!blank && st.st_size > most) {
            most = st.st_size;
            snprintf(ret_path, 512, "%s", path);
        }
    }
    closedir(dir);
    assert_true(most > 0);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* The last byte of a file that is not zero. */
static off_t last_byte(const char *path)
{
    off_t at = size_of(path);
    uint8_t byte = 0;
    int fd = open(path, O_RDONLY);
    while (byte == 0 && at > 0) {
        assert_int_equal(pread(fd, &byte, 1, --at), 1);
    }
    close(fd);
    return at;
}

static void refused(const char *folder, const char *path, const char *why)
{
    char text[RAFT_DISK_TEXT_LEN];
    assert_int_equal(raft_disk_check(folder, text), ERR_CORRUPT);
    if (strstr(text, path) == NULL || strstr(text, why) == NULL) {
        fail_msg("`%s` does not name %s or say `%s`", text, path, why);
    }
}

static void accepted(const char *folder, const char *warning)
{
    char text[RAFT_DISK_TEXT_LEN];
    enum err err = raft_disk_check(folder, text);
    if (err != ERR_OK || strstr(text, warning) == NULL) {
        fail_msg("%s: %s", err_text(err), text);
    }
}

static void test_raft_disk__what_a_crash_leaves_is_accepted(void **state)
{
    (void)state;
    char folder[200];
    struct cluster *c = written(20);
    crash_copy(c, folder);
    accepted(folder, "");
    cluster_kill(c, 0);
    accepted(c->nodes[0].folder, "");
    cluster_free(c);
}

static void test_raft_disk__an_empty_folder_is_accepted(void **state)
{
    (void)state;
    struct cluster *c = cluster_new(1, PHONES);
    accepted(c->nodes[0].folder, "");
    cluster_free(c);
}

static void test_raft_disk__a_torn_last_write_is_cut_with_a_warning(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(20);
    crash_copy(c, folder);
    find(folder, "open-", false, path);
    flip(path, last_byte(path));
    accepted(folder, "torn write");
    cluster_free(c);
}

static void test_raft_disk__a_hole_in_an_open_segment_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(20);
    crash_copy(c, folder);
    find(folder, "open-", false, path);
    flip(path, 200);
    refused(folder, strrchr(path, '/'), "goes on with sound data");
    cluster_free(c);
}

static void test_raft_disk__a_log_that_ends_below_the_mark_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(20);
    cluster_until(c, NULL, 1200); /* the mark follows within half a second */
    crash_copy(c, folder);
    accepted(folder, "");
    find(folder, "open-", false, path);
    flip(path, last_byte(path));
    refused(folder, strrchr(path, '/'), "entries are lost");
    cluster_free(c);
}

static void test_raft_disk__a_damaged_closed_segment_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(20);
    cluster_kill(c, 0);
    crash_copy(c, folder);
    find(folder, "0000000000000002-", false, path);
    flip(path, size_of(path) / 2);
    refused(folder, strrchr(path, '/'), "damaged or truncated");
    flip(path, size_of(path) / 2);
    accepted(folder, "");
    assert_int_equal(truncate(path, size_of(path) - 8), 0);
    refused(folder, strrchr(path, '/'), "damaged or truncated");
    cluster_free(c);
}

static void test_raft_disk__a_missing_segment_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(20);
    cluster_kill(c, 0);
    crash_copy(c, folder);
    find(folder, "0000000000000001-", false, path);
    assert_int_equal(unlink(path), 0);
    refused(folder, "0000000000000002-", "gap");
    cluster_free(c);
}

static void test_raft_disk__a_bad_snapshot_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(1100);
    cluster_kill(c, 0);
    crash_copy(c, folder);
    accepted(folder, "");
    find(folder, "snapshot-", false, path);
    flip(path, size_of(path) / 2);
    refused(folder, strrchr(path, '/'), "no sound snapshot");
    flip(path, size_of(path) / 2);
    accepted(folder, "");
    find(folder, "snapshot-", true, path);
    flip(path, size_of(path) - 1);
    refused(folder, strrchr(path, '/'), "is damaged");
    cluster_free(c);
}

static void test_raft_disk__a_damaged_mark_is_refused(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    snprintf(path, sizeof path, "%s/%s", folder, RAFT_CHECK_MARK);
    flip(path, 9);
    refused(folder, "/mark", "is damaged");
    cluster_free(c);
}

static void overwrite(const char *folder, const char *name, const char *text, size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void test_raft_disk__metadata_that_is_garbage_is_refused(void **state)
{
    (void)state;
    static const char garbage[40] = "this is no metadata, whatever it may be";
    char folder[200];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    overwrite(folder, "metadata1", garbage, 32);
    refused(folder, "/metadata1", "format is wrong");
    overwrite(folder, "metadata1", garbage, 40);
    refused(folder, "/metadata1", "format is wrong");
    cluster_free(c);
}

static void test_raft_disk__one_metadata_file_that_a_crash_cut_is_accepted(void **state)
{
    (void)state;
    char folder[200], path[512];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    /* The older one: the newer one holds the term of the log. */
    find(folder, "metadata1", false, path);
    uint8_t versions[2] = {0};
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/metadata%u", folder, i + 1);
        int fd = open(path, O_RDONLY);
        if (fd >= 0) {
            assert_int_equal(pread(fd, &versions[i], 1, 8), 1);
            close(fd);
        }
    }
    overwrite(folder, versions[0] < versions[1] ? "metadata1" : "metadata2", "short", 5);
    accepted(folder, "");
    cluster_free(c);
}

static void test_raft_disk__a_log_without_a_term_is_refused(void **state)
{
    (void)state;
    char folder[200];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    overwrite(folder, "metadata1", "short", 5);
    overwrite(folder, "metadata2", "", 0);
    refused(folder, "/metadata1", "there is a log");
    cluster_free(c);
}

static void test_raft_disk__a_term_older_than_the_log_is_refused(void **state)
{
    (void)state;
    char folder[200];
    char bytes[32] = {1, [8] = 9}; /* version 9, term 0 */
    struct cluster *c = written(5);
    crash_copy(c, folder);
    overwrite(folder, "metadata1", bytes, sizeof bytes);
    refused(folder, "/metadata1", "says term 0");
    cluster_free(c);
}

static void test_raft_disk__a_term_that_no_cluster_reaches_is_refused(void **state)
{
    (void)state;
    const char bytes[32] = {1, [8] = 99, [23] = 16};
    char folder[200];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    overwrite(folder, "metadata1", bytes, sizeof bytes);
    refused(folder, "/metadata1", "a term that no cluster reaches");
    cluster_free(c);
}

static void test_raft_disk__files_of_others_are_passed_over(void **state)
{
    (void)state;
    char folder[200];
    struct cluster *c = written(5);
    crash_copy(c, folder);
    overwrite(folder, "README", "hello", 5);
    overwrite(folder, "0000000000000009-what", "hello", 5);
    overwrite(folder, "open-", "hello", 5);
    accepted(folder, "");
    overwrite(folder, "0000000000000900-0000000000000901", "hello", 5);
    refused(folder, "0000000000000900-", "gap");
    cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_raft_disk__an_empty_folder_is_accepted),
    cmocka_unit_test(test_raft_disk__what_a_crash_leaves_is_accepted),
    cmocka_unit_test(test_raft_disk__a_torn_last_write_is_cut_with_a_warning),
    cmocka_unit_test(test_raft_disk__a_hole_in_an_open_segment_is_refused),
    cmocka_unit_test(test_raft_disk__a_log_that_ends_below_the_mark_is_refused),
    cmocka_unit_test(test_raft_disk__a_damaged_closed_segment_is_refused),
    cmocka_unit_test(test_raft_disk__a_missing_segment_is_refused),
    cmocka_unit_test(test_raft_disk__a_bad_snapshot_is_refused),
    cmocka_unit_test(test_raft_disk__a_damaged_mark_is_refused),
    cmocka_unit_test(test_raft_disk__metadata_that_is_garbage_is_refused),
    cmocka_unit_test(test_raft_disk__one_metadata_file_that_a_crash_cut_is_accepted),
    cmocka_unit_test(test_raft_disk__a_log_without_a_term_is_refused),
    cmocka_unit_test(test_raft_disk__a_term_older_than_the_log_is_refused),
    cmocka_unit_test(test_raft_disk__a_term_that_no_cluster_reaches_is_refused),
    cmocka_unit_test(test_raft_disk__files_of_others_are_passed_over),
};

UNIT_MAIN(tests);
