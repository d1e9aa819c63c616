/* fields_sdl: the fields of the messages of one link: CallManager and CallManager, and CTI Manager
 * and its own CallManager (SDL mesh)
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in sdl.proto. */
#ifndef PROTO_FIELDS_SDL_H
#define PROTO_FIELDS_SDL_H

/* What a device's owner tells everyone who watches devices. `state` is for SNAPSHOT: what the leg
 * is now. */
#define FIELDS_DEVICE_EVENT(F)        \
    F(DEVICE, device, 0)              \
    F(U32, epoch, 0)                  \
    F(CALL, call, 0)                  \
    F(ENUM, kind, DEVICE_EVENT_COUNT) \
    F(ENUM, reason, REASON_COUNT)     \
    F(NUMBER, from, 0)                \
    F(NUMBER, to, 0)                  \
    F(DEVICE, other, 0)               \
    F(CALL, old_call, 0)              \
    F(ENUM, state, LEG_COUNT)

/* The node that owns the call asks the node that owns the device to ring it (or to offer it at a
 * route point). */
#define FIELDS_SDL_OFFER(F)   \
    F(CALL, call, 0)          \
    F(DEVICE, device, 0)      \
    F(DEVICE, from_device, 0) \
    F(NUMBER, from, 0)        \
    F(NUMBER, to, 0)

/* The call's owner moves a leg on another node: the same content as station_call. */
#define FIELDS_SDL_LEG(F)         \
    F(CALL, call, 0)              \
    F(DEVICE, device, 0)          \
    F(U32, line, 0)               \
    F(ENUM, state, LEG_COUNT)     \
    F(ENUM, reason, REASON_COUNT) \
    F(NUMBER, number, 0)          \
    F(DEVICE, peer, 0)            \
    F(DEVICE, peer2, 0)           \
    F(CALL, consult_of, 0)

/* A key pressed on a device of this node, for a call that the other node owns. */
#define FIELDS_SDL_KEY(F)   \
    F(CALL, call, 0)        \
    F(DEVICE, device, 0)    \
    F(ENUM, key, KEY_COUNT) \
    F(NUMBER, number, 0)

#define FIELDS_SDL_KEY_RESULT(F) \
    F(CALL, call, 0)             \
    F(DEVICE, device, 0)         \
    F(ENUM, key, KEY_COUNT)      \
    F(ENUM, reason, REASON_COUNT)

/* The device of a leg is gone from here (its phone moved, its CallManager lost it). */
#define FIELDS_SDL_GONE(F) \
    F(CALL, call, 0)       \
    F(DEVICE, device, 0)   \
    F(ENUM, reason, REASON_COUNT)

/* From now on (or no more) send me the events of all your devices: a CTI Manager lives here. */
#define FIELDS_SDL_SUBSCRIBE(F) F(BOOL, on, 0)

#define FIELDS_SDL_EVENT(F) F(NESTED, event, device_event)

/* A third party's request about a call, on its way to the node that owns the call; `origin` is the
 * node whose CTI Manager asked. */
#define FIELDS_SDL_REQUEST(F) \
    F(U64, id, 0)             \
    F(PROC, origin, 0)        \
    F(DEVICE, device, 0)      \
    F(CALL, call, 0)          \
    F(ENUM, key, KEY_COUNT)   \
    F(NUMBER, number, 0)

#define FIELDS_SDL_REQUEST_RESULT(F) \
    F(U64, id, 0)                    \
    F(PROC, origin, 0)               \
    F(ENUM, reason, REASON_COUNT)

/* Which calls has this device? Answered by sdl_events of kind SNAPSHOT and one of kind
 * SNAPSHOT_END. */
#define FIELDS_SDL_SNAPSHOT(F) \
    F(PROC, origin, 0)         \
    F(DEVICE, device, 0)

/* The answer to an offer: it rings (or waits at the route point). No is said by sdl_gone. */
#define FIELDS_SDL_OFFERED(F) \
    F(CALL, call, 0)          \
    F(DEVICE, device, 0)

/* The local CallManager to its CTI Manager: there is a session with this node (a new one: events of
 * its devices may have been missed), or none any more. */
#define FIELDS_SDL_SESSION(F) \
    F(PROC, node, 0)          \
    F(BOOL, up, 0)

#endif
