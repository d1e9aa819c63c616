/* watch: the live terminal view, of a living cluster or of a recorded run. */
#include "cluster/control/look.h"
#include "cluster/control/past.h"
#include "cluster/control/picture.h"
#include "cluster/control/screen.h"
#include "cluster/control/tick.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_MS   400
#define ANSWER_MS 300
#define REPLAY_MS 100
#define STEP_US   1000000
#define SPEED_MAX 1000 /* times, in thousandths 1000000 */

struct watching {
    struct session_of_command *s;
    struct picture picture;
    struct frame frame;
};

static void show(struct watching *w)
{
    struct picture *p = &w->picture;
    p->scene = w->s->scene;
    look_homes(w->s, &p->homes);
    look_faults(w->s, &p->faults);
    p->healthy = scene_healthy(&p->scene, p->topology, &p->homes, p->why);
    screen_frame(&w->frame);
    picture_draw(p, &w->frame);
    screen_show(&w->frame);
}

static void each_event(void *context, const struct event *e, const char *line)
{
    (void)line;
    picture_event(context, e);
}

static int live(struct watching *w)
{
    struct tail *tail = tail_new(&w->s->cluster, 0);
    char stamp[TICK_STAMP_LEN];
    snprintf(w->picture.help, sizeof w->picture.help, "q quits");
    while (!tick_interrupted()) {
        survey_take(w->s->desk, &w->s->cluster, ANSWER_MS, &w->s->scene);
        tail_read(tail, each_event, &w->picture);
        snprintf(w->picture.title, sizeof w->picture.title, "%.8s",
                 tick_stamp(w->s->scene.wall_us, stamp) + sizeof "2026-11-23");
        show(w);
        if (screen_key(LIVE_MS) == SCREEN_KEY_QUIT) {
            break;
        }
    }
    tail_free(&tail);
    return OUTCOME_DONE;
}

/* The events that matter up to the moment; the ring keeps the last of them. */
static void take_events(struct watching *w, int64_t from_us, int64_t to_us)
{
    const struct history *h = &w->s->past->load.history;
    if (to_us < from_us) {
        w->picture.events_n = 0;
        from_us = INT64_MIN;
    }
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= to_us; i++) {
        if (h->events[i].at.us > from_us) {
            picture_event(&w->picture, &h->events[i]);
        }
    }
}

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

static int replayed(struct watching *w, uint32_t speed_m, bool from_begin)
{
    struct session_of_command *s = w->s;
    const struct past *p = s->past;
    int64_t at = from_begin ? p->begin_us : s->scene.at_us;
    int64_t shown = INT64_MIN;
    int64_t last = tick_now_us();
    bool paused = false;
    while (!tick_interrupted()) {
        take_events(w, shown, at);
        shown = at;
        if (replay_to(p->replay, at, &s->scene) != ERR_OK) {
            abort();
        }
        char moment[HOME_PATH_MAX];
        look_moment(s, moment, sizeof moment);
        snprintf(w->picture.title, sizeof w->picture.title, "%.120s%s", moment,
                 paused            ? "  paused"
                 : at == p->end_us ? "  end"
                                   : "");
        snprintf(w->picture.help, sizeof w->picture.help,
                 "q quits   space %s   left, right: a second   f: to the fault   speed %.3g",
                 paused ? "goes on" : "pauses", (double)speed_m / 1000);
        show(w);
        enum screen_key key = screen_key(REPLAY_MS);
        int64_t now = tick_now_us();
        at += paused ? 0 : (now - last) * speed_m / 1000;
        last = now;
        if (key == SCREEN_KEY_QUIT) {
            break;
        }
        paused = key == SCREEN_KEY_PAUSE ? !paused : paused;
        at = key == SCREEN_KEY_BACK                        ? shown - STEP_US
             : key == SCREEN_KEY_ON                        ? at + STEP_US
             : key == SCREEN_KEY_FAULT && p->fault != NULL ? p->fault->from
                                                           : at;
        at = clamp(at, p->begin_us, p->end_us);
    }
    return OUTCOME_DONE;
}

static int watch(struct session_of_command *s, const struct look_when *when, uint32_t speed_m)
{
    struct watching *w = calloc(1, sizeof *w);
    if (w == NULL) {
        abort();
    }
    w->s = s;
    w->picture.topology = &s->cluster.topology;
    w->picture.name = s->cluster.name;
    tick_catch_interrupts();
    if (!screen_open()) {
        free(w);
        return outcome_error(OUTCOME_IO, NULL, "the terminal cannot be drawn on");
    }
    int code = s->past != NULL ? replayed(w, speed_m, when->at == NULL) : live(w);
    screen_close();
    free(w);
    return code;
}

int command_watch(int argc, char **argv)
{
    const char *speed = NULL;
    struct look_when when = {0};
    const struct option_row rows[] = {
        LOOK_OPTIONS(when),
        {"speed", 0, "X", "of a recorded run: 2 is twice as fast (default: 1)", NULL, &speed}};
    const struct options_spec spec = {
        .name = "watch",
        .examples = "rehome watch\nrehome watch --run latest --at fault-1s --speed 0.2",
        .lacks = OPTIONS_JSON | OPTIONS_NO_WAIT,
        .doc =
            "The cluster as it is, drawn anew all the time; or a recorded run from its begin (or "
            "--at T) on. It needs a terminal. q quits.",
        .rows = rows,
        .rows_n = sizeof rows / sizeof rows[0]};
    struct options_common common = {0};
    struct options_args args;
    struct session_of_command *s = NULL;
    options_parse(&spec, argc, argv, &common, &args);
    uint32_t speed_m = speed != NULL ? options_rate("--speed", speed) : 1000;
    if (speed_m == 0 || speed_m > SPEED_MAX * 1000) {
        return outcome_error(OUTCOME_USAGE, NULL, "--speed is more than 0 and at most %d",
                             SPEED_MAX);
    }
    if (speed != NULL && when.run == NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome watch --run latest --speed 2",
                             "only a recorded run has a speed");
    }
    if (!screen_possible()) {
        return outcome_error(OUTCOME_USAGE, "rehome status --json      rehome events --follow",
                             "watch draws on a terminal, and this is none");
    }
    int code = look_open(&common, &when, &s);
    code = code == OUTCOME_DONE ? watch(s, &when, speed_m) : code;
    command_close(&s);
    return code;
}
