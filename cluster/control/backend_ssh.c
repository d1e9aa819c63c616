#include "cluster/control/backend_ssh.h"

#include "cluster/control/clocks.h"
#include "cluster/control/delivered.h"
#include "cluster/control/deploy.h"
#include "cluster/control/fetch.h"
#include "cluster/control/machines.h"
#include "cluster/control/proc_there.h"
#include "cluster/control/tick.h"
#include "cluster/fault/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACK_MS 180000 /* until a machine that has power again can be reached */
#define TRY_MS  1000

/* -- Before and after. -- */

static int permitted(const char *instead)
{
    (void)instead;
    static const char *const ssh[] = {"ssh", "-V", NULL};
    struct tool_said said;
    return tool_run(ssh, NULL, "", &said) == ERR_OK
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_UNREACHABLE, "apt-get install openssh-client",
                               "ssh cannot be run here");
}

static int reserve(struct cluster *c, const struct backend_place *place, int *ret_hold)
{
    const struct topology_networks *n = &c->topology.networks;
    if (place->block != NULL) {
        return outcome_error(OUTCOME_USAGE, "leave --block out",
                             "the addresses of machines are in the topology");
    }
    if (n->visible_block[0] == '\0') {
        return outcome_error(OUTCOME_CONFIG,
                             "for example: networks: {visible: 192.168.56.0/24, private: "
                             "192.168.57.0/24}; or --topology vagrant",
                             "the topology '%s' does not say in which networks its machines are",
                             c->topology.name);
    }
    snprintf(c->block, sizeof c->block, "%.*s", HOME_BLOCK_LEN - 1, n->visible_block);
    snprintf(c->private_block, sizeof c->private_block, "%.*s", HOME_BLOCK_LEN - 1,
             n->private_block);
    *ret_hold = -1;
    return machines_remember(c, place);
}

static int make(const struct cluster *c)
{
    int code = deploy_all(c);
    return code == OUTCOME_DONE ? clocks_measure(c, (struct proc_id){0}, false) : code;
}

static int remove_it(const struct cluster *c, bool destroy)
{
    return machines_known(c) ? deploy_remove(c, destroy) : OUTCOME_DONE;
}

/* What Vagrant made is Vagrant's; the rest is gone with that of ssh. */
static int nothing(const struct cluster *c, bool destroy)
{
    (void)c;
    (void)destroy;
    return OUTCOME_DONE;
}

static int stay(const struct cluster *c)
{
    (void)c;
    return OUTCOME_DONE;
}

/* -- What can be broken. -- */

static int plug(const struct cluster *c, struct proc_id id, bool in)
{
    uint32_t host = topology_proc_of(&c->topology, id)->host;
    struct machines_job job = machines_job(
        id,
        "unplug() {\n"
        "set -- $SSH_CONNECTION\n"
        "for a in %s.%u %s.%u; do [ \"$3\" != $a ] ||"
        " { echo \"ssh itself comes over $a; reach it over another network\"; return 1; }; done\n"
        "for a in %s.%u %s.%u; do ip -4 -o addr show to $a/32 | while read -r _ dev _; do"
        " ip link set \"$dev\" %s; done; done\n}\n"
        "unplug",
        in ? "-" : c->block, host, in ? "-" : c->private_block, host, c->block, host,
        c->private_block, host, in ? "up" : "down");
    return machines_do(c, job, MACHINES_ASK_MS, in ? "put the plugs in" : "pull the plugs out",
                       NULL);
}

static int can_power(const struct cluster *c)
{
    char program[HOME_PATH_MAX], folder[HOME_PATH_MAX];
    return machines_power(c, program, folder)
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_CONFIG, "rehome up --backend ssh --power PROGRAM",
                               "nobody said how the power of the machines is cut");
}

/* PROGRAM off|on MACHINE, where `up` was. */
static int run_power(const struct cluster *c, const char *name, const char *what)
{
    char program[HOME_PATH_MAX], folder[HOME_PATH_MAX], said_line[TOOL_SAID_LEN];
    struct tool_said said;
    int code = can_power(c);
    if (code != OUTCOME_DONE) {
        return code;
    }
    (void)machines_power(c, program, folder);
    const char *const argv[] = {"env", "-C", folder, program, what, name, NULL};
    enum err err = tool_run(argv, NULL, "", &said);
    snprintf(said_line, sizeof said_line, "%.*s", (int)strcspn(said.text, "\n"), said.text);
    return err == ERR_OK ? OUTCOME_DONE
                         : outcome_error(OUTCOME_IO, NULL, "%s %s %s: %s", program, what, name,
                                         said_line[0] != '\0' ? said_line : err_text(err));
}

static int wait_back(const struct cluster *c, struct proc_id id)
{
    int64_t until_us = tick_now_us() + (int64_t)BACK_MS * 1000;
    int code = OUTCOME_TIMEOUT;
    while (code == OUTCOME_TIMEOUT && !tick_interrupted()) {
        struct machines_job job = machines_job(id, "true");
        machines_forget(c, id);
        machines_run(c, &job, 1, MACHINES_ASK_MS);
        bool late = tick_now_us() > until_us;
        if (job.err == ERR_OK || late) {
            code = machines_judge(c, &job, "reach it again");
        } else {
            tick_sleep_ms(TRY_MS);
        }
        shell_said_free(&job.said);
    }
    return code;
}

static int power(const struct cluster *c, struct proc_id id, bool on)
{
    const char *name = topology_name(&c->topology, id);
    int code = run_power(c, name, on ? "on" : "off");
    if (code != OUTCOME_DONE) {
        return code;
    }
    machines_set_off(c, name, !on);
    proc_there_changed();
    if (!on) {
        machines_forget(c, id);
        return OUTCOME_DONE;
    }
    code = wait_back(c, id);
    return code == OUTCOME_DONE ? clocks_measure(c, id, true) : code;
}

/* All rules of one machine, at once. */
static char *rules(const struct cluster *c, const struct cut *cuts, uint32_t n, struct proc_id id)
{
    const struct cut_ground ground = {&c->topology, {c->block, c->private_block}};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    fprintf(out, "nft -f - <<'END'\n");
    cut_losses(out, cuts, n, &ground, id);
    cut_refusals(out, cuts, n, &ground, id);
    fprintf(out, "END\n");
    if (fclose(out) != 0) {
        abort();
    }
    return text;
}

/* Machines without power have no rules, and none when they are back: they are cut again then. */
static int cut(const struct cluster *c, const struct cut *cuts, uint32_t cuts_n)
{
    struct machines_job jobs[PROCS_MAX];
    uint32_t n = 0;
    int code = OUTCOME_DONE;
    for (uint16_t v = 1; v <= c->topology.procs_n; v++) {
        struct proc_id id = {v};
        if (!machines_is_off(c, topology_name(&c->topology, id))) {
            jobs[n++] = (struct machines_job){.to = id, .script = rules(c, cuts, cuts_n, id)};
        }
    }
    machines_run(c, jobs, n, MACHINES_ASK_MS);
    for (uint32_t i = 0; i < n; i++) {
        code = code == OUTCOME_DONE ? machines_judge(c, &jobs[i], "cut the network") : code;
        shell_said_free(&jobs[i].said);
    }
    return code;
}

static uint64_t counted(const struct cluster *c, const struct cut *one)
{
    struct machines_job jobs[PROCS_MAX];
    uint64_t sum = 0;
    uint32_t n = 0;
    uint64_t counts = one->reject ? one->from : one->to;
    counts |= one->one_way ? 0 : one->from | one->to;
    for (uint16_t v = 1; v <= c->topology.procs_n; v++) {
        if ((counts >> v & 1) != 0) {
            jobs[n++] = machines_job((struct proc_id){v},
                                     "nft list counter inet " CUT_TABLE " cut%u", one->id);
        }
    }
    machines_run(c, jobs, n, MACHINES_ASK_MS);
    for (uint32_t i = 0; i < n; i++) {
        sum += jobs[i].err == ERR_OK ? cut_counted(jobs[i].said.text) : 0;
        shell_said_free(&jobs[i].said);
    }
    return sum;
}

/* -- Vagrant. -- */

/* What `vagrant ssh-config` says, in a file. */
static int ask_vagrant(const struct cluster *c, char ret_path[HOME_PATH_MAX])
{
    const char *const argv[] = {"sh", NULL};
    struct shell_said said = {.code = -1};
    home_path(c, ret_path, HOME_PATH_MAX, "ssh");
    int code = home_make_folder(ret_path);
    if (code != OUTCOME_DONE) {
        return code;
    }
    home_path(c, ret_path, HOME_PATH_MAX, "ssh/vagrant");
    struct shell *s = shell_open(argv);
    enum err err = s != NULL ? shell_send(s, "vagrant --no-tty ssh-config 2>&1") : ERR_IO;
    err = err == ERR_OK ? shell_hear(s, MACHINES_START_MS, &said) : err;
    if (err != ERR_OK) {
        char line[256];
        code = outcome_error(OUTCOME_UNREACHABLE, "vagrant up", "vagrant ssh-config: %s",
                             shell_first_line(&said, line, sizeof line));
    } else if (home_write(ret_path, said.text, said.n) != ERR_OK) {
        code =
            outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", ret_path, strerror(errno));
    }
    shell_said_free(&said);
    shell_close(&s);
    return code;
}

static int reserve_vagrant(struct cluster *c, const struct backend_place *place, int *ret_hold)
{
    char config[HOME_PATH_MAX];
    char program[HOME_PATH_MAX];
    struct backend_place full = *place;
    int code = OUTCOME_DONE;
    if (place->ssh_config == NULL) {
        code = ask_vagrant(c, config);
        full.ssh_config = config;
    }
    if (place->power == NULL && delivered_program("vagrant", "power", program, sizeof program)) {
        full.power = program;
    }
    return code == OUTCOME_DONE ? reserve(c, &full, ret_hold) : code;
}

#define MACHINES                                                                             \
    .permitted = permitted, .away = true, .make = make, .visit = stay, .procs = &proc_there, \
    .plug = plug, .power = power, .can_power = can_power,                                    \
    .power_words = "The power of its machine is cut", .cut = cut, .counted = counted,        \
    .fetch = fetch_take

const struct backend backend_ssh = {
    .word = "ssh", .reserve = reserve, .remove = remove_it, MACHINES};
const struct backend backend_vagrant = {.word = "vagrant",
                                        .topology = "vagrant",
                                        .reserve = reserve_vagrant,
                                        .remove = nothing,
                                        MACHINES};
