#include "cluster/record/chart.h"

#include "cluster/record/page.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH   1000
#define LEFT    72
#define RIGHT   12
#define PLOT    (WIDTH - LEFT - RIGHT)
#define HEIGHT  190
#define TOP     26
#define BUCKETS PLOT
#define COLOURS 5

#define LANES      4
#define LANE       14 /* the height of one */
#define LETTER     7  /* the width of one, about */
#define LABELS_MAX 256

struct span {
    int64_t from, until;
};

static int x_of(struct span s, int64_t at)
{
    if (at <= s.from || s.until <= s.from) {
        return LEFT;
    }
    return at >= s.until ? LEFT + PLOT : LEFT + (int)((at - s.from) * PLOT / (s.until - s.from));
}

/* A step of 1, 2 or 5 times a power of ten that makes at most eleven ticks. */
static int64_t tick_step(int64_t range)
{
    static const int64_t factors[3] = {1, 2, 5};
    for (int64_t power = 1;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            if (range / (factors[i] * power) <= 10) {
                return factors[i] * power;
            }
        }
    }
}

/* The label of a moment: seconds after the fault, or after the beginning. */
static void time_label(FILE *f, int64_t us, int64_t step)
{
    long long whole = (long long)(us / 1000000), part = llabs((long long)(us % 1000000));
    const char *sign = us > 0 ? "+" : us < 0 ? "−" : "";
    if (step >= 1000000) {
        fprintf(f, "%s%lld s", sign, llabs(whole));
    } else if (step >= 100000) {
        fprintf(f, "%s%lld.%01lld s", sign, llabs(whole), part / 100000);
    } else {
        fprintf(f, "%s%lld ms", sign, llabs((long long)us) / 1000);
    }
}

static void time_axis(FILE *f, struct span s, int64_t zero, int y, int top)
{
    int64_t step = tick_step(s.until - s.from);
    int64_t first = s.from - zero;
    first = first >= 0 ? (first + step - 1) / step * step : -(-first / step) * step;
    for (int64_t t = first; zero + t <= s.until; t += step) {
        int x = x_of(s, zero + t);
        fprintf(f, "<line class=grid x1=%d x2=%d y1=%d y2=%d />", x, x, top, y);
        fprintf(f, "<text x=%d y=%d text-anchor=%s>", x, y + 18,
                x > WIDTH - 4 * LETTER ? "end" : "middle");
        time_label(f, t, step);
        fputs("</text>", f);
    }
    fprintf(f, "<line class=axis x1=%d x2=%d y1=%d y2=%d />", LEFT, LEFT + PLOT, y, y);
}

static int64_t zero_of(const struct judged *j)
{
    return j->timings.fault_at != TIMINGS_NONE ? j->timings.fault_at : j->run.history.begin_us;
}

static uint32_t node_place(const struct judged *j, struct proc_id node)
{
    uint32_t place = 0;
    for (uint16_t v = 1; v < node.v && v <= j->run.history.topology->procs_n; v++) {
        place += j->run.history.topology->procs[v - 1].kind == PROC_NODE ? 1 : 0;
    }
    return place;
}

const char *chart_colour(const struct judged *j, struct proc_id node)
{
    static const char *const colours[COLOURS] = {"var(--n4)", "var(--n0)", "var(--n1)", "var(--n2)",
                                                 "var(--n3)"};
    return colours[node_place(j, node) % COLOURS];
}

/* Where every device is at the end of each bucket: counts[node * (BUCKETS + 1) + bucket]. */
static uint32_t count_homes(const struct history *h, struct span s, uint32_t *counts)
{
    uint32_t total = 0;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        if (!topology_device(h->topology, (struct device_id){d}, &info) ||
            info.kind == DEVICE_KIND_ROUTE_POINT) {
            continue;
        }
        total++;
        const struct history_span *moves = &h->moves_of[d];
        uint32_t next = 0;
        struct proc_id node = {0};
        for (uint32_t b = 0; b <= BUCKETS; b++) {
            int64_t at = s.from + (s.until - s.from) * (int64_t)b / BUCKETS;
            while (next < moves->n && h->moves[moves->first + next].at <= at) {
                node = h->moves[moves->first + next++].node;
            }
            if (node.v <= PROCS_MAX) {
                counts[(size_t)node.v * (BUCKETS + 1) + b]++;
            }
        }
    }
    return total;
}

/* One layer of the stack as a path of steps; `base` is what lies below and grows by it. */
static void layer(FILE *f, const uint32_t *counts, uint32_t *base, uint32_t total,
                  const char *colour)
{
    bool any = false;
    for (int b = 0; b <= BUCKETS; b++) {
        any = any || counts[b] > 0;
    }
    if (!any || total == 0) {
        return;
    }
    fprintf(f, "<path fill=\"%s\" d=\"", colour);
    for (int b = 0; b <= BUCKETS; b++) {
        uint32_t top = base[b] + counts[b];
        unsigned long long y = TOP + HEIGHT - (unsigned long long)top * HEIGHT / total;
        if (b == 0) {
            fprintf(f, "M%d %llu", LEFT, y);
        } else if (b == BUCKETS || top != base[b - 1] + counts[b - 1]) {
            fprintf(f, "H%dV%llu", LEFT + b, y);
        }
    }
    for (int b = BUCKETS; b >= 0; b--) {
        if (b == BUCKETS || b == 0 || base[b] != base[b + 1]) {
            unsigned long long y = TOP + HEIGHT - (unsigned long long)base[b] * HEIGHT / total;
            fprintf(f, "H%dV%llu", b == BUCKETS ? LEFT + b : LEFT + b + 1, y);
        }
    }
    fprintf(f, "H%dZ\"/>", LEFT);
    for (int b = 0; b <= BUCKETS; b++) {
        base[b] += counts[b];
    }
}

/* -- What happened, above the plot: labels in as many lanes as they need, so that none lies on
 * another. What finds no room keeps its line, which tells it when pointed at. -- */

struct label {
    int x, from, until; /* of its line; of its text */
    int lane;           /* from the bottom; LANES: there is no room */
    bool fault;
    char text[NAME_LEN + EVENT_TEXT_LEN + 8];
};

struct labels {
    uint32_t n;
    int lanes;
    struct label all[LABELS_MAX];
};

static void add_label(struct labels *l, const struct label *label)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->all[i].x == label->x && strcmp(l->all[i].text, label->text) == 0) {
            return;
        }
    }
    if (l->n < LABELS_MAX) {
        l->all[l->n++] = *label;
    }
}

static void add_labels(const struct history *h, struct span s, const struct history_outage *o,
                       struct labels *l)
{
    const char *name = topology_name(h->topology, o->proc);
    const char *what = o->what[0] != '\0' ? o->what : "fault";
    struct label label = {.x = x_of(s, o->from), .lane = LANES, .fault = true};
    if (o->from >= s.from && o->from <= s.until) {
        snprintf(label.text, sizeof label.text, "%s%s%s", name, name[0] != '\0' ? ": " : "", what);
        add_label(l, &label);
    }
    if (o->until >= s.from && o->until <= s.until) {
        label = (struct label){.x = x_of(s, o->until), .lane = LANES};
        snprintf(label.text, sizeof label.text, "%s back", name[0] != '\0' ? name : what);
        add_label(l, &label);
    }
}

/* Faults first. From the right, so that the line of who has to go higher passes the others on their
 * left. */
static int by_right_of_place(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    if (x->fault != y->fault) {
        return x->fault ? -1 : 1;
    }
    return x->x != y->x ? (x->x < y->x) - (x->x > y->x) : strcmp(y->text, x->text);
}

/* In its lane; and no line of a higher one goes through a text. */
static bool is_free(const struct labels *l, const struct label *label, int lane)
{
    for (const struct label *other = l->all; other < label; other++) {
        int upper = other->lane > lane ? other->x : label->x;
        const struct label *lower = other->lane > lane ? label : other;
        bool beside =
            other->lane == lane && label->from < other->until && other->from < label->until;
        bool through = other->lane < LANES && other->lane != lane && lower->from < upper &&
                       upper < lower->until;
        if (beside || through) {
            return false;
        }
    }
    return true;
}

/* The first fault always has a lane: the highest is for it alone. */
static void find_labels(const struct history *h, struct span s, struct labels *l)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        if (h->outages[i].injected) {
            add_labels(h, s, &h->outages[i], l);
        }
    }
    qsort(l->all, l->n, sizeof l->all[0], by_right_of_place);
    for (uint32_t i = 0; i < l->n; i++) {
        struct label *label = &l->all[i];
        int width = ((int)strlen(label->text) + 1) * LETTER, lane = 0;
        bool first = label->fault && (i + 1 == l->n || !l->all[i + 1].fault);
        int room = first ? LANES : LANES - 1;
        label->from = label->x + width <= WIDTH ? label->x : label->x - width;
        label->until = label->from + width;
        while (lane < room && !is_free(l, label, lane)) {
            lane++;
        }
        lane = first && lane == room ? LANES - 1 : lane;
        if (lane < room) {
            label->lane = lane;
            l->lanes = lane >= l->lanes ? lane + 1 : l->lanes;
        }
    }
}

static void draw_label(FILE *f, const struct label *l)
{
    int y = 14 - l->lane * LANE;
    fprintf(f, "<line class=%s x1=%d x2=%d y1=%d y2=%d><title>", l->fault ? "mark" : "heal", l->x,
            l->x, l->lane < LANES ? y + 6 : TOP - 6, TOP + HEIGHT);
    page_text(f, l->text);
    fputs("</title></line>", f);
    if (l->lane == LANES) {
        return;
    }
    bool left = l->from < l->x;
    fprintf(f, "<text%s x=%d y=%d%s>", l->fault ? " class=fault" : "", left ? l->x - 2 : l->x + 2,
            y, left ? " text-anchor=end" : "");
    page_text(f, l->text);
    fputs("</text>", f);
}

/* The times without an active PG side; faults, and their ends. */
static void marks(FILE *f, const struct history *h, struct span s, const struct labels *labels)
{
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->injected && w->from < s.until && w->until > s.from) {
            int x = x_of(s, w->from);
            int width = x_of(s, w->until) - x;
            fprintf(f, "<rect x=%d y=%d width=%d height=6 fill=\"var(--fail)\" opacity=.55 />", x,
                    TOP - 7, width < 2 ? 2 : width);
        }
    }
    for (uint32_t i = 0; i < labels->n; i++) {
        draw_label(f, &labels->all[i]);
    }
}

void chart_phones(FILE *f, const struct judged *j, int64_t from, int64_t until)
{
    const struct history *h = &j->run.history;
    struct span s = {from, until};
    uint32_t *counts = calloc((size_t)(PROCS_MAX + 1) * (BUCKETS + 1), sizeof counts[0]);
    uint32_t *base = calloc(BUCKETS + 1, sizeof base[0]);
    struct labels *labels = calloc(1, sizeof *labels);
    ASSERT(counts != NULL);
    ASSERT(base != NULL);
    ASSERT(labels != NULL);
    find_labels(h, s, labels);
    int above = labels->lanes > 1 ? (labels->lanes - 1) * LANE : 0;
    uint32_t total = count_homes(h, s, counts);
    fprintf(
        f,
        "<div class=scroll><svg viewBox=\"0 %d %d %d\" role=img aria-label=\"registered devices "
        "per node over "
        "time\">",
        -above, WIDTH, above + TOP + HEIGHT + 26);
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        if (h->topology->procs[v - 1].kind == PROC_NODE) {
            layer(f, &counts[(size_t)v * (BUCKETS + 1)], base, total,
                  chart_colour(j, (struct proc_id){v}));
        }
    }
    layer(f, counts, base, total, "var(--none)");
    time_axis(f, s, zero_of(j), TOP + HEIGHT, TOP);
    fprintf(f, "<text x=%d y=%d text-anchor=end>%u</text>", LEFT - 8, TOP + 4, total);
    fprintf(f, "<text x=%d y=%d text-anchor=end>0</text>", LEFT - 8, TOP + HEIGHT + 4);
    marks(f, h, s, labels);
    fputs("</svg></div>", f);
    free(counts);
    free(base);
    free(labels);
}

struct bar {
    const char *what;
    int64_t from, until;
    const char *colour;
};

static void draw_percent(FILE *f, const char *name, int64_t part, int64_t whole)
{
    int64_t permille = part * 1000 / whole;
    fprintf(f, "%s:%d.%d%%", name, (int)(permille / 10), (int)(permille % 10));
}

/* One line of a grid: what, its bar, when it was done. */
static void draw_bar(FILE *f, int64_t longest, const struct bar *bar)
{
    char time[PAGE_TIME_LEN];
    bool done = bar->until != TIMINGS_NONE;
    int64_t from = bar->from != TIMINGS_NONE && bar->from < bar->until ? bar->from : 0;
    fputs("<dt>", f);
    page_text(f, bar->what);
    fputs("<dd class=track>", f);
    if (done) {
        fputs("<i style=\"", f);
        draw_percent(f, "left", from, longest);
        draw_percent(f, ";width", bar->until - from, longest);
        fprintf(f, ";background:%s\"></i>", bar->colour);
    }
    fprintf(f, "<dd class=%s>", done ? "done" : "never");
    page_text(f, done ? page_time(bar->until, time) : "none");
}

void chart_anatomy(FILE *f, const struct judged *j)
{
    const struct timings *t = &j->timings;
    const char *end = j->verdict == VERDICT_FAIL ? "var(--fail)" : "var(--pass)";
    const struct bar bars[] = {
        {"fault noticed", 0, t->detect, "var(--bar)"},
        {"new Raft leader", t->detect, t->elect, "var(--bar)"},
        {"first device re-homed", t->detect, t->first_rehome, "var(--bar)"},
        {"last device re-homed", t->first_rehome, t->last_rehome, "var(--bar)"},
        {"PG side active", t->detect, t->pg_active, "var(--bar)"},
        {"calls routed again", t->pg_active, t->routed, "var(--bar)"},
        {"steady", 0, t->steady, end},
    };
    const size_t n = sizeof bars / sizeof bars[0];
    int64_t longest = 1000;
    if (t->fault_at == TIMINGS_NONE) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        longest = bars[i].until > longest ? bars[i].until : longest;
    }
    fputs("<dl class=anatomy>", f);
    for (size_t i = 0; i < n; i++) {
        draw_bar(f, longest, &bars[i]);
    }
    fputs("</dl>", f);
}

void chart_processes(FILE *f, const struct judged *j)
{
    const struct history *h = &j->run.history;
    struct span s = {h->begin_us, h->end_us};
    int rows = (int)h->topology->procs_n, y = 0;
    fprintf(
        f,
        "<div class=scroll><svg viewBox=\"0 0 %d %d\" role=img aria-label=\"processes over time\">",
        WIDTH, rows * 24 + TOP + 26);
    time_axis(f, s, zero_of(j), TOP + rows * 24, TOP);
    for (uint16_t v = 1; v <= h->topology->procs_n; v++, y++) {
        int top = TOP + y * 24 + 5;
        bool node = h->topology->procs[v - 1].kind == PROC_NODE;
        fprintf(f, "<text class=ink x=%d y=%d text-anchor=end>", LEFT - 8, top + 11);
        page_text(f, h->topology->procs[v - 1].name);
        fprintf(f, "</text><rect x=%d y=%d width=%d height=14 rx=3 opacity=.75 fill=\"%s\"/>", LEFT,
                top, PLOT, node ? chart_colour(j, (struct proc_id){v}) : "var(--n4)");
        for (uint32_t i = 0; i < h->outages_n; i++) {
            const struct history_outage *o = &h->outages[i];
            int x = x_of(s, o->from);
            if (o->proc.v != v || x == LEFT + PLOT) { /* everybody stops when the run is over */
                continue;
            }
            int width = x_of(s, o->until) - x;
            bool part = o->service != SERVICE_NONE;
            fprintf(f,
                    "<rect x=%d y=%d width=%d height=%d fill=\"var(--fail-bg)\" "
                    "stroke=\"var(--fail)\"/>",
                    x, part ? top + 7 : top, width < 3 ? 3 : width, part ? 7 : 14);
            fprintf(f, "<text class=fault x=%d y=%d>", x + 6, top + 11);
            page_text(f, width > 60 ? o->what : "");
            fputs("</text>", f);
        }
    }
    fputs("</svg></div>", f);
}
