#include "tests/unit/icm_pair.h"

#include "proto/codec.h"

struct pair_side *pair_of(struct pair *p, struct proc_id side)
{
    ASSERT(side.v == PAIR_ICMA.v || side.v == PAIR_ICMB.v);
    return &p->sides[side.v - PAIR_ICMA.v];
}

static struct proc_id id_of(const struct pair *p, const struct pair_side *s)
{
    return s == &p->sides[0] ? PAIR_ICMA : PAIR_ICMB;
}

static struct pair *the_pair; /* the one that the worlds belong to */

static struct pair_packed pack(const struct msg *msg)
{
    struct pair_packed p = {.kind = msg->kind};
    enum err err = codec_pack_message(msg, p.bytes, sizeof p.bytes, &p.len);
    ASSERT(err == ERR_OK);
    return p;
}

/* Valid until the next call. */
static const struct msg *unpack(const struct pair_packed *p)
{
    static struct msg msg;
    enum err err = codec_unpack_message(p->bytes, p->len, &msg);
    ASSERT(err == ERR_OK);
    return &msg;
}

static int64_t key_of(const struct pair_packed *p)
{
    return msg_record_key(unpack(p));
}

static uint32_t call_key_of(const struct pair_packed *p)
{
    return unpack(p)->record_tcd.icr_call_key;
}

static bool is_pg(struct proc_id proc)
{
    return proc.v == PAIR_PGA.v || proc.v == PAIR_PGB.v;
}

static void hear(struct pair *p, struct proc_id from, struct proc_id to, const struct msg *msg)
{
    struct pair_heard heard = {.from = from, .to = to, .kind = msg->kind};
    if (msg->kind == MSG_ROUTE_ANSWER) {
        heard.answer = msg->route_answer;
    } else if (msg->kind == MSG_PG_GRANT) {
        heard.grant = msg->pg_grant;
    } else if (msg->kind == MSG_PG_PATH) {
        heard.open = msg->pg_path.open;
    } else if (msg->kind == MSG_RECORD_ACK) {
        heard.acked = msg->record_ack.outbox;
    }
    ASSERT(p->heard_n < PAIR_HEARD_MAX);
    p->heard[p->heard_n++] = heard;
}

static void on_send(void *context, enum link link, struct proc_id to, const struct msg *msg)
{
    struct pair *p = the_pair;
    struct pair_side *s = context;
    if (is_pg(to)) {
        if (s->mds.linked[to.v]) {
            hear(p, id_of(p, s), to, msg);
        }
        return;
    }
    if (!(link == LINK_PRIVATE ? p->private_up : p->visible_up) || !pair_of(p, to)->alive) {
        return;
    }
    ASSERT(p->mail_n < PAIR_MAIL_MAX);
    p->mail[p->mail_n++] =
        (struct pair_mail){.link = link, .from = id_of(p, s), .to = to, .msg = pack(msg)};
}

static void on_trace(void *context, const struct event *event)
{
    (void)context;
    (void)event;
}

static uint64_t on_store(void *context, const struct msg *msg)
{
    struct pair_side *s = context;
    ASSERT(s->stored_n < PAIR_STORED_MAX);
    s->stored[s->stored_n++] = pack(msg);
    return s->stored_n;
}

static bool is_row(const struct pair_side *s, uint32_t i)
{
    if (s->stored[i].kind != MSG_RECORD_TCD) {
        return false;
    }
    uint32_t key = call_key_of(&s->stored[i]);
    for (uint32_t k = 0; k < i; k++) { /* the first of a key wins */
        if (s->stored[k].kind == MSG_RECORD_TCD && call_key_of(&s->stored[k]) == key) {
            return false;
        }
    }
    return true;
}

static void on_rows(void *context, struct world_rows *ret_rows)
{
    struct pair_side *s = context;
    *ret_rows = (struct world_rows){0};
    for (uint32_t i = 0; i < s->durable_n; i++) {
        if (is_row(s, i)) {
            int64_t key = key_of(&s->stored[i]);
            int64_t *last = &ret_rows->last[key & 1];
            *last = key > *last ? key : *last;
            ret_rows->tcd++;
        }
    }
}

static bool on_row_after(void *context, int64_t after, const int64_t held[2], struct msg *ret_msg)
{
    struct pair_side *s = context;
    int64_t best = INT64_MAX;
    for (uint32_t i = 0; i < s->durable_n; i++) {
        int64_t key = is_row(s, i) ? key_of(&s->stored[i]) : 0;
        if (key > after && key > held[key & 1] && key < best) {
            best = key;
            *ret_msg = *unpack(&s->stored[i]);
        }
    }
    s->served += best != INT64_MAX ? 1 : 0;
    return best != INT64_MAX;
}

void pair_make(struct pair *p)
{
    memset(p, 0, sizeof *p);
    the_pair = p;
    p->now.us = 1000000;
    struct topology *t = &p->topology;
    enum err err = topology_profile("lab", &t->timers);
    ASSERT(err == ERR_OK);
    t->procs_n = 5;
    t->procs[0] =
        (struct topology_proc){.name = "pga", .kind = PROC_PG, .side = SIDE_A, .pair = 5000};
    t->procs[1] =
        (struct topology_proc){.name = "pgb", .kind = PROC_PG, .side = SIDE_B, .pair = 5000};
    t->procs[2] = (struct topology_proc){.name = "icma", .kind = PROC_ICM, .side = SIDE_A};
    t->procs[3] = (struct topology_proc){.name = "icmb", .kind = PROC_ICM, .side = SIDE_B};
    t->procs[4] = (struct topology_proc){.name = "sub1", .kind = PROC_NODE};
    t->phones_n = 1;
    t->phones[0] = (struct topology_phones){.first = 2001, .count = 4};
    t->skills_n = 1;
    t->skills[0] = (struct topology_skill){.name = "sales", .number = 7001};
    t->dialled_n = 1;
    t->dialled[0] = (struct topology_dialled){.number = "80001", .skill = 0, .pair = 5000};
    t->agents_n = 1;
    t->agents[0] = (struct topology_agents){.first = 5001, .count = 4, .phone = 2001, .pair = 5000};
}

/* -- Time and links. -- */

static void commit(struct pair *p, struct pair_side *s)
{
    if (s->alive && !s->holds_disk && s->durable_n < s->stored_n) {
        s->durable_n = s->stored_n;
        mds_stored(&s->mds, p->now, s->durable_n);
    }
}

static bool deliver(struct pair *p)
{
    if (p->mail_n == 0) {
        return false;
    }
    static struct pair_mail mail;
    mail = p->mail[0];
    p->mail_n--;
    memmove(&p->mail[0], &p->mail[1], p->mail_n * sizeof p->mail[0]);
    struct pair_side *to = pair_of(p, mail.to);
    if (to->alive) {
        static struct msg msg;
        msg = *unpack(&mail.msg);
        mds_message(&to->mds, p->now, mail.link, mail.from, &msg);
    }
    return true;
}

void pair_settle(struct pair *p)
{
    bool more = true;
    while (more) {
        while (deliver(p)) {
        }
        commit(p, &p->sides[0]);
        commit(p, &p->sides[1]);
        more = p->mail_n > 0 ||
               (p->sides[0].alive && !p->sides[0].holds_disk &&
                p->sides[0].durable_n < p->sides[0].stored_n) ||
               (p->sides[1].alive && !p->sides[1].holds_disk &&
                p->sides[1].durable_n < p->sides[1].stored_n);
    }
}

void pair_pass(struct pair *p, uint32_t ms, struct proc_id asleep)
{
    for (uint32_t t = 0; t < ms; t += 50) {
        p->now = instant_add(p->now, duration_ms(50));
        for (unsigned i = 0; i < 2; i++) {
            struct pair_side *s = &p->sides[i];
            if (s->alive && id_of(p, s).v != asleep.v &&
                instant_reached(p->now, mds_deadline(&s->mds))) {
                mds_tick(&s->mds, p->now);
            }
        }
        if (!proc_id_some(asleep)) {
            pair_settle(p);
        }
    }
}

static void both_links(struct pair *p, enum link link, bool up)
{
    p->mail_n = 0;
    for (unsigned i = 0; i < 2; i++) {
        struct pair_side *s = &p->sides[i];
        struct proc_id other = i == 0 ? PAIR_ICMB : PAIR_ICMA;
        if (s->alive && up) {
            mds_link_up(&s->mds, p->now, link, other);
        } else if (s->alive) {
            mds_link_down(&s->mds, p->now, link, other);
        }
    }
    pair_settle(p);
}

void pair_private(struct pair *p, bool up)
{
    p->private_up = up;
    both_links(p, LINK_PRIVATE, up);
}

void pair_visible(struct pair *p, bool up)
{
    p->visible_up = up;
    both_links(p, LINK_CONTROLLER, up);
}

void pair_link(struct pair *p, struct proc_id pg, struct proc_id side, bool up)
{
    struct pair_side *s = pair_of(p, side);
    if (up) {
        mds_link_up(&s->mds, p->now, LINK_CONTROLLER, pg);
    } else {
        mds_link_down(&s->mds, p->now, LINK_CONTROLLER, pg);
    }
    pair_settle(p);
}

void pair_start_side(struct pair *p, struct proc_id side)
{
    struct pair_side *s = pair_of(p, side);
    ASSERT(!s->alive);
    s->world = (struct world){.context = s,
                              .send = on_send,
                              .trace = on_trace,
                              .store = on_store,
                              .rows = on_rows,
                              .row_after = on_row_after};
    s->alive = true;
    s->stored_n = s->durable_n;
    mds_init(&s->mds, &p->topology, side, &s->world, PAIR_WALL_US + s->skew_us);
    enum msg_kind kinds[] = {MSG_PG_GRANT, MSG_ROUTE_ANSWER, MSG_RECOVERY_HELD, MSG_RECOVERY_END};
    for (unsigned k = 0; k < 4; k++) {
        for (uint32_t i = s->durable_n; i > 0; i--) {
            if (s->stored[i - 1].kind == kinds[k]) {
                mds_restore(&s->mds, unpack(&s->stored[i - 1]));
                break;
            }
        }
    }
    mds_start(&s->mds, p->now);
    pair_settle(p);
}

void pair_start(struct pair *p)
{
    pair_make(p);
    pair_start_side(p, PAIR_ICMA);
    pair_start_side(p, PAIR_ICMB);
    pair_visible(p, true);
    pair_private(p, true);
    for (unsigned i = 0; i < 2; i++) {
        pair_link(p, PAIR_PGA, i == 0 ? PAIR_ICMA : PAIR_ICMB, true);
        pair_link(p, PAIR_PGB, i == 0 ? PAIR_ICMA : PAIR_ICMB, true);
    }
}

void pair_kill(struct pair *p, struct proc_id side)
{
    pair_of(p, side)->alive = false;
    p->visible_up = false;
    both_links(p, LINK_CONTROLLER, false);
    p->private_up = false;
    both_links(p, LINK_PRIVATE, false);
}

/* -- What PG sides say and hear. -- */

void pair_says(struct pair *p, struct proc_id pg, struct proc_id side, const struct msg *msg)
{
    mds_message(&pair_of(p, side)->mds, p->now, LINK_CONTROLLER, pg, msg);
    pair_settle(p);
}

void pair_hello(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t epoch, bool wants)
{
    struct msg msg = {.kind = MSG_PG_HELLO};
    msg.pg_hello = (struct msg_pg_hello){.side = pg.v == PAIR_PGA.v ? SIDE_A : SIDE_B,
                                         .pair = 5000,
                                         .epoch = epoch,
                                         .wants_active = wants};
    pair_says(p, pg, side, &msg);
}

void pair_agent(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t agent,
                enum agent_state state)
{
    struct msg msg = {.kind = MSG_AGENT_UPDATE};
    msg.agent_update =
        (struct msg_agent_update){.epoch = PAIR_EPOCH, .agent = {agent}, .state = state};
    pair_says(p, pg, side, &msg);
}

void pair_route(struct pair *p, struct proc_id pg, struct proc_id side, uint64_t call)
{
    struct msg msg = {.kind = MSG_ROUTE_REQUEST};
    msg.route_request =
        (struct msg_route_request){.epoch = PAIR_EPOCH, .request = call, .call = {call}};
    snprintf(msg.route_request.dialled, sizeof msg.route_request.dialled, "80001");
    pair_says(p, pg, side, &msg);
}

void pair_record(struct pair *p, struct proc_id pg, struct proc_id side, uint32_t key,
                 uint64_t outbox)
{
    struct msg msg = {.kind = MSG_RECORD_TCD};
    msg.record_tcd = (struct msg_record_tcd){.outbox = outbox,
                                             .peripheral = 5000,
                                             .icr_call_key = key,
                                             .leg = 1,
                                             .wall_us = PAIR_WALL_US,
                                             .call = {UINT64_C(5) << 56 | key},
                                             .disposition = 13,
                                             .agent = {5001},
                                             .device = {1}};
    pair_says(p, pg, side, &msg);
}

const struct pair_heard *pair_last(const struct pair *p, struct proc_id to, enum msg_kind kind)
{
    for (uint32_t i = p->heard_n; i > 0; i--) {
        if (p->heard[i - 1].to.v == to.v && p->heard[i - 1].kind == kind) {
            return &p->heard[i - 1];
        }
    }
    return NULL;
}

uint32_t pair_rows(const struct pair *p, struct proc_id side, uint64_t *ret_sum)
{
    const struct pair_side *s = &p->sides[side.v - PAIR_ICMA.v];
    uint32_t n = 0;
    *ret_sum = 0;
    for (uint32_t i = 0; i < s->durable_n; i++) {
        if (is_row(s, i)) {
            n++;
            *ret_sum += (uint64_t)key_of(&s->stored[i]) * (call_key_of(&s->stored[i]) * 2 + 1);
        }
    }
    return n;
}
