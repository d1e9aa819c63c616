#include "cluster/control/explain_records.h"
#include "cluster/control/story_parts.h"
#include "node/base/plural.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAME_CUT_US INT64_C(1000000)

__attribute__((format(printf, 2, 3))) static bool say(struct story *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->text, sizeof s->text, format, args);
    va_end(args);
    return true;
}

__attribute__((format(printf, 2, 3))) static bool add(struct story *s, const char *format, ...)
{
    size_t n = strlen(s->text);
    va_list args;
    va_start(args, format);
    vsnprintf(s->text + n, sizeof s->text - n, format, args);
    va_end(args);
    return true;
}

struct name {
    char text[NAME_LEN + NUMBER_LEN];
};

/* What people call a device: the number of a phone, the name of a gateway. */
static struct name name_of(const struct story *s, struct device_id device)
{
    struct name name = {"?"};
    struct device_info info;
    if (topology_device(s->topology, device, &info)) {
        snprintf(name.text, sizeof name.text, "%s",
                 info.number[0] != '\0' ? info.number : info.name);
    }
    return name;
}

static const char *proc_of(const struct story *s, struct proc_id proc)
{
    return topology_name(s->topology, proc);
}

static enum proc_kind kind_of(const struct story *s, struct proc_id proc)
{
    const struct topology_proc *p = topology_proc_of(s->topology, proc);
    return p != NULL ? p->kind : PROC_NONE;
}

static const char *disposition_text(int64_t code)
{
#define CODE_ROW(code, column, text) {code, column, text},
    static const struct {
        int64_t code;
        const char *column, *text;
    } codes[] = {RECORD_CODE_MAP(CODE_ROW)};
#undef CODE_ROW
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].code == code && strcmp(codes[i].column, "CallDisposition") == 0) {
            return codes[i].text;
        }
    }
    return "?";
}

/* -- Calls. -- */

static bool call_begin(struct story *s, const struct event *e)
{
    struct story_part *part = story_need_part(s, e->device);
    struct device_info to;
    struct agent_info agent;
    bool incoming = e->value == 2;
    if (part != NULL) {
        part->call = e->call;
        part->incoming = incoming;
        part->state = incoming ? LEG_RINGING : LEG_DIALING;
        part->followed = true;
    }
    if (incoming) {
        say(s, "%s rings, at %s", name_of(s, e->device).text, proc_of(s, e->peer));
        return topology_agent_by_device(s->topology, e->device, &agent)
                   ? add(s, "; it is the phone of agent %u", agent.id.v)
                   : true;
    }
    say(s, "%s dials %s", name_of(s, e->device).text, e->text);
    if (topology_device(s->topology, topology_number(s->topology, e->text), &to) &&
        to.kind == DEVICE_KIND_ROUTE_POINT) {
        add(s, " (route point %s)", to.name);
    }
    return add(s, ", at %s", proc_of(s, e->peer));
}

static bool call_state(struct story *s, const struct event *e)
{
    struct story_part *part = story_need_part(s, e->device);
    enum leg before = part != NULL ? part->state : LEG_IDLE;
    const enum leg state = e->value >= 0 && e->value < LEG_COUNT ? (enum leg)e->value : LEG_IDLE;
    const struct name name = name_of(s, e->device);
    bool moved = e->value2 != 0;
    if (part != NULL) {
        part->call = e->call;
        part->state = state;
    }
    if (moved) {
        return say(s, "%s goes on in call %016llx, from %016llx", name.text,
                   (unsigned long long)e->call.v, (unsigned long long)e->value2);
    }
    switch ((int)state) {
    case LEG_CONNECTED: /* who dialled is connected when the other one answers */
        return before == LEG_RINGING   ? say(s, "%s answers", name.text)
               : before == LEG_HOLDING ? say(s, "%s takes the call back", name.text)
               : before == LEG_IDLE    ? say(s, "%s is connected", name.text)
                                       : false;
    case LEG_HOLDING:
        return say(s, "%s puts the call on hold", name.text);
    default:
        return false; /* HELD: what the other party did */
    }
}

static bool call_end(struct story *s, const struct event *e)
{
    struct story_part *part = story_part_of(s, e->device);
    if (part != NULL) {
        part->state = LEG_ENDED;
    }
    say(s, "%s is out of the call: %s", name_of(s, e->device).text, reason_meaning(e->reason));
    return e->value > 0 ? add(s, "; %.1f s after the answer", (double)e->value / 1e6) : true;
}

static bool preserved(struct story *s, const struct event *e)
{
    bool struck = e->reason != REASON_PRESERVED; /* itself, not the party at the other end */
    return kind_of(s, e->proc) == PROC_FLEET &&  /* its CallManagers tell it too */
           say(s, "media of %s goes on%s: %s", name_of(s, e->device).text,
               struck ? ", the call is preserved" : "", reason_meaning(e->reason));
}

static bool key_taken(struct story *s, const struct event *e)
{
    const enum key key = e->value >= 0 && e->value < KEY_COUNT ? (enum key)e->value : KEY_NONE;
    bool seen = key == KEY_TRANSFER || key == KEY_TRANSFER_COMPLETE || key == KEY_TRANSFER_BLIND ||
                key == KEY_CONFERENCE || key == KEY_CONFERENCE_COMPLETE;
    return seen && say(s, "%s presses %s: %s", name_of(s, e->device).text, key_text(key),
                       key_meaning(key)); /* the others show in what becomes of the leg */
}

static bool key_refused(struct story *s, const struct event *e)
{
    const enum key key = e->value >= 0 && e->value < KEY_COUNT ? (enum key)e->value : KEY_NONE;
    return say(s, "%s presses %s, which is refused: %s", name_of(s, e->device).text, key_text(key),
               reason_meaning(e->reason));
}

static bool routed(struct story *s, const struct event *e)
{
    const char *icm = proc_of(s, e->proc);
    struct story_part *part = story_need_part(s, e->device);
    if (part != NULL) {
        part->followed = true;
    }
    return e->value2 == ROUTE_LABEL    ? say(s, "%s routes it to agent %lld (phone %s)", icm,
                                             (long long)e->value, name_of(s, e->device).text)
           : e->value2 == ROUTE_QUEUED ? say(s, "%s queues it: no agent is free", icm)
                                       : say(s, "%s has nobody who could take it", icm);
}

/* -- Records. -- */

static bool has_key_before(const struct story *s, const struct event *e)
{
    for (const struct event *o = s->events; o < e; o++) {
        if (o->kind == EVENT_TCD_WRITTEN && o->value == e->value) {
            return true;
        }
    }
    return false;
}

static bool tcd_written(struct story *s, const struct event *e)
{
    struct story_part *part = story_part_of(s, e->device);
    if (part != NULL) {
        part->followed = part->lost;
    }
    if (has_key_before(s, e)) {
        return say(s, "%s writes the same record", proc_of(s, e->proc));
    }
    return say(s, "%s writes a record of %s: %s", proc_of(s, e->proc), name_of(s, e->device).text,
               disposition_text(e->value2));
}

/* Why a record was cut, as far as the events tell more than its FailCause. */
static bool add_cause(struct story *s, const struct event *stored)
{
    const struct event *e = stored;
    for (const struct event *o = stored; o-- > s->events;) {
        e = o->kind == EVENT_TCD_WRITTEN && o->value == stored->value ? o : e;
    }
    const struct topology_proc *writer = topology_proc_of(s->topology, e->proc);
    struct proc_id lost = {0}, manager = {0};
    for (const struct event *o = s->events; o < e && writer != NULL; o++) {
        const struct topology_proc *p = topology_proc_of(s->topology, o->proc);
        if (p == NULL || p->kind != PROC_PG || p->pair != writer->pair) {
            continue;
        }
        if (o->kind == EVENT_PROVIDER_DOWN) {
            lost = o->proc;
            manager = o->peer;
        } else if (o->kind == EVENT_PROVIDER_UP && proc_id_eq(o->proc, lost)) {
            lost = (struct proc_id){0};
        }
    }
    if (e->reason == REASON_PEER_LOST) {
        return add(s, ", because the side that was active is gone");
    }
    if (proc_id_some(lost)) {
        return add(s, ", because %s lost its CTI Manager (%s)", proc_of(s, lost),
                   proc_of(s, manager));
    }
    return add(s, ", because %s", reason_meaning(e->reason));
}

static bool tcd_stored(struct story *s, const struct event *e)
{
    say(s, "row %lld", (long long)e->value2);
    for (size_t i = 0; i < s->rows_n; i++) {
        struct story_row_text *row = &s->rows[i];
        if (row->recovery_key == e->value2 && !row->told) {
            row->told = true;
            add(s, ": %s", row->text);
        }
    }
    return e->reason != REASON_NONE ? add_cause(s, e) : true;
}

/* -- Agents, devices, the cluster. -- */

static bool agent_state(struct story *s, const struct event *e)
{
    const struct story_part *part = story_part_of(s, e->device);
    const enum agent_state state = e->value2 >= 0 && e->value2 < AGENT_STATE_COUNT
                                       ? (enum agent_state)e->value2
                                       : AGENT_STATE_UNKNOWN;
    bool shows = state == AGENT_STATE_TALKING || state == AGENT_STATE_HELD ||
                 state == AGENT_STATE_CALL_INITIATED || state == AGENT_STATE_LOGGED_OFF;
    if (part == NULL || !part->followed || shows) {
        return false; /* the phone tells, or the logout does */
    }
    say(s, "agent %lld: %s", (long long)e->value, agent_state_meaning(state));
    return e->text[0] != '\0' && strcmp(e->text, "0") != 0 ? add(s, " (reason code %s)", e->text)
                                                           : true;
}

static bool agent_after(struct story *s, const struct event *e)
{
    const struct story_part *part = story_part_of(s, e->device);
    return part != NULL && part->followed &&
           say(s, "agent %lld asks to be %s after the call", (long long)e->value,
               e->value2 == AGENT_STATE_READY ? "ready" : "not ready");
}

static bool device_lost(struct story *s, const struct event *e)
{
    struct story_part *part = story_part_of(s, e->device);
    if (part != NULL) {
        part->lost = true;
    }
    return say(s, "%s loses its CallManager (%s): %s", name_of(s, e->device).text,
               proc_of(s, e->peer), reason_meaning(e->reason));
}

static bool registered(struct story *s, const struct event *e)
{
    struct story_part *part = story_part_of(s, e->device);
    if (part == NULL || !part->lost) {
        return false;
    }
    part->lost = false;
    return say(s, "%s registers at %s", name_of(s, e->device).text, proc_of(s, e->peer));
}

/* Every node tells that another one is taken for dead: once is enough. */
static bool node_down(struct story *s, const struct event *e)
{
    for (const struct event *o = s->events; o < e; o++) {
        if (o->kind == e->kind && proc_id_eq(o->peer, e->peer) && o->value == e->value) {
            return false;
        }
    }
    return say(s, "the registry takes %s for dead", proc_of(s, e->peer));
}

/* A cut is a fault of each process that it parts from another: one word for all of them. */
static bool network(struct story *s, const struct event *e)
{
    for (const struct event *o = e; o-- > s->events && e->at.us - o->at.us < SAME_CUT_US;) {
        if (o->kind == e->kind && strcmp(o->text, e->text) == 0) {
            return false;
        }
    }
    return say(s, "%s: %s of the network", e->kind == EVENT_FAULT ? "fault" : "undone", e->text);
}

static bool fault(struct story *s, const struct event *e)
{
    return strncmp(e->text, "partition", strlen("partition")) == 0
               ? network(s, e)
               : say(s, "%s: %s at %s", e->kind == EVENT_FAULT ? "fault" : "undone", e->text,
                     proc_of(s, e->peer));
}

static bool agent_logout(struct story *s, const struct event *e)
{
    return say(s, "agent %lld is logged out, reason code %lld", (long long)e->value,
               (long long)e->value2);
}

static bool of_the_cluster(struct story *s, const struct event *e)
{
    const char *who = proc_of(s, e->proc);
    switch ((int)e->kind) {
    case EVENT_FAULT:
    case EVENT_HEAL:
        return fault(s, e);
    case EVENT_SERVICE_CRASH:
        return say(s, "%s of %s crashes", e->text, who);
    case EVENT_NODE_DOWN:
        return node_down(s, e);
    case EVENT_PROVIDER_DOWN:
        return say(s, "%s loses its CTI Manager (%s): %s", who, proc_of(s, e->peer),
                   reason_meaning(e->reason));
    case EVENT_PG_ACTIVE:
        return say(s, "%s is the active side, with %lld %s", who, (long long)e->value2,
                   plural_of((uint64_t)e->value2, "monitor", "monitors"));
    case EVENT_PG_STANDBY:
        return say(s, "%s is not the active side", who);
    default:
        return false;
    }
}

bool story_words(struct story *s, const struct event *e)
{
    switch ((int)e->kind) {
    case EVENT_CALL_BEGIN:
        return call_begin(s, e);
    case EVENT_CALL_STATE:
        return call_state(s, e);
    case EVENT_CALL_PRESERVED:
        return preserved(s, e);
    case EVENT_CALL_END:
        return call_end(s, e);
    case EVENT_MEDIA_END:
        return say(s, "%s got %lld datagrams of media, with no gap longer than %lld ms",
                   name_of(s, e->device).text, (long long)e->value, (long long)e->value2 / 1000);
    case EVENT_KEY_TAKEN:
        return key_taken(s, e);
    case EVENT_KEY_REFUSED:
        return key_refused(s, e);
    case EVENT_ROUTE_REQUESTED:
        return say(s, "%s asks where %s is to go", proc_of(s, e->proc), e->text);
    case EVENT_ROUTED:
        return routed(s, e);
    case EVENT_WRAPUP_ENTERED: /* its PG tells it too */
        return kind_of(s, e->proc) == PROC_FLEET &&
               say(s, "agent %lld enters wrap-up data: %s", (long long)e->value, e->text);
    case EVENT_TCD_WRITTEN:
        return tcd_written(s, e);
    case EVENT_TCD_STORED:
        return tcd_stored(s, e);
    case EVENT_TCD_DUPLICATE:
        return say(s, "%s has that record, and changes nothing", proc_of(s, e->proc));
    case EVENT_AGENT_STATE:
        return agent_state(s, e);
    case EVENT_AGENT_AFTER:
        return agent_after(s, e);
    case EVENT_AGENT_LOGOUT:
        return agent_logout(s, e);
    case EVENT_DEVICE_LOST:
        return device_lost(s, e);
    case EVENT_REGISTERED:
        return registered(s, e);
    default:
        return of_the_cluster(s, e);
    }
}
