/* delivered: the files that come with the program: topologies and scenarios. */
#ifndef CLUSTER_CONTROL_DELIVERED_H
#define CLUSTER_CONTROL_DELIVERED_H

#include "node/base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELIVERED_MAX      64
#define DELIVERED_PATH_MAX 1024

struct nearest;

struct delivered {
    uint32_t n;
    char names[DELIVERED_MAX][NAME_LEN]; /* without ".yaml"; sorted */
};

/* The files of a kind ("topologies", "scenarios"). They are in $REHOME_SHARE; if that has no folder
 * for them, in the source tree that the program was built in, or where it was installed. */
void delivered_list(const char *kind, struct delivered *ret);
/* The same, each offered to `near`, whose best is in `ret`. */
void delivered_offer(const char *kind, struct delivered *ret, struct nearest *near);
/* The path of one; false if it is not there. */
bool delivered_path(const char *kind, const char *name, char *ret_path, size_t size);
/* The path of a file of one's own, or else of one that is delivered. */
bool delivered_find(const char *kind, const char *name, char *ret_path, size_t size);
/* As delivered_path, for a program. */
bool delivered_program(const char *kind, const char *name, char *ret_path, size_t size);

#endif
