#include "cluster/control/picture.h"

#include "cluster/control/event_text.h"
#include "cluster/control/tick.h"
#include "node/base/plural.h"

#include <stdio.h>
#include <string.h>

#define BAR_AT    47 /* column where the bars of phones begin */
#define NUMBER_AT 8  /* width of the number behind a bar */
#define TIME_AT   11 /* where in an RFC 3339 stamp the time of the day begins */
#define EVENT_LEN 256

void picture_event(struct picture *p, const struct event *e)
{
    if (event_text_matters(p->topology, e)) {
        p->events[p->events_n++ % PICTURE_EVENTS_MAX] = *e;
    }
}

static long long seconds_ago(const struct picture *p, int64_t at_us)
{
    return (long long)(p->scene.at_us - at_us) / 1000000;
}

static void first_lines(const struct picture *p, struct frame *f)
{
    frame_put(f, FRAME_BOLD, "%s  ", p->name);
    frame_put(f, p->healthy ? FRAME_GOOD : FRAME_BAD, "%s", p->healthy ? "healthy" : "DEGRADED");
    uint32_t n = (uint32_t)strlen(p->title);
    frame_tab(f, f->columns > n ? f->columns - n : 0);
    frame_put(f, FRAME_DIM, "%s", p->title);
    frame_line_end(f);
    frame_put(f, FRAME_PLAIN, "%s", p->why);
    for (uint32_t i = 0; i < p->faults.n; i++) {
        const struct fault *fault = &p->faults.at[i];
        char text[FAULTS_TEXT_LEN], how[FAULTS_TEXT_LEN];
        faults_text(p->topology, fault, text);
        faults_how(fault, how);
        frame_put(f, FRAME_BAD, "%sfault: %s (%s) %lld s ago", f->at > 0 ? "   " : "", text, how,
                  seconds_ago(p, fault->at_us));
    }
    frame_line_end(f);
    frame_line_end(f);
}

static enum frame_style state_style(enum scene_state state)
{
    return state == SCENE_UP ? FRAME_PLAIN : FRAME_BAD;
}

/* What is wrong with a node, if anything is. */
static void condition(const struct topology_proc *t, const struct scene_proc *p, struct frame *f)
{
    bool up = p->state == SCENE_UP;
    const char *what = !up                                      ? scene_state_word(p->state)
                       : t->callmanager && !p->node.callmanager ? "no CM"
                       : t->ctimanager && !p->node.ctimanager   ? "no CTI"
                       : !p->node.lease                         ? "no lease"
                                                                : NULL;
    frame_put(f, what != NULL ? FRAME_BAD : FRAME_PLAIN, "%s", what != NULL ? what : "up");
}

static void nodes(const struct picture *p, struct frame *f)
{
    const struct topology *t = p->topology;
    const uint32_t bar = f->columns > BAR_AT + NUMBER_AT ? f->columns - BAR_AT - NUMBER_AT : 0;
    frame_put(f, FRAME_DIM, "%-8s %-8s %-11s %5s %7s %-3s", "NODE", "STATE", "RAFT", "TERM",
              "COMMIT", "");
    frame_tab(f, BAR_AT);
    frame_put(f, FRAME_DIM, "PHONES");
    frame_line_end(f);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *sp = &p->scene.procs[i];
        if (t->procs[i].kind != PROC_NODE) {
            continue;
        }
        bool leads = p->scene.leader.v == i + 1;
        frame_put(f, FRAME_BOLD, "%-8s ", t->procs[i].name);
        condition(&t->procs[i], sp, f);
        frame_tab(f, 18);
        if (sp->state == SCENE_UP) {
            frame_put(f, leads ? FRAME_GOOD : FRAME_PLAIN, "%-11s",
                      raft_standing_text((enum raft_standing)sp->node.raft));
            frame_put(f, FRAME_PLAIN, " %5llu %7llu", (unsigned long long)sp->node.term,
                      (unsigned long long)sp->node.commit);
        }
        frame_tab(f, BAR_AT);
        frame_bar(f, FRAME_MARK, bar, p->homes.by_node[i], p->homes.total);
        frame_put(f, FRAME_PLAIN, " %u", p->homes.by_node[i]);
        frame_line_end(f);
    }
    uint32_t lost = p->homes.total - p->homes.registered;
    frame_put(f, FRAME_DIM, "%-8s", "nobody");
    frame_put(f, FRAME_PLAIN, "%s", p->homes.in_call > 0 ? " in a call that goes on: " : "");
    if (p->homes.in_call > 0) {
        frame_put(f, FRAME_PLAIN, "%u", p->homes.in_call);
    }
    frame_tab(f, BAR_AT);
    frame_bar(f, FRAME_BAD, bar, lost, p->homes.total);
    frame_put(f, FRAME_PLAIN, " %u", lost);
    frame_line_end(f);
    frame_line_end(f);
}

static void gateways(const struct picture *p, struct frame *f)
{
    const struct topology *t = p->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *sp = &p->scene.procs[i];
        if (t->procs[i].kind != PROC_PG) {
            continue;
        }
        frame_put(f, FRAME_BOLD, "%-8s ", t->procs[i].name);
        frame_put(f, state_style(sp->state), "%-8s ", scene_state_word(sp->state));
        if (sp->state == SCENE_UP) {
            frame_put(f, sp->pg.active ? FRAME_GOOD : FRAME_PLAIN, "%-8s",
                      sp->pg.active ? "active" : "standby");
            frame_put(f, FRAME_PLAIN,
                      " side %s  CTI Manager of %s: ", t->procs[i].side == SIDE_A ? "A" : "B",
                      topology_name(t, t->procs[i].ctimanager_node));
            frame_put(f, sp->pg.provider_up ? FRAME_PLAIN : FRAME_BAD, "%s",
                      sp->pg.provider_up ? "up" : "down");
            frame_put(f, FRAME_PLAIN, "  monitors %u/%u", sp->pg.monitors, sp->pg.monitors_wanted);
        }
        frame_line_end(f);
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *sp = &p->scene.procs[i];
        if (t->procs[i].kind == PROC_ICM) {
            frame_put(f, FRAME_BOLD, "%-8s ", t->procs[i].name);
            frame_put(f, state_style(sp->state), "%-8s ", scene_state_word(sp->state));
            frame_put(f, FRAME_PLAIN, "%u %s, %llu %s", sp->icm.queued,
                      plural_of(sp->icm.queued, "caller waits", "callers wait"),
                      (unsigned long long)sp->icm.tcd_rows,
                      plural_of(sp->icm.tcd_rows, "record", "records"));
            frame_line_end(f);
        }
    }
}

static void sums(const struct picture *p, struct frame *f)
{
    const struct scene *s = &p->scene;
    frame_put(f, FRAME_BOLD, "%-8s ", "calls");
    frame_put(f, FRAME_PLAIN, "%u up, ", s->calls);
    frame_put(f, s->preserved > 0 ? FRAME_BAD : FRAME_PLAIN, "%u preserved", s->preserved);
    frame_put(f, FRAME_PLAIN, ", %u with media", s->media_flowing);
    frame_line_end(f);
    uint32_t agents = topology_agents_total(p->topology);
    frame_put(f, FRAME_BOLD, "%-8s ", "agents");
    frame_put(f, s->agents_logged_in < agents ? FRAME_BAD : FRAME_PLAIN, "%u of %u logged in",
              s->agents_logged_in, agents);
    frame_put(f, FRAME_PLAIN, ", %u ready", s->agents_ready);
    frame_line_end(f);
    frame_line_end(f);
}

static void last_events(const struct picture *p, struct frame *f)
{
    uint64_t known = p->events_n < PICTURE_EVENTS_MAX ? p->events_n : PICTURE_EVENTS_MAX;
    uint32_t room = frame_left(f) > 1 ? frame_left(f) - 1 : 0; /* the last line is the keys' */
    uint64_t n = known < room ? known : room;
    for (uint64_t i = p->events_n - n; i < p->events_n; i++) {
        const struct event *e = &p->events[i % PICTURE_EVENTS_MAX];
        char stamp[TICK_STAMP_LEN];
        char line[EVENT_LEN];
        bool fault = e->kind == EVENT_FAULT;
        tick_stamp(e->wall_us, stamp);
        stamp[strlen(stamp) - 1] = '\0'; /* Z */
        frame_put(f, FRAME_DIM, "%s ", stamp + TIME_AT);
        frame_put(f, fault ? FRAME_BAD : FRAME_PLAIN, "%-8s %s",
                  topology_name(p->topology, e->proc),
                  event_text_line(p->topology, e, line, sizeof line));
        frame_line_end(f);
    }
    while (frame_left(f) > 1) {
        frame_line_end(f);
    }
}

void picture_draw(const struct picture *p, struct frame *f)
{
    first_lines(p, f);
    nodes(p, f);
    gateways(p, f);
    sums(p, f);
    last_events(p, f);
    frame_put(f, FRAME_DIM, "%s", p->help);
    frame_line_end(f);
    frame_end(f);
}
