/* look: what the commands that look share: a living cluster or a moment of a recorded run, through
 * the same questions.
 *
 *   rehome status                     asks the processes
 *   rehome status --run R --at T      replays the run file R up to T */
#ifndef CLUSTER_CONTROL_LOOK_H
#define CLUSTER_CONTROL_LOOK_H

#include "cluster/control/command.h"
#include "cluster/control/tail.h"

struct look_when {
    const char *run, *at;
};

/* Two rows for the options of a command. */
#define LOOK_OPTIONS(when)                                                                      \
    {                                                                                           \
        "run", 0,                                                                               \
        "R",   "a recorded run instead: its name, its folder, latest, or a run file",           \
        NULL,  &(when).run},                                                                    \
    {                                                                                           \
        "at", 0, "T", "at this moment of it: 12.5s, fault+0.3s, end, or a time (default: end)", \
            NULL, &(when).at                                                                    \
    }
#define LOOK_OPTIONS_N 2

/* As command_open, for the cluster or the run. */
MUST_CHECK int look_open(const struct options_common *common, const struct look_when *when,
                         struct session_of_command **ret);
/* The same without asking any process; of a living cluster there is no scene then. */
MUST_CHECK int look_open_files(const struct options_common *common, const struct look_when *when,
                               struct session_of_command **ret);

/* As survey_devices, survey_homes. */
MUST_CHECK enum err look_devices(struct session_of_command *s, struct proc_id node,
                                 bool linearizable, struct msg_op_device **ret_rows,
                                 uint32_t *ret_n, uint64_t *ret_index, enum reason *ret_reason);
void look_homes(struct session_of_command *s, struct scene_homes *ret);
/* Legs of all fleets; agents of all active PG sides. Whoever does not answer has none. */
void look_calls(struct session_of_command *s, struct msg_op_call **ret_rows, uint32_t *ret_n);
void look_agents(struct session_of_command *s, struct msg_op_agent **ret_rows, uint32_t *ret_n);
void look_faults(const struct session_of_command *s, struct faults *ret);
/* All events until now, or until the moment. */
void look_events(const struct session_of_command *s, tail_event *each, void *context);

/* A time on the clock of the cluster as RFC 3339; "-" for 0. */
const char *look_stamp(const struct session_of_command *s, int64_t at_us, char *ret, size_t size);
/* Say in an answer about a record which moment it is of; answers `root`. */
json_t *look_sign(const struct session_of_command *s, json_t *root);
/* The same for people: "" or " of RUN at 12.5 s (fault + 0.3 s)". */
const char *look_moment(const struct session_of_command *s, char *ret, size_t size);

#endif
