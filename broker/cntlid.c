/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Controller ids: from the range of the subsystem, each equally likely and unlike any that is in use.
 * Not to be guessed where the range is large: a stranger who knows one could ask for queues of it.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "broker/broker.h"
#include "common/nvme.h"

struct used {
	uint8_t bit[(NVME_CNTLID_MAX + 1 + 7) / 8];
};

static void
mark_used(struct broker *b, struct used *u)
{
	struct session *s;

	memset(u, 0, sizeof(*u));
	RB_FOREACH(s, session_tree, &b->sessions)
		if (!s->gone && s->record != NULL && s->record->kind == RECORD_CONTROLLER)
			u->bit[s->record->cntlid / 8] |= (uint8_t)(1u << s->record->cntlid % 8);
}

static bool
is_free(const struct used *u, uint32_t id)
{
	return ((u->bit[id / 8] & 1u << id % 8) == 0);
}

uint16_t
cntlid_new(struct broker *b, const struct config_subsystem *sub)
{
	struct config_range any = { 1, NVME_CNTLID_MAX };
	const struct config_range *r = sub != NULL ? &sub->cntlids : &any;
	uint32_t n = 0, nth;
	struct used u;

	mark_used(b, &u);
	for (uint32_t id = r->first; id <= r->last; id++)
		n += is_free(&u, id);
	if (n == 0)
		return (0);
	nth = randombytes_uniform(n);
	for (uint32_t id = r->first; id <= r->last; id++)
		if (is_free(&u, id) && nth-- == 0)
			return ((uint16_t)id);
	return (0);
}
