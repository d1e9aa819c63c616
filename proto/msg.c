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
