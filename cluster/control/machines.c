#include "cluster/control/machines.h"

#include "cluster/control/patience.h"
#include "cluster/control/tick.h"
#include "cluster/fault/tool.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_MAX 90 /* of the 107 bytes of a socket's name; ssh adds some of its own */
#define AGAIN_US   3000000
#define WORD_LEN   (HOME_PATH_MAX + 64)
#define CONNECT_S  10 /* until a machine has said who it is; by our patience */
#define ALIVE_S    5  /* between questions whether it is still there; three unanswered: no */

/* The shells of this command, of one cluster. */
static struct {
    char folder[HOME_PATH_MAX];
    struct {
        struct shell *shell;
        int64_t failed_us; /* when it could not be reached; 0: it could */
        enum err err;
    } at[PROCS_MAX + 1];
} open_;

static void file(const struct cluster *c, const char *name, char ret[HOME_PATH_MAX])
{
    home_path(c, ret, HOME_PATH_MAX, "ssh/%s", name);
}

/* -- What is remembered. -- */

static void write_hosts(const struct cluster *c, FILE *out)
{
    for (uint32_t i = 0; i < c->topology.procs_n; i++) {
        const struct topology_proc *p = &c->topology.procs[i];
        fprintf(out, "Host %s\n    HostName %s.%u\n", p->name, c->topology.networks.visible_block,
                p->host);
    }
}

/* ssh takes the first word that it finds: the user's comes before ours. */
static int write_config(const struct cluster *c, const char *own)
{
    char path[HOME_PATH_MAX];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    fprintf(out, "# Written by `rehome up`: ssh -F THIS-FILE sub1\n");
    if (own != NULL) {
        fprintf(out, "Include \"%s\"\n", own);
    } else {
        fprintf(out, "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n");
    }
    write_hosts(c, out);
    fprintf(out,
            "Host *\n"
            "    BatchMode yes\n"
            "    ConnectTimeout %u\n"
            "    ServerAliveInterval %u\n"
            "    LogLevel ERROR\n",
            CONNECT_S * patience_of(&c->topology), ALIVE_S * patience_of(&c->topology));
    file(c, "", path);
    if (strlen(path) + NAME_LEN <= SOCKET_MAX) {
        fprintf(out, "    ControlMaster auto\n    ControlPersist 10m\n    ControlPath \"%s%%n\"\n",
                path);
    }
    if (fclose(out) != 0) {
        abort();
    }
    file(c, "config", path);
    enum err err = home_write(path, text, size);
    free(text);
    return err == ERR_OK
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", path, strerror(errno));
}

/* A file or folder as it is called from everywhere; `none` for NULL. */
static int whole(const char *path, const char *what, char ret[HOME_PATH_MAX])
{
    char real[PATH_MAX];
    ret[0] = '\0';
    if (path == NULL) {
        return OUTCOME_DONE;
    }
    if (realpath(path, real) == NULL || strlen(real) >= HOME_PATH_MAX) {
        return outcome_error(OUTCOME_USAGE, NULL, "%s %s: %s", what, path, strerror(errno));
    }
    snprintf(ret, HOME_PATH_MAX, "%.*s", HOME_PATH_MAX - 1, real);
    return OUTCOME_DONE;
}

int machines_remember(const struct cluster *c, const struct backend_place *place)
{
    char path[HOME_PATH_MAX];
    char own[HOME_PATH_MAX], power[HOME_PATH_MAX], here[HOME_PATH_MAX];
    if (place->prefix != NULL && (place->prefix[0] != '/' || strchr(place->prefix, '\'') != NULL)) {
        return outcome_error(OUTCOME_USAGE, "for example --prefix /opt/rehome",
                             "'%s' is not the path of a folder on the machines", place->prefix);
    }
    int code = whole(place->ssh_config, "--ssh-config", own);
    code = code == OUTCOME_DONE ? whole(place->power, "--power", power) : code;
    code = code == OUTCOME_DONE ? whole(".", "the folder", here) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    file(c, "", path);
    path[strlen(path) - 1] = '\0';
    code = home_make_folder(path);
    code = code == OUTCOME_DONE ? write_config(c, own[0] != '\0' ? own : NULL) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    json_t *o = json_pack("{s:s, s:s, s:s}", "prefix", place->prefix != NULL ? place->prefix : "",
                          "power", power, "folder", here);
    char *text = json_dumps(o, JSON_INDENT(1));
    json_decref(o);
    if (text == NULL) {
        abort();
    }
    file(c, "machines.json", path);
    enum err err = home_write(path, text, strlen(text));
    free(text);
    return err == ERR_OK
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", path, strerror(errno));
}

bool machines_known(const struct cluster *c)
{
    char path[HOME_PATH_MAX];
    file(c, "machines.json", path);
    return access(path, R_OK) == 0;
}

/* One of the words; "" if there is none. */
static bool told(const struct cluster *c, const char *key, char ret[HOME_PATH_MAX])
{
    char path[HOME_PATH_MAX];
    file(c, "machines.json", path);
    json_t *o = json_load_file(path, 0, NULL);
    const char *word = json_string_value(json_object_get(o, key));
    snprintf(ret, HOME_PATH_MAX, "%s", word != NULL ? word : "");
    bool there = word != NULL;
    json_decref(o);
    return there;
}

bool machines_layout(const struct cluster *c, struct machines_layout *ret)
{
    char prefix[HOME_PATH_MAX];
    bool there = told(c, "prefix", prefix);
    int len = HOME_PATH_MAX - 32;
    ret->units = prefix[0] == '\0';
    snprintf(ret->etc, sizeof ret->etc, "%.*s/etc/rehome", len, prefix);
    snprintf(ret->state, sizeof ret->state, "%.*s/var/lib/rehome", len, prefix);
    snprintf(ret->programs, sizeof ret->programs, "%.*s%s/libexec/rehome", len, prefix,
             ret->units ? "/usr" : "");
    return there;
}

bool machines_power(const struct cluster *c, char ret_program[HOME_PATH_MAX],
                    char ret_folder[HOME_PATH_MAX])
{
    return told(c, "power", ret_program) && told(c, "folder", ret_folder) && ret_program[0] != '\0';
}

bool machines_is_off(const struct cluster *c, const char *name)
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "ssh/%s.off", name);
    return access(path, F_OK) == 0;
}

void machines_set_off(const struct cluster *c, const char *name, bool off)
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "ssh/%s.off", name);
    if (off) {
        err_ignore(home_write(path, "", 0), "then it is found out by asking it");
    } else {
        (void)unlink(path);
    }
}

/* -- Shells. -- */

static void close_all(void)
{
    for (uint32_t v = 0; v <= PROCS_MAX; v++) {
        shell_close(&open_.at[v].shell);
    }
    memset(&open_, 0, sizeof open_);
}

/* Somebody who is not root becomes it; the connection is told about, because `sudo` forgets it. */
#define AS_ROOT(command)                                                 \
    "if [ \"$(id -u)\" = 0 ]; then exec " command "; else exec sudo -n " \
    "SSH_CONNECTION=\"$SSH_CONNECTION\" " command "; fi"

static struct shell *reach(const struct cluster *c, struct proc_id id, const char *command)
{
    char config[HOME_PATH_MAX];
    const char *const argv[] = {"ssh",   "-F", config, "-T", topology_name(&c->topology, id),
                                command, NULL};
    file(c, "config", config);
    return shell_open(argv);
}

static struct shell *shell_of(const struct cluster *c, struct proc_id id)
{
    if (strcmp(open_.folder, c->folder) != 0) {
        close_all();
        snprintf(open_.folder, sizeof open_.folder, "%s", c->folder);
    }
    if (open_.at[id.v].shell == NULL) {
        open_.at[id.v].shell = reach(c, id, AS_ROOT("sh"));
    }
    return open_.at[id.v].shell;
}

struct shell *machines_program(const struct cluster *c, struct proc_id to, const char *program)
{
    return reach(c, to, program);
}

void machines_forget(const struct cluster *c, struct proc_id id)
{
    char config[HOME_PATH_MAX];
    struct tool_said said;
    const char *const end[] = {"ssh", "-F", config, "-O", "exit", topology_name(&c->topology, id),
                               NULL};
    file(c, "config", config);
    if (strcmp(open_.folder, c->folder) == 0) {
        shell_close(&open_.at[id.v].shell);
        open_.at[id.v].failed_us = 0;
    }
    err_ignore(tool_run(end, NULL, "", &said), "there may be no connection");
}

struct machines_job machines_job(struct proc_id to, const char *format, ...)
{
    struct machines_job job = {.to = to};
    va_list args;
    va_start(args, format);
    if (vasprintf(&job.script, format, args) < 0) {
        abort();
    }
    va_end(args);
    return job;
}

/* Who was not reached a moment ago is not tried again at once: each try takes its time. */
static void begin(const struct cluster *c, struct machines_job *job)
{
    struct shell *s = NULL;
    const char *name = topology_name(&c->topology, job->to);
    int64_t failed_us = strcmp(open_.folder, c->folder) == 0 ? open_.at[job->to.v].failed_us : 0;
    job->said = (struct shell_said){.code = -1};
    job->err = ERR_UNKNOWN;
    if (!machines_is_off(c, name) && (failed_us == 0 || tick_now_us() > failed_us + AGAIN_US)) {
        s = shell_of(c, job->to);
        job->err = s == NULL ? ERR_IO : ERR_OK;
    }
    if (s != NULL) {
        err_ignore(shell_send(s, job->script), "it is heard all the same");
    }
    free(job->script);
    job->script = NULL;
}

static void end(struct machines_job *job, int64_t until_us)
{
    int64_t left_ms = (until_us - tick_now_us()) / 1000;
    if (job->err != ERR_OK) {
        return;
    }
    job->err =
        shell_hear(open_.at[job->to.v].shell, left_ms > 1 ? (uint32_t)left_ms : 1, &job->said);
    bool gone = job->err == ERR_IO || job->err == ERR_TIMEOUT;
    open_.at[job->to.v].failed_us = gone ? tick_now_us() : 0;
    if (gone) {
        shell_close(&open_.at[job->to.v].shell);
    }
}

void machines_run(const struct cluster *c, struct machines_job *jobs, uint32_t n,
                  uint32_t timeout_ms)
{
    int64_t until_us = tick_now_us() + (int64_t)timeout_ms * 1000;
    for (uint32_t i = 0; i < n; i++) {
        begin(c, &jobs[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        end(&jobs[i], until_us);
    }
}

int machines_judge(const struct cluster *c, const struct machines_job *job, const char *what)
{
    const char *name = topology_name(&c->topology, job->to);
    char said[WORD_LEN];
    char next[WORD_LEN];
    snprintf(next, sizeof next, "ssh -F %s/ssh/config %s", c->folder, name);
    shell_first_line(&job->said, said, sizeof said);
    switch ((int)job->err) {
    case ERR_OK:
        return OUTCOME_DONE;
    case ERR_INVALID:
        return outcome_error(OUTCOME_IO, NULL, "cannot %s: %s: %s", what, name,
                             said[0] != '\0' ? said : "it failed without a word");
    case ERR_TIMEOUT:
        return outcome_error(OUTCOME_TIMEOUT, next, "cannot %s: %s does not answer", what, name);
    default:
        return outcome_error(OUTCOME_UNREACHABLE, next,
                             "cannot %s: the machine %s cannot be "
                             "reached%s%s",
                             what, name, said[0] != '\0' ? ": " : "", said);
    }
}

int machines_do(const struct cluster *c, struct machines_job job, uint32_t timeout_ms,
                const char *what, struct shell_said *ret_said)
{
    machines_run(c, &job, 1, timeout_ms);
    int code = machines_judge(c, &job, what);
    if (code == OUTCOME_DONE && ret_said != NULL) {
        *ret_said = job.said;
    } else {
        shell_said_free(&job.said);
    }
    return code;
}
