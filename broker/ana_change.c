/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ANA states as controllers are told them, and their change while the service runs. Where access is
 * given or taken there is a time in between: every controller concerned is told "change", finishes
 * what began before, and is told the new state when all have; or when ANATT is over, since hosts do
 * not wait longer. The asker is answered when no command that began before is left anywhere.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/nvme.h"

#define PAGE_NAME "ana"		/* of the page that the warden keeps */

struct ana_change {
	TAILQ_ENTRY(ana_change) entry;
	struct broker *broker;
	const struct config_subsystem *subsystem;
	uint32_t group;
	bool all;			/* through every listener */
	uint32_t listener;		/* ... or this one */
	bool stays;			/* in "change", until somebody sets another state */
	bool arrived;
	unsigned fences;		/* not yet complete */
	struct timer *anatt;
	ana_done *done;			/* NULL: nobody waits for it */
	void *ctx;
};

/* ---- the page ---- */

static void
page_key(uint8_t key[HELD_KEY_SIZE])
{
	held_key(key, HOLD_PAGE, PAGE_NAME, 0, 0);
}

static void
restore(struct ana *a, int fd)
{
	struct stat st;
	void *page;

	if (fstat(fd, &st) == -1 || st.st_size <= 0 || st.st_size > (1 << 26) ||
	    (page = malloc((size_t)st.st_size)) == NULL)
		return;
	if (pread(fd, page, (size_t)st.st_size, 0) == st.st_size)
		ana_restore(a, page, (size_t)st.st_size);
	free(page);
}

void
ana_start(struct broker *b)
{
	uint8_t key[HELD_KEY_SIZE];
	struct held *h;

	TAILQ_INIT(&b->ana_changes);
	if ((b->ana = ana_new(b->config)) == NULL)
		broker_fatal("out of memory");
	page_key(key);
	if ((h = held_find(&b->held, HOLD_PAGE, key)) == NULL)
		return;
	h->wanted = true;
	restore(b->ana, h->fd);
}

/* Before anybody is told: what a host has seen is never taken back by the next broker. */
static void
keep(struct broker *b)
{
	uint8_t key[HELD_KEY_SIZE];
	struct held *h = NULL;
	size_t size;
	void *page = ana_save(b->ana, &size);
	int fd = page == NULL ? -1 : ipc_sealed("cellblock-ana", page, size);

	free(page);
	page_key(key);
	if (fd == -1 || (h = held_put(&b->held, HOLD_PAGE, key, fd)) == NULL) {
		log_warnx("ANA states could not be kept for the next broker");
		return;
	}
	h->wanted = true;
	warden_hold(b, h);
}

/* ---- what a controller is told ---- */

static uint32_t
listener_of(const struct session *s)
{
	const struct broker *b = s->broker;

	if (s->listener >= b->nlistening)
		return (CONFIG_NO_LISTENER);
	return ((uint32_t)(b->listening[s->listener].config - b->config->listeners));
}

/* A host that was offered ANA goes on with it when the configuration has no groups any more, and
 * one that was not is kept out all the same where a group cannot be reached. */
void
ana_row(const struct session *s, const struct backend *be, struct ipc_ns *m)
{
	uint32_t group = config_ana_group(be->subsystem, be->ns);
	const struct ana_cell *c = group == 0 ? NULL : ana_find(s->broker->ana, be->subsystem,
	    group, listener_of(s));

	m->ana_state = c != NULL ? c->state : NVME_ANA_OPTIMIZED;
	if (!s->record->ana)
		return;
	m->ana_group = c != NULL ? group : 1;
	m->ana_count = c != NULL ? c->count : 1;
}

/* The dead among them, until their writes have landed. */
static bool
is_concerned(const struct ana_change *g, const struct session *s)
{
	return (s->record != NULL && s->record->kind == RECORD_CONTROLLER &&
	    !s->record->discovery &&
	    strcmp(s->record->subnqn, g->subsystem->nqn) == 0 &&
	    (g->all || listener_of(s) == g->listener));
}

static void arrive(struct ana_change *);

static void
change_free(struct ana_change *g)
{
	TAILQ_REMOVE(&g->broker->ana_changes, g, entry);
	timer_free(g->anatt);
	free(g);
}

static void
answer(struct ana_change *g)
{
	ana_done *done = g->done;

	g->done = NULL;
	if (done != NULL)
		done(g->ctx, NULL);
}

static void
fenced(void *ctx)
{
	struct ana_change *g = ctx;

	g->fences--;
	if (!g->arrived && !g->stays)
		arrive(g);
	if (g->fences > 0)
		return;
	answer(g);
	if (g->arrived)
		change_free(g);
}

static void
tell(struct ana_change *g)
{
	struct broker *b = g->broker;
	struct fence *f = fence_new(b, fenced, g);
	struct session *s;

	keep(b);
	g->fences++;
	RB_FOREACH(s, session_tree, &b->sessions) {
		if (!is_concerned(g, s))
			continue;
		for (size_t i = 0; i < g->subsystem->nnamespaces; i++) {
			const struct config_namespace *ns = &g->subsystem->namespaces[i];

			if (config_ana_group(g->subsystem, ns) == g->group &&
			    record_ns(s, ns->nsid) != NULL)
				fence_tell(f, s, ns->nsid);
		}
	}
}

/* ---- a change ---- */

typedef void each_fn(struct ana_cell *, uint32_t state);

static void
each_cell(struct ana_change *g, each_fn *fn, uint32_t state)
{
	uint32_t n = (uint32_t)g->broker->config->nlisteners;

	for (uint32_t i = 0; i <= n; i++)
		if (g->all || g->listener == i)
			fn(ana_find(g->broker->ana, g->subsystem, g->group,
			    i < n ? i : CONFIG_NO_LISTENER), state);
}

/* "change" is no state to stay in: what it becomes, if nobody says anything else, is the one in
 * which no harm is done. */
static void
depart(struct ana_cell *c, uint32_t state)
{
	uint32_t to = state == 0 ? c->configured : state;

	c->target = to == NVME_ANA_CHANGE ? NVME_ANA_INACCESSIBLE : to;
	if (to == NVME_ANA_CHANGE || ana_is_transition(c->state, to))
		ana_set_state(c, NVME_ANA_CHANGE);
	else
		ana_set_state(c, to);
}

static void
reach(struct ana_cell *c, uint32_t unused)
{
	(void)unused;
	ana_set_state(c, c->target);
}

static bool
is_on_its_way(struct ana_change *g)
{
	uint32_t n = (uint32_t)g->broker->config->nlisteners;

	for (uint32_t i = 0; i <= n; i++)
		if ((g->all || g->listener == i) && ana_find(g->broker->ana, g->subsystem,
		    g->group, i < n ? i : CONFIG_NO_LISTENER)->state == NVME_ANA_CHANGE)
			return (true);
	return (false);
}

static void
arrive(struct ana_change *g)
{
	g->arrived = true;
	timer_stop(g->anatt);
	each_cell(g, reach, 0);
	tell(g);
}

static void
anatt_due(void *ctx)
{
	struct ana_change *g = ctx;

	if (g->stays)
		log_warnx("ANA group %u of %s was in transition for too long: it is inaccessible now",
		    g->group, g->subsystem->nqn);
	if (!g->arrived)
		arrive(g);
}

static struct ana_change *
find_other(const struct ana_change *g)
{
	struct ana_change *other;

	TAILQ_FOREACH(other, &g->broker->ana_changes, entry)
		if (other->subsystem == g->subsystem && other->group == g->group)
			return (other);
	return (NULL);
}

/* One that waits for somebody to say what is next ends here, if this says it for all of it. */
static bool
takes_over(const struct ana_change *g, struct ana_change *other)
{
	if (!other->stays || other->fences > 0 || other->arrived ||
	    !(g->all || (!other->all && other->listener == g->listener)))
		return (false);
	change_free(other);
	return (true);
}

static const char *
check(struct broker *b, const struct ctl_ana_set *m, struct ana_change *g)
{
	struct ana_change *other;

	if (b->phase != BROKER_IN_CHARGE)
		return ("the service is being stopped");
	if (!ipc_text_ok(m->subnqn, sizeof(m->subnqn)) ||
	    (g->subsystem = config_find_subsystem(b->config, m->subnqn)) == NULL)
		return ("there is no such subsystem");
	if (config_ana_find(g->subsystem, m->group) == NULL)
		return ("the subsystem has no such ANA group");
	if (ana_state_name(m->state) == NULL)
		return ("there is no such state");
	if (!g->all && (!ipc_text_ok(m->listener, sizeof(m->listener)) ||
	    (g->listener = config_find_listener(b->config, m->listener)) == CONFIG_NO_LISTENER))
		return ("there is no such listener");
	other = find_other(g);
	if (other != NULL && !takes_over(g, other))
		return ("the group is being changed already");
	return (NULL);
}

static void
say(const struct ana_change *g, uint32_t state)
{
	char name[CONFIG_SOCKET_SIZE] = "every listener";

	if (!g->all)
		config_listener_name(&g->broker->config->listeners[g->listener], name);
	log_info("ANA group %u of %s becomes %s through %s", g->group, g->subsystem->nqn,
	    ana_state_name(state), name);
}

struct ana_change *
ana_change(struct broker *b, const struct ctl_ana_set *m, ana_done *done, void *ctx,
    const char **why)
{
	struct ana_change *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		*why = "out of memory";
		return (NULL);
	}
	g->broker = b;
	g->group = m->group;
	g->all = m->listener[0] == '\0';
	g->stays = m->state == NVME_ANA_CHANGE;
	if ((*why = check(b, m, g)) != NULL) {
		free(g);
		return (NULL);
	}
	g->done = done;
	g->ctx = ctx;
	g->anatt = timer_new(anatt_due, g);
	TAILQ_INSERT_TAIL(&b->ana_changes, g, entry);
	say(g, m->state);
	each_cell(g, depart, m->state);
	g->arrived = !is_on_its_way(g);
	if (!g->arrived)
		timer_set(g->anatt, g->subsystem->anatt_ms);
	tell(g);
	return (g);
}

void
ana_change_forget(struct ana_change *g)
{
	g->done = NULL;
}
