/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asymmetric Namespace Access in the configuration: which group a namespace is of, which state a
 * group has through which listener, and whether what was written fits together.
 */
#include "config.h"

#include <string.h>

#include "broker/config_parse.h"
#include "common/nvme.h"

/* Linux does without ANA when its log page may be larger than one transfer. */
#define ANA_TRANSFER_MIN 8192u

const struct config_ana_group *
config_ana_find(const struct config_subsystem *s, uint32_t id)
{
	for (size_t i = 0; i < s->nana_groups; i++)
		if (s->ana_groups[i].id == id)
			return (&s->ana_groups[i]);
	return (NULL);
}

uint32_t
config_ana_group(const struct config_subsystem *s, const struct config_namespace *ns)
{
	if (ns->ana_group != 0 || s->nana_groups == 0)
		return (ns->ana_group);
	return (s->ana_groups[0].id);
}

static bool
is_named(const struct config_listener *l, const char *name, const struct config_address *address)
{
	if (l->socket[0] != '\0' && strcmp(l->socket, name) == 0)
		return (true);
	return (address->port != 0 && l->address.port == address->port &&
	    l->address.family == address->family &&
	    memcmp(l->address.addr, address->addr, sizeof(address->addr)) == 0);
}

uint32_t
config_find_listener(const struct config *c, const char *name)
{
	struct config_address address = { 0 };

	(void)value_address(name, &address);
	for (uint32_t i = 0; i < c->nlisteners; i++)
		if (is_named(&c->listeners[i], name, &address))
			return (i);
	return (CONFIG_NO_LISTENER);
}

const char *
config_listener_name(const struct config_listener *l, char *buf)
{
	if (l->address.port != 0)
		return (config_address_format(&l->address, buf));
	strlcpy(buf, l->socket, CONFIG_SOCKET_SIZE);
	return (buf);
}

uint32_t
config_ana_state(const struct config *c, const struct config_ana_group *g, uint32_t listener)
{
	for (size_t i = 0; i < g->nlisteners; i++)
		if (config_find_listener(c, g->listeners[i].listener) == listener &&
		    listener != CONFIG_NO_LISTENER)
			return (g->listeners[i].state);
	return (g->state);
}

/* ---- does it fit together? ---- */

static void
check_listeners(struct parse *p, const struct config_ana_group *g)
{
	struct entries all = {NULL, 0, 0};
	uint32_t at[CONFIG_LISTENERS_MAX];
	char found[FOUND_SIZE];

	for (size_t i = 0; i < g->nlisteners; i++) {
		const struct config_ana_listener *l = &g->listeners[i];

		at[i] = config_find_listener(p->cfg, l->listener);
		if (at[i] == CONFIG_NO_LISTENER || p->cfg->listeners[at[i]].discovery)
			parse_error(p, l->head.at, "expected 'listener' to be the address or "
			    "socket of one of 'listeners' that is not for discovery, found %s",
			    text_escape(l->listener, found, sizeof(found)));
		else
			entry_add(&all, &at[i], sizeof(at[i]), l->head.at, false);
	}
	check_unique(p, &all, "listener in this ANA group");
}

static void
check_namespace(struct parse *p, const struct config_subsystem *s,
    const struct config_namespace *ns)
{
	if (ns->ana_group == 0 && s->nana_groups > 1)
		parse_error(p, ns->head.at, "expected 'ana-group' in a namespace of a subsystem "
		    "with several 'ana-groups', found none");
	else if (ns->ana_group != 0 && config_ana_find(s, ns->ana_group) == NULL)
		parse_error(p, ns->head.at, "expected 'ana-group' to be the id of one of "
		    "'ana-groups', found %u", ns->ana_group);
}

void
config_check_ana(struct parse *p, const struct config_subsystem *s)
{
	struct entries ids = {NULL, 0, 0};
	char found[VALUE_SIZE];

	for (size_t i = 0; i < s->nana_groups; i++) {
		const struct config_ana_group *g = &s->ana_groups[i];

		entry_add(&ids, &g->id, sizeof(g->id), g->head.at, false);
		check_listeners(p, g);
	}
	check_unique(p, &ids, "id in these ANA groups");
	for (size_t i = 0; i < s->nnamespaces; i++)
		check_namespace(p, s, &s->namespaces[i]);
	if (s->nana_groups > 0 && p->cfg->transport.max_transfer < ANA_TRANSFER_MIN)
		parse_error(p, s->head.at, "expected 'max-transfer' of at least 8K where there are "
		    "'ana-groups', found %s", format_size(p->cfg->transport.max_transfer, found));
}
