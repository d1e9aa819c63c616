/* memory_io: a raft_io without disk and network: what is written is there, what is sent is lost.
 * Callbacks come from memory_io_pump, never from within a call. */
#ifndef TESTS_FUZZ_MEMORY_IO_H
#define TESTS_FUZZ_MEMORY_IO_H

#include <raft.h>
#include <stdint.h>

struct memory_io;

struct memory_io *memory_io_new(void);
void memory_io_free(struct memory_io **m);
struct raft_io *memory_io_raft(struct memory_io *m);
/* The clock of libraft moves on by this much, and everything that was begun ends. */
void memory_io_pump(struct memory_io *m, uint32_t ms);

#endif
