#include "cluster/control/break.h"

#include "cluster/control/backend.h"
#include "cluster/control/patience.h"
#include "cluster/control/proc.h"
#include "cluster/control/survey.h"
#include "cluster/control/tick.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_MS 3000
#define STOP_MS  5000
#define POLL_MS  20

#define WORD(name, word) [BREAK_##name] = #word,
static const char *const words[] = {BREAK_HOW_MAP(WORD)};
#undef WORD

bool break_how_named(const char *word, enum break_how *ret)
{
    for (int how = BREAK_NOT + 1; how < BREAK_HOWS; how++) {
        if (strcmp(words[how], word) == 0) {
            *ret = (enum break_how)how;
            return true;
        }
    }
    return false;
}

static int order_service(struct operator_desk *o, struct proc_id target, enum service service,
                         enum op_verb verb)
{
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    m->kind = MSG_OP_COMMAND;
    m->op_command.verb = (uint32_t)verb;
    m->op_command.service = (uint32_t)service;
    int code = operator_order(o, target, m, ORDER_MS, NULL);
    free(m);
    return code;
}

int break_possible(const struct cluster *c, enum service service, enum break_how how)
{
    char what[NAME_LEN];
    if (service != SERVICE_NONE && how != BREAK_STOP && how != BREAK_CRASH) {
        return outcome_error(OUTCOME_USAGE, "leave --service out",
                             "a service cannot %s alone; its process can",
                             how == BREAK_HANG ? "hang" : "lose its network or its power");
    }
    snprintf(what, sizeof what, "--how %s", words[how]);
    int code = how == BREAK_POWER || how == BREAK_UNPLUG ? backend_cuts(c, what) : OUTCOME_DONE;
    return code == OUTCOME_DONE && how == BREAK_POWER && backend_of(c)->can_power != NULL
               ? backend_of(c)->can_power(c)
               : code;
}

/* A whole process, in the way of the backend or by a signal; `*at_us` is made better if it can. */
static int break_process(const struct cluster *c, struct proc_id target, enum break_how how,
                         int64_t *at_us)
{
    static const int signals[] = {
        [BREAK_CRASH] = SIGKILL, [BREAK_STOP] = SIGTERM, [BREAK_HANG] = SIGSTOP};
    const char *name = topology_name(&c->topology, target);
    if (how == BREAK_POWER) {
        return backend_of(c)->power(c, target, false);
    }
    if (how == BREAK_UNPLUG) {
        return backend_of(c)->plug(c, target, false);
    }
    return proc_signal(c, name, signals[how], at_us)
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s does not run", name);
}

/* The process lives on. */
static bool spares(enum break_how how)
{
    return how == BREAK_HANG || how == BREAK_UNPLUG;
}

int break_make(struct operator_desk *o, const struct cluster *c, struct proc_id target,
               enum service service, enum break_how how, int64_t *ret_t0_us)
{
    const char *name = topology_name(&c->topology, target);
    struct fault f = {.at_us = tick_now_us(), .wall_us = tick_wall_us()};
    int code = break_possible(c, service, how);
    if (code != OUTCOME_DONE) {
        return code;
    }
    snprintf(f.target, sizeof f.target, "%s", name);
    snprintf(f.how, sizeof f.how, "%s", words[how]);
    if (service != SERVICE_NONE) {
        snprintf(f.service, sizeof f.service, "%s", service_text(service));
        code = order_service(o, target, service,
                             how == BREAK_STOP ? OP_VERB_SERVICE_STOP : OP_VERB_SERVICE_CRASH);
    } else {
        int64_t ordered_us = f.at_us;
        code = break_process(c, target, how, &f.at_us);
        f.wall_us += f.at_us - ordered_us;
    }
    *ret_t0_us = f.at_us;
    code = code == OUTCOME_DONE ? faults_begin(c, &f) : code;
    if (code == OUTCOME_DONE && service == SERVICE_NONE && !spares(how) &&
        !proc_wait_gone(c, name, STOP_MS * patience_of(&c->topology))) {
        code = outcome_error(OUTCOME_TIMEOUT, "rehome kill TARGET --how crash", "%s does not go",
                             name);
    }
    return code;
}

/* Until the process answers. */
static int wait_answer(struct operator_desk *o, const struct cluster *c, struct proc_id target)
{
    int64_t until = tick_now_us() + (int64_t)STOP_MS * 1000 * patience_of(&c->topology);
    struct scene *s = calloc(1, sizeof *s);
    int code = OUTCOME_TIMEOUT;
    if (s == NULL) {
        abort();
    }
    const char *name = topology_name(&c->topology, target);
    struct proc_pid pid;
    while (tick_now_us() < until && !tick_interrupted()) {
        survey_take(o, c, POLL_MS * 10, s);
        if (s->procs[target.v - 1].state == SCENE_UP) {
            code = OUTCOME_DONE;
            break;
        }
        if (proc_read(c, name, &pid) == PROC_STATE_DEAD) {
            code = proc_complain(c, name);
            break;
        }
        tick_sleep_ms(POLL_MS);
    }
    free(s);
    if (code == OUTCOME_TIMEOUT && tick_interrupted()) {
        return outcome_error(OUTCOME_INTERRUPTED, "rehome status", "interrupted");
    }
    return code != OUTCOME_TIMEOUT
               ? code
               : outcome_error(OUTCOME_TIMEOUT, "look at its log", "%s does not answer", name);
}

static int start_services(struct operator_desk *o, const struct cluster *c, struct proc_id target,
                          enum service service)
{
    const struct topology_proc *p = topology_proc_of(&c->topology, target);
    struct scene *s = calloc(1, sizeof *s);
    int code = OUTCOME_DONE;
    if (s == NULL) {
        abort();
    }
    survey_take(o, c, ORDER_MS, s);
    const struct msg_op_node_status *n = &s->procs[target.v - 1].node;
    bool callmanager = p->callmanager && !n->callmanager && service != SERVICE_CTIMANAGER;
    bool ctimanager = p->ctimanager && !n->ctimanager && service != SERVICE_CALLMANAGER;
    if (callmanager) {
        code = order_service(o, target, SERVICE_CALLMANAGER, OP_VERB_SERVICE_START);
    }
    if (code == OUTCOME_DONE && ctimanager) {
        code = order_service(o, target, SERVICE_CTIMANAGER, OP_VERB_SERVICE_START);
    }
    free(s);
    return code;
}

/* Whether it was broken in this way, by the list of faults. */
static bool is_broken(const struct cluster *c, const char *name, enum break_how how)
{
    struct faults all;
    faults_read(c, &all);
    for (uint32_t i = 0; i < all.n; i++) {
        if (strcmp(all.at[i].target, name) == 0 && strcmp(all.at[i].how, words[how]) == 0) {
            return true;
        }
    }
    return false;
}

int break_fresh(const struct cluster *c, const struct scene *s, struct proc_id target,
                enum service service, enum break_how how)
{
    const char *name = topology_name(&c->topology, target);
    const struct scene_proc *p = &s->procs[target.v - 1];
    const char *is = NULL;
    if (p->state == SCENE_DOWN) {
        is = "down";
    } else if (service == SERVICE_CALLMANAGER && p->state == SCENE_UP && !p->node.callmanager) {
        is = "without CallManager";
    } else if (service == SERVICE_CTIMANAGER && p->state == SCENE_UP && !p->node.ctimanager) {
        is = "without CTI Manager";
    } else if (spares(how) && is_broken(c, name, how)) {
        is = how == BREAK_HANG ? "hung" : "unplugged";
    }
    char next[NAME_LEN + 16];
    snprintf(next, sizeof next, "rehome start %s", name);
    return is == NULL ? OUTCOME_DONE
                      : outcome_error(OUTCOME_EXISTS, next, "%s is %s already", name, is);
}

int break_undo(struct operator_desk *o, const struct cluster *c, struct proc_id target,
               enum service service)
{
    const struct topology_proc *p = topology_proc_of(&c->topology, target);
    struct proc_pid pid;
    enum proc_state state = proc_read(c, p->name, &pid);
    int code = OUTCOME_DONE;
    bool fresh = state == PROC_STATE_DEAD;
    if (is_broken(c, p->name, BREAK_POWER) &&
        break_possible(c, SERVICE_NONE, BREAK_POWER) == OUTCOME_DONE) {
        code = backend_of(c)->power(c, target, true);
        code = code == OUTCOME_DONE ? faults_apply(c) : code;
    } else if (is_broken(c, p->name, BREAK_UNPLUG) &&
               break_possible(c, SERVICE_NONE, BREAK_UNPLUG) == OUTCOME_DONE) {
        code = backend_of(c)->plug(c, target, true);
    }
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (fresh) {
        code = proc_start(c, target);
    } else if (state == PROC_STATE_STOPPED && !proc_signal(c, p->name, SIGCONT, NULL)) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s does not run", p->name);
    }
    if (code == OUTCOME_DONE && p->kind != PROC_RECORDER) {
        code = wait_answer(o, c, target);
    }
    if (code == OUTCOME_DONE && p->kind == PROC_NODE && !fresh) {
        code = start_services(o, c, target, service);
    }
    if (code == OUTCOME_DONE) {
        code = faults_end(c, p->name, service == SERVICE_NONE ? "" : service_text(service));
    }
    return code;
}
