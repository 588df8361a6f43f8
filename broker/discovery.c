/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log page 70h as one host sees it from where it came: every subsystem that it may connect to,
 * through every listener, with addresses that it can use. A wildcard listener is shown under the
 * address that the host has reached already. GENCTR is a hash of the content: it changes exactly
 * when the content does, whichever broker makes it.
 */
#include "config.h"

#include <sys/socket.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/discovery.h"
#include "common/addr.h"
#include "common/nvme.h"
#include "common/nvme_data.h"
#include "common/wire.h"

struct page {
	const struct discovery_view *view;
	struct nvmf_discovery_entry *entry;	/* room for max */
	size_t n, max;
};

/* Where this host reaches the listener, or false when it cannot. */
static bool
reachable(const struct discovery_view *v, const struct listening *l, struct ipc_addr *out)
{
	*out = l->address;
	if (addr_is_loopback(&l->address) && !addr_is_loopback(&v->local))
		return (false);
	if (!addr_is_wildcard(&l->address))
		return (true);
	if (v->local.family != l->address.family && l->config->address.family != CONFIG_ANY)
		return (false);
	*out = v->local;
	out->port = l->address.port;
	return (true);
}

/* ASCII, padded with NULs, as much as there is room for (NVMe over Fabrics, TRADDR). */
static void
put_text(uint8_t *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	memcpy(field, text, len < size ? len : size - 1);
}

static void
add(struct page *p, uint8_t subtype, const char *subnqn, const struct ipc_addr *a, size_t listener)
{
	struct nvmf_discovery_entry *e;
	struct ipc_addr plain = *a;
	char text[ADDR_TEXT_SIZE];

	if (p->n == p->max)
		return;
	e = &p->entry[p->n++];
	e->trtype = NVMF_TRTYPE_TCP;
	e->adrfam = a->family == AF_INET ? NVMF_ADRFAM_IPV4 : NVMF_ADRFAM_IPV6;
	e->subtype = subtype;
	e->treq = NVMF_TREQ_SECURE_UNSPECIFIED;
	if (p->view->config->transport.flow_control_off)
		e->treq |= NVMF_TREQ_SQFLOW_OFF;
	e->portid = le16((uint16_t)(listener + 1));
	e->cntlid = le16(NVME_CNTLID_DYNAMIC);
	e->asqsz = le16(NVME_ADMIN_ENTRIES_MAX);
	snprintf(text, sizeof(text), "%u", a->port);
	put_text(e->trsvcid, sizeof(e->trsvcid), text);
	put_text(e->subnqn, sizeof(e->subnqn), subnqn);
	plain.scope = 0;	/* ours, not the host's */
	put_text(e->traddr, sizeof(e->traddr), addr_format_host(&plain, text));
}

/* Where the host is now. */
static void
add_current(struct page *p)
{
	add(p, NVMF_SUBTYPE_CURRENT, NVME_DISCOVERY_NQN, &p->view->local, p->view->listener);
}

static void
add_subsystem(struct page *p, const struct config_subsystem *s)
{
	const struct discovery_view *v = p->view;
	struct ipc_addr where;

	if (!config_may_connect(s, v->hostnqn, &v->peer))
		return;
	for (size_t i = 0; i < v->nlistening; i++)
		if (!v->listening[i].config->discovery && reachable(v, &v->listening[i], &where))
			add(p, NVMF_SUBTYPE_NVM, s->nqn, &where, i);
}

static uint64_t
hash_of(const void *data, size_t size)
{
	uint8_t hash[crypto_generichash_BYTES];
	uint64_t r;

	crypto_generichash(hash, sizeof(hash), data, size, NULL, 0);
	memcpy(&r, hash, sizeof(r));
	return (r);
}

static size_t
most_entries(const struct discovery_view *v)
{
	size_t n = 1 + v->config->nsubsystems * v->nlistening;

	return (n < DISCOVERY_ENTRIES ? n : DISCOVERY_ENTRIES);
}

uint8_t *
discovery_build(const struct discovery_view *v, size_t *size, uint64_t *generation)
{
	struct page p = { .view = v, .max = most_entries(v) };
	struct nvmf_discovery_header *head;

	/* entries and header have one size, and neither has an alignment */
	if ((head = calloc(p.max + 1, sizeof(*p.entry))) == NULL)
		return (NULL);
	p.entry = (struct nvmf_discovery_entry *)(head + 1);
	add_current(&p);
	for (size_t i = 0; i < v->config->nsubsystems; i++)
		add_subsystem(&p, &v->config->subsystems[i]);
	*size = (p.n + 1) * sizeof(*p.entry);
	head->numrec = le64(p.n);
	*generation = hash_of(head, *size);
	head->genctr = le64(*generation);
	return ((uint8_t *)head);
}
