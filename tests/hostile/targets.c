#include "tests/hostile/hostile.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define TCP_LISTEN 0x0a

static struct proc_id owner(const struct cluster_seen *c, uint32_t host)
{
    for (uint16_t v = 1; v <= c->topology.procs_n; v++) {
        if (c->topology.procs[v - 1].host == host) {
            return (struct proc_id){v};
        }
    }
    return (struct proc_id){0};
}

static void add(struct cluster_seen *c, uint32_t ip, uint16_t port, bool udp)
{
    struct target t = {.port = port, .udp = udp};
    t.address.sin_family = AF_INET;
    t.address.sin_addr.s_addr = ip;
    t.address.sin_port = htons(port);
    size_t len = strlen(c->block);
    if (inet_ntop(AF_INET, &t.address.sin_addr, t.text, sizeof t.text) == NULL ||
        strncmp(t.text, c->block, len) != 0 || t.text[len] != '.') {
        return;
    }
    if (c->n == HOSTILE_SOCKETS_MAX) {
        hostile_give_up("more sockets than a cluster has");
    }
    t.proc = owner(c, ntohl(ip) & 255u);
    c->targets[c->n++] = t;
}

/* Lines of /proc/net/tcp and udp: "  0: 0100007F:0016 00000000:0000 0A ..." */
static void read_table(struct cluster_seen *c, const char *path, bool udp)
{
    char line[512];
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        hostile_give_up("%s cannot be read", path);
        return;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        unsigned ip = 0;
        unsigned port = 0;
        unsigned state = 0;
        int n = sscanf(line, "%*u: %8x:%4x %*8x:%*4x %2x", &ip, &port, &state);
        if (n == 3 && (udp || state == TCP_LISTEN)) {
            add(c, ip, (uint16_t)port, udp);
        }
    }
    fclose(in);
}

void targets_find(struct cluster_seen *c)
{
    c->n = 0;
    read_table(c, "/proc/net/tcp", false);
    read_table(c, "/proc/net/udp", true);
    if (c->n == 0) {
        hostile_give_up("nothing listens in %s", c->block);
    }
}
