/* raft_check: reads the files that libraft left on disk and says whether they may be trusted, and
 * the mark: how far the log is known to have reached. The formats are those of <raft/uv.h>. */
#ifndef NODE_RUNTIME_RAFT_CHECK_H
#define NODE_RUNTIME_RAFT_CHECK_H

#include "node/base/err.h"

#include <stddef.h>
#include <stdint.h>

#define RAFT_CHECK_TEXT_LEN  512
#define RAFT_CHECK_MARK      "mark"
#define RAFT_CHECK_MARK_LEN  24
#define RAFT_CHECK_FILES_MAX 4096

/* The whole folder, as raft_disk_check() says it. */
MUST_CHECK enum err raft_check_folder(const char *folder, char ret_text[RAFT_CHECK_TEXT_LEN]);

/* The mark: "RHMARK01", the index, and its complement. */
void raft_check_mark_encode(uint64_t index, uint8_t ret_bytes[RAFT_CHECK_MARK_LEN]);
/* ERR_UNKNOWN: there is none yet. */
MUST_CHECK enum err raft_check_mark_read(const char *folder, uint64_t *ret_index);

#endif
