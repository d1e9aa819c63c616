#include "cluster/registry/registry.h"
#include "cluster/registry/registry_row.h"
#include "cluster/registry/registry_snapshot.h"
#include "node/base/rand.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define PHONES      600
#define GATEWAY     (PHONES + 1)
#define ROUTE_POINT (PHONES + 2)
#define CM(node)    (100u * (node) + 1u) /* the first incarnation of a node's CallManager */

struct world_of_one {
    struct topology topology;
    struct registry registry;
    uint64_t index, seq[FIXTURE_NODES + 2], incarnation[FIXTURE_NODES + 2];
    struct registry_change last;
    uint32_t changes;
    struct msg_propose propose;
    struct msg_proposed proposed;
    struct msg scratch;
};

static void on_change(void *context, const struct registry_change *change)
{
    struct world_of_one *w = context;
    w->last = *change;
    w->changes++;
}

static struct msg_command_result apply(struct world_of_one *w, uint16_t origin,
                                       struct msg_command command)
{
    memset(&w->propose, 0, sizeof w->propose);
    w->propose.origin.v = origin;
    w->propose.incarnation.v = w->incarnation[origin];
    w->propose.seq = ++w->seq[origin];
    w->propose.commands_n = 1;
    w->propose.commands[0] = command;
    registry_apply(&w->registry, ++w->index, &w->propose, &w->proposed);
    assert_int_equal(w->proposed.results_n, 1);
    assert_true(w->registry.hash == registry_row_hash(&w->registry));
    return w->proposed.results[0];
}

static struct msg_command service(enum command kind, uint16_t node, enum service service,
                                  uint64_t incarnation)
{
    return (struct msg_command){
        .kind = kind, .node = {node}, .service = service, .incarnation = {incarnation}};
}

static struct msg_command reg(uint32_t device, uint16_t node, uint64_t incarnation,
                              uint64_t counter)
{
    return (struct msg_command){.kind = COMMAND_REGISTER,
                                .device = {device},
                                .node = {node},
                                .incarnation = {incarnation},
                                .counter = counter};
}

static struct msg_command about(enum command kind, uint32_t device, uint32_t epoch)
{
    return (struct msg_command){.kind = kind, .device = {device}, .epoch = epoch};
}

static struct msg_command text(enum command kind, const char *number, const char *value)
{
    struct msg_command c = {.kind = kind};
    snprintf(c.number, sizeof c.number, "%s", number);
    snprintf(c.text, sizeof c.text, "%s", value);
    return c;
}

static struct world_of_one *fresh(void)
{
    struct world_of_one *w = calloc(1, sizeof *w);
    assert_non_null(w);
    fixture_topology(&w->topology, PHONES);
    registry_init(&w->registry, &w->topology, (struct registry_watch){w, on_change});
    for (uint16_t n = 1; n <= FIXTURE_NODES; n++) {
        w->incarnation[n] = 1;
        apply(w, n, service(COMMAND_SERVICE_UP, n, SERVICE_CALLMANAGER, CM(n)));
        apply(w, n, service(COMMAND_SERVICE_UP, n, SERVICE_CTIMANAGER, CM(n)));
    }
    return w;
}

static int setup(void **state)
{
    *state = fresh();
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void expect(struct msg_command_result result, enum reason reason, uint32_t epoch)
{
    assert_string_equal(reason_text((enum reason)result.reason), reason_text(reason));
    assert_int_equal(result.epoch, epoch);
}

static const struct registry_device *device(struct world_of_one *w, uint32_t id)
{
    return registry_device(&w->registry, (struct device_id){id});
}

static void test_registry__a_change_of_owner_raises_the_epoch(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_NONE, 1);
    assert_int_equal(device(w, 5)->owner.v, 1);
    assert_int_equal(device(w, 5)->since, w->index);
    expect(apply(w, 2, reg(5, 2, CM(2), 11)), REASON_NONE, 2);
    assert_int_equal(device(w, 5)->owner.v, 2);
    assert_int_equal(w->last.kind, REGISTRY_CHANGE_DEVICE);
    assert_int_equal(w->last.was.v, 1);
    assert_true(registry_owns(&w->registry, (struct device_id){5}, (struct proc_id){2},
                              (struct incarnation){CM(2)}, 2));
    assert_false(registry_owns(&w->registry, (struct device_id){5}, (struct proc_id){1},
                               (struct incarnation){CM(1)}, 1));
}

static void test_registry__a_repeated_registration_keeps_its_epoch(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_NONE, 1);
    uint32_t changes = w->changes;
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_NONE, 1);
    assert_int_equal(w->changes, changes);
    expect(apply(w, 1, reg(5, 1, CM(1), 11)), REASON_NONE, 2);
}

static void test_registry__a_delayed_registration_does_not_overtake(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 2, reg(5, 2, CM(2), 11)), REASON_NONE, 1);
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_OLD_COUNTER, 1);
    expect(apply(w, 1, reg(5, 1, CM(1), 11)), REASON_OLD_COUNTER, 1);
    expect(apply(w, 2, about(COMMAND_RELEASE, 5, 1)), REASON_NONE, 2);
    expect(apply(w, 2, reg(5, 2, CM(2), 11)), REASON_OLD_COUNTER, 2);
}

static void test_registry__only_a_current_callmanager_can_own(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 1, reg(5, 1, CM(1) - 1, 10)), REASON_NOT_OWNER, 0);
    expect(apply(w, 1, reg(5, 1, CM(1) + 1, 10)), REASON_NOT_OWNER, 0);
    apply(w, 1, service(COMMAND_SERVICE_DOWN, 1, SERVICE_CALLMANAGER, CM(1)));
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_SERVICE_LOST, 0);
    expect(apply(w, 1, reg(5, 2, CM(2), 10)), REASON_BAD_REQUEST, 0);
    expect(apply(w, 1, reg(ROUTE_POINT, 1, CM(1), 10)), REASON_BAD_REQUEST, 0);
    expect(apply(w, 2, reg(ROUTE_POINT + 1, 2, CM(2), 10)), REASON_UNKNOWN_DEVICE, 0);
}

static void test_registry__a_restarted_callmanager_owns_nothing_from_before(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    apply(w, 1, reg(GATEWAY, 1, CM(1), 1));
    apply(w, 2, reg(6, 2, CM(2), 10));
    apply(w, 1, service(COMMAND_SERVICE_UP, 1, SERVICE_CALLMANAGER, CM(1) + 1));
    assert_int_equal(device(w, 5)->owner.v, 0);
    assert_int_equal(device(w, 5)->epoch, 2);
    assert_int_equal(device(w, 5)->state, DEVICE_STATE_UNREGISTERED);
    assert_int_equal(device(w, GATEWAY)->epoch, 2);
    assert_int_equal(device(w, 6)->owner.v, 2);
    expect(apply(w, 1, reg(5, 1, CM(1), 11)), REASON_NOT_OWNER, 2);
    expect(apply(w, 1, reg(5, 1, CM(1) + 1, 11)), REASON_NONE, 3);
}

static void test_registry__a_new_process_takes_its_old_services_down(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    w->incarnation[1] = 2;
    w->seq[1] = 0;
    apply(w, 1, text(COMMAND_FORWARD, "1001", "1002"));
    assert_false(registry_service_up(&w->registry, (struct proc_id){1}, SERVICE_CALLMANAGER));
    assert_int_equal(device(w, 5)->owner.v, 0);
    assert_int_equal(registry_node(&w->registry, (struct proc_id){1})->incarnation.v, 2);
    assert_int_equal(registry_first_living(&w->registry, 0).v, 2);
}

static void test_registry__node_down_counts_for_its_incarnation_only(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    struct msg_command down = {.kind = COMMAND_NODE_DOWN, .node = {1}, .incarnation = {7}};
    expect(apply(w, 2, down), REASON_STALE_LINK, 0);
    assert_int_equal(device(w, 5)->owner.v, 1);
    down.incarnation.v = 1;
    expect(apply(w, 2, down), REASON_NONE, 0);
    assert_int_equal(device(w, 5)->owner.v, 0);
    assert_false(registry_node(&w->registry, (struct proc_id){1})->up);
    /* It was only cut off: its services come back with the incarnation they have. */
    expect(apply(w, 1, service(COMMAND_SERVICE_UP, 1, SERVICE_CALLMANAGER, CM(1))), REASON_NONE, 0);
    expect(apply(w, 1, reg(5, 1, CM(1), 11)), REASON_NONE, 3);
}

static void test_registry__in_call_needs_a_lost_owner(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    expect(apply(w, 2, about(COMMAND_IN_CALL, 5, 1)), REASON_BAD_STATE, 1);
    apply(w, 1, service(COMMAND_SERVICE_DOWN, 1, SERVICE_CALLMANAGER, CM(1)));
    expect(apply(w, 2, about(COMMAND_IN_CALL, 5, 0)), REASON_OLD_EPOCH, 2);
    expect(apply(w, 2, about(COMMAND_IN_CALL, 5, 1)), REASON_NONE, 2);
    assert_int_equal(device(w, 5)->state, DEVICE_STATE_IN_CALL);
    expect(apply(w, 2, reg(5, 2, CM(2), 11)), REASON_NONE, 3);
    assert_int_equal(device(w, 5)->state, DEVICE_STATE_REGISTERED);
}

static void test_registry__only_the_owner_gives_a_device_back(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    expect(apply(w, 2, about(COMMAND_RELEASE, 5, 1)), REASON_NOT_OWNER, 1);
    expect(apply(w, 1, about(COMMAND_UNREGISTER, 5, 0)), REASON_OLD_EPOCH, 1);
    expect(apply(w, 1, about(COMMAND_UNREGISTER, 5, 1)), REASON_NONE, 2);
    assert_int_equal(registry_owner(&w->registry, (struct device_id){5}).v, 0);
}

/* conforms: 15 */
static void test_registry__a_route_point_moves_only_when_its_owner_is_gone(void **state)
{
    struct world_of_one *w = *state;
    struct msg_command open = {.kind = COMMAND_ROUTE_POINT_OPEN,
                               .device = {ROUTE_POINT},
                               .node = {1},
                               .incarnation = {CM(1)}};
    expect(apply(w, 2, open), REASON_NONE, 1);
    expect(apply(w, 3, open), REASON_NONE, 1);
    open.node.v = 2;
    open.incarnation.v = CM(2);
    expect(apply(w, 2, open), REASON_NOT_OWNER, 1);
    apply(w, 1, service(COMMAND_SERVICE_DOWN, 1, SERVICE_CALLMANAGER, CM(1)));
    expect(apply(w, 2, open), REASON_NONE, 3);
    assert_int_equal(device(w, ROUTE_POINT)->owner.v, 2);
}

static void test_registry__configuration_is_the_publishers_alone(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 2, text(COMMAND_CONFIG, "", "moh=on")), REASON_NOT_PUBLISHER, 0);
    assert_null(registry_config(&w->registry, "moh"));
    expect(apply(w, 1, text(COMMAND_CONFIG, "", "moh=on")), REASON_NONE, 0);
    assert_string_equal(registry_config(&w->registry, "moh"), "on");
    expect(apply(w, 1, text(COMMAND_CONFIG, "", "moh")), REASON_BAD_REQUEST, 0);
    expect(apply(w, 1, text(COMMAND_CONFIG, "", "moh=")), REASON_NONE, 0);
    assert_null(registry_config(&w->registry, "moh"));
}

/* conforms: 18 */
static void test_registry__forwards_are_written_anywhere(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 3, text(COMMAND_FORWARD, "1003", "1004")), REASON_NONE, 0);
    expect(apply(w, 2, text(COMMAND_FORWARD, "1001", "1002")), REASON_NONE, 0);
    expect(apply(w, 2, text(COMMAND_FORWARD, "9999", "1002")), REASON_UNKNOWN_NUMBER, 0);
    assert_string_equal(registry_forward(&w->registry, "1003"), "1004");
    assert_string_equal(registry_forward(&w->registry, "1001"), "1002");
    expect(apply(w, 1, text(COMMAND_FORWARD, "1003", "")), REASON_NONE, 0);
    assert_null(registry_forward(&w->registry, "1003"));
    assert_string_equal(registry_forward(&w->registry, "1001"), "1002");
}

static void test_registry__a_batch_is_applied_once(void **state)
{
    struct world_of_one *w = *state;
    expect(apply(w, 1, reg(5, 1, CM(1), 10)), REASON_NONE, 1);
    struct msg_propose again = w->propose;
    uint64_t first = w->index;
    expect(apply(w, 2, reg(5, 2, CM(2), 11)), REASON_NONE, 2);
    assert_true(registry_answered(&w->registry, &again, &w->proposed));
    assert_int_equal(w->proposed.index, first);
    registry_apply(&w->registry, ++w->index, &again, &w->proposed);
    expect(w->proposed.results[0], REASON_NONE, 1);
    assert_int_equal(device(w, 5)->owner.v, 2);
    again.seq--;
    registry_apply(&w->registry, ++w->index, &again, &w->proposed);
    expect(w->proposed.results[0], REASON_STALE_LINK, 0);
}

static void test_registry__the_hash_forgets_history(void **state)
{
    struct world_of_one *a = *state;
    struct world_of_one *b = fresh();
    assert_true(registry_hash(&a->registry) == registry_hash(&b->registry));
    apply(a, 1, text(COMMAND_FORWARD, "1001", "1002"));
    apply(b, 1, text(COMMAND_FORWARD, "1001", "1003"));
    assert_true(registry_hash(&a->registry) != registry_hash(&b->registry));
    apply(a, 1, text(COMMAND_FORWARD, "1001", "1004"));
    apply(b, 1, text(COMMAND_FORWARD, "1001", "1004"));
    assert_true(registry_hash(&a->registry) == registry_hash(&b->registry));
    free(b);
}

/* Random commands, many of them nonsense: neither asserts nor lets the hash drift. */
static void churn(struct world_of_one *w, uint64_t seed, uint32_t rounds)
{
    struct rand_state rand = {seed};
    for (uint32_t i = 0; i < rounds; i++) {
        uint16_t origin = (uint16_t)rand_between(&rand, 0, FIXTURE_NODES + 1);
        struct msg_command c = {.kind = (uint32_t)rand_below(&rand, COMMAND_COUNT),
                                .device = {(uint32_t)rand_below(&rand, PHONES + 4)},
                                .node = {(uint16_t)rand_below(&rand, FIXTURE_NODES + 2)},
                                .service = (uint32_t)rand_below(&rand, SERVICE_COUNT),
                                .counter = rand_below(&rand, 50),
                                .epoch = (uint32_t)rand_below(&rand, 8)};
        c.incarnation.v = rand_below(&rand, 2) ? CM(c.node.v) : rand_below(&rand, 9);
        snprintf(c.number, sizeof c.number, "%u", (unsigned)rand_between(&rand, 1001, 1010));
        snprintf(c.text, sizeof c.text, "%c=%u", (char)('a' + rand_below(&rand, 4)),
                 (unsigned)rand_below(&rand, 4));
        apply(w, origin, c);
    }
}

static void test_registry__a_snapshot_gives_the_same_state(void **state)
{
    struct world_of_one *w = *state;
    churn(w, 1, 5000);
    apply(w, 1, service(COMMAND_SERVICE_UP, 1, SERVICE_CALLMANAGER, 9999));
    for (uint32_t d = 1; d <= PHONES; d++) {
        apply(w, 1, reg(d, 1, 9999, 1000 + d));
    }
    uint64_t hash = registry_hash(&w->registry);
    size_t room = registry_snapshot_room(&w->registry), len = 0;
    uint8_t *bytes = malloc(room);
    assert_int_equal(registry_snapshot_encode(&w->registry, &w->scratch, bytes, room, &len),
                     ERR_OK);
    assert_int_equal(len % 8, 0);
    struct world_of_one *b = fresh();
    assert_int_equal(registry_snapshot_decode(&b->registry, &b->scratch, bytes, len), ERR_OK);
    assert_int_equal(b->last.kind, REGISTRY_CHANGE_ALL);
    assert_true(registry_hash(&b->registry) == hash);
    assert_int_equal(registry_applied(&b->registry), w->index);
    memcpy(b->seq, w->seq, sizeof b->seq);
    b->index = w->index;
    /* Both go on alike, the answered batch included. */
    assert_true(registry_answered(&b->registry, &w->propose, &b->proposed));
    churn(w, 2, 500);
    churn(b, 2, 500);
    assert_true(registry_hash(&b->registry) == registry_hash(&w->registry));
    free(b);
    free(bytes);
}

static void test_registry__a_damaged_snapshot_is_refused(void **state)
{
    struct world_of_one *w = *state;
    apply(w, 1, reg(5, 1, CM(1), 10));
    size_t room = registry_snapshot_room(&w->registry), len = 0;
    uint8_t *bytes = malloc(room);
    assert_int_equal(registry_snapshot_encode(&w->registry, &w->scratch, bytes, room, &len),
                     ERR_OK);
    assert_int_equal(registry_snapshot_check(bytes, len), ERR_OK);
    size_t meant = 24 + (bytes[8] | (size_t)bytes[9] << 8);
    for (size_t i = 0; i < meant; i++) {
        bytes[i] ^= 0x10;
        assert_int_not_equal(registry_snapshot_check(bytes, len), ERR_OK);
        bytes[i] ^= 0x10;
    }
    for (size_t cut = 0; cut < meant; cut++) {
        assert_int_not_equal(registry_snapshot_check(bytes, cut), ERR_OK);
    }
    w->topology.hash++;
    assert_int_equal(registry_snapshot_decode(&w->registry, &w->scratch, bytes, len), ERR_INVALID);
    assert_int_equal(registry_applied(&w->registry), 0);
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_registry__##name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_change_of_owner_raises_the_epoch),
    TEST(a_repeated_registration_keeps_its_epoch),
    TEST(a_delayed_registration_does_not_overtake),
    TEST(only_a_current_callmanager_can_own),
    TEST(a_restarted_callmanager_owns_nothing_from_before),
    TEST(a_new_process_takes_its_old_services_down),
    TEST(node_down_counts_for_its_incarnation_only),
    TEST(in_call_needs_a_lost_owner),
    TEST(only_the_owner_gives_a_device_back),
    TEST(a_route_point_moves_only_when_its_owner_is_gone),
    TEST(configuration_is_the_publishers_alone),
    TEST(forwards_are_written_anywhere),
    TEST(a_batch_is_applied_once),
    TEST(the_hash_forgets_history),
    TEST(a_snapshot_gives_the_same_state),
    TEST(a_damaged_snapshot_is_refused),
};

UNIT_MAIN(tests);
