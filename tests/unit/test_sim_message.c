#include "cluster/sim/sim_message.h"
#include "node/base/rand.h"
#include "tests/unit/unit.h"

#include <raft.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES  3
#define BARRIERS 8 /* bytes of one */

/* One of each kind, each number another. */
struct samples {
    struct raft_message messages[6];
    struct raft_entry entries[ENTRIES];
    char data[ENTRIES][12];
};

static struct samples *samples_new(void)
{
    struct samples *s = calloc(1, sizeof *s);
    assert_non_null(s);
    for (unsigned i = 0; i < ENTRIES; i++) {
        snprintf(s->data[i], sizeof s->data[i], "entry %u", i);
        s->entries[i] =
            (struct raft_entry){.term = 300 + i, .type = RAFT_COMMAND, .buf = {s->data[i], 5 + i}};
    }
    s->messages[0] = (struct raft_message){.type = RAFT_APPEND_ENTRIES,
                                           .append_entries = {.version = 1,
                                                              .term = 400,
                                                              .prev_log_index = UINT64_MAX,
                                                              .prev_log_term = 129,
                                                              .leader_commit = 128,
                                                              .entries = s->entries,
                                                              .n_entries = ENTRIES}};
    s->messages[1] = (struct raft_message){.type = RAFT_APPEND_ENTRIES_RESULT,
                                           .append_entries_result = {.version = 1,
                                                                     .term = 5,
                                                                     .rejected = 6,
                                                                     .last_log_index = 7,
                                                                     .features = 8,
                                                                     .capacity = 65535}};
    s->messages[2] = (struct raft_message){.type = RAFT_REQUEST_VOTE,
                                           .request_vote = {.version = 2,
                                                            .term = 9,
                                                            .candidate_id = 10,
                                                            .last_log_index = 11,
                                                            .last_log_term = 12,
                                                            .disrupt_leader = true,
                                                            .pre_vote = false}};
    s->messages[3] = (struct raft_message){.type = RAFT_REQUEST_VOTE_RESULT,
                                           .request_vote_result = {.version = 2,
                                                                   .term = 13,
                                                                   .vote_granted = true,
                                                                   .pre_vote = true,
                                                                   .features = 1,
                                                                   .capacity = 14}};
    s->messages[4] =
        (struct raft_message){.type = RAFT_INSTALL_SNAPSHOT,
                              .install_snapshot = {.version = 1,
                                                   .term = 15,
                                                   .last_index = 16,
                                                   .last_term = 17,
                                                   .conf_index = 18,
                                                   .data = {s->data[0], sizeof s->data[0]}}};
    struct raft_configuration *c = &s->messages[4].install_snapshot.conf;
    raft_configuration_init(c);
    assert_int_equal(raft_configuration_add(c, 1, "one", RAFT_VOTER), 0);
    assert_int_equal(raft_configuration_add(c, 2, "two", RAFT_STANDBY), 0);
    s->messages[5] = (struct raft_message){
        .type = RAFT_TIMEOUT_NOW,
        .timeout_now = {.version = 1, .term = 19, .last_log_index = 20, .last_log_term = 21}};
    return s;
}

static void samples_free(struct samples *s)
{
    raft_configuration_close(&s->messages[4].install_snapshot.conf);
    free(s);
}

static void release(struct raft_message *m)
{
    if (m->type == RAFT_APPEND_ENTRIES && m->append_entries.n_entries > 0) {
        raft_free(m->append_entries.entries[0].batch);
        raft_free(m->append_entries.entries);
    } else if (m->type == RAFT_INSTALL_SNAPSHOT) {
        raft_configuration_close(&m->install_snapshot.conf);
        raft_free(m->install_snapshot.data.base);
    }
}

static void test_sim_message__every_field_comes_back(void **state)
{
    (void)state;
    struct samples *s = samples_new();
    struct sim_bytes bytes = {0}, again = {0};
    for (unsigned i = 0; i < 6; i++) {
        struct raft_message m;
        char address[SIM_MESSAGE_ADDRESS_LEN];
        sim_message_encode(&bytes, "node7", &s->messages[i]);
        assert_int_equal(sim_message_decode(bytes.base, bytes.len, address, &m), ERR_OK);
        assert_int_equal(m.type, s->messages[i].type);
        assert_string_equal(m.server_address, "node7");
        /* The same bytes again: nothing was lost on the way. */
        sim_message_encode(&again, "node7", &m);
        assert_int_equal(again.len, bytes.len);
        assert_memory_equal(again.base, bytes.base, bytes.len);
        release(&m);
    }
    struct raft_message m;
    char address[SIM_MESSAGE_ADDRESS_LEN];
    sim_message_encode(&bytes, "node7", &s->messages[0]);
    assert_int_equal(sim_message_decode(bytes.base, bytes.len, address, &m), ERR_OK);
    assert_int_equal(m.append_entries.term, 400);
    assert_int_equal(m.append_entries.prev_log_index, UINT64_MAX);
    assert_int_equal(m.append_entries.leader_commit, 128);
    assert_int_equal(m.append_entries.n_entries, ENTRIES);
    for (unsigned i = 0; i < ENTRIES; i++) {
        const struct raft_entry *e = &m.append_entries.entries[i];
        assert_int_equal(e->term, 300 + i);
        assert_int_equal(e->buf.len, 5 + i);
        assert_memory_equal(e->buf.base, s->data[i], e->buf.len);
        assert_int_equal((uintptr_t)e->buf.base % 8, 0);
    }
    release(&m);
    sim_bytes_free(&bytes);
    sim_bytes_free(&again);
    samples_free(s);
}

static void test_sim_message__a_barrier_is_always_the_same(void **state)
{
    (void)state;
    uint8_t chance[2][BARRIERS] = {{1, 2, 3, 4, 5, 6, 7, 8}, {9}};
    struct sim_bytes bytes[2] = {{0}, {0}};
    for (unsigned i = 0; i < 2; i++) {
        struct raft_entry e = {.term = 1, .type = RAFT_BARRIER, .buf = {chance[i], BARRIERS}};
        struct raft_message m = {.type = RAFT_APPEND_ENTRIES,
                                 .append_entries = {.entries = &e, .n_entries = 1}};
        sim_message_encode(&bytes[i], "one", &m);
    }
    assert_int_equal(bytes[0].len, bytes[1].len);
    assert_memory_equal(bytes[0].base, bytes[1].base, bytes[0].len);
    sim_bytes_free(&bytes[0]);
    sim_bytes_free(&bytes[1]);
}

static void test_sim_message__what_is_cut_or_too_long_is_refused(void **state)
{
    (void)state;
    struct samples *s = samples_new();
    struct sim_bytes bytes = {0};
    char address[SIM_MESSAGE_ADDRESS_LEN];
    struct raft_message m;
    for (unsigned i = 0; i < 6; i++) {
        sim_message_encode(&bytes, "node7", &s->messages[i]);
        for (size_t len = 0; len < bytes.len; len++) {
            /* A copy of just that length, so that a byte too far is seen. */
            uint8_t *cut = malloc(len > 0 ? len : 1);
            assert_non_null(cut);
            memcpy(cut, bytes.base, len);
            assert_int_equal(sim_message_decode(cut, len, address, &m), ERR_CORRUPT);
            free(cut);
        }
        sim_bytes_put(&bytes, 0);
        assert_int_equal(sim_message_decode(bytes.base, bytes.len, address, &m), ERR_CORRUPT);
    }
    sim_bytes_free(&bytes);
    samples_free(s);
}

static void test_sim_message__nothing_that_comes_does_harm(void **state)
{
    (void)state;
    struct samples *s = samples_new();
    struct sim_bytes bytes = {0};
    struct rand_state rand = {.v = 99};
    char address[SIM_MESSAGE_ADDRESS_LEN];
    struct raft_message m;
    uint32_t taken = 0, refused = 0;
    for (uint32_t round = 0; round < 60000; round++) {
        sim_message_encode(&bytes, "node7", &s->messages[round % 6]);
        for (uint64_t n = rand_below(&rand, 3) + 1; n > 0; n--) {
            uint8_t *at = &bytes.base[rand_below(&rand, bytes.len)];
            bool flip = rand_below(&rand, 2) == 0;
            uint64_t chance = rand_next(&rand);
            *at = (uint8_t)(flip ? *at ^ 1u << chance % 8 : chance);
        }
        if (sim_message_decode(bytes.base, bytes.len, address, &m) == ERR_OK) {
            taken++;
            assert_true(memchr(address, '\0', sizeof address) != NULL);
            release(&m);
        } else {
            refused++;
        }
    }
    assert_true(taken > 1000 && refused > 1000);
    sim_bytes_free(&bytes);
    samples_free(s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sim_message__every_field_comes_back),
    cmocka_unit_test(test_sim_message__a_barrier_is_always_the_same),
    cmocka_unit_test(test_sim_message__what_is_cut_or_too_long_is_refused),
    cmocka_unit_test(test_sim_message__nothing_that_comes_does_harm),
};

UNIT_MAIN(tests);
