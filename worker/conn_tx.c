/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending on one TCP connection. Answers that become ready in one turn of the lane leave in one
 * vectored send at its end; a lone answer leaves at once, since its turn ends at once. The bytes
 * belong to their owners until sent() is called. Data is not copied here; headers and digests are,
 * side by side, so that the end of one PDU and the beginning of the next are one piece.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "worker/conn_impl.h"

#define TURN_BYTES (512u * 1024)	/* one connection's share of a turn */

void
conn_watch_out(struct conn *c, bool on)
{
	unsigned events = on ? c->watch.events | ENG_OUT : c->watch.events & ~ENG_OUT;

	if (events == c->watch.events)
		return;
	c->watch.events = events;
	engine_rewatch(c->lane->engine, &c->watch);
}

/* tx NULL: just try again what is queued. */
void
conn_send(struct conn *c, struct tx *tx)
{
	if (c->is_dead)
		return;
	if (tx != NULL) {
		tx->gone = 0;
		STAILQ_INSERT_TAIL(&c->txq, tx, next);
	}
	if (!c->is_dirty) {
		c->is_dirty = true;
		TAILQ_INSERT_TAIL(&c->lane->dirty, c, dirty);
	}
}

/* What is left of a part of a PDU after *skip bytes; true when nothing is. */
static bool
skip_part(const uint8_t **base, uint32_t *len, uint32_t *skip)
{
	uint32_t s = *skip < *len ? *skip : *len;

	if (*len == 0)
		return (true);		/* there is no such part; base may be NULL */
	*skip -= s;
	*base += s;
	*len -= s;
	return (*len == 0);
}

static void
add_data(struct outbox *o, const uint8_t *base, uint32_t len, uint32_t *skip)
{
	if (skip_part(&base, &len, skip))
		return;
	o->iov[o->n].iov_base = (uint8_t *)(uintptr_t)base;
	o->iov[o->n++].iov_len = len;
}

static void
add_words(struct outbox *o, const uint8_t *base, uint32_t len, uint32_t *skip)
{
	struct iovec *last = o->n > 0 ? &o->iov[o->n - 1] : NULL;
	uint8_t *to = o->words + o->used;

	if (skip_part(&base, &len, skip))
		return;
	memcpy(to, base, len);
	o->used += len;
	if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == to) {
		last->iov_len += len;
		return;
	}
	o->iov[o->n].iov_base = to;
	o->iov[o->n++].iov_len = len;
}

static unsigned
gather(const struct conn *c, struct outbox *o)
{
	const struct tx *tx;

	o->n = o->used = 0;
	STAILQ_FOREACH(tx, &c->txq, next) {
		uint32_t skip = tx->gone;

		if (o->n + 3 > OUTBOX_PIECES ||
		    o->used + tx->head_len + tx->tail_len > sizeof(o->words))
			break;
		add_words(o, tx->head, tx->head_len, &skip);
		add_data(o, tx->data, tx->data_len, &skip);
		add_words(o, tx->tail, tx->tail_len, &skip);
	}
	return (o->n);
}

/* n bytes are in the socket: whoever is complete is told. */
static void
account(struct conn *c, size_t n)
{
	struct tx *tx;

	while (n > 0 && (tx = STAILQ_FIRST(&c->txq)) != NULL) {
		size_t left = (size_t)tx->head_len + tx->data_len + tx->tail_len - tx->gone;

		if (n < left) {
			tx->gone += (uint32_t)n;
			return;
		}
		n -= left;
		STAILQ_REMOVE_HEAD(&c->txq, next);
		if (tx->sent != NULL)
			tx->sent(tx);
	}
}

bool
conn_drop_unsent(struct conn *c)
{
	const struct tx *tx = STAILQ_FIRST(&c->txq);
	bool whole = tx == NULL || tx->gone == 0;

	STAILQ_INIT(&c->txq);
	return (whole);
}

void
conn_sent_all(struct conn *c)
{
	if (!c->finishing || c->is_dead)
		return;
	if (c->rx == RX_DRAIN)
		shutdown(c->fd, SHUT_WR);	/* the host shall read the TermReq first */
	else
		conn_lost(c, "finished");
}

/* True when there is more to send than `most` bytes that have gone. */
bool
conn_flush(struct conn *c, size_t most)
{
	struct outbox *o = &c->lane->outbox;
	struct msghdr msg = { .msg_iov = o->iov };
	size_t gone = 0;
	ssize_t n;

	while (gone < most && !c->is_dead && (msg.msg_iovlen = gather(c, o)) > 0) {
		n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			conn_watch_out(c, true);
			return (false);
		}
		if (n == -1 && errno != EINTR) {
			conn_lost(c, strerror(errno));
			return (false);
		}
		if (n > 0) {
			gone += (size_t)n;
			account(c, (size_t)n);
		}
	}
	if (c->is_dead)
		return (false);
	conn_watch_out(c, false);
	if (!STAILQ_EMPTY(&c->txq))
		return (true);
	conn_sent_all(c);
	return (false);
}

void
conn_turn_flush(struct lane *lane)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&lane->dirty)) != NULL) {
		TAILQ_REMOVE(&lane->dirty, c, dirty);
		c->is_dirty = false;
		if (c->is_dead || !conn_flush(c, TURN_BYTES))
			continue;
		if (c->is_dirty)	/* what was sent had more behind it */
			TAILQ_REMOVE(&lane->dirty, c, dirty);
		c->is_dirty = c->is_late = true;
		TAILQ_INSERT_TAIL(&lane->late, c, dirty);
	}
}

void
conn_turn_begin(struct lane *lane)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&lane->late)) != NULL) {
		TAILQ_REMOVE(&lane->late, c, dirty);
		TAILQ_INSERT_TAIL(&lane->dirty, c, dirty);
		c->is_late = false;
	}
}
