/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounce buffers: a lane has a few for data that neither comes from the host nor goes to it: what
 * Compare and Verify read, what Copy carries. A command has at most one and moves through it slice by
 * slice. Who holds one waits for nothing but a device, so one comes free again whatever hosts do,
 * and a command may wait here with a buffer of another pool in hand. They are waited for in order.
 */
#include "config.h"

#include "worker/worker.h"

static bool
take(struct slot *s)
{
	s->bounce = lane_buffer_get(s->qp->lane, s->qp->lane->bounce, BOUNCE_BYTES);
	return (s->bounce != NULL);
}

void
bounce_get(struct slot *s, void (*go_on)(struct slot *, uint16_t))
{
	struct lane *lane = s->qp->lane;

	s->go_on = go_on;
	if (TAILQ_EMPTY(&lane->want_bounce) && take(s))
		go_on(s, 0);
	else
		TAILQ_INSERT_TAIL(&lane->want_bounce, s, wait);
}

void
bounce_put(struct slot *s)
{
	lane_buffer_put(s->qp->lane, s->qp->lane->bounce, s->bounce);
	s->bounce = NULL;
}

void
bounce_turn(struct lane *lane)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(&lane->want_bounce)) != NULL && take(s)) {
		TAILQ_REMOVE(&lane->want_bounce, s, wait);
		s->go_on(s, 0);
	}
}

bool
bounce_forget(struct slot *s)
{
	struct lane *lane = s->qp->lane;
	struct slot *o;

	TAILQ_FOREACH(o, &lane->want_bounce, wait)
		if (o == s) {
			TAILQ_REMOVE(&lane->want_bounce, s, wait);
			return (true);
		}
	return (false);
}
