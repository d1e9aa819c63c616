/* fields_desktop: the fields of the messages of one link: agent desktop and CTI server of the PG
 *
 * F(type, name, bound): the type gives the C type and the check (proto/field.h), the field numbers
 * stand in desktop.proto. */
#ifndef PROTO_FIELDS_DESKTOP_H
#define PROTO_FIELDS_DESKTOP_H

#define FIELDS_DESKTOP_OPEN(F) F(AGENT, agent, 0)

#define FIELDS_DESKTOP_OPENED(F)      \
    F(AGENT, agent, 0)                \
    F(ENUM, reason, REASON_COUNT)     \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(BOOL, in_service, 0)            \
    F(U32, reason_code, 0)

#define FIELDS_DESKTOP_REQUEST(F)         \
    F(AGENT, agent, 0)                    \
    F(ENUM, request, AGENT_REQUEST_COUNT) \
    F(DEVICE, device, 0)                  \
    F(U32, reason_code, 0)

#define FIELDS_DESKTOP_RESULT(F)          \
    F(AGENT, agent, 0)                    \
    F(ENUM, request, AGENT_REQUEST_COUNT) \
    F(ENUM, reason, REASON_COUNT)

/* The agent's state changed, or the buttons are on or off (in_service). */
#define FIELDS_DESKTOP_AGENT(F)       \
    F(AGENT, agent, 0)                \
    F(ENUM, state, AGENT_STATE_COUNT) \
    F(U32, reason_code, 0)            \
    F(BOOL, in_service, 0)

#define FIELDS_DESKTOP_CALL(F) \
    F(AGENT, agent, 0)         \
    F(NESTED, event, device_event)

#define FIELDS_DESKTOP_WRAPUP(F) \
    F(AGENT, agent, 0)           \
    F(CALL, call, 0)             \
    F(STR, text, 40)

#define FIELDS_DESKTOP_CONTROL(F) \
    F(AGENT, agent, 0)            \
    F(CALL, call, 0)              \
    F(ENUM, key, KEY_COUNT)       \
    F(NUMBER, number, 0)

#define FIELDS_DESKTOP_CONTROL_RESULT(F) \
    F(AGENT, agent, 0)                   \
    F(CALL, call, 0)                     \
    F(ENUM, key, KEY_COUNT)              \
    F(ENUM, reason, REASON_COUNT)

/* This side is not active (any more): try the other. */
#define FIELDS_DESKTOP_CLOSED(F) \
    F(AGENT, agent, 0)           \
    F(ENUM, reason, REASON_COUNT)

#endif
