/* codec: the only place where messages and frames become bytes, and bytes become messages.
 *
 * A frame is one ZeroMQ message: a header of the session layer and a batch. A batch is a row of
 * items, an item is one message. Decoding trusts nothing: sizes are capped before anything is
 * parsed, memory comes from a fixed arena, unknown fields, values out of their bounds and strings
 * that are no UTF-8 are refused, unknown kinds are said to be unknown. Nothing is asserted on input
 * and nothing is allocated.
 *
 * Versions that are neighbours understand each other: the fields that a frame of the next one has
 * more, and its messages, are passed over. docs/packages.md says what else they may differ in.
 *
 * The numbers of kinds are their places in MSG_MAP, which is append-only for that reason;
 * tests/unit/golden/messages.txt holds the bytes of every kind. */
#ifndef PROTO_CODEC_H
#define PROTO_CODEC_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/time.h"
#include "proto/msg.h"

#include <stddef.h>
#include <stdint.h>

#define CODEC_VERSION    1     /* of the protocol */
#define CODEC_ITEM_MAX   65536 /* the body of one message; the largest, a full propose, has 40 kB */
#define CODEC_ITEMS_MAX  256   /* of one batch */
#define CODEC_HEADER_MAX 256   /* a frame without its batch */
#define CODEC_ROOM_MORE  2048  /* what decoding a frame needs besides its bytes */

/* Whether who speaks one version of the protocol understands a frame of another. */
bool codec_understands(uint32_t spoken, uint32_t version);

enum codec_frame_kind {
    CODEC_FRAME_NONE,
    CODEC_FRAME_HELLO,
    CODEC_FRAME_DATA,
    CODEC_FRAME_HEARTBEAT,
    CODEC_FRAME_BYE,
    CODEC_FRAME_COUNT
};

struct codec_frame {
    enum codec_frame_kind kind;
    char sender[NAME_LEN];
    struct incarnation incarnation;
    uint64_t session, peer_session, seq, ack;
    struct hlc hlc;
    uint32_t credit;
    uint64_t topology;
    bool newer;           /* of the next version, once decoded */
    const uint8_t *batch; /* borrowed; not NULL once decoded, however short */
    size_t batch_len;
};

/* One message as an item, by itself: the payload of a log entry or of an outbox row.
 *
 * Errors   ERR_FULL  it does not fit into `cap`; what `buf` holds is undefined */
MUST_CHECK enum err codec_pack_message(const struct msg *msg, uint8_t *buf, size_t cap,
                                       size_t *ret_len);

/* An item from a place that carries every kind. Writes only what the kind uses of *ret_msg, which
 * is undefined after an error.
 *
 * Errors   ERR_TOO_BIG    more than CODEC_ITEM_MAX, or more parts than the kind may have
 *          ERR_TRUNCATED  not the bytes of an item
 *          ERR_UNKNOWN    a kind or a field that is not known here
 *          ERR_INVALID    a value out of its bounds */
MUST_CHECK enum err codec_unpack_message(const uint8_t *buf, size_t len, struct msg *ret_msg);

/* The same for an item that came over `link`; `newer`: in a frame of the next version, so that
 * fields that are not known here are passed over, but in what every node has to apply alike.
 *
 * Errors   ERR_REFUSED  this kind does not travel on this link */
MUST_CHECK enum err codec_unpack(enum link link, bool newer, const uint8_t *buf, size_t len,
                                 struct msg *ret_msg);

/* One message as a batch of one; batches are joined by writing one behind the other. */
MUST_CHECK enum err codec_pack(const struct msg *msg, uint8_t *buf, size_t cap, size_t *ret_len);

/* Walk over a batch: ERR_OK with the next item, ERR_UNKNOWN at the end, ERR_TRUNCATED for what is
 * no batch. */
struct codec_batch {
    const uint8_t *at;
    const uint8_t *end;
};
MUST_CHECK enum err codec_batch_next(struct codec_batch *batch, const uint8_t **ret_item,
                                     size_t *ret_len);

/* Room for the batch of one frame; as large as the largest frame of the links it serves. */
struct codec_room {
    uint8_t *bytes;
    size_t cap;
};

/* Bytes that codec_frame_pack will write. */
size_t codec_frame_len(const struct codec_frame *frame);
void codec_frame_pack(const struct codec_frame *frame, uint8_t *buf);

/* ret_frame->batch lies in `room`, which has CODEC_ROOM_MORE more than the largest frame, and is
 * aligned for anything.
 *
 * Errors   ERR_TOO_BIG    larger than the link allows
 *          ERR_TRUNCATED  not the bytes of a frame
 *          ERR_VERSION    neither the version of the protocol that is spoken here nor a neighbour
 *          ERR_UNKNOWN    an unknown field, unless it is of the next version
 *          ERR_INVALID    a value out of its bounds */
MUST_CHECK enum err codec_frame_unpack(enum link link, const uint8_t *buf, size_t len,
                                       struct codec_room room, struct codec_frame *ret_frame);

/* True if `text` is UTF-8 without control characters. */
bool codec_text_is_clean(const char *text);

#endif
