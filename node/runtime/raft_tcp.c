#include "node/runtime/raft_tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG  128
#define SWEEP_MS 100

/* A connection whose two ends do not know each other yet. */
struct greeter {
    struct raft_tcp *net;
    struct greeter *next;
    uv_tcp_t *tcp; /* of raft_malloc: libraft frees it */
    uv_connect_t connect;
    struct raft_uv_connect *request; /* of libraft; NULL: it came in */
    struct raft_greeting greeting;
    uint64_t began_ms;
    bool closing;
    int status; /* for the request */
    enum { WAIT_HELLO, WAIT_ANSWER, WAIT_PROOF } step;
    size_t got, wanted;
    uint8_t bytes[RAFT_GREETING_LEN_MAX];
};

/* The far end of a connection that was let in: told when it closes. */
struct watch {
    struct raft_tcp *net;
    struct watch *next;
    uv_poll_t poll;
    int fd; /* a duplicate, because libuv knows the original */
    struct proc_id peer;
};

struct raft_tcp {
    struct raft_tcp_config config;
    struct raft_uv_transport *transport;
    struct sockaddr_in own;
    raft_uv_accept_cb accepted;
    raft_uv_transport_close_cb closed;
    uv_tcp_t listener;
    uv_timer_t sweep;
    bool closing;
    unsigned handles; /* of ours that libuv still knows */
    unsigned strangers;
    struct greeter *greeters; /* the oldest first */
    struct watch *watches;
};

static uint8_t *room(struct greeter *g)
{
    return g->bytes + g->got;
}

static int complain(struct raft_tcp *net, const char *what, int code)
{
    snprintf(net->transport->errmsg, sizeof net->transport->errmsg, "%s: %s", what,
             uv_strerror(code));
    return RAFT_IOERR;
}

static bool read_address(const char *text, struct sockaddr_in *ret)
{
    char host[RAFT_ADDRESS_LEN];
    char *end = NULL;
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
        return false;
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    long port = strtol(colon + 1, &end, 10);
    return *end == '\0' && port > 0 && port < 65536 && uv_ip4_addr(host, (int)port, ret) == 0;
}

static void handle_gone(struct raft_tcp *net)
{
    ASSERT(net->handles > 0);
    net->handles--;
    if (net->closing && net->handles == 0) {
        net->closed(net->transport);
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

/* -- The news that a connection has closed. -- */

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct raft_tcp *net = w->net;
    close(w->fd);
    free(w);
    handle_gone(net);
}

static void watch_end(struct watch *w)
{
    struct watch **at = &w->net->watches;
    while (*at != w) {
        at = &(*at)->next;
    }
    *at = w->next;
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static void on_disconnect(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct raft_tcp *net = w->net;
    struct proc_id peer = w->peer;
    if (status == 0 && (events & UV_DISCONNECT) == 0) {
        return;
    }
    watch_end(w);
    net->config.peer_lost(net->config.context, peer);
}

static void watch_begin(struct raft_tcp *net, struct proc_id peer, const uv_tcp_t *tcp)
{
    uv_os_fd_t fd;
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL || uv_fileno((const uv_handle_t *)tcp, &fd) != 0) {
        free(w);
        return; /* news is welcome, not needed */
    }
    *w = (struct watch){.net = net, .peer = peer, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (w->fd < 0 || uv_poll_init(net->config.loop, &w->poll, w->fd) != 0) {
        if (w->fd >= 0) {
            close(w->fd);
        }
        free(w);
        return;
    }
    w->poll.data = w;
    w->next = net->watches;
    net->watches = w;
    net->handles++;
    if (uv_poll_start(&w->poll, UV_DISCONNECT, on_disconnect) != 0) {
        watch_end(w);
    }
}

/* -- Greeters. -- */

static void forget(struct greeter *g)
{
    struct raft_tcp *net = g->net;
    struct greeter **at = &net->greeters;
    while (*at != g) {
        at = &(*at)->next;
    }
    *at = g->next;
    net->strangers -= g->request == NULL;
    if (net->greeters == NULL && !net->closing) {
        uv_timer_stop(&net->sweep);
    }
}

static void on_greeter_closed(uv_handle_t *handle)
{
    struct greeter *g = handle->data;
    struct raft_tcp *net = g->net;
    struct raft_uv_connect *request = g->request;
    int status = g->status;
    raft_free(g->tcp);
    free(g);
    if (request != NULL) {
        request->cb(request, NULL, status);
    }
    handle_gone(net);
}

static void give_up(struct greeter *g, int status)
{
    if (!g->closing) {
        forget(g);
        g->closing = true;
        g->status = status;
        uv_close((uv_handle_t *)g->tcp, on_greeter_closed);
    }
}

static void refuse(struct greeter *g, enum err why)
{
    struct raft_tcp *net = g->net;
    give_up(g, RAFT_NOCONNECTION);
    net->config.refused(net->config.context, why);
}

/* The connection is libraft's from now on. */
static void hand_over(struct greeter *g)
{
    struct raft_tcp *net = g->net;
    struct raft_uv_connect *request = g->request;
    const struct raft_greeting_peer *peer = g->greeting.peer;
    uv_tcp_t *tcp = g->tcp;
    forget(g);
    net->handles--;
    free(g);
    tcp->data = NULL;
    if (request != NULL) {
        request->cb(request, (struct uv_stream_s *)tcp, 0);
    } else {
        watch_begin(net, peer->id, tcp);
        net->accepted(net->transport, peer->id.v, peer->address, (struct uv_stream_s *)tcp);
    }
}

/* A few bytes into an empty buffer of the kernel: they fit, or the connection is dead. */
static bool say(struct greeter *g, const uint8_t *bytes, size_t len)
{
    uv_buf_t buf = {.base = (char *)g->bytes, .len = len};
    memmove(g->bytes, bytes, len);
    g->got = 0;
    return uv_try_write((uv_stream_t *)g->tcp, &buf, 1) == (int)len;
}

static void on_step(struct greeter *g)
{
    uint8_t answer[RAFT_GREETING_LEN_MAX];
    enum err err = ERR_OK;
    size_t len = 0;
    switch (g->step) {
    case WAIT_HELLO:
        err = raft_greeting_answer(&g->greeting, g->net->config.book, g->bytes, answer);
        len = RAFT_GREETING_ANSWER_LEN;
        break;
    case WAIT_ANSWER:
        err = raft_greeting_prove(&g->greeting, g->bytes, answer);
        len = RAFT_GREETING_PROOF_LEN;
        break;
    case WAIT_PROOF:
        err = raft_greeting_admit(&g->greeting, g->bytes);
        break;
    }
    if (err != ERR_OK) {
        refuse(g, err);
        return;
    }
    if (len > 0 && !say(g, answer, len)) {
        give_up(g, RAFT_NOCONNECTION);
        return;
    }
    if (g->step == WAIT_HELLO) {
        g->step = WAIT_PROOF;
        g->wanted = RAFT_GREETING_PROOF_LEN;
        return;
    }
    uv_read_stop((uv_stream_t *)g->tcp);
    hand_over(g);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct greeter *g = handle->data;
    (void)suggested;
    /* Not one byte more: what follows is libraft's. */
    *ret_buf = (uv_buf_t){.base = (char *)room(g), .len = g->wanted - g->got};
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct greeter *g = stream->data;
    (void)buf;
    if (n < 0 && g->request == NULL) {
        refuse(g, ERR_TRUNCATED);
    } else if (n < 0) {
        give_up(g, RAFT_NOCONNECTION);
    } else {
        g->got += (size_t)n;
        if (g->got == g->wanted) {
            on_step(g);
        }
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct raft_tcp *net = timer->data;
    uint64_t now = uv_now(net->config.loop);
    while (net->greeters != NULL && now - net->greeters->began_ms >= RAFT_TCP_GREETING_MS) {
        struct greeter *g = net->greeters;
        if (g->request == NULL) {
            refuse(g, ERR_TIMEOUT);
        } else {
            give_up(g, RAFT_NOCONNECTION);
        }
    }
}

/* NULL: no memory. */
static struct greeter *greeter_new(struct raft_tcp *net, struct raft_uv_connect *request)
{
    struct greeter *g = calloc(1, sizeof *g);
    uv_tcp_t *tcp = raft_malloc(sizeof *tcp);
    if (g == NULL || tcp == NULL || uv_tcp_init(net->config.loop, tcp) != 0) {
        free(g);
        raft_free(tcp);
        return NULL;
    }
    g->net = net;
    g->tcp = tcp;
    g->request = request;
    g->began_ms = uv_now(net->config.loop);
    tcp->data = g;
    struct greeter **at = &net->greeters;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = g;
    net->handles++;
    net->strangers += request == NULL;
    if (!uv_is_active((const uv_handle_t *)&net->sweep)) {
        int rc = uv_timer_start(&net->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
        ASSERT(rc == 0);
    }
    return g;
}

/* -- libraft's side. -- */

static void make_room(struct raft_tcp *net)
{
    for (struct greeter *g = net->greeters; g != NULL; g = g->next) {
        if (g->request == NULL) {
            refuse(g, ERR_FULL);
            return;
        }
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct raft_tcp *net = listener->data;
    struct greeter *g = status == 0 ? greeter_new(net, NULL) : NULL;
    if (g == NULL) {
        return; /* it is closed by libuv, or asked for again */
    }
    g->step = WAIT_HELLO;
    g->wanted = RAFT_GREETING_HELLO_LEN;
    if (uv_accept(listener, (uv_stream_t *)g->tcp) != 0 || uv_tcp_nodelay(g->tcp, 1) != 0 ||
        uv_read_start((uv_stream_t *)g->tcp, on_room, on_bytes) != 0) {
        give_up(g, RAFT_NOCONNECTION);
    } else if (net->strangers > RAFT_TCP_STRANGERS_MAX) {
        make_room(net);
    }
}

static int net_init(struct raft_uv_transport *transport, raft_id id, const char *address)
{
    struct raft_tcp *net = transport->impl;
    ASSERT(id == net->config.book->self.v);
    if (!read_address(address, &net->own)) {
        return complain(net, address, UV_EINVAL);
    }
    return 0;
}

static int net_listen(struct raft_uv_transport *transport, raft_uv_accept_cb cb)
{
    struct raft_tcp *net = transport->impl;
    net->accepted = cb;
    int code = uv_timer_init(net->config.loop, &net->sweep);
    ASSERT(code == 0);
    net->sweep.data = net;
    code = uv_tcp_init(net->config.loop, &net->listener);
    ASSERT(code == 0);
    net->listener.data = net;
    net->handles += 2;
    code = uv_tcp_bind(&net->listener, (const struct sockaddr *)&net->own, 0);
    if (code == 0) {
        code = uv_listen((uv_stream_t *)&net->listener, BACKLOG, on_connection);
    }
    if (code == 0) {
        return 0;
    }
    char ip[RAFT_ADDRESS_LEN] = "";
    char what[RAFT_ADDRESS_LEN + 64];
    err_ignore(uv_ip4_name(&net->own, ip, sizeof ip) == 0 ? ERR_OK : ERR_INVALID, "only words");
    snprintf(what, sizeof what, "cannot listen at %s:%u: %s", ip, ntohs(net->own.sin_port),
             uv_strerror(code));
    net->config.failed(net->config.context,
                       code == UV_EADDRINUSE || code == UV_EADDRNOTAVAIL ? ERR_IN_USE : ERR_IO,
                       what);
    return complain(net, "cannot listen for the nodes", code);
}

static bool give_up_in_time(const uv_tcp_t *tcp)
{
    const unsigned ms = RAFT_TCP_UNANSWERED_MS;
    uv_os_fd_t fd;
    return uv_fileno((const uv_handle_t *)tcp, &fd) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms) == 0;
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct greeter *g = connect->data;
    uint8_t hello[RAFT_GREETING_HELLO_LEN];
    if (status == UV_ECANCELED) {
        return; /* it was given up, and its close callback frees it */
    }
    if (status != 0 || uv_tcp_nodelay(g->tcp, 1) != 0 || !give_up_in_time(g->tcp)) {
        give_up(g, RAFT_NOCONNECTION);
        return;
    }
    raft_greeting_hello(&g->greeting, g->net->config.book, g->greeting.peer, hello);
    g->step = WAIT_ANSWER;
    g->wanted = RAFT_GREETING_ANSWER_LEN;
    if (!say(g, hello, sizeof hello) ||
        uv_read_start((uv_stream_t *)g->tcp, on_room, on_bytes) != 0) {
        give_up(g, RAFT_NOCONNECTION);
    }
}

static int net_connect(struct raft_uv_transport *transport, struct raft_uv_connect *request,
                       raft_id id, const char *address, raft_uv_connect_cb cb)
{
    struct raft_tcp *net = transport->impl;
    struct sockaddr_in from = net->own;
    struct sockaddr_in to;
    const struct raft_greeting_peer *peer = raft_greeting_peer(net->config.book, id);
    if (peer == NULL || !read_address(address, &to)) {
        return complain(net, address, UV_EINVAL);
    }
    struct greeter *g = greeter_new(net, request);
    if (g == NULL) {
        return RAFT_NOMEM;
    }
    request->cb = cb;
    g->greeting.peer = peer;
    g->connect.data = g;
    from.sin_port = 0; /* faults are injected by address */
    if (uv_tcp_bind(g->tcp, (const struct sockaddr *)&from, 0) != 0 ||
        uv_tcp_connect(&g->connect, g->tcp, (const struct sockaddr *)&to, on_connected) != 0) {
        give_up(g, RAFT_NOCONNECTION); /* libraft hears of it from the close callback */
    }
    return 0;
}

static void net_close(struct raft_uv_transport *transport, raft_uv_transport_close_cb cb)
{
    struct raft_tcp *net = transport->impl;
    ASSERT(!net->closing);
    net->closing = true;
    net->closed = cb;
    net->handles++; /* this function, until it is done */
    if (net->listener.data != NULL) {
        uv_close((uv_handle_t *)&net->listener, on_handle_closed);
        uv_close((uv_handle_t *)&net->sweep, on_handle_closed);
    }
    while (net->greeters != NULL) {
        give_up(net->greeters, RAFT_CANCELED);
    }
    while (net->watches != NULL) {
        watch_end(net->watches);
    }
    handle_gone(net);
}

enum err raft_tcp_init(struct raft_uv_transport *transport, const struct raft_tcp_config *config)
{
    struct raft_tcp *net = calloc(1, sizeof *net);
    if (net == NULL) {
        return ERR_MEMORY;
    }
    net->config = *config;
    net->transport = transport;
    *transport = (struct raft_uv_transport){.version = 1, /* libraft refuses what says none */
                                            .impl = net,
                                            .init = net_init,
                                            .listen = net_listen,
                                            .connect = net_connect,
                                            .close = net_close};
    return ERR_OK;
}

void raft_tcp_deinit(struct raft_uv_transport *transport)
{
    struct raft_tcp *net = transport->impl;
    if (net != NULL) {
        ASSERT(net->handles == 0);
        free(net);
        transport->impl = NULL;
    }
}
