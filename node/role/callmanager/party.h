/* party: one leg of a call as this node knows it: on one of its devices, in one of its calls, or
 * both.
 *
 * The owner of a call decides what its parties are; the home, which is the node that serves the
 * device, shows it to the device and tells those who watch devices.
 *
 *   owner (party_set) --here, or sdl_leg to the home--> home (party_show) --> station_call, events
 *
 * Source: docs/protocol.md, "Calls". */
#ifndef NODE_ROLE_CALLMANAGER_PARTY_H
#define NODE_ROLE_CALLMANAGER_PARTY_H

#include "node/base/topology.h"
#include "proto/msg.h"

#define PARTIES_MAX 12288 /* 0 is no party */

struct callmanager;

struct party {
    struct call_id call; /* none: this slot is free */
    struct device_id device;
    struct proc_id home;  /* serves the device */
    struct proc_id owner; /* owns the call */
    uint16_t home_inc;    /* low bits of the incarnation of the home's CallManager */
    bool preserved;       /* its call lost a party or its owner: only HANGUP is left */
    bool hung_up;         /* its device did, and the owner has been told, as far as that goes */
    bool dialled;         /* this party made the call */
    bool asked;           /* its home was offered the call and has not answered */
    enum leg state;
    uint32_t line;
    struct device_id peer, peer2; /* whom it exchanges media with */
    struct device_id other;       /* the other party, as events say it */
    struct call_id consult_of;    /* this leg consults about that call */
    struct instant since;         /* of the state */
    uint32_t next;                /* of the same device; in a free slot: the next free one */
    char own[NUMBER_LEN];         /* the number of this party */
    char number[NUMBER_LEN];      /* of the other one */
    char from[NUMBER_LEN], to[NUMBER_LEN];
};

/* What a leg becomes. */
struct party_change {
    enum leg state;
    enum reason reason;
    const char *number; /* of the other party; NULL: as it was */
    struct device_id peer, peer2, other;
    struct call_id consult_of; /* of an ended or joined leg: the consultation */
};

void party_forget_all(struct callmanager *cm);
/* A new party of `device`, IDLE; NULL: the table is full, nothing has changed. */
struct party *party_add(struct callmanager *cm, struct call_id call, struct device_id device,
                        struct proc_id home, struct proc_id owner);
/* Forget it, without a word. */
void party_drop(struct callmanager *cm, struct party *p);
struct party *party_find(struct callmanager *cm, struct call_id call, struct device_id device);
uint32_t party_index(const struct callmanager *cm, const struct party *p);
struct party *party_at(struct callmanager *cm, uint32_t index);

/* CONNECTED, HOLDING or HELD. */
bool party_established(const struct party *p);
/* The device has a leg that consults: its calls are in the middle of a transfer. */
bool party_consults(struct callmanager *cm, const struct party *p);

/* The owner moves a party, wherever it lives. `moved` (or none): the leg had that call until now.
 * An ENDED party stays in the table until party_drop. */
void party_set(struct callmanager *cm, struct party *p, const struct party_change *change,
               struct call_id moved);
/* The home shows a change: to the device, and to those who watch devices. */
void party_show(struct callmanager *cm, struct party *p, const struct party_change *change,
                struct call_id moved);
/* Its call is preserved from now on: the device is told, features are refused. */
void party_preserve(struct callmanager *cm, struct party *p);
/* Tell those who watch devices something about a party of this node. */
void party_tell(struct callmanager *cm, const struct party *p, enum device_event kind,
                enum reason reason, struct call_id old_call);

#endif
