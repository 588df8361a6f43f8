/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log page 70h as one host sees it from where it came: this discovery subsystem, every subsystem
 * that the host may connect to through every listener, and the referrals; with addresses that it
 * can use. A wildcard listener is shown under the address that the host has reached already. The
 * first entry is where the host is. GENCTR is a hash of the entries, in whatever order: it changes
 * exactly when one of them does, whichever broker makes it, and is the same at every port that
 * shows the same (hosts only look whether it is the same).
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
	size_t n, max, left_out;
};

/* What an entry says besides the constants. */
struct says {
	uint8_t subtype, treq;
	uint16_t eflags;
	const char *nqn;
	size_t listener;		/* UINT32_MAX: none that is ours */
};

/* ---- where ---- */

/* Some addresses mean something only to who is as near as they are. */
static bool
is_near_enough(const struct discovery_view *v, const struct ipc_addr *a)
{
	if (addr_is_loopback(a))
		return (addr_is_loopback(&v->local));
	if (addr_is_link_local(a))
		return (addr_is_link_local(&v->local) &&
		    (a->scope == 0 || a->scope == v->local.scope));
	return (true);
}

/* Where this host reaches the listener, or false when it cannot. */
static bool
reachable(const struct discovery_view *v, const struct listening *l, struct ipc_addr *out)
{
	*out = l->address;
	if (!addr_is_wildcard(&l->address))
		return (is_near_enough(v, &l->address));
	if (v->local.family != l->address.family && l->config->address.family != CONFIG_ANY)
		return (false);
	*out = v->local;
	out->port = l->address.port;
	return (true);
}

/* Does a host that comes to this address read of the same places? */
static bool
shows_the_same(const struct discovery_view *v, const struct ipc_addr *local)
{
	struct discovery_view there = *v;
	struct ipc_addr a, b;

	there.local = *local;
	for (size_t i = 0; i < v->nlistening; i++) {
		bool here = reachable(v, &v->listening[i], &a);

		if (reachable(&there, &v->listening[i], &b) != here ||
		    (here && !addr_same_host(&a, &b)))
			return (false);
	}
	return (true);
}

/* ---- entries ---- */

/* ASCII, padded with NULs, as much as there is room for (NVMe over Fabrics, TRADDR). */
static void
put_text(uint8_t *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	memcpy(field, text, len < size ? len : size - 1);
}

static void
add(struct page *p, const struct says *says, const struct ipc_addr *a)
{
	struct nvmf_discovery_entry *e;
	struct ipc_addr plain = *a;
	char text[ADDR_TEXT_SIZE];

	if (p->n == p->max) {
		p->left_out++;
		return;
	}
	e = &p->entry[p->n++];
	e->trtype = NVMF_TRTYPE_TCP;
	e->adrfam = a->family == AF_INET ? NVMF_ADRFAM_IPV4 : NVMF_ADRFAM_IPV6;
	e->subtype = says->subtype;
	e->treq = says->treq;
	e->eflags = le16(says->eflags);
	e->portid = le16((uint16_t)(says->listener + 1));
	e->cntlid = le16(NVME_CNTLID_DYNAMIC);
	e->asqsz = le16(says->subtype == NVMF_SUBTYPE_REFERRAL ? NVME_ADMIN_ENTRIES_MIN :
	    NVME_ADMIN_ENTRIES_MAX);
	snprintf(text, sizeof(text), "%u", a->port);
	put_text(e->trsvcid, sizeof(e->trsvcid), text);
	put_text(e->subnqn, sizeof(e->subnqn), says->nqn);
	plain.scope = 0;	/* ours, not the host's */
	put_text(e->traddr, sizeof(e->traddr), addr_format_host(&plain, text));
}

static uint8_t
our_treq(const struct config *c)
{
	return (NVMF_TREQ_SECURE_NOT_REQUIRED |
	    (c->transport.flow_control_off ? NVMF_TREQ_SQFLOW_OFF : 0));
}

static bool
same_place(const struct ipc_addr *a, const struct ipc_addr *b)
{
	return (a->port == b->port && addr_same_host(a, b));
}

/* Where the host is now, and the other ports: every listener answers discovery. */
static void
add_current(struct page *p)
{
	const struct discovery_view *v = p->view;
	const struct config *c = v->config;
	struct says says = { .subtype = NVMF_SUBTYPE_CURRENT, .treq = our_treq(c),
	    .eflags = NVMF_EFLAGS_EPCSD | NVMF_EFLAGS_DUPRETINFO, .listener = v->listener,
	    .nqn = c->discovery.nqn[0] != '\0' ? c->discovery.nqn : NVME_DISCOVERY_NQN };
	struct ipc_addr where;

	add(p, &says, &v->local);
	for (size_t i = 0; i < v->nlistening; i++) {
		if (!reachable(v, &v->listening[i], &where) || same_place(&where, &v->local))
			continue;
		says.listener = i;
		says.eflags = NVMF_EFLAGS_EPCSD |
		    (shows_the_same(v, &where) ? NVMF_EFLAGS_DUPRETINFO : 0);
		add(p, &says, &where);
	}
}

static void
add_subsystem(struct page *p, const struct config_subsystem *s)
{
	const struct discovery_view *v = p->view;
	struct says says = { .subtype = NVMF_SUBTYPE_NVM, .treq = our_treq(v->config),
	    .nqn = s->nqn };
	struct ipc_addr where;

	if (!config_may_connect(s, v->hostnqn, &v->peer))
		return;
	for (size_t i = 0; i < v->nlistening; i++) {
		says.listener = i;
		if (!v->listening[i].config->discovery && reachable(v, &v->listening[i], &where))
			add(p, &says, &where);
	}
}

/* Of what is somebody else's we know nothing but where it is. */
static void
add_referral(struct page *p, const struct config_referral *r)
{
	struct says says = { .subtype = NVMF_SUBTYPE_REFERRAL, .nqn = r->nqn,
	    .treq = NVMF_TREQ_SECURE_UNSPECIFIED, .listener = UINT32_MAX };
	struct ipc_addr where = { .port = r->address.port };

	where.family = r->address.family == CONFIG_INET ? AF_INET : AF_INET6;
	memcpy(where.addr, r->address.addr, sizeof(where.addr));
	if (is_near_enough(p->view, &where))
		add(p, &says, &where);
}

/* ---- the page ---- */

static uint64_t
hash_of(const struct page *p)
{
	uint8_t hash[crypto_generichash_BYTES];
	uint64_t sum = 0, one;

	for (size_t i = 0; i < p->n; i++) {
		crypto_generichash(hash, sizeof(hash), (const uint8_t *)&p->entry[i],
		    sizeof(p->entry[i]), NULL, 0);
		memcpy(&one, hash, sizeof(one));
		sum += one;
	}
	return (sum);
}

static size_t
most_entries(const struct discovery_view *v)
{
	const struct config *c = v->config;
	size_t n = 1 + (1 + c->nsubsystems) * v->nlistening + c->discovery.nreferrals;

	return (n < DISCOVERY_ENTRIES ? n : DISCOVERY_ENTRIES);
}

static void
add_all(struct page *p)
{
	const struct config *c = p->view->config;

	add_current(p);
	for (size_t i = 0; i < c->discovery.nreferrals; i++)
		add_referral(p, &c->discovery.referrals[i]);
	for (size_t i = 0; i < c->nsubsystems; i++)
		add_subsystem(p, &c->subsystems[i]);
}

struct discovery_page
discovery_build(const struct discovery_view *v)
{
	struct page p = { .view = v, .max = most_entries(v) };
	struct discovery_page out = { 0 };
	struct nvmf_discovery_header *head;

	/* entries and header have one size, and neither has an alignment */
	if ((head = calloc(p.max + 1, sizeof(*p.entry))) == NULL)
		return (out);
	p.entry = (struct nvmf_discovery_entry *)(head + 1);
	add_all(&p);
	head->numrec = le64(p.n);
	out.size = (p.n + 1) * sizeof(*p.entry);
	out.generation = hash_of(&p);
	out.left_out = p.left_out;
	head->genctr = le64(out.generation);
	out.data = (uint8_t *)head;
	return (out);
}
