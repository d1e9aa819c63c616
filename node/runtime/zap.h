/* zap: who may connect: the handler that every CURVE server of this process asks (RFC 27).
 *
 * A client with a known key is let in and its messages bear the name of the key's owner as User-Id;
 * any other gets nothing. libzmq accepts every key when there is no handler, so it comes first. */
#ifndef NODE_RUNTIME_ZAP_H
#define NODE_RUNTIME_ZAP_H

#include "node/runtime/keys.h"
#include "node/runtime/loop.h"

#define ZAP_DOMAIN "rehome"

struct zap;

/* context  of ZeroMQ; one handler in each
 * keys     borrowed; may be replaced in place */
MUST_CHECK enum err zap_new(struct loop *loop, void *context, const struct keys *keys,
                            struct zap **ret_zap);
void zap_free(struct zap **zap);
uint64_t zap_refused(const struct zap *zap);

#endif
