#include "node/role/phone/person.h"

#include "node/base/err.h"

#define TRY_PERCENT 50 /* of people in preserved calls press a key */

struct duration person_draw(struct rand_state *r, struct duration mean)
{
    ASSERT(mean.us >= 0);
    return (struct duration){rand_between(r, mean.us / 2, mean.us + mean.us / 2)};
}

void person_rest(struct person *p)
{
    *p = (struct person){
        .answer_at = INSTANT_NEVER, .try_at = INSTANT_NEVER, .hangup_at = INSTANT_NEVER};
}

void person_dialled(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                    struct instant now)
{
    p->hangup_at = instant_add(now, person_draw(r, t->patience));
}

void person_rings(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                  struct instant now)
{
    p->answer_at = instant_add(now, person_draw(r, t->ring_mean));
}

void person_connected(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                      struct instant now, bool incoming)
{
    p->answer_at = INSTANT_NEVER;
    p->hangup_at = incoming ? INSTANT_NEVER : instant_add(now, person_draw(r, t->talk_mean));
}

void person_preserved(struct person *p, struct rand_state *r, const struct topology_traffic *t,
                      struct instant now)
{
    static const enum key tries[] = {KEY_HOLD, KEY_TRANSFER, KEY_CONFERENCE};
    struct instant latest = instant_add(now, person_draw(r, t->talk_mean));
    p->hangup_at = instant_min(p->hangup_at, latest);
    p->try_key = tries[rand_below(r, sizeof tries / sizeof tries[0])];
    if (rand_below(r, 100) < TRY_PERCENT && p->hangup_at.us > now.us) {
        p->try_at = (struct instant){rand_between(r, now.us, p->hangup_at.us)};
    }
}

struct instant person_deadline(const struct person *p)
{
    if (p->by_hand) {
        return INSTANT_NEVER;
    }
    return instant_min(p->answer_at, instant_min(p->try_at, p->hangup_at));
}

enum key person_due(struct person *p, struct instant now)
{
    if (p->by_hand) {
        return KEY_NONE;
    }
    if (instant_reached(now, p->answer_at)) {
        p->answer_at = INSTANT_NEVER;
        return KEY_ANSWER;
    }
    if (instant_reached(now, p->try_at)) {
        p->try_at = INSTANT_NEVER;
        return p->try_key;
    }
    if (instant_reached(now, p->hangup_at)) {
        p->hangup_at = INSTANT_NEVER;
        return KEY_HANGUP;
    }
    return KEY_NONE;
}
