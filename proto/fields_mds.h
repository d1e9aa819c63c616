/* fields_mds: the fields of the messages of one link: central controller side and side (private
 * network)
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in mds.proto. */
#ifndef PROTO_FIELDS_MDS_H
#define PROTO_FIELDS_MDS_H

/* What a side is. Over the visible network this is the test of the other side. */
#define FIELDS_MDS_STATUS(F)        \
    F(ENUM, state, MDS_STATE_COUNT) \
    F(BOOL, majority, 0)

/* One input of the routers, in order. Without a number: the other side is asked to order it. The
 * message of a MESSAGE follows as the next one on the link. */
#define FIELDS_MDS_INPUT(F)        \
    F(U64, seq, 0)                 \
    F(I64, at_us, 0)               \
    F(ENUM, kind, MDS_INPUT_COUNT) \
    F(PROC, peer, 0)               \
    F(ENUM, via, 3)                \
    F(U64, ticket, 0)

/* Inputs up to `seq` are held here; what they had to store, up to `stored`, is on disk. */
#define FIELDS_MDS_ACK(F) \
    F(U64, seq, 0)        \
    F(U64, stored, 0)

#define FIELDS_MDS_STATE_REQUEST(F) F(U64, seq, 0)

/* State transfer: PG pairs, agents, waiting calls, paths; then the end, with the counters and the
 * sum of all. Two sides are two bits, A the lower one. */
#define FIELDS_MDS_PAIR(F)   \
    F(U32, pair, 0)          \
    F(U32, highest, 0)       \
    F(PROC, active, 0)       \
    F(ENUM, met, 4)          \
    F(U32, hello_a, 0)       \
    F(U32, hello_b, 0)       \
    F(ENUM, told, 4)         \
    F(ENUM, apart, 4)        \
    F(U32, devices_a, 0)     \
    F(U32, devices_b, 0)     \
    F(PROC, pending, 0)      \
    F(U32, pending_epoch, 0) \
    F(U64, ticket, 0)        \
    F(U32, begun, 0)

#define FIELDS_MDS_AGENT(F)           \
    F(AGENT, agent, 0)                \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(I64, since_us, 0)               \
    F(CALL, reserved, 0)              \
    F(I64, until_us, 0)               \
    F(U64, request, 0)                \
    F(U32, day, 0)                    \
    F(U32, key, 0)                    \
    F(U32, key_seq, 0)

#define FIELDS_MDS_CALL(F) \
    F(U32, skill, 0)       \
    F(CALL, call, 0)       \
    F(U64, request, 0)     \
    F(PROC, pg, 0)         \
    F(U32, pair, 0)        \
    F(U32, day, 0)         \
    F(U32, key, 0)         \
    F(U32, key_seq, 0)     \
    F(BOOL, told, 0)

#define FIELDS_MDS_PATH(F) \
    F(PROC, pg, 0)         \
    F(ENUM, linked, 4)     \
    F(ENUM, path, 3)

#define FIELDS_MDS_END(F)       \
    F(U64, seq, 0)              \
    F(I64, at_us, 0)            \
    F(U64, ticket, 0)           \
    F(I64, wall_offset_us, 0)   \
    F(U32, day, 0)              \
    F(U32, next, 0)             \
    F(U32, durable, 0)          \
    F(U64, key_ticket, 0)       \
    F(U32, key_day, 0)          \
    F(U32, key_end, 0)          \
    F(I64, patient_until_us, 0) \
    F(U64, routed, 0)           \
    F(U64, sum, 0)              \
    F(U32, begun_day, 0)        \
    F(U32, begun, 0)

/* A logger asks for the rows behind `after` that it does not hold: those of a side are held up to
 * its key. */
#define FIELDS_RECOVERY_ASK(F) \
    F(I64, after, 0)           \
    F(I64, held_a, 0)          \
    F(I64, held_b, 0)

/* The rows up to `after` were sent; `done`: there are no more. */
#define FIELDS_RECOVERY_END(F) \
    F(I64, after, 0)           \
    F(BOOL, done, 0)

/* Up to which key of each side a logger lacks nothing; `complete`: all that is in its database. */
#define FIELDS_RECOVERY_HELD(F) \
    F(I64, held_a, 0)           \
    F(I64, held_b, 0)           \
    F(BOOL, complete, 0)

/* Whether a PG side may use its path to this side of the controller. */
#define FIELDS_PG_PATH(F) F(BOOL, open, 0)

#endif
