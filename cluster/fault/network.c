#include "cluster/fault/network.h"

#include "cluster/fault/network_list.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPERATOR_HOST "10.77.255.1" /* in the visible network, in nobody's block */
#define MASK          16
#define GONE_TRIES    200
#define GONE_WAIT_NS  10000000

void network_of(const char *name, const char *folder, const struct topology *topology,
                struct network *ret)
{
    char *real = realpath(folder, NULL);
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *p = real != NULL ? real : folder; *p != '\0'; p++) {
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    }
    free(real);
    snprintf(ret->prefix, sizeof ret->prefix, "rehome-%.*s-%012" PRIx64 "-", NAME_LEN, name,
             h & 0xffffffffffffu);
    ret->topology = topology;
}

enum err network_permitted(void)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
    }
    if (pid < 0) {
        return ERR_IO;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return ERR_IO;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK : ERR_PERMISSION;
}

/* -- Texts for `ip -batch`. -- */

struct sheet {
    char *text;
    size_t size;
    FILE *out;
};

static void sheet_open(struct sheet *s)
{
    s->out = open_memstream(&s->text, &s->size);
    if (s->out == NULL) {
        abort();
    }
}

/* Let ip do all that was written, in a namespace of the network (NULL: here). With `force`, what
 * cannot be done does not keep it from the rest. */
static enum err sheet_run(struct sheet *s, const char *netns, bool force,
                          struct tool_said *ret_said)
{
    const char *const plain[] = {"ip", "-batch", "-", NULL};
    const char *const forced[] = {"ip", "-force", "-batch", "-", NULL};
    if (fclose(s->out) != 0) {
        abort();
    }
    enum err err = tool_run(force ? forced : plain, netns, s->text, ret_said);
    free(s->text);
    return err;
}

static enum err make_spaces(const struct network *n, struct tool_said *ret_said)
{
    struct sheet s;
    sheet_open(&s);
    fprintf(s.out, "netns add %s" NETWORK_SWITCH "\n", n->prefix);
    for (uint32_t i = 0; i < n->topology->procs_n; i++) {
        fprintf(s.out, "netns add %s%s\n", n->prefix, n->topology->procs[i].name);
    }
    return sheet_run(&s, NULL, false, ret_said);
}

/* Without addresses of IPv6: they would only chatter. */
static enum err make_switch(const struct network *n, struct tool_said *ret_said)
{
    struct sheet s;
    char path[NETWORK_PATH_LEN];
    sheet_open(&s);
    fprintf(s.out, "link set lo up\n");
    for (enum cut_net net = 0; net < CUT_NETS; net++) {
        const char *word = cut_net_word(net);
        fprintf(s.out,
                "link add %s type bridge forward_delay 0 stp_state 0 mcast_snooping 0\n"
                "link set %s addrgenmode none\n"
                "link set %s up\n",
                word, word, word);
        for (uint32_t i = 0; i < n->topology->procs_n; i++) {
            const struct topology_proc *p = &n->topology->procs[i];
            char port[CUT_PORT_LEN];
            cut_port(net, p->host, port);
            fprintf(s.out,
                    "link add %s type veth peer name %s netns %s%s\n"
                    "link set %s addrgenmode none\n"
                    "link set %s master %s up\n",
                    port, word, n->prefix, p->name, port, port, word);
        }
    }
    fprintf(s.out, "addr add " OPERATOR_HOST "/%d dev %s\n", MASK, cut_net_word(CUT_VISIBLE));
    network_list_path(n, NETWORK_SWITCH, path);
    return sheet_run(&s, path, false, ret_said);
}

static enum err make_proc(const struct network *n, const struct topology_proc *p,
                          struct tool_said *ret_said)
{
    struct sheet s;
    char path[NETWORK_PATH_LEN];
    sheet_open(&s);
    fprintf(s.out, "link set lo up\n");
    for (enum cut_net net = 0; net < CUT_NETS; net++) {
        const char *word = cut_net_word(net);
        fprintf(s.out,
                "link set %s addrgenmode none\n"
                "addr add %s.%u/%d dev %s\n"
                "link set %s up\n",
                word, cut_net_block(net), p->host, MASK, word, word);
    }
    network_list_path(n, p->name, path);
    return sheet_run(&s, path, false, ret_said);
}

enum err network_make(const struct network *n, struct tool_said *ret_said)
{
    enum err err = make_spaces(n, ret_said);
    if (err == ERR_OK) {
        err = make_switch(n, ret_said);
    }
    for (uint32_t i = 0; i < n->topology->procs_n && err == ERR_OK; i++) {
        err = make_proc(n, &n->topology->procs[i], ret_said);
    }
    /* Nothing is cut; and nft is there, which had better be known now. */
    return err == ERR_OK ? network_cut(n, NULL, 0, ret_said) : err;
}

/* -- The end of it. -- */

/* Who is only looking, from the switch, is left alone. */
static void leave_switch(struct network_list *list)
{
    size_t tail = strlen(NETWORK_SWITCH);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        size_t len = strlen(list->names[i]);
        if (len < tail || strcmp(list->names[i] + len - tail, NETWORK_SWITCH) != 0) {
            memmove(list->names[kept++], list->names[i], len + 1);
        }
    }
    list->n = kept;
}

static bool kill_all(const struct network_list *list)
{
    const struct timespec wait = {.tv_nsec = GONE_WAIT_NS};
    for (unsigned i = 0; i < GONE_TRIES; i++) {
        if (network_list_signal(list, SIGKILL) == 0) {
            return true;
        }
        nanosleep(&wait, NULL);
    }
    return false;
}

enum err network_remove(const struct network *n, struct tool_said *ret_said)
{
    struct network_list *list = calloc(1, sizeof *list);
    struct sheet s;
    enum err err = ERR_OK;
    if (list == NULL) {
        abort();
    }
    *ret_said = (struct tool_said){0};
    network_list_find(n, list);
    if (list->n == 0) {
        goto done;
    }
    sheet_open(&s);
    for (uint32_t i = 0; i < list->n; i++) {
        fprintf(s.out, "netns del %s\n", list->names[i]);
    }
    leave_switch(list);
    bool killed = kill_all(list);
    err = sheet_run(&s, NULL, true, ret_said);
    if (err == ERR_IO && network_found(n) == 0) {
        err = ERR_OK; /* somebody else was at it, too */
    }
    if (err == ERR_OK && !killed) {
        err = ERR_TIMEOUT;
    }
done:
    free(list);
    return err;
}

uint32_t network_found(const struct network *n)
{
    struct network_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        abort();
    }
    network_list_find(n, list);
    uint32_t found = list->n;
    free(list);
    return found;
}

/* -- While it is there. -- */

enum err network_enter(const struct network *n, const char *who)
{
    char path[NETWORK_PATH_LEN];
    network_list_path(n, who, path);
    return tool_enter(path);
}

enum err network_plug(const struct network *n, struct proc_id proc, bool in,
                      struct tool_said *ret_said)
{
    struct sheet s;
    char path[NETWORK_PATH_LEN];
    const struct topology_proc *p = topology_proc_of(n->topology, proc);
    ASSERT(p != NULL);
    sheet_open(&s);
    for (enum cut_net net = 0; net < CUT_NETS; net++) {
        char port[CUT_PORT_LEN];
        cut_port(net, p->host, port);
        fprintf(s.out, "link set %s %s\n", port, in ? "up" : "down");
    }
    network_list_path(n, NETWORK_SWITCH, path);
    return sheet_run(&s, path, false, ret_said);
}

uint32_t network_kill(const struct network *n, struct proc_id proc)
{
    struct network_list *list = calloc(1, sizeof *list);
    const struct topology_proc *p = topology_proc_of(n->topology, proc);
    if (list == NULL) {
        abort();
    }
    ASSERT(p != NULL);
    list->n = 1;
    snprintf(list->names[0], NETWORK_PATH_LEN, "%s%s", n->prefix, p->name);
    uint32_t met = network_list_signal(list, SIGKILL);
    free(list);
    return met;
}

/* -- Cuts. -- */

static const char *const feed[] = {"nft", "-f", "-", NULL};

static enum err feed_it(const struct network *n, const char *who, struct sheet *s,
                        struct tool_said *ret_said)
{
    char path[NETWORK_PATH_LEN];
    network_list_path(n, who, path);
    if (fclose(s->out) != 0) {
        abort();
    }
    enum err err = tool_run(feed, path, s->text, ret_said);
    free(s->text);
    return err;
}

enum err network_cut(const struct network *n, const struct cut *cuts, uint32_t cuts_n,
                     struct tool_said *ret_said)
{
    struct sheet s;
    const struct cut_ground ground = {n->topology,
                                      {cut_net_block(CUT_VISIBLE), cut_net_block(CUT_PRIVATE)}};
    sheet_open(&s);
    cut_drops(s.out, cuts, cuts_n, n->topology);
    enum err err = feed_it(n, NETWORK_SWITCH, &s, ret_said);
    for (uint16_t v = 1; v <= n->topology->procs_n && err == ERR_OK; v++) {
        sheet_open(&s);
        cut_refusals(s.out, cuts, cuts_n, &ground, (struct proc_id){v});
        err = feed_it(n, n->topology->procs[v - 1].name, &s, ret_said);
    }
    return err;
}

static uint64_t counted_at(const struct network *n, const char *who, const struct cut *cut)
{
    struct tool_said said;
    char path[NETWORK_PATH_LEN];
    char name[CUT_WORD_LEN];
    const char *const list[] = {"nft",     "list", "counter", cut->reject ? "inet" : "bridge",
                                CUT_TABLE, name,   NULL};
    snprintf(name, sizeof name, "cut%u", cut->id);
    network_list_path(n, who, path);
    return tool_run(list, path, "", &said) == ERR_OK ? cut_counted(said.text) : 0;
}

uint64_t network_counted(const struct network *n, const struct cut *cut)
{
    if (!cut->reject) {
        return counted_at(n, NETWORK_SWITCH, cut);
    }
    uint64_t sum = 0;
    uint64_t senders = cut->from | (cut->one_way ? 0 : cut->to);
    for (uint16_t v = 1; v <= n->topology->procs_n; v++) {
        if ((senders >> v & 1) != 0) {
            sum += counted_at(n, n->topology->procs[v - 1].name, cut);
        }
    }
    return sum;
}
