#include "node/runtime/zwatch.h"

#include <stdlib.h>
#include <zmq.h>

struct zwatch {
    uv_poll_t poll;
    struct loop *loop;
    struct zwatch *next;
    void *socket; /* NULL: freed, waits for its close callback */
    bool unsure;  /* it may be readable: it has not said that it is not since it was used */
    void (*readable)(void *context);
    void *context;
};

/* zwatch_dispatch looks what it is. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct zwatch *watch = poll->data;
    watch->unsure = true;
}

struct zwatch *zwatch_new(struct loop *loop, void *socket, void (*readable)(void *context),
                          void *context)
{
    struct zwatch *watch = calloc(1, sizeof *watch);
    ASSERT(watch != NULL);
    int fd = -1;
    size_t size = sizeof fd;
    int rc = zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    ASSERT(rc == 0);
    rc = uv_poll_init(&loop->uv, &watch->poll, fd);
    ASSERT(rc == 0);
    rc = uv_poll_start(&watch->poll, UV_READABLE, on_poll);
    ASSERT(rc == 0);
    watch->poll.data = watch;
    watch->loop = loop;
    watch->socket = socket;
    watch->readable = readable;
    watch->context = context;
    watch->unsure = true;
    watch->next = loop->watches;
    loop->watches = watch;
    return watch;
}

/* Only here does a watch leave the list: no callback of ours is running. */
static void on_closed(uv_handle_t *handle)
{
    struct zwatch *watch = handle->data;
    struct zwatch **at = &watch->loop->watches;
    while (*at != watch) {
        at = &(*at)->next;
    }
    *at = watch->next;
    free(watch);
}

void zwatch_free(struct zwatch **watch)
{
    if (*watch != NULL) {
        (*watch)->socket = NULL;
        uv_poll_stop(&(*watch)->poll);
        uv_close((uv_handle_t *)&(*watch)->poll, on_closed);
        *watch = NULL;
    }
}

void zwatch_used(struct zwatch *watch)
{
    watch->unsure = true;
}

/* One that says no has done all that was asked of it: its descriptor tells when there is more. */
static bool is_readable(struct zwatch *watch)
{
    if (!watch->unsure || watch->socket == NULL) {
        return false;
    }
    int events = 0;
    size_t size = sizeof events;
    if (zmq_getsockopt(watch->socket, ZMQ_EVENTS, &events, &size) != 0) {
        return false; /* a signal: it is asked again */
    }
    watch->unsure = (events & ZMQ_POLLIN) != 0;
    return watch->unsure;
}

bool zwatch_pending(struct loop *loop)
{
    for (struct zwatch *w = loop->watches; w != NULL; w = w->next) {
        if (is_readable(w)) {
            return true;
        }
    }
    return false;
}

void zwatch_dispatch(struct loop *loop)
{
    for (struct zwatch *w = loop->watches; w != NULL; w = w->next) {
        if (is_readable(w)) {
            w->readable(w->context);
        }
    }
}
