#include "cluster/control/deploy.h"

#include "cluster/fault/cut.h"
#include "cluster/fault/network.h"
#include "node/runtime/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END "REHOME-END-OF-FILE"

/* Whose state a machine has: the name of the cluster and a number that stands for its folder. */
static const char *owner(const struct cluster *c, struct network *room)
{
    network_of(c->name, c->folder, &c->topology, room);
    return room->prefix;
}

/* Commands that write a file of ours over there. false: it cannot be read. */
static bool put_file(FILE *out, const char *path, const char *folder, const char *name,
                     const char *mode)
{
    char text[16384];
    size_t n = 0;
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return false;
    }
    fprintf(out, "cat >'%s/%s' <<'" END "'\n", folder, name);
    while ((n = fread(text, 1, sizeof text, in)) > 0) {
        (void)fwrite(text, 1, n, out);
    }
    fprintf(out, "\n" END "\nchmod %s '%s/%s'\n", mode, folder, name);
    bool good = !ferror(in);
    fclose(in);
    return good;
}

static bool put_key(FILE *out, const struct cluster *c, const struct machines_layout *l,
                    const char *name, bool secret)
{
    char path[HOME_PATH_MAX];
    char folder[HOME_PATH_MAX + 8];
    char file[NAME_LEN + 16];
    snprintf(file, sizeof file, "%s.cert%s", name, secret ? "_secret" : "");
    home_path(c, path, sizeof path, "keys/%s", file);
    snprintf(folder, sizeof folder, "%s/keys", l->etc);
    return put_file(out, path, folder, file, "600");
}

/* What must hold before anything is changed there; whatever does not says so and is the end. */
static void put_checks(FILE *out, const struct cluster *c, const struct machines_layout *l,
                       const struct topology_proc *p)
{
    struct network room;
    const char *const blocks[] = {c->block, c->private_block};
    const char *who = owner(c, &room);
    fprintf(out, "check() {\n");
    for (size_t i = 0; i < 2; i++) {
        fprintf(out,
                "[ -n \"$(ip -4 -o addr show to %s.%u/32)\" ] ||"
                " { echo 'no interface has the address %s.%u'; return 1; }\n",
                blocks[i], p->host, blocks[i], p->host);
    }
    fprintf(out,
            "[ -x '%s/%s' ] || { echo 'there is no %s/%s'; return 1; }\n"
            "[ ! -e '%s/%s' ] || [ \"$(cat '%s/cluster' 2>/dev/null)\" = '%s' ] ||"
            " { echo 'it has the state of another cluster: %s/%s'; return 1; }\n",
            l->programs, proc_program(p->kind), l->programs, proc_program(p->kind), l->state,
            p->name, l->etc, who, l->state, p->name);
    if (l->units) {
        fprintf(out, "[ -d /run/systemd/system ] ||"
                     " { echo 'it does not run systemd; --prefix goes without'; return 1; }\n");
    }
    fprintf(out, "}\n");
}

static bool put_files(FILE *out, const struct cluster *c, const struct machines_layout *l,
                      const struct topology_proc *p)
{
    char path[HOME_PATH_MAX];
    struct network room;
    fprintf(out,
            "put() {\nmkdir -p '%s' '%s/keys' && chmod 755 '%s' && chmod 700 '%s/keys'\n"
            "echo '%s' >'%s/cluster'\n"
            "printf 'BLOCK=%s\\nPRIVATE_BLOCK=%s\\n' >'%s/network'\n"
            "chmod 644 '%s/network' '%s/cluster'\n",
            l->etc, l->etc, l->etc, l->etc, owner(c, &room), l->etc, c->block, c->private_block,
            l->etc, l->etc, l->etc);
    home_path(c, path, sizeof path, "topology.yaml");
    bool good = put_file(out, path, l->etc, "topology.yaml", "644");
    for (uint32_t i = 0; i < c->topology.procs_n && good; i++) {
        good = put_key(out, c, l, c->topology.procs[i].name, false);
    }
    good = good && put_key(out, c, l, KEYS_OPERATOR, false) && put_key(out, c, l, p->name, true);
    if (l->units) {
        fprintf(out, "chown -R rehome:rehome '%s/keys'\n", l->etc);
    }
    fprintf(out, "}\n");
    return good;
}

/* NULL: a file of ours cannot be read. */
static char *script(const struct cluster *c, const struct machines_layout *l,
                    const struct topology_proc *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    put_checks(out, c, l, p);
    bool good = put_files(out, c, l, p);
    fprintf(out, "check && (set -e; umask 077; put)\n");
    if (fclose(out) != 0) {
        abort();
    }
    if (!good) {
        free(text);
    }
    return good ? text : NULL;
}

int deploy_all(const struct cluster *c)
{
    struct machines_layout l;
    uint32_t n = c->topology.procs_n;
    struct machines_job *jobs = calloc(n, sizeof *jobs);
    int code = OUTCOME_DONE;
    if (jobs == NULL) {
        abort();
    }
    (void)machines_layout(c, &l);
    for (uint32_t i = 0; i < n; i++) {
        jobs[i].to.v = (uint16_t)(i + 1);
        jobs[i].script = script(c, &l, &c->topology.procs[i]);
        if (jobs[i].script == NULL) {
            code = outcome_error(OUTCOME_IO, NULL, "cannot read the keys in %s: %s", c->folder,
                                 strerror(errno));
            n = i;
        }
    }
    if (code == OUTCOME_DONE) {
        machines_run(c, jobs, n, MACHINES_START_MS);
    }
    for (uint32_t i = 0; i < n; i++) {
        code = code == OUTCOME_DONE ? machines_judge(c, &jobs[i], "deploy the cluster") : code;
        shell_said_free(&jobs[i].said);
        free(jobs[i].script);
    }
    free(jobs);
    return code;
}

static struct machines_job remove_job(const struct cluster *c, const struct machines_layout *l,
                                      struct proc_id id, bool destroy)
{
    struct network room;
    const char *name = topology_name(&c->topology, id);
    return machines_job(
        id,
        "if [ \"$(cat '%s/cluster' 2>/dev/null)\" = '%s' ]; then\n"
        "nft delete table inet " CUT_TABLE " 2>/dev/null\n"
        "for a in %s.%u %s.%u; do ip -4 -o addr show to $a/32 | while read -r _ dev _; do"
        " ip link set \"$dev\" up; done; done\n"
        "%s%s%s%s"
        "if %s; then rm -rf '%s/%s' '%s/topology.yaml' '%s/network' '%s/keys' '%s/cluster'; fi\n"
        "fi",
        l->etc, owner(c, &room), c->block, topology_proc_of(&c->topology, id)->host,
        c->private_block, topology_proc_of(&c->topology, id)->host, l->units ? l->programs : "",
        l->units ? "/hold --release " : "", l->units ? name : "", l->units ? "\n" : "",
        destroy ? "true" : "false", l->state, name, l->etc, l->etc, l->etc, l->etc);
}

int deploy_remove(const struct cluster *c, bool destroy)
{
    struct machines_layout l;
    uint16_t n = (uint16_t)c->topology.procs_n;
    if (!machines_layout(c, &l) || n == 0) {
        return OUTCOME_DONE;
    }
    char gone[512] = "";
    struct machines_job *jobs = calloc(n, sizeof *jobs);
    int code = OUTCOME_DONE;
    if (jobs == NULL) {
        abort();
    }
    for (uint16_t v = 1; v <= n; v++) {
        jobs[v - 1] = remove_job(c, &l, (struct proc_id){v}, destroy);
    }
    machines_run(c, jobs, n, MACHINES_START_MS);
    for (uint16_t v = 1; v <= n; v++) {
        struct machines_job *job = &jobs[v - 1];
        if (job->err == ERR_INVALID && code == OUTCOME_DONE) {
            code = machines_judge(c, job, "clean up");
        } else if (job->err != ERR_OK && job->err != ERR_INVALID) {
            size_t used = strlen(gone);
            snprintf(gone + used, sizeof gone - used, "%s%s", used > 0 ? ", " : "",
                     topology_name(&c->topology, job->to));
        }
        shell_said_free(&job->said);
        machines_forget(c, job->to);
    }
    if (gone[0] != '\0') {
        outcome_progress("not reached: %s; what is there stays", gone);
    }
    free(jobs);
    return code;
}
