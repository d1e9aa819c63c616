#include "node/runtime/journal.h"

#include "node/runtime/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h> /* it includes syslog.h: not together with log.h */

static const struct {
    const char *id;
    int priority;
} entries[] = {
#define JOURNAL_ROW(name, id, priority) [JOURNAL_##name] = {id, priority},
    JOURNAL_MAP(JOURNAL_ROW)
#undef JOURNAL_ROW
};

/* -- The sentences. -- */

struct sentence {
    const struct topology *topology;
    const struct event *event;
    char *text;
};

__attribute__((format(printf, 2, 3))) static void say(const struct sentence *s, const char *format,
                                                      ...)
{
    const char *self = topology_name(s->topology, s->event->proc);
    va_list args;
    int n = snprintf(s->text, JOURNAL_TEXT_LEN, "%s ", self);
    ASSERT(n > 0 && n < JOURNAL_TEXT_LEN);
    va_start(args, format);
    vsnprintf(s->text + n, (size_t)(JOURNAL_TEXT_LEN - n), format, args);
    va_end(args);
}

static const char *peer(const struct sentence *s)
{
    return topology_name(s->topology, s->event->peer);
}

static enum journal_entry say_started(const struct sentence *s)
{
    say(s, "started, incarnation %" PRIu64, s->event->incarnation.v);
    return JOURNAL_STARTED;
}

static enum journal_entry say_ended(const struct sentence *s)
{
    say(s, "ends politely");
    return JOURNAL_ENDED;
}

static enum journal_entry say_service_started(const struct sentence *s)
{
    say(s, "has its %s up", s->event->text);
    return JOURNAL_SERVICE_STARTED;
}

static enum journal_entry say_service_crashed(const struct sentence *s)
{
    say(s, "lost its %s in a crash", s->event->text);
    return JOURNAL_SERVICE_CRASHED;
}

static enum journal_entry say_service_stopped(const struct sentence *s)
{
    say(s, "stopped its %s", s->event->text);
    return JOURNAL_SERVICE_STOPPED;
}

static enum journal_entry say_raft(const struct sentence *s)
{
    const struct event *e = s->event;
    if (e->value == RAFT_STATE_LEADER) {
        say(s, "is the Raft leader in term %" PRId64, e->value2);
        return JOURNAL_LEADER;
    }
    if (proc_id_some(e->peer)) {
        say(s, "follows %s in term %" PRId64, peer(s), e->value2);
    } else {
        say(s, "knows no Raft leader in term %" PRId64, e->value2);
    }
    return JOURNAL_NOT_LEADER;
}

static enum journal_entry say_lease_got(const struct sentence *s)
{
    say(s, "holds a lease");
    return JOURNAL_LEASE_GOT;
}

static enum journal_entry say_lease_lost(const struct sentence *s)
{
    say(s, "has no lease and takes no new work");
    return JOURNAL_LEASE_LOST;
}

static enum journal_entry say_node_down(const struct sentence *s)
{
    say(s, "hears that the registry took %s for dead", peer(s));
    return JOURNAL_NODE_DOWN;
}

static enum journal_entry say_pg_active(const struct sentence *s)
{
    say(s, "is the active side in epoch %" PRId64 ", with %" PRId64 " monitors", s->event->value,
        s->event->value2);
    return JOURNAL_PG_ACTIVE;
}

static enum journal_entry say_pg_standby(const struct sentence *s)
{
    say(s, "is not active: %s", reason_meaning(s->event->reason));
    return JOURNAL_PG_STANDBY;
}

static enum journal_entry say_provider_up(const struct sentence *s)
{
    say(s, "opened its provider at %s", peer(s));
    return JOURNAL_PROVIDER_UP;
}

static enum journal_entry say_provider_down(const struct sentence *s)
{
    say(s, "lost its provider at %s: %s", peer(s), reason_meaning(s->event->reason));
    return JOURNAL_PROVIDER_DOWN;
}

static enum journal_entry say_controller(const struct sentence *s)
{
    say(s, "is %s to the other side", mds_state_text((enum mds_state)s->event->value));
    return JOURNAL_CONTROLLER;
}

static enum journal_entry (*const makers[EVENT_COUNT])(const struct sentence *s) = {
    [EVENT_PROCESS_START] = say_started,         [EVENT_PROCESS_STOP] = say_ended,
    [EVENT_SERVICE_START] = say_service_started, [EVENT_SERVICE_CRASH] = say_service_crashed,
    [EVENT_SERVICE_STOP] = say_service_stopped,  [EVENT_RAFT_STATE] = say_raft,
    [EVENT_LEASE_GOT] = say_lease_got,           [EVENT_LEASE_LOST] = say_lease_lost,
    [EVENT_NODE_DOWN] = say_node_down,           [EVENT_PG_ACTIVE] = say_pg_active,
    [EVENT_PG_STANDBY] = say_pg_standby,         [EVENT_PROVIDER_UP] = say_provider_up,
    [EVENT_PROVIDER_DOWN] = say_provider_down,   [EVENT_MDS_STATE] = say_controller,
};

enum journal_entry journal_of(const struct topology *topology, const struct event *event,
                              char ret_text[JOURNAL_TEXT_LEN])
{
    const struct sentence s = {topology, event, ret_text};
    ASSERT(event->kind > EVENT_NONE && event->kind < EVENT_COUNT);
    ret_text[0] = '\0';
    return makers[event->kind] != NULL ? makers[event->kind](&s) : JOURNAL_NONE;
}

/* -- Telling. -- */

bool journal_reached(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device = 0;
    uintmax_t inode = 0;
    struct stat st;
    return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void journal_line(const char *process, int priority, const char *text)
{
    sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", priority, "REHOME_PROCESS=%s", process,
                    NULL);
}

void journal_event(const struct topology *topology, const struct event *event)
{
    char text[JOURNAL_TEXT_LEN];
    enum journal_entry entry = journal_of(topology, event, text);
    if (entry == JOURNAL_NONE) {
        return;
    }
    notify_status(text);
    if (journal_reached()) {
        sd_journal_send("MESSAGE=%s", text, "MESSAGE_ID=%s", entries[entry].id, "PRIORITY=%i",
                        entries[entry].priority, "REHOME_PROCESS=%s",
                        topology_name(topology, event->proc), "REHOME_EVENT=%s",
                        event_word(event->kind), NULL);
    }
}
