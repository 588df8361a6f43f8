/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker as the broker sees it, from its start until it is reaped and its writes have drained.
 * Every change of its phase is here. It is trusted with its own host's affairs only: what it sends
 * out of turn, or leaves unread, ends it and nobody else.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

static int
session_compare(const struct session *a, const struct session *b)
{
	return (a->child < b->child ? -1 : a->child > b->child);
}

RB_GENERATE(session_tree, session, entry, session_compare)

struct session *
session_find(struct broker *b, uint32_t child)
{
	struct session key = { .child = child };

	return (RB_FIND(session_tree, &b->sessions, &key));
}

struct session *
session_by_cntlid(struct broker *b, uint16_t cntlid)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (!s->gone && s->record != NULL && s->record->kind == RECORD_CONTROLLER &&
		    s->record->cntlid == cntlid)
			return (s);
	return (NULL);
}

/* Did it come through a listener that has nothing else? One that is not known is such a one. */
bool
session_on_discovery(const struct session *s)
{
	return (s->listener >= s->broker->nlistening ||
	    s->broker->listening[s->listener].config->discovery);
}

/* The time of its present phase is over. Workers keep the same deadlines; this is for those that
 * do not. */
static void
deadline_due(void *ctx)
{
	struct session *s = ctx;

	switch (s->phase) {
	case SESSION_ADMITTING:
		admission_late(s);
		break;
	case SESSION_STARTING:
		session_kill(s, s->inherited ? NULL : "not ready in time");
		break;
	case SESSION_SPARE:
		break;
	case SESSION_CONTROLLER:
		if (s->leaving)
			session_kill(s, "it did not leave in time");
		break;
	default:
		session_kill(s, "its greeting took too long");
		break;
	}
}

struct session *
session_new(struct broker *b, const struct ipc_spawned *m)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (NULL);
	s->broker = b;
	s->child = m->child;
	s->pid = m->pid;
	s->uid = m->uid;
	s->door = s->inherited_fd = -1;
	s->outcome = GREET_REFUSED;
	s->listener = UINT32_MAX;
	s->deadline = timer_new(deadline_due, s);
	TAILQ_INIT(&s->fences);
	channel_init(&s->ch);
	if (RB_INSERT(session_tree, &b->sessions, s) == NULL)
		return (s);
	timer_free(s->deadline);
	free(s);
	return (NULL);
}

static void
session_free(struct session *s)
{
	RB_REMOVE(session_tree, &s->broker->sessions, s);
	channel_close(&s->ch);
	if (s->door != -1)
		close(s->door);
	if (s->inherited_fd != -1)
		close(s->inherited_fd);
	timer_free(s->deadline);
	free(s->record);
	free(s);
}

/* Nothing more is heard from it or said to it. */
static void
cut(struct session *s)
{
	channel_close(&s->ch);
	admission_cancel(s);
	live_cancel(s);
	queue_cancel(s);
	reserve_forget(s);
	fence_cut(s);
	timer_stop(s->deadline);
}

/* One that ends closes; one that closes has to end. */
static void
session_closed(void *ctx, const char *why)
{
	struct session *s = ctx;

	if (!channel_ended(why)) {
		logline(s, LOG_WARNING, "report this as a bug", "worker broke a rule: %s", why);
		s->outcome = GREET_CRASHED;
	}
	cut(s);
	warden_kill(s->broker, s->child);
}

int
session_attach(struct session *s, int fd, uint32_t state)
{
	session_heard(s);
	return (channel_open(&s->ch, fd, session_table, state, s, session_closed));
}

void
session_greeting(struct session *s, const struct ipc_greeting *m)
{
	struct broker *b = s->broker;

	s->phase = SESSION_GREETING;
	s->peer = m->peer;
	s->local = m->local;
	s->listener = listen_index(b, &m->local);
	s->counted = true;
	s->greeted_ms = loop_now_ms();
	s->ch.peer.state = S_GREET;
	timer_set(s->deadline, b->config->limits.greeting_timeout_ms + GRACE_MS);
	/* without its record it would be lost to a new broker, and nothing else */
	if (record_keep(s) == -1)
		logline(s, LOG_WARNING, NULL, "its record could not be kept");
}

void
session_send(struct session *s, uint32_t type, const void *p, size_t size, const int *fd)
{
	if (!channel_is_open(&s->ch))
		return;
	if (ipc_send(s->ch.peer.fd, type, p, size, fd, fd != NULL) == -1)
		session_kill(s, errno == EPIPE || errno == ECONNRESET ? NULL : "it does not read");
}

/* Its part is done and it leaves; a deadline sees to it. Until it is gone the listener counts it,
 * so that a source cannot collect such as stay. */
void
session_over(struct session *s, enum greet_outcome outcome)
{
	s->phase = SESSION_OVER;
	s->ch.peer.state = S_OLD;
	s->outcome = outcome;
	timer_set(s->deadline, s->broker->config->limits.greeting_timeout_ms + GRACE_MS);
}

void
session_kill(struct session *s, const char *why)
{
	if (s->killed || s->gone)
		return;
	s->killed = true;
	if (why != NULL) {
		logline(s, LOG_WARNING, NULL, "worker killed: %s", why);
		s->outcome = GREET_CRASHED;
	}
	cut(s);
	warden_kill(s->broker, s->child);
}

void
session_refuse(struct session *s, const struct admit_verdict *v)
{
	struct ipc_refuse m = v->refuse;

	logline_refusal(s, v->reason);
	SESSION_SEND(s, REFUSE, &m);
	session_over(s, GREET_REFUSED);
}

/* ---- its end ---- */

static void
say_end(struct session *s, int status)
{
	bool controller = s->record != NULL && s->record->kind == RECORD_CONTROLLER;

	if (WIFSIGNALED(status) && !s->killed) {
		s->outcome = GREET_CRASHED;
		logline(s, LOG_ERR, WTERMSIG(status) == SIGKILL ?
		    "somebody killed it, or memory ran out (dmesg)" : "report this as a bug",
		    "worker died of signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	} else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && !s->killed)
		logline(s, LOG_WARNING, NULL, "worker ended with status %d", WEXITSTATUS(status));
	else if (controller)
		logline(s, LOG_DEBUG, NULL, "controller reaped");
}

/* What it said before it died still counts: its last log lines, a queue handed over. */
void
session_gone(struct session *s, int status)
{
	struct broker *b = s->broker;

	if (s->gone)
		return;
	channel_drain(&s->ch);
	cut(s);
	say_end(s, status);
	s->gone = true;
	session_range_gone(s);
	listener_greeted(s);
	if (s->phase == SESSION_STARTING || s->phase == SESSION_SPARE)
		spare_lost(s);
	drain_session(s);
	admission_drained(b);
	session_title(b);
}

/* The uid may be used again, and so may the host have its namespaces. */
void
session_drained(struct session *s)
{
	struct broker *b = s->broker;

	warden_release(b, s->child);
	fence_drained(s);
	session_range_drained(s);
	session_free(s);
	held_sweep(b);
	shutdown_check(b);
}
