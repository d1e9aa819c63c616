#include "tests/hostile/hostile.h"

#include "node/runtime/driver.h"
#include "proto/peers.h"
#include "tests/fuzz/draw.h"

#include <stdlib.h>
#include <string.h>

#define TAPE_BYTES 2048
#define SPEAK_MS   2
#define LINKS_MAX  64

struct impostor {
    struct cluster_seen *c;
    struct driver *driver;
    const struct world *world;
    struct draw draw;
    struct instant next, end;
    struct {
        enum link link;
        struct proc_id peer;
        bool up;
    } links[LINKS_MAX];
    uint32_t links_n;
    unsigned said, heard, ups;
    struct msg msg, asked;
    uint8_t tape[TAPE_BYTES];
};

static void wind(struct impostor *m)
{
    for (size_t i = 0; i < sizeof m->tape; i++) {
        m->tape[i] = (uint8_t)(rand_next(&m->c->rand) >> 56);
    }
    m->draw.tape = tape_of(m->tape, sizeof m->tape);
}

static void speak(struct impostor *m, enum link link, struct proc_id peer)
{
    enum msg_kind kinds[MSG_COUNT];
    uint32_t n = 0;
    for (enum msg_kind kind = MSG_NONE + 1; kind < MSG_COUNT; kind++) {
        /* A recorder's commands are obeyed: they are not hostile. */
        if (msg_allowed(kind, link) && kind != MSG_OP_COMMAND) {
            kinds[n++] = kind;
        }
    }
    wind(m);
    draw_msg(&m->draw, kinds[tape_below(&m->draw.tape, n)], &m->msg);
    m->world->send(m->world->context, link, peer, &m->msg);
    m->said++;
}

static void on_start(void *self, struct instant now)
{
    struct impostor *m = self;
    const struct topology *t = &m->c->topology;
    struct proc_id own = topology_proc_named(t, m->draw.self);
    m->next = now;
    for (enum link link = LINK_LOCAL + 1; link < LINK_COUNT; link++) {
        bool listens = false;
        for (uint16_t v = 1; v <= t->procs_n; v++) {
            struct proc_id peer = {v};
            if (peers_may_dial(t, link, own, peer)) {
                m->world->connect(m->world->context, link, peer, true);
            }
            listens = listens || (link != LINK_OPERATOR && peers_may_dial(t, link, peer, own));
        }
        if (listens) {
            m->world->listen(m->world->context, link, true);
        }
    }
}

static void on_message(void *self, struct instant now, enum link link, struct proc_id peer,
                       const struct msg *msg)
{
    struct impostor *m = self;
    (void)now;
    (void)link;
    (void)peer;
    (void)msg;
    m->heard++;
}

static void set_link(struct impostor *m, enum link link, struct proc_id peer, bool up)
{
    for (uint32_t i = 0; i < m->links_n; i++) {
        if (m->links[i].link == link && proc_id_eq(m->links[i].peer, peer)) {
            m->links[i].up = up;
            return;
        }
    }
    if (m->links_n < LINKS_MAX) {
        m->links[m->links_n].link = link;
        m->links[m->links_n].peer = peer;
        m->links[m->links_n++].up = up;
    }
}

static void on_up(void *self, struct instant now, enum link link, struct proc_id peer)
{
    struct impostor *m = self;
    (void)now;
    m->ups++;
    set_link(m, link, peer, true);
}

static void on_down(void *self, struct instant now, enum link link, struct proc_id peer,
                    enum reason reason)
{
    (void)now;
    (void)reason;
    set_link(self, link, peer, false);
}

static struct instant on_deadline(const void *self)
{
    const struct impostor *m = self;
    return m->next;
}

static void on_tick(void *self, struct instant now)
{
    struct impostor *m = self;
    for (uint32_t i = 0; i < m->links_n; i++) {
        if (m->links[i].up) {
            speak(m, m->links[i].link, m->links[i].peer);
        }
    }
    m->next = instant_add(now, duration_ms(SPEAK_MS));
    if (instant_reached(now, m->end)) {
        driver_stop(m->driver);
    }
}

unsigned impostor_attack(struct cluster_seen *c, const char *name, int64_t ms)
{
    struct impostor *m = calloc(1, sizeof *m);
    struct driver_config config = {.topology = &c->topology,
                                   .self = topology_proc_named(&c->topology, name),
                                   .state_dir = c->state,
                                   .keys_dir = c->keys_dir,
                                   .block = c->block};
    if (m == NULL || c->state == NULL) {
        hostile_give_up("an impostor needs --state");
    }
    enum err err = driver_new(&config, &m->driver);
    if (err != ERR_OK) {
        hostile_give_up("%s cannot be played: %s", name, err_text(err));
    }
    m->c = c;
    m->world = driver_world(m->driver);
    m->draw.topology = &c->topology;
    m->draw.self = name;
    m->draw.impossible = true;
    m->end = instant_add(loop_now(), duration_ms(ms));
    struct process process = {.self = m,
                              .start = on_start,
                              .message = on_message,
                              .link_up = on_up,
                              .link_down = on_down,
                              .deadline = on_deadline,
                              .tick = on_tick};
    err = driver_run(m->driver, &process);
    unsigned said = m->said;
    if (err != ERR_OK || m->ups == 0 || said == 0) {
        hostile_give_up("%s got nowhere: %u links, %u messages", name, m->ups, said);
    }
    driver_free(&m->driver);
    free(m);
    return said;
}
