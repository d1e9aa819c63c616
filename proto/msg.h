/* msg: every message of the system as a bounded plain struct.
 *
 * MSG_MAP is the one list: enum, names, structs, codec and dispatch are made from it. A message
 * says which links may carry it; what comes over another link is dropped and counted. The bytes are
 * the codec's business (proto/codec.h). */
#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include "node/base/err.h"
#include "node/base/id.h"
#include "node/base/vocabulary.h"
#include "proto/fields_controller.h"
#include "proto/fields_desktop.h"
#include "proto/fields_jtapi.h"
#include "proto/fields_mds.h"
#include "proto/fields_member.h"
#include "proto/fields_operator.h"
#include "proto/fields_private.h"
#include "proto/fields_sdl.h"
#include "proto/fields_station.h"

#include <stdbool.h>
#include <stdint.h>

/* Links. The listening side binds one ROUTER socket a link; LOCAL joins two services of one
 * process. X(NAME, word, TCP port, largest frame in bytes, who listens) */
#define LINK_MAP(X)                                                 \
    X(LOCAL, local, 0, 65536, "two services of one process")        \
    X(STATION, station, 2000, 65536, "CallManager")                 \
    X(SDL, sdl, 8002, 1048576, "CallManager")                       \
    X(JTAPI, jtapi, 2748, 1048576, "CTI Manager")                   \
    X(MEMBER, member, 8500, 1048576, "node")                        \
    X(DESKTOP, desktop, 42027, 65536, "CTI server of a PG side")    \
    X(PRIVATE, private, 43004, 1048576, "PG side")                  \
    X(CONTROLLER, controller, 40007, 1048576, "central controller") \
    X(OPERATOR, operator, 9000, 65536, "every process")

#define LINK_ENUM(name, word, port, bytes, who) LINK_##name,
enum link { LINK_MAP(LINK_ENUM) LINK_COUNT };
#undef LINK_ENUM
#define LINK_BIT(name) (1u << LINK_##name)

#define RAFT_PORT 8600 /* libraft's own TCP */
#define TAP_PORT  9001 /* XPUB of every process: its events for anyone who wants to look */

/* X(NAME, name, ProtobufName, links that may carry it) */
#define MSG_MAP(X)                                                                                \
    X(STATION_REGISTER, station_register, StationRegister, LINK_BIT(STATION))                     \
    X(STATION_REGISTERED, station_registered, StationRegistered, LINK_BIT(STATION))               \
    X(STATION_REFUSED, station_refused, StationRefused, LINK_BIT(STATION))                        \
    X(STATION_UNREGISTER, station_unregister, StationUnregister, LINK_BIT(STATION))               \
    X(STATION_KEEPALIVE, station_keepalive, StationKeepalive, LINK_BIT(STATION))                  \
    X(STATION_KEEPALIVE_ACK, station_keepalive_ack, StationKeepaliveAck, LINK_BIT(STATION))       \
    X(STATION_RESET, station_reset, StationReset, LINK_BIT(STATION))                              \
    X(STATION_PRESERVED, station_preserved, StationPreserved, LINK_BIT(STATION))                  \
    X(STATION_FALLBACK, station_fallback, StationFallback, LINK_BIT(STATION))                     \
    X(STATION_FALLBACK_ANSWER, station_fallback_answer, StationFallbackAnswer, LINK_BIT(STATION)) \
    X(STATION_DIAL, station_dial, StationDial, LINK_BIT(STATION))                                 \
    X(STATION_KEY, station_key, StationKey, LINK_BIT(STATION))                                    \
    X(STATION_KEY_RESULT, station_key_result, StationKeyResult, LINK_BIT(STATION))                \
    X(STATION_CALL, station_call, StationCall, LINK_BIT(STATION))                                 \
    X(SDL_OFFER, sdl_offer, SdlOffer, LINK_BIT(SDL))                                              \
    X(SDL_LEG, sdl_leg, SdlLeg, LINK_BIT(SDL))                                                    \
    X(SDL_KEY, sdl_key, SdlKey, LINK_BIT(SDL))                                                    \
    X(SDL_KEY_RESULT, sdl_key_result, SdlKeyResult, LINK_BIT(SDL))                                \
    X(SDL_GONE, sdl_gone, SdlGone, LINK_BIT(SDL))                                                 \
    X(SDL_SUBSCRIBE, sdl_subscribe, SdlSubscribe, LINK_BIT(SDL) | LINK_BIT(LOCAL))                \
    X(SDL_EVENT, sdl_event, SdlEvent, LINK_BIT(SDL) | LINK_BIT(LOCAL))                            \
    X(SDL_REQUEST, sdl_request, SdlRequest, LINK_BIT(SDL) | LINK_BIT(LOCAL))                      \
    X(SDL_REQUEST_RESULT, sdl_request_result, SdlRequestResult, LINK_BIT(SDL) | LINK_BIT(LOCAL))  \
    X(SDL_SNAPSHOT, sdl_snapshot, SdlSnapshot, LINK_BIT(SDL) | LINK_BIT(LOCAL))                   \
    X(PROVIDER_OPEN, provider_open, ProviderOpen, LINK_BIT(JTAPI))                                \
    X(PROVIDER_OPENED, provider_opened, ProviderOpened, LINK_BIT(JTAPI))                          \
    X(PROVIDER_STATE, provider_state, ProviderState, LINK_BIT(JTAPI))                             \
    X(PROVIDER_CLOSE, provider_close, ProviderClose, LINK_BIT(JTAPI))                             \
    X(MONITOR, monitor, Monitor, LINK_BIT(JTAPI))                                                 \
    X(MONITOR_CONFIRMED, monitor_confirmed, MonitorConfirmed, LINK_BIT(JTAPI))                    \
    X(CTI_EVENT, cti_event, CtiEvent, LINK_BIT(JTAPI))                                            \
    X(CTI_EVENT_ACK, cti_event_ack, CtiEventAck, LINK_BIT(JTAPI))                                 \
    X(CTI_REQUEST, cti_request, CtiRequest, LINK_BIT(JTAPI))                                      \
    X(CTI_RESULT, cti_result, CtiResult, LINK_BIT(JTAPI))                                         \
    X(PROPOSE, propose, Propose, LINK_BIT(MEMBER))                                                \
    X(PROPOSED, proposed, Proposed, LINK_BIT(MEMBER))                                             \
    X(NOT_LEADER, not_leader, NotLeader, LINK_BIT(MEMBER))                                        \
    X(LEASE_RENEW, lease_renew, LeaseRenew, LINK_BIT(MEMBER))                                     \
    X(LEASE_GRANTED, lease_granted, LeaseGranted, LINK_BIT(MEMBER))                               \
    X(READ_INDEX, read_index, ReadIndex, LINK_BIT(MEMBER))                                        \
    X(READ_INDEX_ANSWER, read_index_answer, ReadIndexAnswer, LINK_BIT(MEMBER))                    \
    X(DESKTOP_OPEN, desktop_open, DesktopOpen, LINK_BIT(DESKTOP))                                 \
    X(DESKTOP_OPENED, desktop_opened, DesktopOpened, LINK_BIT(DESKTOP))                           \
    X(DESKTOP_REQUEST, desktop_request, DesktopRequest, LINK_BIT(DESKTOP))                        \
    X(DESKTOP_RESULT, desktop_result, DesktopResult, LINK_BIT(DESKTOP))                           \
    X(DESKTOP_AGENT, desktop_agent, DesktopAgent, LINK_BIT(DESKTOP))                              \
    X(DESKTOP_CALL, desktop_call, DesktopCall, LINK_BIT(DESKTOP))                                 \
    X(DESKTOP_WRAPUP, desktop_wrapup, DesktopWrapup, LINK_BIT(DESKTOP))                           \
    X(DESKTOP_CONTROL, desktop_control, DesktopControl, LINK_BIT(DESKTOP))                        \
    X(DESKTOP_CONTROL_RESULT, desktop_control_result, DesktopControlResult, LINK_BIT(DESKTOP))    \
    X(DESKTOP_CLOSED, desktop_closed, DesktopClosed, LINK_BIT(DESKTOP))                           \
    X(PRIVATE_STATUS, private_status, PrivateStatus, LINK_BIT(PRIVATE))                           \
    X(PRIVATE_GIVE_UP, private_give_up, PrivateGiveUp, LINK_BIT(PRIVATE))                         \
    X(PRIVATE_INPUT, private_input, PrivateInput, LINK_BIT(PRIVATE))                              \
    X(PRIVATE_INPUT_ACK, private_input_ack, PrivateInputAck, LINK_BIT(PRIVATE))                   \
    X(PRIVATE_STATE_REQUEST, private_state_request, PrivateStateRequest, LINK_BIT(PRIVATE))       \
    X(PRIVATE_AGENT, private_agent, PrivateAgent, LINK_BIT(PRIVATE))                              \
    X(PRIVATE_LEG, private_leg, PrivateLeg, LINK_BIT(PRIVATE))                                    \
    X(PG_HELLO, pg_hello, PgHello, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))                      \
    X(PG_GRANT, pg_grant, PgGrant, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))                      \
    X(ROUTE_REQUEST, route_request, RouteRequest, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))       \
    X(ROUTE_ANSWER, route_answer, RouteAnswer, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))          \
    X(ROUTE_CANCEL, route_cancel, RouteCancel, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))          \
    X(AGENT_UPDATE, agent_update, AgentUpdate, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))          \
    X(RECORD_TCD, record_tcd, RecordTcd, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))                \
    X(RECORD_LOGOUT, record_logout, RecordLogout, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))       \
    X(RECORD_STATE, record_state, RecordState, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))          \
    X(RECORD_ACK, record_ack, RecordAck, LINK_BIT(CONTROLLER))                                    \
    X(OP_STATUS, op_status, OpStatus, LINK_BIT(OPERATOR))                                         \
    X(OP_NODE_STATUS, op_node_status, OpNodeStatus, LINK_BIT(OPERATOR))                           \
    X(OP_PG_STATUS, op_pg_status, OpPgStatus, LINK_BIT(OPERATOR))                                 \
    X(OP_ICM_STATUS, op_icm_status, OpIcmStatus, LINK_BIT(OPERATOR))                              \
    X(OP_FLEET_STATUS, op_fleet_status, OpFleetStatus, LINK_BIT(OPERATOR))                        \
    X(OP_LIST, op_list, OpList, LINK_BIT(OPERATOR))                                               \
    X(OP_DEVICES, op_devices, OpDevices, LINK_BIT(OPERATOR))                                      \
    X(OP_CALLS, op_calls, OpCalls, LINK_BIT(OPERATOR))                                            \
    X(OP_AGENTS, op_agents, OpAgents, LINK_BIT(OPERATOR))                                         \
    X(OP_COMMAND, op_command, OpCommand, LINK_BIT(OPERATOR))                                      \
    X(OP_DONE, op_done, OpDone, LINK_BIT(OPERATOR))                                               \
    X(SNAPSHOT_HEAD, snapshot_head, SnapshotHead, LINK_BIT(LOCAL))                                \
    X(SNAPSHOT_ROWS, snapshot_rows, SnapshotRows, LINK_BIT(LOCAL))                                \
    X(SDL_OFFERED, sdl_offered, SdlOffered, LINK_BIT(SDL))                                        \
    X(SDL_SESSION, sdl_session, SdlSession, LINK_BIT(LOCAL))                                      \
    X(OP_LOG_READ, op_log_read, OpLogRead, LINK_BIT(OPERATOR))                                    \
    X(OP_LOG, op_log, OpLog, LINK_BIT(OPERATOR))                                                  \
    X(OP_TRANSFER, op_transfer, OpTransfer, LINK_BIT(OPERATOR))                                   \
    X(PROVIDER_REACH, provider_reach, ProviderReach, LINK_BIT(JTAPI))                             \
    X(PG_WEIGHT, pg_weight, PgWeight, LINK_BIT(CONTROLLER) | LINK_BIT(PRIVATE))                   \
    X(MDS_STATUS, mds_status, MdsStatus, LINK_BIT(PRIVATE) | LINK_BIT(CONTROLLER))                \
    X(MDS_INPUT, mds_input, MdsInput, LINK_BIT(PRIVATE))                                          \
    X(MDS_ACK, mds_ack, MdsAck, LINK_BIT(PRIVATE))                                                \
    X(MDS_STATE_REQUEST, mds_state_request, MdsStateRequest, LINK_BIT(PRIVATE))                   \
    X(MDS_PAIR, mds_pair, MdsPair, LINK_BIT(PRIVATE))                                             \
    X(MDS_AGENT, mds_agent, MdsAgent, LINK_BIT(PRIVATE))                                          \
    X(MDS_CALL, mds_call, MdsCall, LINK_BIT(PRIVATE))                                             \
    X(MDS_PATH, mds_path, MdsPath, LINK_BIT(PRIVATE))                                             \
    X(MDS_END, mds_end, MdsEnd, LINK_BIT(PRIVATE))                                                \
    X(RECOVERY_ASK, recovery_ask, RecoveryAsk, LINK_BIT(PRIVATE))                                 \
    X(RECOVERY_END, recovery_end, RecoveryEnd, LINK_BIT(PRIVATE))                                 \
    X(RECOVERY_HELD, recovery_held, RecoveryHeld, LINK_BIT(LOCAL))                                \
    X(PG_PATH, pg_path, PgPath, LINK_BIT(CONTROLLER))

/* Parts of messages. X(name, ProtobufName) */
#define PART_MAP(X)                    \
    X(device_event, DeviceEvent)       \
    X(device_ref, DeviceRef)           \
    X(command, Command)                \
    X(command_result, CommandResult)   \
    X(op_device, OpDevice)             \
    X(op_call, OpCall)                 \
    X(op_agent, OpAgent)               \
    X(op_log_row, OpLogRow)            \
    X(snapshot_device, SnapshotDevice) \
    X(snapshot_node, SnapshotNode)

#define MSG_ENUM(NAME, name, Pb, links) MSG_##NAME,
/* The numbers are the wire's and the log's: MSG_MAP is append-only, so a new kind goes to its end,
 * whatever its link (tests/unit/golden/messages.txt holds the bytes of every kind). */
enum msg_kind { MSG_NONE, MSG_MAP(MSG_ENUM) MSG_COUNT };
#undef MSG_ENUM

/* How many of a part one message may carry. */
#define MAX_device_ref      256
#define MAX_command         256
#define MAX_command_result  256
#define MAX_op_device       256
#define MAX_op_call         64
#define MAX_op_agent        64
#define MAX_op_log_row      128
#define MAX_snapshot_device 256
#define MAX_snapshot_node   48

#define FIELD_U32(name, bound)    uint32_t name;
#define FIELD_U64(name, bound)    uint64_t name;
#define FIELD_I64(name, bound)    int64_t name;
#define FIELD_BOOL(name, bound)   bool name;
#define FIELD_ENUM(name, bound)   uint32_t name; /* below `bound` once decoded */
#define FIELD_DEVICE(name, bound) struct device_id name;
#define FIELD_CALL(name, bound)   struct call_id name;
#define FIELD_PROC(name, bound)   struct proc_id name;
#define FIELD_AGENT(name, bound)  struct agent_id name;
#define FIELD_INC(name, bound)    struct incarnation name;
#define FIELD_NUMBER(name, bound) char name[NUMBER_LEN];
#define FIELD_STR(name, bound)    char name[bound];
#define FIELD_NESTED(name, part)  struct msg_##part name;
#define FIELD_REPEATED(name, part) \
    uint32_t name##_n;             \
    struct msg_##part name[MAX_##part];

#define FIELD(type, name, bound) FIELD_##type(name, bound)
struct msg_device_event {
    FIELDS_DEVICE_EVENT(FIELD)
};
struct msg_device_ref {
    FIELDS_DEVICE_REF(FIELD)
};
struct msg_command {
    FIELDS_COMMAND(FIELD)
};
struct msg_command_result {
    FIELDS_COMMAND_RESULT(FIELD)
};
struct msg_op_device {
    FIELDS_OP_DEVICE(FIELD)
};
struct msg_op_call {
    FIELDS_OP_CALL(FIELD)
};
struct msg_op_agent {
    FIELDS_OP_AGENT(FIELD)
};
struct msg_op_log_row {
    FIELDS_OP_LOG_ROW(FIELD)
};
struct msg_snapshot_device {
    FIELDS_SNAPSHOT_DEVICE(FIELD)
};
struct msg_snapshot_node {
    FIELDS_SNAPSHOT_NODE(FIELD)
};
struct msg_station_register {
    FIELDS_STATION_REGISTER(FIELD)
};
struct msg_station_registered {
    FIELDS_STATION_REGISTERED(FIELD)
};
struct msg_station_refused {
    FIELDS_STATION_REFUSED(FIELD)
};
struct msg_station_unregister {
    FIELDS_STATION_UNREGISTER(FIELD)
};
struct msg_station_keepalive {
    FIELDS_STATION_KEEPALIVE(FIELD)
};
struct msg_station_keepalive_ack {
    FIELDS_STATION_KEEPALIVE_ACK(FIELD)
};
struct msg_station_reset {
    FIELDS_STATION_RESET(FIELD)
};
struct msg_station_preserved {
    FIELDS_STATION_PRESERVED(FIELD)
};
struct msg_station_fallback {
    FIELDS_STATION_FALLBACK(FIELD)
};
struct msg_station_fallback_answer {
    FIELDS_STATION_FALLBACK_ANSWER(FIELD)
};
struct msg_station_dial {
    FIELDS_STATION_DIAL(FIELD)
};
struct msg_station_key {
    FIELDS_STATION_KEY(FIELD)
};
struct msg_station_key_result {
    FIELDS_STATION_KEY_RESULT(FIELD)
};
struct msg_station_call {
    FIELDS_STATION_CALL(FIELD)
};
struct msg_sdl_offer {
    FIELDS_SDL_OFFER(FIELD)
};
struct msg_sdl_session {
    FIELDS_SDL_SESSION(FIELD)
};
struct msg_op_log_read {
    FIELDS_OP_LOG_READ(FIELD)
};
struct msg_op_log {
    FIELDS_OP_LOG(FIELD)
};
struct msg_op_transfer {
    FIELDS_OP_TRANSFER(FIELD)
};
struct msg_sdl_offered {
    FIELDS_SDL_OFFERED(FIELD)
};
struct msg_sdl_leg {
    FIELDS_SDL_LEG(FIELD)
};
struct msg_sdl_key {
    FIELDS_SDL_KEY(FIELD)
};
struct msg_sdl_key_result {
    FIELDS_SDL_KEY_RESULT(FIELD)
};
struct msg_sdl_gone {
    FIELDS_SDL_GONE(FIELD)
};
struct msg_sdl_subscribe {
    FIELDS_SDL_SUBSCRIBE(FIELD)
};
struct msg_sdl_event {
    FIELDS_SDL_EVENT(FIELD)
};
struct msg_sdl_request {
    FIELDS_SDL_REQUEST(FIELD)
};
struct msg_sdl_request_result {
    FIELDS_SDL_REQUEST_RESULT(FIELD)
};
struct msg_sdl_snapshot {
    FIELDS_SDL_SNAPSHOT(FIELD)
};
struct msg_provider_open {
    FIELDS_PROVIDER_OPEN(FIELD)
};
struct msg_provider_opened {
    FIELDS_PROVIDER_OPENED(FIELD)
};
struct msg_provider_state {
    FIELDS_PROVIDER_STATE(FIELD)
};
struct msg_provider_reach {
    FIELDS_PROVIDER_REACH(FIELD)
};
struct msg_provider_close {
    FIELDS_PROVIDER_CLOSE(FIELD)
};
struct msg_monitor {
    FIELDS_MONITOR(FIELD)
};
struct msg_monitor_confirmed {
    FIELDS_MONITOR_CONFIRMED(FIELD)
};
struct msg_cti_event {
    FIELDS_CTI_EVENT(FIELD)
};
struct msg_cti_event_ack {
    FIELDS_CTI_EVENT_ACK(FIELD)
};
struct msg_cti_request {
    FIELDS_CTI_REQUEST(FIELD)
};
struct msg_cti_result {
    FIELDS_CTI_RESULT(FIELD)
};
struct msg_propose {
    FIELDS_PROPOSE(FIELD)
};
struct msg_proposed {
    FIELDS_PROPOSED(FIELD)
};
struct msg_not_leader {
    FIELDS_NOT_LEADER(FIELD)
};
struct msg_lease_renew {
    FIELDS_LEASE_RENEW(FIELD)
};
struct msg_lease_granted {
    FIELDS_LEASE_GRANTED(FIELD)
};
struct msg_read_index {
    FIELDS_READ_INDEX(FIELD)
};
struct msg_read_index_answer {
    FIELDS_READ_INDEX_ANSWER(FIELD)
};
struct msg_desktop_open {
    FIELDS_DESKTOP_OPEN(FIELD)
};
struct msg_desktop_opened {
    FIELDS_DESKTOP_OPENED(FIELD)
};
struct msg_desktop_request {
    FIELDS_DESKTOP_REQUEST(FIELD)
};
struct msg_desktop_result {
    FIELDS_DESKTOP_RESULT(FIELD)
};
struct msg_desktop_agent {
    FIELDS_DESKTOP_AGENT(FIELD)
};
struct msg_desktop_call {
    FIELDS_DESKTOP_CALL(FIELD)
};
struct msg_desktop_wrapup {
    FIELDS_DESKTOP_WRAPUP(FIELD)
};
struct msg_desktop_control {
    FIELDS_DESKTOP_CONTROL(FIELD)
};
struct msg_desktop_control_result {
    FIELDS_DESKTOP_CONTROL_RESULT(FIELD)
};
struct msg_desktop_closed {
    FIELDS_DESKTOP_CLOSED(FIELD)
};
struct msg_private_status {
    FIELDS_PRIVATE_STATUS(FIELD)
};
struct msg_private_give_up {
    FIELDS_PRIVATE_GIVE_UP(FIELD)
};
struct msg_private_input {
    FIELDS_PRIVATE_INPUT(FIELD)
};
struct msg_private_input_ack {
    FIELDS_PRIVATE_INPUT_ACK(FIELD)
};
struct msg_private_state_request {
    FIELDS_PRIVATE_STATE_REQUEST(FIELD)
};
struct msg_private_agent {
    FIELDS_PRIVATE_AGENT(FIELD)
};
struct msg_private_leg {
    FIELDS_PRIVATE_LEG(FIELD)
};
struct msg_pg_hello {
    FIELDS_PG_HELLO(FIELD)
};
struct msg_pg_weight {
    FIELDS_PG_WEIGHT(FIELD)
};
struct msg_pg_grant {
    FIELDS_PG_GRANT(FIELD)
};
struct msg_route_request {
    FIELDS_ROUTE_REQUEST(FIELD)
};
struct msg_route_answer {
    FIELDS_ROUTE_ANSWER(FIELD)
};
struct msg_route_cancel {
    FIELDS_ROUTE_CANCEL(FIELD)
};
struct msg_agent_update {
    FIELDS_AGENT_UPDATE(FIELD)
};
struct msg_record_tcd {
    FIELDS_RECORD_TCD(FIELD)
};
struct msg_record_logout {
    FIELDS_RECORD_LOGOUT(FIELD)
};
struct msg_record_state {
    FIELDS_RECORD_STATE(FIELD)
};
struct msg_record_ack {
    FIELDS_RECORD_ACK(FIELD)
};
struct msg_op_status {
    FIELDS_OP_STATUS(FIELD)
};
struct msg_op_node_status {
    FIELDS_OP_NODE_STATUS(FIELD)
};
struct msg_op_pg_status {
    FIELDS_OP_PG_STATUS(FIELD)
};
struct msg_op_icm_status {
    FIELDS_OP_ICM_STATUS(FIELD)
};
struct msg_op_fleet_status {
    FIELDS_OP_FLEET_STATUS(FIELD)
};
struct msg_op_list {
    FIELDS_OP_LIST(FIELD)
};
struct msg_op_devices {
    FIELDS_OP_DEVICES(FIELD)
};
struct msg_op_calls {
    FIELDS_OP_CALLS(FIELD)
};
struct msg_op_agents {
    FIELDS_OP_AGENTS(FIELD)
};
struct msg_op_command {
    FIELDS_OP_COMMAND(FIELD)
};
struct msg_op_done {
    FIELDS_OP_DONE(FIELD)
};
struct msg_mds_status {
    FIELDS_MDS_STATUS(FIELD)
};
struct msg_mds_input {
    FIELDS_MDS_INPUT(FIELD)
};
struct msg_mds_ack {
    FIELDS_MDS_ACK(FIELD)
};
struct msg_mds_state_request {
    FIELDS_MDS_STATE_REQUEST(FIELD)
};
struct msg_mds_pair {
    FIELDS_MDS_PAIR(FIELD)
};
struct msg_mds_agent {
    FIELDS_MDS_AGENT(FIELD)
};
struct msg_mds_call {
    FIELDS_MDS_CALL(FIELD)
};
struct msg_mds_path {
    FIELDS_MDS_PATH(FIELD)
};
struct msg_mds_end {
    FIELDS_MDS_END(FIELD)
};
struct msg_recovery_ask {
    FIELDS_RECOVERY_ASK(FIELD)
};
struct msg_recovery_end {
    FIELDS_RECOVERY_END(FIELD)
};
struct msg_recovery_held {
    FIELDS_RECOVERY_HELD(FIELD)
};
struct msg_pg_path {
    FIELDS_PG_PATH(FIELD)
};
struct msg_snapshot_head {
    FIELDS_SNAPSHOT_HEAD(FIELD)
};
struct msg_snapshot_rows {
    FIELDS_SNAPSHOT_ROWS(FIELD)
};
#undef FIELD

struct msg {
    enum msg_kind kind;
    uint64_t correlation; /* the call or device whose story this is; 0: none */
    union {
#define MSG_MEMBER(NAME, name, Pb, links) struct msg_##name name;
        MSG_MAP(MSG_MEMBER)
#undef MSG_MEMBER
    };
};

/* "station_register"; "?" for what is no kind. */
const char *msg_name(enum msg_kind kind);
bool msg_allowed(enum msg_kind kind, enum link link);
/* Of a record: which are RECORD_TCD, RECORD_LOGOUT and RECORD_STATE. */
bool msg_is_record(enum msg_kind kind);
struct proc_id msg_record_sender(const struct msg *record);
int64_t msg_record_key(const struct msg *record);
/* A duplexed controller says who sent a record and in which order it came. */
void msg_record_order(struct msg *record, struct proc_id sender, int64_t recovery_key);
const char *msg_link_name(enum link link);
uint16_t msg_link_port(enum link link);
uint32_t msg_link_frame_max(enum link link);

#endif
