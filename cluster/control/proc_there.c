#include "cluster/control/proc_there.h"

#include "cluster/control/clocks.h"
#include "cluster/control/patience.h"
#include "cluster/control/tick.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AGE_US 100000 /* so old may be what was seen of a process */
#define LOOK_MS     10000
#define UNIT_LEN    (2 * NAME_LEN)
#define UPTIME_LEN  32
#define FIND_LEN    (HOME_PATH_MAX + 512)

/* What all machines said when they were asked last. */
static struct {
    char folder[HOME_PATH_MAX];
    int64_t at_us;
    struct proc_pid pids[PROCS_MAX + 1];
    enum proc_state states[PROCS_MAX + 1];
} seen;

void proc_there_changed(void)
{
    seen.at_us = 0;
}

void proc_there_unit(const struct topology_proc *p, char *ret, size_t size)
{
    snprintf(ret, size, "%s@%s.service", proc_program(p->kind), p->name);
}

/* The words of a script that find a process: then $pid is its number and $stat its line of /proc.
 * Each way it is the one that was started and nobody else. The group of a unit that runs holds its
 * process alone, as daemons have no children; to ask systemd, ten times a second, costs a slow
 * machine more than all else. */
static void find_words(const struct machines_layout *l, const struct topology_proc *p,
                       char ret[FIND_LEN])
{
    char unit[UNIT_LEN];
    proc_there_unit(p, unit, sizeof unit);
    if (l->units) {
        snprintf(ret, FIND_LEN,
                 "for group in /sys/fs/cgroup/system.slice/*/%s/cgroup.procs; do"
                 " read -r pid 2>/dev/null <\"$group\" ||"
                 " pid=$(systemctl show -p MainPID --value %s); done;"
                 " [ \"${pid:-0}\" -gt 0 ] && read -r stat </proc/$pid/stat",
                 unit, unit);
    } else {
        snprintf(ret, FIND_LEN,
                 "read -r pid began 2>/dev/null <'%s/%s/pid' &&"
                 " read -r stat 2>/dev/null </proc/$pid/stat &&"
                 " set -- ${stat##*) } && [ \"${20}\" = \"$began\" ]",
                 l->state, p->name);
    }
}

/* "PID STAT"; nothing else: it is dead. A machine that does not answer in time may only be slow,
 * and one that was not asked again so soon is what it was: then the process itself is asked. */
static void take(uint16_t v, const struct machines_job *job)
{
    struct proc_stat s = {.state = PROC_STATE_DEAD};
    if (job->err == ERR_UNKNOWN) {
        return;
    }
    if (job->err == ERR_TIMEOUT) {
        seen.states[v] = PROC_STATE_ALIVE;
        seen.pids[v] = (struct proc_pid){0};
        return;
    }
    char *end = NULL;
    long pid = job->err == ERR_OK ? strtol(job->said.text, &end, 10) : 0;
    bool lives = pid > 0 && proc_stat_parse(end, &s) && s.state != PROC_STATE_DEAD;
    seen.states[v] = lives ? s.state : PROC_STATE_DEAD;
    seen.pids[v] =
        lives ? (struct proc_pid){.pid = (pid_t)pid, .started = s.started} : (struct proc_pid){0};
}

static void look(const struct cluster *c)
{
    struct machines_layout l;
    char find[FIND_LEN];
    uint16_t n = (uint16_t)c->topology.procs_n;
    struct machines_job *jobs = calloc(n, sizeof *jobs);
    if (jobs == NULL) {
        abort();
    }
    (void)machines_layout(c, &l);
    for (uint16_t v = 1; v <= n; v++) {
        find_words(&l, &c->topology.procs[v - 1], find);
        jobs[v - 1] = machines_job((struct proc_id){v}, "%s && echo \"$pid $stat\"", find);
    }
    machines_run(c, jobs, n, LOOK_MS * patience_of(&c->topology));
    for (uint16_t v = 1; v <= n; v++) {
        take(v, &jobs[v - 1]);
        shell_said_free(&jobs[v - 1].said);
    }
    free(jobs);
    snprintf(seen.folder, sizeof seen.folder, "%s", c->folder);
    seen.at_us = tick_now_us();
}

static enum proc_state read_pid(const struct cluster *c, const char *name, struct proc_pid *ret)
{
    struct proc_id id = topology_proc_named(&c->topology, name);
    if (!proc_id_some(id) || !machines_known(c) || machines_is_off(c, name)) {
        return PROC_STATE_DEAD;
    }
    if (strcmp(seen.folder, c->folder) != 0 || tick_now_us() > seen.at_us + LOOK_AGE_US) {
        look(c);
    }
    *ret = seen.pids[id.v];
    return seen.states[id.v];
}

/* A unit is held when it has started, not before: what is held is started by nobody. Without units
 * the process writes who it is before it becomes the daemon, and that is waited for. */
static struct machines_job start_job(const struct cluster *c, const struct machines_layout *l,
                                     struct proc_id id)
{
    const struct topology_proc *p = topology_proc_of(&c->topology, id);
    char unit[UNIT_LEN];
    proc_there_unit(p, unit, sizeof unit);
    if (l->units) {
        return machines_job(id,
                            "systemctl reset-failed %s 2>/dev/null\n"
                            "%s/hold --release %s && systemctl start %s && %s/hold %s",
                            unit, l->programs, p->name, unit, l->programs, p->name);
    }
    return machines_job(
        id,
        "state='%s/%s' etc='%s'\n"
        "mkdir -p \"$state\" && export state etc && cd / || false\n"
        "rm -f \"$state/pid\"\n"
        "setsid sh -c 'read -r stat </proc/self/stat; set -- ${stat##*) }\n"
        "    echo \"$$ ${20}\" >\"$state/pid.new\" && mv \"$state/pid.new\" \"$state/pid\" &&\n"
        "    exec \"%s/%s\" --topology \"$etc/topology.yaml\" --name %s --state \"$state\""
        " --keys \"$etc/keys\" --block %s --private-block %s' >>\"$state/log\" 2>&1 &\n"
        "n=0; until [ -e \"$state/pid\" ] || [ $n = 500 ]; do sleep 0.01; n=$((n + 1)); done\n"
        "[ -e \"$state/pid\" ]",
        l->state, p->name, l->etc, l->programs, proc_program(p->kind), p->name, c->block,
        c->private_block);
}

static int start(const struct cluster *c, struct proc_id id)
{
    struct machines_layout l;
    char path[HOME_PATH_MAX];
    char what[2 * NAME_LEN];
    const char *name = topology_name(&c->topology, id);
    (void)machines_layout(c, &l);
    home_proc_path(c, name, "", path, sizeof path); /* for what will be fetched */
    int code = home_make_folder(path);
    if (code != OUTCOME_DONE) {
        return code;
    }
    snprintf(what, sizeof what, "start %s", name);
    code = machines_do(c, start_job(c, &l, id), MACHINES_START_MS, what, NULL);
    home_proc_path(c, name, "pid", path, sizeof path); /* its age is that of the process */
    err_ignore(home_write(path, "there\n", 6), "then it is taken for an old one");
    proc_there_changed();
    return code;
}

/* The way to the machine, and to find the process there, takes much longer than the signal: the
 * machine tells when it was sent. */
static bool send(const struct cluster *c, const char *name, int number, int64_t *ret_at_us)
{
    struct clocks clocks;
    char told[UPTIME_LEN];
    struct machines_layout l;
    char find[FIND_LEN];
    struct proc_id id = topology_proc_named(&c->topology, name);
    if (!proc_id_some(id) || !machines_known(c)) {
        return false;
    }
    (void)machines_layout(c, &l);
    find_words(&l, topology_proc_of(&c->topology, id), find);
    struct machines_job job = machines_job(
        id, "%s && read -r up idle </proc/uptime && kill -%d $pid && echo $up", find, number);
    int64_t before_us = tick_now_us();
    machines_run(c, &job, 1, MACHINES_ASK_MS);
    clocks_read(c, &clocks);
    *ret_at_us = clocks_moment(&clocks, name, shell_first_line(&job.said, told, sizeof told),
                               before_us, tick_now_us());
    shell_said_free(&job.said);
    proc_there_changed();
    return job.err == ERR_OK;
}

const struct proc_ways proc_there = {.start = start, .read = read_pid, .signal = send};
