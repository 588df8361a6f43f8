/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a controller has, brought to what the configuration says it shall have, while it runs: at the
 * start of a broker, when a device comes, when a permission changes. For each controller one step at
 * a time: a namespace is given, replaced by a description with other rights, or taken.
 *
 * The record tells the truth at every moment about what the worker may still write to. A descriptor
 * is recorded before it leaves (COMING), and what is taken or replaced stays there (LEAVING) until
 * the worker has finished what it began and its lock is gone: that, and not the worker's word, says
 * that it cannot reach it any more. A worker that keeps it is ended.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/broker.h"

#define LOOK_AGAIN_MS 500	/* after that could not be looked at */
#define TURN_MS 10		/* while enough others are looked at */
#define CLOSERS_MAX 8		/* locks that are looked at, at a time */

enum step { STEP_OPEN, STEP_FENCE, STEP_CLOSE };

struct live {
	struct session *session;	/* NULL: it is gone, and this waits for its fence */
	enum step step;
	uint32_t nsid;
	struct backend *backend;	/* NULL: it is taken */
	bool readonly;
	uint64_t lock_offset;
	struct opener_job *job;
	struct timer *late;
	uint64_t late_ms;		/* 0: not closing yet */
};

static void next(struct session *);

/* ---- what it shall have ---- */

static const struct config_subsystem *
subsystem_of(const struct session *s)
{
	return (config_find_subsystem(s->broker->config, s->record->subnqn));
}

static const struct config_host *
host_of(const struct session *s)
{
	return (config_find_host(subsystem_of(s), s->record->hostnqn));
}

/* Of a namespace that this controller shall have, or NULL. */
static struct backend *
wanted(const struct session *s, uint32_t nsid)
{
	const struct config_subsystem *sub = subsystem_of(s);

	if (sub == NULL || config_find_namespace(sub, nsid) == NULL ||
	    !config_may_see(config_find_host(sub, s->record->hostnqn), nsid))
		return (NULL);
	return (backend_find(s->broker, sub, nsid));
}

static bool
may_stay(const struct session *s)
{
	const struct config_subsystem *sub = subsystem_of(s);

	return (sub != NULL && config_may_connect(sub, s->record->hostnqn, &s->peer));
}

/* ---- the record ---- */

/* Without the record nothing is given: then the broker would not know what may be written to. */
static bool
keep(struct session *s)
{
	if (record_keep(s) == 0)
		return (true);
	session_kill(s, "its record could not be kept");
	return (false);
}

/* ---- a step ---- */

static void
live_free(struct live *l)
{
	if (l->session != NULL)
		l->session->live = NULL;
	timer_free(l->late);
	free(l);
}

static void
finish(struct live *l)
{
	struct session *s = l->session;

	live_free(l);
	held_sweep(s->broker);
	next(s);
}

static void close_next(struct live *);

/* The lock is gone, or it could not be looked at: that is tried again. */
static void
closed(void *ctx, struct opener_result *r)
{
	struct live *l = ctx;
	struct session *s = l->session;

	l->job = NULL;
	s->broker->closers--;
	if (!r->ok) {
		timer_set(l->late, LOOK_AGAIN_MS);
		return;
	}
	record_forget(s->record, record_leaving(s->record, l->nsid));
	l->late_ms = 0;
	if (keep(s))
		close_next(l);
}

static void
late(void *ctx)
{
	struct live *l = ctx;

	if (l->job == NULL && (l->late_ms == 0 || loop_now_ms() < l->late_ms))
		close_next(l);
	else
		session_kill(l->session, "it keeps a namespace that was taken from it");
}

static const struct held *
find_held(struct broker *b, const struct ipc_record_ns *ns)
{
	const struct held *h = held_find(&b->held, HOLD_CLAIM, ns->claim);

	return (h != NULL ? h : held_find(&b->held, HOLD_RAM, ns->claim));
}

static void
close_next(struct live *l)
{
	struct broker *b = l->session->broker;
	const struct ipc_record_ns *ns = record_leaving(l->session->record, l->nsid);
	const struct held *h;

	if (ns == NULL) {
		finish(l);
		return;
	}
	l->step = STEP_CLOSE;
	if (b->closers >= CLOSERS_MAX) {
		timer_set(l->late, TURN_MS);
		return;
	}
	if (l->late_ms == 0)
		l->late_ms = loop_now_ms() + b->config->limits.change_timeout_ms;
	timer_set(l->late, b->config->limits.change_timeout_ms);
	if ((h = find_held(b, ns)) == NULL)	/* held as long as a record names it */
		session_kill(l->session, "what it was given is not held any more");
	else if ((l->job = opener_drain(b, h, ns->lock_offset, closed, l)) == NULL)
		timer_set(l->late, LOOK_AGAIN_MS);
	else
		b->closers++;
}

static void
fenced(void *ctx)
{
	struct live *l = ctx;
	struct ipc_record_ns *ns;

	if (l->session == NULL) {
		live_free(l);
		return;
	}
	l->step = STEP_CLOSE;		/* its fence is gone */
	if ((ns = record_ns(l->session, l->nsid)) != NULL)
		ns->state = RECORD_NS_HAD;
	if (keep(l->session))
		close_next(l);
}

static void
give(struct live *l, int fd)
{
	struct session *s = l->session;

	record_leave(s->record, l->nsid);
	record_coming(s->record, l->backend->key, &(struct ipc_record_ns){ .nsid = l->nsid,
	    .readonly = l->readonly, .lock_offset = l->lock_offset });
	if (!keep(s)) {
		close(fd);
		return;
	}
	l->step = STEP_FENCE;
	fence_tell_new(fence_new(s->broker, fenced, l), s, l->nsid, fd);
}

static void
opened(void *ctx, struct opener_result *r)
{
	struct live *l = ctx;
	struct session *s = l->session;
	int fd = r->fd;

	l->job = NULL;
	if (r->ok) {
		r->fd = -1;
		give(l, fd);
		return;
	}
	backend_stalled(l->backend, &r->why);
	live_free(l);
	live_again(s->broker);
}

static struct live *
live_new(struct session *s, uint32_t nsid, struct backend *be)
{
	struct live *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return (NULL);
	l->session = s;
	l->nsid = nsid;
	l->backend = be;
	l->late = timer_new(late, l);
	s->live = l;
	return (l);
}

static void
start_taking(struct session *s, uint32_t nsid)
{
	struct live *l = live_new(s, nsid, NULL);

	if (l == NULL)
		return;
	logline(s, LOG_INFO, NULL, "namespace %u is taken from it", nsid);
	record_leave(s->record, nsid);
	if (!keep(s))
		return;
	l->step = STEP_FENCE;
	fence_tell_gone(fence_new(s->broker, fenced, l), s, nsid);
}

/* Returns whether it could be begun. */
static bool
start_giving(struct session *s, struct backend *be, bool readonly)
{
	struct live *l;

	if (be->state != NS_ONLINE || s->record->nns == RECORD_NS_MAX ||
	    (!readonly && drain_is_pending(s->broker, s->record->hostnqn, be->key)) ||
	    (l = live_new(s, be->ns->nsid, be)) == NULL)
		return (false);
	logline(s, LOG_INFO, NULL, "namespace %u is given to it, %s", be->ns->nsid,
	    readonly ? "read-only" : "for reading and writing");
	l->readonly = readonly;
	l->lock_offset = admission_lock_offset();
	l->job = opener_reopen(be, l->lock_offset, readonly, 0, opened, l);
	if (l->job == NULL)
		live_free(l);
	return (s->live != NULL);
}

/* ---- from one step to the next ---- */

/* What is not its any more, under this name or of this device. */
static bool
take_something(struct session *s)
{
	const struct ipc_record *r = s->record;

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct ipc_record_ns *ns = &r->ns[i];
		const struct backend *be = wanted(s, ns->nsid);

		/* what an older broker has begun to take: that is done again */
		if (ns->state == RECORD_NS_LEAVING ? record_is_last(r, i) :
		    be == NULL || session_backend(s, ns) != be) {
			start_taking(s, ns->nsid);
			return (true);
		}
	}
	return (false);
}

/* What an older broker has replaced, and has not seen to its end. */
static bool
close_something(struct session *s)
{
	const struct ipc_record *r = s->record;
	struct live *l;

	for (uint32_t i = 0; i < r->nns; i++) {
		const struct ipc_record_ns *now = record_ns(s, r->ns[i].nsid);

		if (r->ns[i].state != RECORD_NS_LEAVING || now == NULL ||
		    now->state != RECORD_NS_HAD)
			continue;
		if ((l = live_new(s, r->ns[i].nsid, NULL)) != NULL)
			close_next(l);
		return (true);
	}
	return (false);
}

/* What is new, or has other rights; a description that it may not have got is given again. */
static bool
give_something(struct session *s)
{
	const struct config_subsystem *sub = subsystem_of(s);

	for (size_t i = 0; i < sub->nnamespaces; i++) {
		struct backend *be = wanted(s, sub->namespaces[i].nsid);
		const struct ipc_record_ns *ns = be == NULL ? NULL : record_ns(s, be->ns->nsid);
		bool readonly = be != NULL && backend_is_readonly(be, host_of(s));

		if (be == NULL || (ns != NULL && ns->state == RECORD_NS_HAD &&
		    (ns->readonly != 0) == readonly))
			continue;
		if (start_giving(s, be, readonly))
			return (true);
		live_again(s->broker);
	}
	return (false);
}

static void
next(struct session *s)
{
	if (s->live != NULL || s->killed || s->leaving || !channel_is_open(&s->ch))
		return;
	if (!take_something(s) && !close_something(s))
		(void)give_something(s);
}

/* Its host is not wanted any more: it finishes, flushes and goes, or is made to. */
static void
ask_to_leave(struct session *s)
{
	struct ipc_empty m = { 0 };

	if (s->leaving)
		return;
	s->leaving = true;
	logline(s, LOG_NOTICE, NULL, "controller ends: the configuration does not admit its host "
	    "any more");
	timer_set(s->deadline, s->broker->config->limits.shutdown_timeout_ms + GRACE_MS);
	SESSION_SEND(s, LEAVE, &m);
}

void
live_session(struct session *s)
{
	if (s->gone || s->killed || s->phase != SESSION_CONTROLLER || s->record->discovery ||
	    s->broker->phase != BROKER_IN_CHARGE)
		return;
	if (may_stay(s))
		next(s);
	else
		ask_to_leave(s);
}

void
live_all(struct broker *b)
{
	struct session *s, *after;

	for (s = RB_MIN(session_tree, &b->sessions); s != NULL; s = after) {
		after = RB_NEXT(session_tree, &b->sessions, s);
		live_session(s);
	}
}

static void
again_due(void *ctx)
{
	live_all(ctx);
}

void
live_again(struct broker *b)
{
	if (b->live_again == NULL)
		b->live_again = timer_new(again_due, b);
	timer_set(b->live_again, RETRY_MS);
}

/* Nobody waits for it. */
static void
told(void *ctx)
{
	(void)ctx;
}

/* What the broker before us has told last is not known: everything is told again. */
static void
tell_everything(struct session *s, struct fence *f)
{
	const struct ipc_record *r = s->record;

	for (uint32_t i = 0; i < r->nns; i++)
		if (r->ns[i].state == RECORD_NS_HAD && session_backend(s, &r->ns[i]) != NULL)
			fence_tell(f, s, r->ns[i].nsid);
}

void
live_start(struct broker *b)
{
	struct fence *f = fence_new(b, told, NULL);
	struct session *s;

	fence_be_patient(f);
	RB_FOREACH(s, session_tree, &b->sessions)
		if (!s->gone && s->phase == SESSION_CONTROLLER && !s->record->discovery &&
		    may_stay(s))
			tell_everything(s, f);
	live_all(b);
}

void
live_cancel(struct session *s)
{
	struct live *l = s->live;

	if (l == NULL)
		return;
	if (l->job != NULL) {
		opener_forget(l->job);
		s->broker->closers -= l->step == STEP_CLOSE;
	}
	l->job = NULL;
	if (l->step != STEP_FENCE) {
		live_free(l);
		return;
	}
	s->live = NULL;
	l->session = NULL;
	timer_stop(l->late);
}
