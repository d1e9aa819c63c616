/* state: the small files of a process's state folder that must survive a crash. */
#ifndef NODE_RUNTIME_STATE_H
#define NODE_RUNTIME_STATE_H

#include "node/base/err.h"
#include "node/base/id.h"

/* Count a start of the process: the number in DIR/incarnation plus one, on disk before it is
 * answered.
 *
 * What is wrong is logged with the name of the file.
 *
 * Errors   ERR_IO       not readable or writable
 *          ERR_CORRUPT  the file holds no number */
MUST_CHECK enum err state_count_start(const char *dir, struct incarnation *ret_incarnation);

#endif
