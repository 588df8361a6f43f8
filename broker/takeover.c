/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Being in charge. Before, the warden tells who lives (and who died with writes still under way);
 * nobody is spoken to until GO. A worker with a record is who the record says. One without is a
 * spare, or has a connection that nobody told of yet: it is let be, and believed nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"
#include "common/sandbox.h"

/* A worker's first words may have been heard by the broker before us, or not. */
#define S_UNKNOWN	(S_NEW | S_UP)

void
takeover_child(struct broker *b, const struct ipc_child *m, int fd)
{
	struct ipc_spawned as = { .child = m->child, .pid = m->pid, .uid = m->uid };
	struct session *s;

	if (m->role == ROLE_LISTENER) {
		listener_adopt(b, m->child, fd);
		return;
	}
	if (m->role != ROLE_WORKER || (s = session_new(b, &as)) == NULL) {
		close(fd);
		return;
	}
	s->inherited = true;
	s->inherited_fd = fd;
	s->inherited_state = S_UNKNOWN;
}

static void
become_greeter(struct session *s)
{
	s->phase = SESSION_GREETING;
	s->inherited_state = S_GREET;
	s->counted = true;
	s->greeted_ms = loop_now_ms();
	timer_set(s->deadline, s->broker->config->limits.greeting_timeout_ms + GRACE_MS);
}

void
takeover_record(struct broker *b, const struct ipc_child *m, int fd)
{
	struct session *s = session_find(b, m->child);
	struct ipc_record *r;

	if (s == NULL || s->record != NULL || (r = malloc(sizeof(*r))) == NULL)
		return;
	if (record_read(fd, m->child, r) == -1) {
		log_errx("the record of worker %u cannot be believed", m->child);
		free(r);
		s->phase = SESSION_OVER;	/* it ends at GO */
		return;
	}
	s->record = r;
	s->peer = r->peer;
	s->local = r->local;
	s->listener = listen_index(b, &s->local);
	if (r->kind == RECORD_GREETER) {
		become_greeter(s);
		return;
	}
	s->phase = SESSION_CONTROLLER;
	s->inherited_state = S_CTRL;
}

/* ---- GO ---- */

static void
count(struct broker *b, unsigned *io, unsigned *discovery)
{
	struct session *s;

	*io = *discovery = 0;
	RB_FOREACH(s, session_tree, &b->sessions) {
		if (s->gone || s->phase != SESSION_CONTROLLER)
			continue;
		if (s->record->discovery)
			++*discovery;
		else
			++*io;
	}
}

static unsigned
count_waiting(const struct broker *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b->nbackends; i++)
		n += b->backends[i].state == NS_WAITING;
	return (n);
}

void
session_title(struct broker *b)
{
	unsigned io, discovery;

	count(b, &io, &discovery);
	setproctitle("-broker: %u controllers, %u for discovery", io, discovery);
}

static void
alive_due(void *ctx)
{
	struct broker *b = ctx;
	unsigned io, discovery, waiting = count_waiting(b);
	char text[IPC_TEXT_SIZE], more[64] = "";

	count(b, &io, &discovery);
	if (waiting > 0)
		snprintf(more, sizeof(more), ", %u of them waiting", waiting);
	snprintf(text, sizeof(text), "%s: %u controllers, %u for discovery, %zu namespaces%s",
	    b->phase == BROKER_LEAVING ? "stopping" : "serving", io, discovery, b->nbackends,
	    more);
	warden_alive(b, text);
	timer_set(b->alive, ALIVE_MS);
}

static void
look_at(struct session *s)
{
	const struct config_limits *l = &s->broker->config->limits;
	int fd = s->inherited_fd;

	s->inherited_fd = -1;
	if (session_attach(s, fd, s->inherited_state) == -1)
		session_kill(s, NULL);
	if (s->phase == SESSION_CONTROLLER)
		session_range_takeover(s);
	if (s->gone_early)
		session_gone(s, s->status);
	else if (s->phase == SESSION_OVER)
		session_kill(s, NULL);
	else if (s->phase == SESSION_STARTING)
		timer_set(s->deadline, l->greeting_timeout_ms + WORKER_START_MS);
	else if (s->phase == SESSION_CONTROLLER && s->record->discovery)
		discovery_send(s);	/* what it shows may have changed */
}

/* Those that died while nobody was in charge among them. */
static void
look_at_sessions(struct broker *b)
{
	struct session *s, *next;

	for (s = RB_MIN(session_tree, &b->sessions); s != NULL; s = next) {
		next = RB_NEXT(session_tree, &b->sessions, s);
		if (s->inherited_fd != -1)
			look_at(s);
	}
}

static void
refill_due(void *ctx)
{
	spare_refill(ctx);
}

void
takeover_go(struct broker *b)
{
	b->phase = BROKER_IN_CHARGE;
	b->spares_again = timer_new(refill_due, b);
	b->alive = timer_new(alive_due, b);
	ana_start(b);
	alive_due(b);
	session_range_init(b);
	look_at_sessions(b);
	reserve_takeover(b);
	session_range_in_charge(b);
	live_start(b);
	reserve_again(b);
	held_sweep(b);
	listener_start(b);
	spare_refill(b);
	session_ping_start(b);
	session_title(b);
	report_init(b, b->control);	/* until now it was the old broker's to answer */
	log_info("in charge: %zu listeners, %zu subsystems, %zu namespaces", b->nlistening,
	    b->config->nsubsystems, b->nbackends);
}
