#include "cluster/control/backend_netns.h"

#include "cluster/control/proc_here.h"
#include "cluster/fault/network.h"

#include <stdio.h>
#include <string.h>

#define NEXT_LEN 1280

static struct network network(const struct cluster *c)
{
    struct network n = {.topology = NULL};
    network_of(c->name, c->folder, &c->topology, &n);
    return n;
}

/* What is wrong, in the words of the program that failed. */
static int complain(enum err err, const char *what, struct tool_said *said)
{
    if (err == ERR_OK) {
        return OUTCOME_DONE;
    }
    said->text[strcspn(said->text, "\n")] = '\0';
    return outcome_error(err == ERR_UNKNOWN      ? OUTCOME_UNREACHABLE
                         : err == ERR_PERMISSION ? OUTCOME_PRIVILEGES
                         : err == ERR_TIMEOUT    ? OUTCOME_TIMEOUT
                                                 : OUTCOME_IO,
                         err == ERR_UNKNOWN      ? "apt-get install iproute2 nftables"
                         : err == ERR_PERMISSION ? "be root"
                                                 : NULL,
                         "cannot %s: %s", what, said->text[0] != '\0' ? said->text : err_text(err));
}

/* And whether the programs are there; else it would be said when half of it is made. */
static int permitted(const char *instead)
{
    static const char *const ip[] = {"ip", "-V", NULL};
    static const char *const nft[] = {"nft", "--version", NULL};
    struct tool_said said;
    if (network_permitted() != ERR_OK) {
        char next[NEXT_LEN];
        snprintf(next, sizeof next, "be root; or: %s", instead);
        return outcome_error(OUTCOME_PRIVILEGES, next,
                             "network namespaces are for root only (CAP_SYS_ADMIN)");
    }
    enum err err = tool_run(ip, NULL, "", &said);
    err = err == ERR_OK ? tool_run(nft, NULL, "", &said) : err;
    return complain(err, "make networks", &said);
}

/* The network is nobody else's, so all addresses are free. */
static int reserve(struct cluster *c, const struct backend_place *place, int *ret_hold)
{
    if (place->block != NULL) {
        return outcome_error(OUTCOME_USAGE, "leave --block out",
                             "on netns a cluster has all addresses to itself");
    }
    snprintf(c->block, sizeof c->block, "%s", cut_net_block(CUT_VISIBLE));
    snprintf(c->private_block, sizeof c->private_block, "%s", cut_net_block(CUT_PRIVATE));
    *ret_hold = -1;
    return OUTCOME_DONE;
}

static int remove_it(const struct cluster *c, bool destroy)
{
    (void)destroy; /* nothing is kept */
    struct network n = network(c);
    struct tool_said said;
    return complain(network_remove(&n, &said), "remove the network namespaces", &said);
}

static int make(const struct cluster *c)
{
    struct network n = network(c);
    struct tool_said said;
    int code = remove_it(c, false);
    return code == OUTCOME_DONE
               ? complain(network_make(&n, &said), "make the network namespaces", &said)
               : code;
}

/* Where there is no network any more, there is nobody to be reached either. */
static int visit(const struct cluster *c)
{
    struct network n = network(c);
    struct tool_said said = {0};
    enum err err = network_enter(&n, NETWORK_SWITCH);
    return complain(err == ERR_UNKNOWN ? ERR_OK : err, "enter the network of the cluster", &said);
}

static enum err enter(const struct cluster *c, struct proc_id id)
{
    struct network n = network(c);
    return network_enter(&n, topology_name(&c->topology, id));
}

static int plug(const struct cluster *c, struct proc_id id, bool in)
{
    struct network n = network(c);
    struct tool_said said;
    return complain(network_plug(&n, id, in, &said), in ? "put the plugs in" : "pull the plugs out",
                    &said);
}

/* The cable of the namespace stays in: whatever is started in it has power again. */
static int power(const struct cluster *c, struct proc_id id, bool on)
{
    struct network n = network(c);
    if (on) {
        return OUTCOME_DONE;
    }
    return network_kill(&n, id) > 0
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_UNREACHABLE, "rehome status", "%s does not run",
                               topology_name(&c->topology, id));
}

static int cut(const struct cluster *c, const struct cut *cuts, uint32_t cuts_n)
{
    struct network n = network(c);
    struct tool_said said;
    return complain(network_cut(&n, cuts, cuts_n, &said), "cut the network", &said);
}

static uint64_t counted(const struct cluster *c, const struct cut *one)
{
    struct network n = network(c);
    return network_counted(&n, one);
}

const struct backend backend_netns = {.word = "netns",
                                      .permitted = permitted,
                                      .reserve = reserve,
                                      .make = make,
                                      .remove = remove_it,
                                      .visit = visit,
                                      .procs = &proc_here,
                                      .enter = enter,
                                      .plug = plug,
                                      .power = power,
                                      .power_words = "SIGKILL to all in its namespace at once",
                                      .cut = cut,
                                      .counted = counted};
