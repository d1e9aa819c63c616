#include "node/role/pg/opc_parts.h"
#include "node/role/pg/tcd.h"

/* A number of this pair: an agent's phone or a dialled number. */
static bool in_view(const struct opc *o, const char *number)
{
    struct device_id device = topology_number(o->topology, number);
    return device_id_some(device) &&
           (o->devices[device.v].agent != 0 || o->devices[device.v].point);
}

uint32_t opc_kind_of(const struct opc *o, const struct opc_leg *leg)
{
    if (leg->parent != 0) {
        return leg->inbound ? TCD_TYPE_CONSULT_OFFERED : TCD_TYPE_CONSULT;
    }
    if (in_view(o, leg->inbound ? leg->from : leg->to)) {
        return TCD_TYPE_INSIDE;
    }
    return leg->inbound ? TCD_TYPE_OTHER_IN : TCD_TYPE_OUT;
}

void opc_kind_consult(struct opc *o, struct opc_leg *leg)
{
    struct opc_leg *first = opc_table_youngest(o, leg->device, leg);
    ASSERT(first != NULL);
    struct opc_call *call = opc_table_call(o, leg->call);
    call->parent = first->icr_call_key;
    leg->parent = first->icr_call_key;
    first->child = call->icr_call_key;
}

void opc_kind_transferred(struct opc_leg *leg, struct opc_call *to)
{
    leg->call_type = TCD_TYPE_TRANSFER_IN;
    if (leg->key == 0 && to->key != 0 && to->segment == 0 && leg->segment == 0) {
        leg->day = to->day;
        leg->key = to->key;
        leg->key_seq = ++to->key_seq;
        leg->skill = leg->skill != 0 ? leg->skill : to->skill;
    }
}
