/* pg_inputs: the one order of the OPC's inputs: given here, held while this side is unsure of its
 * role, or taken from the side that acts. */
#ifndef NODE_ROLE_PG_PG_INPUTS_H
#define NODE_ROLE_PG_PG_INPUTS_H

#include "node/role/pg/pg.h"

/* Order an input and apply it, here and at a peer that has our state. While the side is unsure it
 * is held; too many of them, and the side gives up. */
void pg_inputs_apply(struct pg *pg, struct msg_private_input *in);
/* Write the rows of everything in view: this side, or the peer whose place it takes, has lost it.
 * What is held is dropped; an unsure side knows nothing of the time after it fell asleep. */
void pg_inputs_cut(struct pg *pg, enum reason reason);
/* Whatever the controller said, it is known now: apply what was held. */
void pg_inputs_release(struct pg *pg);

/* Ask the side that acts for its state. */
void pg_inputs_ask_state(struct pg *pg);
/* The transfer does not go on: half of a state is none. */
void pg_inputs_no_state(struct pg *pg);
/* INPUT, INPUT_ACK, STATE_REQUEST, AGENT, LEG of the other side. False: of another kind. */
bool pg_inputs_private(struct pg *pg, const struct msg *msg);

#endif
