/* network_list: which namespaces there are, and who is in them. */
#ifndef CLUSTER_FAULT_NETWORK_LIST_H
#define CLUSTER_FAULT_NETWORK_LIST_H

#include "cluster/fault/network.h"

#define NETWORK_LIST_MAX 256

struct network_list {
    uint32_t n;
    char names[NETWORK_LIST_MAX][NETWORK_PATH_LEN]; /* in /run/netns */
};

/* "/run/netns/NAME"; the name is PREFIX and `who`. */
void network_list_path(const struct network *n, const char *who, char ret[NETWORK_PATH_LEN]);
/* All names that begin with the prefix; at most NETWORK_LIST_MAX. */
void network_list_find(const struct network *n, struct network_list *ret);
/* Send a signal (0: none) to everybody who is in one of these namespaces, but not to who asks. How
 * many there are. */
uint32_t network_list_signal(const struct network_list *list, int signal);

#endif
