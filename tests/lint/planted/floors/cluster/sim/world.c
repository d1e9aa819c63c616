#include "node/runtime/loop.h" /* PLANTED: is not below cluster/sim */
#include <raft.h>
#include <sys/types.h>
