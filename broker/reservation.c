/* SPDX-License-Identifier: BSD-2-Clause */
/* The reservation of a namespace as a state machine: see reservation.h. */
#include "config.h"

#include <string.h>

#include "broker/reservation.h"

#define CONFLICT (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR)
#define INVALID (NVME_SC_INVALID_FIELD | NVME_SC_DNR)

static const struct {
	bool others_read;		/* hosts that are no registrants; none of them writes */
	bool registrants;		/* all registrants read and write */
	bool all_hold;			/* ... and hold it */
} types[NVME_RESV_TYPE_MAX] = {
	[NVME_RESV_WRITE_EXCLUSIVE] = { true, false, false },
	[NVME_RESV_EXCLUSIVE_ACCESS] = { false, false, false },
	[NVME_RESV_WRITE_EXCLUSIVE_REGISTRANTS] = { true, true, false },
	[NVME_RESV_EXCLUSIVE_ACCESS_REGISTRANTS] = { false, true, false },
	[NVME_RESV_WRITE_EXCLUSIVE_ALL] = { true, true, true },
	[NVME_RESV_EXCLUSIVE_ACCESS_ALL] = { false, true, true },
};

/* ---- who ---- */

static bool
is_host(const struct registrant *reg, const uint8_t *hostid)
{
	return (memcmp(reg->hostid, hostid, RESERVATION_HOSTID) == 0);
}

static struct registrant *
find(struct reservation *r, const uint8_t *hostid)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (is_host(&r->reg[i], hostid))
			return (&r->reg[i]);
	return (NULL);
}

bool
reservation_holds(const struct reservation *r, uint32_t i)
{
	return (i < r->n && r->type != NVME_RESV_NONE && (types[r->type].all_hold || r->holder == i));
}

static bool
holds(const struct reservation *r, const struct registrant *reg)
{
	return (reservation_holds(r, (uint32_t)(reg - r->reg)));
}

/* The registrant whose key this command knows; or NULL. */
static struct registrant *
authorized(struct reservation *r, const struct reservation_command *c)
{
	struct registrant *reg = find(r, c->hostid);

	return (reg != NULL && reg->key == c->crkey ? reg : NULL);
}

bool
reservation_permits(const struct reservation *r, const uint8_t hostid[RESERVATION_HOSTID],
    bool write)
{
	if (r->type == NVME_RESV_NONE || (!write && types[r->type].others_read))
		return (true);
	for (uint32_t i = 0; i < r->n; i++)
		if (is_host(&r->reg[i], hostid))
			return (types[r->type].registrants || reservation_holds(r, i));
	return (false);
}

bool
reservation_ok(const struct reservation *r)
{
	if (r->n > RESERVATION_REGISTRANTS || r->type >= NVME_RESV_TYPE_MAX || r->ptpl > 1 ||
	    r->wprotect > 1 ||
	    (r->type != NVME_RESV_NONE ? r->holder >= r->n : r->holder != 0))
		return (false);
	for (uint32_t i = 0; i < r->n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (is_host(&r->reg[i], r->reg[j].hostid))
				return (false);
	return (true);
}

void
reservation_lasting(struct reservation *left, const struct reservation *r)
{
	if (r->ptpl)
		*left = *r;
	else {
		memset(left, 0, sizeof(*left));
		left->wprotect = r->wprotect;
	}
}

/* ---- notices ---- */

static void
notify(struct reservation_effect *e, const struct registrant *reg, enum nvme_resv_notice type)
{
	memcpy(e->notice[e->n].hostid, reg->hostid, RESERVATION_HOSTID);
	e->notice[e->n++].type = type;
}

/* All registrants but the host that did it. */
static void
notify_others(const struct reservation *r, const uint8_t *but, struct reservation_effect *e,
    enum nvme_resv_notice type)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (!is_host(&r->reg[i], but))
			notify(e, &r->reg[i], type);
}

/* ---- steps ---- */

static void
release(struct reservation *r)
{
	r->type = NVME_RESV_NONE;
	r->holder = 0;
}

static void
hold(struct reservation *r, const struct registrant *reg, uint32_t type)
{
	r->type = type;
	r->holder = types[type].all_hold ? 0 : (uint32_t)(reg - r->reg);
}

static uint16_t
add(struct reservation *r, const struct reservation_command *c)
{
	if (r->n == RESERVATION_REGISTRANTS)
		return (NVME_SC_INTERNAL_DEVICE_ERROR | NVME_SC_DNR);
	memcpy(r->reg[r->n].hostid, c->hostid, RESERVATION_HOSTID);
	r->reg[r->n++].key = c->key2;
	return (0);
}

/* Takes a registrant out; what it alone held is released. */
static void
drop(struct reservation *r, uint32_t i)
{
	if (r->type != NVME_RESV_NONE && (types[r->type].all_hold ? r->n == 1 : r->holder == i))
		release(r);
	r->n--;
	memmove(&r->reg[i], &r->reg[i + 1], (r->n - i) * sizeof(r->reg[0]));
	memset(&r->reg[r->n], 0, sizeof(r->reg[0]));
	if (r->holder > i)
		r->holder--;
}

/* ---- Register ---- */

static uint16_t
do_register(struct reservation *r, const struct reservation_command *c)
{
	const struct registrant *reg = find(r, c->hostid);

	if (c->key2 == 0)
		return (INVALID);
	if (reg == NULL)
		return (add(r, c));
	return (reg->key == c->key2 ? 0 : CONFLICT);
}

static uint16_t
do_unregister(struct reservation *r, const struct reservation_command *c,
    struct reservation_effect *e)
{
	const struct registrant *reg = find(r, c->hostid);
	uint32_t type = r->type;

	if (reg == NULL || ((c->cdw10 & NVME_RESV_IEKEY) == 0 && reg->key != c->crkey))
		return (CONFLICT);
	drop(r, (uint32_t)(reg - r->reg));
	if (type != r->type && types[type].registrants)
		notify_others(r, c->hostid, e, NVME_RESV_RELEASED);
	return (0);
}

/* With IEKEY whatever the host's key is, and whether it has one. */
static uint16_t
do_replace(struct reservation *r, const struct reservation_command *c)
{
	struct registrant *reg = find(r, c->hostid);
	bool any = (c->cdw10 & NVME_RESV_IEKEY) != 0;

	if (c->key2 == 0)
		return (INVALID);
	if (reg == NULL)
		return (any ? add(r, c) : CONFLICT);
	if (!any && reg->key != c->crkey)
		return (CONFLICT);
	reg->key = c->key2;
	return (0);
}

static uint16_t
on_register(struct reservation *r, const struct reservation_command *c,
    struct reservation_effect *e)
{
	uint32_t cptpl = NVME_RESV_CPTPL(c->cdw10);
	uint16_t status = INVALID;

	if (cptpl == NVME_CPTPL_RESERVED || (cptpl == NVME_CPTPL_ON && !c->can_persist))
		return (INVALID);
	switch (NVME_RESV_ACTION(c->cdw10)) {
	case NVME_RREGA_REGISTER:
		status = do_register(r, c);
		break;
	case NVME_RREGA_UNREGISTER:
		status = do_unregister(r, c, e);
		break;
	case NVME_RREGA_REPLACE:
		status = do_replace(r, c);
		break;
	}
	if (status != 0)
		return (status);
	if (cptpl != NVME_CPTPL_KEEP)
		r->ptpl = cptpl == NVME_CPTPL_ON;
	r->gen++;
	return (0);
}

/* ---- Acquire ---- */

static uint16_t
do_acquire(struct reservation *r, const struct registrant *reg, uint32_t type)
{
	if (r->type != NVME_RESV_NONE)
		return (holds(r, reg) && r->type == type ? 0 : CONFLICT);
	hold(r, reg, type);
	return (0);
}

/* Unregisters whom prkey names (0: everybody), and says how many. but: this host stays; or NULL. */
static uint32_t
unregister_all(struct reservation *r, const struct reservation_command *c, uint64_t prkey,
    const uint8_t *but, struct reservation_effect *e)
{
	uint32_t gone = 0;

	for (uint32_t i = r->n; i-- > 0;) {
		struct registrant was = r->reg[i];

		if ((prkey != 0 && was.key != prkey) || (but != NULL && is_host(&was, but)))
			continue;
		gone++;
		drop(r, i);
		if (!is_host(&was, c->hostid))
			notify(e, &was, NVME_RESV_REGISTRATION_PREEMPTED);
	}
	return (gone);
}

/* Who holds it is unregistered, or is the host itself: the reservation becomes the host's, and who
 * stays registered hears of it when it is another one now. */
static uint16_t
take_over(struct reservation *r, const struct reservation_command *c, struct reservation_effect *e)
{
	uint32_t was = r->type, type = NVME_RESV_RTYPE(c->cdw10);

	unregister_all(r, c, c->key2, c->hostid, e);
	release(r);
	hold(r, find(r, c->hostid), type);
	if (was != type)
		notify_others(r, c->hostid, e, NVME_RESV_RELEASED);
	return (0);
}

static uint16_t
do_preempt(struct reservation *r, const struct reservation_command *c, struct reservation_effect *e)
{
	bool all_hold = types[r->type].all_hold;
	bool takes = all_hold ? c->key2 == 0 : r->type != NVME_RESV_NONE &&
	    r->reg[r->holder].key == c->key2;

	if (c->key2 == 0 && !all_hold)
		return (INVALID);
	if (takes)
		return (take_over(r, c, e));
	return (unregister_all(r, c, c->key2, NULL, e) > 0 ? 0 : CONFLICT);
}

static uint16_t
on_acquire(struct reservation *r, const struct reservation_command *c,
    struct reservation_effect *e)
{
	uint32_t action = NVME_RESV_ACTION(c->cdw10), type = NVME_RESV_RTYPE(c->cdw10);
	const struct registrant *reg;
	uint16_t status;

	if (action > NVME_RACQA_PREEMPT_ABORT || (c->cdw10 & NVME_RESV_IEKEY) != 0 ||
	    type == NVME_RESV_NONE || type >= NVME_RESV_TYPE_MAX)
		return (INVALID);
	if ((reg = authorized(r, c)) == NULL)
		return (CONFLICT);
	if (action == NVME_RACQA_ACQUIRE)
		return (do_acquire(r, reg, type));
	if ((status = do_preempt(r, c, e)) == 0)
		r->gen++;
	return (status);
}

/* ---- Release ---- */

static uint16_t
do_release(struct reservation *r, const struct registrant *reg,
    const struct reservation_command *c, struct reservation_effect *e)
{
	if (!holds(r, reg))
		return (0);
	if (NVME_RESV_RTYPE(c->cdw10) != r->type)
		return (INVALID);
	if (types[r->type].registrants)
		notify_others(r, c->hostid, e, NVME_RESV_RELEASED);
	release(r);
	return (0);
}

static uint16_t
do_clear(struct reservation *r, const struct reservation_command *c, struct reservation_effect *e)
{
	notify_others(r, c->hostid, e, NVME_RESV_PREEMPTED);
	release(r);
	r->n = 0;
	memset(r->reg, 0, sizeof(r->reg));
	r->gen++;
	return (0);
}

static uint16_t
on_release(struct reservation *r, const struct reservation_command *c,
    struct reservation_effect *e)
{
	uint32_t action = NVME_RESV_ACTION(c->cdw10);
	const struct registrant *reg;

	if (action > NVME_RRELA_CLEAR || (c->cdw10 & NVME_RESV_IEKEY) != 0)
		return (INVALID);
	if ((reg = authorized(r, c)) == NULL)
		return (CONFLICT);
	return (action == NVME_RRELA_CLEAR ? do_clear(r, c, e) : do_release(r, reg, c, e));
}

uint16_t
reservation_do(struct reservation *r, const struct reservation_command *c,
    struct reservation_effect *e)
{
	struct reservation next = *r;
	uint16_t status;

	memset(e, 0, sizeof(*e));
	switch (c->opc) {
	case NVME_NVM_RESERVATION_REGISTER:
		status = on_register(&next, c, e);
		break;
	case NVME_NVM_RESERVATION_ACQUIRE:
		status = on_acquire(&next, c, e);
		break;
	case NVME_NVM_RESERVATION_RELEASE:
		status = on_release(&next, c, e);
		break;
	default:
		status = NVME_SC_INVALID_OPCODE | NVME_SC_DNR;
	}
	if (status != 0)
		memset(e, 0, sizeof(*e));
	else
		*r = next;
	return (status);
}
