/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving on one TCP connection: bytes become PDUs (common/pdu.c judges them), PDUs become calls
 * of qpair.c. Data goes straight to the buffer that the slot has for it. Nothing is sized by a
 * number from the wire: a length is bounded by pdu_check_common before a byte of it is taken.
 * A wrong header ends the connection, a wrong data digest only its command.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/crc.h"
#include "common/logmsg.h"
#include "worker/conn_impl.h"

#define TURN_BYTES (256u * 1024)	/* one connection's share of a turn */

static void	conn_ready(struct eng_watch *, unsigned);
static void	conn_linger_over(struct timer *);

struct conn *
conn_new(struct lane *lane, int fd, const struct conn_params *p, struct qpair *qp)
{
	struct conn *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		goto fail;
	c->lane = lane;
	c->qp = qp;
	c->fd = fd;
	c->p = *p;
	c->env = (struct pdu_env){ .hdgst = p->hdgst, .ddgst = p->ddgst, .icreq_done = true,
	    .rx_align = (uint8_t)((p->cpda + 1) * 4), .max_icd = p->max_icd,
	    .maxh2cdata = p->maxh2cdata };
	STAILQ_INIT(&c->txq);
	c->linger = (struct timer){ .name = "linger", .fire = conn_linger_over, .arg = c };
	c->watch = (struct eng_watch){ .fd = fd, .events = ENG_IN, .ready = conn_ready, .arg = c };
	if (engine_watch(lane->engine, &c->watch) == -1)
		goto fail;
	return (c);
 fail:
	free(c);
	close(fd);
	return (NULL);
}

const struct conn_params *
conn_params(const struct conn *c)
{
	return (&c->p);
}

bool
conn_is_paused(const struct conn *c)
{
	return (c->is_paused);
}

void
conn_free(struct conn *c)
{
	if (c->is_dead)
		return;
	c->is_dead = true;
	c->rx = RX_OFF;
	c->qp = NULL;
	STAILQ_INIT(&c->txq);		/* their slots may be gone before we are */
	engine_unwatch(c->lane->engine, &c->watch);
	timer_stop(&c->lane->timers, &c->linger);
	close(c->fd);
	c->fd = -1;
	if (c->lane->hot == c)
		c->lane->hot = NULL;
	TAILQ_INSERT_TAIL(&c->lane->dead, c, dead);
}

/* Not earlier: callers up the stack may still look at it. */
void
conn_turn_reap(struct lane *lane)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&lane->dead)) != NULL) {
		TAILQ_REMOVE(&lane->dead, c, dead);
		if (c->is_late)
			TAILQ_REMOVE(&lane->late, c, dirty);
		else if (c->is_dirty)
			TAILQ_REMOVE(&lane->dirty, c, dirty);
		if (c->is_paused)
			TAILQ_REMOVE(&lane->paused, c, paused);
		rxbuf_put(lane, c->rbuf);
		free(c);
	}
}

void
conn_lost(struct conn *c, const char *why)
{
	struct qpair *qp = c->qp;

	c->rx = RX_OFF;
	c->qp = NULL;
	if (qp != NULL)
		qp_conn_lost(qp, why);	/* frees us when its last slot is back */
	else
		conn_free(c);
}

static void
conn_linger_over(struct timer *t)
{
	conn_lost(t->arg, "linger time over");
}

void
conn_fatal(struct conn *c, uint16_t fes, uint32_t fei, const void *hdr, size_t hdr_len)
{
	struct qpair *qp = c->qp;

	if (c->rx == RX_DRAIN || c->rx == RX_OFF)
		return;
	ask_log(MSG_PDU_FATAL, pdu_fes_name(fes), 3, (uint64_t)(qp != NULL ? qp->qid : 0),
	    (uint64_t)fes, (uint64_t)fei);
	c->term.head = c->term_buf;
	c->term.head_len = (uint32_t)pdu_put_termreq(c->term_buf, fes, fei, hdr, hdr_len);
	(void)conn_flush(c, SIZE_MAX);	/* what is ready goes first, what does not fit now is dropped */
	if (c->rx == RX_OFF)
		return;
	c->rx = RX_DRAIN;
	c->rstart = c->rend = 0;
	if (!conn_drop_unsent(c)) {
		conn_lost(c, "protocol error");	/* half an answer is out: a TermReq would be garbage */
		return;
	}
	conn_send(c, &c->term);
	c->finishing = true;
	timer_set(&c->lane->timers, &c->linger, LINGER_MS);
	c->qp = NULL;		/* we close ourselves, when the host has read it */
	if (qp != NULL) {
		qp->conn = NULL;
		qp_conn_lost(qp, "protocol error");
	}
}

void
conn_finish(struct conn *c)
{
	c->finishing = true;
	if (STAILQ_EMPTY(&c->txq))
		conn_sent_all(c);
}

/* ---- one PDU ---- */

/* have: bytes of the PDU that are there. */
static void
conn_capsule(struct conn *c, uint8_t *hdr, size_t have)
{
	const struct pdu_capsule_cmd *pdu = (const void *)hdr;

	c->slot = qp_capsule(c->qp, &pdu->sqe, c->v.data_len,
	    have >= c->v.total ? hdr + c->v.header_len + c->v.pad : NULL, &c->to);
}

static void
conn_h2cdata(struct conn *c, const uint8_t *hdr)
{
	const struct pdu_h2cdata *pdu = (const void *)hdr;

	c->slot = qp_h2cdata(c->qp, pdu, c->v.data_len, &c->to);
}

static void
conn_h2c_term(struct conn *c, const uint8_t *hdr)
{
	const struct pdu_termreq *pdu = (const void *)hdr;

	ask_log(MSG_H2C_TERMREQ, pdu_fes_name(le16_get(pdu->fes)), 3, (uint64_t)c->qp->qid,
	    (uint64_t)le16_get(pdu->fes), (uint64_t)le32_get(pdu->fei));
	conn_lost(c, "host sent H2CTermReq");
}

static void
conn_watch_in(struct conn *c, bool on)
{
	unsigned events = on ? c->watch.events | ENG_IN : c->watch.events & ~ENG_IN;

	if (events == c->watch.events)
		return;
	c->watch.events = events;
	engine_rewatch(c->lane->engine, &c->watch);
}

static void
conn_pause(struct conn *c)
{
	c->is_paused = true;
	TAILQ_INSERT_TAIL(&c->lane->paused, c, paused);
	conn_watch_in(c, false);
}

/* The data of a PDU, and so the PDU, is complete. */
static void
conn_pdu_done(struct conn *c, bool good)
{
	struct slot *s = c->slot;

	c->rx = RX_HEADER;
	c->slot = NULL;
	if (c->v.type == PDU_CAPSULE_CMD)
		qp_capsule_complete(s, good);
	else
		qp_h2cdata_complete(s, c->v.data_len, good);
}

/* How much of have is the header: what a TermReq repeats, nothing of what follows. */
static size_t
known_header(const struct pdu_verdict *v, size_t have)
{
	size_t len = v->header_len != 0 ? v->header_len : PDU_COMMON_BYTES;

	if (v->hdgst)
		len -= PDU_DGST_BYTES;
	return (have < len ? have : len);
}

/* Returns false when more bytes are needed, or nothing more is to be parsed. */
static bool
conn_parse_header(struct conn *c)
{
	uint8_t *hdr = c->rbuf + c->rstart;
	size_t have = c->rend - c->rstart;

	if (have < PDU_COMMON_BYTES)
		return (false);
	if (pdu_check_common(hdr, have, &c->env, &c->v) == -1)
		goto fatal;
	if (have < (size_t)c->v.header_len + c->v.pad)
		return (false);
	if (pdu_check(hdr, have, &c->env, &c->v) == -1)
		goto fatal;
	if (c->v.type == PDU_H2C_TERMREQ) {
		conn_h2c_term(c, hdr);
		return (false);
	}
	if (c->v.type == PDU_CAPSULE_CMD)
		conn_capsule(c, hdr, have);
	else
		conn_h2cdata(c, hdr);
	if (c->rx != RX_HEADER)		/* it was wrong after all */
		return (false);
	if (c->slot == NULL) {
		conn_pause(c);
		return (false);
	}
	c->rstart += c->v.header_len + c->v.pad;
	c->data_left = c->v.data_len;
	c->crc = 0;
	if (c->data_left == 0)
		conn_pdu_done(c, true);
	else
		c->rx = RX_DATA;
	return (true);
 fatal:
	if (c->v.silent)
		conn_lost(c, "unanswerable PDU");
	else
		conn_fatal(c, (uint16_t)c->v.fes, c->v.fei, hdr, known_header(&c->v, have));
	return (false);
}

/* n bytes of data lie at from, or (from == NULL) were received where they belong. */
static void
conn_data(struct conn *c, const uint8_t *from, uint32_t n)
{
	const uint8_t *p = from != NULL ? from : c->to;

	if (c->v.ddgst)
		c->crc = crc32c_extend(c->crc, p, n);
	if (from != NULL && c->to != NULL)
		memcpy(c->to, from, n);
	if (c->to != NULL)
		c->to += n;
	c->data_left -= n;
	if (c->data_left > 0)
		return;
	if (c->v.ddgst)
		c->rx = RX_DIGEST;
	else
		conn_pdu_done(c, true);
}

static bool
conn_parse_data(struct conn *c)
{
	uint32_t n = c->rend - c->rstart;

	if (n > c->data_left)
		n = c->data_left;
	if (n == 0)
		return (false);
	c->rstart += n;
	conn_data(c, c->rbuf + c->rstart - n, n);
	return (true);
}

static bool
conn_parse_digest(struct conn *c)
{
	struct le32 d;

	if (c->rend - c->rstart < sizeof(d))
		return (false);
	memcpy(&d, c->rbuf + c->rstart, sizeof(d));
	c->rstart += sizeof(d);
	conn_pdu_done(c, le32_get(d) == c->crc);
	return (true);
}

static void
conn_give_buffer(struct conn *c)
{
	c->rstart = c->rend = 0;
	rxbuf_put(c->lane, c->rbuf);
	c->rbuf = NULL;
}

static void
conn_parse(struct conn *c)
{
	bool more = true;

	while (more) {
		switch (c->rx) {
		case RX_HEADER:
			more = conn_parse_header(c);
			break;
		case RX_DATA:
			more = conn_parse_data(c);
			break;
		case RX_DIGEST:
			more = conn_parse_digest(c);
			break;
		case RX_DRAIN:
		case RX_OFF:
			c->rstart = c->rend;
			more = false;
			break;
		}
	}
	if (c->rstart == c->rend)
		conn_give_buffer(c);
	else if (!c->is_paused) {	/* less than a header is left */
		memmove(c->rbuf, c->rbuf + c->rstart, c->rend - c->rstart);
		c->rend -= c->rstart;
		c->rstart = 0;
	}
}

/* One receive: the slot's missing data first, then whatever follows it. Returns bytes, 0 for
 * nothing now, -1 when the connection is gone. */
static ssize_t
conn_receive(struct conn *c, bool *full)
{
	uint32_t direct = c->rx == RX_DATA && c->to != NULL ? c->data_left : 0, d;
	struct iovec iov[2] = { { c->to, direct } };
	struct msghdr msg = { .msg_iov = direct > 0 ? iov : iov + 1,
	    .msg_iovlen = direct > 0 ? 2 : 1 };
	uint32_t room;
	ssize_t n;

	if (c->rbuf == NULL && (c->rbuf = rxbuf_get(c->lane)) == NULL) {
		conn_lost(c, strerror(errno));
		return (-1);
	}
	room = rxbuf_room(c->lane);
	assert(c->rend < room);		/* less than a header: conn_parse() took the rest */
	room -= c->rend;
	iov[1] = (struct iovec){ c->rbuf + c->rend, room };
	n = recvmsg(c->fd, &msg, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		if (c->rend == 0)
			conn_give_buffer(c);
		return (0);
	}
	if (n <= 0) {
		conn_lost(c, n == 0 ? "closed by host" : strerror(errno));
		return (-1);
	}
	*full = (size_t)n == direct + room;
	if (c->rx == RX_DRAIN || c->rx == RX_OFF)
		return (n);
	d = (size_t)n < direct ? (uint32_t)n : direct;
	c->rend += (uint32_t)n - d;
	if (d > 0)
		conn_data(c, NULL, d);
	return (n);
}

/* Returns true when something came, if only the end of the connection. */
static bool
conn_read(struct conn *c)
{
	size_t turn = 0;
	bool full = true;
	ssize_t n;

	while (full && turn < TURN_BYTES && !c->is_paused && !c->is_dead) {
		if ((n = conn_receive(c, &full)) <= 0)
			return (turn > 0 || n < 0);
		c->lane->hot = c;
		turn += (size_t)n;
		conn_parse(c);
		lane_answer(c->lane);	/* the host need not wait for the rest of the turn */
	}
	return (turn > 0);
}

bool
conn_turn_poll(struct lane *lane)
{
	struct conn *c = lane->hot;

	return (c != NULL && !c->is_paused && conn_read(c));
}

static void
conn_ready(struct eng_watch *w, unsigned events)
{
	struct conn *c = w->arg;

	if ((events & ENG_OUT) != 0)
		conn_send(c, NULL);
	if ((events & (ENG_IN | ENG_ERR)) == 0 || c->is_dead)
		return;
	if (c->is_paused && (events & ENG_ERR) != 0)
		conn_lost(c, "closed by host");	/* would be reported for ever */
	else if (!c->is_paused)
		(void)conn_read(c);
}

void
conn_turn_resume(struct lane *lane)
{
	TAILQ_HEAD(, conn) list = TAILQ_HEAD_INITIALIZER(list);
	struct conn *c;

	TAILQ_CONCAT(&list, &lane->paused, paused);
	while ((c = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, c, paused);
		c->is_paused = false;
		if (c->is_dead)
			continue;
		conn_parse(c);
		if (!c->is_dead && !c->is_paused)	/* not again */
			conn_watch_in(c, true);
	}
}
