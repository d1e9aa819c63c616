#include "cluster/control/flow.h"

#include "node/base/plural.h"

#include <stdio.h>
#include <stdlib.h>

#define ORDER_MS 3000

int flow_set(struct operator_desk *o, const struct cluster *c, bool on)
{
    const struct topology *t = &c->topology;
    struct msg *m = calloc(1, sizeof *m);
    int code = OUTCOME_DONE;
    if (m == NULL) {
        abort();
    }
    m->kind = MSG_OP_COMMAND;
    m->op_command.verb = OP_VERB_TRAFFIC;
    m->op_command.value = on ? t->traffic.agent_calls_mps : 0;
    snprintf(m->op_command.to, sizeof m->op_command.to, "%u", on ? t->traffic.phone_calls_mps : 0);
    for (uint32_t i = 0; i < t->procs_n && code == OUTCOME_DONE; i++) {
        if (t->procs[i].kind == PROC_FLEET) {
            code = operator_order(o, (struct proc_id){(uint16_t)(i + 1)}, m, ORDER_MS, NULL);
        }
    }
    free(m);
    return code;
}

/* The agent in this place of the last `n`; false: there are not so many. */
static bool rester(const struct topology *t, uint32_t n, uint32_t place, struct agent_info *ret)
{
    uint32_t total = topology_agents_total(t);
    return place < n && n <= total && n <= FLOW_RESTERS_MAX &&
           topology_agent(t, total - n + place, ret);
}

uint64_t flow_rest(struct operator_desk *o, const struct cluster *c, uint32_t n, uint64_t told)
{
    struct operator_ask *ask = calloc(1, sizeof *ask);
    struct agent_info agent;
    struct device_info phone;
    if (ask == NULL) {
        abort();
    }
    for (uint32_t i = 0;
         rester(&c->topology, n, i, &agent) && topology_device(&c->topology, agent.device, &phone);
         i++) {
        if ((told >> i & 1) != 0) {
            continue;
        }
        ask->to = phone.fleet;
        ask->question = (struct msg){.kind = MSG_OP_COMMAND};
        ask->question.op_command.verb = OP_VERB_AGENT;
        ask->question.op_command.request = AGENT_REQUEST_NOT_READY;
        ask->question.op_command.agent = agent.id;
        operator_ask(o, ask, 1, ORDER_MS);
        bool done = ask->err == ERR_OK && ask->answer.kind == MSG_OP_DONE &&
                    ask->answer.op_done.reason == REASON_NONE;
        told |= done ? UINT64_C(1) << i : 0;
    }
    free(ask);
    return told;
}

/* Agents that are still at work on a call or its wrap-up. */
static uint32_t agents_at_work(struct operator_desk *o, const struct cluster *c,
                               const struct scene *scene)
{
    const struct topology *t = &c->topology;
    uint32_t at_work = 0;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_agent *rows = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind != PROC_PG || !scene->procs[i].pg.active ||
            survey_agents(o, (struct proc_id){(uint16_t)(i + 1)}, &rows, &n) != ERR_OK) {
            continue;
        }
        for (uint32_t k = 0; k < n; k++) {
            enum agent_state s = (enum agent_state)rows[k].state;
            at_work += s != AGENT_STATE_LOGGED_OFF && s != AGENT_STATE_LOGGED_ON &&
                               s != AGENT_STATE_NOT_READY && s != AGENT_STATE_READY
                           ? 1
                           : 0;
        }
        free(rows);
    }
    return at_work;
}

bool flow_is_over(struct operator_desk *o, const struct cluster *c, const struct scene *s,
                  char ret_why[SCENE_WHY_LEN])
{
    const struct topology *t = &c->topology;
    uint64_t outbox = 0;
    uint32_t lines = 0;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        outbox += t->procs[i].kind == PROC_PG ? s->procs[i].pg.outbox : 0;
        lines += t->procs[i].kind == PROC_FLEET ? s->procs[i].fleet.legs_pending : 0;
    }
    uint32_t at_work = s->calls == 0 ? agents_at_work(o, c, s) : 0;
    if (s->calls > 0) {
        snprintf(ret_why, SCENE_WHY_LEN, "%u %s up", s->calls,
                 plural_of(s->calls, "call is", "calls are"));
    } else if (at_work > 0) {
        snprintf(ret_why, SCENE_WHY_LEN, "%u %s at work", at_work,
                 plural_of(at_work, "agent is", "agents are"));
    } else if (lines > 0) {
        snprintf(ret_why, SCENE_WHY_LEN, "%u %s for wrap-up", lines,
                 plural_of(lines, "line of the call log waits", "lines of the call log wait"));
    } else if (outbox > 0) {
        snprintf(ret_why, SCENE_WHY_LEN, "%llu %s for the controller", (unsigned long long)outbox,
                 plural_of(outbox, "record waits", "records wait"));
    }
    return s->calls == 0 && at_work == 0 && lines == 0 && outbox == 0;
}
