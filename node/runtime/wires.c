#include "node/runtime/wires.h"

#include "node/runtime/log.h"
#include "proto/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dialer {
    struct wires *wires;
    enum link link;
    struct proc_id peer;
    struct link_socket *socket;
};

struct listener {
    struct wires *wires;
    enum link link;
    struct link_socket *socket;
};

struct wires {
    struct wires_config config;
    struct hub *hub;
    struct listener listeners[LINK_COUNT];
    struct dialer dialers[LINK_COUNT][PROCS_MAX + 1];
    struct codec_room room;
};

bool wires_address(const struct wires *w, enum link link, struct proc_id id,
                   char ret_address[LINK_ADDRESS_LEN])
{
    if (id.v == 0 || id.v > w->config.topology->procs_n) {
        return false;
    }
    snprintf(ret_address, LINK_ADDRESS_LEN, "%s%u",
             link == LINK_PRIVATE ? w->config.private_block : w->config.block,
             topology_proc_of(w->config.topology, id)->host);
    return true;
}

static void rejected(struct wires *w, enum link link, struct proc_id peer, enum err why)
{
    w->config.rejected(w->config.context, link, peer, why);
}

/* -- Dialling. -- */

static void on_dialer_frame(void *context, const char *user, const char *routing,
                            const uint8_t *bytes, size_t len)
{
    const struct dialer *d = context;
    struct wires *w = d->wires;
    struct codec_frame frame;
    (void)user;
    (void)routing;
    enum err err = codec_frame_unpack(d->link, bytes, len, w->room, &frame);
    if (err == ERR_OK && strcmp(frame.sender, topology_name(w->config.topology, d->peer)) != 0) {
        err = ERR_PERMISSION;
    }
    if (err != ERR_OK) {
        rejected(w, d->link, d->peer, err);
        return;
    }
    hub_dialled_frame(w->hub, d->link, d->peer, &frame);
}

static void on_dialer_up(void *context)
{
    const struct dialer *d = context;
    hub_dialled_up(d->wires->hub, d->link, d->peer);
}

static void on_dialer_lost(void *context)
{
    const struct dialer *d = context;
    hub_dialled_lost(d->wires->hub, d->link, d->peer);
}

static void on_dialer_refused(void *context)
{
    const struct dialer *d = context;
    hub_dialled_refused(d->wires->hub, d->link, d->peer);
}

/* Errors  as link_dial */
static enum err wires_dial(void *context, enum link link, struct proc_id peer)
{
    struct wires *w = context;
    const struct wires_config *c = &w->config;
    char from[LINK_ADDRESS_LEN] = "";
    char address[LINK_ADDRESS_LEN];
    char routing[HUB_ROUTING_LEN + NAME_LEN];
    struct dialer *d = peer.v <= PROCS_MAX ? &w->dialers[link][peer.v] : NULL;
    if (d == NULL || !wires_address(w, link, peer, address)) {
        return ERR_UNKNOWN;
    }
    err_ignore(wires_address(w, link, c->self, from) ? ERR_OK : ERR_UNKNOWN,
               "an operator has no address of its own");
    snprintf(routing, sizeof routing, "%s/%s", c->name,
             c->guest[0] != '\0' ? c->guest : msg_link_name(link));
    *d = (struct dialer){.wires = w, .link = link, .peer = peer};
    struct link_events events = {
        d, on_dialer_frame, on_dialer_up, on_dialer_lost, on_dialer_refused, NULL, NULL};
    enum err err =
        link_dial(&c->ground, from, address, msg_link_port(link), msg_link_frame_max(link),
                  topology_name(c->topology, peer), routing, &events, &d->socket);
    if (err != ERR_OK) {
        log_line(LOG_ERROR, "event=dial_failed link=%s peer=%s reason=\"%s\"", msg_link_name(link),
                 topology_name(c->topology, peer), err_text(err));
    }
    return err;
}

static void wires_hang_up(void *context, enum link link, struct proc_id peer, bool linger)
{
    struct wires *w = context;
    struct dialer *d = &w->dialers[link][peer.v];
    if (linger && d->socket != NULL) {
        link_linger(d->socket);
    }
    link_close(&d->socket);
}

/* -- Listening. -- */

/* Who sent this: all three names must be the same one, of somebody who has business on this link.
 */
static enum err identify(const struct wires *w, enum link link, const char *user,
                         const char *routing, const char *sender, struct proc_id *ret_proc)
{
    size_t len = strlen(user);
    if (strncmp(routing, user, len) != 0 || routing[len] != '/' || strcmp(sender, user) != 0) {
        return ERR_PERMISSION;
    }
    if (strcmp(user, KEYS_OPERATOR) == 0) {
        *ret_proc = hub_guest(w->hub, routing);
        return link != LINK_OPERATOR ? ERR_PERMISSION : ret_proc->v == 0 ? ERR_FULL : ERR_OK;
    }
    *ret_proc = topology_proc_named(w->config.topology, user);
    return peers_may_dial(w->config.topology, link, *ret_proc, w->config.self) ? ERR_OK
                                                                               : ERR_PERMISSION;
}

static void on_listener_frame(void *context, const char *user, const char *routing,
                              const uint8_t *bytes, size_t len)
{
    const struct listener *l = context;
    struct wires *w = l->wires;
    struct codec_frame frame;
    struct proc_id proc = {0};
    enum err err = codec_frame_unpack(l->link, bytes, len, w->room, &frame);
    if (err == ERR_OK) {
        err = identify(w, l->link, user, routing, frame.sender, &proc);
    }
    if (err != ERR_OK) {
        rejected(w, l->link, proc, err);
        return;
    }
    hub_accepted_frame(w->hub, l->link, proc, routing, &frame);
}

static void on_someone_left(void *context)
{
    const struct listener *l = context;
    hub_someone_left(l->wires->hub, l->link);
}

static void on_turned_away(void *context)
{
    const struct listener *l = context;
    rejected(l->wires, l->link, (struct proc_id){0}, ERR_PERMISSION);
}

/* Errors  as link_listen */
static enum err wires_listen(void *context, enum link link, bool on)
{
    struct wires *w = context;
    struct listener *l = &w->listeners[link];
    char address[LINK_ADDRESS_LEN];
    if (!on) {
        link_close(&l->socket);
        return ERR_OK;
    }
    if (!wires_address(w, link, w->config.self, address)) {
        return ERR_INVALID;
    }
    struct link_events events = {l,    on_listener_frame, NULL,          NULL,
                                 NULL, on_someone_left,   on_turned_away};
    return link_listen(&w->config.ground, address, msg_link_port(link), msg_link_frame_max(link),
                       &events, &l->socket);
}

/* -- Sending. -- */

static enum err wires_send(void *context, enum link link, struct proc_id peer, bool dialled,
                           const char *routing, const struct codec_frame *frame)
{
    struct wires *w = context;
    struct link_out out;
    struct link_socket *socket =
        dialled ? w->dialers[link][peer.v].socket : w->listeners[link].socket;
    ASSERT(socket != NULL);
    link_out_begin(&out, codec_frame_len(frame));
    codec_frame_pack(frame, out.bytes);
    return link_send(socket, routing, &out);
}

/* -- From the beginning to the end. -- */

static struct instant wires_now(void *context)
{
    (void)context;
    return loop_now();
}

static int64_t wires_wall_ms(void *context)
{
    (void)context;
    return loop_wall_us() / 1000;
}

struct wires *wires_new(const struct wires_config *config)
{
    struct wires *w = calloc(1, sizeof *w);
    ASSERT(w != NULL);
    w->config = *config;
    for (enum link link = 0; link < LINK_COUNT; link++) {
        w->listeners[link] = (struct listener){.wires = w, .link = link};
        if (msg_link_frame_max(link) > w->room.cap) {
            w->room.cap = msg_link_frame_max(link);
        }
    }
    w->room.cap += CODEC_ROOM_MORE;
    w->room.bytes = malloc(w->room.cap);
    ASSERT(w->room.bytes != NULL);
    return w;
}

struct hub_ground wires_ground(struct wires *w)
{
    return (struct hub_ground){.context = w,
                               .now = wires_now,
                               .wall_ms = wires_wall_ms,
                               .listen = wires_listen,
                               .dial = wires_dial,
                               .hang_up = wires_hang_up,
                               .send = wires_send};
}

void wires_attach(struct wires *w, struct hub *hub)
{
    w->hub = hub;
}

void wires_free(struct wires **wires)
{
    struct wires *w = *wires;
    if (w == NULL) {
        return;
    }
    for (enum link link = 0; link < LINK_COUNT; link++) {
        link_close(&w->listeners[link].socket);
        for (uint32_t v = 0; v <= PROCS_MAX; v++) {
            link_close(&w->dialers[link][v].socket);
        }
    }
    free(w->room.bytes);
    free(w);
    *wires = NULL;
}
