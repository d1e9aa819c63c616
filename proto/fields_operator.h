/* fields_operator: the fields of the messages of one link: operator or recorder and every process
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in operator.proto. */
#ifndef PROTO_FIELDS_OPERATOR_H
#define PROTO_FIELDS_OPERATOR_H

#define FIELDS_OP_STATUS(F) F(U64, id, 0)

#define FIELDS_OP_NODE_STATUS(F)    \
    F(U64, id, 0)                   \
    F(ENUM, raft, RAFT_STATE_COUNT) \
    F(PROC, leader, 0)              \
    F(U64, term, 0)                 \
    F(U64, commit, 0)               \
    F(U64, applied, 0)              \
    F(U64, last, 0)                 \
    F(U64, snapshot, 0)             \
    F(U64, hash, 0)                 \
    F(BOOL, callmanager, 0)         \
    F(BOOL, ctimanager, 0)          \
    F(INC, callmanager_inc, 0)      \
    F(INC, ctimanager_inc, 0)       \
    F(BOOL, lease, 0)               \
    F(U32, phones, 0)               \
    F(U32, gateways, 0)             \
    F(U32, route_points, 0)         \
    F(U32, calls, 0)                \
    F(U32, devices, 0)              \
    F(U32, registered, 0)           \
    F(U64, rss_kib, 0)

#define FIELDS_OP_PG_STATUS(F)  \
    F(U64, id, 0)               \
    F(BOOL, active, 0)          \
    F(U32, epoch, 0)            \
    F(BOOL, provider_up, 0)     \
    F(BOOL, controller_up, 0)   \
    F(BOOL, peer_up, 0)         \
    F(U32, monitors, 0)         \
    F(U32, monitors_wanted, 0)  \
    F(U32, agents_logged_in, 0) \
    F(U32, agents_ready, 0)     \
    F(U32, calls, 0)            \
    F(U64, outbox, 0)

#define FIELDS_OP_ICM_STATUS(F) \
    F(U64, id, 0)               \
    F(PROC, active_pg, 0)       \
    F(U32, epoch, 0)            \
    F(U64, tcd_rows, 0)         \
    F(U64, logout_rows, 0)      \
    F(U64, state_rows, 0)       \
    F(U32, queued, 0)           \
    F(U32, agents_ready, 0)     \
    F(U64, routed, 0)           \
    F(ENUM, state, MDS_STATE_COUNT)

#define FIELDS_OP_FLEET_STATUS(F)  \
    F(U64, id, 0)                  \
    F(U32, phones, 0)              \
    F(U32, phones_registered, 0)   \
    F(U32, gateways, 0)            \
    F(U32, gateways_registered, 0) \
    F(U32, calls, 0)               \
    F(U32, preserved, 0)           \
    F(U32, media_flowing, 0)       \
    F(U32, agents, 0)              \
    F(U32, agents_logged_in, 0)    \
    F(U32, agents_ready, 0)        \
    F(U64, calls_done, 0)          \
    F(U64, legs_logged, 0)         \
    F(U32, legs_pending, 0)

/* Ask for the rows after `after`, `most` of them (0: a full page; devices only); the answer says
 * whether it was the last page. */
#define FIELDS_OP_LIST(F)        \
    F(U64, id, 0)                \
    F(ENUM, what, OP_LIST_COUNT) \
    F(U32, after, 0)             \
    F(BOOL, linearizable, 0)     \
    F(U32, most, 0)

#define FIELDS_OP_DEVICE(F)            \
    F(DEVICE, device, 0)               \
    F(ENUM, kind, DEVICE_KIND_COUNT)   \
    F(PROC, node, 0)                   \
    F(U32, epoch, 0)                   \
    F(ENUM, state, DEVICE_STATE_COUNT) \
    F(I64, since_us, 0)

#define FIELDS_OP_DEVICES(F)      \
    F(U64, id, 0)                 \
    F(U64, index, 0)              \
    F(BOOL, last, 0)              \
    F(ENUM, reason, REASON_COUNT) \
    F(REPEATED, rows, op_device)

#define FIELDS_OP_CALL(F)     \
    F(CALL, call, 0)          \
    F(DEVICE, device, 0)      \
    F(DEVICE, other, 0)       \
    F(ENUM, state, LEG_COUNT) \
    F(I64, for_us, 0)         \
    F(BOOL, preserved, 0)     \
    F(NUMBER, from, 0)        \
    F(NUMBER, to, 0)

#define FIELDS_OP_CALLS(F) \
    F(U64, id, 0)          \
    F(BOOL, last, 0)       \
    F(REPEATED, rows, op_call)

#define FIELDS_OP_AGENT(F)            \
    F(AGENT, agent, 0)                \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(DEVICE, device, 0)              \
    F(U32, skill, 0)                  \
    F(I64, for_us, 0)                 \
    F(U32, reason_code, 0)            \
    F(BOOL, in_service, 0)

#define FIELDS_OP_AGENTS(F) \
    F(U64, id, 0)           \
    F(BOOL, last, 0)        \
    F(REPEATED, rows, op_agent)

/* Do something: the verb says what the fields mean (proto/vocabulary.h). */
#define FIELDS_OP_COMMAND(F)              \
    F(U64, id, 0)                         \
    F(ENUM, verb, OP_VERB_COUNT)          \
    F(ENUM, service, SERVICE_COUNT)       \
    F(NUMBER, number, 0)                  \
    F(NUMBER, to, 0)                      \
    F(AGENT, agent, 0)                    \
    F(ENUM, key, KEY_COUNT)               \
    F(ENUM, request, AGENT_REQUEST_COUNT) \
    F(U32, value, 0)                      \
    F(STR, text, 64)

#define FIELDS_OP_DONE(F)         \
    F(U64, id, 0)                 \
    F(ENUM, reason, REASON_COUNT) \
    F(U64, value, 0)              \
    F(STR, text, 128)

/* The log of Raft after the entry `after`; of the one that follows it, what comes after `skip`
 * commands. */
#define FIELDS_OP_LOG_READ(F) \
    F(U64, id, 0)             \
    F(U64, after, 0)          \
    F(U32, skip, 0)

/* One command of an entry (the nth of `of`), or an entry without commands (of 0): a barrier, the
 * members (text), or one whose content is not kept in memory any more. */
#define FIELDS_OP_LOG_ROW(F)        \
    F(U64, index, 0)                \
    F(U64, term, 0)                 \
    F(ENUM, entry, LOG_ENTRY_COUNT) \
    F(U32, bytes, 0)                \
    F(BOOL, kept, 0)                \
    F(U32, nth, 0)                  \
    F(U32, of, 0)                   \
    F(PROC, origin, 0)              \
    F(ENUM, command, COMMAND_COUNT) \
    F(DEVICE, device, 0)            \
    F(PROC, node, 0)                \
    F(ENUM, service, SERVICE_COUNT) \
    F(NUMBER, number, 0)            \
    F(STR, text, 64)

/* `first` to `last_index` can be read; `last`: there is no further page. */
#define FIELDS_OP_LOG(F)  \
    F(U64, id, 0)         \
    F(U64, first, 0)      \
    F(U64, last_index, 0) \
    F(U64, commit, 0)     \
    F(U64, applied, 0)    \
    F(U64, snapshot, 0)   \
    F(BOOL, last, 0)      \
    F(REPEATED, rows, op_log_row)

#define FIELDS_OP_TRANSFER(F) \
    F(U64, id, 0)             \
    F(PROC, to, 0)

#endif
