#include "node/runtime/zap.h"

#include "node/runtime/log.h"
#include "node/runtime/zwatch.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define PARTS_MAX     8 /* version, request, domain, address, identity, mechanism, credentials */
#define PART_BYTES    256
#define REQUESTS_TURN 64
#define TELL_EVERY_MS 1000 /* whoever knocks must not fill our disk */

struct zap {
    void *socket;
    struct zwatch *watch;
    const struct keys *keys;
    uint64_t refused, told;
    struct instant told_at;
};

struct request {
    unsigned parts_n;
    size_t len[PARTS_MAX];
    char parts[PARTS_MAX][PART_BYTES];
};

/* All parts of one request; more or longer ones than a request has make it none (parts_n = 0). */
static bool receive(struct zap *zap, struct request *ret_request)
{
    ret_request->parts_n = 0;
    bool good = true;
    for (;;) {
        char part[PART_BYTES];
        int n = zmq_recv(zap->socket, part, sizeof part, ZMQ_DONTWAIT);
        if (n < 0) {
            return false;
        }
        good = good && n < PART_BYTES && ret_request->parts_n < PARTS_MAX;
        if (good) {
            unsigned i = ret_request->parts_n++;
            ret_request->len[i] = (size_t)n;
            memcpy(ret_request->parts[i], part, (size_t)n);
            ret_request->parts[i][n] = '\0';
        }
        int more = 0;
        size_t size = sizeof more;
        zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &size);
        if (more == 0) {
            break;
        }
    }
    if (!good) {
        ret_request->parts_n = 0;
    }
    return true;
}

static const struct keys_known *judge(const struct zap *zap, const struct request *r)
{
    if (r->parts_n != 7 || strcmp(r->parts[0], "1.0") != 0 ||
        strcmp(r->parts[2], ZAP_DOMAIN) != 0 || strcmp(r->parts[5], "CURVE") != 0 ||
        r->len[6] != 32) {
        return NULL;
    }
    return keys_owner(zap->keys, (const uint8_t *)r->parts[6]);
}

static void answer(struct zap *zap, const struct request *r, const struct keys_known *owner)
{
    const char *parts[] = {"1.0",
                           r->parts_n > 1 ? r->parts[1] : "",
                           owner != NULL ? "200" : "400",
                           owner != NULL ? "OK" : "no such key",
                           owner != NULL ? owner->name : "",
                           ""};
    for (unsigned i = 0; i < 6; i++) {
        size_t len = i == 1 && r->parts_n > 1 ? r->len[1] : strlen(parts[i]);
        if (zmq_send(zap->socket, parts[i], len, i < 5 ? ZMQ_SNDMORE : 0) < 0) {
            log_line(LOG_WARN, "event=zap_answer_failed errno=%d", zmq_errno());
            return;
        }
    }
}

static void tell(struct zap *zap, const char *address)
{
    struct instant now = loop_now();
    if (zap->told == 0 ||
        instant_reached(now, instant_add(zap->told_at, duration_ms(TELL_EVERY_MS)))) {
        log_line(LOG_WARN, "event=client_refused n=%llu last=%s carry_on=\"it gets nothing\"",
                 (unsigned long long)(zap->refused - zap->told), address);
        zap->told = zap->refused;
        zap->told_at = now;
    }
}

static void on_readable(void *context)
{
    struct zap *zap = context;
    struct request r;
    for (unsigned i = 0; i < REQUESTS_TURN && receive(zap, &r); i++) {
        const struct keys_known *owner = judge(zap, &r);
        if (owner == NULL) {
            zap->refused++;
            tell(zap, r.parts_n > 3 ? r.parts[3] : "?");
        }
        answer(zap, &r, owner);
    }
}

enum err zap_new(struct loop *loop, void *context, const struct keys *keys, struct zap **ret_zap)
{
    struct zap *zap = calloc(1, sizeof *zap);
    ASSERT(zap != NULL);
    zap->keys = keys;
    zap->socket = zmq_socket(context, ZMQ_REP);
    if (zap->socket == NULL) {
        free(zap);
        return ERR_IO;
    }
    int linger = 0;
    zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_bind(zap->socket, "inproc://zeromq.zap.01") != 0) {
        zmq_close(zap->socket);
        free(zap);
        return ERR_IN_USE;
    }
    zap->watch = zwatch_new(loop, zap->socket, on_readable, zap);
    *ret_zap = zap;
    return ERR_OK;
}

void zap_free(struct zap **zap)
{
    if (*zap != NULL) {
        zwatch_free(&(*zap)->watch);
        zmq_close((*zap)->socket);
        free(*zap);
        *zap = NULL;
    }
}

uint64_t zap_refused(const struct zap *zap)
{
    return zap->refused;
}
