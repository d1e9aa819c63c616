/* vocabulary: the closed lists of words that messages, roles and events share; each is one X-macro.
 *
 * `name_text(v)` is the word in JSON and on screens (lower_snake_case), `name_meaning(v)` one
 * sentence; both are never NULL. */
#ifndef NODE_BASE_VOCABULARY_H
#define NODE_BASE_VOCABULARY_H

/* Why something was refused, dropped or lost. */
#define REASON_MAP(X)                                                                           \
    X(REASON, NONE, none, "no reason: it is done")                                              \
    X(REASON, NO_QUORUM, no_quorum,                                                             \
      "this node has no lease from a Raft majority; try another node")                          \
    X(REASON, THROTTLED, throttled, "too many at once; try again after the time given")         \
    X(REASON, UNKNOWN_DEVICE, unknown_device, "no such device in the topology")                 \
    X(REASON, OLD_COUNTER, old_counter, "a newer registration of this device is already known") \
    X(REASON, OLD_EPOCH, old_epoch, "the device has a newer epoch: another node owns it")       \
    X(REASON, NOT_OWNER, not_owner, "this node does not serve the device")                      \
    X(REASON, PRESERVED, preserved, "the call is preserved: it can only be hung up")            \
    X(REASON, BUSY, busy, "the device is in a call")                                            \
    X(REASON, NO_ANSWER, no_answer, "nobody answered in time")                                  \
    X(REASON, UNKNOWN_NUMBER, unknown_number, "no device has this number")                      \
    X(REASON, UNREGISTERED, unregistered, "the called device is not registered")                \
    X(REASON, NO_CALL, no_call, "no such call")                                                 \
    X(REASON, BAD_STATE, bad_state, "not possible in this state of the call or the agent")      \
    X(REASON, NODE_LOST, node_lost, "a node died")                                              \
    X(REASON, SERVICE_LOST, service_lost, "the service is gone")                                \
    X(REASON, PROVIDER_LOST, provider_lost, "the CTI provider was lost")                        \
    X(REASON, HUNG_UP, hung_up, "a party hung up")                                              \
    X(REASON, MEDIA_LOST, media_lost, "no media from the other party")                          \
    X(REASON, ABANDONED, abandoned, "the caller gave up")                                       \
    X(REASON, NOT_ACTIVE, not_active, "this PG side is not active")                             \
    X(REASON, NO_AGENT, no_agent, "no agent can take it")                                       \
    X(REASON, NO_CONTROLLER, no_controller, "no path to the central controller")                \
    X(REASON, NOT_PUBLISHER, not_publisher, "configuration is written on the publisher only")   \
    X(REASON, OUT_OF_SERVICE, out_of_service, "the phone is not registered")                    \
    X(REASON, TIMEOUT, timeout, "no answer in time")                                            \
    X(REASON, DROPPED_IN_SETUP, dropped_in_setup,                                               \
      "the call was being set up or changed when its CallManager died")                         \
    X(REASON, REDIRECTED, redirected, "the call went on to another number")                     \
    X(REASON, TRANSFERRED, transferred, "the call was transferred")                             \
    X(REASON, CONFERENCED, conferenced, "the call became a conference")                         \
    X(REASON, FULL, full, "a table is full")                                                    \
    X(REASON, BAD_REQUEST, bad_request, "the request makes no sense")                           \
    X(REASON, SHUTDOWN, shutdown, "the service is stopping")                                    \
    X(REASON, STALE_LINK, stale_link, "the peer started anew")                                  \
    X(REASON, OVERFLOW, overflow, "more was outstanding than the window holds")                 \
    X(REASON, PEER_LOST, peer_lost, "the other PG side is gone")                                \
    X(REASON, ROLLED_BACK, rolled_back,                                                         \
      "the Raft leader changed; it is unknown whether it was done")                             \
    X(REASON, BY_HAND, by_hand,                                                                 \
      "devices go home by hand only; rehome config set fallback=graceful lets them go")         \
    X(REASON, UNTIL_CLEAR, until_clear,                                                         \
      "this PG side found a call of the agent when it took over; it must be over first")        \
    X(REASON, OUTWEIGHED, outweighed,                                                           \
      "the sides of the pair have lost each other, and this one reaches more devices")

/* A key on a phone, or the same asked by CTI. */
#define KEY_MAP(X)                                                                       \
    X(KEY, NONE, none, "no key")                                                         \
    X(KEY, ANSWER, answer, "answer")                                                     \
    X(KEY, HOLD, hold, "hold")                                                           \
    X(KEY, RETRIEVE, retrieve, "retrieve")                                               \
    X(KEY, TRANSFER, transfer, "start a consultation call, to transfer")                 \
    X(KEY, TRANSFER_COMPLETE, transfer_complete,                                         \
      "join the held party with the consulted one and leave")                            \
    X(KEY, TRANSFER_BLIND, transfer_blind, "send the other party to a number and leave") \
    X(KEY, CONFERENCE, conference, "start a consultation call, for a conference")        \
    X(KEY, CONFERENCE_COMPLETE, conference_complete, "join all three")                   \
    X(KEY, HANGUP, hangup, "release")                                                    \
    X(KEY, ROUTE, route, "CTI only: send a call at a route point to a number")           \
    X(KEY, DIAL, dial, "CTI and operator only: make a call")

/* The state of one leg of a call. */
#define LEG_MAP(X)                                                           \
    X(LEG, IDLE, idle, "no call")                                            \
    X(LEG, DIALING, dialing, "dialled, not yet alerting")                    \
    X(LEG, RINGBACK, ringback, "the other side rings")                       \
    X(LEG, QUEUED, queued, "waiting at a route point")                       \
    X(LEG, RINGING, ringing, "this device rings")                            \
    X(LEG, CONNECTED, connected, "talking")                                  \
    X(LEG, HOLDING, holding, "this party put the call on hold")              \
    X(LEG, HELD, held, "the other party put the call on hold")               \
    X(LEG, CONSULTING, consulting, "held while a consultation call is made") \
    X(LEG, ENDED, ended, "over")

/* What a CallManager tells about a device. */
#define DEVICE_EVENT_MAP(X)                                                             \
    X(DEVICE_EVENT, NONE, none, "nothing")                                              \
    X(DEVICE_EVENT, IN_SERVICE, in_service, "the device registered")                    \
    X(DEVICE_EVENT, OUT_OF_SERVICE, out_of_service, "the device lost its registration") \
    X(DEVICE_EVENT, ORIGINATED, originated, "the device dialled")                       \
    X(DEVICE_EVENT, OFFERED, offered, "a call is at a route point and wants a route")   \
    X(DEVICE_EVENT, RINGING, ringing, "a call alerts at the device")                    \
    X(DEVICE_EVENT, CONNECTED, connected, "the leg is connected")                       \
    X(DEVICE_EVENT, HELD, held, "the device put the call on hold")                      \
    X(DEVICE_EVENT, RETRIEVED, retrieved, "the device took the call back")              \
    X(DEVICE_EVENT, TRANSFERRED, transferred, "the device transferred the call away")   \
    X(DEVICE_EVENT, CONFERENCED, conferenced, "the device is now in a conference")      \
    X(DEVICE_EVENT, DISCONNECTED, disconnected, "the leg ended")                        \
    X(DEVICE_EVENT, FAILED, failed, "the leg could not be made")                        \
    X(DEVICE_EVENT, SNAPSHOT, snapshot, "a call that exists, told on request")          \
    X(DEVICE_EVENT, SNAPSHOT_END, snapshot_end, "the end of the calls told on request")

/* A kind of device. */
#define DEVICE_KIND_MAP(X)                      \
    X(DEVICE_KIND, NONE, none, "none")          \
    X(DEVICE_KIND, PHONE, phone, "phone")       \
    X(DEVICE_KIND, GATEWAY, gateway, "gateway") \
    X(DEVICE_KIND, ROUTE_POINT, route_point, "CTI route point")

/* What the registry says of a device. */
#define DEVICE_STATE_MAP(X)                                          \
    X(DEVICE_STATE, UNREGISTERED, unregistered, "no node serves it") \
    X(DEVICE_STATE, REGISTERED, registered, "its owner serves it")   \
    X(DEVICE_STATE, IN_CALL, in_call, "owner lost, call preserved")

/* A service of a node. */
#define SERVICE_MAP(X)                                  \
    X(SERVICE, NONE, none, "none")                      \
    X(SERVICE, CALLMANAGER, callmanager, "CallManager") \
    X(SERVICE, CTIMANAGER, ctimanager, "CTI Manager")

/* A change of the registry. */
#define COMMAND_MAP(X)                                                                            \
    X(COMMAND, NONE, none, "nothing")                                                             \
    X(COMMAND, REGISTER, register, "a device registers at a node")                                \
    X(COMMAND, UNREGISTER, unregister, "a device leaves")                                         \
    X(COMMAND, RELEASE, release, "an owner gives a device back")                                  \
    X(COMMAND, IN_CALL, in_call, "a device without owner has a preserved call")                   \
    X(COMMAND, SERVICE_UP, service_up, "a service started with a new incarnation")                \
    X(COMMAND, SERVICE_DOWN, service_down, "a service died, said by its process")                 \
    X(COMMAND, NODE_DOWN, node_down, "a node was silent past its lease, said by the leader")      \
    X(COMMAND, ROUTE_POINT_OPEN, route_point_open, "a CTI Manager opens a route point at a node") \
    X(COMMAND, FORWARD, forward, "user data: calls to a number go to another")                    \
    X(COMMAND, CONFIG, config, "configuration: a key gets a value")

/* The state of an agent, numbered as in Agent_State_Trace. */
#define AGENT_STATE_MAP(X)                                                    \
    X(AGENT_STATE, LOGGED_OFF, logged_off, "logged off")                      \
    X(AGENT_STATE, LOGGED_ON, logged_on, "logged on")                         \
    X(AGENT_STATE, NOT_READY, not_ready, "not ready")                         \
    X(AGENT_STATE, READY, ready, "ready")                                     \
    X(AGENT_STATE, TALKING, talking, "talking")                               \
    X(AGENT_STATE, WORK_NOT_READY, work_not_ready, "wrap-up, then not ready") \
    X(AGENT_STATE, WORK_READY, work_ready, "wrap-up, then ready")             \
    X(AGENT_STATE, BUSY_OTHER, busy_other, "busy with another skill group")   \
    X(AGENT_STATE, RESERVED, reserved, "reserved for a call on its way")      \
    X(AGENT_STATE, CALL_INITIATED, call_initiated, "dialled")                 \
    X(AGENT_STATE, HELD, held, "call on hold")                                \
    X(AGENT_STATE, RETRIEVED, retrieved, "call retrieved")                    \
    X(AGENT_STATE, TRANSFERRED, transferred, "call transferred")              \
    X(AGENT_STATE, CONFERENCED, conferenced, "call conferenced")              \
    X(AGENT_STATE, UNKNOWN, unknown, "unknown")

/* What a desktop asks of the CTI server. */
#define AGENT_REQUEST_MAP(X)                               \
    X(AGENT_REQUEST, NONE, none, "nothing")                \
    X(AGENT_REQUEST, LOGIN, login, "log in")               \
    X(AGENT_REQUEST, LOGOUT, logout, "log out")            \
    X(AGENT_REQUEST, READY, ready, "go ready")             \
    X(AGENT_REQUEST, NOT_READY, not_ready, "go not ready") \
    X(AGENT_REQUEST, WRAPUP_DONE, wrapup_done, "end wrap-up")

/* An input of the OPC, the same on both sides. */
#define OPC_INPUT_MAP(X)                                                                \
    X(OPC_INPUT, NONE, none, "nothing")                                                 \
    X(OPC_INPUT, DEVICE_EVENT, device_event, "a CTI event")                             \
    X(OPC_INPUT, MONITORED, monitored, "a device is monitored")                         \
    X(OPC_INPUT, AGENT_REQUEST, agent_request, "an agent asked")                        \
    X(OPC_INPUT, WRAPUP, wrapup, "wrap-up data")                                        \
    X(OPC_INPUT, ROUTED, routed, "the controller answered a route request")             \
    X(OPC_INPUT, ROUTE_FAILED, route_failed, "a route request came to nothing")         \
    X(OPC_INPUT, PROVIDER_LOST, provider_lost, "the active side lost its CTI provider") \
    X(OPC_INPUT, ACTIVATED, activated, "a side became active")                          \
    X(OPC_INPUT, TICK, tick, "time passed")

/* How the controller answered a route request. */
#define ROUTE_MAP(X)                                                   \
    X(ROUTE, NONE, none, "nothing can be had")                         \
    X(ROUTE, LABEL, label, "an agent is reserved; here is the number") \
    X(ROUTE, QUEUED, queued, "no agent is free; the caller waits")

/* What a side of the central controller is. One without another side is none of these. */
#define MDS_STATE_MAP(X)                                                                    \
    X(MDS_STATE, NONE, none, "there is no other side")                                      \
    X(MDS_STATE, ISOLATED_DISABLED, isolated_disabled,                                      \
      "it serves nobody: it starts, has no device majority, or the other side serves")      \
    X(MDS_STATE, ISOLATED_ENABLED, isolated_enabled, "it serves alone")                     \
    X(MDS_STATE, PAIRED_DISABLED, paired_disabled, "both serve, and the other side orders") \
    X(MDS_STATE, PAIRED_ENABLED, paired_enabled, "both serve, and this side orders")

/* An input of the routers, the same on both sides. */
#define MDS_INPUT_MAP(X)                                                           \
    X(MDS_INPUT, NONE, none, "nothing")                                            \
    X(MDS_INPUT, BEGIN, begin, "a side begins without a partner")                  \
    X(MDS_INPUT, MESSAGE, message, "a PG side said something")                     \
    X(MDS_INPUT, LINK_UP, link_up, "a PG side has a path to a side")               \
    X(MDS_INPUT, LINK_DOWN, link_down, "a PG side has no path to a side any more") \
    X(MDS_INPUT, SIDE_LOST, side_lost, "all paths to a side are gone")             \
    X(MDS_INPUT, STORED, stored, "what the routers stored is on the disks")        \
    X(MDS_INPUT, TICK, tick, "time passed")

/* What a node is to Raft. (libraft has an `enum raft_state` of its own.) */
#define RAFT_STATE_MAP(X)                                  \
    X(RAFT_STATE, UNAVAILABLE, unavailable, "unavailable") \
    X(RAFT_STATE, FOLLOWER, follower, "follower")          \
    X(RAFT_STATE, CANDIDATE, candidate, "candidate")       \
    X(RAFT_STATE, LEADER, leader, "leader")

/* A kind of entry in the log of Raft. */
#define LOG_ENTRY_MAP(X)                                                                           \
    X(LOG_ENTRY, NONE, none, "none")                                                               \
    X(LOG_ENTRY, COMMANDS, commands, "changes of the registry, of one or more nodes")              \
    X(LOG_ENTRY, BARRIER, barrier, "changes nothing: who sees it has applied all that was before") \
    X(LOG_ENTRY, MEMBERS, members, "who the members of the cluster are")

/* What an operator asks a list of. */
#define OP_LIST_MAP(X)                      \
    X(OP_LIST, NONE, none, "nothing")       \
    X(OP_LIST, DEVICES, devices, "devices") \
    X(OP_LIST, CALLS, calls, "calls")       \
    X(OP_LIST, AGENTS, agents, "agents")

/* What an operator can order. */
#define OP_VERB_MAP(X)                                                          \
    X(OP_VERB, NONE, none, "nothing")                                           \
    X(OP_VERB, SERVICE_STOP, service_stop, "stop a service politely")           \
    X(OP_VERB, SERVICE_CRASH, service_crash, "crash a service")                 \
    X(OP_VERB, SERVICE_START, service_start, "start a service")                 \
    X(OP_VERB, PHONE, phone, "press a key on a phone (number, key, to)")        \
    X(OP_VERB, AGENT, agent, "let an agent ask something")                      \
    X(OP_VERB, CONFIG_SET, config_set, "write configuration (text: key=value)") \
    X(OP_VERB, FORWARD, forward, "forward a number")                            \
    X(OP_VERB, TRAFFIC, traffic,                                                \
      "set the calls per second in thousandths: value agents, to phones")       \
    X(OP_VERB, SHUTDOWN, shutdown, "end the process politely")                  \
    X(OP_VERB, LOOKUPS, lookups, "look devices up linearizably, so many times a second (value)")

/* The reason code of a logout because the phone went out of service. */
#define LOGOUT_PHONE_LOST 50003u

/* Policies, where the sources differ (docs/policies.md); the first of each is the default. */
#define FALLBACK_MAP(X)                                                     \
    X(FALLBACK, GRACEFUL, graceful, "idle devices go home in small groups") \
    X(FALLBACK, AUTO, auto, "idle devices go home, all at once")            \
    X(FALLBACK, MANUAL, manual, "nobody goes home until it is allowed by hand")
#define CONTROL_MAP(X)                                                                       \
    X(CONTROL, SNAPSHOT, snapshot, "a side that took over controls the calls that it finds") \
    X(CONTROL, UNTIL_CLEAR, until_clear, "an agent's calls must be over first")
#define LOGIN_MAP(X)                                                               \
    X(LOGIN, AUTO, auto, "an agent whose phone was lost logs in again by himself") \
    X(LOGIN, MANUAL, manual, "he stays logged out until he is logged in by hand")
#define CUT_ROW_MAP(X)                                                                 \
    X(CUT_ROW, FAILED, failed, "a record that is cut at a failure has disposition 27") \
    X(CUT_ROW, PARTIAL, partial, "it has disposition 53")

#define VOCABULARY_MAP(V)           \
    V(reason, REASON)               \
    V(key, KEY)                     \
    V(leg, LEG)                     \
    V(device_event, DEVICE_EVENT)   \
    V(device_kind, DEVICE_KIND)     \
    V(device_state, DEVICE_STATE)   \
    V(service, SERVICE)             \
    V(command, COMMAND)             \
    V(agent_state, AGENT_STATE)     \
    V(agent_request, AGENT_REQUEST) \
    V(opc_input, OPC_INPUT)         \
    V(route, ROUTE)                 \
    V(mds_state, MDS_STATE)         \
    V(mds_input, MDS_INPUT)         \
    V(raft_standing, RAFT_STATE)    \
    V(log_entry, LOG_ENTRY)         \
    V(op_list, OP_LIST)             \
    V(op_verb, OP_VERB)             \
    V(fallback, FALLBACK)           \
    V(control, CONTROL)             \
    V(login, LOGIN)                 \
    V(cut_row, CUT_ROW)

#define VOCABULARY_ENUM(prefix, name, word, meaning) prefix##_##name,
enum reason { REASON_MAP(VOCABULARY_ENUM) REASON_COUNT };
enum key { KEY_MAP(VOCABULARY_ENUM) KEY_COUNT };
enum leg { LEG_MAP(VOCABULARY_ENUM) LEG_COUNT };
enum device_event { DEVICE_EVENT_MAP(VOCABULARY_ENUM) DEVICE_EVENT_COUNT };
enum device_kind { DEVICE_KIND_MAP(VOCABULARY_ENUM) DEVICE_KIND_COUNT };
enum device_state { DEVICE_STATE_MAP(VOCABULARY_ENUM) DEVICE_STATE_COUNT };
enum service { SERVICE_MAP(VOCABULARY_ENUM) SERVICE_COUNT };
enum command { COMMAND_MAP(VOCABULARY_ENUM) COMMAND_COUNT };
enum agent_state { AGENT_STATE_MAP(VOCABULARY_ENUM) AGENT_STATE_COUNT };
enum agent_request { AGENT_REQUEST_MAP(VOCABULARY_ENUM) AGENT_REQUEST_COUNT };
enum opc_input { OPC_INPUT_MAP(VOCABULARY_ENUM) OPC_INPUT_COUNT };
enum route { ROUTE_MAP(VOCABULARY_ENUM) ROUTE_COUNT };
enum mds_state { MDS_STATE_MAP(VOCABULARY_ENUM) MDS_STATE_COUNT };
enum mds_input { MDS_INPUT_MAP(VOCABULARY_ENUM) MDS_INPUT_COUNT };
enum raft_standing { RAFT_STATE_MAP(VOCABULARY_ENUM) RAFT_STATE_COUNT };
enum log_entry { LOG_ENTRY_MAP(VOCABULARY_ENUM) LOG_ENTRY_COUNT };
enum op_list { OP_LIST_MAP(VOCABULARY_ENUM) OP_LIST_COUNT };
enum op_verb { OP_VERB_MAP(VOCABULARY_ENUM) OP_VERB_COUNT };
enum fallback { FALLBACK_MAP(VOCABULARY_ENUM) FALLBACK_COUNT };
enum control { CONTROL_MAP(VOCABULARY_ENUM) CONTROL_COUNT };
enum login { LOGIN_MAP(VOCABULARY_ENUM) LOGIN_COUNT };
enum cut_row { CUT_ROW_MAP(VOCABULARY_ENUM) CUT_ROW_COUNT };

#define V(type, prefix)                   \
    const char *type##_text(enum type v); \
    const char *type##_meaning(enum type v);
VOCABULARY_MAP(V)
#undef V

#endif
