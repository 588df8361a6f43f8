/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a slot's data: a buffer first, then an R2T for what the host is to send, then the command
 * is executed. What waits for a buffer waits in order. R2T data has a pool of its own: a host that
 * never sends what it was asked for holds nothing that reads or in-capsule writes need, so the
 * queue's stream always moves on to the data that frees the other buffers.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

static void
execute(struct slot *s)
{
	s->state = SLOT_EXECUTE;
	s->op.done = NULL;		/* until somebody submits it */
	if (s->qp->qid == 0 || slot_begin(s))
		s->rule->execute(s);
}

/* Returns false when there is no buffer now. */
static bool
proceed(struct slot *s)
{
	struct lane *lane = s->qp->lane;
	bool ask = s->len_in > 0;

	s->pool = ask ? lane->h2c : lane->io;
	s->buf = lane_buffer_get(lane, s->pool, ask ? s->len_in : s->len_out);
	if (s->buf == NULL)
		return (false);
	if (ask)
		slot_r2t(s);
	else {
		if (s->qp->qid == 0)
			memset(s->buf, 0, s->len_out);
		execute(s);
	}
	return (true);
}

void
xfer_begin(struct slot *s)
{
	struct slot_list *list;

	/* all there, or nothing to bring, or it lies where it can be sent from */
	if (s->got == s->len_in && (s->len_out == 0 || s->src != NULL)) {
		execute(s);
		return;
	}
	list = s->len_in > 0 ? &s->qp->lane->want_h2c : &s->qp->lane->want_io;
	if (TAILQ_EMPTY(list) && proceed(s))
		return;
	s->state = SLOT_WAIT_BUFFER;
	TAILQ_INSERT_TAIL(list, s, wait);
}

static void
serve(struct slot_list *list)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, s, wait);
		if (proceed(s))
			continue;
		TAILQ_INSERT_HEAD(list, s, wait);
		return;
	}
}

void
xfer_turn(struct lane *lane)
{
	serve(&lane->want_h2c);
	serve(&lane->want_io);
}

bool
xfer_forget(struct slot *s)
{
	struct lane *lane = s->qp->lane;

	if (s->state != SLOT_WAIT_BUFFER)
		return (false);
	if (s->len_in > 0)
		TAILQ_REMOVE(&lane->want_h2c, s, wait);
	else
		TAILQ_REMOVE(&lane->want_io, s, wait);
	return (true);
}
