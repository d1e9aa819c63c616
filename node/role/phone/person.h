/* person: who sits behind a phone that is no agent's: answers, talks, hangs up; and in a preserved
 * call tries a key once, because people do.
 *
 * A person is deadlines and nothing else; the phone asks which key is due. A phone that is driven
 * by hand has a person who waits. */
#ifndef NODE_ROLE_PHONE_PERSON_H
#define NODE_ROLE_PHONE_PERSON_H

#include "node/base/rand.h"
#include "node/base/topology.h"

struct person {
    bool by_hand; /* until the phone is idle again, nothing happens by itself */
    struct instant answer_at;
    struct instant try_at; /* a key that a preserved call must refuse */
    enum key try_key;
    struct instant hangup_at;
};

/* From half to one and a half of `mean`. */
struct duration person_draw(struct rand_state *r, struct duration mean);
/* Nothing to do; the phone is idle. */
void person_rest(struct person *p);
void person_dialled(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                    struct instant now);
void person_rings(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                  struct instant now);
/* The call is connected: the one who dialled ends it. */
void person_connected(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                      struct instant now, bool incoming);
/* The call lost its CallManager: both parties end it within their talk times. */
void person_preserved(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                      struct instant now);
struct instant person_deadline(const struct person *p);
/* The key that is due, and not due any more; KEY_NONE: none. */
enum key person_due(struct person *p, struct instant now);

#endif
