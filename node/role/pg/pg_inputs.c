#include "node/role/pg/pg_inputs.h"

#include "node/role/pg/pg_out.h"

static void order(struct pg *pg, struct instant now, struct msg_private_input *in)
{
    int64_t at_us = now.us + pg->clock_us;
    in->seq = pg->opc.seq + 1;
    in->at_us = at_us > pg->opc.at_us ? at_us : pg->opc.at_us;
    pg->inputs++;
    if (pg->peer_synced) {
        struct msg out;
        out.kind = MSG_PRIVATE_INPUT;
        out.correlation = in->event.call.v;
        out.private_input = *in;
        world_send(pg->world, LINK_PRIVATE, pg->peer, &out);
    }
    pg->cutting = in->kind == OPC_INPUT_PROVIDER_LOST;
    opc_input(&pg->opc, in);
    pg->cutting = false;
}

void pg_inputs_apply(struct pg *pg, struct msg_private_input *in)
{
    ASSERT(in->kind != OPC_INPUT_PROVIDER_LOST);
    if (!pg->duplex.unsure) {
        order(pg, pg->now, in);
    } else if (pg->held_n < PG_HELD_MAX) {
        pg->held[pg->held_n++] = *in;
    } else {
        pg->duplex.fenced = true;
    }
}

void pg_inputs_cut(struct pg *pg, enum reason reason)
{
    bool slept = pg->asleep_since.us != INSTANT_NEVER.us;
    struct msg_private_input in = {.kind = OPC_INPUT_PROVIDER_LOST, .reason = reason};
    pg->held_n = 0;
    order(pg, slept ? pg->asleep_since : pg->now, &in);
    pg->asleep_since = INSTANT_NEVER;
}

void pg_inputs_release(struct pg *pg)
{
    ASSERT(!pg->duplex.unsure);
    pg->asleep_since = INSTANT_NEVER;
    uint32_t held_n = pg->held_n;
    pg->held_n = 0;
    for (uint32_t i = 0; i < held_n; i++) {
        order(pg, pg->now, &pg->held[i]);
    }
}

void pg_inputs_ask_state(struct pg *pg)
{
    struct msg out;
    out.kind = MSG_PRIVATE_STATE_REQUEST;
    out.correlation = 0;
    out.private_state_request = (struct msg_private_state_request){.seq = pg->opc.seq};
    world_send(pg->world, LINK_PRIVATE, pg->peer, &out);
    pg->sync = PG_SYNC_ASKED;
}

void pg_inputs_no_state(struct pg *pg)
{
    if (pg->sync == PG_SYNC_TAKING) {
        opc_clear(&pg->opc);
    }
    late_clear(&pg->late);
    pg->sync = PG_SYNC_NONE;
}

static void from_peer(struct pg *pg, const struct msg_private_input *m)
{
    if (duplex_acts(&pg->duplex) || pg->sync != PG_SYNC_DONE) {
        return;
    }
    if (m->seq != pg->opc.seq + 1 || m->at_us < pg->opc.at_us) {
        pg_out_reject(pg, pg->peer, REASON_BAD_REQUEST, "an input out of order");
        pg_inputs_ask_state(pg);
        return;
    }
    pg->clock_us = m->at_us - pg->now.us;
    pg->cutting = m->kind == OPC_INPUT_PROVIDER_LOST;
    pg->inputs++;
    opc_input(&pg->opc, m);
    pg->cutting = false;
    if (++pg->inputs_since_ack >= PG_ACK_INPUTS) {
        struct msg out;
        out.kind = MSG_PRIVATE_INPUT_ACK;
        out.correlation = 0;
        out.private_input_ack = (struct msg_private_input_ack){.seq = pg->opc.seq};
        world_send(pg->world, LINK_PRIVATE, pg->peer, &out);
        pg->inputs_since_ack = 0;
    }
}

static void give_one(void *context, const struct msg *msg)
{
    const struct pg *pg = context;
    world_send(pg->world, LINK_PRIVATE, pg->peer, msg);
}

static void give_state(struct pg *pg)
{
    if (duplex_acts(&pg->duplex)) {
        opc_state_export(&pg->opc, pg, give_one);
        pg->peer_synced = true;
    }
}

/* The first message of a transfer: what was here is older. */
static bool taking(struct pg *pg)
{
    if (duplex_acts(&pg->duplex) || pg->sync == PG_SYNC_NONE || pg->sync == PG_SYNC_DONE) {
        pg_out_reject(pg, pg->peer, REASON_BAD_STATE, "state that was not asked for");
        return false;
    }
    if (pg->sync == PG_SYNC_ASKED) {
        opc_clear(&pg->opc);
        pg->sync = PG_SYNC_TAKING;
    }
    return true;
}

static void took(struct pg *pg, enum err err, bool last)
{
    if (err != ERR_OK) {
        pg_out_reject(pg, pg->peer, REASON_BAD_REQUEST, err_text(err));
        pg_inputs_no_state(pg); /* asked for again at the next status */
    } else if (last) {
        pg->sync = PG_SYNC_DONE;
        pg->clock_us = pg->opc.at_us - pg->now.us;
        struct event event = {
            .kind = EVENT_PG_SYNCED, .peer = pg->peer, .value = (int64_t)pg->opc.seq};
        world_trace(pg->world, &event);
    }
}

bool pg_inputs_private(struct pg *pg, const struct msg *msg)
{
    if (msg->kind == MSG_PRIVATE_INPUT) {
        from_peer(pg, &msg->private_input);
    } else if (msg->kind == MSG_PRIVATE_INPUT_ACK) {
        pg->peer_acked = msg->private_input_ack.seq;
    } else if (msg->kind == MSG_PRIVATE_STATE_REQUEST) {
        give_state(pg);
    } else if (msg->kind == MSG_PRIVATE_AGENT) {
        if (taking(pg)) {
            took(pg, opc_state_import_agent(&pg->opc, &msg->private_agent), false);
        }
    } else if (msg->kind == MSG_PRIVATE_LEG) {
        if (taking(pg)) {
            took(pg, opc_state_import_leg(&pg->opc, &msg->private_leg), msg->private_leg.last);
        }
    } else {
        return false;
    }
    return true;
}
