#include "node/hub/mailbox.h"

#include "proto/codec.h"

#include <stdlib.h>
#include <string.h>

#define MORE_BYTES (16 * 1024)

void mailbox_put(struct mailbox *m, const struct msg *msg)
{
    uint32_t length = 0;
    size_t len = 0;
    if (m->cap - m->used < CODEC_ITEM_MAX + sizeof length) {
        m->cap += CODEC_ITEM_MAX + MORE_BYTES;
        ASSERT(m->cap <= MAILBOX_BYTES_MAX);
        m->bytes = realloc(m->bytes, m->cap);
        ASSERT(m->bytes != NULL);
    }
    enum err err =
        codec_pack_message(msg, m->bytes + m->used + sizeof length, CODEC_ITEM_MAX, &len);
    ASSERT(err == ERR_OK);
    length = (uint32_t)len;
    memcpy(m->bytes + m->used, &length, sizeof length);
    m->used += sizeof length + len;
}

bool mailbox_empty(const struct mailbox *m)
{
    return m->at == m->used;
}

void mailbox_clear(struct mailbox *m)
{
    m->at = m->used = 0;
}

bool mailbox_take(struct mailbox *m, struct msg *ret_msg)
{
    uint32_t length = 0;
    if (mailbox_empty(m)) {
        mailbox_clear(m);
        return false;
    }
    memcpy(&length, m->bytes + m->at, sizeof length);
    enum err err =
        codec_unpack(LINK_LOCAL, false, m->bytes + m->at + sizeof length, length, ret_msg);
    ASSERT(err == ERR_OK);
    m->at += sizeof length + length;
    return true;
}

void mailbox_free(struct mailbox *m)
{
    free(m->bytes);
    *m = (struct mailbox){0};
}
