#include "cluster/control/event_text.h"

#include "node/base/err.h"

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
    r->n = n >= 0 && (size_t)n < r->size - r->n ? r->n + (size_t)n : r->size - 1;
}

/* What a value of an event is, beside a number. */
enum form {
    NUMBER,
    TIME, /* microseconds */
    HEX,
    DEVICE,
    AGENT_STATE_WORD,
    BEGIN_WORD,
    DEVICE_STATE_WORD,
    KEY_WORD,
    LEG_WORD,
    MDS_WORD,
    RAFT_WORD,
    ROUTE_WORD
};

/* The names of the two values of the kinds that have any. The others show `value`. */
static const struct naming {
    const char *name[2];
    enum form form[2];
} namings[EVENT_COUNT] = {
    [EVENT_PROCESS_START] = {{"pid", NULL}, {NUMBER, NUMBER}},
    [EVENT_SERVICE_START] = {{"incarnation", NULL}, {NUMBER, NUMBER}},
    [EVENT_MESSAGE_REJECTED] = {{"times", NULL}, {NUMBER, NUMBER}},
    [EVENT_MDS_STATE] = {{"state", NULL}, {MDS_WORD, NUMBER}},
    [EVENT_RECOVERED] = {{"rows", NULL}, {NUMBER, NUMBER}},
    [EVENT_RAFT_STATE] = {{"state", "term"}, {RAFT_WORD, NUMBER}},
    [EVENT_RAFT_SERVING] = {{"applied", "term"}, {NUMBER, NUMBER}},
    [EVENT_RAFT_SNAPSHOT] = {{"index", NULL}, {NUMBER, NUMBER}},
    [EVENT_STATE_HASH] = {{"index", "hash"}, {NUMBER, HEX}},
    [EVENT_NODE_DOWN] = {{"incarnation", NULL}, {NUMBER, NUMBER}},
    [EVENT_REGISTER_SENT] = {{"counter", NULL}, {NUMBER, NUMBER}},
    [EVENT_REGISTERED] = {{"counter", NULL}, {NUMBER, NUMBER}},
    [EVENT_REGISTER_ACKED] = {{"counter", NULL}, {NUMBER, NUMBER}},
    [EVENT_OWNER_CHANGED] = {{"index", "state"}, {NUMBER, DEVICE_STATE_WORD}},
    [EVENT_LOOKUP_ASKED] = {{"question", NULL}, {NUMBER, NUMBER}},
    [EVENT_LOOKED_UP] = {{"question", "state"}, {NUMBER, DEVICE_STATE_WORD}},
    [EVENT_DEVICE_LOST] = {{"in_call", NULL}, {NUMBER, NUMBER}},
    [EVENT_CALL_BEGIN] = {{"how", NULL}, {BEGIN_WORD, NUMBER}},
    [EVENT_CALL_STATE] = {{"leg", "left"}, {LEG_WORD, HEX}},
    [EVENT_CALL_END] = {{"talked", NULL}, {TIME, NUMBER}},
    [EVENT_KEY_REFUSED] = {{"key", NULL}, {KEY_WORD, NUMBER}},
    [EVENT_KEY_TAKEN] = {{"key", NULL}, {KEY_WORD, NUMBER}},
    [EVENT_MEDIA_BEGIN] = {{"with", NULL}, {DEVICE, NUMBER}},
    [EVENT_MEDIA_END] = {{"datagrams", "longest_gap"}, {NUMBER, TIME}},
    [EVENT_CTI_APPLIED] = {{"up_to", "provider"}, {NUMBER, NUMBER}},
    [EVENT_CTI_GAP] = {{"expected", "got"}, {NUMBER, NUMBER}},
    [EVENT_MONITORS] = {{"confirmed", "wanted"}, {NUMBER, NUMBER}},
    [EVENT_PG_ACTIVE] = {{"pg_epoch", "monitors"}, {NUMBER, NUMBER}},
    [EVENT_PG_GRANTED] = {{"pg_epoch", "took"}, {NUMBER, TIME}},
    [EVENT_PG_REFUSED] = {{"pg_epoch", NULL}, {NUMBER, NUMBER}},
    [EVENT_PG_SYNCED] = {{"inputs", NULL}, {NUMBER, NUMBER}},
    [EVENT_AGENT_STATE] = {{"agent", "state"}, {NUMBER, AGENT_STATE_WORD}},
    [EVENT_AGENT_AFTER] = {{"agent", "state"}, {NUMBER, AGENT_STATE_WORD}},
    [EVENT_AGENT_LOGOUT] = {{"agent", "code"}, {NUMBER, NUMBER}},
    [EVENT_ROUTED] = {{"agent", "how"}, {NUMBER, ROUTE_WORD}},
    [EVENT_TCD_WRITTEN] = {{"key", "disposition"}, {HEX, NUMBER}},
    [EVENT_TCD_STORED] = {{"key", "recovery_key"}, {HEX, NUMBER}},
    [EVENT_TCD_DUPLICATE] = {{"key", NULL}, {HEX, NUMBER}},
    [EVENT_WRAPUP_ENTERED] = {{"agent", NULL}, {NUMBER, NUMBER}},
    [EVENT_LOOP_LATE] = {{"late", NULL}, {TIME, NUMBER}},
};

/* The word for a value; NULL: it is written as a number. A number that stands for no word is. */
static const char *word_of(const struct topology *t, enum form form, int64_t v,
                           struct device_info *device)
{
    const unsigned u = v >= 0 && v <= UINT16_MAX ? (unsigned)v : UINT16_MAX;
    static const char *const begins[] = {"?", "dialled", "rang", "route_point"};
    const char *word = "?";
    switch (form) {
    case NUMBER:
    case TIME:
    case HEX:
        return NULL;
    case DEVICE:
        word =
            v > 0 && v <= DEVICES_MAX && topology_device(t, (struct device_id){(uint32_t)v}, device)
                ? device->name
                : "?";
        break;
    case AGENT_STATE_WORD:
        word = agent_state_text((enum agent_state)u);
        break;
    case BEGIN_WORD:
        word = u < sizeof begins / sizeof begins[0] ? begins[u] : "?";
        break;
    case DEVICE_STATE_WORD:
        word = device_state_text((enum device_state)u);
        break;
    case KEY_WORD:
        word = key_text((enum key)u);
        break;
    case LEG_WORD:
        word = leg_text((enum leg)u);
        break;
    case MDS_WORD:
        word = mds_state_text((enum mds_state)u);
        break;
    case RAFT_WORD:
        word = raft_standing_text((enum raft_standing)u);
        break;
    case ROUTE_WORD:
        word = route_text((enum route)u);
        break;
    }
    return word[0] != '?' ? word : NULL;
}

static void say_value(struct room *r, const struct topology *t, const struct event *e, int which)
{
    const struct naming *n = &namings[e->kind];
    const char *const plain[2] = {"value", "value2"};
    const char *name = n->name[which] != NULL ? n->name[which] : plain[which];
    int64_t v = which == 0 ? e->value : e->value2;
    struct device_info device;
    const char *word = word_of(t, n->form[which], v, &device);
    if (word != NULL) {
        say(r, " %s=%s", name, word);
    } else if (v == 0) {
        return;
    } else if (n->form[which] == TIME) {
        say(r, " %s_ms=%lld", name, (long long)v / 1000);
    } else if (n->form[which] == HEX) {
        say(r, " %s=%llx", name, (unsigned long long)v);
    } else {
        say(r, " %s=%lld", name, (long long)v);
    }
}

const char *event_text_line(const struct topology *t, const struct event *e, char *ret, size_t size)
{
    struct room r = {ret, 0, size};
    struct device_info device;
    ASSERT(e->kind < EVENT_COUNT);
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
    say_value(&r, t, e, 0);
    say_value(&r, t, e, 1);
    say(&r, "%s%s", e->text[0] != '\0' ? " " : "", e->text);
    while (r.n > 0 && ret[r.n - 1] == ' ') {
        ret[--r.n] = '\0';
    }
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
    case EVENT_MDS_STATE:
    case EVENT_RECOVERED:
    case EVENT_CONFIG_WRITTEN:
    case EVENT_WRITE_REFUSED:
    case EVENT_LOOP_LATE:
        return true;
    default:
        return false;
    }
}
