#include "node/role/icm/mds.h"

#include "tests/unit/icm_pair.h"
#include "tests/unit/unit.h"

static struct pair pair;
static const struct proc_id nobody = {0};

static enum mds_state state_of(struct proc_id side)
{
    return pair_of(&pair, side)->mds.state;
}

static void assert_lockstep(void)
{
    const struct mds *a = &pair.sides[0].mds, *b = &pair.sides[1].mds;
    assert_int_equal(a->seq, b->seq);
    assert_true(mds_sum(a) == mds_sum(b));
    assert_int_equal(a->icm.router.keys.next, b->icm.router.keys.next);
}

/* A pair of which pga is active, with its path over `side`; agent 5001 is ready. */
static void serving(struct proc_id side)
{
    pair_start(&pair);
    pair_hello(&pair, PAIR_PGA, side, 0, true);
    pair_agent(&pair, PAIR_PGA, side, 5001, AGENT_STATE_READY);
}

static void test_mds__two_sides_that_start_form_a_pair(void **state)
{
    (void)state;
    pair_start(&pair);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_PAIRED_ENABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
    assert_true(pair_last(&pair, PAIR_PGA, MSG_PG_PATH)->open);
}

static void test_mds__a_side_that_waits_for_its_partner_serves_nobody(void **state)
{
    (void)state;
    pair_make(&pair);
    pair_start_side(&pair, PAIR_ICMA);
    pair_link(&pair, PAIR_PGA, PAIR_ICMA, true);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMA, 0, true);
    assert_null(pair_last(&pair, PAIR_PGA, MSG_PG_GRANT));
    assert_null(pair_last(&pair, PAIR_PGA, MSG_PG_PATH));
    pair_pass(&pair, 2000, nobody);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_ENABLED);
    assert_true(pair_last(&pair, PAIR_PGA, MSG_PG_PATH)->open);
}

/* conforms: 36 */
static void test_mds__both_routers_do_all_and_the_one_with_the_path_answers(void **state)
{
    (void)state;
    struct proc_id sides[] = {PAIR_ICMA, PAIR_ICMB};
    for (unsigned i = 0; i < 2; i++) {
        serving(sides[i]);
        pair_route(&pair, PAIR_PGA, sides[i], 77);
        uint32_t answers = 0;
        for (uint32_t k = 0; k < pair.heard_n; k++) {
            answers += pair.heard[k].kind == MSG_ROUTE_ANSWER ? 1 : 0;
            if (pair.heard[k].kind != MSG_PG_PATH) {
                assert_int_equal(pair.heard[k].from.v, sides[i].v);
            }
        }
        assert_int_equal(answers, 1);
        assert_int_equal(pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer.agent.v, 5001);
        assert_lockstep();
    }
}

/* conforms: 36 */
static void test_mds__the_loss_of_a_side_changes_nothing_for_a_call(void **state)
{
    (void)state;
    struct proc_id sides[] = {PAIR_ICMA, PAIR_ICMB};
    for (unsigned i = 0; i < 2; i++) {
        struct proc_id other = sides[1 - i];
        serving(sides[i]);
        pair_agent(&pair, PAIR_PGA, sides[i], 5001, AGENT_STATE_TALKING);
        pair_route(&pair, PAIR_PGA, sides[i], 77);
        struct msg_route_answer queued = pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer;
        assert_int_equal(queued.kind, ROUTE_QUEUED);
        pair_kill(&pair, sides[i]);
        assert_int_equal(state_of(other), MDS_STATE_ISOLATED_ENABLED);
        pair_hello(&pair, PAIR_PGA, other, PAIR_EPOCH, true);
        assert_true(pair_last(&pair, PAIR_PGA, MSG_PG_GRANT)->grant.active);
        assert_int_equal(pair_last(&pair, PAIR_PGA, MSG_PG_GRANT)->grant.epoch, PAIR_EPOCH);
        pair_agent(&pair, PAIR_PGA, other, 5001, AGENT_STATE_READY);
        struct msg_route_answer label = pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer;
        assert_int_equal(label.kind, ROUTE_LABEL);
        assert_int_equal(label.key, queued.key);
    }
}

/* conforms: 35 */
static void test_mds__an_answer_that_was_lost_with_a_path_is_given_again(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_route(&pair, PAIR_PGA, PAIR_ICMA, 77);
    struct msg_route_answer first = pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer;
    pair_kill(&pair, PAIR_ICMA);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, true);
    pair_agent(&pair, PAIR_PGA, PAIR_ICMB, 5002, AGENT_STATE_READY);
    pair_route(&pair, PAIR_PGA, PAIR_ICMB, 77);
    struct msg_route_answer again = pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer;
    assert_int_equal(pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->from.v, PAIR_ICMB.v);
    assert_int_equal(again.agent.v, first.agent.v);
    assert_int_equal(again.key, first.key);
}

/* conforms: 35 */
static void test_mds__what_was_said_to_a_side_that_died_is_said_by_the_other(void **state)
{
    (void)state;
    serving(PAIR_ICMB);
    struct msg msg = {.kind = MSG_ROUTE_REQUEST};
    msg.route_request = (struct msg_route_request){.epoch = PAIR_EPOCH, .request = 5, .call = {5}};
    snprintf(msg.route_request.dialled, sizeof msg.route_request.dialled, "80001");
    /* B gives it to A, which dies before it is ordered. */
    mds_message(&pair_of(&pair, PAIR_ICMB)->mds, pair.now, LINK_CONTROLLER, PAIR_PGA, &msg);
    assert_null(pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER));
    pair_kill(&pair, PAIR_ICMA);
    assert_int_equal(pair_last(&pair, PAIR_PGA, MSG_ROUTE_ANSWER)->answer.kind, ROUTE_LABEL);
}

/* conforms: 37 */
static void test_mds__a_returning_side_gets_the_state_before_it_serves(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_agent(&pair, PAIR_PGA, PAIR_ICMA, 5002, AGENT_STATE_READY);
    pair_agent(&pair, PAIR_PGA, PAIR_ICMA, 5003, AGENT_STATE_TALKING);
    pair_kill(&pair, PAIR_ICMB);
    pair_route(&pair, PAIR_PGA, PAIR_ICMA, 7); /* one is promised, one stays ready */
    pair_start_side(&pair, PAIR_ICMB);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_DISABLED);
    pair_visible(&pair, true);
    pair_private(&pair, true);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
    pair_kill(&pair, PAIR_ICMA);
    pair_link(&pair, PAIR_PGA, PAIR_ICMB, true);
    pair_link(&pair, PAIR_PGB, PAIR_ICMB, true);
    assert_int_equal(grants_valid(&pair.sides[1].mds.icm.grants, PAIR_PGA, PAIR_EPOCH), true);
}

static void test_mds__a_cut_private_link_leaves_one_side_enabled(void **state)
{
    (void)state;
    serving(PAIR_ICMB);
    pair_private(&pair, false);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_ENABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_DISABLED);
    assert_false(pair_last(&pair, PAIR_PGA, MSG_PG_PATH)->open);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMA, PAIR_EPOCH, true);
    assert_true(pair_last(&pair, PAIR_PGA, MSG_PG_GRANT)->grant.active);
    pair_private(&pair, true);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_PAIRED_ENABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
}

static void test_mds__a_side_that_its_pgs_cannot_reach_leaves_the_control(void **state)
{
    (void)state;
    serving(PAIR_ICMB);
    pair_link(&pair, PAIR_PGA, PAIR_ICMA, false);
    pair_link(&pair, PAIR_PGB, PAIR_ICMA, false);
    pair_private(&pair, false);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_DISABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
    pair_link(&pair, PAIR_PGA, PAIR_ICMA, true); /* half again: but the other one serves */
    pair_link(&pair, PAIR_PGB, PAIR_ICMA, true);
    pair_pass(&pair, 3000, nobody);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_DISABLED);
}

/* conforms: 40 */
static void test_mds__two_sides_that_both_served_find_to_one(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_visible(&pair, false);
    pair_private(&pair, false);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_ENABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, 1, 1);
    pair_record(&pair, PAIR_PGB, PAIR_ICMB, 2, 1);
    pair_visible(&pair, true);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_DISABLED);
    pair_private(&pair, true);
    assert_lockstep();
    uint64_t a = 0, b = 0;
    assert_int_equal(pair_rows(&pair, PAIR_ICMA, &a), 2);
    assert_int_equal(pair_rows(&pair, PAIR_ICMB, &b), 2);
    assert_true(a == b);
}

/* The visible network is the quicker one: what the other side says there of the new pair comes
 * before anything comes over the private link. */
static void test_mds__a_side_that_is_told_of_the_pair_does_not_begin_alone(void **state)
{
    (void)state;
    serving(PAIR_ICMB);
    pair_link(&pair, PAIR_PGA, PAIR_ICMA, false);
    pair_link(&pair, PAIR_PGB, PAIR_ICMA, false);
    pair_private(&pair, false);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_DISABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
    pair_link(&pair, PAIR_PGB, PAIR_ICMA, true);
    struct msg msg = {.kind = MSG_MDS_STATUS};
    msg.mds_status = (struct msg_mds_status){.state = MDS_STATE_PAIRED_ENABLED, .majority = true};
    mds_message(&pair_of(&pair, PAIR_ICMA)->mds, pair.now, LINK_CONTROLLER, PAIR_ICMB, &msg);
    pair_settle(&pair);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_ISOLATED_DISABLED);
    pair_private(&pair, true);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_PAIRED_DISABLED);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_ENABLED);
    assert_lockstep();
}

static void test_mds__keys_of_sides_that_were_alone_are_never_the_same(void **state)
{
    (void)state;
    pair_start(&pair);
    pair_kill(&pair, PAIR_ICMB);
    uint32_t alone_a = pair.sides[0].mds.icm.router.keys.next;
    pair_kill(&pair, PAIR_ICMA);
    pair_start_side(&pair, PAIR_ICMB); /* B comes back first, and knows nothing of A's keys */
    pair_link(&pair, PAIR_PGA, PAIR_ICMB, true);
    pair_link(&pair, PAIR_PGB, PAIR_ICMB, true);
    pair_pass(&pair, 3000, nobody);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
    uint32_t alone_b = pair.sides[1].mds.icm.router.keys.next;
    assert_int_equal(alone_a / KEYS_ALONE % 2, 0);
    assert_int_equal(alone_b / KEYS_ALONE % 2, 1);
}

static uint32_t granted_to(struct proc_id pg)
{
    const struct pair_heard *heard = pair_last(&pair, pg, MSG_PG_GRANT);
    return heard != NULL && heard->grant.active ? heard->grant.epoch : 0;
}

/* A side that has the majority begins alone, after its partner died. */
static void begins_alone(struct proc_id side)
{
    pair_start_side(&pair, side);
    pair_link(&pair, PAIR_PGA, side, true);
    pair_link(&pair, PAIR_PGB, side, true);
    pair_pass(&pair, 3000, nobody);
    assert_int_equal(state_of(side), MDS_STATE_ISOLATED_ENABLED);
}

/* Both go on with what they hold, twice; in between B takes over what A has, and A leads. */
static void test_mds__keys_of_sides_that_both_go_on_are_never_the_same(void **state)
{
    (void)state;
    uint32_t keys[2][2] = {{0}};
    serving(PAIR_ICMA);
    for (unsigned time = 0; time < 2; time++) {
        pair_visible(&pair, false);
        pair_private(&pair, false);
        for (unsigned side = 0; side < 2; side++) {
            const struct mds *m = &pair.sides[side].mds;
            assert_int_equal(m->state, MDS_STATE_ISOLATED_ENABLED);
            keys[time][side] = m->icm.router.keys.next;
            assert_true(m->icm.router.keys.durable > m->icm.router.keys.next);
        }
        pair_visible(&pair, true);
        pair_private(&pair, true);
        assert_lockstep();
    }
    assert_int_equal(keys[0][0] / KEYS_ALONE, keys[1][0] / KEYS_ALONE); /* A's, which is known */
    assert_int_equal(keys[0][0] / KEYS_ALONE % 2, 0);
    assert_int_equal(keys[0][1] / KEYS_ALONE % 2, 1);
    assert_int_equal(keys[1][1] / KEYS_ALONE % 2, 1);
    assert_true(keys[1][1] / KEYS_ALONE > keys[0][1] / KEYS_ALONE);
}

static void test_mds__epochs_of_sides_that_were_alone_are_never_the_same(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_kill(&pair, PAIR_ICMA);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, false);
    pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH, false);
    pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH + 1, true);
    uint32_t by_b = granted_to(PAIR_PGB);
    assert_true(by_b > PAIR_EPOCH);
    pair_kill(&pair, PAIR_ICMB);
    begins_alone(PAIR_ICMA); /* it knows nothing of it, and both PG sides forgot it */
    pair_hello(&pair, PAIR_PGA, PAIR_ICMA, 0, false);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMA, PAIR_EPOCH, true);
    assert_true(granted_to(PAIR_PGA) > PAIR_EPOCH);
    assert_int_not_equal(granted_to(PAIR_PGA), by_b);
}

/* Both served. B, which had granted an epoch of its own, takes over the state of A, which knows
 * nothing of it, and is alone once more; or does so after A, or it, was started anew. */
static void test_mds__a_side_does_not_begin_an_epoch_twice_that_the_other_one_never_saw(
    void **state)
{
    (void)state;
    enum { AT_ONCE, A_ANEW, B_ANEW, CASES };
    for (unsigned c = 0; c < CASES; c++) {
        serving(PAIR_ICMA);
        pair_visible(&pair, false);
        pair_private(&pair, false);
        assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
        pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, false);
        pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH, false);
        pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH, true);
        uint32_t first = granted_to(PAIR_PGB);
        assert_true(first > PAIR_EPOCH);
        pair_visible(&pair, true);
        pair_private(&pair, true);
        assert_lockstep();
        if (c != AT_ONCE) {
            struct proc_id anew = c == A_ANEW ? PAIR_ICMA : PAIR_ICMB;
            pair_kill(&pair, anew);
            pair_start_side(&pair, anew);
            pair_visible(&pair, true);
            pair_private(&pair, true);
            pair_link(&pair, PAIR_PGA, anew, true);
            pair_link(&pair, PAIR_PGB, anew, true);
            assert_lockstep();
        }
        pair_kill(&pair, PAIR_ICMA);
        assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_ISOLATED_ENABLED);
        pair_hello(&pair, PAIR_PGB, PAIR_ICMB, first, false);
        pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, false);
        pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, true);
        assert_true(granted_to(PAIR_PGA) > first);
    }
}

static void test_mds__a_pg_side_that_acts_keeps_its_epoch_at_a_side_that_knows_less(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_kill(&pair, PAIR_ICMA);
    pair_hello(&pair, PAIR_PGA, PAIR_ICMB, PAIR_EPOCH, false);
    pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH, false);
    pair_hello(&pair, PAIR_PGB, PAIR_ICMB, PAIR_EPOCH, true);
    uint32_t by_b = granted_to(PAIR_PGB);
    pair_kill(&pair, PAIR_ICMB);
    begins_alone(PAIR_ICMA);
    pair_hello(&pair, PAIR_PGB, PAIR_ICMA, by_b, true);
    assert_int_equal(granted_to(PAIR_PGB), by_b);
}

static void test_mds__a_record_is_acknowledged_when_both_disks_have_it(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_of(&pair, PAIR_ICMB)->holds_disk = true;
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, 1, 9);
    assert_null(pair_last(&pair, PAIR_PGA, MSG_RECORD_ACK));
    pair_of(&pair, PAIR_ICMB)->holds_disk = false;
    pair_settle(&pair);
    assert_int_equal(pair_last(&pair, PAIR_PGA, MSG_RECORD_ACK)->acked, 9);
}

/* conforms: 38 */
static void test_mds__the_gap_of_a_returning_logger_is_filled(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    uint32_t key = 0;
    for (; key < 3; key++) {
        pair_record(&pair, PAIR_PGA, PAIR_ICMA, key + 1, key + 1);
    }
    pair_of(&pair, PAIR_ICMB)->holds_disk = true; /* B has more in memory than on disk */
    key++;
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, key, key);
    pair_kill(&pair, PAIR_ICMB);
    pair_of(&pair, PAIR_ICMB)->holds_disk = false;
    for (uint32_t i = 0; i < 3 * RECOVERY_PAGE; i++) {
        key++;
        pair_record(&pair, PAIR_PGA, PAIR_ICMA, key, key);
    }
    pair_start_side(&pair, PAIR_ICMB);
    pair_private(&pair, true);
    uint64_t a = 0, b = 0;
    assert_int_equal(pair_rows(&pair, PAIR_ICMA, &a), key);
    assert_int_equal(pair_rows(&pair, PAIR_ICMB, &b), key);
    assert_true(a == b);
    assert_true(pair.sides[1].mds.recovery.complete);
    assert_int_equal(pair.sides[0].served, 3 * RECOVERY_PAGE + 1); /* no more than were missing */
    pair_private(&pair, false);
    pair_private(&pair, true);
    assert_int_equal(pair.sides[0].served, 3 * RECOVERY_PAGE + 1);
}

static void test_mds__a_wall_clock_that_goes_back_hides_no_row(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, 1, 1);
    pair_of(&pair, PAIR_ICMA)->holds_disk = true; /* the next row is on B's disk only */
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, 2, 2);
    pair_kill(&pair, PAIR_ICMB);
    pair_kill(&pair, PAIR_ICMA);
    pair_of(&pair, PAIR_ICMA)->holds_disk = false;
    pair_of(&pair, PAIR_ICMA)->skew_us = INT64_C(-3600000000);
    pair_start_side(&pair, PAIR_ICMA);
    pair_link(&pair, PAIR_PGA, PAIR_ICMA, true);
    pair_pass(&pair, 2000, nobody);
    pair_record(&pair, PAIR_PGA, PAIR_ICMA, 3, 3);
    pair_start_side(&pair, PAIR_ICMB);
    pair_private(&pair, true);
    uint64_t a = 0, b = 0;
    assert_int_equal(pair_rows(&pair, PAIR_ICMA, &a), 3);
    assert_int_equal(pair_rows(&pair, PAIR_ICMB, &b), 3);
    assert_true(a == b);
}

static void test_mds__a_pg_cannot_give_a_recovery_key(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair.topology.procs[3].kind = PROC_NODE; /* one side now */
    static struct mds alone;
    mds_init(&alone, &pair.topology, PAIR_ICMA, &pair.sides[0].world, PAIR_WALL_US);
    struct msg msg = {.kind = MSG_RECORD_STATE};
    msg.record_state = (struct msg_record_state){
        .outbox = 1, .peripheral = 5000, .agent = {5001}, .wall_us = PAIR_WALL_US};
    uint32_t stored = pair.sides[0].stored_n;
    msg_record_order(&msg, PAIR_PGA, 7);
    mds_message(&alone, pair.now, LINK_CONTROLLER, PAIR_PGA, &msg);
    assert_int_equal(pair.sides[0].stored_n, stored);
    assert_int_equal(alone.icm.rejected, 1);
    msg_record_order(&msg, nobody, 0);
    mds_message(&alone, pair.now, LINK_CONTROLLER, PAIR_PGA, &msg);
    assert_int_equal(pair.sides[0].stored_n, stored + 1);
}

static void test_mds__a_side_that_slept_leaves_the_control_to_the_other(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_pass(&pair, 1000, PAIR_ICMA); /* B has not noticed yet */
    mds_tick(&pair_of(&pair, PAIR_ICMA)->mds, pair.now);
    pair_settle(&pair);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_ENABLED);
    assert_int_equal(state_of(PAIR_ICMA), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
    assert_true(pair_last(&pair, PAIR_PGA, MSG_PG_PATH)->open);
}

static void test_mds__an_input_that_is_missing_is_found_out(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    struct msg msg = {.kind = MSG_MDS_INPUT};
    msg.mds_input = (struct msg_mds_input){.seq = pair.sides[1].mds.seq + 2,
                                           .at_us = pair.sides[1].mds.at_us,
                                           .kind = MDS_INPUT_TICK,
                                           .via = SIDE_A};
    mds_message(&pair.sides[1].mds, pair.now, LINK_PRIVATE, PAIR_ICMA, &msg);
    pair_settle(&pair);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
}

static void test_mds__time_is_ordered_once_until_the_other_side_has_it(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    pair_route(&pair, PAIR_PGA, PAIR_ICMA, 7);
    struct mds *a = &pair.sides[0].mds;
    struct instant due = {icm_deadline(&a->icm).us - a->clock_us};
    while (!instant_reached(instant_add(pair.now, duration_ms(50)), due)) {
        pair_pass(&pair, 50, nobody);
    }
    pair.now = due;
    uint64_t before = a->ordered;
    mds_tick(a, pair.now);
    assert_int_equal(a->ordered, before + 1);
    assert_false(instant_reached(pair.now, mds_deadline(a)));
    mds_tick(a, pair.now);
    assert_int_equal(a->ordered, before + 1);
    pair_settle(&pair);
    assert_lockstep();
}

static void test_mds__a_side_that_holds_no_more_inputs_gets_the_state(void **state)
{
    (void)state;
    serving(PAIR_ICMA);
    struct msg msg = {.kind = MSG_AGENT_UPDATE};
    msg.agent_update = (struct msg_agent_update){
        .epoch = PAIR_EPOCH, .agent = {5001}, .state = AGENT_STATE_NOT_READY};
    for (uint32_t i = 0; i <= MDS_INPUTS_MAX; i++) { /* B reads none of them */
        pair.mail_n = 0;
        mds_message(&pair.sides[0].mds, pair.now, LINK_CONTROLLER, PAIR_PGA, &msg);
    }
    pair_settle(&pair);
    assert_int_equal(state_of(PAIR_ICMB), MDS_STATE_PAIRED_DISABLED);
    assert_lockstep();
    pair_agent(&pair, PAIR_PGA, PAIR_ICMA, 5001, AGENT_STATE_READY);
    assert_lockstep();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_mds__two_sides_that_start_form_a_pair),
    cmocka_unit_test(test_mds__a_side_that_waits_for_its_partner_serves_nobody),
    cmocka_unit_test(test_mds__both_routers_do_all_and_the_one_with_the_path_answers),
    cmocka_unit_test(test_mds__the_loss_of_a_side_changes_nothing_for_a_call),
    cmocka_unit_test(test_mds__an_answer_that_was_lost_with_a_path_is_given_again),
    cmocka_unit_test(test_mds__what_was_said_to_a_side_that_died_is_said_by_the_other),
    cmocka_unit_test(test_mds__a_returning_side_gets_the_state_before_it_serves),
    cmocka_unit_test(test_mds__a_cut_private_link_leaves_one_side_enabled),
    cmocka_unit_test(test_mds__a_side_that_its_pgs_cannot_reach_leaves_the_control),
    cmocka_unit_test(test_mds__two_sides_that_both_served_find_to_one),
    cmocka_unit_test(test_mds__a_side_that_is_told_of_the_pair_does_not_begin_alone),
    cmocka_unit_test(test_mds__keys_of_sides_that_were_alone_are_never_the_same),
    cmocka_unit_test(test_mds__keys_of_sides_that_both_go_on_are_never_the_same),
    cmocka_unit_test(test_mds__epochs_of_sides_that_were_alone_are_never_the_same),
    cmocka_unit_test(test_mds__a_side_does_not_begin_an_epoch_twice_that_the_other_one_never_saw),
    cmocka_unit_test(test_mds__a_pg_side_that_acts_keeps_its_epoch_at_a_side_that_knows_less),
    cmocka_unit_test(test_mds__a_record_is_acknowledged_when_both_disks_have_it),
    cmocka_unit_test(test_mds__the_gap_of_a_returning_logger_is_filled),
    cmocka_unit_test(test_mds__a_wall_clock_that_goes_back_hides_no_row),
    cmocka_unit_test(test_mds__a_pg_cannot_give_a_recovery_key),
    cmocka_unit_test(test_mds__a_side_that_slept_leaves_the_control_to_the_other),
    cmocka_unit_test(test_mds__an_input_that_is_missing_is_found_out),
    cmocka_unit_test(test_mds__time_is_ordered_once_until_the_other_side_has_it),
    cmocka_unit_test(test_mds__a_side_that_holds_no_more_inputs_gets_the_state),
};

UNIT_MAIN(tests);
