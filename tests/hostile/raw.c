#include "tests/hostile/hostile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_LEN 64
#define FILES_SPARED 64 /* of this process */
#define DATAGRAMS    500
#define PAUSE_MS     1500 /* longer than anybody waits for a handshake */

static void fill_random(struct cluster_seen *c, uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(rand_next(&c->rand) >> 56);
    }
}

/* -1: nobody answers at the moment. */
static int knock(const struct target *t)
{
    struct timeval patience = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&t->address, sizeof t->address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int say(const struct target *t, const void *bytes, size_t len)
{
    int fd = knock(t);
    if (fd < 0) {
        hostile_give_up("%s:%u does not answer any more", t->text, t->port);
    }
    ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
    (void)sent; /* it may have hung up already, and rightly */
    return fd;
}

/* A ZMTP 3 greeting for a mechanism, and a command or message behind it. */
static size_t greeting(uint8_t *ret, const char *mechanism, const uint8_t *more, size_t more_len)
{
    memset(ret, 0, GREETING_LEN);
    ret[0] = 0xff;
    ret[9] = 0x7f;
    ret[10] = 3;
    for (size_t i = 0; mechanism[i] != '\0'; i++) {
        ret[12 + i] = (uint8_t)mechanism[i];
    }
    memcpy(ret + GREETING_LEN, more, more_len);
    return GREETING_LEN + more_len;
}

/* What is said at one socket; answers the connections that are still open. */
static unsigned one(struct cluster_seen *c, const struct target *t, int *ret_open)
{
    static const char http[] =
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
    static const uint8_t ready[] = {4, 6, 5, 'R', 'E', 'A', 'D', 'Y'};
    static const uint8_t endless[] = {2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t hello[202] = {4, 200, 5, 'H', 'E', 'L', 'L', 'O', 1};
    static const uint64_t raft[] = {1, 3, 16,      0x3a302e302e373231, 0x31, 1, 40, 99, 0,
                                    0, 0, 1u << 31};
    static const char greet[] = "RHRAFT01\1\0\0\0\0\0\0\0and then some bytes that prove nothing";
    uint8_t bytes[4096];
    unsigned n = 0;
    unsigned open = 0;
    close(say(t, "", 0));
    n++;
    for (size_t len = 1; len <= sizeof bytes; len *= 4) {
        fill_random(c, bytes, len);
        close(say(t, bytes, len));
        n++;
    }
    ret_open[open++] = say(t, http, sizeof http - 1);
    ret_open[open++] = say(t, bytes, greeting(bytes, "NULL", ready, sizeof ready));
    ret_open[open++] = say(t, bytes, greeting(bytes, "PLAIN", hello, sizeof hello));
    ret_open[open++] = say(t, bytes, greeting(bytes, "CURVE", hello, sizeof hello));
    ret_open[open++] = say(t, bytes, greeting(bytes, "CURVE", endless, sizeof endless));
    ret_open[open++] = say(t, bytes, greeting(bytes, "NULL", endless, sizeof endless));
    ret_open[open++] = say(t, bytes, 10); /* half a greeting, and silence */
    ret_open[open++] = say(t, raft, sizeof raft);
    ret_open[open++] = say(t, greet, sizeof greet);
    ret_open[open++] = say(t, "RHRAFT01", 8);
    ret_open[open++] = say(t, "RHRAFT99 of the future, with as many bytes as a hello has", 56);
    n += open;
    for (unsigned i = open; i < 16; i++) {
        ret_open[i] = -1;
    }
    return n;
}

static unsigned datagrams(struct cluster_seen *c, const struct target *t)
{
    uint8_t bytes[2048];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (unsigned i = 0; i < DATAGRAMS; i++) {
        size_t len = i % 7 == 0 ? 24 : rand_next(&c->rand) % sizeof bytes;
        fill_random(c, bytes, len);
        bytes[0] = i % 3 == 0 ? 0x80 : bytes[0]; /* the version that they speak */
        ssize_t sent =
            sendto(fd, bytes, len, 0, (const struct sockaddr *)&t->address, sizeof t->address);
        (void)sent;
    }
    close(fd);
    return DATAGRAMS;
}

unsigned raw_attack(struct cluster_seen *c)
{
    static int open[HOSTILE_SOCKETS_MAX][16];
    unsigned n = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->targets[i].udp) {
            n += datagrams(c, &c->targets[i]);
        } else {
            n += one(c, &c->targets[i], open[i]);
        }
    }
    usleep(PAUSE_MS * 1000);
    /* Every one of them was sent away. */
    for (uint32_t i = 0; i < c->n; i++) {
        for (unsigned k = 0; k < 16 && !c->targets[i].udp; k++) {
            uint8_t bytes[256];
            ssize_t got = 1;
            while (open[i][k] >= 0 && got > 0) {
                got = recv(open[i][k], bytes, sizeof bytes, MSG_DONTWAIT);
            }
            if (open[i][k] >= 0 && got < 0 && errno != ECONNRESET) {
                hostile_give_up("%s:%u still listens to stranger %u after %d ms",
                                c->targets[i].text, c->targets[i].port, k, PAUSE_MS);
            }
            if (open[i][k] >= 0) {
                close(open[i][k]);
            }
        }
    }
    return n;
}

unsigned raw_flood(struct cluster_seen *c, unsigned each)
{
    struct rlimit limit;
    unsigned n = 0;
    unsigned held = 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
    unsigned most = (unsigned)limit.rlim_cur - FILES_SPARED;
    int *fds = calloc(most, sizeof *fds);
    if (fds == NULL) {
        hostile_give_up("no memory");
    }
    for (unsigned round = 0; round < each; round++) {
        for (uint32_t i = 0; i < c->n; i++) {
            int fd = c->targets[i].udp ? -1 : knock(&c->targets[i]);
            if (fd < 0) {
                continue; /* the door is shut for a moment */
            }
            n++;
            if (round % 2 == 0 && held < most) {
                fds[held++] = fd;
            } else {
                close(fd);
            }
        }
    }
    while (held > 0) {
        close(fds[--held]);
    }
    free(fds);
    return n;
}
