/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The discovery block as a whole: names that belong to one subsystem only, and referrals that lead
 * somewhere else. Each check reports and goes on.
 */
#include "config.h"

#include <string.h>

#include "broker/config_parse.h"

static bool
same_address(const struct config_address *a, const struct config_address *b)
{
	return (a->family == b->family && a->port == b->port &&
	    memcmp(a->addr, b->addr, sizeof(a->addr)) == 0);
}

static void
check_referral(struct parse *p, const struct config_referral *r)
{
	const struct config *c = p->cfg;
	char buf[CONFIG_ERROR_SIZE];

	if (r->address.family == CONFIG_ANY || value_zero(r->address.addr, 16))
		parse_error(p, r->head.at, "expected the address of one target in a referral, found "
		    "%s", config_address_format(&r->address, buf));
	for (size_t i = 0; i < c->nlisteners; i++) {
		if (same_address(&r->address, &c->listeners[i].address))
			parse_error(p, r->head.at, "expected another target's address in a referral, "
			    "found the listener of %s", place(p, c->listeners[i].head.at, buf));
	}
	if (config_find_subsystem(c, r->nqn) != NULL)
		parse_error(p, r->head.at, "expected the NQN of a discovery subsystem in a referral, "
		    "found one of 'subsystems'");
}

static void
check_referral_pair(struct parse *p, const struct config_referral *a,
    const struct config_referral *b)
{
	char buf[CONFIG_ERROR_SIZE];

	if (same_address(&a->address, &b->address) && strcmp(a->nqn, b->nqn) == 0)
		parse_error(p, b->head.at, "expected another referral, found the one of %s",
		    place(p, a->head.at, buf));
}

void
config_check_discovery(struct parse *p)
{
	const struct config_discovery *d = &p->cfg->discovery;

	if (d->nqn[0] != '\0' && config_find_subsystem(p->cfg, d->nqn) != NULL)
		parse_error(p, key_given(p, SEC_DISCOVERY, "nqn"), "expected an NQN of its own for "
		    "discovery, found the one of a subsystem");
	for (size_t i = 0; i < d->nreferrals; i++) {
		check_referral(p, &d->referrals[i]);
		for (size_t j = 0; j < i; j++)
			check_referral_pair(p, &d->referrals[j], &d->referrals[i]);
	}
}
