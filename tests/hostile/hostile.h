/* hostile: somebody who wishes a running cluster ill, from outside and from inside.
 *
 * Each attack answers how many things it did, or ends the program with a sentence if it could not
 * do them: an attack that did not take place proves nothing. Whether the cluster stood it is for
 * the caller to judge. */
#ifndef TESTS_HOSTILE_HOSTILE_H
#define TESTS_HOSTILE_HOSTILE_H

#include "node/base/rand.h"
#include "node/base/topology.h"
#include "node/runtime/keys.h"

#include <netinet/in.h>

#define HOSTILE_SOCKETS_MAX 512

struct target {
    struct sockaddr_in address;
    char text[64]; /* "127.7.3.12" */
    uint16_t port;
    struct proc_id proc; /* none: of no process of the topology */
    bool udp;
};

struct cluster_seen {
    struct topology topology;
    const char *keys_dir;
    const char *block; /* "127.7.3" */
    const char *state; /* a folder of our own */
    struct rand_state rand;
    uint32_t n;
    struct target targets[HOSTILE_SOCKETS_MAX]; /* all that listens in the block */
};

/* Say why and end the program with 1. */
_Noreturn void hostile_give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Everything in the block that listens, as the kernel knows it. */
void targets_find(struct cluster_seen *c);

/* Bytes of every kind at every socket: none, random, HTTP, half a greeting, a greeting of other
 * mechanisms, frames of absurd lengths, datagrams. */
unsigned raw_attack(struct cluster_seen *c);
/* Very many connections, opened and closed, and as many held open as this process may. */
unsigned raw_flood(struct cluster_seen *c, unsigned each);
/* Whole ZeroMQ sockets without a key, and with a key that nobody knows. */
unsigned strangers_attack(struct cluster_seen *c);
/* Frames under a key of the cluster, to every link of every process. */
unsigned frames_attack(struct cluster_seen *c, const char *name);
/* The process NAME itself, as far as the others can tell, for so long: everything that it may send,
 * with values that cannot be. */
unsigned impostor_attack(struct cluster_seen *c, const char *name, int64_t ms);

#endif
