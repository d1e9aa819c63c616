#include "proto/codec.h"

#include "proto/controller.pb-c.h"
#include "proto/desktop.pb-c.h"
#include "proto/frame.pb-c.h"
#include "proto/jtapi.pb-c.h"
#include "proto/mds.pb-c.h"
#include "proto/member.pb-c.h"
#include "proto/operator.pb-c.h"
#include "proto/private.pb-c.h"
#include "proto/sdl.pb-c.h"
#include "proto/station.pb-c.h"

#include <stdalign.h>
#include <string.h>

#define ARENA_BYTES (256 * 1024) /* a full propose needs about 100 kB of parts and bookkeeping */

/* A build that takes the part of the next version, for tests of both together. */
#ifdef REHOME_NEXT_WIRE
#define SPOKEN (CODEC_VERSION + 1)
#else
#define SPOKEN CODEC_VERSION
#endif

#ifdef REHOME_NEXT_WIRE
static const uint8_t next_field[] = {0xc0, 0x3e, 0x01}; /* number 1000, which nobody else knows */
#define NEXT_LEN sizeof next_field
#else
static const uint8_t next_field[] = {0};
#define NEXT_LEN ((size_t)0)
#endif

bool codec_understands(uint32_t spoken, uint32_t version)
{
    return version > 0 && version <= spoken + 1 && version >= spoken - 1;
}

/* What goes into the log of all nodes: each has to read the same in it, whatever its version. */
static bool is_kept(uint32_t kind)
{
    return kind == MSG_PROPOSE || kind == MSG_PROPOSED || kind == MSG_SNAPSHOT_HEAD ||
           kind == MSG_SNAPSHOT_ROWS;
}

/* -- A bump allocator over fixed memory: bounded, never freed piece by piece. -- */

struct arena {
    uint8_t *bytes;
    size_t used, cap;
    bool full;
    bool newer; /* what lies in it is of the next version */
};

static void *arena_alloc(void *data, size_t size)
{
    struct arena *a = data;
    size_t align = alignof(max_align_t);
    size_t at = (a->used + align - 1) / align * align;
    if (at > a->cap || size > a->cap - at) {
        a->full = true;
        return NULL;
    }
    a->used = at + size;
    return a->bytes + at;
}

static void arena_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

static void *unpack(const ProtobufCMessageDescriptor *descriptor, struct arena *arena,
                    const uint8_t *buf, size_t len)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    return protobuf_c_message_unpack(descriptor, &allocator, len, buf);
}

/* protobuf-c's structs have pointers to what they only read. */
static char *borrow(const char *text)
{
    union {
        const char *constant;
        char *variable;
    } u = {.constant = text};
    return u.variable;
}

static ProtobufCBinaryData borrow_bytes(const uint8_t *bytes, size_t len)
{
    union {
        const uint8_t *constant;
        uint8_t *variable;
    } u = {.constant = bytes};
    return (ProtobufCBinaryData){.len = len, .data = u.variable};
}

/* The length of the UTF-8 character at `s`, or 0. */
static size_t character_len(const unsigned char *s)
{
    if (s[0] < 0x80) {
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    }
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] >= 0xa0;
    bool beyond = s[0] == 0xf4 && s[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : len;
}

bool codec_text_is_clean(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        size_t len = character_len(s);
        if (len == 0) {
            return false;
        }
        s += len;
    }
    return true;
}

static enum err text_from(const char *text, char *ret_text, size_t cap)
{
    size_t len = strlen(text);
    if (len >= cap || !codec_text_is_clean(text)) {
        return ERR_INVALID;
    }
    memcpy(ret_text, text, len + 1);
    return ERR_OK;
}

static enum err first(enum err a, enum err b)
{
    return a != ERR_OK ? a : b;
}

/* -- From a struct of ours to protobuf-c's. `m` is ours, `pb` the one that is packed, `s` the room
 * for its parts. -- */

#define PB_TYPE(name, Pb) typedef Rehome__##Pb pb_##name;
PART_MAP(PB_TYPE)
#undef PB_TYPE

#define STORE(type, name, bound) STORE_##type(name, bound)
#define STORE_U32(name, bound)
#define STORE_U64(name, bound)
#define STORE_I64(name, bound)
#define STORE_BOOL(name, bound)
#define STORE_ENUM(name, bound)
#define STORE_DEVICE(name, bound)
#define STORE_CALL(name, bound)
#define STORE_PROC(name, bound)
#define STORE_AGENT(name, bound)
#define STORE_INC(name, bound)
#define STORE_NUMBER(name, bound)
#define STORE_STR(name, bound)
#define STORE_NESTED(name, part) pb_##part name;
#define STORE_REPEATED(name, part) \
    pb_##part name[MAX_##part];    \
    pb_##part *name##_at[MAX_##part];

#define TO(type, name, bound) TO_##type(name, bound)
#define TO_U32(name, bound)   pb->name = m->name;
#define TO_U64(name, bound)   pb->name = m->name;
#define TO_I64(name, bound)   pb->name = m->name;
#define TO_BOOL(name, bound)  pb->name = m->name;
#define TO_ENUM(name, bound)   \
    ASSERT(m->name < (bound)); \
    pb->name = m->name;
#define TO_DEVICE(name, bound) pb->name = m->name.v;
#define TO_CALL(name, bound)   pb->name = m->name.v;
#define TO_PROC(name, bound)   pb->name = m->name.v;
#define TO_AGENT(name, bound)  pb->name = m->name.v;
#define TO_INC(name, bound)    pb->name = m->name.v;
#define TO_STR(name, bound)                                \
    ASSERT(memchr(m->name, '\0', sizeof m->name) != NULL); \
    pb->name = borrow(m->name);
#define TO_NUMBER(name, bound) TO_STR(name, bound)
#define TO_NESTED(name, part)             \
    part_##part##_to(&m->name, &s->name); \
    pb->name = &s->name;
#define TO_REPEATED(name, part)                     \
    ASSERT(m->name##_n <= MAX_##part);              \
    pb->n_##name = m->name##_n;                     \
    pb->name = s->name##_at;                        \
    for (uint32_t i = 0; i < m->name##_n; i++) {    \
        part_##part##_to(&m->name[i], &s->name[i]); \
        s->name##_at[i] = &s->name[i];              \
    }

/* -- And back. `pb` is what came, `m` ours, `err` the first thing that is wrong. -- */

#define FROM(type, name, bound) FROM_##type(name, bound)
#define FROM_U32(name, bound)   m->name = pb->name;
#define FROM_U64(name, bound)   m->name = pb->name;
#define FROM_I64(name, bound)   m->name = pb->name;
#define FROM_BOOL(name, bound)  m->name = pb->name != 0;
#define FROM_ENUM(name, bound)                                   \
    err = first(err, pb->name < (bound) ? ERR_OK : ERR_INVALID); \
    m->name = pb->name;
#define FROM_DEVICE(name, bound) m->name.v = pb->name;
#define FROM_CALL(name, bound)   m->name.v = pb->name;
#define FROM_PROC(name, bound)                                       \
    err = first(err, pb->name <= UINT16_MAX ? ERR_OK : ERR_INVALID); \
    m->name.v = (uint16_t)pb->name;
#define FROM_AGENT(name, bound)  m->name.v = pb->name;
#define FROM_INC(name, bound)    m->name.v = pb->name;
#define FROM_STR(name, bound)    err = first(err, text_from(pb->name, m->name, sizeof m->name));
#define FROM_NUMBER(name, bound) FROM_STR(name, bound)
#define FROM_NESTED(name, part)  err = first(err, part_##part##_from(arena, pb->name, &m->name));
#define FROM_REPEATED(name, part)                                        \
    err = first(err, pb->n_##name <= MAX_##part ? ERR_OK : ERR_TOO_BIG); \
    m->name##_n = err == ERR_OK ? (uint32_t)pb->n_##name : 0;            \
    for (uint32_t i = 0; i < m->name##_n && err == ERR_OK; i++) {        \
        err = part_##part##_from(arena, pb->name[i], &m->name[i]);       \
    }

static enum err known(const struct arena *arena, const ProtobufCMessage *message)
{
    return message->n_unknown_fields == 0 || arena->newer ? ERR_OK : ERR_UNKNOWN;
}

/* A part that is left out is all zero. */
#define PART(word, Pb, FIELDS)                                                         \
    static void part_##word##_to(const struct msg_##word *m, pb_##word *pb)            \
    {                                                                                  \
        rehome__##word##__init(pb);                                                    \
        FIELDS(TO)                                                                     \
    }                                                                                  \
    static enum err part_##word##_from(const struct arena *arena, const pb_##word *pb, \
                                       struct msg_##word *m)                           \
    {                                                                                  \
        if (pb == NULL) {                                                              \
            memset(m, 0, sizeof *m);                                                   \
            return ERR_OK;                                                             \
        }                                                                              \
        enum err err = known(arena, &pb->base);                                        \
        FIELDS(FROM)                                                                   \
        return err;                                                                    \
    }
PART(device_event, DeviceEvent, FIELDS_DEVICE_EVENT)
PART(device_ref, DeviceRef, FIELDS_DEVICE_REF)
PART(command, Command, FIELDS_COMMAND)
PART(command_result, CommandResult, FIELDS_COMMAND_RESULT)
PART(op_device, OpDevice, FIELDS_OP_DEVICE)
PART(op_call, OpCall, FIELDS_OP_CALL)
PART(op_agent, OpAgent, FIELDS_OP_AGENT)
PART(op_log_row, OpLogRow, FIELDS_OP_LOG_ROW)
PART(snapshot_device, SnapshotDevice, FIELDS_SNAPSHOT_DEVICE)
PART(snapshot_node, SnapshotNode, FIELDS_SNAPSHOT_NODE)
#undef PART

/* One body. A function for each kind, so that only the large kinds use a large piece of stack. */
#define BODY(NAME, word, Pb, links)                                                   \
    static __attribute__((noinline)) enum err pack_##word(                            \
        const struct msg_##word *m, uint8_t *buf, size_t cap, size_t *ret_len)        \
    {                                                                                 \
        struct {                                                                      \
            Rehome__##Pb pb;                                                          \
            FIELDS_##NAME(STORE)                                                      \
        } store, *s = &store;                                                         \
        Rehome__##Pb *pb = &s->pb;                                                    \
        rehome__##word##__init(pb);                                                   \
        FIELDS_##NAME(TO) size_t len = protobuf_c_message_get_packed_size(&pb->base); \
        if (len > cap) {                                                              \
            return ERR_FULL;                                                          \
        }                                                                             \
        *ret_len = protobuf_c_message_pack(&pb->base, buf);                           \
        return ERR_OK;                                                                \
    }                                                                                 \
    static enum err unpack_##word(struct arena *arena, ProtobufCBinaryData body,      \
                                  struct msg_##word *m)                               \
    {                                                                                 \
        const Rehome__##Pb *pb =                                                      \
            unpack(&rehome__##word##__descriptor, arena, body.data, body.len);        \
        if (pb == NULL) {                                                             \
            return arena->full ? ERR_TOO_BIG : ERR_TRUNCATED;                         \
        }                                                                             \
        enum err err = known(arena, &pb->base);                                       \
        FIELDS_##NAME(FROM) return err;                                               \
    }
MSG_MAP(BODY)
#undef BODY

static enum err pack_body(const struct msg *msg, uint8_t *buf, size_t cap, size_t *ret_len)
{
    switch (msg->kind) {
#define PACK(NAME, word, Pb, links) \
    case MSG_##NAME:                \
        return pack_##word(&msg->word, buf, cap, ret_len);
        MSG_MAP(PACK)
#undef PACK
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
    UNREACHABLE("a message of ours has a kind");
}

static enum err unpack_body(struct arena *arena, ProtobufCBinaryData body, struct msg *msg)
{
    switch (msg->kind) {
#define UNPACK(NAME, word, Pb, links) \
    case MSG_##NAME:                  \
        return unpack_##word(arena, body, &msg->word);
        MSG_MAP(UNPACK)
#undef UNPACK
    case MSG_NONE:
    case MSG_COUNT:
        break;
    }
    UNREACHABLE("the kind was looked at before");
}

/* The item that stands for `msg`, its body packed into `body`. */
static enum err item_of(const struct msg *msg, uint8_t body[CODEC_ITEM_MAX], Rehome__Item *ret_item)
{
    size_t len = 0;
    enum err err = pack_body(msg, body, CODEC_ITEM_MAX, &len);
    if (err != ERR_OK) {
        return err;
    }
    rehome__item__init(ret_item);
    ret_item->kind = (uint32_t)msg->kind;
    ret_item->correlation = msg->correlation;
    ret_item->body = borrow_bytes(body, len);
    return ERR_OK;
}

static enum err pack_whole(const ProtobufCMessage *message, uint8_t *buf, size_t cap,
                           size_t *ret_len)
{
    if (protobuf_c_message_get_packed_size(message) > cap) {
        return ERR_FULL;
    }
    *ret_len = protobuf_c_message_pack(message, buf);
    return ERR_OK;
}

enum err codec_pack_message(const struct msg *msg, uint8_t *buf, size_t cap, size_t *ret_len)
{
    uint8_t body[CODEC_ITEM_MAX];
    Rehome__Item item;
    enum err err = item_of(msg, body, &item);
    return err != ERR_OK ? err : pack_whole(&item.base, buf, cap, ret_len);
}

enum err codec_pack(const struct msg *msg, uint8_t *buf, size_t cap, size_t *ret_len)
{
    uint8_t body[CODEC_ITEM_MAX];
    Rehome__Item item;
    enum err err = item_of(msg, body, &item);
    if (err != ERR_OK) {
        return err;
    }
    if (NEXT_LEN > 0 && !is_kept((uint32_t)msg->kind) && item.body.len + NEXT_LEN <= sizeof body) {
        memcpy(body + item.body.len, next_field, NEXT_LEN);
        item.body.len += NEXT_LEN;
    }
    Rehome__Batch batch = REHOME__BATCH__INIT;
    Rehome__Item *items[] = {&item};
    batch.n_items = 1;
    batch.items = items;
    return pack_whole(&batch.base, buf, cap, ret_len);
}

static enum err unpack_item(uint32_t links, bool newer, const uint8_t *buf, size_t len,
                            struct msg *ret_msg)
{
    if (len > CODEC_ITEM_MAX) {
        return ERR_TOO_BIG;
    }
    alignas(max_align_t) uint8_t bytes[ARENA_BYTES];
    struct arena arena = {.bytes = bytes, .cap = sizeof bytes};
    const Rehome__Item *item = unpack(&rehome__item__descriptor, &arena, buf, len);
    if (item == NULL) {
        return arena.full ? ERR_TOO_BIG : ERR_TRUNCATED;
    }
    arena.newer = newer && !is_kept(item->kind);
    enum err err = known(&arena, &item->base);
    if (err != ERR_OK || item->kind == MSG_NONE || item->kind >= MSG_COUNT) {
        return ERR_UNKNOWN;
    }
    enum msg_kind kind = (enum msg_kind)item->kind;
    for (enum link link = 0; link < LINK_COUNT; link++) {
        if ((links & (1u << link)) != 0 && msg_allowed(kind, link)) {
            ret_msg->kind = kind;
            ret_msg->correlation = item->correlation;
            return unpack_body(&arena, item->body, ret_msg);
        }
    }
    return ERR_REFUSED;
}

enum err codec_unpack_message(const uint8_t *buf, size_t len, struct msg *ret_msg)
{
    return unpack_item((1u << LINK_COUNT) - 1, false, buf, len, ret_msg);
}

enum err codec_unpack(enum link link, bool newer, const uint8_t *buf, size_t len,
                      struct msg *ret_msg)
{
    ASSERT((unsigned)link < LINK_COUNT);
    return unpack_item(1u << link, newer, buf, len, ret_msg);
}

/* The one place that reads a tag itself: protobuf-c could only copy the whole batch first. */
enum err codec_batch_next(struct codec_batch *batch, const uint8_t **ret_item, size_t *ret_len)
{
    const uint8_t *at = batch->at;
    if (at == batch->end) {
        return ERR_UNKNOWN;
    }
    if (*at != ((1u << 3) | 2u)) { /* field 1 (items), with a length */
        return ERR_TRUNCATED;
    }
    at++;
    size_t len = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
        if (at == batch->end) {
            return ERR_TRUNCATED;
        }
        uint8_t byte = *at++;
        len |= (size_t)(byte & 0x7fu) << shift;
        if (byte < 0x80) {
            if (len > (size_t)(batch->end - at)) {
                return ERR_TRUNCATED;
            }
            *ret_item = at;
            *ret_len = len;
            batch->at = at + len;
            return ERR_OK;
        }
    }
    return ERR_TOO_BIG;
}

static void frame_to(const struct codec_frame *frame, Rehome__Frame *ret_pb)
{
    ASSERT(frame->kind > CODEC_FRAME_NONE);
    ASSERT(frame->kind < CODEC_FRAME_COUNT);
    rehome__frame__init(ret_pb);
    ret_pb->version = SPOKEN;
    ret_pb->kind = (uint32_t)frame->kind;
    ret_pb->sender = borrow(frame->sender);
    ret_pb->incarnation = frame->incarnation.v;
    ret_pb->session = frame->session;
    ret_pb->peer_session = frame->peer_session;
    ret_pb->seq = frame->seq;
    ret_pb->ack = frame->ack;
    ret_pb->hlc = frame->hlc.v;
    ret_pb->credit = frame->credit;
    ret_pb->topology = frame->topology;
    ret_pb->batch = borrow_bytes(frame->batch, frame->batch_len);
}

size_t codec_frame_len(const struct codec_frame *frame)
{
    Rehome__Frame pb;
    frame_to(frame, &pb);
    return protobuf_c_message_get_packed_size(&pb.base) + NEXT_LEN;
}

void codec_frame_pack(const struct codec_frame *frame, uint8_t *buf)
{
    Rehome__Frame pb;
    frame_to(frame, &pb);
    memcpy(buf + protobuf_c_message_pack(&pb.base, buf), next_field, NEXT_LEN);
}

enum err codec_frame_unpack(enum link link, const uint8_t *buf, size_t len, struct codec_room room,
                            struct codec_frame *ret_frame)
{
    if (len > msg_link_frame_max(link)) {
        return ERR_TOO_BIG;
    }
    struct arena arena = {.bytes = room.bytes, .cap = room.cap};
    const Rehome__Frame *pb = unpack(&rehome__frame__descriptor, &arena, buf, len);
    if (pb == NULL) {
        return arena.full ? ERR_TOO_BIG : ERR_TRUNCATED;
    }
    if (!codec_understands(SPOKEN, pb->version)) {
        return ERR_VERSION;
    }
    arena.newer = pb->version > CODEC_VERSION; /* a build of the next one knows what it has more */
    if (known(&arena, &pb->base) != ERR_OK || pb->kind >= CODEC_FRAME_COUNT) {
        return ERR_UNKNOWN;
    }
    if (pb->kind == CODEC_FRAME_NONE) {
        return ERR_INVALID;
    }
    *ret_frame = (struct codec_frame){.kind = (enum codec_frame_kind)pb->kind,
                                      .incarnation = {pb->incarnation},
                                      .session = pb->session,
                                      .peer_session = pb->peer_session,
                                      .seq = pb->seq,
                                      .ack = pb->ack,
                                      .hlc = {pb->hlc},
                                      .credit = pb->credit,
                                      .topology = pb->topology,
                                      .newer = arena.newer,
                                      .batch = pb->batch.len > 0 ? pb->batch.data : buf,
                                      .batch_len = pb->batch.len};
    return text_from(pb->sender, ret_frame->sender, sizeof ret_frame->sender);
}
