/* sim_media: the voice of all fleets, as intervals: a flow hears its counterpart while both fleets
 * live and a path leads from there to here. No datagram is ever made; how many there would have
 * been, and the longest gap between two, follow from the times.
 *
 * The rules are those of node/runtime/media: a gap lies between two datagrams that arrived; what
 * lies before the first and after the last one is none. A flow that heard nothing for
 * media_lost_after is silent: told once, and again only after it was heard. What a fleet slept
 * through is a gap like any other, but nobody's silence. */
#ifndef CLUSTER_SIM_SIM_MEDIA_H
#define CLUSTER_SIM_SIM_MEDIA_H

#include "cluster/sim/sim_net.h"
#include "node/base/topology.h"
#include "proto/world.h"

struct sim_media;

struct sim_media *sim_media_new(const struct topology *topology, struct sim_heap *heap,
                                struct sim_net *net, uint64_t seed);
void sim_media_free(struct sim_media **media);

void sim_media_order(struct sim_media *m, struct proc_id fleet, const struct media_order *order);
/* Some path or process changed: who hears whom now? */
void sim_media_changed(struct sim_media *m);
/* The fleet died: its flows are gone. */
void sim_media_end(struct sim_media *m, struct proc_id fleet);
/* The fleet slept for so long. */
void sim_media_slept(struct sim_media *m, struct proc_id fleet, int64_t us);
/* The next report that this fleet is owed; false: none. */
bool sim_media_report(struct sim_media *m, struct proc_id fleet, struct media_report *ret_report);
/* When there will be a report without anything else happening; INT64_MAX: never. */
int64_t sim_media_deadline(const struct sim_media *m, struct proc_id fleet);

#endif
