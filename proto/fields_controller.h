/* fields_controller: the fields of the messages of one link: PG and central controller (visible
 * network)
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in controller.proto. */
#ifndef PROTO_FIELDS_CONTROLLER_H
#define PROTO_FIELDS_CONTROLLER_H

/* The side says who it is and what it wants; the controller grants at most one active side an
 * epoch. */
#define FIELDS_PG_HELLO(F)   \
    F(ENUM, side, 3)         \
    F(U32, pair, 0)          \
    F(U32, epoch, 0)         \
    F(BOOL, wants_active, 0) \
    F(U32, number, 0)

#define FIELDS_PG_GRANT(F) \
    F(ENUM, side, 3)       \
    F(U32, pair, 0)        \
    F(U32, epoch, 0)       \
    F(BOOL, active, 0)     \
    F(U32, hello, 0)

#define FIELDS_ROUTE_REQUEST(F) \
    F(U32, epoch, 0)            \
    F(U64, request, 0)          \
    F(CALL, call, 0)            \
    F(NUMBER, dialled, 0)       \
    F(NUMBER, ani, 0)

/* RESERVED agent and label; or queued; or nothing to be had. */
#define FIELDS_ROUTE_ANSWER(F) \
    F(U64, request, 0)         \
    F(CALL, call, 0)           \
    F(ENUM, kind, ROUTE_COUNT) \
    F(AGENT, agent, 0)         \
    F(DEVICE, device, 0)       \
    F(NUMBER, label, 0)        \
    F(U32, skill, 0)           \
    F(U32, day, 0)             \
    F(U32, key, 0)             \
    F(U32, key_seq, 0)

#define FIELDS_ROUTE_CANCEL(F) \
    F(U32, epoch, 0)           \
    F(U64, request, 0)         \
    F(CALL, call, 0)           \
    F(ENUM, reason, REASON_COUNT)

/* The agent's state, for routing. `since_us` is how long the state has lasted. */
#define FIELDS_AGENT_UPDATE(F)        \
    F(U32, epoch, 0)                  \
    F(AGENT, agent, 0)                \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(U32, skill, 0)                  \
    F(DEVICE, device, 0)              \
    F(I64, for_us, 0)

/* Records carry the number in the PG's outbox; their key makes a second delivery harmless. The
 * sender and the recovery key are a duplexed controller's, and nothing before it has them. */
#define FIELDS_RECORD_TCD(F)          \
    F(U64, outbox, 0)                 \
    F(U32, peripheral, 0)             \
    F(U32, icr_call_key, 0)           \
    F(U32, icr_call_key_parent, 0)    \
    F(U32, leg, 0)                    \
    F(U32, segment, 0)                \
    F(I64, wall_us, 0)                \
    F(U32, day, 0)                    \
    F(U32, key, 0)                    \
    F(U32, key_seq, 0)                \
    F(U32, call_type, 0)              \
    F(U32, peripheral_call_key, 0)    \
    F(CALL, call, 0)                  \
    F(U32, disposition, 0)            \
    F(BOOL, partial, 0)               \
    F(ENUM, fail_cause, REASON_COUNT) \
    F(NUMBER, digits, 0)              \
    F(NUMBER, ani, 0)                 \
    F(AGENT, agent, 0)                \
    F(DEVICE, device, 0)              \
    F(U32, skill, 0)                  \
    F(U32, duration_ms, 0)            \
    F(U32, ring_ms, 0)                \
    F(U32, delay_ms, 0)               \
    F(U32, abandon_ms, 0)             \
    F(U32, hold_ms, 0)                \
    F(U32, talk_ms, 0)                \
    F(U32, work_ms, 0)                \
    F(U32, queue_ms, 0)               \
    F(STR, wrapup, 40)                \
    F(U32, icr_call_key_child, 0)     \
    F(PROC, sender, 0)                \
    F(I64, recovery_key, 0)

#define FIELDS_RECORD_LOGOUT(F) \
    F(U64, outbox, 0)           \
    F(U32, peripheral, 0)       \
    F(AGENT, agent, 0)          \
    F(I64, wall_us, 0)          \
    F(U32, login_ms, 0)         \
    F(U32, reason_code, 0)      \
    F(U32, skill, 0)            \
    F(PROC, sender, 0)          \
    F(I64, recovery_key, 0)

#define FIELDS_RECORD_STATE(F)        \
    F(U64, outbox, 0)                 \
    F(U32, peripheral, 0)             \
    F(AGENT, agent, 0)                \
    F(I64, wall_us, 0)                \
    F(ENUM, event, AGENT_STATE_COUNT) \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(U32, reason_code, 0)            \
    F(U32, skill, 0)                  \
    F(U32, icr_call_key, 0)           \
    F(U32, peripheral_call_key, 0)    \
    F(PROC, sender, 0)                \
    F(I64, recovery_key, 0)

/* All records of this PG side up to `outbox` are on disk. */
#define FIELDS_RECORD_ACK(F) F(U64, outbox, 0)

/* The side's weight: how many devices of the pair it reaches. `apart`: it has lost its peer. */
#define FIELDS_PG_WEIGHT(F) \
    F(ENUM, side, 3)        \
    F(U32, pair, 0)         \
    F(U32, devices, 0)      \
    F(BOOL, apart, 0)

#endif
