#include "cluster/control/event_text.h"

#include <stdarg.h>
#include <stdio.h>

struct room {
    char *text;
    size_t n, size;
};

__attribute__((format(printf, 2, 3))) static void say(struct room *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->text + r->n, r->size - r->n, format, args);
    va_end(args);
    r->n = n > 0 && (size_t)n < r->size - r->n ? r->n + (size_t)n : r->size - 1;
}

const char *event_text_line(const struct topology *t, const struct event *e, char *ret, size_t size)
{
    struct room r = {ret, 0, size};
    struct device_info device;
    say(&r, "%-18s", event_word(e->kind));
    if (proc_id_some(e->peer)) {
        say(&r, " peer=%s", topology_name(t, e->peer));
    }
    if (topology_device(t, e->device, &device)) {
        say(&r, " device=%s", device.name);
    }
    if (call_id_some(e->call)) {
        say(&r, " call=%016llx", (unsigned long long)e->call.v);
    }
    if (e->epoch != 0) {
        say(&r, " epoch=%u", e->epoch);
    }
    if (e->reason != REASON_NONE) {
        say(&r, " reason=%s", reason_text(e->reason));
    }
    if (e->value != 0) {
        say(&r, " value=%lld", (long long)e->value);
    }
    if (e->value2 != 0) {
        say(&r, " value2=%lld", (long long)e->value2);
    }
    say(&r, "%s%s", e->text[0] != '\0' ? " " : "", e->text);
    return ret;
}

bool event_text_matters(const struct topology *t, const struct event *e)
{
    switch ((int)e->kind) {
    case EVENT_LINK_DOWN:
        return topology_proc_of(t, e->peer) != NULL; /* not the comings and goings of commands */
    case EVENT_PROCESS_START:
    case EVENT_PROCESS_STOP:
    case EVENT_FAULT:
    case EVENT_HEAL:
    case EVENT_SERVICE_START:
    case EVENT_SERVICE_CRASH:
    case EVENT_SERVICE_STOP:
    case EVENT_RAFT_STATE:
    case EVENT_RAFT_SERVING:
    case EVENT_RAFT_SNAPSHOT:
    case EVENT_LEASE_GOT:
    case EVENT_LEASE_LOST:
    case EVENT_NODE_DOWN:
    case EVENT_PROVIDER_UP:
    case EVENT_PROVIDER_DOWN:
    case EVENT_CTI_GAP:
    case EVENT_PG_ACTIVE:
    case EVENT_PG_STANDBY:
    case EVENT_PG_GRANTED:
    case EVENT_PG_REFUSED:
    case EVENT_CONFIG_WRITTEN:
    case EVENT_LOOP_LATE:
        return true;
    default:
        return false;
    }
}
