/* fields_jtapi: the fields of the messages of one link: CTI Manager and Peripheral Gateway
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in jtapi.proto. */
#ifndef PROTO_FIELDS_JTAPI_H
#define PROTO_FIELDS_JTAPI_H

/* Open a provider, or go on with `provider` after the event `applied`. */
#define FIELDS_PROVIDER_OPEN(F) \
    F(U64, provider, 0)         \
    F(U64, applied, 0)

#define FIELDS_PROVIDER_OPENED(F) \
    F(U64, provider, 0)           \
    F(BOOL, resumed, 0)           \
    F(BOOL, in_service, 0)        \
    F(ENUM, reason, REASON_COUNT)

#define FIELDS_PROVIDER_STATE(F) \
    F(U64, provider, 0)          \
    F(BOOL, in_service, 0)       \
    F(ENUM, reason, REASON_COUNT)

#define FIELDS_PROVIDER_CLOSE(F) F(U64, provider, 0)

#define FIELDS_DEVICE_REF(F) F(DEVICE, device, 0)

#define FIELDS_MONITOR(F) \
    F(U64, provider, 0)   \
    F(REPEATED, devices, device_ref)

/* Confirmed one by one, at the profile's rate. Reason NONE: monitored. */
#define FIELDS_MONITOR_CONFIRMED(F) \
    F(U64, provider, 0)             \
    F(DEVICE, device, 0)            \
    F(ENUM, reason, REASON_COUNT)   \
    F(BOOL, in_service, 0)          \
    F(U32, epoch, 0)                \
    F(PROC, owner, 0)

/* Numbered per provider from 1, replayed after a resume, never skipped. */
#define FIELDS_CTI_EVENT(F) \
    F(U64, provider, 0)     \
    F(U64, seq, 0)          \
    F(NESTED, event, device_event)

#define FIELDS_CTI_EVENT_ACK(F) \
    F(U64, provider, 0)         \
    F(U64, seq, 0)

#define FIELDS_CTI_REQUEST(F) \
    F(U64, provider, 0)       \
    F(U64, id, 0)             \
    F(DEVICE, device, 0)      \
    F(CALL, call, 0)          \
    F(ENUM, key, KEY_COUNT)   \
    F(NUMBER, number, 0)

#define FIELDS_CTI_RESULT(F) \
    F(U64, provider, 0)      \
    F(U64, id, 0)            \
    F(ENUM, reason, REASON_COUNT)

/* How many devices of the side's pair this CTI Manager reaches: those whose owner it has a way to.
 */
#define FIELDS_PROVIDER_REACH(F) \
    F(U64, provider, 0)          \
    F(U32, devices, 0)

#endif
