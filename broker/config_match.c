/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The questions of policy that a configuration answers: which subsystem, which host, from where,
 * what it sees, what it may write. No answer is "yes" by default. Names are compared whole.
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>

#include "broker/config_parse.h"
#include "common/ipc_payload.h"
#include "common/nqn.h"

const struct config_subsystem *
config_find_subsystem(const struct config *c, const char *nqn)
{
	for (size_t i = 0; i < c->nsubsystems; i++) {
		if (strcmp(c->subsystems[i].nqn, nqn) == 0)
			return (&c->subsystems[i]);
	}
	return (NULL);
}

const struct config_host *
config_find_host(const struct config_subsystem *s, const char *hostnqn)
{
	for (size_t i = 0; i < s->nhosts; i++) {
		if (strcmp(s->hosts[i].nqn, hostnqn) == 0)
			return (&s->hosts[i]);
	}
	return (NULL);
}

const struct config_namespace *
config_find_namespace(const struct config_subsystem *s, uint32_t nsid)
{
	for (size_t i = 0; i < s->nnamespaces; i++) {
		if (s->namespaces[i].nsid == nsid)
			return (&s->namespaces[i]);
	}
	return (NULL);
}

bool
config_is_discovery(const struct config *c, const char *nqn)
{
	return (nqn_is_discovery(nqn) ||
	    (c->discovery.nqn[0] != '\0' && strcmp(c->discovery.nqn, nqn) == 0));
}

unsigned
config_lanes(const struct config *c)
{
	if (c->service.lanes != 0)
		return (c->service.lanes);
	return (c->cpus < CONFIG_LANES_AUTO_MAX ? c->cpus : CONFIG_LANES_AUTO_MAX);
}

static bool
same_family(uint32_t family, const struct ipc_addr *a)
{
	return ((family == CONFIG_INET && a->family == AF_INET) ||
	    (family == CONFIG_INET6 && a->family == AF_INET6));
}

static bool
is_inside(const struct config_prefix *x, const struct ipc_addr *peer)
{
	uint32_t whole = x->bits / 8, rest = x->bits % 8;

	if (!same_family(x->family, peer) || memcmp(x->addr, peer->addr, whole) != 0)
		return (false);
	return (rest == 0 || ((x->addr[whole] ^ peer->addr[whole]) >> (8 - rest)) == 0);
}

static bool
may_come_from(const struct config_host *h, const struct ipc_addr *from)
{
	if (h->addresses.n == 0)
		return (true);
	for (size_t i = 0; i < h->addresses.n; i++) {
		if (is_inside(&h->addresses.prefix[i], from))
			return (true);
	}
	return (false);
}

bool
config_may_connect(const struct config_subsystem *s, const char *hostnqn,
    const struct ipc_addr *from)
{
	const struct config_host *h = config_find_host(s, hostnqn);

	if (h != NULL)
		return (may_come_from(h, from));
	return (s->allow_any_host);
}

/* What connections must have; of a host, or (NULL) of everybody. */
uint32_t
config_digests(const struct config *c, const struct config_host *h)
{
	uint32_t digests = h != NULL ? h->require_digests : 0;

	if (c->transport.header_digest == CONFIG_DIGEST_REQUIRE)
		digests |= IPC_DIGEST_HEADER;
	if (c->transport.data_digest == CONFIG_DIGEST_REQUIRE)
		digests |= IPC_DIGEST_DATA;
	return (digests);
}

static bool
has_nsid(const struct config_nsids *list, uint32_t nsid)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->nsid[i] == nsid)
			return (true);
	}
	return (false);
}

bool
config_may_see(const struct config_host *h, uint32_t nsid)
{
	return (h == NULL || h->namespaces.n == 0 || has_nsid(&h->namespaces, nsid));
}

bool
config_may_write(const struct config_namespace *ns, const struct config_host *h)
{
	if (ns->read_only || !config_may_see(h, ns->nsid))
		return (false);
	return (h == NULL || (!h->read_only.all && !has_nsid(&h->read_only.nsids, ns->nsid)));
}

bool
config_address_is_loopback(const struct config_address *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == CONFIG_INET)
		return (a->addr[0] == 127);
	return (a->family == CONFIG_INET6 && memcmp(a->addr, one, sizeof(one)) == 0);
}

/* Whether a listening socket is bound to exactly this. */
bool
config_address_equal(const struct config_address *a, const struct ipc_addr *bound)
{
	uint32_t family = a->family == CONFIG_ANY ? CONFIG_INET6 : a->family;

	return (same_family(family, bound) && a->port == bound->port &&
	    memcmp(a->addr, bound->addr, sizeof(a->addr)) == 0);
}
