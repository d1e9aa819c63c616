/* feature: what a connected party may do to a call: hold, retrieve, consult, transfer, confer. */
#ifndef NODE_ROLE_CALLMANAGER_FEATURE_H
#define NODE_ROLE_CALLMANAGER_FEATURE_H

#include "node/role/callmanager/call.h"

/* Each answers NONE if it is done, or why not; then nothing has changed. */
enum reason feature_hold(struct callmanager *cm, struct call *call, struct party *p,
                         const char *number);
enum reason feature_retrieve(struct callmanager *cm, struct call *call, struct party *p,
                             const char *number);
/* The first step of a transfer and of a conference: the call is held and another one made. */
enum reason feature_consult(struct callmanager *cm, struct call *call, struct party *p,
                            const char *number);
/* `call` is the first call or the consultation. */
enum reason feature_transfer(struct callmanager *cm, struct call *call, struct party *p,
                             const char *number);
enum reason feature_conference(struct callmanager *cm, struct call *call, struct party *p,
                               const char *number);
enum reason feature_transfer_blind(struct callmanager *cm, struct call *call, struct party *p,
                                   const char *number);

#endif
