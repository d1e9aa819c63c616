#include "proto/msg.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <string.h>

static void test_msg__names_are_words_and_differ(void **state)
{
    (void)state;
    for (unsigned kind = MSG_NONE; kind < MSG_COUNT; kind++) {
        const char *name = msg_name((enum msg_kind)kind);
        assert_true(islower((unsigned char)name[0]));
        for (const char *p = name; *p != '\0'; p++) {
            assert_true(islower((unsigned char)*p) || *p == '_');
        }
        for (unsigned other = MSG_NONE; other < kind; other++) {
            assert_string_not_equal(msg_name((enum msg_kind)other), name);
        }
    }
    assert_string_equal(msg_name(MSG_STATION_REGISTER), "station_register");
}

static void test_msg__what_is_no_kind_has_no_name_and_no_link(void **state)
{
    (void)state;
    static const unsigned kinds[] = {MSG_COUNT, MSG_COUNT + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_string_equal(msg_name((enum msg_kind)kinds[i]), "?");
        for (int link = 0; link < LINK_COUNT; link++) {
            assert_false(msg_allowed((enum msg_kind)kinds[i], (enum link)link));
            assert_false(msg_allowed(MSG_NONE, (enum link)link));
        }
    }
}

/* The first word of a name says whose message it is; here are those that it does not say. */
static const struct {
    const char *prefix;
    enum link link;
} owners[] = {
    {"station_", LINK_STATION}, {"provider_", LINK_JTAPI},   {"monitor", LINK_JTAPI},
    {"cti_", LINK_JTAPI},       {"desktop_", LINK_DESKTOP},  {"private_", LINK_PRIVATE},
    {"pg_", LINK_CONTROLLER},   {"route_", LINK_CONTROLLER}, {"record_", LINK_CONTROLLER},
    {"op_", LINK_OPERATOR},     {"lease_", LINK_MEMBER},     {"snapshot_", LINK_LOCAL},
};

static void test_msg__a_kind_travels_on_the_link_that_its_name_says(void **state)
{
    (void)state;
    for (unsigned kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        const char *name = msg_name((enum msg_kind)kind);
        unsigned links = 0;
        for (int link = 0; link < LINK_COUNT; link++) {
            links += msg_allowed((enum msg_kind)kind, (enum link)link);
        }
        assert_in_range(links, 1, 2);
        for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
            if (strncmp(name, owners[i].prefix, strlen(owners[i].prefix)) == 0) {
                /* What PG sides say, one side of the controller hands on to the other. */
                bool handed_on = owners[i].link == LINK_CONTROLLER &&
                                 msg_allowed((enum msg_kind)kind, LINK_PRIVATE);
                assert_int_equal(links, handed_on ? 2 : 1);
                assert_true(msg_allowed((enum msg_kind)kind, owners[i].link));
            }
        }
        if (strncmp(name, "sdl_", 4) == 0) {
            assert_true(msg_allowed((enum msg_kind)kind, LINK_SDL) ||
                        msg_allowed((enum msg_kind)kind, LINK_LOCAL));
        }
    }
}

static void test_msg__links_have_names_ports_and_limits_of_their_own(void **state)
{
    (void)state;
    for (int link = 0; link < LINK_COUNT; link++) {
        assert_true(strlen(msg_link_name((enum link)link)) > 0);
        assert_true(msg_link_frame_max((enum link)link) >= 65536);
        assert_true(msg_link_frame_max((enum link)link) <= 1048576);
        for (int other = 0; other < link; other++) {
            assert_string_not_equal(msg_link_name((enum link)other),
                                    msg_link_name((enum link)link));
            assert_int_not_equal(msg_link_port((enum link)other), msg_link_port((enum link)link));
        }
        assert_int_not_equal(msg_link_port((enum link)link), RAFT_PORT);
        assert_int_not_equal(msg_link_port((enum link)link), TAP_PORT);
        assert_true((msg_link_port((enum link)link) == 0) == (link == LINK_LOCAL));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_msg__names_are_words_and_differ),
    cmocka_unit_test(test_msg__what_is_no_kind_has_no_name_and_no_link),
    cmocka_unit_test(test_msg__a_kind_travels_on_the_link_that_its_name_says),
    cmocka_unit_test(test_msg__links_have_names_ports_and_limits_of_their_own),
};

UNIT_MAIN(tests);
