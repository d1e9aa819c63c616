#include "cluster/fault/cut.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {[CUT_VISIBLE] = "visible", [CUT_PRIVATE] = "private"};
static const char *const blocks[] = {[CUT_VISIBLE] = "10.77.0", [CUT_PRIVATE] = "10.78.0"};

const char *cut_net_word(enum cut_net net)
{
    ASSERT(net < CUT_NETS);
    return words[net];
}

const char *cut_net_block(enum cut_net net)
{
    ASSERT(net < CUT_NETS);
    return blocks[net];
}

void cut_port(enum cut_net net, uint32_t host, char ret[CUT_PORT_LEN])
{
    ASSERT(host > 0 && host < 255);
    snprintf(ret, CUT_PORT_LEN, "%s%u", cut_net_word(net), host % 255);
}

void cut_word(const struct cut *cut, char ret[CUT_WORD_LEN])
{
    snprintf(ret, CUT_WORD_LEN, "partition%s%s", cut->one_way ? " one-way" : "",
             cut->net == CUT_PRIVATE ? " private" : "");
}

static bool is_in(uint64_t side, uint32_t i)
{
    return (side >> (i + 1) & 1) != 0;
}

static size_t put_side(uint64_t side, const struct topology *t, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (uint32_t i = 0; i < t->procs_n && used < size; i++) {
        if (is_in(side, i)) {
            used += (size_t)snprintf(ret + used, size - used, "%s%s", used > 0 ? "," : "",
                                     t->procs[i].name);
        }
    }
    return used < size ? used : size - 1;
}

void cut_sides(const struct cut *cut, const struct topology *t, char *ret, size_t size)
{
    size_t used = put_side(cut->from, t, ret, size);
    used += (size_t)snprintf(ret + used, size - used, " / ");
    if (used < size) {
        (void)put_side(cut->to, t, ret + used, size - used);
    }
}

static bool are_one_pair(const struct topology_proc *a, const struct topology_proc *b)
{
    return a->kind == b->kind && a->side != b->side && a->pair == b->pair &&
           (a->kind == PROC_PG || a->kind == PROC_ICM);
}

bool cut_separates(const struct cut *cut, const struct topology *t)
{
    if (cut->net == CUT_VISIBLE) {
        return true;
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        for (uint32_t j = 0; j < t->procs_n; j++) {
            if (is_in(cut->from, i) && is_in(cut->to, j) &&
                are_one_pair(&t->procs[i], &t->procs[j])) {
                return true;
            }
        }
    }
    return false;
}

/* -- Rules. -- */

/* { "visible12", "visible13" } */
static void put_ports(FILE *out, const struct cut *cut, uint64_t side, const struct topology *t)
{
    const char *before = "{ ";
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (is_in(side, i)) {
            char port[CUT_PORT_LEN];
            cut_port(cut->net, t->procs[i].host, port);
            fprintf(out, "%s\"%s\"", before, port);
            before = ", ";
        }
    }
    fprintf(out, " }");
}

static void put_addresses(FILE *out, const struct cut *cut, uint64_t side,
                          const struct cut_ground *g)
{
    const struct topology *t = g->topology;
    const char *before = "{ ";
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (is_in(side, i)) {
            fprintf(out, "%s%s.%u", before, g->blocks[cut->net], t->procs[i].host);
            before = ", ";
        }
    }
    fprintf(out, " }");
}

/* The chain, empty, but for what follows. Counters of cuts that are healed stay and do no harm. */
static void put_chain(FILE *out, const char *family, const char *chain, const char *hook)
{
    fprintf(out,
            "add table %s " CUT_TABLE "\n"
            "add chain %s " CUT_TABLE " %s { type filter hook %s priority 0; policy accept; }\n"
            "flush chain %s " CUT_TABLE " %s\n",
            family, family, chain, hook, family, chain);
}

static void put_drop(FILE *out, const struct cut *cut, uint64_t from, uint64_t to,
                     const struct topology *t)
{
    fprintf(out, "add rule bridge " CUT_TABLE " cuts iifname ");
    put_ports(out, cut, from, t);
    fprintf(out, " oifname ");
    put_ports(out, cut, to, t);
    fprintf(out, " counter name cut%u drop\n", cut->id);
}

void cut_drops(FILE *out, const struct cut *cuts, uint32_t n, const struct topology *t)
{
    put_chain(out, "bridge", "cuts", "forward");
    for (uint32_t i = 0; i < n; i++) {
        const struct cut *c = &cuts[i];
        ASSERT(c->from != 0 && c->to != 0 && (c->from & c->to) == 0);
        if (c->reject) {
            continue;
        }
        fprintf(out, "add counter bridge " CUT_TABLE " cut%u\n", c->id);
        put_drop(out, c, c->from, c->to, t);
        if (!c->one_way) {
            put_drop(out, c, c->to, c->from, t);
        }
    }
}

static void put_refusal(FILE *out, const struct cut *cut, uint64_t to, const struct cut_ground *g)
{
    fprintf(out, "add counter inet " CUT_TABLE " cut%u\nadd rule inet " CUT_TABLE " cuts ip daddr ",
            cut->id);
    put_addresses(out, cut, to, g);
    fprintf(out,
            " counter name cut%u meta l4proto tcp reject with tcp reset\n"
            "add rule inet " CUT_TABLE " cuts ip daddr ",
            cut->id);
    put_addresses(out, cut, to, g);
    fprintf(out, " reject with icmpx type admin-prohibited\n");
}

void cut_refusals(FILE *out, const struct cut *cuts, uint32_t n, const struct cut_ground *ground,
                  struct proc_id sender)
{
    ASSERT(sender.v >= 1 && sender.v <= ground->topology->procs_n);
    put_chain(out, "inet", "cuts", "output");
    for (uint32_t i = 0; i < n; i++) {
        const struct cut *c = &cuts[i];
        if (!c->reject) {
            continue;
        }
        if (is_in(c->from, sender.v - 1u)) {
            put_refusal(out, c, c->to, ground);
        } else if (!c->one_way && is_in(c->to, sender.v - 1u)) {
            put_refusal(out, c, c->from, ground);
        }
    }
}

static void put_loss(FILE *out, const struct cut *cut, uint64_t from, const struct cut_ground *g)
{
    fprintf(out,
            "add counter inet " CUT_TABLE " cut%u\nadd rule inet " CUT_TABLE " losses ip saddr ",
            cut->id);
    put_addresses(out, cut, from, g);
    fprintf(out, " counter name cut%u drop\n", cut->id);
}

void cut_losses(FILE *out, const struct cut *cuts, uint32_t n, const struct cut_ground *ground,
                struct proc_id receiver)
{
    ASSERT(receiver.v >= 1 && receiver.v <= ground->topology->procs_n);
    put_chain(out, "inet", "losses", "input");
    for (uint32_t i = 0; i < n; i++) {
        const struct cut *c = &cuts[i];
        if (c->reject) {
            continue;
        }
        if (is_in(c->to, receiver.v - 1u)) {
            put_loss(out, c, c->from, ground);
        } else if (!c->one_way && is_in(c->from, receiver.v - 1u)) {
            put_loss(out, c, c->to, ground);
        }
    }
}

uint64_t cut_counted(const char *listing)
{
    const char *packets = strstr(listing, "packets ");
    return packets != NULL ? strtoull(packets + strlen("packets "), NULL, 10) : 0;
}
