/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no key can say alone: things that exclude or need each other, names that are taken twice,
 * numbers that do not go together. Each check reports and goes on.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"
#include "common/ipc_payload.h"
#include "common/nqn.h"

/* Of a scalar: its own place, or where the default's opponent was written. */
static struct config_mark
either_mark(const struct parse *p, enum config_section in_a, const char *a,
    enum config_section in_b, const char *b)
{
	struct config_mark at = key_given(p, in_a, a);

	return (at.line != 0 ? at : key_given(p, in_b, b));
}

static void
check_uids(struct parse *p)
{
	const struct config_limits *l = &p->cfg->limits;
	const struct config_range *u = &p->cfg->service.uids;
	struct config_mark at = key_given(p, SEC_SERVICE, "uid-range");
	uint64_t need = (uint64_t)CONFIG_UID_WORKERS + l->greetings + l->controllers +
	    l->discovery_controllers + p->cfg->service.spares;
	uint64_t have = (uint64_t)u->last - u->first + 1;

	if (have < need)
		parse_error(p, at, "expected at least %llu user ids in 'uid-range' for the limits "
		    "that are set, found %llu", (unsigned long long)need,
		    (unsigned long long)have);
	/* nobody, and what a 16-bit (uid_t)-1 becomes */
	if (u->first <= 65535 && u->last >= 65534)
		parse_error(p, at, "expected 'uid-range' without 65534 and 65535");
}

/* Each lane has its own part, and must be able to take a command each way. */
static void
check_memory(struct parse *p)
{
	const struct config *c = p->cfg;
	uint64_t need = 2 * c->transport.max_transfer * config_lanes(c);
	char memory[VALUE_SIZE], least[VALUE_SIZE], lanes[VALUE_SIZE] = "";
	struct config_mark at = key_given(p, SEC_LIMITS, "memory");

	if (at.line == 0)
		at = either_mark(p, SEC_TRANSPORT, "max-transfer", SEC_SERVICE, "lanes");
	if (config_lanes(c) > 1)
		snprintf(lanes, sizeof(lanes), " for each of %u 'lanes'", config_lanes(c));
	if (c->limits.memory < need)
		parse_error(p, at, "expected 'memory' of at least %s, twice 'max-transfer'%s, "
		    "found %s", format_size(need, least), lanes,
		    format_size(c->limits.memory, memory));
}

static void
check_limits(struct parse *p)
{
	const struct config *c = p->cfg;

	check_memory(p);
	if (c->limits.greetings_per_source > c->limits.greetings)
		parse_error(p, either_mark(p, SEC_LIMITS, "greetings-per-source", SEC_LIMITS,
		    "greetings"), "expected 'greetings-per-source' of at most 'greetings' (%u), found %u",
		    c->limits.greetings, c->limits.greetings_per_source);
}

/* Two listening sockets that the kernel would not let live together. */
static bool
overlap(const struct config_address *a, const struct config_address *b)
{
	if (a->port != b->port || a->port == 0)
		return (false);
	if (a->family == CONFIG_ANY || b->family == CONFIG_ANY)
		return (true);
	return (a->family == b->family && (memcmp(a->addr, b->addr, 16) == 0 ||
	    value_zero(a->addr, 16) || value_zero(b->addr, 16)));
}

static void
check_listener_pair(struct parse *p, const struct config_listener *a,
    const struct config_listener *b)
{
	char buf[CONFIG_ERROR_SIZE];

	if (overlap(&a->address, &b->address))
		parse_error(p, b->head.at, "expected another address, found one that overlaps with "
		    "%s", place(p, a->head.at, buf));
	if (a->socket[0] != '\0' && strcmp(a->socket, b->socket) == 0)
		parse_error(p, b->head.at, "expected another socket, found the one of %s",
		    place(p, a->head.at, buf));
}

static void
check_listeners(struct parse *p)
{
	const struct config *c = p->cfg;
	bool io = false;

	for (size_t i = 0; i < c->nlisteners; i++) {
		const struct config_listener *l = &c->listeners[i];

		io = io || !l->discovery;
		if (l->address.port == 0 && l->socket[0] == '\0')
			parse_error(p, l->head.at, "expected 'address' or 'socket' in a listener, "
			    "found neither");
		for (size_t j = 0; j < i; j++)
			check_listener_pair(p, &c->listeners[j], l);
	}
	if (!io)
		parse_error(p, key_given(p, SEC_TOP, "listeners"),
		    "expected at least one listener without 'discovery: true', found none");
}

static void
check_namespace(struct parse *p, const struct config_namespace *ns)
{
	if ((ns->path != NULL) == (ns->ram != 0))
		parse_error(p, ns->head.at, "expected either 'path' or 'ram' in a namespace, found "
		    "%s", ns->ram != 0 ? "both" : "neither");
	if (ns->ram != 0 && ns->read_only)
		parse_error(p, ns->head.at, "expected a RAM disk that can be written, found "
		    "'read-only: true'");
	if (ns->ram != 0 && ns->cache != CONFIG_CACHE_DEFAULT)
		parse_error(p, ns->head.at, "expected no 'cache' for a RAM disk, which is memory "
		    "already, found one");
}

static void
check_namespaces(struct parse *p, const struct config_subsystem *s)
{
	struct entries nsids = {NULL, 0, 0};

	for (size_t i = 0; i < s->nnamespaces; i++) {
		const struct config_namespace *ns = &s->namespaces[i];

		check_namespace(p, ns);
		entry_add(&nsids, &ns->nsid, sizeof(ns->nsid), ns->head.at, false);
	}
	check_unique(p, &nsids, "nsid in this subsystem");
}

static void
check_nsids(struct parse *p, const struct config_subsystem *s, const struct config_host *h,
    const struct config_nsids *list, bool must_see)
{
	bool seen[CONFIG_NSID_MAX + 1] = {false};

	for (size_t i = 0; i < list->n; i++) {
		uint32_t nsid = list->nsid[i];

		if (config_find_namespace(s, nsid) == NULL)
			parse_error(p, h->head.at, "expected namespaces of this subsystem, found "
			    "nsid %u", nsid);
		else if (must_see && !config_may_see(h, nsid))
			parse_error(p, h->head.at, "expected 'read-only' to name namespaces of "
			    "this host, found nsid %u", nsid);
		if (seen[nsid])
			parse_error(p, h->head.at, "expected each nsid once, found %u twice", nsid);
		seen[nsid] = true;
	}
}

static bool
can_have(const struct config_transport *t, uint32_t digests)
{
	return (((digests & IPC_DIGEST_HEADER) == 0 || t->header_digest != CONFIG_DIGEST_FORBID) &&
	    ((digests & IPC_DIGEST_DATA) == 0 || t->data_digest != CONFIG_DIGEST_FORBID));
}

static void
check_host(struct parse *p, const struct config_subsystem *s, const struct config_host *h)
{
	uint32_t most = p->cfg->limits.controllers_per_host;

	check_nsids(p, s, h, &h->namespaces, false);
	check_nsids(p, s, h, &h->read_only.nsids, true);
	if (h->max_controllers > most)
		parse_error(p, h->head.at, "expected 'max-controllers' of at most "
		    "'controllers-per-host' (%u), found %u", most, h->max_controllers);
	if (!can_have(&p->cfg->transport, h->require_digests))
		parse_error(p, h->head.at, "expected 'require-digests' of what 'transport' permits, "
		    "found a digest that it forbids");
	if (config_is_discovery(p->cfg, h->nqn))
		parse_error(p, h->head.at, "expected a host's NQN, found the discovery "
		    "subsystem's");
}

static void
check_hosts(struct parse *p, const struct config_subsystem *s)
{
	struct entries nqns = {NULL, 0, 0};

	for (size_t i = 0; i < s->nhosts; i++) {
		const struct config_host *h = &s->hosts[i];

		check_host(p, s, h);
		entry_add(&nqns, h->nqn, strlen(h->nqn), h->head.at, false);
	}
	check_unique(p, &nqns, "host NQN in this subsystem");
}

/* Nobody is admitted by an omission, and nobody is locked out by one either. */
static void
check_admission(struct parse *p, const struct config_subsystem *s)
{
	bool listed = key_is_set(&s->head, SEC_SUBSYSTEM, "hosts");

	if (s->allow_any_host && listed)
		parse_error(p, s->head.at, "expected either 'hosts' or 'allow-any-host: true', "
		    "found both");
	if (!listed && !key_is_set(&s->head, SEC_SUBSYSTEM, "allow-any-host"))
		parse_error(p, s->head.at, "expected 'hosts' or 'allow-any-host' in a subsystem, "
		    "found neither: nobody could reach it");
	if (nqn_is_discovery(s->nqn))
		parse_error(p, s->head.at, "expected an NQN of your own, found the discovery "
		    "subsystem's");
}

static void
check_subsystems(struct parse *p)
{
	struct entries nqns = {NULL, 0, 0};
	const struct config *c = p->cfg;

	if (c->nsubsystems == 0)
		parse_error(p, (struct config_mark){0, 0},
		    "expected at least one subsystem, found none");
	for (size_t i = 0; i < c->nsubsystems; i++) {
		const struct config_subsystem *s = &c->subsystems[i];

		entry_add(&nqns, s->nqn, strlen(s->nqn), s->head.at, false);
		check_admission(p, s);
		check_namespaces(p, s);
		check_hosts(p, s);
		config_check_ana(p, s);
	}
	check_unique(p, &nqns, "subsystem NQN");
}

typedef void each_fn(struct entries *, const struct config_namespace *);

static void
each_path(struct entries *all, const struct config_namespace *ns)
{
	if (ns->path != NULL)
		entry_add(all, ns->path, strlen(ns->path), ns->head.at, ns->read_only);
}

static void
each_uuid(struct entries *all, const struct config_namespace *ns)
{
	if (!value_zero(ns->uuid, sizeof(ns->uuid)))
		entry_add(all, ns->uuid, sizeof(ns->uuid), ns->head.at, false);
}

static void
each_nguid(struct entries *all, const struct config_namespace *ns)
{
	if (!value_zero(ns->nguid, sizeof(ns->nguid)))
		entry_add(all, ns->nguid, sizeof(ns->nguid), ns->head.at, false);
}

static void
each_eui64(struct entries *all, const struct config_namespace *ns)
{
	if (!value_zero(ns->eui64, sizeof(ns->eui64)))
		entry_add(all, ns->eui64, sizeof(ns->eui64), ns->head.at, false);
}

static void
check_each(struct parse *p, each_fn *add, const char *what)
{
	struct entries all = {NULL, 0, 0};
	const struct config *c = p->cfg;

	for (size_t i = 0; i < c->nsubsystems; i++) {
		for (size_t j = 0; j < c->subsystems[i].nnamespaces; j++)
			add(&all, &c->subsystems[i].namespaces[j]);
	}
	check_unique(p, &all, what);
}

/* Hosts take namespaces with the same identity for one disk with several paths. */
void
config_check_identities(struct parse *p)
{
	check_each(p, each_uuid, "UUID");
	check_each(p, each_nguid, "NGUID");
	check_each(p, each_eui64, "EUI-64");
}

void
config_check(struct parse *p)
{
	check_uids(p);
	check_limits(p);
	check_listeners(p);
	check_subsystems(p);
	config_check_discovery(p);
	check_each(p, each_path, "path (it is shared only if all are 'read-only: true')");
	config_check_identities(p);
}
