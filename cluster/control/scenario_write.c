#include "cluster/control/scenario_write.h"

#include <stdio.h>
#include <stdlib.h>

#define ORDER_MS 3000
#define CONFIG   "note.rehearsal=1"

/* Of user data: that the calls of the last phone go to itself, as they do. */
static void fill(struct msg *m, const struct topology *t, enum scenario_write write)
{
    m->kind = MSG_OP_COMMAND;
    if (write == SCENARIO_WRITE_CONFIG) {
        m->op_command.verb = OP_VERB_CONFIG_SET;
        snprintf(m->op_command.text, sizeof m->op_command.text, CONFIG);
        return;
    }
    const struct topology_phones *last = &t->phones[t->phones_n - 1];
    m->op_command.verb = OP_VERB_FORWARD;
    snprintf(m->op_command.number, sizeof m->op_command.number, "%llu",
             (unsigned long long)(last->first + last->count - 1));
}

/* Who is asked: of writes that have to be taken only those who may take them. */
static bool is_asked(const struct topology_proc *p, const struct scene_proc *is,
                     enum scenario_write write, bool accepted)
{
    bool may = write == SCENARIO_WRITE_FORWARD || p->publisher;
    return p->kind == PROC_NODE && is->state == SCENE_UP && (may || !accepted);
}

bool scenario_write_is(struct operator_desk *o, const struct topology *t, const struct scene *s,
                       enum scenario_write write, bool accepted, char ret_why[SCENE_WHY_LEN])
{
    struct operator_ask *asks = calloc(t->procs_n, sizeof *asks);
    uint32_t n = 0, as_it_should = 0;
    if (asks == NULL) {
        abort();
    }
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (is_asked(&t->procs[v - 1], &s->procs[v - 1], write, accepted)) {
            asks[n].to.v = v;
            fill(&asks[n++].question, t, write);
        }
    }
    operator_ask(o, asks, n, ORDER_MS);
    snprintf(ret_why, SCENE_WHY_LEN, "no node was asked");
    for (uint32_t i = 0; i < n; i++) {
        const char *name = topology_name(t, asks[i].to);
        enum reason reason = (enum reason)asks[i].answer.op_done.reason;
        if (asks[i].err != ERR_OK || asks[i].answer.kind != MSG_OP_DONE) {
            snprintf(ret_why, SCENE_WHY_LEN, "%s did not answer", name);
        } else if ((reason == REASON_NONE) == accepted) {
            as_it_should++;
        } else {
            snprintf(ret_why, SCENE_WHY_LEN, "%s: %s", name,
                     accepted ? reason_text(reason) : "it was taken");
        }
    }
    free(asks);
    return n > 0 && as_it_should == n;
}
