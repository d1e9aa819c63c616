#include <raft.h>
#include <raft/uv.h> /* PLANTED: <raft/uv.h> is not for cluster/replica */
