/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The questions of policy that a configuration answers: which subsystem, which host, from where,
 * what it sees, what it may write. No answer is "yes" by default. Names are compared whole.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include "broker/config_parse.h"

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

/* A peer's address without its port. IPv4 on a socket for both families comes mapped into IPv6. */
static bool
peer_address(const struct sockaddr *sa, struct config_prefix *out)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	memset(out, 0, sizeof(*out));
	if (sa->sa_family == AF_INET) {
		out->family = CONFIG_INET;
		memcpy(out->addr, &in->sin_addr, 4);
		return (true);
	}
	if (sa->sa_family != AF_INET6)
		return (false);
	out->family = CONFIG_INET6;
	memcpy(out->addr, &in6->sin6_addr, 16);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		out->family = CONFIG_INET;
		memset(out->addr, 0, sizeof(out->addr));
		memcpy(out->addr, (const uint8_t *)&in6->sin6_addr + 12, 4);
	}
	return (true);
}

static bool
is_inside(const struct config_prefix *x, const struct config_prefix *peer)
{
	uint32_t whole = x->bits / 8, rest = x->bits % 8;

	if (x->family != peer->family || memcmp(x->addr, peer->addr, whole) != 0)
		return (false);
	return (rest == 0 || ((x->addr[whole] ^ peer->addr[whole]) >> (8 - rest)) == 0);
}

static bool
may_come_from(const struct config_host *h, const struct sockaddr *from)
{
	struct config_prefix peer;

	if (h->addresses.n == 0)
		return (true);
	if (!peer_address(from, &peer))
		return (false);
	for (size_t i = 0; i < h->addresses.n; i++) {
		if (is_inside(&h->addresses.prefix[i], &peer))
			return (true);
	}
	return (false);
}

bool
config_may_connect(const struct config_subsystem *s, const char *hostnqn,
    const struct sockaddr *from)
{
	const struct config_host *h = config_find_host(s, hostnqn);

	if (h != NULL)
		return (may_come_from(h, from));
	return (s->allow_any_host);
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
config_address_equal(const struct config_address *a, const struct sockaddr *sa)
{
	struct sockaddr_storage mine;
	struct config_prefix x;
	in_port_t port;

	if (!peer_address(sa, &x))
		return (false);
	config_address_sockaddr(a, &mine);
	port = sa->sa_family == AF_INET ? ((const struct sockaddr_in *)sa)->sin_port :
	    ((const struct sockaddr_in6 *)sa)->sin6_port;
	if (ntohs(port) != a->port)
		return (false);
	if (a->family == CONFIG_ANY)
		return (x.family == CONFIG_INET6 && value_zero(x.addr, sizeof(x.addr)));
	return (a->family == x.family && memcmp(a->addr, x.addr, sizeof(x.addr)) == 0);
}
