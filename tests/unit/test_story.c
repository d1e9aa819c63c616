#include "cluster/control/story.h"

#include "tests/unit/small.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define CALL    ((struct call_id){UINT64_C(0x0203e90000000001)})
#define CONSULT ((struct call_id){UINT64_C(0x0203e90000000002)})
#define OTHER   ((struct call_id){UINT64_C(0x0203e90000000003)})
#define KEY     (INT64_C(1048577) << 16 | 2 << 8)
#define PUB     ((struct proc_id){1})
#define SUB1    ((struct proc_id){2})
#define SUB2    ((struct proc_id){3})
#define PGA     ((struct proc_id){4})
#define PGB     ((struct proc_id){5})
#define ICMA    ((struct proc_id){6})
#define FLEET   ((struct proc_id){7})

static struct topology topology;
static char told[4096];

static void hear(void *context, const struct event *e, const char *sentence)
{
    (void)context;
    (void)e;
    strncat(told, sentence, sizeof told - strlen(told) - 2);
    strcat(told, "\n");
}

static void set_up(void)
{
    small_topology(&topology);
    topology.skills_n = 1;
    topology.dialled_n = 1;
    topology.dialled[0] = (struct topology_dialled){.number = "80001", .pair = 5000};
    topology.agents_n = 1;
    topology.agents[0] =
        (struct topology_agents){.first = 5001, .count = 2, .phone = 1001, .pair = 5000};
    told[0] = '\0';
}

static const char *story_of(struct call_id call, const struct event *events, size_t n,
                            const char *row_or_null)
{
    struct story *s = story_new(&topology, call);
    for (size_t i = 0; i < n; i++) {
        story_link(s, &events[i]);
    }
    for (size_t i = 0; i < n; i++) {
        story_take(s, &events[i]);
    }
    if (row_or_null != NULL) {
        story_row(s, 177, row_or_null);
    }
    assert_int_equal(story_known(s), n > 0 || row_or_null != NULL);
    told[0] = '\0';
    story_tell(s, hear, NULL);
    story_free(&s);
    return told;
}

/* Of a leg at the agent's phone. */
#define AT_PHONE(name, who, ...)                                                      \
    {                                                                                 \
        .kind = EVENT_##name, .proc = (who), .device = {1}, .call = CALL, __VA_ARGS__ \
    }

#define STORY(events) story_of(CALL, events, sizeof(events) / sizeof((events)[0]), NULL)

static void test_story__failure_and_its_partial_row_are_told_with_the_cause(void **state)
{
    (void)state;
    set_up();
    const struct event events[] = {
        {.kind = EVENT_ROUTE_REQUESTED, .proc = PGA, .call = CALL, .text = "80001"},
        AT_PHONE(ROUTED, ICMA, .value = 5001, .value2 = ROUTE_LABEL),
        {.kind = EVENT_CALL_BEGIN,
         .proc = FLEET,
         .peer = SUB1,
         .device = {9},
         .call = CALL,
         .value = 1,
         .text = "80001"},
        AT_PHONE(CALL_BEGIN, FLEET, .peer = SUB1, .value = 2, .text = "1009"),
        AT_PHONE(CALL_STATE, FLEET, .value = LEG_CONNECTED),
        {.kind = EVENT_FAULT, .proc = PUB, .peer = SUB1, .text = "crash"},
        AT_PHONE(CALL_PRESERVED, FLEET, .reason = REASON_SERVICE_LOST),
        {.kind = EVENT_CALL_PRESERVED,
         .proc = FLEET,
         .device = {9},
         .call = CALL,
         .reason = REASON_PRESERVED},
        AT_PHONE(DEVICE_LOST, FLEET, .peer = SUB1, .reason = REASON_SERVICE_LOST, .value = 1),
        {.kind = EVENT_PROVIDER_DOWN, .proc = PGA, .peer = SUB1, .reason = REASON_TIMEOUT},
        AT_PHONE(TCD_WRITTEN, PGA, .value = KEY, .value2 = 27, .reason = REASON_TIMEOUT,
                 .text = "partial"),
        AT_PHONE(TCD_STORED, ICMA, .value = KEY, .value2 = 177, .reason = REASON_TIMEOUT),
        AT_PHONE(TCD_WRITTEN, PGB, .value = KEY, .value2 = 27, .reason = REASON_TIMEOUT),
        AT_PHONE(TCD_DUPLICATE, ICMA, .value = KEY),
        {.kind = EVENT_NODE_DOWN, .proc = SUB2, .peer = SUB1, .value = 1},
        {.kind = EVENT_NODE_DOWN, .proc = PUB, .peer = SUB1, .value = 1},
        {.kind = EVENT_PG_ACTIVE, .proc = PGB, .value = 2, .value2 = 24},
        AT_PHONE(CALL_END, FLEET, .reason = REASON_MEDIA_LOST, .value = 26400000),
        {.kind = EVENT_REGISTERED, .proc = FLEET, .peer = SUB2, .device = {1}},
        {.kind = EVENT_FAULT, .proc = PUB, .peer = SUB2, .text = "hang"},
    };
    assert_string_equal(
        story_of(CALL, events, sizeof events / sizeof events[0], "26 s (talk 26), partial"),
        "1009 dials 80001 (route point RP80001), at sub1\n"
        "pga asks where 80001 is to go\n"
        "icma routes it to agent 5001 (phone 1001)\n"
        "1001 rings, at sub1; it is the phone of agent 5001\n"
        "1001 answers\n"
        "fault: crash at sub1\n"
        "media of 1001 goes on, the call is preserved: the service is gone\n"
        "media of 1009 goes on: the call is preserved: it can only be hung up\n"
        "1001 loses its CallManager (sub1): the service is gone\n"
        "pga loses its CTI Manager (sub1): no answer in time\n"
        "pga writes a record of 1001: cut at a failure; the row is partial\n"
        "row 177: 26 s (talk 26), partial, because pga lost its CTI Manager (sub1)\n"
        "pgb writes the same record\n"
        "icma has that record, and changes nothing\n"
        "the registry takes sub1 for dead\n"
        "pgb is the active side, with 24 monitors\n"
        "1001 is out of the call: no media from the other party; 26.4 s after the answer\n"
        "1001 registers at sub2\n");
}

static void test_story__what_its_phones_lose_later_is_not_of_the_story(void **state)
{
    (void)state;
    set_up();
    const struct event events[] = {
        AT_PHONE(CALL_BEGIN, FLEET, .peer = SUB1, .value = 2, .text = "1009"),
        {.kind = EVENT_FAULT, .proc = PUB, .peer = SUB1, .text = "partition one-way"},
        {.kind = EVENT_FAULT, .proc = PUB, .peer = FLEET, .text = "partition one-way"},
        {.kind = EVENT_DEVICE_LOST,
         .proc = FLEET,
         .peer = SUB1,
         .device = {1},
         .reason = REASON_SERVICE_LOST},
        AT_PHONE(CALL_END, FLEET, .reason = REASON_HUNG_UP),
        {.kind = EVENT_REGISTERED, .proc = FLEET, .peer = SUB2, .device = {1}},
        {.kind = EVENT_DEVICE_LOST, .proc = FLEET, .peer = SUB2, .device = {1}},
        {.kind = EVENT_REGISTERED, .proc = FLEET, .peer = SUB1, .device = {1}},
    };
    assert_string_equal(STORY(events), "1001 rings, at sub1; it is the phone of agent 5001\n"
                                       "fault: partition one-way of the network\n"
                                       "1001 loses its CallManager (sub1): the service is gone\n"
                                       "1001 is out of the call: a party hung up\n"
                                       "1001 registers at sub2\n");
}

static void test_story__calls_that_became_one_are_one_story(void **state)
{
    (void)state;
    set_up();
    const struct event events[] = {
        {.kind = EVENT_CALL_BEGIN,
         .proc = FLEET,
         .peer = SUB1,
         .device = {2},
         .call = CONSULT,
         .value = 2,
         .text = "1001"},
        {.kind = EVENT_CALL_BEGIN,
         .proc = FLEET,
         .peer = SUB1,
         .device = {3},
         .call = OTHER,
         .value = 1,
         .text = "1004"},
        {.kind = EVENT_KEY_TAKEN,
         .proc = SUB1,
         .device = {1},
         .call = CALL,
         .value = KEY_TRANSFER_COMPLETE},
        {.kind = EVENT_CALL_STATE,
         .proc = FLEET,
         .device = {2},
         .call = CALL,
         .value = LEG_CONNECTED,
         .value2 = (int64_t)CONSULT.v},
    };
    static const char *const both =
        "1002 rings, at sub1; it is the phone of agent 5002\n"
        "1001 presses transfer_complete: join the held party with the "
        "consulted one and leave\n"
        "1002 goes on in call 0203e90000000001, from 0203e90000000002\n";
    assert_string_equal(STORY(events), both);
    assert_string_equal(story_of(CONSULT, events, 4, NULL), both);
    assert_string_equal(story_of(OTHER, events, 4, NULL), "1003 dials 1004, at sub1\n");
}

static struct event agent_state(uint32_t agent, enum agent_state state, const char *reason_code)
{
    struct event e = {.kind = EVENT_AGENT_STATE,
                      .proc = PGA,
                      .device = {agent - 5000},
                      .value = agent,
                      .value2 = state};
    snprintf(e.text, sizeof e.text, "%s", reason_code);
    return e;
}

static void test_story__an_agent_is_followed_until_the_record_is_written(void **state)
{
    (void)state;
    set_up();
    const struct event events[] = {
        agent_state(5001, AGENT_STATE_READY, "0"),
        {.kind = EVENT_ROUTED,
         .proc = ICMA,
         .device = {1},
         .call = CALL,
         .value = 5001,
         .value2 = ROUTE_LABEL},
        agent_state(5001, AGENT_STATE_RESERVED, "0"),
        agent_state(5002, AGENT_STATE_RESERVED, "0"),
        {.kind = EVENT_CALL_BEGIN,
         .proc = FLEET,
         .peer = SUB1,
         .device = {1},
         .call = CALL,
         .value = 2,
         .text = "1009"},
        {.kind = EVENT_AGENT_AFTER,
         .proc = PGA,
         .device = {1},
         .value = 5001,
         .value2 = AGENT_STATE_NOT_READY},
        agent_state(5001, AGENT_STATE_NOT_READY, "32767"),
        {.kind = EVENT_TCD_WRITTEN,
         .proc = PGA,
         .device = {1},
         .call = CALL,
         .value = KEY,
         .value2 = 19},
        agent_state(5001, AGENT_STATE_RESERVED, "0"),
        {.kind = EVENT_TCD_STORED,
         .proc = ICMA,
         .device = {1},
         .call = CALL,
         .value = KEY,
         .value2 = 9},
    };
    assert_string_equal(STORY(events),
                        "icma routes it to agent 5001 (phone 1001)\n"
                        "agent 5001: reserved for a call on its way\n"
                        "1001 rings, at sub1; it is the phone of agent 5001\n"
                        "agent 5001 asks to be not ready after the call\n"
                        "agent 5001: not ready (reason code 32767)\n"
                        "pga writes a record of 1001: it rang, and the agent did not answer\n"
                        "row 9\n");
}

static void test_story__a_row_that_no_event_tells_of_is_told(void **state)
{
    (void)state;
    set_up();
    assert_string_equal(story_of(CALL, NULL, 0, "3 s (queue 3)"), "row 177: 3 s (queue 3)\n");
    assert_string_equal(story_of(CALL, NULL, 0, NULL), "");
}

/* Values of a damaged file are numbers that stand for nothing. */
static void test_story__strange_values_are_no_sentence_or_a_harmless_one(void **state)
{
    (void)state;
    set_up();
    static const int64_t strange[] = {-1, 4711, INT64_MAX, INT64_MIN};
    for (int kind = EVENT_NONE + 1; kind < EVENT_COUNT; kind++) {
        for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
            const struct event events[] = {
                {.kind = EVENT_CALL_BEGIN, .proc = FLEET, .device = {1}, .call = CALL, .value = 2},
                {.kind = (enum event_kind)kind,
                 .device = {4711},
                 .call = CALL,
                 .value = strange[i],
                 .value2 = strange[3 - i]},
            };
            assert_memory_equal(STORY(events), "1001 rings", 10);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_story__failure_and_its_partial_row_are_told_with_the_cause),
    cmocka_unit_test(test_story__what_its_phones_lose_later_is_not_of_the_story),
    cmocka_unit_test(test_story__calls_that_became_one_are_one_story),
    cmocka_unit_test(test_story__an_agent_is_followed_until_the_record_is_written),
    cmocka_unit_test(test_story__a_row_that_no_event_tells_of_is_told),
    cmocka_unit_test(test_story__strange_values_are_no_sentence_or_a_harmless_one),
};

UNIT_MAIN(tests);
