/* columns: every column of every table of the command, in one list: its head, and what it means.
 *
 * A table is made of these (table.h), so there is no column that `rehome explain` does not know. */
#ifndef CLUSTER_CONTROL_COLUMNS_H
#define CLUSTER_CONTROL_COLUMNS_H

#include <stdbool.h>

/* X(NAME, head, meaning). A head that ends in '>' is of numbers, and aligned to the right; one that
 * ends in '~' is of sentences, which may be broken. */
#define COLUMN_MAP(X)                                                                              \
    X(NODE, "NODE", "a node of the Unified CM cluster; of a device: its owner")                    \
    X(STATE, "STATE",                                                                              \
      "of a process: up, down, hung (it lives and does not answer) or starting; of a "             \
      "device, a leg or an agent: its state; of a log entry: appended, committed or "              \
      "applied on this node")                                                                      \
    X(ROLE, "ROLE", "publisher (writes configuration) or subscriber")                              \
    X(RAFT, "RAFT", "what the node is to Raft: leader, follower, candidate or unavailable")        \
    X(TERM, "TERM>", "the term of Raft: it rises with every election")                             \
    X(COMMIT, "COMMIT>",                                                                           \
      "the index up to which a majority holds the log; in a record, the highest "                  \
      "that any node had applied")                                                                 \
    X(APPLIED, "APPLIED>", "the index up to which this node's registry took the log in")           \
    X(TRAILS, "TRAILS>", "how many entries a node is behind the leader's commit index")            \
    X(SNAPSHOT, "SNAPSHOT>", "the last index that the node's newest snapshot holds; 0: none")      \
    X(LEASE, "LEASE",                                                                              \
      "the leader's word that a node is not cut off; without it, it accepts nothing "              \
      "new")                                                                                       \
    X(HASH, "HASH",                                                                                \
      "of the registry at the applied index; the same on all replicas at the same "                \
      "index")                                                                                     \
    X(INDEX, "INDEX>", "the place of an entry in the log of Raft")                                 \
    X(KIND, "KIND",                                                                                \
      "of a device: phone, gateway or route_point; of a log entry: commands, barrier "             \
      "or members")                                                                                \
    X(FROM, "FROM", "of a leg: who called; of a log entry: the node that asked for the change")    \
    X(WHAT, "WHAT~", "what a log entry says")                                                      \
    X(PHONES, "PHONES>",                                                                           \
      "phones and gateways that are registered at the node, by the leader's "                      \
      "registry")                                                                                  \
    X(MESSAGE, "MESSAGE~",                                                                         \
      "what is to be known of a node: how it was broken, calls that go on without "                \
      "it")                                                                                        \
    X(SIDE, "SIDE", "A or B of a Peripheral Gateway or a controller")                              \
    X(NAME, "NAME", "of a process, or of a scenario")                                              \
    X(ACTIVE, "ACTIVE", "whether this PG side controls the devices, or stands by")                 \
    X(EPOCH, "EPOCH>",                                                                             \
      "of a device: every change of owner raises it, and what comes under an older "               \
      "one is rejected; of a PG pair: every new active side has a higher one")                     \
    X(CTI, "CTI", "the node whose CTI Manager this PG side is wired to; there is no other for it") \
    X(PROVIDER, "PROVIDER", "whether the PG side's provider at its CTI Manager is in service")     \
    X(CONTROLLER, "CONTROLLER", "whether the PG side has a path to the central controller")        \
    X(PEER, "PEER", "whether the PG side hears the other side on the private network")             \
    X(MONITORS, "MONITORS>",                                                                       \
      "devices that the PG side watches, of those that the active one must "                       \
      "watch")                                                                                     \
    X(CALLS, "CALLS>", "calls that the PG side has in view")                                       \
    X(OUTBOX, "OUTBOX>",                                                                           \
      "records that the PG side has stored and the controller has not "                            \
      "acknowledged")                                                                              \
    X(DEVICE, "DEVICE",                                                                            \
      "a phone (SEP and its number), a gateway, or a route point (RP and the "                     \
      "dialled number)")                                                                           \
    X(NUMBER, "NUMBER", "the directory number; of a scenario: as good as its name")                \
    X(SINCE, "SINCE", "when the registry changed last for the device")                             \
    X(CALL, "CALL",                                                                                \
      "the number of a call: node (2 digits), incarnation of its CallManager (4), "                \
      "count (10)")                                                                                \
    X(OTHER, "OTHER", "with whom the device exchanges media")                                      \
    X(TO, "TO", "of a leg: who was called")                                                        \
    X(FOR, "FOR>", "for how long it has been so")                                                  \
    X(AGENT, "AGENT", "the number with which an agent logs in")                                    \
    X(PHONE, "PHONE", "the phone that the agent works with")                                       \
    X(SKILL, "SKILL", "the skill group that the agent belongs to")                                 \
    X(REASON, "REASON>", "the reason code of the agent's last change: 50003, 32767")               \
    X(IN_SERVICE, "IN-SERVICE", "whether the agent's phone is registered")                         \
    X(FAULT, "FAULT>", "the number of a fault, for `rehome heal`")                                 \
    X(PACKETS, "PACKETS>", "how many packets a cut of the network has lost or refused")            \
    X(TARGET, "TARGET", "what is broken on purpose")                                               \
    X(SERVICE, "SERVICE", "callmanager or ctimanager, if only that is broken")                     \
    X(HOW, "HOW",                                                                                  \
      "stop (politely), crash (at once), hang (it lives and does nothing), power (all in its "     \
      "namespace at once), unplug (it has no network); of a cut: drop or reject, and where")       \
    X(UNDO, "UNDO", "the command that makes it whole again")                                       \
    X(TITLE, "TITLE~", "what a scenario rehearses")                                                \
    X(TRIGGERS, "TRIGGERS", "the faults that a scenario can begin with; the first is the default") \
    X(NEEDS, "NEEDS",                                                                              \
      "of a scenario: root, if it cuts networks (backend netns; `rehome sim --scenario` does "     \
      "without), or nothing")                                                                      \
    X(TEST, "TEST~", "of a scenario: what is looked at")                                           \
    X(ACTION, "ACTION~", "of a scenario: what is done")                                            \
    X(EXPECTED, "EXPECTED~",                                                                       \
      "of a scenario: what must follow; of a leg in the ledger: the classes that "                 \
      "the faults allow")                                                                          \
    X(RESULT, "RESULT~", "of a scenario: the checks that judge it; explain knows each")            \
    X(VERDICT, "VERDICT", "of a check: pass, fail, or inconclusive (it saw nothing to judge)")     \
    X(CHECK, "CHECK", "an invariant, or a sentence of a scenario; explain knows each")             \
    X(OBSERVED, "OBSERVED~", "what a check saw")                                                   \
    X(RUN, "RUN", "the id of a recorded run, for `rehome report` and `rehome check`")              \
    X(CLASS, "CLASS", "of a leg in the ledger: lost, duplicate or unexplained")                    \
    X(BEGAN, "BEGAN", "when the leg began, as the fleet saw it")                                   \
    X(ENDED, "ENDED", "when the leg ended, as the fleet saw it")                                   \
    X(RECOVERY_KEY, "RecoveryKey>", NULL)                                                          \
    X(ROUTER_CALL_KEY, "RouterCallKey>", NULL)                                                     \
    X(PERIPHERAL_CALL_KEY, "PeripheralCallKey>", NULL)                                             \
    X(DIGITS_DIALED, "DigitsDialed", NULL)                                                         \
    X(AGENT_PERIPHERAL_NUMBER, "AgentPeripheralNumber", NULL)                                      \
    X(CALL_DISPOSITION, "CallDisposition>", NULL)                                                  \
    X(DURATION, "Duration>", NULL)                                                                 \
    X(TALK_TIME, "TalkTime>", NULL)                                                                \
    X(WORK_TIME, "WorkTime>", NULL)                                                                \
    X(WRAPUP_DATA, "WrapupData", NULL)

#define COLUMN_ENUM(name, head, text) COLUMN_##name,
enum column { COLUMN_END, COLUMN_MAP(COLUMN_ENUM) COLUMN_COUNT };
#undef COLUMN_ENUM

/* The head as it is printed, without the mark. */
const char *columns_head(enum column column);
bool columns_right(enum column column);
bool columns_breaks(enum column column);
/* NULL: it is a column of the records (explain_records.h). */
const char *columns_meaning(enum column column);

#endif
