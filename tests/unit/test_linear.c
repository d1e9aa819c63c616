#include "cluster/check/linear.h"

#include "node/base/rand.h"
#include "tests/unit/unit.h"

#define SUB1  ((struct proc_id){2})
#define SUB2  ((struct proc_id){3})
#define NOONE ((struct proc_id){0})

static struct linear_op ops[256];
static size_t ops_n;
static size_t where;

static void begin(void)
{
    ops_n = 0;
}

static struct linear_op *add(enum linear_kind kind, struct proc_id node, uint32_t epoch,
                             int64_t call, int64_t answer)
{
    struct linear_op *op = &ops[ops_n++];
    *op = (struct linear_op){
        .kind = kind, .node = node, .epoch = epoch, .call = call, .answer = answer};
    op->counter = kind == LINEAR_REGISTER ? ops_n : 0;
    bool owned = proc_id_some(node);
    op->state = owned ? DEVICE_STATE_REGISTERED : DEVICE_STATE_UNREGISTERED;
    return op;
}

static struct linear_op *registers(struct proc_id node, uint32_t epoch, int64_t call,
                                   int64_t answer)
{
    return add(LINEAR_REGISTER, node, epoch, call, answer);
}

static struct linear_op *finds(struct proc_id node, uint32_t epoch, int64_t call, int64_t answer)
{
    return add(LINEAR_LOOKUP, node, epoch, call, answer);
}

static enum linear_verdict judged(bool route_point)
{
    struct linear *l = linear_new();
    assert_non_null(l);
    enum linear_verdict verdict = linear_check(l, ops, ops_n, route_point, &where);
    linear_free(&l);
    return verdict;
}

static void test_linear__one_after_the_other_is_fine(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    finds(SUB1, 1, 20, 30);
    registers(SUB2, 3, 40, 50);
    finds(SUB2, 3, 60, 70);
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__nothing_is_fine(void **state)
{
    (void)state;
    begin();
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__a_stale_lookup_is_caught(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 2, 20, 30);
    finds(SUB1, 1, 31, 40);
    assert_int_equal(judged(false), LINEAR_NO);
    assert_int_equal(where, 2);
}

static void test_linear__while_it_registers_both_rows_may_be_found(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 2, 20, 60);
    finds(SUB1, 1, 25, 30);
    finds(SUB2, 2, 35, 40);
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__two_lookups_must_not_go_back(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 2, 20, 60);
    finds(SUB2, 2, 25, 30);
    finds(SUB1, 1, 35, 40);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__an_acknowledged_registration_that_is_undone_is_caught(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 2, 20, 30);
    finds(SUB1, 2, 40, 50);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__an_owner_from_nowhere_is_caught(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    finds(SUB2, 3, 20, 30);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__an_epoch_given_twice_is_caught(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 4, 0, 10);
    registers(SUB2, 4, 20, 30);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__an_unanswered_registration_may_have_happened_late(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 0, 20, LINEAR_NEVER);
    finds(SUB1, 1, 30, 40);
    finds(SUB2, 2, 50, 60);
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__an_unanswered_registration_may_never_have_happened(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 0, 20, LINEAR_NEVER);
    registers(SUB1, 3, 30, 40);
    finds(SUB1, 3, 50, 60);
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__an_unanswered_registration_happens_once(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 0, 20, LINEAR_NEVER);
    finds(SUB2, 2, 30, 40);
    finds(SUB2, 4, 50, 60);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__an_older_counter_has_no_effect(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    registers(SUB2, 0, 20, LINEAR_NEVER);
    registers(SUB1, 2, 30, 40);
    finds(SUB2, 3, 50, 60);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__what_the_registry_does_by_itself_is_allowed(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    finds(NOONE, 2, 20, 30);
    finds(NOONE, 2, 40, 50)->state = DEVICE_STATE_IN_CALL;
    registers(SUB2, 3, 60, 70);
    assert_int_equal(judged(false), LINEAR_YES);
}

static void test_linear__a_preserved_call_does_not_end_without_a_registration(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    finds(NOONE, 2, 20, 30)->state = DEVICE_STATE_IN_CALL;
    finds(NOONE, 2, 40, 50);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__only_a_route_point_moves_without_a_registration(void **state)
{
    (void)state;
    begin();
    finds(SUB1, 1, 0, 10);
    finds(SUB2, 3, 20, 30);
    assert_int_equal(judged(false), LINEAR_NO);
    assert_int_equal(judged(true), LINEAR_YES);
}

static void test_linear__a_route_point_may_be_opened_and_lost_unseen(void **state)
{
    (void)state;
    begin();
    finds(SUB1, 1, 0, 10);
    finds(NOONE, 4, 20, 30);
    finds(NOONE, 2, 40, 50); /* but never goes back */
    assert_int_equal(judged(true), LINEAR_NO);
    assert_int_equal(where, 2);
    ops_n--;
    assert_int_equal(judged(true), LINEAR_YES);
    assert_int_equal(judged(false), LINEAR_NO);
}

static void test_linear__too_many_open_questions_are_said(void **state)
{
    (void)state;
    begin();
    registers(SUB1, 1, 0, 10);
    for (int64_t i = 0; i <= LINEAR_PENDING_MAX; i++) {
        registers(SUB2, 0, 20 + i, LINEAR_NEVER);
    }
    finds(SUB1, 1, 200, 210);
    assert_int_equal(judged(false), LINEAR_BEYOND);
}

static void test_linear__many_retries_are_forgotten_when_one_comes_through(void **state)
{
    (void)state;
    begin();
    for (int64_t round = 0; round < 6; round++) {
        for (int64_t i = 0; i < 30; i++) {
            registers(SUB2, 0, round * 100 + i, LINEAR_NEVER);
        }
        registers(SUB1, (uint32_t)round + 1, round * 100 + 40, round * 100 + 50);
        finds(SUB1, (uint32_t)round + 1, round * 100 + 60, round * 100 + 70);
    }
    assert_int_equal(judged(false), LINEAR_YES);
}

/* ---- Against every order there is ---- */

struct truth {
    bool known;
    uint32_t epoch;
    uint16_t owner;
    int state;
    uint64_t counter;
};

/* What the row may do by itself between two operations, tried in all ways, a few times. */
static bool any_order(uint32_t left, struct truth t, int by_itself)
{
    bool all = true;
    int64_t first_answer = LINEAR_NEVER;
    for (size_t i = 0; i < ops_n; i++) {
        if ((left & (1u << i)) != 0) {
            all = all && ops[i].answer == LINEAR_NEVER;
            first_answer = ops[i].answer < first_answer ? ops[i].answer : first_answer;
        }
    }
    if (all) {
        return true;
    }
    for (size_t i = 0; i < ops_n; i++) {
        const struct linear_op *op = &ops[i];
        if ((left & (1u << i)) == 0 || op->call > first_answer) {
            continue;
        }
        struct truth to;
        if (op->kind == LINEAR_LOOKUP) {
            to = (struct truth){true, op->epoch, op->node.v, (int)op->state, t.counter};
            if (t.known && (to.epoch != t.epoch || to.owner != t.owner || to.state != t.state)) {
                continue;
            }
        } else {
            bool done = op->answer != LINEAR_NEVER;
            if (t.known ? op->counter <= t.counter : !done) {
                continue;
            }
            to = (struct truth){true, t.known ? t.epoch + 1 : op->epoch, op->node.v,
                                DEVICE_STATE_REGISTERED, op->counter};
            if (done && to.epoch != op->epoch) {
                continue;
            }
        }
        if (any_order(left & ~(1u << i), to, 3)) {
            return true;
        }
    }
    struct truth alone = t;
    if (by_itself > 0 && t.known && t.owner != 0) {
        alone.owner = 0;
        alone.state = DEVICE_STATE_UNREGISTERED;
        alone.epoch++;
        return any_order(left, alone, by_itself - 1);
    }
    if (by_itself > 0 && t.known && t.state == DEVICE_STATE_UNREGISTERED && t.epoch > 0) {
        alone.state = DEVICE_STATE_IN_CALL;
        return any_order(left, alone, by_itself - 1);
    }
    return false;
}

/* Random small histories, most of them nearly right, judged by the search and by trying out. */
static void test_linear__agrees_with_trying_every_order(void **state)
{
    (void)state;
    struct rand_state r = {20250101};
    uint32_t yes = 0, no = 0;
    struct linear *search = linear_new(); /* one for all of them, as in a run */
    assert_non_null(search);
    for (int round = 0; round < 30000; round++) {
        uint32_t epoch = 1;
        uint16_t owner = 2;
        begin();
        size_t n = 2 + rand_below(&r, 5);
        for (size_t i = 0; i < n; i++) {
            int64_t at = (int64_t)i * 10;
            int64_t call = at - rand_between(&r, 0, 25), answer = at + rand_between(&r, 0, 25);
            if (rand_below(&r, 4) == 0) {
                epoch += owner != 0 ? 1 : 0;
                owner = 0;
            }
            if (rand_below(&r, 2) == 0) {
                bool silent = rand_below(&r, 4) == 0;
                owner = (uint16_t)(2 + rand_below(&r, 2));
                epoch++;
                registers((struct proc_id){owner}, silent ? 0 : epoch, call,
                          silent ? LINEAR_NEVER : answer);
                if (silent && rand_below(&r, 2) == 0) {
                    epoch--; /* it came to nothing; who was the owner is lost, too */
                }
            } else {
                finds((struct proc_id){owner}, epoch, call, answer);
            }
            if (rand_below(&r, 8) == 0) {
                ops[ops_n - 1].epoch += 1;
            }
        }
        bool expected = any_order((1u << ops_n) - 1, (struct truth){0}, 0);
        bool found = linear_check(search, ops, ops_n, false, &where) == LINEAR_YES;
        if (expected != found) {
            fail_msg("round %d: tried out %d, searched %d", round, expected, found);
        }
        yes += expected ? 1 : 0;
        no += expected ? 0 : 1;
    }
    linear_free(&search);
    assert_true(yes > 2000);
    assert_true(no > 2000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_linear__one_after_the_other_is_fine),
    cmocka_unit_test(test_linear__nothing_is_fine),
    cmocka_unit_test(test_linear__a_stale_lookup_is_caught),
    cmocka_unit_test(test_linear__while_it_registers_both_rows_may_be_found),
    cmocka_unit_test(test_linear__two_lookups_must_not_go_back),
    cmocka_unit_test(test_linear__an_acknowledged_registration_that_is_undone_is_caught),
    cmocka_unit_test(test_linear__an_owner_from_nowhere_is_caught),
    cmocka_unit_test(test_linear__an_epoch_given_twice_is_caught),
    cmocka_unit_test(test_linear__an_unanswered_registration_may_have_happened_late),
    cmocka_unit_test(test_linear__an_unanswered_registration_may_never_have_happened),
    cmocka_unit_test(test_linear__an_unanswered_registration_happens_once),
    cmocka_unit_test(test_linear__an_older_counter_has_no_effect),
    cmocka_unit_test(test_linear__what_the_registry_does_by_itself_is_allowed),
    cmocka_unit_test(test_linear__a_preserved_call_does_not_end_without_a_registration),
    cmocka_unit_test(test_linear__only_a_route_point_moves_without_a_registration),
    cmocka_unit_test(test_linear__a_route_point_may_be_opened_and_lost_unseen),
    cmocka_unit_test(test_linear__too_many_open_questions_are_said),
    cmocka_unit_test(test_linear__many_retries_are_forgotten_when_one_comes_through),
    cmocka_unit_test(test_linear__agrees_with_trying_every_order),
};

UNIT_MAIN(tests);
