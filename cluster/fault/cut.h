/* cut: networks between processes that are cut on purpose, and the nftables rules that do it.
 *
 * All cuts that are active make one text, which nft takes as a whole or not at all: what is not in
 * it any more is healed, what stays in it is not touched for a moment. Whatever a cut drops or
 * refuses is counted under its number.
 *
 * Where there is a switch between the processes, drops are its rules; they catch all frames, ARP as
 * well. Where there is none, each receiver drops by address: the sender feels nothing. Refusals are
 * rules at each sender, because nobody else can answer it. */
#ifndef CLUSTER_FAULT_CUT_H
#define CLUSTER_FAULT_CUT_H

#include "node/base/topology.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CUT_PORT_LEN 16 /* the kernel's limit for the name of an interface */
#define CUT_WORD_LEN 40
#define CUT_TABLE    "rehome"

enum cut_net { CUT_VISIBLE, CUT_PRIVATE, CUT_NETS };

/* Who has which address. */
struct cut_ground {
    const struct topology *topology;
    const char *blocks[CUT_NETS]; /* the first three numbers; the last one is the host's */
};

struct cut {
    uint32_t id;       /* of its own: counters are kept under it, and outlive it */
    uint64_t from, to; /* the sides: 1 << proc.v; nobody is on both */
    enum cut_net net;
    bool one_way; /* only what `from` sends is lost */
    bool reject;  /* senders are told at once */
};

/* "visible", "private": also the name of the bridge and of a process's interface. */
const char *cut_net_word(enum cut_net net);
/* The first three numbers of the addresses on it, if it is ours alone. */
const char *cut_net_block(enum cut_net net);
/* The port of the switch that a process's interface is plugged into: "visible12". */
void cut_port(enum cut_net net, uint32_t host, char ret[CUT_PORT_LEN]);

/* What the events of it say, "partition one-way private"; the judges know these words. */
void cut_word(const struct cut *cut, char ret[CUT_WORD_LEN]);
/* "sub1 / pub,sub2" */
void cut_sides(const struct cut *cut, const struct topology *t, char *ret, size_t size);

/* Whether anybody is cut off from anybody: on the private network there are only the two sides of a
 * PG, or of the central controller, to speak to each other. */
bool cut_separates(const struct cut *cut, const struct topology *t);

/* Everything that the switch has to drop, for `nft -f`. */
void cut_drops(FILE *out, const struct cut *cuts, uint32_t n, const struct topology *t);
/* Everything that has to be refused to what one process sends. */
void cut_refusals(FILE *out, const struct cut *cuts, uint32_t n, const struct cut_ground *ground,
                  struct proc_id sender);
/* Everything that must not reach one process, for one that has no switch before it. */
void cut_losses(FILE *out, const struct cut *cuts, uint32_t n, const struct cut_ground *ground,
                struct proc_id receiver);
/* How many packets there were, in what `nft list counter` answers: "… packets 12 bytes 624 …". */
uint64_t cut_counted(const char *listing);

#endif
