#include "cluster/control/outcome.h"
#include "tests/unit/unit.h"

#include <string.h>

static void test_outcome__an_order_ends_as_its_reason_says(void **state)
{
    (void)state;
    static const struct {
        enum reason reason;
        enum outcome outcome;
    } cases[] = {
        {REASON_NONE, OUTCOME_DONE},
        {REASON_BAD_STATE, OUTCOME_NO},
        {REASON_NO_CALL, OUTCOME_NO},
        {REASON_BUSY, OUTCOME_NO},
        {REASON_PRESERVED, OUTCOME_NO},
        {REASON_OUT_OF_SERVICE, OUTCOME_NO},
        {REASON_UNKNOWN_NUMBER, OUTCOME_NO},
        {REASON_NOT_PUBLISHER, OUTCOME_NO},
        {REASON_TIMEOUT, OUTCOME_TIMEOUT},
        {REASON_FULL, OUTCOME_TIMEOUT},
        {REASON_THROTTLED, OUTCOME_TIMEOUT},
        {REASON_NO_QUORUM, OUTCOME_UNREACHABLE},
        {REASON_ROLLED_BACK, OUTCOME_UNREACHABLE},
        {REASON_NOT_ACTIVE, OUTCOME_UNREACHABLE},
        {REASON_PROVIDER_LOST, OUTCOME_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(outcome_of(cases[i].reason), cases[i].outcome);
    }
}

static void test_outcome__every_end_of_an_order_has_a_meaning(void **state)
{
    (void)state;
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        int code = (int)outcome_of((enum reason)reason);
        assert_non_null(outcome_meaning(code));
        assert_true((code == 0) == (reason == REASON_NONE));
    }
    assert_null(outcome_meaning(2));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_outcome__an_order_ends_as_its_reason_says),
    cmocka_unit_test(test_outcome__every_end_of_an_order_has_a_meaning),
};

UNIT_MAIN(tests);
