/* raft_metadata: the two files in which libraft keeps its term and its vote, written in turn, so
 * that one of them is whole after any crash. The format is that of <raft/uv.h>. */
#ifndef NODE_RUNTIME_RAFT_METADATA_H
#define NODE_RUNTIME_RAFT_METADATA_H

#include "node/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAFT_METADATA_LEN 32

/* What libraft would make of the files in a folder.
 *
 * has_log   there are entries or a snapshot: then there must be a term, too
 * log_term  of the newest entry; no term is older than its entries
 * text      of at least `cap` bytes; a sentence that names the file, if the answer is not ERR_OK
 * Errors    ERR_CORRUPT, ERR_IO */
MUST_CHECK enum err raft_metadata_check(const char *folder, bool has_log, uint64_t log_term,
                                        char *text, size_t cap);

#endif
