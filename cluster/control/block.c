#include "cluster/control/block.h"

#include "node/runtime/media.h"
#include "proto/msg.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES_MAX    256
#define HOLDER_HOST  255
#define HOLDER_PORT  8999
#define FIRST_SECOND 16 /* 127.0 to 127.15 are left to others */

/* A socket bound to 127.x.y.host:port, or -1. */
static int bound(uint32_t x, uint32_t y, uint32_t host, uint16_t port, int type)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int on = type == SOCK_STREAM;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* TIME_WAIT is no owner */
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(127u << 24 | x << 16 | y << 8 | host);
    if (bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
        (type == SOCK_STREAM && listen(fd, 1) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool is_free(uint32_t x, uint32_t y, uint32_t host, uint16_t port, int type)
{
    int fd = bound(x, y, host, port, type);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* All that a process may listen at, whatever its kind. */
static bool host_is_free(uint32_t x, uint32_t y, uint32_t host, char ret_taken[BLOCK_PORT_LEN])
{
    uint16_t ports[LINK_COUNT + 3] = {RAFT_PORT, TAP_PORT};
    uint32_t n = 2;
    for (enum link link = LINK_LOCAL + 1; link < LINK_COUNT; link++) {
        ports[n++] = msg_link_port(link);
    }
    for (uint32_t i = 0; i <= n; i++) {
        bool udp = i == n;
        uint16_t port = udp ? MEDIA_PORT : ports[i];
        if (!is_free(x, y, host, port, udp ? SOCK_DGRAM : SOCK_STREAM)) {
            snprintf(ret_taken, BLOCK_PORT_LEN, "127.%u.%u.%u:%u", x, y, host, port);
            return false;
        }
    }
    return true;
}

static int reserve(const struct topology *t, uint32_t x, uint32_t y, char ret_taken[BLOCK_PORT_LEN])
{
    int holder = bound(x, y, HOLDER_HOST, HOLDER_PORT, SOCK_STREAM);
    bool all_free = holder >= 0;
    ret_taken[0] = '\0';
    for (uint32_t host = 1; all_free && host < HOLDER_HOST; host++) {
        all_free = is_free(x, y, host, msg_link_port(LINK_OPERATOR), SOCK_STREAM);
    }
    for (uint32_t i = 0; all_free && i < t->procs_n; i++) {
        all_free = host_is_free(x, y, t->procs[i].host, ret_taken);
    }
    if (!all_free && holder >= 0) {
        close(holder);
    }
    return all_free ? holder : -1;
}

/* "127.x.y" and nothing else. */
static bool read_block(const char *text, uint32_t *ret_x, uint32_t *ret_y)
{
    uint32_t *const parts[] = {ret_x, ret_y};
    const char *p = text;
    if (strncmp(p, "127", 3) != 0) {
        return false;
    }
    p += 3;
    for (size_t i = 0; i < 2; i++) {
        char *end = NULL;
        if (p[0] != '.' || p[1] < '0' || p[1] > '9') {
            return false;
        }
        unsigned long v = strtoul(p + 1, &end, 10);
        if (v > 255) {
            return false;
        }
        *parts[i] = (uint32_t)v;
        p = end;
    }
    return *p == '\0';
}

enum err block_reserve(const struct topology *topology, const char *wanted, uint64_t seed,
                       char ret_block[BLOCK_LEN], int *ret_fd, char ret_taken[BLOCK_PORT_LEN])
{
    uint32_t x = 0;
    uint32_t y = 0;
    ret_taken[0] = '\0';
    if (wanted != NULL) {
        if (!read_block(wanted, &x, &y)) {
            return ERR_INVALID;
        }
        int fd = reserve(topology, x, y, ret_taken);
        if (fd < 0) {
            return ERR_IN_USE;
        }
        snprintf(ret_block, BLOCK_LEN, "127.%u.%u", x, y);
        *ret_fd = fd;
        return ERR_OK;
    }
    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        uint64_t at = seed + i;
        x = FIRST_SECOND + (uint32_t)((at >> 8) % (255 - FIRST_SECOND));
        y = (uint32_t)(at % 256);
        int fd = reserve(topology, x, y, ret_taken);
        if (fd >= 0) {
            snprintf(ret_block, BLOCK_LEN, "127.%u.%u", x, y);
            *ret_fd = fd;
            return ERR_OK;
        }
    }
    return ERR_IN_USE;
}
