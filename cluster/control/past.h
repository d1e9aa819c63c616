/* past: a recorded run, opened to be looked at. The run file is all that it needs, and nothing is
 * changed in it. */
#ifndef CLUSTER_CONTROL_PAST_H
#define CLUSTER_CONTROL_PAST_H

#include "cluster/control/home.h"
#include "cluster/record/load.h"
#include "cluster/record/replay.h"

struct past {
    char path[HOME_PATH_MAX]; /* of the run file */
    char name[HOME_PATH_MAX]; /* of its folder */
    struct topology topology;
    struct runfile *file;
    struct load load;
    struct replay *replay;
    int64_t begin_us, end_us, last_us;  /* last: of the record; end: as replay_end has it */
    const struct history_outage *fault; /* the first one; NULL: none */
};

/* What `word` means: a run's name, `latest` (also NULL), its folder, or a run file; a path without
 * links. OUTCOME_USAGE, with the nearest name. */
MUST_CHECK int past_find(const char *word_or_null, char *ret_path, size_t size);

/* Open a run. What is wrong is said:
 *   OUTCOME_USAGE   there is no such run
 *   OUTCOME_DATA    it is no run file, or a damaged one, or there is nothing in it
 *   OUTCOME_IO      it cannot be read
 *   OUTCOME_CONFIG  its topology is wrong */
MUST_CHECK int past_open(const char *run, struct past **ret_past);
void past_close(struct past **past);
/* A moment of it; NULL: the end. OUTCOME_USAGE if it is none, or not within the run. */
MUST_CHECK int past_moment(const struct past *past, const char *at_or_null, int64_t *ret_at_us);
/* Forget what came after a moment; its history is what was known then, and there is no replay. */
void past_cut(struct past *past, int64_t at_us);

#endif
