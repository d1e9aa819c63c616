#include "cluster/control/event_text.h"

#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct topology topology;
static char text[256];

static const char *line_of(struct event e)
{
    small_topology(&topology);
    return event_text_line(&topology, &e, text, sizeof text);
}

static void test_event_text__values_have_names_and_states_have_words(void **state)
{
    (void)state;
    assert_string_equal(
        line_of((struct event){.kind = EVENT_RAFT_STATE, .value = RAFT_STATE_LEADER, .value2 = 3}),
        "raft_state         state=leader term=3");
    assert_string_equal(line_of((struct event){.kind = EVENT_AGENT_STATE,
                                               .device = {2},
                                               .epoch = 4,
                                               .value = 5002,
                                               .value2 = AGENT_STATE_NOT_READY,
                                               .text = "32767"}),
                        "agent_state        device=SEP000000000002 epoch=4 agent=5002 "
                        "state=not_ready 32767");
    assert_string_equal(
        line_of((struct event){.kind = EVENT_MEDIA_END, .value = 143, .value2 = 54964}),
        "media_end          datagrams=143 longest_gap_ms=54");
    assert_string_equal(line_of((struct event){.kind = EVENT_MEDIA_BEGIN, .value = 3}),
                        "media_begin        with=SEP000000000003");
}

static void test_event_text__the_first_word_of_a_vocabulary_is_shown_too(void **state)
{
    (void)state;
    assert_string_equal(line_of((struct event){.kind = EVENT_OWNER_CHANGED,
                                               .epoch = 2,
                                               .value = 17,
                                               .value2 = DEVICE_STATE_UNREGISTERED}),
                        "owner_changed      epoch=2 index=17 state=unregistered");
}

static void test_event_text__a_number_that_is_no_word_stays_a_number(void **state)
{
    (void)state;
    static const int64_t strange[] = {-1, 4711, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "call_state         leg=%lld", (long long)strange[i]);
        assert_string_equal(line_of((struct event){.kind = EVENT_CALL_STATE, .value = strange[i]}),
                            wanted);
    }
}

static void test_event_text__a_kind_without_values_names_none(void **state)
{
    (void)state;
    assert_string_equal(line_of((struct event){.kind = EVENT_LEASE_GOT}), "lease_got");
    assert_string_equal(
        line_of((struct event){.kind = EVENT_FAULT, .peer = {2}, .text = "crash", .value = 9}),
        "fault              peer=sub1 value=9 crash");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_event_text__values_have_names_and_states_have_words),
    cmocka_unit_test(test_event_text__the_first_word_of_a_vocabulary_is_shown_too),
    cmocka_unit_test(test_event_text__a_number_that_is_no_word_stays_a_number),
    cmocka_unit_test(test_event_text__a_kind_without_values_names_none),
};

UNIT_MAIN(tests);
