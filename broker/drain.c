/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes of the dead. Direct I/O that was under way when a worker ended may land seconds later;
 * each of its descriptions holds a lock that disappears exactly when the last of it has. Openers
 * watch the locks, one at a time per claim; until the last one is gone, neither the worker's uid
 * nor its host's namespaces are given to anybody. A RAM disk's writes end with the process.
 *
 * A process that was killed is not reaped, and none of its descriptors closed, before the kernel is
 * done with the writes of its threads. All that is seen of it till then is that it does not answer.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "common/nqn.h"

struct drain {
	TAILQ_ENTRY(drain) entry;
	struct session *session;
	const struct ipc_record_ns *ns;	/* of the session's record */
	const struct held *held;
	struct opener_job *job;		/* NULL: waits for its turn */
	struct timer *report;		/* set while it runs, or while it waits to be tried again */
	uint64_t since_ms;
	bool failed;
};

static void start(struct drain *);

/* One opener per claim: they would all look at the same file. */
static bool
is_busy(struct broker *b, const struct held *held)
{
	struct drain *d;

	TAILQ_FOREACH(d, &b->drains, entry)
		if (d->held == held && d->job != NULL)
			return (true);
	return (false);
}

static void
start_next(struct broker *b)
{
	struct drain *d;

	TAILQ_FOREACH(d, &b->drains, entry)
		if (d->job == NULL && !d->failed && !is_busy(b, d->held))
			start(d);
}

static void
finish(struct drain *d)
{
	struct session *s = d->session;
	struct broker *b = s->broker;

	TAILQ_REMOVE(&b->drains, d, entry);
	timer_free(d->report);
	free(d);
	if (--s->drains == 0)
		session_drained(s);
	start_next(b);
	admission_drained(b);
}

/* Not knowing is not the same as being drained: it is asked again. */
static void
drain_done(void *ctx, struct opener_result *r)
{
	struct drain *d = ctx;

	d->job = NULL;
	if (r->ok) {
		finish(d);
		return;
	}
	d->failed = true;
	timer_set(d->report, RETRY_MS);
	start_next(d->session->broker);
}

static void
start(struct drain *d)
{
	d->job = opener_drain(d->session->broker, d->held, d->ns->lock_offset, drain_done, d);
	d->failed = d->job == NULL;
	timer_set(d->report, d->failed ? RETRY_MS : DRAIN_REPORT_MS);
}

static void
report_due(void *ctx)
{
	struct drain *d = ctx;

	if (d->failed) {
		d->failed = false;
		start_next(d->session->broker);
		return;
	}
	logline(d->session, LOG_WARNING, "look at the device",
	    "writes to namespace %u have not drained for %llu s", d->ns->nsid,
	    (unsigned long long)(loop_now_ms() - d->since_ms) / 1000);
	timer_set(d->report, DRAIN_REPORT_MS);
}

static void
add(struct session *s, const struct ipc_record_ns *ns)
{
	struct broker *b = s->broker;
	const struct held *held = held_find(&b->held, HOLD_CLAIM, ns->claim);
	struct drain *d;

	if (ns->readonly || held == NULL)
		return;		/* nothing was written, or to memory only */
	if ((d = calloc(1, sizeof(*d))) == NULL)
		broker_fatal("out of memory");	/* the next broker hears of this worker again */
	d->session = s;
	d->ns = ns;
	d->held = held;
	d->since_ms = loop_now_ms();
	d->report = timer_new(report_due, d);
	TAILQ_INSERT_TAIL(&b->drains, d, entry);
	s->drains++;
}

void
drain_session(struct session *s)
{
	if (s->record != NULL)
		for (uint32_t i = 0; i < s->record->nns; i++)
			add(s, &s->record->ns[i]);
	if (s->drains == 0)
		session_drained(s);
	else
		start_next(s->broker);
}

/* A controller of this host that may still write there. */
static bool
may_write(const struct session *s, const char *hostnqn, const uint8_t key[HELD_KEY_SIZE])
{
	return (!s->gone && s->record != NULL && s->record->kind == RECORD_CONTROLLER &&
	    record_writes(s->record, key) && nqn_equal((const uint8_t *)s->record->hostnqn,
	    (const uint8_t *)hostnqn));
}

void
drain_ask(struct broker *b, const char *hostnqn, const uint8_t key[HELD_KEY_SIZE])
{
	struct session *s;

	RB_FOREACH(s, session_tree, &b->sessions)
		if (!s->asked && may_write(s, hostnqn, key))
			session_ask(s);
}

bool
drain_is_pending(struct broker *b, const char *hostnqn, const uint8_t key[HELD_KEY_SIZE])
{
	struct session *s;
	struct drain *d;

	RB_FOREACH(s, session_tree, &b->sessions)
		if ((s->asked || !channel_is_open(&s->ch)) && may_write(s, hostnqn, key))
			return (true);
	TAILQ_FOREACH(d, &b->drains, entry)
		if (memcmp(d->ns->claim, key, HELD_KEY_SIZE) == 0 &&
		    nqn_equal((const uint8_t *)d->session->record->hostnqn,
		    (const uint8_t *)hostnqn))
			return (true);
	return (false);
}
