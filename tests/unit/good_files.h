/* good_files: the good run as the files that a cluster leaves: events.jsonl, calls.log, icm.db. */
#ifndef TESTS_UNIT_GOOD_FILES_H
#define TESTS_UNIT_GOOD_FILES_H

#include "tests/unit/good_run.h"

#define GOOD_PATH 512

/* A new folder below the temporary one; good_files_remove takes it away again, unless
 * REHOME_TEST_KEEP is set: then its name is printed. */
void good_files_folder(char ret_dir[GOOD_PATH]);
void good_files_remove(const char *dir);
/* Write the run (after good_run_finish) below `dir`. Events up to `until_us` only; files that exist
 * are appended to, from `from_us` on. */
void good_files_write(const char *dir, int64_t from_us, int64_t until_us);
/* The rows; the events that trace them get their checksums, so this comes before good_files_write.
 */
void good_files_database(const char *dir);
/* Amend every row of it, as nobody may. */
void good_files_amend(const char *dir);

#endif
