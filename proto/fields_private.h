/* fields_private: the fields of the messages of one link: PG side and PG side (private network)
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in private.proto. */
#ifndef PROTO_FIELDS_PRIVATE_H
#define PROTO_FIELDS_PRIVATE_H

#define FIELDS_PRIVATE_STATUS(F) \
    F(BOOL, active, 0)           \
    F(U32, epoch, 0)             \
    F(BOOL, provider_up, 0)      \
    F(BOOL, controller_up, 0)    \
    F(U32, monitors, 0)          \
    F(U64, input_seq, 0)         \
    F(U32, weight, 0)

/* The active side gives up: take over with this epoch. */
#define FIELDS_PRIVATE_GIVE_UP(F) \
    F(U32, epoch, 0)              \
    F(ENUM, reason, REASON_COUNT)

/* One input of the active side's OPC, in order; the standby's OPC applies the same. */
#define FIELDS_PRIVATE_INPUT(F)           \
    F(U64, seq, 0)                        \
    F(I64, at_us, 0)                      \
    F(ENUM, kind, OPC_INPUT_COUNT)        \
    F(AGENT, agent, 0)                    \
    F(ENUM, request, AGENT_REQUEST_COUNT) \
    F(U32, reason_code, 0)                \
    F(ENUM, reason, REASON_COUNT)         \
    F(U64, id, 0)                         \
    F(U32, day, 0)                        \
    F(U32, key, 0)                        \
    F(U32, key_seq, 0)                    \
    F(U32, skill, 0)                      \
    F(BOOL, in_service, 0)                \
    F(NESTED, event, device_event)        \
    F(STR, text, 40)

#define FIELDS_PRIVATE_INPUT_ACK(F) F(U64, seq, 0)

#define FIELDS_PRIVATE_STATE_REQUEST(F) F(U64, seq, 0)

/* State transfer to a returning side: every agent, every call (a leg without device), every leg;
 * then one of each kind that says `last`; that of the legs carries the counters. */
#define FIELDS_PRIVATE_AGENT(F)        \
    F(U64, seq, 0)                     \
    F(AGENT, agent, 0)                 \
    F(ENUM, state, AGENT_STATE_COUNT)  \
    F(DEVICE, device, 0)               \
    F(U32, epoch, 0)                   \
    F(I64, since_us, 0)                \
    F(I64, login_us, 0)                \
    F(U32, skill, 0)                   \
    F(BOOL, last, 0)                   \
    F(ENUM, before, AGENT_STATE_COUNT) \
    F(U32, reason_code, 0)             \
    F(CALL, reserved, 0)               \
    F(I64, deadline_us, 0)             \
    F(BOOL, in_service, 0)             \
    F(U32, device_epoch, 0)            \
    F(BOOL, snapshot, 0)               \
    F(BOOL, wrap_due, 0)               \
    F(U32, missed, 0)

#define FIELDS_PRIVATE_LEG(F) \
    F(U64, seq, 0)            \
    F(CALL, call, 0)          \
    F(DEVICE, device, 0)      \
    F(AGENT, agent, 0)        \
    F(U32, icr_call_key, 0)   \
    F(U32, leg, 0)            \
    F(U32, segment, 0)        \
    F(U32, day, 0)            \
    F(U32, key, 0)            \
    F(U32, key_seq, 0)        \
    F(ENUM, state, LEG_COUNT) \
    F(I64, begin_us, 0)       \
    F(I64, ring_us, 0)        \
    F(I64, answer_us, 0)      \
    F(I64, hold_us, 0)        \
    F(I64, held_at_us, 0)     \
    F(U32, skill, 0)          \
    F(NUMBER, from, 0)        \
    F(NUMBER, to, 0)          \
    F(STR, text, 40)          \
    F(BOOL, last, 0)          \
    F(U32, parent, 0)         \
    F(I64, end_us, 0)         \
    F(I64, queue_us, 0)       \
    F(I64, delay_us, 0)       \
    F(U32, call_type, 0)      \
    F(U32, disposition, 0)    \
    F(BOOL, inbound, 0)       \
    F(U64, request, 0)        \
    F(U32, tries, 0)          \
    F(BOOL, waiting, 0)       \
    F(BOOL, moved, 0)         \
    F(DEVICE, point, 0)       \
    F(U32, child, 0)

#endif
