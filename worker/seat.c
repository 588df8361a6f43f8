/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lane 0's side of the I/O queues: which are reserved, live or on their way out. A queue is touched
 * by its lane only, from start to its end; everything that lane 0 wants of it is a word to that lane
 * (mail.c). A seat is given away again when its queue has ended and no word is under way.
 */
#include "config.h"

#include <string.h>

#include "worker/worker.h"

struct lane *
seat_lane(const struct seat *seat)
{
	struct lane *lane = seat->ctrl->lane;

	return (&lane->all[seat->qp.qid % lane->nlanes]);
}

struct seat *
seat_live(struct controller *c, uint16_t qid)
{
	if (qid == 0 || qid > c->hello.queues || c->io[qid - 1].state != QP_LIVE)
		return (NULL);
	return (&c->io[qid - 1]);
}

/* ---- words ---- */

void
seat_tell(struct seat *seat, struct mail *m)
{
	seat->errands++;
	mail_post(seat->ctrl->lane, seat_lane(seat), m);
}

void
seat_answer(struct seat *seat, struct mail *m, void (*deliver)(struct mail *))
{
	m->deliver = deliver;
	mail_post(seat_lane(seat), seat->ctrl->lane, m);
}

static void
settle(struct seat *seat)
{
	struct controller *c = seat->ctrl;

	if (!seat->ended || seat->errands > 0)
		return;
	seat->ended = false;
	seat->state = QP_FREE;
	timer_stop(&c->lane->timers, &seat->reserve);
	ctrl_queue_closed(c, &seat->qp);
}

void
seat_back(struct seat *seat)
{
	seat->errands--;
	settle(seat);
}

/* ---- reserved ---- */

static void
reserve_late(struct timer *t)
{
	seat_close(t->arg, "its connection did not come");
}

void
seat_reserve(struct seat *seat, struct controller *c, uint32_t token)
{
	seat->ctrl = c;
	seat->state = QP_RESERVED;
	seat->token = token;
	seat->reserve = (struct timer){ .name = "reserve", .fire = reserve_late, .arg = seat };
	timer_set(&c->lane->timers, &seat->reserve, c->hello.greeting_timeout_ms);
}

/* ---- live ---- */

static void
start_back(struct mail *m)
{
	seat_back(m->arg);
}

static void
start_there(struct mail *m)
{
	struct seat *seat = m->arg;

	seat->qp.lane = seat_lane(seat);
	qp_start(&seat->qp, seat->fd, &seat->params);
	seat_answer(seat, m, start_back);
}

void
seat_start(struct seat *seat, int fd, const struct conn_params *params)
{
	timer_stop(&seat->ctrl->lane->timers, &seat->reserve);
	seat->state = QP_LIVE;
	seat->fd = fd;
	seat->params = *params;
	seat->start = (struct mail){ .deliver = start_there, .arg = seat };
	seat_tell(seat, &seat->start);
}

/* ---- the end ---- */

static void
close_back(struct mail *m)
{
	seat_back(m->arg);
}

static void
close_there(struct mail *m)
{
	struct seat *seat = m->arg;

	qp_close(&seat->qp, seat->why);
	seat_answer(seat, m, close_back);
}

void
seat_close(struct seat *seat, const char *why)
{
	enum qp_state was = seat->state;

	if (was == QP_FREE || was == QP_CLOSING)
		return;
	seat->state = QP_CLOSING;
	seat->why = why;
	if (was == QP_RESERVED) {	/* no lane has it yet */
		qp_close(&seat->qp, why);
		return;
	}
	seat->close = (struct mail){ .deliver = close_there, .arg = seat };
	seat_tell(seat, &seat->close);
}

static void
end_here(struct mail *m)
{
	struct seat *seat = m->arg;

	seat->state = QP_CLOSING;
	seat->ended = true;
	settle(seat);
}

void
seat_ended(struct seat *seat)
{
	seat->end = (struct mail){ .deliver = end_here, .arg = seat };
	mail_post(seat->qp.lane, seat->ctrl->lane, &seat->end);
}
