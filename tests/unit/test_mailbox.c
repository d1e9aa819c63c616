#include "node/hub/mailbox.h"

#include "proto/codec.h"
#include "tests/unit/sample.h"
#include "tests/unit/unit.h"

static struct msg msg, back;

static void put(struct mailbox *m, uint64_t number)
{
    sample_msg(MSG_SDL_SUBSCRIBE, &msg);
    msg.correlation = number;
    mailbox_put(m, &msg);
}

/* More than fit into the room that it begins with, and more while they are taken. */
static void test_mailbox__all_come_once_and_in_order(void **state)
{
    (void)state;
    struct mailbox m = {0};
    uint64_t sent = 0, taken = 0;
    assert_true(mailbox_empty(&m));
    assert_false(mailbox_take(&m, &back));
    while (sent < 20000) {
        put(&m, ++sent);
    }
    assert_true(m.used > 2 * (size_t)CODEC_ITEM_MAX);
    while (mailbox_take(&m, &back)) {
        assert_int_equal(back.kind, MSG_SDL_SUBSCRIBE);
        assert_true(back.correlation == ++taken);
        if (taken % 3 == 0 && sent < 25000) {
            put(&m, ++sent);
        }
    }
    assert_int_equal(taken, 25000);
    assert_true(mailbox_empty(&m));
    size_t cap = m.cap;
    put(&m, ++sent);
    assert_int_equal(m.cap, cap); /* the room stays */
    mailbox_clear(&m);
    assert_false(mailbox_take(&m, &back));
    mailbox_free(&m);
}

static void test_mailbox__every_kind_of_the_link_fits(void **state)
{
    (void)state;
    struct mailbox m = {0};
    uint32_t kinds = 0;
    for (enum msg_kind kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        if (!msg_allowed(kind, LINK_LOCAL)) {
            continue;
        }
        sample_msg(kind, &msg);
        mailbox_put(&m, &msg);
        assert_true(mailbox_take(&m, &back));
        assert_int_equal(back.kind, kind);
        kinds++;
    }
    assert_true(kinds > 5);
    mailbox_free(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_mailbox__all_come_once_and_in_order),
    cmocka_unit_test(test_mailbox__every_kind_of_the_link_fits),
};

UNIT_MAIN(tests);
