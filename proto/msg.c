#include "proto/msg.h"

#define MSG_NAME(NAME, name, Pb, links)  [MSG_##NAME] = #name,
#define MSG_LINKS(NAME, name, Pb, links) [MSG_##NAME] = (links),

static const char *const names[MSG_COUNT] = {[MSG_NONE] = "none", MSG_MAP(MSG_NAME)};
static const uint32_t links_of[MSG_COUNT] = {[MSG_NONE] = 0, MSG_MAP(MSG_LINKS)};

struct link_row {
    const char *name;
    uint16_t port;
    uint32_t frame_max;
};

#define LINK_ROW(NAME, word, port, bytes, who) [LINK_##NAME] = {#word, port, bytes},
static const struct link_row link_rows[LINK_COUNT] = {LINK_MAP(LINK_ROW)};

const char *msg_name(enum msg_kind kind)
{
    return (unsigned)kind < MSG_COUNT ? names[kind] : "?";
}

bool msg_allowed(enum msg_kind kind, enum link link)
{
    ASSERT((unsigned)link < LINK_COUNT);
    return (unsigned)kind < MSG_COUNT && (links_of[kind] & (1u << link)) != 0;
}

bool msg_is_record(enum msg_kind kind)
{
    return kind == MSG_RECORD_TCD || kind == MSG_RECORD_LOGOUT || kind == MSG_RECORD_STATE;
}

struct proc_id msg_record_sender(const struct msg *r)
{
    return r->kind == MSG_RECORD_TCD      ? r->record_tcd.sender
           : r->kind == MSG_RECORD_LOGOUT ? r->record_logout.sender
                                          : r->record_state.sender;
}

int64_t msg_record_key(const struct msg *r)
{
    return r->kind == MSG_RECORD_TCD      ? r->record_tcd.recovery_key
           : r->kind == MSG_RECORD_LOGOUT ? r->record_logout.recovery_key
                                          : r->record_state.recovery_key;
}

void msg_record_order(struct msg *r, struct proc_id sender, int64_t recovery_key)
{
    ASSERT(msg_is_record(r->kind));
    if (r->kind == MSG_RECORD_TCD) {
        r->record_tcd.sender = sender;
        r->record_tcd.recovery_key = recovery_key;
    } else if (r->kind == MSG_RECORD_LOGOUT) {
        r->record_logout.sender = sender;
        r->record_logout.recovery_key = recovery_key;
    } else {
        r->record_state.sender = sender;
        r->record_state.recovery_key = recovery_key;
    }
}

const char *msg_link_name(enum link link)
{
    ASSERT((unsigned)link < LINK_COUNT);
    return link_rows[link].name;
}

uint16_t msg_link_port(enum link link)
{
    ASSERT((unsigned)link < LINK_COUNT);
    return link_rows[link].port;
}

uint32_t msg_link_frame_max(enum link link)
{
    ASSERT((unsigned)link < LINK_COUNT);
    return link_rows[link].frame_max;
}
