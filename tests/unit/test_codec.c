#include "proto/codec.h"

#include "node/base/rand.h"
#include "proto/frame.pb-c.h"
#include "proto/sdl.pb-c.h"
#include "tests/unit/sample.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define GOLDEN          "tests/unit/golden/messages.txt"
#define GOLDEN_LINE_MAX 4096
#define MUTATIONS       100000
#define SEED            UINT64_C(20240501)

static uint8_t bytes[CODEC_ITEM_MAX * 2];
static uint8_t again[CODEC_ITEM_MAX * 2];
static struct msg msg;
static struct msg back;

static void hex(const uint8_t *b, size_t len, char *ret_text)
{
    for (size_t i = 0; i < len; i++) {
        snprintf(ret_text + 2 * i, 3, "%02x", b[i]);
    }
}

/* The line of `name` in the golden file; false if it has none. */
static bool golden(const char *name, char *ret_hex)
{
    FILE *file = fopen(GOLDEN, "r");
    assert_non_null(file);
    char line[GOLDEN_LINE_MAX];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        char *space = strchr(line, ' ');
        if (space != NULL && (size_t)(space - line) == strlen(name) &&
            strncmp(line, name, strlen(name)) == 0) {
            space[1 + strcspn(space + 1, "\n")] = '\0';
            memcpy(ret_hex, space + 1, strlen(space + 1) + 1);
            found = true;
        }
    }
    fclose(file);
    return found;
}

static void test_codec__every_kind_has_its_golden_bytes(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (unsigned kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        char want[GOLDEN_LINE_MAX] = "";
        char got[GOLDEN_LINE_MAX];
        size_t len = 0;
        sample_msg((enum msg_kind)kind, &msg);
        assert_int_equal(codec_pack_message(&msg, bytes, sizeof bytes, &len), ERR_OK);
        hex(bytes, len, got);
        if (!golden(msg_name(msg.kind), want) || strcmp(want, got) != 0) {
            wrong++;
            print_message("%s %s\n", msg_name(msg.kind), got);
        }
    }
    if (wrong != 0) {
        fail_msg("%u kinds have other bytes than in " GOLDEN ", or none. Old kinds must not change;"
                 " a new one is appended there as printed above.",
                 wrong);
    }
}

static void test_codec__what_is_packed_comes_back(void **state)
{
    (void)state;
    for (unsigned kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        size_t len = 0;
        size_t len2 = 0;
        sample_msg((enum msg_kind)kind, &msg);
        memset(&back, 0, sizeof back);
        assert_int_equal(codec_pack_message(&msg, bytes, sizeof bytes, &len), ERR_OK);
        assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_OK);
        assert_memory_equal(&msg, &back, sizeof msg);
        assert_int_equal(codec_pack_message(&back, again, sizeof again, &len2), ERR_OK);
        assert_int_equal(len, len2);
        assert_memory_equal(bytes, again, len);
    }
}

static void test_codec__a_kind_travels_on_its_links_only(void **state)
{
    (void)state;
    for (unsigned kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        size_t len = 0;
        sample_msg((enum msg_kind)kind, &msg);
        assert_int_equal(codec_pack_message(&msg, bytes, sizeof bytes, &len), ERR_OK);
        for (unsigned link = 0; link < LINK_COUNT; link++) {
            enum err want = msg_allowed(msg.kind, (enum link)link) ? ERR_OK : ERR_REFUSED;
            assert_int_equal(codec_unpack((enum link)link, false, bytes, len, &back), want);
        }
    }
}

static void test_codec__the_largest_message_fits(void **state)
{
    (void)state;
    sample_msg(MSG_PROPOSE, &msg);
    msg.propose.commands_n = MAX_command;
    for (uint32_t i = 0; i < MAX_command; i++) {
        struct msg_command *c = &msg.propose.commands[i];
        *c = (struct msg_command){.kind = COMMAND_COUNT - 1,
                                  .device = {UINT32_MAX},
                                  .node = {UINT16_MAX},
                                  .service = SERVICE_COUNT - 1,
                                  .incarnation = {UINT64_MAX},
                                  .counter = UINT64_MAX,
                                  .epoch = UINT32_MAX,
                                  .call = {UINT64_MAX}};
        memset(c->number, '9', sizeof c->number - 1);
        memset(c->text, 'x', sizeof c->text - 1);
    }
    size_t len = 0;
    assert_int_equal(codec_pack(&msg, bytes, sizeof bytes, &len), ERR_OK);
    assert_true(len < CODEC_ITEM_MAX);
    assert_int_equal(codec_pack_message(&msg, bytes, sizeof bytes, &len), ERR_OK);
    assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_OK);
    assert_int_equal(back.propose.commands_n, MAX_command);
    assert_string_equal(back.propose.commands[MAX_command - 1].text, msg.propose.commands[0].text);
}

static void test_codec__a_full_buffer_is_said(void **state)
{
    (void)state;
    size_t len = 0;
    sample_msg(MSG_STATION_CALL, &msg);
    assert_int_equal(codec_pack(&msg, bytes, sizeof bytes, &len), ERR_OK);
    for (size_t cap = 0; cap < len; cap++) {
        size_t unused = 0;
        assert_int_equal(codec_pack(&msg, again, cap, &unused), ERR_FULL);
    }
}

/* An item with the given kind and body. */
static size_t item(uint32_t kind, const uint8_t *body, size_t len, uint8_t *ret_bytes)
{
    Rehome__Item it;
    rehome__item__init(&it);
    it.kind = kind;
    it.body.len = len;
    it.body.data = malloc(len + 1);
    assert_non_null(it.body.data);
    if (len > 0) {
        memcpy(it.body.data, body, len);
    }
    size_t total = rehome__item__pack(&it, ret_bytes);
    free(it.body.data);
    return total;
}

static void test_codec__unknown_kinds_are_said_to_be_unknown(void **state)
{
    (void)state;
    const uint32_t kinds[] = {0, MSG_COUNT, MSG_COUNT + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = item(kinds[i], NULL, 0, bytes);
        assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_UNKNOWN);
    }
}

static void test_codec__unknown_fields_are_refused(void **state)
{
    (void)state;
    const uint8_t body[] = {0xf8, 0x06, 0x01}; /* field 111 */
    size_t len = item(MSG_STATION_KEEPALIVE, body, sizeof body, bytes);
    assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_UNKNOWN);
    const uint8_t inner[] = {0x0a, 0x03, 0xf8, 0x06, 0x01}; /* the same inside the event */
    len = item(MSG_SDL_EVENT, inner, sizeof inner, bytes);
    assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_UNKNOWN);
}

/* In a message, in a part of it, and beside the body: passed over, and the rest is as it was. */
static void test_codec__fields_of_the_next_version_are_passed_over(void **state)
{
    (void)state;
    const uint8_t body[] = {0x08, 0x2a, 0xf8, 0x06, 0x01}; /* field 111 */
    size_t len = item(MSG_STATION_KEEPALIVE, body, sizeof body, bytes);
    assert_int_equal(codec_unpack(LINK_STATION, false, bytes, len, &back), ERR_UNKNOWN);
    assert_int_equal(codec_unpack(LINK_STATION, true, bytes, len, &back), ERR_OK);
    assert_int_equal(back.kind, MSG_STATION_KEEPALIVE);
    assert_int_equal(back.station_keepalive.device.v, 42);
    const uint8_t inner[] = {0x0a, 0x03, 0xf8, 0x06, 0x01}; /* the same inside the event */
    len = item(MSG_SDL_EVENT, inner, sizeof inner, bytes);
    assert_int_equal(codec_unpack(LINK_SDL, false, bytes, len, &back), ERR_UNKNOWN);
    assert_int_equal(codec_unpack(LINK_SDL, true, bytes, len, &back), ERR_OK);
    len = item(MSG_STATION_KEEPALIVE, body, 2, bytes);
    memcpy(bytes + len, body + 2, 3);
    assert_int_equal(codec_unpack(LINK_STATION, false, bytes, len + 3, &back), ERR_UNKNOWN);
    assert_int_equal(codec_unpack(LINK_STATION, true, bytes, len + 3, &back), ERR_OK);
    assert_int_equal(back.station_keepalive.device.v, 42);
    const uint8_t command[] = {0x22, 0x03, 0xf8, 0x06, 0x01}; /* of a proposal: for the log */
    len = item(MSG_PROPOSE, command, sizeof command, bytes);
    assert_int_equal(codec_unpack(LINK_MEMBER, true, bytes, len, &back), ERR_UNKNOWN);
    len = item(MSG_COUNT, body, 2, bytes); /* a kind of its own is not */
    assert_int_equal(codec_unpack(LINK_STATION, true, bytes, len, &back), ERR_UNKNOWN);
}

static void test_codec__values_out_of_bounds_are_refused(void **state)
{
    (void)state;
    Rehome__SdlRequestResult result;
    rehome__sdl_request_result__init(&result);
    result.reason = REASON_COUNT;
    size_t len = rehome__sdl_request_result__pack(&result, again);
    len = item(MSG_SDL_REQUEST_RESULT, again, len, bytes);
    assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_INVALID);
    result.reason = REASON_COUNT - 1;
    result.origin = UINT16_MAX + 1;
    len = rehome__sdl_request_result__pack(&result, again);
    len = item(MSG_SDL_REQUEST_RESULT, again, len, bytes);
    assert_int_equal(codec_unpack_message(bytes, len, &back), ERR_INVALID);
}

static enum err number_of(const char *number)
{
    char text[2 * NUMBER_LEN];
    snprintf(text, sizeof text, "%s", number);
    Rehome__SdlKey key;
    rehome__sdl_key__init(&key);
    key.number = text;
    size_t len = rehome__sdl_key__pack(&key, again);
    len = item(MSG_SDL_KEY, again, len, bytes);
    return codec_unpack_message(bytes, len, &back);
}

static void test_codec__strings_are_bounded_and_clean(void **state)
{
    (void)state;
    assert_int_equal(number_of("12345678901234567890123"), ERR_OK); /* NUMBER_LEN - 1 */
    assert_int_equal(number_of("123456789012345678901234"), ERR_INVALID);
    assert_int_equal(number_of("Z\xc3\xbcrich \xe2\x82\xac"), ERR_OK);
    assert_int_equal(number_of("a\nb"), ERR_INVALID);
    assert_int_equal(number_of("\x7f"), ERR_INVALID);
    assert_int_equal(number_of("\xc3"), ERR_INVALID);
    assert_int_equal(number_of("\xc0\xaf"), ERR_INVALID);
    assert_int_equal(number_of("\xed\xa0\x80"), ERR_INVALID);
    assert_int_equal(number_of("\xf4\x90\x80\x80"), ERR_INVALID);
}

static void test_codec__too_many_parts_are_refused(void **state)
{
    (void)state;
    static const uint32_t counts[] = {MAX_device_ref, MAX_device_ref + 1, 20000};
    static const enum err want[] = {ERR_OK, ERR_TOO_BIG, ERR_TOO_BIG};
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < counts[c]; i++) {
            again[2 * i] = 0x12; /* devices, empty */
            again[2 * i + 1] = 0;
        }
        size_t len = item(MSG_MONITOR, again, (size_t)2 * counts[c], bytes);
        assert_int_equal(codec_unpack_message(bytes, len, &back), want[c]);
    }
}

static void test_codec__what_is_too_big_is_not_parsed(void **state)
{
    (void)state;
    assert_int_equal(codec_unpack_message(bytes, CODEC_ITEM_MAX + 1, &back), ERR_TOO_BIG);
}

static struct codec_frame frame_sample(const uint8_t *batch, size_t len)
{
    return (struct codec_frame){.kind = CODEC_FRAME_DATA,
                                .sender = "sub1",
                                .incarnation = {3},
                                .session = 4,
                                .peer_session = 5,
                                .seq = 6,
                                .ack = 7,
                                .hlc = {8},
                                .credit = 9,
                                .topology = 10,
                                .batch = batch,
                                .batch_len = len};
}

static void test_codec__a_frame_without_a_batch_has_an_empty_one(void **state)
{
    (void)state;
    static uint8_t room[65536 + CODEC_ROOM_MORE];
    struct codec_frame frame = frame_sample(NULL, 0);
    codec_frame_pack(&frame, again);
    struct codec_frame got;
    assert_int_equal(codec_frame_unpack(LINK_STATION, again, codec_frame_len(&frame),
                                        (struct codec_room){room, sizeof room}, &got),
                     ERR_OK);
    assert_non_null(got.batch);
    assert_int_equal(got.batch_len, 0);
}

static void test_codec__a_frame_carries_a_batch_in_order(void **state)
{
    (void)state;
    static uint8_t room[65536 + CODEC_ROOM_MORE];
    size_t used = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t len = 0;
        sample_msg(MSG_STATION_KEEPALIVE, &msg);
        msg.station_keepalive.device.v = 100 + i;
        assert_int_equal(codec_pack(&msg, bytes + used, sizeof bytes - used, &len), ERR_OK);
        used += len;
    }
    struct codec_frame frame = frame_sample(bytes, used);
    size_t total = codec_frame_len(&frame);
    assert_true(total <= used + CODEC_HEADER_MAX);
    codec_frame_pack(&frame, again);

    struct codec_frame got;
    assert_int_equal(codec_frame_unpack(LINK_STATION, again, total,
                                        (struct codec_room){room, sizeof room}, &got),
                     ERR_OK);
    assert_int_equal(got.kind, CODEC_FRAME_DATA);
    assert_string_equal(got.sender, "sub1");
    assert_true(got.incarnation.v == 3 && got.session == 4 && got.peer_session == 5);
    assert_true(got.seq == 6 && got.ack == 7 && got.hlc.v == 8 && got.credit == 9);
    assert_true(got.topology == 10);
    struct codec_batch batch = {got.batch, got.batch + got.batch_len};
    const uint8_t *at = NULL;
    size_t len = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(codec_batch_next(&batch, &at, &len), ERR_OK);
        assert_int_equal(codec_unpack(LINK_STATION, false, at, len, &back), ERR_OK);
        assert_int_equal(back.station_keepalive.device.v, 100 + i);
    }
    assert_int_equal(codec_batch_next(&batch, &at, &len), ERR_UNKNOWN);
}

static void test_codec__a_frame_keeps_to_its_link(void **state)
{
    (void)state;
    static uint8_t room[1048576 + CODEC_ROOM_MORE];
    struct codec_room r = {room, sizeof room};
    struct codec_frame got;
    struct codec_frame frame = frame_sample(bytes, 65536);
    static uint8_t big[2 * 65536];
    size_t total = codec_frame_len(&frame);
    codec_frame_pack(&frame, big);
    assert_int_equal(codec_frame_unpack(LINK_STATION, big, total, r, &got), ERR_TOO_BIG);
    assert_int_equal(codec_frame_unpack(LINK_SDL, big, total, r, &got), ERR_OK);
    Rehome__Frame pb;
    rehome__frame__init(&pb);
    pb.version = CODEC_VERSION;
    pb.kind = CODEC_FRAME_COUNT;
    total = rehome__frame__pack(&pb, big);
    assert_int_equal(codec_frame_unpack(LINK_SDL, big, total, r, &got), ERR_UNKNOWN);
}

static void test_codec__neighbours_understand_each_other(void **state)
{
    (void)state;
    static const struct {
        uint32_t spoken, version;
        bool understood;
    } cases[] = {
        {1, 0, false}, {1, 1, true}, {1, 2, true}, {1, 3, false}, {1, UINT32_MAX, false},
        {2, 0, false}, {2, 1, true}, {2, 3, true}, {2, 4, false}, {4, 2, false},
        {4, 3, true},  {4, 4, true}, {4, 5, true}, {4, 6, false}, {4, UINT32_MAX, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(codec_understands(cases[i].spoken, cases[i].version), cases[i].understood);
    }
}

static void test_codec__a_frame_of_the_next_version_is_understood(void **state)
{
    (void)state;
    static uint8_t room[65536 + CODEC_ROOM_MORE];
    const struct codec_room r = {room, sizeof room};
    const uint8_t field[] = {0xf8, 0x06, 0x01}; /* field 111 */
    struct codec_frame got;
    static const struct {
        uint32_t version;
        enum err plain, more;
    } cases[] = {{1, ERR_OK, ERR_UNKNOWN}, {2, ERR_OK, ERR_OK}, {3, ERR_VERSION, ERR_VERSION}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Rehome__Frame pb;
        rehome__frame__init(&pb);
        pb.version = cases[i].version;
        pb.kind = CODEC_FRAME_HEARTBEAT;
        pb.ack = 7;
        size_t len = rehome__frame__pack(&pb, again);
        assert_int_equal(codec_frame_unpack(LINK_STATION, again, len, r, &got), cases[i].plain);
        if (cases[i].plain == ERR_OK) {
            assert_int_equal(got.newer, cases[i].version == 2);
            assert_true(got.ack == 7);
        }
        memcpy(again + len, field, sizeof field);
        assert_int_equal(codec_frame_unpack(LINK_STATION, again, len + sizeof field, r, &got),
                         cases[i].more);
    }
}

/* A few bytes changed, cut, or added. */
static size_t mutate(struct rand_state *r, uint8_t *b, size_t len, size_t cap)
{
    uint64_t times = 1 + rand_below(r, 4);
    for (uint64_t i = 0; i < times; i++) {
        switch (rand_below(r, 4)) {
        case 0:
            len = (size_t)rand_below(r, len + 1);
            break;
        case 1:
            if (len + 8 < cap) {
                for (unsigned k = 0; k < 8; k++) {
                    b[len++] = (uint8_t)rand_next(r);
                }
            }
            break;
        default:
            if (len > 0) {
                b[rand_below(r, len)] = (uint8_t)rand_next(r);
            }
            break;
        }
    }
    return len;
}

static void test_codec__garbage_never_crashes_and_never_passes_bounds(void **state)
{
    (void)state;
    static uint8_t room[65536 + CODEC_ROOM_MORE];
    struct rand_state r = {SEED};
    unsigned accepted = 0;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        size_t len = 0;
        sample_msg((enum msg_kind)(1 + rand_below(&r, MSG_COUNT - 1)), &msg);
        assert_int_equal(codec_pack(&msg, bytes, 4096, &len), ERR_OK);
        if (i % 4 == 0) {
            struct codec_frame frame = frame_sample(bytes, len);
            size_t total = codec_frame_len(&frame);
            codec_frame_pack(&frame, again);
            total = mutate(&r, again, total, 4096);
            struct codec_frame got;
            err_ignore(codec_frame_unpack(LINK_STATION, again, total,
                                          (struct codec_room){room, sizeof room}, &got),
                       "only a crash would be wrong");
        }
        len = mutate(&r, bytes, len, 4096);
        struct codec_batch batch = {bytes, bytes + len};
        const uint8_t *at = NULL;
        while (codec_batch_next(&batch, &at, &len) == ERR_OK) {
            if (codec_unpack_message(at, len, &back) == ERR_OK) {
                accepted++;
                /* what was let in keeps all bounds: packing asserts them */
                assert_int_equal(codec_pack(&back, again, sizeof again, &len), ERR_OK);
            }
        }
    }
    assert_true(accepted > 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_codec__every_kind_has_its_golden_bytes),
    cmocka_unit_test(test_codec__what_is_packed_comes_back),
    cmocka_unit_test(test_codec__a_kind_travels_on_its_links_only),
    cmocka_unit_test(test_codec__the_largest_message_fits),
    cmocka_unit_test(test_codec__a_full_buffer_is_said),
    cmocka_unit_test(test_codec__unknown_kinds_are_said_to_be_unknown),
    cmocka_unit_test(test_codec__unknown_fields_are_refused),
    cmocka_unit_test(test_codec__fields_of_the_next_version_are_passed_over),
    cmocka_unit_test(test_codec__values_out_of_bounds_are_refused),
    cmocka_unit_test(test_codec__strings_are_bounded_and_clean),
    cmocka_unit_test(test_codec__too_many_parts_are_refused),
    cmocka_unit_test(test_codec__what_is_too_big_is_not_parsed),
    cmocka_unit_test(test_codec__a_frame_without_a_batch_has_an_empty_one),
    cmocka_unit_test(test_codec__a_frame_carries_a_batch_in_order),
    cmocka_unit_test(test_codec__a_frame_keeps_to_its_link),
    cmocka_unit_test(test_codec__neighbours_understand_each_other),
    cmocka_unit_test(test_codec__a_frame_of_the_next_version_is_understood),
    cmocka_unit_test(test_codec__garbage_never_crashes_and_never_passes_bounds),
};

UNIT_MAIN(tests);
