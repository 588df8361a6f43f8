/* SPDX-License-Identifier: BSD-2-Clause */
/* States of ANA groups: see ana.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/ana.h"
#include "common/nvme.h"

#define KEPT_VERSION 1u
#define KEPT_MAX 65536u		/* rows that are believed */

struct ana {
	const struct config *config;
	struct ana_cell **of;		/* by subsystem; its groups one after the other */
	size_t columns;			/* listeners, and one for any other */
};

/* A row of the page. */
struct kept {
	char nqn[CONFIG_NQN_SIZE];
	char listener[CONFIG_SOCKET_SIZE];	/* "": any other */
	uint32_t group, version;
	struct ana_cell cell;
};

static size_t
column_of(const struct ana *a, uint32_t listener)
{
	return (listener < a->columns - 1 ? listener : a->columns - 1);
}

static void
configure(struct ana *a, const struct config_ana_group *g, struct ana_cell *row)
{
	for (size_t i = 0; i < a->columns; i++) {
		uint32_t listener = i == a->columns - 1 ? CONFIG_NO_LISTENER : (uint32_t)i;

		row[i].configured = config_ana_state(a->config, g, listener);
		row[i].target = row[i].state = row[i].configured;
		row[i].count = 1;
	}
}

static int
add_subsystem(struct ana *a, size_t i)
{
	const struct config_subsystem *s = &a->config->subsystems[i];

	if (s->nana_groups == 0)
		return (0);
	a->of[i] = calloc(s->nana_groups * a->columns, sizeof(*a->of[i]));
	if (a->of[i] == NULL)
		return (-1);
	for (size_t g = 0; g < s->nana_groups; g++)
		configure(a, &s->ana_groups[g], a->of[i] + g * a->columns);
	return (0);
}

struct ana *
ana_new(const struct config *c)
{
	struct ana *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return (NULL);
	a->config = c;
	a->columns = c->nlisteners + 1;
	if ((a->of = calloc(c->nsubsystems + 1, sizeof(*a->of))) == NULL) {
		free(a);
		return (NULL);
	}
	for (size_t i = 0; i < c->nsubsystems; i++)
		if (add_subsystem(a, i) == -1) {
			ana_free(a);
			return (NULL);
		}
	return (a);
}

void
ana_free(struct ana *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->config->nsubsystems; i++)
		free(a->of[i]);
	free(a->of);
	free(a);
}

struct ana_cell *
ana_find(struct ana *a, const struct config_subsystem *s, uint32_t group, uint32_t listener)
{
	const struct config_ana_group *g = config_ana_find(s, group);

	if (g == NULL)
		return (NULL);
	return (a->of[s - a->config->subsystems] + (size_t)(g - s->ana_groups) * a->columns +
	    column_of(a, listener));
}

static bool
is_accessible(uint32_t state)
{
	return (state == NVME_ANA_OPTIMIZED || state == NVME_ANA_NON_OPTIMIZED);
}

bool
ana_is_transition(uint32_t from, uint32_t to)
{
	return (from != to && is_accessible(from) != is_accessible(to));
}

void
ana_set_state(struct ana_cell *c, uint32_t state)
{
	if (c->state == state)
		return;
	c->state = state;
	c->count++;
}

/* ---- the page ---- */

static const char *
name_of(const struct ana *a, size_t column, char *buf)
{
	if (column == a->columns - 1)
		return ("");
	return (config_listener_name(&a->config->listeners[column], buf));
}

static bool
is_worth_keeping(const struct ana_cell *c)
{
	return (c->target != c->configured || c->count > 1);
}

static size_t
cells_of(const struct ana *a, size_t subsystem)
{
	return (a->config->subsystems[subsystem].nana_groups * a->columns);
}

static size_t
count_kept(const struct ana *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->config->nsubsystems; i++)
		for (size_t j = 0; j < cells_of(a, i); j++)
			n += is_worth_keeping(&a->of[i][j]);
	return (n);
}

static void
fill_kept(const struct ana *a, size_t i, size_t j, struct kept *k)
{
	const struct config_subsystem *s = &a->config->subsystems[i];
	char name[CONFIG_SOCKET_SIZE];

	strlcpy(k->nqn, s->nqn, sizeof(k->nqn));
	strlcpy(k->listener, name_of(a, j % a->columns, name), sizeof(k->listener));
	k->group = s->ana_groups[j / a->columns].id;
	k->version = KEPT_VERSION;
	k->cell = a->of[i][j];
}

void *
ana_save(const struct ana *a, size_t *size)
{
	size_t n = count_kept(a), at = 0;
	struct kept *k = calloc(n + 1, sizeof(*k));

	if (k == NULL)
		return (NULL);
	for (size_t i = 0; i < a->config->nsubsystems; i++)
		for (size_t j = 0; j < cells_of(a, i); j++)
			if (is_worth_keeping(&a->of[i][j]))
				fill_kept(a, i, j, &k[at++]);
	*size = n * sizeof(*k);
	return (k);
}

static bool
is_text(const char *text, size_t size)
{
	return (memchr(text, '\0', size) != NULL);
}

/* A state to be in; one that was on its way is where it was going. */
static bool
kept_ok(const struct kept *k)
{
	return (k->version == KEPT_VERSION && is_text(k->nqn, sizeof(k->nqn)) &&
	    is_text(k->listener, sizeof(k->listener)) && k->cell.target >= NVME_ANA_OPTIMIZED &&
	    k->cell.target <= NVME_ANA_PERSISTENT_LOSS);
}

static void
restore(struct ana *a, const struct kept *k)
{
	const struct config_subsystem *s = config_find_subsystem(a->config, k->nqn);
	uint32_t listener = CONFIG_NO_LISTENER;
	struct ana_cell *c;

	if (k->listener[0] != '\0' && (listener = config_find_listener(a->config, k->listener)) ==
	    CONFIG_NO_LISTENER)
		return;
	if (s == NULL || (c = ana_find(a, s, k->group, listener)) == NULL)
		return;
	if (k->cell.configured == c->configured)
		c->target = c->state = k->cell.target;
	c->count = k->cell.count + (c->state != k->cell.state);
}

void
ana_restore(struct ana *a, const void *page, size_t size)
{
	const char *p = page;
	struct kept k;

	if (size % sizeof(k) != 0 || size / sizeof(k) > KEPT_MAX)
		return;
	for (size_t at = 0; at < size; at += sizeof(k)) {
		memcpy(&k, p + at, sizeof(k));
		if (kept_ok(&k))
			restore(a, &k);
	}
}
