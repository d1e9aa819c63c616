/* Frames, batches and items as they come from a socket. What can be unpacked can be packed again,
 * and means the same. */
#include "proto/codec.h"
#include "tests/fuzz/tape.h"

#include <string.h>

static _Alignas(max_align_t) uint8_t room[(1u << 20) + CODEC_ROOM_MORE];
static struct msg msg, again;
static uint8_t packed[CODEC_ITEM_MAX + CODEC_HEADER_MAX], repacked[sizeof packed];

static void item(enum link link, bool newer, const uint8_t *bytes, size_t len)
{
    size_t n = 0;
    size_t m = 0;
    if (codec_unpack(link, newer, bytes, len, &msg) != ERR_OK) {
        return;
    }
    ASSERT(msg_allowed(msg.kind, link));
    enum err err = codec_pack_message(&msg, packed, sizeof packed, &n);
    ASSERT(err == ERR_OK);
    err = codec_unpack(link, false, packed, n, &again);
    ASSERT(err == ERR_OK);
    err = codec_pack_message(&again, repacked, sizeof repacked, &m);
    ASSERT(err == ERR_OK);
    ASSERT(n == m);
    ASSERT(memcmp(packed, repacked, n) == 0);
}

static void batch(enum link link, bool newer, const uint8_t *bytes, size_t len)
{
    struct codec_batch b = {bytes, bytes + len};
    const uint8_t *at = NULL;
    size_t n = 0;
    for (unsigned i = 0; i < CODEC_ITEMS_MAX && codec_batch_next(&b, &at, &n) == ERR_OK; i++) {
        ASSERT(at >= bytes);
        ASSERT(at + n <= bytes + len);
        item(link, newer, at, n);
    }
}

static void frame(enum link link, const uint8_t *bytes, size_t len)
{
    struct codec_frame f;
    struct codec_room where = {room, sizeof room};
    if (codec_frame_unpack(link, bytes, len, where, &f) != ERR_OK) {
        return;
    }
    ASSERT(f.kind > CODEC_FRAME_NONE);
    ASSERT(f.kind < CODEC_FRAME_COUNT);
    ASSERT(memchr(f.sender, '\0', sizeof f.sender) != NULL);
    batch(link, f.newer, f.batch, f.batch_len);
}

/* The first byte says over which link, and how much of the wrapping is right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    enum link link = (enum link)(data[0] % LINK_COUNT);
    switch (data[0] / LINK_COUNT % 3) {
    case 0:
        frame(link, data + 1, size - 1);
        break;
    case 1:
        batch(link, false, data + 1, size - 1);
        break;
    default:
        item(link, false, data + 1, size - 1);
        break;
    }
    return 0;
}
