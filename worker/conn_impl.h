/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a connection, shared by conn.c (receiving) and conn_tx.c (sending) only.
 */
#ifndef WORKER_CONN_IMPL_H
#define WORKER_CONN_IMPL_H

#include "worker/worker.h"

#define LINGER_MS	2000u	/* after a TermReq, for the host to read it */

enum rx_state {
	RX_HEADER,	/* a PDU header, its digest and padding */
	RX_DATA,	/* data_left bytes for `to` */
	RX_DIGEST,	/* the data digest */
	RX_DRAIN,	/* after a fatal error: thrown away until the host closes */
	RX_OFF
};

struct conn {
	struct lane *lane;
	struct qpair *qp;		/* NULL once lost */
	int fd;
	struct eng_watch watch;
	struct conn_params p;
	struct pdu_env env;

	enum rx_state rx;
	uint8_t *rbuf;			/* RX_SIZE bytes while there is something in it, or NULL */
	uint32_t rstart, rend;		/* not yet parsed: rbuf[rstart..rend) */
	struct pdu_verdict v;		/* of the PDU being received */
	struct slot *slot;		/* whose data it is */
	uint8_t *to;			/* where the next byte goes; NULL: away */
	uint32_t data_left;
	uint32_t crc;

	STAILQ_HEAD(, tx) txq;
	struct tx term;
	uint8_t term_buf[PDU_TERMREQ_MAX];
	struct timer linger;
	bool is_dirty;			/* on lane->dirty, or, if is_late, on lane->late */
	bool is_late, is_paused, is_dead;
	bool finishing;			/* close when everything is sent */
	TAILQ_ENTRY(conn) dirty, paused, dead;
};

/* The connection is over: the queue is told, nothing more is read or sent. */
void	conn_lost(struct conn *, const char *why);
void	conn_watch_out(struct conn *, bool on);
void	conn_sent_all(struct conn *);
bool	conn_flush(struct conn *, size_t most);
/* Forgets what is queued, without sent(). False when a PDU was cut in half by that. */
bool	conn_drop_unsent(struct conn *);

#endif
