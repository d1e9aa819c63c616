/* Three real members, and strangers at the port of libraft. */
#include "node/runtime/raft_tcp.h"
#include "tests/unit/raft_cluster.h"
#include "tests/unit/raft_keys.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PHONES 10
#define VICTIM 1

static uint32_t wanted;

static bool refused(const struct cluster_node *node, enum err why)
{
    return node->refused[why] >= wanted;
}

static bool refused_invalid(struct cluster *c)
{
    return refused(&c->nodes[VICTIM], ERR_INVALID);
}

static bool refused_truncated(struct cluster *c)
{
    return refused(&c->nodes[VICTIM], ERR_TRUNCATED);
}

static bool refused_timeout(struct cluster *c)
{
    return refused(&c->nodes[VICTIM], ERR_TIMEOUT);
}

static bool refused_full(struct cluster *c)
{
    return refused(&c->nodes[VICTIM], ERR_FULL);
}

static bool refused_permission(struct cluster *c)
{
    return refused(&c->nodes[VICTIM], ERR_PERMISSION);
}

static struct sockaddr_in address_of(uint32_t node)
{
    char text[RAFT_ADDRESS_LEN];
    struct sockaddr_in a = {.sin_family = AF_INET};
    cluster_address(node, text);
    char *colon = strchr(text, ':');
    *colon = '\0';
    a.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
    return a;
}

/* A stranger's connection; the kernel takes it, whether the node looks or not. */
static int stranger(const void *bytes, size_t len)
{
    struct sockaddr_in a = address_of(VICTIM);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
    return fd;
}

static bool was_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static struct cluster *running(void)
{
    struct cluster *c = cluster_new(3, PHONES);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 10000));
    return c;
}

/* The registry still takes entries, at all three. */
static void still_works(struct cluster *c, uint64_t counter)
{
    cluster_register(c, VICTIM, 1, counter, counter);
    assert_true(cluster_until(c, cluster_has_leader, 5000));
    assert_true(cluster_until(c, cluster_agrees, 5000));
    for (uint32_t i = 0; i < c->n; i++) {
        assert_true(c->nodes[i].running);
        assert_string_equal(c->nodes[i].failure, "");
    }
}

static void test_raft_tcp__what_libraft_would_believe_is_not_let_in(void **state)
{
    (void)state;
    /* libraft's own handshake, as of node 3, and an AppendEntries of 2^32 entries behind it. */
    static const uint64_t believed[] = {1, 3, 16, 0x3a302e302e373231, 0x31, 1, 40, 99,
                                        0, 0, 0,  0xffffffff};
    struct cluster *c = running();
    int fd = stranger(believed, sizeof believed);
    wanted = 1;
    assert_true(cluster_until(c, refused_invalid, 2000));
    assert_true(was_closed(fd));
    close(fd);
    still_works(c, 1);
    cluster_free(c);
}

static void test_raft_tcp__garbage_of_every_length_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[3 * RAFT_GREETING_LEN_MAX];
    struct cluster *c = running();
    unsigned seed = 7;
    unsigned n = 0;
    for (size_t len = RAFT_GREETING_HELLO_LEN; len <= sizeof bytes; len += 7) {
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)rand_r(&seed);
        }
        close(stranger(bytes, len));
        n++;
    }
    wanted = n;
    assert_true(cluster_until(c, refused_invalid, 5000));
    for (size_t len = 0; len < RAFT_GREETING_HELLO_LEN; len += 5) {
        close(stranger(bytes, len));
    }
    wanted = 1;
    assert_true(cluster_until(c, refused_truncated, 5000));
    still_works(c, 1);
    cluster_free(c);
}

static void test_raft_tcp__a_silent_stranger_is_sent_away(void **state)
{
    (void)state;
    struct cluster *c = running();
    int fd = stranger("RHRAFT01", 8);
    wanted = 1;
    assert_true(cluster_until(c, refused_timeout, RAFT_TCP_GREETING_MS + 1000));
    assert_true(was_closed(fd));
    close(fd);
    cluster_free(c);
}

static void test_raft_tcp__a_stranger_who_knows_a_nodes_number_is_refused(void **state)
{
    (void)state;
    struct cluster *c = running();
    struct raft_greeting_book book = {0};
    struct raft_greeting g;
    uint8_t hello[RAFT_GREETING_HELLO_LEN];
    uint8_t proof[RAFT_GREETING_PROOF_LEN] = {0};
    raft_keys_know(&book, 7, VICTIM + 1, "127.0.0.1:1");
    book.self.v = 1;
    raft_greeting_hello(&g, &book, &book.peers[0], hello);
    int fd = stranger(hello, sizeof hello);
    assert_int_equal(send(fd, proof, sizeof proof, MSG_NOSIGNAL), sizeof proof);
    wanted = 1;
    assert_true(cluster_until(c, refused_permission, 2000));
    close(fd);
    still_works(c, 1);
    cluster_free(c);
}

static void test_raft_tcp__a_crowd_of_strangers_does_not_keep_a_node_out(void **state)
{
    (void)state;
    static int fds[RAFT_TCP_STRANGERS_MAX + 50];
    struct cluster *c = running();
    for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        fds[i] = stranger("R", 1);
        if (i % 64 == 0) {
            cluster_until(c, NULL, 5); /* the kernel's own queue is shorter */
        }
    }
    wanted = 50;
    assert_true(cluster_until(c, refused_full, 2000));
    assert_true(was_closed(fds[0]));
    cluster_kill(c, 2);
    cluster_start(c, 2);
    still_works(c, 1);
    for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        close(fds[i]);
    }
    cluster_free(c);
}

static uint32_t not_believed(const struct cluster *c)
{
    return c->nodes[0].refused[ERR_PERMISSION] + c->nodes[1].refused[ERR_PERMISSION];
}

static void test_raft_tcp__whoever_listens_in_a_nodes_place_is_not_believed(void **state)
{
    (void)state;
    static const uint8_t lie[RAFT_GREETING_ANSWER_LEN] = "RHRAFT01";
    struct cluster *c = running();
    cluster_kill(c, 2);
    struct sockaddr_in a = address_of(2);
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 8), 0);
    struct timeval patience = {.tv_usec = 1000};
    assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_true(cluster_until(c, cluster_has_leader, 5000));
    int fd = -1;
    for (unsigned i = 0; i < 500 && not_believed(c) == 0; i++) {
        cluster_until(c, NULL, 10);
        if (fd < 0 && (fd = accept(listener, NULL, NULL)) >= 0) {
            assert_int_equal(send(fd, lie, sizeof lie, MSG_NOSIGNAL), sizeof lie);
        }
    }
    assert_true(fd >= 0);
    assert_int_equal(not_believed(c), 1);
    uint8_t got[256];
    ssize_t n = recv(fd, got, sizeof got, MSG_DONTWAIT);
    assert_int_equal(n, RAFT_GREETING_HELLO_LEN); /* nothing of libraft's */
    close(fd);
    close(listener);
    cluster_free(c);
}

/* What libraft sends over such a connection while the network is cut would wait for the timer of
 * the kernel, which doubles: after a cut of six seconds, six more. */
static void test_raft_tcp__a_connection_that_nobody_answers_is_given_up_by_the_kernel(void **state)
{
    (void)state;
    uint32_t dialled = 0;
    struct cluster *c = cluster_new(3, PHONES);
    cluster_start_all(c);
    assert_true(cluster_until(c, cluster_services_up, 10000));
    uint16_t port = ntohs(address_of(VICTIM).sin_port);
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof peer;
        unsigned ms = 0;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET ||
            ntohs(peer.sin_port) != port) {
            continue;
        }
        dialled++;
        len = sizeof ms;
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &len), 0);
        assert_int_equal(ms, RAFT_TCP_UNANSWERED_MS);
    }
    assert_true(dialled >= 4); /* the leader's, and those of who asked for votes */
    cluster_free(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_raft_tcp__what_libraft_would_believe_is_not_let_in),
    cmocka_unit_test(test_raft_tcp__garbage_of_every_length_is_refused),
    cmocka_unit_test(test_raft_tcp__a_silent_stranger_is_sent_away),
    cmocka_unit_test(test_raft_tcp__a_stranger_who_knows_a_nodes_number_is_refused),
    cmocka_unit_test(test_raft_tcp__a_crowd_of_strangers_does_not_keep_a_node_out),
    cmocka_unit_test(test_raft_tcp__a_connection_that_nobody_answers_is_given_up_by_the_kernel),
    cmocka_unit_test(test_raft_tcp__whoever_listens_in_a_nodes_place_is_not_believed),
};

UNIT_MAIN(tests);
