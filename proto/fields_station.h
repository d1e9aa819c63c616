/* fields_station: the fields of the messages of one link: phone or gateway and its CallManager
 * (fleet to CallManager)
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in station.proto. */
#ifndef PROTO_FIELDS_STATION_H
#define PROTO_FIELDS_STATION_H

/* A device asks to be served here. `counter` is the device's own persistent count, so that a
 * delayed request cannot overtake a newer one. */
#define FIELDS_STATION_REGISTER(F) \
    F(DEVICE, device, 0)           \
    F(U64, counter, 0)             \
    F(BOOL, fallback, 0)

/* Committed: the device is served here under `epoch`. */
#define FIELDS_STATION_REGISTERED(F) \
    F(DEVICE, device, 0)             \
    F(U64, counter, 0)               \
    F(U32, epoch, 0)

#define FIELDS_STATION_REFUSED(F) \
    F(DEVICE, device, 0)          \
    F(U64, counter, 0)            \
    F(ENUM, reason, REASON_COUNT) \
    F(U32, retry_ms, 0)

#define FIELDS_STATION_UNREGISTER(F) \
    F(DEVICE, device, 0)             \
    F(U64, counter, 0)               \
    F(U32, epoch, 0)

/* Epoch 0 is the keepalive of a standby connection. */
#define FIELDS_STATION_KEEPALIVE(F) \
    F(DEVICE, device, 0)            \
    F(U32, epoch, 0)

#define FIELDS_STATION_KEEPALIVE_ACK(F) \
    F(DEVICE, device, 0)                \
    F(U32, epoch, 0)

/* The CallManager serves this device no longer (or never did): register again. */
#define FIELDS_STATION_RESET(F) \
    F(DEVICE, device, 0)        \
    F(U32, epoch, 0)            \
    F(ENUM, reason, REASON_COUNT)

/* Told to the first backup on the standby connection: my owner is lost, my call lives. */
#define FIELDS_STATION_PRESERVED(F) \
    F(DEVICE, device, 0)            \
    F(U32, epoch, 0)                \
    F(CALL, call, 0)

/* May I go home to `target`? Asked of the present owner, which lets few go at a time. */
#define FIELDS_STATION_FALLBACK(F) \
    F(DEVICE, device, 0)           \
    F(U32, epoch, 0)               \
    F(PROC, target, 0)

#define FIELDS_STATION_FALLBACK_ANSWER(F) \
    F(DEVICE, device, 0)                  \
    F(U32, epoch, 0)                      \
    F(ENUM, reason, REASON_COUNT)

/* Off hook and dialled. `line` is the device's own name for the leg until the call has one; `ani`
 * is the caller behind a gateway. */
#define FIELDS_STATION_DIAL(F) \
    F(DEVICE, device, 0)       \
    F(U32, epoch, 0)           \
    F(U32, line, 0)            \
    F(NUMBER, number, 0)       \
    F(NUMBER, ani, 0)

/* A key on the phone, about one call. */
#define FIELDS_STATION_KEY(F) \
    F(DEVICE, device, 0)      \
    F(U32, epoch, 0)          \
    F(CALL, call, 0)          \
    F(ENUM, key, KEY_COUNT)   \
    F(NUMBER, number, 0)

/* The answer to a key that was refused, or done (reason NONE). */
#define FIELDS_STATION_KEY_RESULT(F) \
    F(DEVICE, device, 0)             \
    F(U32, epoch, 0)                 \
    F(CALL, call, 0)                 \
    F(ENUM, key, KEY_COUNT)          \
    F(ENUM, reason, REASON_COUNT)

/* What the leg is now, and whom it exchanges media with (0: nobody). */
#define FIELDS_STATION_CALL(F)    \
    F(DEVICE, device, 0)          \
    F(U32, epoch, 0)              \
    F(CALL, call, 0)              \
    F(U32, line, 0)               \
    F(ENUM, state, LEG_COUNT)     \
    F(ENUM, reason, REASON_COUNT) \
    F(NUMBER, number, 0)          \
    F(DEVICE, peer, 0)            \
    F(DEVICE, peer2, 0)           \
    F(CALL, consult_of, 0)

#endif
