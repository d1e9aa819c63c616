#include "node/process/icm.h"

#include "tests/unit/icm_world.h"
#include "tests/unit/unit.h"

#define GUEST ((struct proc_id){PROCS_MAX + 1})

static struct icm_process icm;
static struct process process;

static void started(void)
{
    cluster_make();
    icm_process_init(&icm, &cluster, ICMA, &world, INT64_C(1700000000000000));
    process = icm_process_entries(&icm);
    process.start(process.self, (struct instant){.us = 1});
}

static void test_process_icm__op_status_is_answered(void **state)
{
    (void)state;
    started();
    struct msg msg = {.kind = MSG_OP_STATUS};
    msg.op_status.id = 9;
    process.message(process.self, (struct instant){.us = 2}, LINK_OPERATOR, GUEST, &msg);
    assert_int_equal(last_sent(MSG_OP_ICM_STATUS)->msg.op_icm_status.id, 9);
    assert_int_equal(last_sent(MSG_OP_ICM_STATUS)->msg.op_icm_status.tcd_rows, 77);
}

static void test_process_icm__shutdown_ends_it_and_anything_else_is_refused(void **state)
{
    (void)state;
    started();
    struct msg msg = {.kind = MSG_OP_COMMAND};
    msg.op_command.verb = OP_VERB_PHONE;
    process.message(process.self, (struct instant){.us = 2}, LINK_OPERATOR, GUEST, &msg);
    assert_int_equal(last_sent(MSG_OP_DONE)->msg.op_done.reason, REASON_BAD_REQUEST);
    assert_false(icm.ended);
    msg.op_command.verb = OP_VERB_SHUTDOWN;
    process.message(process.self, (struct instant){.us = 2}, LINK_OPERATOR, GUEST, &msg);
    assert_int_equal(last_sent(MSG_OP_DONE)->msg.op_done.reason, REASON_NONE);
    assert_true(icm.ended);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_process_icm__op_status_is_answered),
    cmocka_unit_test(test_process_icm__shutdown_ends_it_and_anything_else_is_refused),
};

UNIT_MAIN(tests);
