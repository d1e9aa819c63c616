#include "tests/unit/good_run.h"
#include "tests/unit/unit.h"

/* sub1 and sub2 die within a moment; the third member of the group is the publisher. */
#define MADE (GOOD_FAULT + 30 * GOOD_MS)

static void move(uint32_t device, struct proc_id node, int64_t at, int64_t index)
{
    good_run_registers(device, node, 2, at + device * GOOD_MS, index + device);
}

static void make(void)
{
    const uint32_t last = GOOD_PHONES + GOOD_GATEWAYS;
    good_run_begin("backup-fails");
    good_topology.groups[0].members[2] = GOOD_PUB;
    good_topology.groups[0].members_n = 3;
    for (uint32_t d = 1; d <= last; d++) {
        good_run_registers(d, d % 2 == 0 ? GOOD_SUB2 : GOOD_SUB1, 1, (1000 + d) * GOOD_MS, d);
    }
    good_run_fault(EVENT_FAULT, GOOD_SUB1, "crash", GOOD_FAULT);
    good_run_fault(EVENT_FAULT, GOOD_SUB2, "crash", MADE);
    good_run_event(EVENT_PROCESS_START, GOOD_SUB1, GOOD_RETURN);
    good_run_event(EVENT_PROCESS_START, GOOD_SUB2, GOOD_RETURN + 1000 * GOOD_MS);
    for (uint32_t d = 1; d <= last; d++) {
        good_run_registers(d, GOOD_SUB1, 3, GOOD_RETURN + (5000 + d) * GOOD_MS, 200 + d);
    }
    good_run_event(EVENT_LINK_UP, GOOD_FLEET, GOOD_END)->peer = GOOD_SUB1;
}

static void make_moves(uint32_t except)
{
    for (uint32_t d = 1; d <= GOOD_PHONES + GOOD_GATEWAYS; d++) {
        if (d != except) {
            move(d, GOOD_PUB, MADE + 100 * GOOD_MS, 100);
        }
    }
}

static void test_scenario6__the_tertiary_takes_the_phones_of_both(void **state)
{
    static const char *const ids[] = {"S6-PHONES", "S6-GATEWAYS", "S6-HOME-IDLE"};
    (void)state;
    make();
    make_moves(0);
    good_run_finish();
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct check_result *r = good_run_judged(ids[i]);
        if (r->verdict != VERDICT_PASS) {
            fail_msg("%s: %s: %s", ids[i], check_verdict_text(r->verdict), r->observed);
        }
    }
    history_free(&good);
}

static void test_scenario6__a_phone_that_only_found_the_dying_backup_is_caught(void **state)
{
    (void)state;
    make();
    make_moves(7);
    move(7, GOOD_SUB2, MADE - 20 * GOOD_MS, 50);
    good_run_caught("S6-PHONES");
}

static void test_scenario6__a_phone_of_the_second_node_that_stays_is_caught(void **state)
{
    (void)state;
    make();
    make_moves(8);
    good_run_caught("S6-PHONES");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_scenario6__the_tertiary_takes_the_phones_of_both),
    cmocka_unit_test(test_scenario6__a_phone_that_only_found_the_dying_backup_is_caught),
    cmocka_unit_test(test_scenario6__a_phone_of_the_second_node_that_stays_is_caught),
};

UNIT_MAIN(tests);
