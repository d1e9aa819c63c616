/* fields_member: the fields of the messages of one link: node and Raft leader
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in member.proto. */
#ifndef PROTO_FIELDS_MEMBER_H
#define PROTO_FIELDS_MEMBER_H

/* One change of the registry. Which fields mean something depends on the kind
 * (cluster/registry/registry.h). */
#define FIELDS_COMMAND(F)           \
    F(ENUM, kind, COMMAND_COUNT)    \
    F(DEVICE, device, 0)            \
    F(PROC, node, 0)                \
    F(ENUM, service, SERVICE_COUNT) \
    F(INC, incarnation, 0)          \
    F(U64, counter, 0)              \
    F(U32, epoch, 0)                \
    F(CALL, call, 0)                \
    F(NUMBER, number, 0)            \
    F(STR, text, 64)

#define FIELDS_COMMAND_RESULT(F)  \
    F(ENUM, reason, REASON_COUNT) \
    F(U32, epoch, 0)

/* A batch from one node, with its idempotence key (origin, incarnation, seq). Also the payload of a
 * log entry. */
#define FIELDS_PROPOSE(F)  \
    F(PROC, origin, 0)     \
    F(INC, incarnation, 0) \
    F(U64, seq, 0)         \
    F(REPEATED, commands, command)

#define FIELDS_PROPOSED(F) \
    F(PROC, origin, 0)     \
    F(INC, incarnation, 0) \
    F(U64, seq, 0)         \
    F(U64, index, 0)       \
    F(REPEATED, results, command_result)

/* Not the leader (any more): try `leader` (0: unknown). */
#define FIELDS_NOT_LEADER(F) \
    F(U64, seq, 0)           \
    F(U64, term, 0)          \
    F(PROC, leader, 0)

/* Stamps are the leader's clock: a node gives the last one back, which proves that it followed this
 * leader after that moment. 0: there was none in this term. A grant of 0 ms is a stamp and no
 * lease. */
#define FIELDS_LEASE_RENEW(F) \
    F(INC, incarnation, 0)    \
    F(U64, seq, 0)            \
    F(U64, stamp_us, 0)

#define FIELDS_LEASE_GRANTED(F) \
    F(U64, term, 0)             \
    F(U64, seq, 0)              \
    F(U32, granted_ms, 0)       \
    F(U64, stamp_us, 0)

/* A linearizable read: which index must I have applied? */
#define FIELDS_READ_INDEX(F) F(U64, seq, 0)

#define FIELDS_READ_INDEX_ANSWER(F) \
    F(U64, seq, 0)                  \
    F(U64, index, 0)                \
    F(ENUM, reason, REASON_COUNT)

/* Snapshot of the registry: never sent, only stored. A head, then rows, then `proposed` for each
 * origin. */
#define FIELDS_SNAPSHOT_HEAD(F) \
    F(U64, applied, 0)          \
    F(U64, hash, 0)             \
    F(U64, topology, 0)         \
    F(U32, devices, 0)          \
    F(U32, nodes, 0)            \
    F(U32, texts, 0)            \
    F(U32, batches, 0)

#define FIELDS_SNAPSHOT_DEVICE(F)      \
    F(DEVICE, device, 0)               \
    F(PROC, owner, 0)                  \
    F(ENUM, state, DEVICE_STATE_COUNT) \
    F(U32, epoch, 0)                   \
    F(INC, incarnation, 0)             \
    F(U64, counter, 0)                 \
    F(U64, since, 0)

#define FIELDS_SNAPSHOT_NODE(F) \
    F(PROC, node, 0)            \
    F(BOOL, up, 0)              \
    F(INC, incarnation, 0)      \
    F(BOOL, callmanager_up, 0)  \
    F(INC, callmanager, 0)      \
    F(BOOL, ctimanager_up, 0)   \
    F(INC, ctimanager, 0)

/* Forwards and configuration are told as the commands that make them. */
#define FIELDS_SNAPSHOT_ROWS(F)           \
    F(REPEATED, devices, snapshot_device) \
    F(REPEATED, nodes, snapshot_node)     \
    F(REPEATED, texts, command)

#endif
