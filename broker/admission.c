/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An admin Connect, from its arrival to ADMIT or REFUSE. The verdict is admit.c's; here the
 * namespaces are opened for this worker alone, all at a time, each through an opener. Nothing is
 * handed over before everything is there and the warden has the record of it. A namespace whose
 * device waits is left out; one that a dead worker of this host may still be writing to is waited
 * for, and if that takes too long the host is told to come again.
 */
#include "config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/admission.h"

static void advance(struct admission *);

/* ---- namespaces ---- */

uint64_t
admission_lock_offset(void)
{
	uint64_t r;

	randombytes_buf(&r, sizeof(r));
	return ((UINT64_C(1) << 62) | (r >> 3));	/* behind any data, below INT64_MAX */
}

static void
leave_out(struct want *w, const char *why)
{
	w->state = WANT_LEFT_OUT;
	logline(w->admission->session, LOG_NOTICE, NULL, "namespace %u is left out: %s",
	    w->backend->ns->nsid, why);
}

static void
opened(void *ctx, struct opener_result *r)
{
	struct want *w = ctx;

	w->job = NULL;
	if (r->ok) {
		w->state = WANT_HAVE;
		w->fd = r->fd;
		r->fd = -1;
	} else {
		leave_out(w, "it cannot be opened now");
		backend_stalled(w->backend, &r->why);
	}
	advance(w->admission);
}

static void
open_want(struct want *w)
{
	const struct session *s = w->admission->session;

	if (w->backend->state != NS_ONLINE) {
		leave_out(w, "its device is waiting");
		return;
	}
	if (!w->readonly && drain_is_pending(s->broker, s->connect.hostnqn, w->backend->key)) {
		w->state = WANT_DRAIN;
		return;
	}
	w->state = WANT_OPENER;
	w->lock_offset = admission_lock_offset();
	w->job = opener_reopen(w->backend, w->lock_offset, w->readonly,
	    (uint32_t)(w - w->admission->want), opened, w);
	if (w->job == NULL)
		leave_out(w, "out of memory");
}

/* Of the subsystem, what this host may see. Returns how many. */
static uint32_t
choose(struct broker *b, const struct admit_verdict *v, struct want *want)
{
	const struct config_subsystem *s = v->subsystem;
	uint32_t n = 0;

	for (size_t i = 0; i < s->nnamespaces && n < IPC_MAX_NS; i++) {
		const struct config_namespace *ns = &s->namespaces[i];
		struct backend *be = backend_find(b, s, ns->nsid);

		if (be == NULL || !config_may_see(v->host, ns->nsid))
			continue;
		backend_measure(be);
		want[n].backend = be;
		want[n].readonly = backend_is_readonly(be, v->host);
		want[n].fd = -1;
		n++;
	}
	return (n);
}

static struct admission *
admission_new(struct session *s, const struct admit_verdict *v)
{
	struct admission *a = calloc(1, sizeof(*a) + IPC_MAX_NS * sizeof(a->want[0]));

	if (a == NULL)
		return (NULL);
	a->session = s;
	a->verdict = *v;
	s->admission = a;
	if (!v->discovery)
		a->n = choose(s->broker, v, a->want);
	for (uint32_t i = 0; i < a->n; i++)
		a->want[i].admission = a;
	return (a);
}

void
admission_cancel(struct session *s)
{
	struct admission *a = s->admission;

	if (a == NULL)
		return;
	s->admission = NULL;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->want[i].job != NULL)
			opener_forget(a->want[i].job);
		if (a->want[i].fd != -1)
			close(a->want[i].fd);
	}
	free(a);
}

static void
admitted(struct session *s)
{
	bool left_out = s->admission->n > s->record->nns;

	admission_cancel(s);
	s->phase = SESSION_CONTROLLER;
	s->ch.peer.state = S_CTRL;
	session_heard(s);
	s->outcome = GREET_ADMITTED;
	listener_greeted(s);
	timer_stop(s->deadline);
	logline(s, LOG_INFO, NULL, "controller admitted to %s, %u namespaces",
	    s->record->discovery ? "discovery" : s->record->subnqn, s->record->nns);
	session_title(s->broker);
	fence_feed(s);			/* what has changed meanwhile */
	if (left_out)
		live_session(s);	/* it may be there by now */
}

/* As much as the worker's channel takes; the rest when it has read some. */
static void
feed(struct admission *a)
{
	struct session *s = a->session;

	for (; a->fed < a->n; a->fed++) {
		struct want *w = &a->want[a->fed];

		if (w->state == WANT_HAVE && admission_tell_ns(a, w) == -1)
			break;
	}
	if (a->fed == a->n && admission_tell_admit(a) == 0)
		admitted(s);
	else
		timer_set(s->deadline, FEED_MS);
}

static void
refuse(struct session *s, enum admit_reason reason)
{
	struct admit_verdict v = { 0 };

	admission_cancel(s);
	admit_refuse(&v, reason);
	session_refuse(s, &v);
}

static bool
any_is(const struct admission *a, enum want_state state)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->want[i].state == state)
			return (true);
	return (false);
}

/* Goes on when nothing is being waited for any more. May free a. */
static void
advance(struct admission *a)
{
	struct session *s = a->session;
	enum admit_reason reason;

	if (a->feeding || any_is(a, WANT_DRAIN) || any_is(a, WANT_OPENER))
		return;
	if ((reason = admission_record(a)) != ADMIT_OK) {
		refuse(s, reason);
		return;
	}
	if (a->verdict.discovery && discovery_send(s) == -1) {
		refuse(s, ADMIT_NO_RESOURCES);
		return;
	}
	a->feeding = true;
	feed(a);
}

/* ---- from outside ---- */

static uint64_t
time_left_ms(const struct session *s)
{
	/* the worker's own deadline ends it: the answer has to be there some time before */
	uint64_t ms = s->broker->config->limits.greeting_timeout_ms * 4 / 5;
	uint64_t used = loop_now_ms() - s->greeted_ms;

	return (used < ms ? ms - used : 0);
}

void
admission_begin(struct session *s)
{
	struct broker *b = s->broker;
	struct admit_request request = { .connect = &s->connect, .peer = s->peer,
	    .discovery_listener = session_on_discovery(s) };
	struct admit_counts counts = { 0 };
	struct admit_verdict v;
	struct admission *a = NULL;

	s->phase = SESSION_ADMITTING;
	if (ipc_text_ok(s->connect.hostnqn, IPC_NQN_SIZE) &&
	    ipc_text_ok(s->connect.subnqn, IPC_NQN_SIZE))
		census_count(s, &counts);
	admit_decide(b->config, &request, &counts, &v);
	if (v.reason == ADMIT_OK && b->phase != BROKER_IN_CHARGE)
		admit_refuse(&v, ADMIT_LEAVING);
	if (v.reason == ADMIT_OK && (a = admission_new(s, &v)) == NULL)
		admit_refuse(&v, ADMIT_NO_RESOURCES);
	if (v.reason != ADMIT_OK) {
		session_refuse(s, &v);
		return;
	}
	if (!v.discovery)
		census_look_for_twin(s);
	timer_set(s->deadline, time_left_ms(s));
	for (uint32_t i = 0; i < a->n; i++)
		if (!a->want[i].readonly)
			drain_ask(b, s->connect.hostnqn, a->want[i].backend->key);
	for (uint32_t i = 0; i < a->n; i++)
		open_want(&a->want[i]);
	advance(a);
}

static bool
is_overloaded(const struct admission *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->want[i].state == WANT_OPENER && opener_is_queued(a->want[i].job))
			return (true);
	return (false);
}

/* What is not open by now is left out; what is not drained by now means: come again. */
void
admission_late(struct session *s)
{
	struct admission *a = s->admission;

	if (a == NULL)
		return;
	if (a->feeding) {
		if (loop_now_ms() - s->greeted_ms >
		    s->broker->config->limits.greeting_timeout_ms + GRACE_MS)
			session_kill(s, "it does not read");
		else
			feed(a);
		return;
	}
	if (any_is(a, WANT_DRAIN) || is_overloaded(a)) {
		refuse(s, any_is(a, WANT_DRAIN) ? ADMIT_NOT_DRAINED : ADMIT_OVERLOAD);
		return;
	}
	for (uint32_t i = 0; i < a->n; i++) {
		struct want *w = &a->want[i];

		if (w->state != WANT_OPENER)
			continue;
		opener_forget(w->job);
		w->job = NULL;
		leave_out(w, "its device does not answer");
	}
	advance(a);
}

void
admission_drained(struct broker *b)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions) {
		struct admission *a = s->admission;

		if (a == NULL || a->feeding)
			continue;
		for (uint32_t i = 0; i < a->n; i++)
			if (a->want[i].state == WANT_DRAIN)
				open_want(&a->want[i]);
		advance(a);
	}
}
