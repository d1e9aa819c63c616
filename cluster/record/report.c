#include "cluster/record/report.h"

#include "cluster/record/chart.h"
#include "cluster/record/line.h"
#include "cluster/record/page.h"
#include "cluster/record/page_style.h"
#include "node/base/plural.h"

#include <string.h>

#define LEGS_MAX   200 /* of the ledger's exceptions, and of the calls kept */
#define EVENTS_MAX 80

static const char *title_of(const struct judged *j)
{
    return j->title[0] != '\0' ? j->title : j->scenario[0] != '\0' ? j->scenario : "A recorded run";
}

static void head(FILE *f, const struct judged *j)
{
    char stamp[LINE_STAMP_LEN], length[PAGE_TIME_LEN];
    const struct history *h = &j->run.history;
    fputs("<!doctype html><html lang=en><head><meta charset=utf-8>"
          "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>",
          f);
    page_say(f, "%s – %s", title_of(j), check_verdict_text(j->verdict));
    fputs("</title>", f);
    page_style_write(f);
    fputs("</head><body><main><h1>", f);
    page_text(f, title_of(j));
    fputs("</h1><p class=lead>", f);
    line_stamp(j->run.wall_us + h->begin_us, stamp);
    stamp[19] = '\0';
    stamp[10] = ' ';
    page_say(f, "cluster %s · profile %s · %u devices · seed %llu · %s UTC · %s", h->topology->name,
             h->topology->timers.profile, topology_devices(h->topology),
             (unsigned long long)j->seed, stamp, page_time(h->end_us - h->begin_us, length));
    fputs("</p>", f);
}

static void count(const struct judged *j, uint64_t counts[3])
{
    memset(counts, 0, 3 * sizeof counts[0]);
    for (size_t i = 0; i < j->results_n; i++) {
        counts[j->results[i].verdict]++;
    }
}

static void banner(FILE *f, const struct judged *j)
{
    uint64_t counts[3];
    count(j, counts);
    fprintf(f, "<section class=\"banner %s\"><div class=word>%s</div><div><div>",
            check_verdict_text(j->verdict), check_verdict_text(j->verdict));
    page_say(f, "%llu of %zu checks passed", (unsigned long long)counts[VERDICT_PASS],
             j->results_n);
    if (counts[VERDICT_FAIL] > 0) {
        fprintf(f, ", <b>%llu failed</b>", (unsigned long long)counts[VERDICT_FAIL]);
    }
    if (counts[VERDICT_INCONCLUSIVE] > 0) {
        fprintf(f, ", %llu saw nothing to judge", (unsigned long long)counts[VERDICT_INCONCLUSIVE]);
    }
    fputs("</div><div class=sub>", f);
    const struct timings *t = &j->timings;
    char steady[PAGE_TIME_LEN];
    if (j->run.history.gaps > 0) {
        page_say(f, "The record has %u %s, so this run proves no innocence.", j->run.history.gaps,
                 plural_of(j->run.history.gaps, "gap", "gaps"));
    } else if (t->fault_at == TIMINGS_NONE) {
        fputs("No fault was injected.", f);
    } else {
        page_say(f, "%llu %s moved, %llu stayed in a call, %llu lost; steady after %s.",
                 (unsigned long long)t->moved, plural_of(t->moved, "device", "devices"),
                 (unsigned long long)t->kept_in_call, (unsigned long long)t->lost,
                 page_time(t->steady, steady));
    }
    fputs("</div></div></section>", f);
}

static void card(FILE *f, const char *value, const char *what)
{
    fputs("<div class=card><b>", f);
    page_text(f, value);
    fputs("</b><span>", f);
    page_text(f, what);
    fputs("</span></div>", f);
}

static void card_number(FILE *f, uint64_t value, const char *what)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    card(f, text, what);
}

static void cards(FILE *f, const struct judged *j)
{
    char text[PAGE_TIME_LEN];
    const struct timings *t = &j->timings;
    fputs("<div class=cards>", f);
    card(f, page_time(t->p50, text), "median re-home");
    card(f, page_time(t->p99, text), "99 % re-homed");
    card_number(f, t->moved, "devices moved");
    card_number(f, t->kept_in_call, "stayed in their call");
    card_number(f, t->lost, "devices lost");
    card_number(f, t->preserved, "legs preserved");
    card_number(f, t->dropped_in_setup, "legs dropped in setup");
    card(f, page_time(t->gap_max, text), "longest media pause");
    fputs("</div>", f);
}

static void legend(FILE *f, const struct judged *j)
{
    const struct topology *t = j->run.history.topology;
    fputs("<div class=legend>", f);
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (t->procs[v - 1].kind == PROC_NODE) {
            fprintf(f, "<span><i style=\"background:%s\"></i>",
                    chart_colour(j, (struct proc_id){v}));
            page_text(f, t->procs[v - 1].name);
            fputs("</span>", f);
        }
    }
    fputs("<span><i style=\"background:var(--none)\"></i>not registered</span>"
          "<span><i "
          "style=\"background:var(--fail);opacity:.55;height:6px;vertical-align:2px\"></i>no "
          "active PG side</span></div>",
          f);
}

static void timeline(FILE *f, const struct judged *j)
{
    const struct history *h = &j->run.history;
    const struct timings *t = &j->timings;
    fputs("<section><h2>Who served the phones</h2><p class=lead>Registered phones and gateways per "
          "node, as the devices themselves knew it.</p>",
          f);
    legend(f, j);
    chart_phones(f, j, h->begin_us, h->end_us);
    if (t->fault_at != TIMINGS_NONE) {
        int64_t most = t->steady > t->last_rehome ? t->steady : t->last_rehome;
        most = most < 200000 ? 200000 : most;
        fputs("<h2 style=\"margin-top:20px\">The failover, close up</h2>", f);
        int64_t until = t->fault_at + most * 5 / 4;
        chart_phones(f, j, t->fault_at - most / 8, until < h->end_us ? until : h->end_us);
    }
    fputs("</section>", f);
}

static void anatomy(FILE *f, const struct judged *j)
{
    if (j->timings.fault_at == TIMINGS_NONE) {
        return;
    }
    fputs("<section><h2>Anatomy of the failover</h2><p class=lead>A bar begins when its cause was "
          "there; times count from the fault.</p>",
          f);
    chart_anatomy(f, j);
    fputs("</section>", f);
}

static void check_row(FILE *f, const struct check_result *r)
{
    const char *word = check_verdict_text(r->verdict);
    fprintf(f, "<tr><td><span class=\"pill %s\">%s</span><td class=id>", word, word);
    page_text(f, r->id);
    fputs("<td>", f);
    page_text(f, r->title);
    fputs("<br><span class=obs>", f);
    page_text(f, r->observed);
    fputs("</span></tr>", f);
}

static void checks(FILE *f, const struct judged *j)
{
    fputs("<section class=long><h2>What was promised, and what happened</h2><div class=scroll>"
          "<table class=checks><thead><tr><th>verdict<th>check<th>promise and "
          "observation</tr></thead><tbody>",
          f);
    /* What failed comes first. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < j->results_n; i++) {
            if ((j->results[i].verdict == VERDICT_FAIL) == (pass == 0)) {
                check_row(f, &j->results[i]);
            }
        }
    }
    fputs("</tbody></table></div></section>", f);
}

static const char *class_colour(enum ledger_class class)
{
    static const char *const colours[LEDGER_CLASSES] = {"var(--pass)", "var(--n0)",   "var(--n2)",
                                                        "var(--n4)",   "var(--fail)", "var(--fail)",
                                                        "var(--fail)", "var(--line)"};
    return colours[class];
}

static bool is_wrong(enum ledger_class class)
{
    return class >= LEDGER_LOST && class <= LEDGER_UNEXPLAINED;
}

static void ledger_row(FILE *f, const struct judged *j, const struct ledger_entry *e)
{
    const struct history *h = &j->run.history;
    char at[PAGE_TIME_LEN], length[PAGE_TIME_LEN];
    fprintf(f, "<tr><td><span class=\"pill %s\">%s</span><td>",
            is_wrong(e->found) ? "fail" : "inconclusive", ledger_class_text(e->found));
    if (e->leg != UINT32_MAX) {
        const struct history_leg *leg = &h->legs[e->leg];
        page_say(f, "%s%s", e->at_route_point ? "route point " : "",
                 e->at_route_point ? leg->to : leg->number);
        fprintf(f, "<td><code>%016llx</code><td class=n>", (unsigned long long)leg->call.v);
        page_text(f, page_time(leg->begin_us - h->begin_us, at));
        fputs("<td class=n>", f);
        page_text(f, page_time(leg->end_us - leg->begin_us, length));
        fputs("<td>", f);
        page_text(f, reason_text(leg->reason));
    } else {
        page_say(f, "%s", h->rows[e->rows[0]].instrument);
        fprintf(f, "<td><code>%016llx</code><td class=n>–<td class=n>–<td>a row without a leg",
                (unsigned long long)h->rows[e->rows[0]].call.v);
    }
    fputs("<td>", f);
    for (uint32_t i = 0; i < e->rows_n && i < LEDGER_ROWS_MAX; i++) {
        const struct history_row *row = &h->rows[e->rows[i]];
        page_say(f, "%s%lld%s", i > 0 ? ", " : "", (long long)row->recovery_key,
                 row->partial ? " (partial)" : "");
    }
    fputs(e->rows_n == 0 ? "none</tr>" : "</tr>", f);
}

/* What must not be stands open; what the fault explains is folded. */
static void ledger_rows(FILE *f, const struct judged *j, bool wrong)
{
    const struct ledger *l = &j->ledger;
    uint64_t wanted = 0, shown = 0;
    for (unsigned c = LEDGER_OK + 1; c < LEDGER_LEFT_OUT; c++) {
        wanted += is_wrong((enum ledger_class)c) == wrong ? l->by_class[c] : 0;
    }
    if (wanted == 0) {
        return;
    }
    if (!wrong) {
        fprintf(f, "<details><summary>the %llu that a fault explains</summary>",
                (unsigned long long)wanted);
    }
    fputs("<div class=scroll><table><thead><tr><th>class<th>phone<th>call<th class=n>began at"
          "<th class=n>lasted<th>ended<th>RecoveryKey of its rows</tr></thead><tbody>",
          f);
    for (size_t i = 0; i < l->entries_n; i++) {
        const struct ledger_entry *e = &l->entries[i];
        if (e->found != LEDGER_OK && e->found != LEDGER_LEFT_OUT && is_wrong(e->found) == wrong &&
            shown++ < LEGS_MAX) {
            ledger_row(f, j, e);
        }
    }
    fputs("</tbody></table></div>", f);
    if (shown > LEGS_MAX) {
        fprintf(f, "<p class=lead>%llu more like these.</p>",
                (unsigned long long)(shown - LEGS_MAX));
    }
    fputs(wrong ? "" : "</details>", f);
}

static void ledger(FILE *f, const struct judged *j)
{
    const struct ledger *l = &j->ledger;
    fputs("<section class=long><h2>The ledger of call records</h2><p class=lead>Every leg that the "
          "phones saw, its class predicted from the fault times, against the rows of "
          "Termination_Call_Detail.",
          f);
    if (!l->conclusive) {
        page_say(f, " Not judged: %s.", l->why_not);
    }
    fputs("</p><div class=strip>", f);
    for (unsigned c = 0; c < LEDGER_LEFT_OUT && l->calls > 0; c++) {
        if (l->by_class[c] > 0) {
            fprintf(f, "<i style=\"flex:%llu;background:%s\"></i>",
                    (unsigned long long)l->by_class[c], class_colour((enum ledger_class)c));
        }
    }
    fputs("</div><div class=legend>", f);
    for (unsigned c = 0; c < LEDGER_CLASSES; c++) {
        fprintf(f, "<span><i style=\"background:%s\"></i>%llu %s</span>",
                class_colour((enum ledger_class)c), (unsigned long long)l->by_class[c],
                c == LEDGER_LEFT_OUT ? "left out" : ledger_class_text((enum ledger_class)c));
    }
    fputs("</div>", f);
    ledger_rows(f, j, true);
    ledger_rows(f, j, false);
    fputs("</section>", f);
}

static void call_row(FILE *f, const struct judged *j, const struct history_leg *leg)
{
    char talk[PAGE_TIME_LEN], gap[PAGE_TIME_LEN];
    struct device_info info = {0};
    bool known = topology_device(j->run.history.topology, leg->device, &info);
    fputs("<tr><td class=id>", f);
    page_text(f, known ? info.name : "?");
    fputs("<td>", f);
    page_text(f, leg->number);
    fprintf(f, "<td><code>%016llx</code><td>", (unsigned long long)leg->call.v);
    page_text(f, leg->preserved ? "kept its media" : "dropped in setup");
    fputs("<td class=n>", f);
    page_text(f, leg->answer_us != 0 ? page_time(leg->end_us - leg->answer_us, talk) : "–");
    fputs("<td class=n>", f);
    page_text(f, leg->answer_us != 0 ? page_time(leg->gap_us, gap) : "–");
    fputs("<td>", f);
    page_text(f, reason_text(leg->reason));
    fputs("</tr>", f);
}

static void calls(FILE *f, const struct judged *j)
{
    const struct history *h = &j->run.history;
    uint64_t shown = 0;
    fputs("<section class=long><h2>Calls that the fault touched</h2><p class=lead>", f);
    page_say(f, "%llu %s media, %llu %s being set up.", (unsigned long long)j->timings.preserved,
             plural_of(j->timings.preserved, "leg kept its", "legs kept their"),
             (unsigned long long)j->timings.dropped_in_setup,
             plural_of(j->timings.dropped_in_setup, "was dropped while it was",
                       "were dropped while they were"));
    if (j->timings.preserved + j->timings.dropped_in_setup == 0) {
        fputs("</p></section>", f);
        return;
    }
    fputs("</p><details><summary>show them</summary><div "
          "class=scroll><table><thead><tr><th>device<th>number<th>call<th>what happened"
          "<th class=n>talked<th class=n>longest pause<th>ended</tr></thead><tbody>",
          f);
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if ((leg->preserved || leg->reason == REASON_DROPPED_IN_SETUP) && shown++ < LEGS_MAX) {
            call_row(f, j, leg);
        }
    }
    fputs("</tbody></table></div></details></section>", f);
}

static void processes(FILE *f, const struct judged *j)
{
    fputs("<section><h2>Processes</h2>", f);
    chart_processes(f, j);
    fputs("</section>", f);
}

static bool is_key_moment(const struct event *e)
{
    switch ((int)e->kind) {
    case EVENT_FAULT:
    case EVENT_HEAL:
    case EVENT_SERVICE_CRASH:
    case EVENT_SERVICE_STOP:
    case EVENT_PROCESS_STOP:
    case EVENT_NODE_DOWN:
    case EVENT_RAFT_SERVING:
    case EVENT_LEASE_LOST:
    case EVENT_PROVIDER_UP:
    case EVENT_PROVIDER_DOWN:
    case EVENT_PG_ACTIVE:
    case EVENT_PG_STANDBY:
    case EVENT_PG_GRANTED:
    case EVENT_PG_REFUSED:
    case EVENT_CTI_GAP:
        return true;
    case EVENT_RAFT_STATE:
        return e->value == RAFT_STATE_LEADER;
    default:
        return false;
    }
}

static void moments(FILE *f, const struct judged *j)
{
    const struct history *h = &j->run.history;
    char at[PAGE_TIME_LEN];
    int64_t zero = j->timings.fault_at != TIMINGS_NONE ? j->timings.fault_at : h->begin_us;
    uint64_t shown = 0;
    fputs("<section class=long><h2>Key moments</h2><div class=scroll><table><thead><tr>"
          "<th class=n>time<th>process<th>event<th>about<th>details</tr></thead><tbody>",
          f);
    for (size_t i = 0; i < h->events_n && shown < EVENTS_MAX; i++) {
        const struct event *e = &h->events[i];
        if (!is_key_moment(e)) {
            continue;
        }
        shown++;
        bool before = e->at.us < zero;
        fprintf(f, "<tr><td class=n>%s%s<td class=id>", before ? "−" : "+",
                page_time(before ? zero - e->at.us : e->at.us - zero, at));
        page_text(f, e->proc.v > PROCS_MAX ? "operator" : topology_name(h->topology, e->proc));
        fputs("<td>", f);
        page_text(f, event_word(e->kind));
        fputs("<td>", f);
        page_text(f, proc_id_some(e->peer) ? topology_name(h->topology, e->peer) : "");
        fputs("<td><span class=obs>", f);
        page_say(f, "%s%s%s", e->text, e->text[0] != '\0' && e->reason != REASON_NONE ? ", " : "",
                 e->reason != REASON_NONE ? reason_text(e->reason) : "");
        fputs("</span></tr>", f);
    }
    fputs("</tbody></table></div></section>", f);
}

/* A record of several machines says how their clocks were brought together. */
static void clocks(FILE *f, const struct judged *j)
{
    const struct run_clocks *c = &j->run.clocks;
    if (c->n == 0) {
        return;
    }
    fputs("<section><h2>Clocks</h2><p class=note>What each machine recorded was brought to the "
          "clock of the one that the command ran on. An offset is known to half of the quickest "
          "round trip.</p><div class=scroll><table><thead><tr><th>Machine<th class=n>Monotonic, "
          "s<th class=n>Wall, ms<th class=n>Known to, ms<th class=n>Samples</tr></thead><tbody>",
          f);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct run_clock *one = &c->at[i];
        fputs("<tr><td class=id>", f);
        page_text(f, one->name);
        fprintf(f, "<td class=n>%+.6f<td class=n>%+.3f<td class=n>%.3f<td class=n>%u</tr>",
                (double)one->shift_us / 1e6, (double)one->wall_shift_us / 1e3,
                (double)one->known_to_us / 1e3, one->samples);
    }
    fputs("</tbody></table></div></section>", f);
}

static void foot(FILE *f)
{
    fputs(
        "<p class=note>Written by rehome from the recorded events, the phones’ own call log "
        "and the record database. The judges never include the code that they judge; a check that "
        "saw nothing says so.</p></main></body></html>\n",
        f);
}

enum err report_write(const struct judged *j, const char *path)
{
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        return ERR_IO;
    }
    FILE *f = fopen(beside, "we");
    if (f == NULL) {
        return ERR_IO;
    }
    head(f, j);
    banner(f, j);
    anatomy(f, j);
    timeline(f, j);
    cards(f, j);
    checks(f, j);
    processes(f, j);
    moments(f, j);
    ledger(f, j);
    calls(f, j);
    clocks(f, j);
    foot(f);
    bool good = ferror(f) == 0;
    good = fclose(f) == 0 && good;
    return good && rename(beside, path) == 0 ? ERR_OK : ERR_IO;
}
