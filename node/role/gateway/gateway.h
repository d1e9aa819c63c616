/* gateway: one voice gateway: its registration, its channels, and the callers behind them.
 *
 * A gateway that lost its CallManager registers at once; its established calls live on as preserved
 * channels, which keep their media and can only end. Let go to its home it drains: it takes no new
 * call, and travels when the last one that its CallManager knows has ended. */
#ifndef NODE_ROLE_GATEWAY_GATEWAY_H
#define NODE_ROLE_GATEWAY_GATEWAY_H

#include "node/station/call_leg.h"
#include "node/station/station.h"

#define GATEWAY_CHANNELS_MAX 1024

/* A channel with its caller: a person in the telephone network. */
struct gateway_channel {
    struct call_leg leg;
    struct instant hangup_at; /* patience or talk is over */
};

struct gateway {
    struct station station;
    struct gateway_channel *channels;
    uint32_t channels_n;
    uint32_t lines;
    uint64_t called; /* calls that its callers made */
};

/* `channels` has room for `n` and outlives the gateway. */
void gateway_init(struct gateway *g, const struct site *site, struct device_id device,
                  struct gateway_channel *channels, uint32_t n);
void gateway_start(struct gateway *g, struct site *site, struct instant now);
void gateway_link_up(struct gateway *g, struct site *site, struct instant now, struct proc_id node);
void gateway_link_down(struct gateway *g, struct site *site, struct instant now,
                       struct proc_id node);
void gateway_message(struct gateway *g, struct site *site, struct instant now, struct proc_id peer,
                     const struct msg *msg);
void gateway_keepalive(struct gateway *g, struct site *site, struct instant now, bool standby,
                       bool forgive);
bool gateway_media(struct gateway *g, struct site *site, struct instant now,
                   const struct media_report *report);
struct instant gateway_deadline(const struct gateway *g);
void gateway_tick(struct gateway *g, struct site *site, struct instant now);

/* It is registered, does not drain, and has a free channel. */
bool gateway_open(const struct gateway *g);
/* A caller dials. OUT_OF_SERVICE, BUSY (drains) or FULL: nothing has changed. */
enum reason gateway_call(struct gateway *g, struct site *site, struct instant now,
                         const char *number, const char *ani);

#endif
