/* A CTI Manager over real CallManagers: three nodes in memory, the session between two of them goes
 * and comes back at any moment, and the PG side must end up with what the phones have. */
#include "node/base/rand.h"
#include "node/role/ctimanager/ctimanager.h"
#include "tests/unit/callmanager_fixture.h"

#define CTI_NODE 3u
#define PG       5u
#define DEVICES  12u /* phones 1 to 6 at node 2, 7 to 12 at node 3 */
#define SEEN_MAX 4u  /* legs of one device that the PG side believes in */

struct seen {
    struct call_id call;
    enum leg state;
};

struct bed {
    struct cluster *c;
    struct ctimanager m;
    struct world world;
    uint32_t read; /* of c->log */
    uint64_t provider, seq;
    struct seen seen[DEVICES + 1][SEEN_MAX];
    uint32_t letters_n;
    struct msg letters[QUEUE_MAX]; /* to the local CallManager */
};

static struct seen *seen_leg(struct bed *b, uint32_t device, struct call_id call)
{
    for (uint32_t i = 0; i < SEEN_MAX; i++) {
        if (call_id_eq(b->seen[device][i].call, call)) {
            return &b->seen[device][i];
        }
    }
    return NULL;
}

static struct seen *begin_leg(struct bed *b, uint32_t device, struct call_id call)
{
    struct seen *s = seen_leg(b, device, call);
    if (s == NULL) {
        s = seen_leg(b, device, (struct call_id){0});
        assert_non_null(s);
        s->call = call;
    }
    return s;
}

/* What a PG side makes of an event. */
static void believe(struct bed *b, const struct msg_device_event *e)
{
    if (e->device.v > DEVICES) {
        return;
    }
    struct seen *s = seen_leg(b, e->device.v, e->call);
    if (s == NULL && call_id_some(e->old_call)) {
        s = seen_leg(b, e->device.v, e->old_call);
    }
    switch ((enum device_event)e->kind) {
    case DEVICE_EVENT_ORIGINATED:
        begin_leg(b, e->device.v, e->call)->state = LEG_DIALING;
        return;
    case DEVICE_EVENT_RINGING:
        s = s != NULL ? s : begin_leg(b, e->device.v, e->call);
        *s = (struct seen){e->call, LEG_RINGING};
        return;
    case DEVICE_EVENT_CONNECTED:
    case DEVICE_EVENT_RETRIEVED:
    case DEVICE_EVENT_CONFERENCED:
        s = s != NULL ? s : begin_leg(b, e->device.v, e->call);
        *s = (struct seen){e->call, LEG_CONNECTED};
        return;
    case DEVICE_EVENT_HELD:
        assert_non_null(s);
        s->state = LEG_HOLDING;
        return;
    case DEVICE_EVENT_DISCONNECTED:
        assert_non_null(s);
        *s = (struct seen){.state = LEG_IDLE};
        return;
    case DEVICE_EVENT_SNAPSHOT:
        begin_leg(b, e->device.v, e->call)->state =
            e->state == LEG_HELD ? LEG_CONNECTED : (enum leg)e->state;
        return;
    case DEVICE_EVENT_OUT_OF_SERVICE:
        memset(b->seen[e->device.v], 0, sizeof b->seen[e->device.v]);
        return;
    case DEVICE_EVENT_IN_SERVICE:
    case DEVICE_EVENT_OFFERED:
    case DEVICE_EVENT_TRANSFERRED:
    case DEVICE_EVENT_FAILED:
    case DEVICE_EVENT_SNAPSHOT_END:
    case DEVICE_EVENT_NONE:
    case DEVICE_EVENT_COUNT:
        return;
    }
}

static void bed_send(void *context, enum link link, struct proc_id peer, const struct msg *msg)
{
    struct bed *b = context;
    (void)peer;
    if (link == LINK_LOCAL) {
        assert_true(b->letters_n < QUEUE_MAX);
        b->letters[b->letters_n++] = *msg;
    } else if (msg->kind == MSG_PROVIDER_OPENED) {
        b->provider = msg->provider_opened.provider;
    } else if (msg->kind == MSG_CTI_EVENT) {
        assert_int_equal(msg->cti_event.seq, b->seq + 1);
        b->seq = msg->cti_event.seq;
        believe(b, &msg->cti_event.event);
    }
}

static void bed_propose(void *context, const struct msg_command *command)
{
    struct bed *b = context;
    (void)commit(b->c, CTI_NODE, command);
}

/* Let everybody hear everything. */
static void bed_settle(struct bed *b)
{
    struct cluster *c = b->c;
    do {
        settle(c);
        ctimanager_registry_changed(&b->m, c->now, (struct device_id){0});
        while (b->read < c->log_n) {
            const struct letter *l = &c->log[b->read++];
            if (l->link == LINK_LOCAL) {
                assert_int_equal(l->from, CTI_NODE);
                static struct msg msg;
                msg = l->msg;
                ctimanager_message(&b->m, c->now, LINK_LOCAL, (struct proc_id){CTI_NODE}, &msg);
            }
        }
        c->log_n = 0;
        b->read = 0;
        if (instant_reached(c->now, ctimanager_deadline(&b->m))) {
            ctimanager_tick(&b->m, c->now);
        }
        uint32_t n = b->letters_n;
        for (uint32_t i = 0; i < n; i++) {
            static struct msg msg;
            msg = b->letters[i];
            callmanager_message(&c->sites[CTI_NODE].cm, c->now, LINK_LOCAL,
                                (struct proc_id){CTI_NODE}, &msg);
        }
        memmove(b->letters, &b->letters[n], (b->letters_n - n) * sizeof b->letters[0]);
        b->letters_n -= n;
    } while (c->letters_n > 0 || c->proposals_n > 0 || c->log_n > 0 || b->letters_n > 0);
    static struct msg ack;
    ack.kind = MSG_CTI_EVENT_ACK;
    ack.cti_event_ack = (struct msg_cti_event_ack){.provider = b->provider, .seq = b->seq};
    ctimanager_message(&b->m, c->now, LINK_JTAPI, (struct proc_id){PG}, &ack);
}

static struct bed *bed_new(void)
{
    struct bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->c = cluster_new();
    struct topology *t = &b->c->topology;
    t->procs_n = PG;
    t->procs[PG - 1].kind = PROC_PG;
    t->procs[PG - 1].ctimanager_node.v = CTI_NODE;
    b->world = (struct world){
        .context = b, .send = bed_send, .listen = fixture_listen, .trace = fixture_trace};
    struct world world = b->c->sites[CTI_NODE].world;
    b->world.trace = world.trace;
    for (uint32_t d = 1; d <= DEVICES; d++) {
        put(b->c, d <= DEVICES / 2 ? 2 : 3, d);
    }
    struct ctimanager_raft raft = {b, bed_propose};
    assert_int_equal(ctimanager_init(&b->m, t, (struct proc_id){CTI_NODE}, &b->world,
                                     &b->c->sites[CTI_NODE].registry, &raft),
                     ERR_OK);
    return b;
}

/* The trace of the CTI Manager is of no interest. */
static void no_trace(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static struct bed *bed_start(void)
{
    struct bed *b = bed_new();
    b->world.trace = no_trace;
    ctimanager_start(&b->m, b->c->now, (struct incarnation){1});
    ctimanager_local_callmanager(&b->m, b->c->now, true);
    bed_settle(b);
    static struct msg msg;
    msg.kind = MSG_PROVIDER_OPEN;
    msg.provider_open = (struct msg_provider_open){0};
    ctimanager_message(&b->m, b->c->now, LINK_JTAPI, (struct proc_id){PG}, &msg);
    msg.kind = MSG_MONITOR;
    msg.monitor.provider = b->provider;
    msg.monitor.devices_n = DEVICES;
    for (uint32_t d = 1; d <= DEVICES; d++) {
        msg.monitor.devices[d - 1].device.v = d;
    }
    ctimanager_message(&b->m, b->c->now, LINK_JTAPI, (struct proc_id){PG}, &msg);
    for (int i = 0; i < 100; i++) {
        b->c->now = instant_add(b->c->now, duration_ms(5));
        bed_settle(b);
    }
    assert_int_equal(ctimanager_monitors(&b->m), DEVICES);
    return b;
}

static void bed_free(struct bed *b)
{
    ctimanager_deinit(&b->m);
    free(b->c);
    free(b);
}

/* What the device's CallManager has, as a PG side can know it. */
static enum leg truth(const struct party *p)
{
    switch (p->state) {
    case LEG_RINGBACK:
    case LEG_QUEUED:
    case LEG_DIALING:
        return LEG_DIALING;
    case LEG_HELD:
    case LEG_CONNECTED:
        return LEG_CONNECTED;
    case LEG_RINGING:
    case LEG_HOLDING:
        return p->state;
    case LEG_IDLE:
    case LEG_CONSULTING:
    case LEG_ENDED:
    case LEG_COUNT:
        break;
    }
    fail_msg("a leg is %s", leg_text(p->state));
    return LEG_IDLE;
}

static void check_truth(struct bed *b)
{
    for (uint32_t d = 1; d <= DEVICES; d++) {
        struct callmanager *cm = &b->c->sites[b->c->owners[d]].cm;
        uint32_t legs = 0, believed = 0;
        for (uint32_t i = cm->devices[d].parties; i != 0; i = party_at(cm, i)->next) {
            const struct party *p = party_at(cm, i);
            if (p->home.v == b->c->owners[d]) {
                const struct seen *s = seen_leg(b, d, p->call);
                assert_non_null(s);
                enum leg is = truth(p);
                if (is != LEG_DIALING || s->state != LEG_CONNECTED) { /* that step is not told */
                    assert_string_equal(leg_text(s->state), leg_text(is));
                }
                legs++;
            }
        }
        for (uint32_t i = 0; i < SEEN_MAX; i++) {
            believed += call_id_some(b->seen[d][i].call);
        }
        assert_int_equal(legs, believed);
    }
}

/* Somebody does something, or somebody else. */
static void live(struct bed *b, struct rand_state *r)
{
    static const enum key keys[] = {KEY_ANSWER,
                                    KEY_ANSWER,
                                    KEY_ANSWER,
                                    KEY_HOLD,
                                    KEY_HANGUP,
                                    KEY_RETRIEVE,
                                    KEY_TRANSFER,
                                    KEY_CONFERENCE,
                                    KEY_HANGUP,
                                    KEY_HOLD,
                                    KEY_TRANSFER_COMPLETE,
                                    KEY_CONFERENCE_COMPLETE};
    struct cluster *c = b->c;
    uint32_t device = 1 + (uint32_t)rand_below(r, DEVICES);
    char number[NUMBER_LEN];
    snprintf(number, sizeof number, "%u", 1001 + (unsigned)rand_below(r, DEVICES));
    const struct callmanager *cm = &c->sites[c->owners[device]].cm;
    uint32_t leg = cm->devices[device].parties;
    if (leg == 0) {
        dial(c, device, 1, number, "");
        return;
    }
    uint32_t other = cm->parties[leg].next;
    if (other != 0 && rand_below(r, 2) == 0) {
        leg = other;
    }
    (void)press(c, device, cm->parties[leg].call, keys[rand_below(r, sizeof keys / sizeof keys[0])],
                number);
}

static void test_cti_mesh__whatever_a_cut_hides_is_known_after_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct rand_state r = {seed};
        struct bed *b = bed_start();
        for (int round = 0; round < 25; round++) {
            for (uint64_t n = rand_below(&r, 12); n > 0; n--) {
                live(b, &r);
                bed_settle(b);
            }
            check_truth(b);
            sdl(b->c, 2, 3, false);
            b->c->letters_n = 0;
            bed_settle(b);
            for (uint64_t n = rand_below(&r, 12); n > 0; n--) {
                live(b, &r);
                bed_settle(b);
            }
            sdl(b->c, 2, 3, true);
            bed_settle(b);
            check_truth(b);
        }
        bed_free(b);
    }
}

static void test_cti_mesh__a_cut_while_it_is_made_up_for_is_made_up_for(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct rand_state r = {seed};
        struct bed *b = bed_start();
        for (int round = 0; round < 25; round++) {
            sdl(b->c, 2, 3, false);
            b->c->letters_n = 0;
            bed_settle(b);
            for (int cuts = 0; cuts < 3; cuts++) {
                for (uint64_t n = rand_below(&r, 8); n > 0; n--) {
                    live(b, &r);
                    bed_settle(b);
                }
                /* Up, a few messages, down again. */
                sdl(b->c, 2, 3, true);
                for (uint32_t n = 0; n < b->c->log_n; n++) {
                    if (b->c->log[n].msg.kind == MSG_SDL_SESSION) {
                        static struct msg msg;
                        msg = b->c->log[n].msg;
                        ctimanager_message(&b->m, b->c->now, LINK_LOCAL, (struct proc_id){CTI_NODE},
                                           &msg);
                    }
                }
                if (b->c->letters_n > 0) {
                    b->c->letters_n = (uint32_t)rand_below(&r, b->c->letters_n + 1);
                }
                settle(b->c);
                sdl(b->c, 2, 3, false);
                b->c->letters_n = 0;
                b->letters_n = 0;
                bed_settle(b);
            }
            sdl(b->c, 2, 3, true);
            bed_settle(b);
            check_truth(b);
        }
        bed_free(b);
    }
}

static void test_cti_mesh__a_node_that_dies_takes_its_calls_out_of_view(void **state)
{
    (void)state;
    struct bed *b = bed_start();
    (void)talk(b->c, 1, 2);
    bed_settle(b);
    check_truth(b);
    crash(b->c, 2);
    bed_settle(b);
    for (uint32_t d = 1; d <= DEVICES / 2; d++) {
        for (uint32_t i = 0; i < SEEN_MAX; i++) {
            assert_false(call_id_some(b->seen[d][i].call));
        }
    }
    start(b->c, 2);
    bed_settle(b);
    for (uint32_t d = 1; d <= DEVICES / 2; d++) {
        put(b->c, 2, d);
    }
    bed_settle(b);
    (void)talk(b->c, 1, 7);
    bed_settle(b);
    check_truth(b);
    bed_free(b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_cti_mesh__whatever_a_cut_hides_is_known_after_it),
    cmocka_unit_test(test_cti_mesh__a_cut_while_it_is_made_up_for_is_made_up_for),
    cmocka_unit_test(test_cti_mesh__a_node_that_dies_takes_its_calls_out_of_view),
};

UNIT_MAIN(tests);
