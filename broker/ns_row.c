/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A namespace as one controller's host may use it now: what its device can do, and what this host
 * may. Told to the worker when it is admitted, and again with everything that changes (fence.c).
 */
#include "config.h"

#include <string.h>

#include "broker/broker.h"

static uint32_t
alignment(const struct backend *be)
{
	const struct ipc_claimed *c = &be->info;

	if (!be->direct)
		return (0);
	return (c->dio_mem > c->dio_offset ? c->dio_mem : c->dio_offset);
}

void
ns_row(const struct session *s, const struct backend *be, bool readonly, struct ipc_ns *m)
{
	const struct ipc_claimed *c = &be->info;

	*m = (struct ipc_ns){
		.nsid = be->ns->nsid,
		.block_size = c->block_size,
		.nlbas = c->size / c->block_size,
		.readonly = readonly,
		.ram = c->kind == BACKEND_RAM,
		.direct = be->direct,
		.align = alignment(be),
		.can_discard = c->can_discard,
		.can_zero = c->can_zero,
		.phys_block_size = c->phys_block_size,
		.opt_io_size = c->opt_io_size,
		.discard_max = c->discard_max,
		.discard_gran = c->discard_gran,
		.volatile_cache = cache_is_volatile(be->direct, c),
	};
	reserve_row(s, be, m);
	memcpy(m->uuid, be->ns->uuid, sizeof(m->uuid));
	memcpy(m->nguid, be->ns->nguid, sizeof(m->nguid));
	memcpy(m->eui64, be->ns->eui64, sizeof(m->eui64));
	ana_row(s, be, m);
}

/* A worker whose host may not write gets no descriptor that can. */
bool
backend_is_readonly(const struct backend *be, const struct config_host *host)
{
	return (be->info.readonly != 0 || !config_may_write(be->ns, host));
}

struct ipc_record_ns *
record_ns(const struct session *s, uint32_t nsid)
{
	struct ipc_record *r = s->record;

	for (uint32_t i = 0; r != NULL && i < r->nns; i++)
		if (r->ns[i].nsid == nsid && r->ns[i].state != RECORD_NS_LEAVING)
			return (&r->ns[i]);
	return (NULL);
}

struct backend *
session_backend(const struct session *s, const struct ipc_record_ns *ns)
{
	struct broker *b = s->broker;
	const struct config_subsystem *sub = config_find_subsystem(b->config, s->record->subnqn);
	struct backend *be = sub == NULL ? NULL : backend_find(b, sub, ns->nsid);

	return (be != NULL && memcmp(be->key, ns->claim, HELD_KEY_SIZE) == 0 ? be : NULL);
}
