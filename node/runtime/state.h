/* state: the small files of a process's state folder that must survive a crash. */
#ifndef NODE_RUNTIME_STATE_H
#define NODE_RUNTIME_STATE_H

#include "node/base/err.h"
#include "node/base/id.h"

#include <stdbool.h>

/* Count a start of the process: the number in DIR/incarnation plus one, on disk before it is
 * answered.
 *
 * What is wrong is logged with the name of the file.
 *
 * Errors   ERR_IO       not readable or writable
 *          ERR_CORRUPT  the file holds no number */
MUST_CHECK enum err state_count_start(const char *dir, struct incarnation *ret_incarnation);
/* Note on disk that something has happened here, once and for all. What is wrong is logged.
 *
 * Errors   ERR_IO  not writable; nothing is noted */
MUST_CHECK enum err state_note(const char *dir, const char *what);
bool state_noted(const char *dir, const char *what);

#endif
