#include "node/base/config.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static struct topology t;

/* Phones 1001 to 1010, the dialled number 80001. */
static int make(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    t.groups_n = 1;
    t.phones_n = 1;
    t.phones[0] = (struct topology_phones){.first = 1001, .count = 10};
    t.dialled_n = 1;
    snprintf(t.dialled[0].number, NUMBER_LEN, "80001");
    return 0;
}

static void test_config__what_the_cluster_reads_is_written(void **state)
{
    (void)state;
    static const char *const good[] = {
        "fallback=graceful", "fallback=auto",       "fallback=manual",
        "fallback=",         "recovery.80001=1010", "recovery.80001=80001",
        "recovery.80001=",   "note.greeting=hello", "note.greeting="};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(config_complaint(&t, good[i]));
    }
}

static void test_config__what_nothing_reads_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } bad[] = {{"nonsense=1", "nothing in the cluster"},
               {"fallbacks=auto", "nothing in the cluster"},
               {"note.=1", "nothing in the cluster"},
               {"=1", "nothing in the cluster"},
               {"login=manual", "topology file"},
               {"control=until_clear", "topology file"},
               {"fallback=never", "graceful, auto or manual"},
               {"recovery.99=1010", "dialled number"},
               {"recovery.1001=1010", "dialled number"},
               {"recovery.80001=1011", "no device"},
               {"recovery.80001=ten", "no device"},
               {"fallback", "KEY=VALUE"},
               {"note.a-name-that-is-longer-than-any=1", "too long"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *complaint = config_complaint(&t, bad[i].text);
        assert_non_null(complaint);
        assert_non_null(strstr(complaint, bad[i].word));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(test_config__what_the_cluster_reads_is_written, make),
    cmocka_unit_test_setup(test_config__what_nothing_reads_is_refused, make),
};

UNIT_MAIN(tests);
