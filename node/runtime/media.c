#include "node/runtime/media.h"

#include "node/runtime/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH        64 /* datagrams in one system call */
#define RECEIVE_MAX  64 /* system calls in one turn */
#define SLOTS        (2 * MEDIA_FLOWS_MAX)
#define SOCKET_BYTES (4 << 20)
#define RTP_VERSION  0x80

/* The datagram, as it is in memory: both ends are this program on machines of one kind. */
struct datagram {
    uint8_t version, kind;
    uint16_t seq;
    uint32_t stamp; /* in 125 us, as G.711's clock */
    uint32_t from, to;
    uint64_t call;
};

struct flow {
    struct device_id device, peer;
    struct call_id call;
    struct sockaddr_in address;
    struct instant next, heard; /* heard: the last datagram was read, or the beginning */
    struct duration late_then;  /* media.late when it was heard */
    struct instant arrived;     /* the kernel had the last datagram: a loop that reads late hears
                                   what came while it was away all at once */
    uint64_t received;
    struct duration gap;
    uint16_t seq;
    bool silent;
};

struct media {
    const struct topology *topology;
    char block[NAME_LEN];
    int fd;
    uv_poll_t *poll;      /* freed by its close callback */
    struct instant due;   /* when the next datagrams are to leave; NEVER: none, or it was noticed */
    struct duration late; /* all that this process was late */
    uint32_t n;
    struct flow flows[MEDIA_FLOWS_MAX];
    uint32_t slots[SLOTS]; /* index into flows, plus one; open addressing */
    uint32_t reports_n;
    struct media_report reports[MEDIA_FLOWS_MAX];
    struct media_counts counts;
};

/* -- The table of flows. -- */

static uint32_t hash_of(struct device_id device, struct call_id call, struct device_id peer)
{
    uint64_t h = call.v * 0x9e3779b97f4a7c15u;
    h ^= ((uint64_t)device.v << 32 | peer.v) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(h >> 32) % SLOTS;
}

static struct flow *find(struct media *m, struct device_id device, struct call_id call,
                         struct device_id peer)
{
    for (uint32_t at = hash_of(device, call, peer); m->slots[at] != 0; at = (at + 1) % SLOTS) {
        struct flow *f = &m->flows[m->slots[at] - 1];
        if (f->device.v == device.v && f->call.v == call.v && f->peer.v == peer.v) {
            return f;
        }
    }
    return NULL;
}

static void link_slot(struct media *m, uint32_t index)
{
    const struct flow *f = &m->flows[index];
    uint32_t at = hash_of(f->device, f->call, f->peer);
    while (m->slots[at] != 0) {
        at = (at + 1) % SLOTS;
    }
    m->slots[at] = index + 1;
}

/* Flows end rarely and are few: the whole index is made anew. */
static void index_again(struct media *m)
{
    memset(m->slots, 0, sizeof m->slots);
    for (uint32_t i = 0; i < m->n; i++) {
        link_slot(m, i);
    }
}

/* -- Silence. -- */

/* A process that slept did not send either, and what was sent to it waits or is lost: that is not
 * the silence of its peers. Lateness below an interval is the ordinary kind and counts. */
static void notice_lateness(struct media *m, struct instant now)
{
    struct duration late = instant_since(now, instant_min(now, m->due));
    if (late.us >= m->topology->timers.media_interval.us) {
        m->late.us += late.us;
    }
    m->due = INSTANT_NEVER;
}

static struct instant silent_at(const struct media *m, const struct flow *f)
{
    struct duration excused = {m->late.us - f->late_then.us};
    ASSERT(excused.us >= 0);
    return instant_add(instant_add(f->heard, m->topology->timers.media_lost_after), excused);
}

/* -- Orders. -- */

static void owe_report(struct media *m, const struct flow *f, struct duration gap)
{
    if (m->reports_n == MEDIA_FLOWS_MAX) {
        m->counts.full++;
        return;
    }
    m->reports[m->reports_n++] = (struct media_report){.device = f->device,
                                                       .call = f->call,
                                                       .peer = f->peer,
                                                       .silent = f->silent,
                                                       .received = f->received,
                                                       .gap = gap};
}

static bool address_of(const struct media *m, struct device_id peer,
                       struct sockaddr_in *ret_address)
{
    struct device_info info;
    char text[64];
    if (!topology_device(m->topology, peer, &info) || !proc_id_some(info.fleet)) {
        return false;
    }
    snprintf(text, sizeof text, "%s%u", m->block, topology_proc_of(m->topology, info.fleet)->host);
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(MEDIA_PORT)};
    return inet_pton(AF_INET, text, &ret_address->sin_addr) == 1;
}

static void begin(struct media *m, struct instant now, const struct media_order *order)
{
    struct flow f = {.device = order->device,
                     .peer = order->peer,
                     .call = order->call,
                     .next = now,
                     .heard = now,
                     .arrived = now,
                     .late_then = m->late};
    if (find(m, order->device, order->call, order->peer) != NULL) {
        return;
    }
    if (m->n == MEDIA_FLOWS_MAX || !address_of(m, order->peer, &f.address)) {
        m->counts.full++;
        return;
    }
    m->flows[m->n] = f;
    link_slot(m, m->n);
    m->n++;
}

static void end(struct media *m, const struct media_order *order)
{
    bool ended = false;
    for (uint32_t i = 0; i < m->n;) {
        struct flow *f = &m->flows[i];
        if (f->device.v == order->device.v && f->call.v == order->call.v) {
            f->silent = false;
            owe_report(m, f, f->gap);
            *f = m->flows[--m->n];
            ended = true;
        } else {
            i++;
        }
    }
    if (ended) {
        index_again(m);
    }
}

void media_order(struct media *m, struct instant now, const struct media_order *order)
{
    if (device_id_some(order->peer)) {
        begin(m, now, order);
    } else {
        end(m, order);
    }
}

/* -- Datagrams. -- */

struct burst {
    unsigned n;
    struct datagram datagrams[BATCH];
    struct sockaddr_in addresses[BATCH];
    struct iovec vectors[BATCH];
    struct mmsghdr headers[BATCH];
};

static void burst_point(struct burst *b, unsigned i)
{
    b->vectors[i] = (struct iovec){&b->datagrams[i], sizeof b->datagrams[i]};
    b->headers[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &b->addresses[i],
                                                 .msg_namelen = sizeof b->addresses[i],
                                                 .msg_iov = &b->vectors[i],
                                                 .msg_iovlen = 1}};
}

/* The kernel's word on when a datagram came. */
struct stamp {
    _Alignas(max_align_t) char bytes[CMSG_SPACE(sizeof(struct timespec))];
};

static int64_t us_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What the kernel does not take is lost, as datagrams are. */
static void burst_send(struct media *m, struct burst *b)
{
    unsigned done = 0;
    while (done < b->n) {
        int n = sendmmsg(m->fd, b->headers + done, b->n - done, MSG_DONTWAIT);
        if (n <= 0) {
            done++; /* this one cannot leave; the others may */
            continue;
        }
        m->counts.sent += (uint64_t)n;
        done += (unsigned)n;
    }
    b->n = 0;
}

static void burst_add(struct media *m, struct burst *b, struct flow *f, struct instant now)
{
    unsigned i = b->n++;
    b->datagrams[i] = (struct datagram){.version = RTP_VERSION,
                                        .seq = f->seq++,
                                        .stamp = (uint32_t)(now.us / 125),
                                        .from = f->device.v,
                                        .to = f->peer.v,
                                        .call = f->call.v};
    b->addresses[i] = f->address;
    burst_point(b, i);
    if (b->n == BATCH) {
        burst_send(m, b);
    }
}

/* When the kernel took in a datagram that was read now. Its stamp is of the wall's clock, which may
 * be set between the two: nothing arrives after it is read, or (in hear) before what was heard. */
static struct instant arrival(struct instant now, int64_t real_us, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            int64_t age = real_us - us_of(stamp);
            return (struct instant){now.us - (age > 0 ? age : 0)};
        }
    }
    return now;
}

static void hear(struct media *m, struct instant now, struct instant arrived,
                 const struct datagram *d)
{
    struct flow *f =
        find(m, (struct device_id){d->to}, (struct call_id){d->call}, (struct device_id){d->from});
    if (f == NULL) {
        m->counts.strange++; /* before the order came, or after the end */
        return;
    }
    if (!instant_reached(arrived, f->arrived)) {
        arrived = f->arrived;
    }
    struct duration gap = instant_since(arrived, f->arrived);
    if (f->received > 0 && gap.us > f->gap.us) {
        f->gap = gap;
    }
    f->received++;
    f->heard = now;
    f->arrived = arrived;
    f->late_then = m->late;
    f->silent = false;
    m->counts.received++;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct media *m = poll->data;
    struct burst b;
    struct stamp stamps[BATCH];
    struct timespec real;
    (void)status;
    (void)events;
    struct instant now = loop_now();
    clock_gettime(CLOCK_REALTIME, &real);
    notice_lateness(m, now);
    for (unsigned round = 0; round < RECEIVE_MAX; round++) {
        for (unsigned i = 0; i < BATCH; i++) {
            burst_point(&b, i);
            b.headers[i].msg_hdr.msg_control = &stamps[i];
            b.headers[i].msg_hdr.msg_controllen = sizeof stamps[i];
        }
        int n = recvmmsg(m->fd, b.headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++) {
            if (b.headers[i].msg_len == sizeof(struct datagram) &&
                b.datagrams[i].version == RTP_VERSION) {
                struct instant arrived = arrival(now, us_of(real), &b.headers[i].msg_hdr);
                hear(m, now, arrived, &b.datagrams[i]);
            } else {
                m->counts.strange++;
            }
        }
        if (n < BATCH) {
            return;
        }
    }
}

void media_turn(struct media *m, struct instant now,
                void (*report)(void *context, const struct media_report *report), void *context)
{
    struct burst b;
    const struct topology_timers *t = &m->topology->timers;
    struct instant slot = instant_add(now, duration_ms(MEDIA_SLOT_MS));
    notice_lateness(m, now);
    b.n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        struct flow *f = &m->flows[i];
        if (instant_reached(slot, f->next)) {
            burst_add(m, &b, f, now);
            /* A late loop does not send what it missed. */
            f->next = instant_add(f->next, t->media_interval);
            if (instant_reached(now, f->next)) {
                f->next = instant_add(now, t->media_interval);
            }
        }
        if (!f->silent && instant_reached(now, silent_at(m, f))) {
            f->silent = true;
            owe_report(m, f, instant_since(now, f->arrived));
        }
        m->due = instant_min(m->due, f->next);
    }
    burst_send(m, &b);
    /* Reports may cause orders, which owe new reports: those wait for the next turn. */
    uint32_t n = m->reports_n;
    for (uint32_t i = 0; i < n; i++) {
        struct media_report r = m->reports[i];
        report(context, &r);
    }
    m->reports_n -= n;
    memmove(m->reports, m->reports + n, m->reports_n * sizeof m->reports[0]);
}

struct instant media_deadline(const struct media *m)
{
    if (m->reports_n > 0) {
        return (struct instant){0};
    }
    struct instant at = INSTANT_NEVER;
    for (uint32_t i = 0; i < m->n; i++) {
        at = instant_min(at, m->flows[i].next);
        if (!m->flows[i].silent) {
            at = instant_min(at, silent_at(m, &m->flows[i]));
        }
    }
    return at;
}

/* -- From the beginning to the end. -- */

enum err media_new(struct loop *loop, const struct topology *topology, const char *block,
                   struct proc_id self, struct media **ret_media)
{
    struct media *m = calloc(1, sizeof *m);
    ASSERT(m != NULL);
    m->topology = topology;
    m->due = INSTANT_NEVER;
    snprintf(m->block, sizeof m->block, "%s", block);
    char text[64];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(MEDIA_PORT)};
    snprintf(text, sizeof text, "%s%u", block, topology_proc_of(topology, self)->host);
    enum err err = ERR_IO;
    m->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd < 0 || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        goto fail_free;
    }
    int bytes = SOCKET_BYTES, yes = 1;
    if (setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0 ||
        setsockopt(m->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0) {
        log_line(LOG_WARN, "event=media_buffer errno=%d carry_on=\"with small buffers\"", errno);
    }
    if (setsockopt(m->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) != 0) {
        log_line(LOG_WARN, "event=media_stamps errno=%d carry_on=\"when they were read\"", errno);
    }
    if (bind(m->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        err = errno == EADDRINUSE ? ERR_IN_USE : ERR_IO;
        goto fail_free;
    }
    m->poll = calloc(1, sizeof *m->poll);
    ASSERT(m->poll != NULL);
    int rc = uv_poll_init(&loop->uv, m->poll, m->fd);
    ASSERT(rc == 0);
    m->poll->data = m;
    rc = uv_poll_start(m->poll, UV_READABLE, on_readable);
    ASSERT(rc == 0);
    *ret_media = m;
    return ERR_OK;
fail_free:
    media_free(&m);
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

void media_free(struct media **media)
{
    struct media *m = *media;
    if (m == NULL) {
        return;
    }
    if (m->poll != NULL) {
        uv_poll_stop(m->poll);
        uv_close((uv_handle_t *)m->poll, on_closed);
    }
    if (m->fd >= 0) {
        close(m->fd);
    }
    free(m);
    *media = NULL;
}

struct media_counts media_counted(const struct media *m)
{
    struct media_counts counts = m->counts;
    counts.flows = m->n;
    return counts;
}
