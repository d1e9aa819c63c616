#include "node/station/site.h"

#include <stdio.h>
#include <string.h>

void site_init(struct site *s, const struct topology *topology, const struct world *world,
               struct incarnation incarnation)
{
    ASSERT(topology != NULL);
    ASSERT(world != NULL);
    memset(s, 0, sizeof *s);
    s->topology = topology;
    s->world = world;
    s->incarnation = incarnation;
}

bool site_up(const struct site *s, struct proc_id node)
{
    return node.v >= 1 && node.v <= PROCS_MAX && s->up[node.v];
}

void site_link(struct site *s, struct instant now, struct proc_id node, bool up)
{
    if (node.v < 1 || node.v > PROCS_MAX) {
        return;
    }
    s->up[node.v] = up;
    s->up_since[node.v] = now;
}

void site_send(struct site *s, struct proc_id node, struct device_id device, enum msg_kind kind)
{
    ASSERT(msg_allowed(kind, LINK_STATION));
    s->msg.kind = kind;
    s->msg.correlation = device.v;
    world_send(s->world, LINK_STATION, node, &s->msg);
}

void site_trace(struct site *s, const struct event *event)
{
    world_trace(s->world, event);
}

void site_reject(struct site *s, struct device_id device, struct proc_id peer, const char *why)
{
    s->rejected++;
    struct event e = {.kind = EVENT_MESSAGE_REJECTED, .device = device, .peer = peer};
    snprintf(e.text, sizeof e.text, "%s", why);
    site_trace(s, &e);
}

void site_notice(struct site *s, const struct notice *notice)
{
    if (s->notices_n == SITE_NOTICES_MAX) {
        s->notices_lost++;
        return;
    }
    s->notices[(s->notices_first + s->notices_n) % SITE_NOTICES_MAX] = *notice;
    s->notices_n++;
}

bool site_take_notice(struct site *s, struct notice *ret_notice)
{
    if (s->notices_n == 0) {
        return false;
    }
    *ret_notice = s->notices[s->notices_first];
    s->notices_first = (s->notices_first + 1) % SITE_NOTICES_MAX;
    s->notices_n--;
    return true;
}
