#include "node/runtime/raft_greeting.h"
#include "tests/unit/raft_keys.h"
#include "tests/unit/unit.h"

#define DIALLER  1
#define LISTENER 2
#define STRANGER 3

struct ends {
    struct raft_greeting_book at_dialler, at_listener;
    struct raft_greeting dialler, listener;
    uint8_t hello[RAFT_GREETING_HELLO_LEN], answer[RAFT_GREETING_ANSWER_LEN],
        proof[RAFT_GREETING_PROOF_LEN];
};

static void meet(struct ends *e)
{
    *e = (struct ends){0};
    raft_keys_know(&e->at_dialler, DIALLER, DIALLER, "127.0.0.1:1");
    raft_keys_know(&e->at_dialler, DIALLER, LISTENER, "127.0.0.2:1");
    raft_keys_know(&e->at_listener, LISTENER, DIALLER, "127.0.0.1:1");
    raft_keys_know(&e->at_listener, LISTENER, LISTENER, "127.0.0.2:1");
    raft_greeting_hello(&e->dialler, &e->at_dialler, raft_greeting_peer(&e->at_dialler, LISTENER),
                        e->hello);
}

static enum err answer(struct ends *e)
{
    return raft_greeting_answer(&e->listener, &e->at_listener, e->hello, e->answer);
}

static enum err prove(struct ends *e)
{
    return raft_greeting_prove(&e->dialler, e->answer, e->proof);
}

static enum err admit(const struct ends *e)
{
    return raft_greeting_admit(&e->listener, e->proof);
}

static void test_raft_greeting__two_nodes_of_one_cluster_know_each_other(void **state)
{
    (void)state;
    struct ends e;
    meet(&e);
    assert_int_equal(answer(&e), ERR_OK);
    assert_int_equal(prove(&e), ERR_OK);
    assert_int_equal(admit(&e), ERR_OK);
    assert_int_equal(e.listener.peer->id.v, DIALLER);
    assert_string_equal(e.listener.peer->address, "127.0.0.1:1");
}

static void test_raft_greeting__every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct ends e;
    unsigned refused = 0;
    for (unsigned bit = 0; bit < 8 * sizeof e.hello; bit++, refused++) {
        meet(&e);
        e.hello[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(answer(&e) != ERR_OK || prove(&e) != ERR_OK);
    }
    for (unsigned bit = 0; bit < 8 * sizeof e.answer; bit++, refused++) {
        meet(&e);
        assert_int_equal(answer(&e), ERR_OK);
        e.answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(prove(&e), ERR_OK);
    }
    for (unsigned bit = 0; bit < 8 * sizeof e.proof; bit++, refused++) {
        meet(&e);
        assert_int_equal(answer(&e), ERR_OK);
        assert_int_equal(prove(&e), ERR_OK);
        e.proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(admit(&e), ERR_PERMISSION);
    }
    assert_int_equal(refused, 8 * (48 + 72 + 32));
}

static void test_raft_greeting__a_stranger_with_a_nodes_number_is_refused(void **state)
{
    (void)state;
    struct ends e;
    meet(&e);
    /* The stranger says that it is the dialler, but has a key of its own. */
    struct raft_greeting_book own = {0};
    raft_keys_know(&own, STRANGER, LISTENER, "127.0.0.2:1");
    own.self.v = DIALLER;
    raft_greeting_hello(&e.dialler, &own, raft_greeting_peer(&own, LISTENER), e.hello);
    assert_int_equal(answer(&e), ERR_OK);
    assert_int_equal(prove(&e), ERR_PERMISSION); /* and does not believe the listener either */
    assert_int_equal(admit(&e), ERR_PERMISSION);
}

static void test_raft_greeting__an_answer_cannot_be_played_back_as_a_proof(void **state)
{
    (void)state;
    struct ends e;
    meet(&e);
    assert_int_equal(answer(&e), ERR_OK);
    memcpy(e.proof, e.answer + sizeof e.answer - sizeof e.proof, sizeof e.proof);
    assert_int_equal(admit(&e), ERR_PERMISSION);
}

static void test_raft_greeting__a_proof_is_good_once(void **state)
{
    (void)state;
    struct ends e;
    meet(&e);
    assert_int_equal(answer(&e), ERR_OK);
    assert_int_equal(prove(&e), ERR_OK);
    assert_int_equal(answer(&e), ERR_OK); /* the same HELLO again: another nonce */
    assert_int_equal(admit(&e), ERR_PERMISSION);
}

static void test_raft_greeting__numbers_of_nobody_and_of_oneself_are_refused(void **state)
{
    (void)state;
    struct ends e;
    static const uint64_t ids[] = {0, LISTENER, STRANGER, 0x10001, UINT64_MAX};
    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        meet(&e);
        for (unsigned byte = 0; byte < 8; byte++) {
            e.hello[8 + byte] = (uint8_t)(ids[i] >> (8 * byte));
        }
        assert_int_equal(answer(&e), ERR_PERMISSION);
    }
}

static void test_raft_greeting__another_version_is_told_from_garbage(void **state)
{
    (void)state;
    struct ends e;
    meet(&e);
    e.hello[7] = '2';
    assert_int_equal(answer(&e), ERR_VERSION);
    memset(e.hello, 0xff, sizeof e.hello);
    assert_int_equal(answer(&e), ERR_INVALID);
}

static void test_raft_greeting__a_key_that_is_none_is_not_entered(void **state)
{
    (void)state;
    struct raft_greeting_book book = {.self = {DIALLER}};
    uint8_t zeros[RAFT_GREETING_KEY_LEN] = {0};
    struct raft_keys own = raft_keys_of(DIALLER);
    assert_int_equal(raft_greeting_know(&book, (struct proc_id){2}, "x:1", own.secret, zeros),
                     ERR_INVALID);
    assert_int_equal(book.n, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_raft_greeting__two_nodes_of_one_cluster_know_each_other),
    cmocka_unit_test(test_raft_greeting__every_flipped_bit_is_refused),
    cmocka_unit_test(test_raft_greeting__a_stranger_with_a_nodes_number_is_refused),
    cmocka_unit_test(test_raft_greeting__an_answer_cannot_be_played_back_as_a_proof),
    cmocka_unit_test(test_raft_greeting__a_proof_is_good_once),
    cmocka_unit_test(test_raft_greeting__numbers_of_nobody_and_of_oneself_are_refused),
    cmocka_unit_test(test_raft_greeting__another_version_is_told_from_garbage),
    cmocka_unit_test(test_raft_greeting__a_key_that_is_none_is_not_entered),
};

UNIT_MAIN(tests);
