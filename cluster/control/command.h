/* command: the subcommands of `rehome`. */
#ifndef CLUSTER_CONTROL_COMMAND_H
#define CLUSTER_CONTROL_COMMAND_H

#include "cluster/control/faults.h"
#include "cluster/control/options.h"
#include "cluster/control/survey.h"

/* X(word, function, in one line). The order is that of `rehome --help`. */
#define COMMAND_LIST(X)                                                                      \
    X("up", command_up, "start a cluster; returns when it is healthy")                       \
    X("down", command_down, "stop it; --destroy also removes its state")                     \
    X("status", command_status, "one screen: nodes, Raft, phones, calls, PG sides, faults")  \
    X("watch", command_watch, "the same, live on the terminal; a recorded run, replayed")    \
    X("registrations", command_registrations, "who serves what; with a device, its history") \
    X("raft", command_raft, "per node: state, term, commit, applied; the log; who leads")    \
    X("calls", command_calls, "the calls that are up")                                       \
    X("agents", command_agents, "the agents and their states")                               \
    X("pg", command_pg, "the sides of the Peripheral Gateway")                               \
    X("tcd", command_tcd, "call records; with --check, the ledger")                          \
    X("events", command_events, "what happened, and why")                                    \
    X("kill", command_kill, "stop, crash or hang a process or a service")                    \
    X("start", command_start, "bring back what was killed or hung")                          \
    X("partition", command_partition, "cut the network between processes (backend netns)")   \
    X("faults", command_faults, "what is broken on purpose")                                 \
    X("heal", command_heal, "undo all faults")                                               \
    X("scenario", command_scenario, "list, show or run a rehearsed failure with a verdict")  \
    X("sim", command_sim, "whole clusters in virtual time, from seeds")                      \
    X("check", command_check, "judge a recorded run again")                                  \
    X("report", command_report, "write a recorded run as one HTML file")                     \
    X("config", command_config, "write configuration, on the publisher")                     \
    X("forward", command_forward, "send the calls of a number to another")                   \
    X("traffic", command_traffic, "stop the calls of the fleets, or let them begin again")   \
    X("phone", command_phone, "press the keys of a phone")                                   \
    X("agent", command_agent, "log an agent in or out, ready or not")                        \
    X("logs", command_logs, "the log of a process")                                          \
    X("topology", command_topology, "judge a topology file; make the keys of its processes") \
    X("explain", command_explain, "an event, a reason, a column, an exit code")

#define COMMAND_DECLARE(word, function, text) int function(int argc, char **argv);
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

/* A cluster and a way to talk to it, as most commands need them; or a recorded run (look.h). */
struct past;
struct session_of_command {
    struct cluster cluster; /* of a run: its name and its topology */
    struct operator_desk *desk;
    struct past *past; /* NULL: the cluster lives, or should */
    struct scene scene;
};

/* Open the cluster that the options mean and look at it. Says what is wrong. */
MUST_CHECK int command_open(const struct options_common *common, struct session_of_command **ret);
/* The same, though nobody may answer. */
MUST_CHECK int command_open_silent(const struct options_common *common,
                                   struct session_of_command **ret);
void command_close(struct session_of_command **s);
/* OUTCOME_USAGE, with the nearest of the names that were offered to `near`. */
struct nearest;
int command_no_such(const char *kind, const struct nearest *near);
/* The same among many names: only one that is likely to be meant is offered, else `next` is. */
int command_no_near(const char *kind, const struct nearest *near, const char *next);
/* Whether there is such a table of times; NULL: the topology's. */
MUST_CHECK int command_profile(const char *word_or_null);
/* Whether nobody else has a cluster up in this home; says so if somebody has. */
MUST_CHECK int command_none_up(const struct home *h, const char *next);

#endif
