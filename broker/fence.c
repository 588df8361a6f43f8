/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A change of namespaces that is answered only when every worker concerned has seen it and what it
 * had begun before is finished. A worker that does not say so in time is ended; then its writes are
 * waited for. What is told is the row as it is when there is room for it in the worker's channel,
 * so a later change may overtake an earlier one, and never the other way round.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/broker.h"

/* Rows that one worker was told and has not answered. The rest waits, so that its channel has room for
 * what others have to say to it. */
#define UNANSWERED_MAX 32u

struct fence {
	struct broker *broker;
	uint64_t id;
	unsigned waits;			/* of all sessions */
	bool patient;			/* there is no deadline */
	fence_done *done;
	void *ctx;
	struct timer *due;		/* the deadline; once all have answered: done */
};

/* One namespace of one session. */
struct fence_wait {
	TAILQ_ENTRY(fence_wait) entry;
	struct fence *fence;
	uint32_t nsid;
	bool gone;			/* it is taken away */
	int fd;				/* it is given, with this one, until told; or -1 */
	bool told;
};

/* ---- telling ---- */

static int
tell_gone(const struct session *s, const struct fence_wait *w)
{
	struct ipc_ns_gone m = { .fence = w->fence->id, .nsid = w->nsid };

	return (IPC_SEND(s->ch.peer.fd, NS_GONE, &m));
}

static int
tell_row(const struct session *s, const struct fence_wait *w)
{
	const struct ipc_record_ns *r = record_ns(s, w->nsid);
	const struct backend *be = r == NULL ? NULL : session_backend(s, r);
	struct ipc_ns m;

	if (be == NULL)			/* taken away meanwhile: that waits for the same commands */
		return (tell_gone(s, w));
	ns_row(s, be, r->readonly, &m);
	m.fence = w->fence->id;
	return (IPC_SEND(s->ch.peer.fd, NS_CHANGE, &m));
}

/* No duplicate stays: the lock must go with the worker's last write. */
static int
tell_new(struct session *s, struct fence_wait *w)
{
	const struct ipc_record_ns *r = record_ns(s, w->nsid);
	const struct backend *be = r == NULL ? NULL : session_backend(s, r);
	struct ipc_ns m;

	if (be == NULL)
		return (tell_gone(s, w));
	ns_row(s, be, r->readonly, &m);
	m.fence = w->fence->id;
	if (session_range_ns(s, r->claim) == -1) {	/* what it must keep out of comes first */
		errno = EAGAIN;
		return (-1);
	}
	if (IPC_SEND_FD(s->ch.peer.fd, NS, &m, &w->fd) == -1)
		return (-1);
	close(w->fd);
	w->fd = -1;
	return (0);
}

static int
tell(struct session *s, struct fence_wait *w)
{
	if (w->gone)
		return (tell_gone(s, w));
	return (w->fd != -1 ? tell_new(s, w) : tell_row(s, w));
}

/* Nothing is wrong with the worker: its channel, or the kernel, has no room now. */
static bool
is_passing(int error)
{
	return (error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS);
}

void
fence_feed(struct session *s)
{
	struct fence_wait *w;
	unsigned told = 0;

	if (s->phase != SESSION_CONTROLLER || !channel_is_open(&s->ch))
		return;			/* it is admitted first, or on its way out */
	TAILQ_FOREACH(w, &s->fences, entry) {
		if (!w->told && told == UNANSWERED_MAX)
			return;		/* until some are answered */
		if (w->told || tell(s, w) == 0) {
			w->told = true;
			told++;
			continue;
		}
		if (is_passing(errno))
			timer_set(s->fence_feed, FEED_MS);
		else
			session_kill(s, NULL);
		return;
	}
}

static void
feed_due(void *ctx)
{
	fence_feed(ctx);
}

/* ---- waiting ---- */

static void
late(struct fence *f)
{
	struct session *s;

	RB_FOREACH(s, session_tree, &f->broker->sessions) {
		struct fence_wait *w;

		TAILQ_FOREACH(w, &s->fences, entry)
			if (w->fence == f) {
				session_kill(s, "it does not finish what it began before a change");
				break;
			}
	}
}

static void
due(void *ctx)
{
	struct fence *f = ctx;

	if (f->waits > 0 && f->patient)
		return;
	if (f->waits > 0) {
		late(f);		/* their writes are waited for as long as it takes */
		return;
	}
	f->done(f->ctx);
	timer_free(f->due);
	free(f);
}

static void
answered(struct session *s, struct fence_wait *w)
{
	struct fence *f = w->fence;

	TAILQ_REMOVE(&s->fences, w, entry);
	if (w->fd != -1)
		close(w->fd);
	free(w);
	if (--f->waits == 0)
		timer_set(f->due, 0);
}

struct fence *
fence_new(struct broker *b, fence_done *done, void *ctx)
{
	struct fence *f = calloc(1, sizeof(*f));

	if (f == NULL)
		broker_fatal("out of memory");	/* the next broker begins anew */
	f->broker = b;
	if (b->last_fence == 0)		/* workers may still answer an older broker */
		b->last_fence = loop_wall_ms() << 20;
	f->id = ++b->last_fence;
	f->done = done;
	f->ctx = ctx;
	f->due = timer_new(due, f);
	timer_set(f->due, 0);
	return (f);
}

void
fence_be_patient(struct fence *f)
{
	f->patient = true;
}

static void
wait_for(struct fence *f, struct session *s, uint32_t nsid, bool gone, int fd)
{
	struct fence_wait *w = calloc(1, sizeof(*w));

	if (w == NULL)
		broker_fatal("out of memory");
	if (s->fence_feed == NULL)
		s->fence_feed = timer_new(feed_due, s);
	w->fence = f;
	w->nsid = nsid;
	w->gone = gone;
	w->fd = fd;
	TAILQ_INSERT_TAIL(&s->fences, w, entry);
	f->waits++;
	timer_set(f->due, s->broker->config->limits.change_timeout_ms);
	fence_feed(s);
}

void
fence_tell(struct fence *f, struct session *s, uint32_t nsid)
{
	wait_for(f, s, nsid, false, -1);
}

void
fence_tell_gone(struct fence *f, struct session *s, uint32_t nsid)
{
	wait_for(f, s, nsid, true, -1);
}

void
fence_tell_new(struct fence *f, struct session *s, uint32_t nsid, int fd)
{
	wait_for(f, s, nsid, false, fd);
}

int
fence_answered(struct session *s, uint64_t id)
{
	struct fence_wait *w;

	TAILQ_FOREACH(w, &s->fences, entry)
		if (w->told && w->fence->id == id) {
			answered(s, w);
			fence_feed(s);
			return (0);
		}
	/* it may answer an older broker */
	return (s->inherited ? 0 : -1);
}

/* What it was not given is not kept: its lock would look like writes that are under way. */
void
fence_cut(struct session *s)
{
	struct fence_wait *w;

	TAILQ_FOREACH(w, &s->fences, entry) {
		if (w->fd != -1)
			close(w->fd);
		w->fd = -1;
	}
}

void
fence_drained(struct session *s)
{
	struct fence_wait *w;

	while ((w = TAILQ_FIRST(&s->fences)) != NULL)
		answered(s, w);
	timer_free(s->fence_feed);
	s->fence_feed = NULL;
}
