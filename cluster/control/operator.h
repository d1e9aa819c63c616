/* operator: the command as a guest on the OPERATOR link of the processes of a cluster.
 *
 * Questions go to many processes at once and their answers are waited for together; a process that
 * does not live costs no time. */
#ifndef CLUSTER_CONTROL_OPERATOR_H
#define CLUSTER_CONTROL_OPERATOR_H

#include "cluster/control/home.h"
#include "proto/msg.h"

struct operator_desk;

/* One question to one process. */
struct operator_ask {
    struct proc_id to;
    struct msg question; /* op_status, op_list, op_log_read or an order; its id is filled in */
    struct msg answer;   /* if err is ERR_OK */
    enum err err;        /* ERR_UNKNOWN: no such process lives; ERR_TIMEOUT: it does not answer */
};

/* How questions travel if it is not by the OPERATOR link: fill answers and errors of all, within
 * the time. Their ids are set. */
typedef void operator_way(void *context, struct operator_ask *asks, uint32_t n,
                          uint32_t timeout_ms);
/* A desk whose questions go that way. `topology` is borrowed. */
struct operator_desk *operator_open_over(const struct topology *topology, operator_way *way,
                                         void *context);
/* Whether `answer`, which came from `from`, is the one to this question. */
bool operator_fits(const struct operator_ask *ask, struct proc_id from, const struct msg *answer);

/* Says what is wrong and answers an exit code; nothing is contacted yet. */
MUST_CHECK int operator_open(const struct cluster *c, struct operator_desk **ret);
void operator_close(struct operator_desk **o);
/* Of the cluster that is asked. */
const struct topology *operator_topology(const struct operator_desk *o);

/* Ask, and wait until each is answered, its process is gone, or the time is over; `timeout_ms` is
 * the time in lab. */
void operator_ask(struct operator_desk *o, struct operator_ask *asks, uint32_t n,
                  uint32_t timeout_ms);

/* Let one process do something. OUTCOME_DONE, or what is wrong was said. `*ret_done` may be NULL.
 */
MUST_CHECK int operator_order(struct operator_desk *o, struct proc_id to, const struct msg *command,
                              uint32_t timeout_ms, struct msg_op_done *ret_done);
/* Say it, and wait no longer for an answer than it takes to hear a refusal; without an answer
 * *ret_done is left alone. */
MUST_CHECK int operator_tell(struct operator_desk *o, struct proc_id to, const struct msg *command,
                             uint32_t notice_ms, struct msg_op_done *ret_done);

#endif
