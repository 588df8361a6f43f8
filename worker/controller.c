/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A controller from its admission to its end: which queues it has, which it reserves for a queue
 * that another process greets, and its keep alive timer. Properties are in property.c, the ways to
 * an end in drain.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/logmsg.h"
#include "worker/worker.h"

static void keep_alive_late(struct timer *);

struct controller *
ctrl_new(struct lane *lane, const struct ipc_hello *hello, const struct ipc_admit *admit,
    const struct ipc_connect *connect)
{
	struct controller *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return (NULL);
	c->lane = lane;
	c->hello = *hello;
	c->admit = *admit;
	if (admit->discovery)
		c->hello.queues = 0;
	if (c->hello.queues > 0) {
		c->io = calloc(c->hello.queues, sizeof(*c->io));
		if (c->io == NULL) {
			free(c);
			return (NULL);
		}
	}
	memcpy(c->hostnqn, connect->hostnqn, sizeof(c->hostnqn));
	memcpy(c->hostid, connect->hostid, sizeof(c->hostid));
	c->cap = property_cap(hello);
	c->minutes_since = mono_ms() / 60000;
	pthread_mutex_init(&c->error_lock, NULL);
	health_init(c);
	feature_reset(c);
	TAILQ_INIT(&c->aers);
	resv_init(c);
	drain_init(c);
	c->keep_alive = (struct timer){ .name = "keep alive", .fire = keep_alive_late, .arg = c };
	c->persistent = admit->discovery && connect->kato_ms != 0;
	aer_reset(c);
	ctrl_set_kato(c, connect->kato_ms);
	c->features.kato_ms = c->kato_ms;
	return (c);
}

void
ctrl_free(struct controller *c)
{
	timer_stop(&c->lane->timers, &c->keep_alive);
	timer_stop(&c->lane->timers, &c->shutdown);
	timer_stop(&c->lane->timers, &c->resv.again);
	ns_free_all(c);
	free(c->page.data);
	free(c->io);
	free(c);
}

/* ---- keep alive ---- */

void
ctrl_alive(struct qpair *qp)
{
	__atomic_store_n(&qp->lane->traffic, true, __ATOMIC_RELAXED);
}

/* Since the last call, on any queue. */
static bool
was_traffic(const struct controller *c)
{
	bool any = false;

	for (unsigned i = 0; i < c->lane->nlanes; i++)
		any |= __atomic_exchange_n(&c->lane->all[i].traffic, false, __ATOMIC_RELAXED);
	return (any);
}

void
ctrl_keep_alive(struct controller *c)
{
	(void)was_traffic(c);
	if (c->kato_ms != 0)
		timer_set(&c->lane->timers, &c->keep_alive, c->kato_ms);
}

/* Never rounded down: the host must not be late by its own reckoning. A host that wants no timer
 * does not mean to stay at a discovery controller (NVMe Base, activity timeout). */
void
ctrl_set_kato(struct controller *c, uint32_t kato_ms)
{
	uint64_t rounded;

	if (kato_ms == 0 && c->admit.discovery)
		kato_ms = DISCOVERY_IDLE_MS;
	rounded = ((uint64_t)kato_ms + KAS_MS - 1) / KAS_MS * KAS_MS;

	c->kato_ms = rounded > UINT32_MAX ? UINT32_MAX : (uint32_t)rounded;
	timer_stop(&c->lane->timers, &c->keep_alive);
	ctrl_keep_alive(c);
}

/* CTRATT.TBKAS: any command in the interval is as good as a Keep Alive. Its answer is too: Linux
 * sends no Keep Alive while answers arrive, and a deep queue is answered long after it was filled. */
static void
keep_alive_late(struct timer *t)
{
	struct controller *c = t->arg;

	if (was_traffic(c)) {
		ctrl_keep_alive(c);
		return;
	}
	ask_log(MSG_KEEP_ALIVE_LATE, "", 1, (uint64_t)c->kato_ms);
	c->csts |= NVME_CSTS_CFS;
	ctrl_end(c, "keep alive");
}

/* ---- queues ---- */

bool
ctrl_has_queues(const struct controller *c)
{
	for (uint32_t i = 0; i < c->hello.queues; i++)
		if (c->io[i].state != QP_FREE)
			return (true);
	return (false);
}

unsigned
ctrl_queues(const struct controller *c)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < c->hello.queues; i++)
		n += c->io[i].state == QP_LIVE;
	return (n);
}

void
ctrl_queue_closed(struct controller *c, struct qpair *qp)
{
	if (qp == &c->admin)
		ctrl_end(c, "the admin queue is gone");
	drain_step(c);
	if (c->lane->stop)
		return;
	ask_title();
	ask_stats(c);
}

static void
refuse_field(struct ipc_refuse *r, uint16_t ipo)
{
	r->status = NVME_SC_CONNECT_INVALID_PARAMETERS | NVME_SC_DNR;
	r->iattr = 0;
	r->ipo = ipo;
}

/* Slots are allocated now, so that a host is told in time when there is no memory. */
static uint16_t
reserve(struct controller *c, struct seat *seat, const struct ipc_queue_ask *ask)
{
	if (qp_open(&seat->qp, c->lane, c, ask->qid, ask->sqsize,
	    c->hello.noflow && (ask->cattr & NVME_CATTR_SQFLOW_OFF) != 0) == -1)
		return (NVME_SC_CONNECT_CONTROLLER_BUSY);
	seat_reserve(seat, c, ask->token);
	return (0);
}

/* What may be different a moment later is refused without DNR: Linux tries again then. */
void
ctrl_queue_ask(struct controller *c, const struct ipc_queue_ask *ask, struct ipc_refuse *r)
{
	memset(r, 0, sizeof(*r));
	if (ask->qid == 0 || ask->qid > c->hello.queues)
		refuse_field(r, offsetof(struct nvme_sqe, connect.qid));
	else if (!ctrl_enabled(c) || c->drain != DRAIN_NONE || c->queues_granted == 0 ||
	    (c->csts & NVME_CSTS_SHST_MASK) != 0)
		r->status = NVME_SC_COMMAND_SEQUENCE_ERROR;
	else if (ask->qid > c->queues_granted)
		refuse_field(r, offsetof(struct nvme_sqe, connect.qid));
	else if (ask->sqsize < 2 || ask->sqsize > c->hello.queue_size)
		refuse_field(r, offsetof(struct nvme_sqe, connect.sqsize));
	else if (c->io[ask->qid - 1].state != QP_FREE)
		r->status = NVME_SC_COMMAND_SEQUENCE_ERROR;
	else
		r->status = reserve(c, &c->io[ask->qid - 1], ask);
}

void
ctrl_queue_give(struct controller *c, const struct ipc_queue_handoff *h, int fd)
{
	struct conn_params p = { .hdgst = h->hdgst, .ddgst = h->ddgst, .hpda = h->hpda,
	    .cpda = h->cpda, .maxr2t = h->maxr2t, .maxh2cdata = c->hello.max_h2c_data,
	    .max_icd = c->hello.icd };
	struct seat *seat;

	if (h->qid == 0 || h->qid > c->hello.queues) {
		close(fd);
		return;
	}
	seat = &c->io[h->qid - 1];
	if (seat->state != QP_RESERVED || seat->token != h->token ||
	    seat->qp.sqsize != h->sqsize) {
		close(fd);	/* reset, or too late: the host sees the end of its connection */
		return;
	}
	seat->qp.noflow = h->noflow;
	seat_start(seat, fd, &p);
	ask_title();
	ask_stats(c);
}

void
ctrl_queue_cancel(struct controller *c, uint32_t token)
{
	for (uint32_t i = 0; i < c->hello.queues; i++)
		if (c->io[i].state == QP_RESERVED && c->io[i].token == token)
			seat_close(&c->io[i], "its greeter is gone");
}

/* ---- the end ---- */

void
ctrl_end(struct controller *c, const char *why)
{
	if (c->drain >= DRAIN_END)
		return;
	ask_log(MSG_CTRL_END, why, 0);
	timer_stop(&c->lane->timers, &c->keep_alive);
	/* a host that did not wait for its shutdown still gets its flush */
	drain_begin(c, c->drain == DRAIN_SHUTDOWN ? DRAIN_LEAVE : DRAIN_END);
}

void
ctrl_leave(struct controller *c)
{
	timer_stop(&c->lane->timers, &c->keep_alive);
	drain_begin(c, DRAIN_LEAVE);
}
