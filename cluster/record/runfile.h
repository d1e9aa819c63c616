/* runfile: one recorded run in one SQLite file, merged from the files of all processes.
 *
 *   table event    every line of every events.jsonl
 *   table leg      every line of every calls.log
 *   table tcd      Termination_Call_Detail as it stands at the end
 *   table source   how far each file was read
 *   table meta     key, value: scenario, seed, topology (the text of the effective
 *                  file), from_us, until_us
 *
 * Lines and the place up to which they were read go into one transaction, so a follower that dies
 * goes on where it was. The last line of a file may be torn: it is read when it is whole. */
#ifndef CLUSTER_RECORD_RUNFILE_H
#define CLUSTER_RECORD_RUNFILE_H

#include "cluster/check/history.h"

#include <sqlite3.h>

#define RUNFILE_NAME           "run.db"
#define RUNFILE_META_LEN       512
#define RUNFILE_META_REHEARSED "rehearsed_us" /* runfile_rehearsal: from_us */

struct runfile;

/* Open or create. `topology` is borrowed.
 * Errors   ERR_IO       not readable or writable
 *          ERR_CORRUPT  no run file, or damaged
 *          ERR_VERSION  a run file of another version */
MUST_CHECK enum err runfile_open(const char *path, const struct topology *topology,
                                 struct runfile **ret_runfile);
/* Open one that exists, to read it: nothing is changed, no file is made beside it.
 * Errors   ERR_IO       not readable
 *          ERR_CORRUPT  no run file
 *          ERR_VERSION  a run file of another version */
MUST_CHECK enum err runfile_look(const char *path, struct runfile **ret_runfile);
void runfile_free(struct runfile **runfile);

/* Read what was added to the event files and call logs below `dir` (a cluster's folder) since the
 * last time. `*ret_lines` (may be NULL) counts the new lines.
 * Errors   ERR_IO  a file or the run file failed; what was read before stays */
MUST_CHECK enum err runfile_follow(struct runfile *runfile, const char *dir, uint64_t *ret_lines);
/* One event, one leg that no file holds. */
MUST_CHECK enum err runfile_event(struct runfile *runfile, const struct event *event);
MUST_CHECK enum err runfile_leg(struct runfile *runfile, const struct history_leg *leg);
/* Copy the call records of every icm.db below `dir`, replacing what was copied before. */
MUST_CHECK enum err runfile_records(struct runfile *runfile, const char *dir);

/* What a run was: the scenario by its name and in words (NULL: none), the seed of the traffic, and
 * when the scenario began if the cluster had been up before (0: it had not). */
struct runfile_rehearsal {
    const char *scenario, *title;
    uint64_t seed;
    int64_t from_us;
};
/* Replaces what was kept before. Errors ERR_IO. */
MUST_CHECK enum err runfile_rehearsal_keep(struct runfile *runfile,
                                           const struct runfile_rehearsal *rehearsal);
MUST_CHECK enum err runfile_meta_set(struct runfile *runfile, const char *key, const char *value);
/* "" if there is no such key. */
const char *runfile_meta(struct runfile *runfile, const char *key,
                         char ret_value[RUNFILE_META_LEN]);
/* Keep the text of a topology file with the run, unless it has one already: whoever looks at the
 * run later needs nothing else. ERR_IO: the file, or the run file. */
MUST_CHECK enum err runfile_topology_keep(struct runfile *runfile, const char *path);
/* The topology of the run, as the text of its file, which the caller frees; NULL: not recorded. */
char *runfile_topology(struct runfile *runfile);
/* Lines that were whole and still made no sense. */
uint64_t runfile_strange(const struct runfile *runfile);
/* For the loader; owned by the run file. */
sqlite3 *runfile_db(struct runfile *runfile);

#endif
