/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is here: controllers, and those that are about to be one, counted for the verdict on another.
 * A host is its name; two machines cloned from one image look like one host.
 */
#include "config.h"

#include <string.h>

#include "broker/broker.h"
#include "common/addr.h"
#include "common/nqn.h"

/* Is it a controller, or about to be one? */
static bool
counts_as_controller(const struct session *s)
{
	return (!s->gone && (s->phase == SESSION_ADMITTING || s->phase == SESSION_CONTROLLER));
}

static const char *
host_of(const struct session *s)
{
	return (s->phase == SESSION_CONTROLLER ? s->record->hostnqn : s->connect.hostnqn);
}

static bool
is_discovery(const struct session *s)
{
	return (s->phase == SESSION_CONTROLLER ? s->record->discovery :
	    nqn_is_discovery(s->connect.subnqn));
}

static bool
is_same_host(const struct session *a, const struct session *b)
{
	return (nqn_equal((const uint8_t *)host_of(a), (const uint8_t *)host_of(b)));
}

/* Of a subsystem that any host may use: its name says nothing. */
static bool
is_nameless(const struct session *s)
{
	const char *nqn = s->phase == SESSION_CONTROLLER ? s->record->subnqn : s->connect.subnqn;
	const struct config_subsystem *sub = config_find_subsystem(s->broker->config, nqn);

	return (sub != NULL && sub->allow_any_host);
}

void
census_count(struct session *asking, struct admit_counts *n)
{
	struct session *s;

	memset(n, 0, sizeof(*n));
	RB_FOREACH(s, session_tree, &asking->broker->sessions) {
		if (s == asking || !counts_as_controller(s))
			continue;
		if (is_discovery(s)) {
			n->discovery++;
			n->discovery_of_source += addr_same_source(&s->peer, &asking->peer);
		} else {
			n->io++;
			n->io_of_host += is_same_host(s, asking);
			n->nameless_of_source += addr_same_source(&s->peer, &asking->peer) &&
			    is_nameless(s);
		}
	}
}

/* It is allowed: the host's own other path may look the same. Data may suffer if it is not. */
void
census_look_for_twin(struct session *s)
{
	char addr[ADDR_TEXT_SIZE];
	struct session *t;

	RB_FOREACH(t, session_tree, &s->broker->sessions)
		if (t != s && counts_as_controller(t) && !is_discovery(t) && is_same_host(t, s) &&
		    !addr_same_host(&t->peer, &s->peer)) {
			logline(s, LOG_WARNING, "give every machine a host NQN of its own "
			    "(nvme gen-hostnqn)", "a host of the same name is connected from %s",
			    addr_format_host(&t->peer, addr));
			return;
		}
}
