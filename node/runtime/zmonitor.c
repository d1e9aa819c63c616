#include "node/runtime/zmonitor.h"

#include "node/runtime/zwatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define EVENTS_TURN 1024

struct zmonitor {
    void *watched;
    void *socket;
    struct zwatch *watch;
    void (*told)(void *context, uint16_t event, uint32_t value);
    void *context;
    bool *freed; /* set by zmonitor_free while `told` runs */
};

/* False: there is none. */
static bool take(void *socket, uint16_t *ret_event, uint32_t *ret_value)
{
    uint8_t first[6];
    int n = zmq_recv(socket, first, sizeof first, ZMQ_DONTWAIT);
    if (n < (int)sizeof first) {
        return false;
    }
    char address[256];
    err_ignore(zmq_recv(socket, address, sizeof address, ZMQ_DONTWAIT) < 0 ? ERR_IO : ERR_OK,
               "the second part is only the address");
    memcpy(ret_event, first, sizeof *ret_event);
    memcpy(ret_value, first + 2, sizeof *ret_value);
    return true;
}

static void on_readable(void *context)
{
    struct zmonitor *m = context;
    bool freed = false;
    uint16_t event = 0;
    uint32_t value = 0;
    m->freed = &freed;
    for (unsigned i = 0; i < EVENTS_TURN && take(m->socket, &event, &value); i++) {
        m->told(m->context, event, value);
        if (freed) {
            return;
        }
    }
    m->freed = NULL;
}

enum err zmonitor_new(struct loop *loop, void *zmq, void *socket, int events,
                      void (*told)(void *context, uint16_t event, uint32_t value), void *context,
                      struct zmonitor **ret_monitor)
{
    static uint64_t made; /* a name is free again a while after its monitor: none has it twice */
    char address[64];
    int zero = 0;
    struct zmonitor *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    *m = (struct zmonitor){.watched = socket, .told = told, .context = context};
    snprintf(address, sizeof address, "inproc://monitor-%" PRIu64, ++made);
    if (zmq_socket_monitor(socket, address, events) != 0) {
        free(m);
        return ERR_IO;
    }
    m->socket = zmq_socket(zmq, ZMQ_PAIR);
    /* No high-water mark: ZeroMQ's own thread waits for room in this pipe, with a lock that
     * zmonitor_free needs, too. */
    if (m->socket == NULL || zmq_setsockopt(m->socket, ZMQ_LINGER, &zero, sizeof zero) != 0 ||
        zmq_setsockopt(m->socket, ZMQ_RCVHWM, &zero, sizeof zero) != 0 ||
        zmq_connect(m->socket, address) != 0) {
        zmonitor_free(&m);
        return ERR_IO;
    }
    m->watch = zwatch_new(loop, m->socket, on_readable, m);
    *ret_monitor = m;
    return ERR_OK;
}

void zmonitor_free(struct zmonitor **monitor)
{
    struct zmonitor *m = *monitor;
    if (m == NULL) {
        return;
    }
    *monitor = NULL;
    if (m->freed != NULL) {
        *m->freed = true;
    }
    zwatch_free(&m->watch);
    zmq_socket_monitor(m->watched, NULL, 0);
    if (m->socket != NULL) {
        zmq_close(m->socket);
    }
    free(m);
}
