#include "node/runtime/door.h"

#include "node/runtime/log.h"
#include "node/runtime/zap.h"
#include "node/runtime/zmonitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#define BACKLOG      256
#define ENDPOINT_LEN 96
/* Descriptors that stay free for what is not a caller: the log, snapshots, dialling. */
#define FILES_RESERVE(limit) ((limit) / 4)

struct door {
    struct door_config config;
    char endpoint[ENDPOINT_LEN];
    int fd; /* listens; libzmq owns it */
    struct zmonitor *monitor;
    uv_timer_t timer; /* while it is shut; its close callback frees the door */
    bool shut;
    uint32_t fd_max;
    uint64_t shaken; /* handshakes so far, plus one */
    uint64_t *came;  /* by descriptor: `shaken` when it came; 0: nobody, or not known */
    uint32_t came_n;
};

void door_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max < DOOR_FILES_MAX ? limit.rlim_max : DOOR_FILES_MAX;
        err_ignore(setrlimit(RLIMIT_NOFILE, &limit) == 0 ? ERR_OK : ERR_IO,
                   "the doors shut at whatever the limit is");
    }
}

static uint32_t descriptors_for_callers(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > DOOR_FILES_MAX) {
        limit.rlim_cur = DOOR_FILES_MAX;
    }
    return (uint32_t)(limit.rlim_cur - FILES_RESERVE(limit.rlim_cur));
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(const struct door_config *c)
{
    int64_t bytes = c->bytes_max;
    return set_int(c->socket, ZMQ_LINGER, 0) &&
           set_int(c->socket, ZMQ_HANDSHAKE_IVL, DOOR_HANDSHAKE_MS) &&
           set_int(c->socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(c->socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0 &&
           zmq_setsockopt(c->socket, ZMQ_CURVE_SECRETKEY, c->keys->own_secret, KEYS_TEXT_LEN - 1) ==
               0 &&
           zmq_setsockopt(c->socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0;
}

static void open_again(uv_timer_t *timer)
{
    struct door *d = timer->data;
    int unused = 0;
    int rc = setsockopt(d->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    ASSERT(rc == 0);
    d->shut = false;
}

/* A filter that passes nothing: the kernel drops what comes for the listening socket, and only
 * that. */
static void shut(struct door *d)
{
    static struct sock_filter nothing[] = {{.code = BPF_RET | BPF_K}};
    struct sock_fprog program = {.len = 1, .filter = nothing};
    if (d->shut) {
        return;
    }
    if (setsockopt(d->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        log_line(LOG_ERROR, "event=door_not_shut endpoint=%s errno=%d", d->endpoint, errno);
        return;
    }
    d->shut = true;
    log_line(LOG_WARN, "event=door_shut endpoint=%s carry_on=\"open again in %d ms\"", d->endpoint,
             DOOR_SHUT_MS);
    int rc = uv_timer_start(&d->timer, open_again, DOOR_SHUT_MS, 0);
    ASSERT(rc == 0);
}

/* ZeroMQ does not say whose handshake succeeded. Somebody who left was turned away for sure if none
 * has succeeded since he came. */
static void on_left(struct door *d, uint32_t fd)
{
    bool stranger = fd < d->came_n && d->came[fd] == d->shaken;
    if (fd < d->came_n) {
        d->came[fd] = 0;
    }
    if (stranger && d->config.turned_away != NULL) {
        d->config.turned_away(d->config.context);
    } else if (!stranger && d->config.left != NULL) {
        d->config.left(d->config.context);
    }
}

static void on_came(struct door *d, uint32_t fd)
{
    if (fd < d->came_n) {
        d->came[fd] = d->shaken;
    }
    if (fd >= d->fd_max) {
        shut(d);
    }
}

static void on_event(void *context, uint16_t event, uint32_t value)
{
    struct door *d = context;
    if (event == ZMQ_EVENT_ACCEPTED) {
        on_came(d, value);
    } else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        d->shaken++;
    } else {
        on_left(d, value);
    }
}

static void destroy(struct door *d)
{
    free(d->came);
    free(d);
}

/* The listening socket. */
static enum err listen_at(const struct door_config *c, int *ret_fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(c->port)};
    int on = 1;
    if (inet_pton(AF_INET, c->address, &a.sin_addr) != 1) {
        return ERR_IO;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 && listen(fd, BACKLOG) == 0) {
        *ret_fd = fd;
        return ERR_OK;
    }
    enum err err = errno == EADDRINUSE || errno == EADDRNOTAVAIL ? ERR_IN_USE : ERR_IO;
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

static enum err bind_it(struct door *d)
{
    const struct door_config *c = &d->config;
    enum err err = listen_at(c, &d->fd);
    if (err != ERR_OK) {
        return err;
    }
    if (set_options(c) && set_int(c->socket, ZMQ_USE_FD, d->fd) &&
        zmq_bind(c->socket, d->endpoint) == 0) {
        return ERR_OK;
    }
    close(d->fd);
    return ERR_IO;
}

enum err door_open(const struct door_config *config, struct door **ret_door)
{
    struct door *d = calloc(1, sizeof *d);
    ASSERT(d != NULL);
    d->config = *config;
    d->fd_max = descriptors_for_callers();
    d->shaken = 1;
    d->came_n = DOOR_FILES_MAX; /* pages come when they are touched */
    d->came = calloc(d->came_n, sizeof d->came[0]);
    ASSERT(d->came != NULL);
    snprintf(d->endpoint, sizeof d->endpoint, "tcp://%s:%u", config->address, config->port);
    /* The monitor first: it must see the first caller. */
    enum err err =
        zmonitor_new(config->loop, config->zmq, config->socket,
                     ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED,
                     on_event, d, &d->monitor);
    if (err == ERR_OK) {
        err = bind_it(d);
    }
    if (err != ERR_OK) {
        zmonitor_free(&d->monitor);
        destroy(d);
        return err;
    }
    int rc = uv_timer_init(&config->loop->uv, &d->timer);
    ASSERT(rc == 0);
    d->timer.data = d;
    *ret_door = d;
    return ERR_OK;
}

static void on_closed(uv_handle_t *handle)
{
    destroy(handle->data);
}

void door_close(struct door **door)
{
    struct door *d = *door;
    if (d != NULL) {
        *door = NULL;
        zmonitor_free(&d->monitor);
        uv_close((uv_handle_t *)&d->timer, on_closed);
    }
}
