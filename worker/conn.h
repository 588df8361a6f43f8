/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TCP connection: PDUs, digests, and what is on its way to the host. Knows no command. How it
 * looks inside is conn_impl.h.
 */
#ifndef WORKER_CONN_H
#define WORKER_CONN_H

#include <sys/queue.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct lane;
struct qpair;

/* ---- conn.c, conn_tx.c: TCP, PDUs, digests. Knows no command. ---- */

/* Bytes on their way to the host. Owned by whoever embeds it; sent() gives it back. */
struct tx {
	const uint8_t *head;		/* header, header digest, padding */
	uint32_t head_len;
	const uint8_t *data;
	uint32_t data_len;
	uint8_t tail[4];		/* data digest */
	uint8_t tail_len;
	uint32_t gone;			/* bytes already in the socket */
	void (*sent)(struct tx *);	/* NULL: nobody waits */
	void *owner;
	STAILQ_ENTRY(tx) next;
};

struct conn_params {
	bool hdgst, ddgst;
	uint8_t hpda, cpda;	/* as negotiated */
	uint32_t maxr2t;	/* 1's based */
	uint32_t maxh2cdata;
	uint32_t max_icd;	/* largest in-capsule data here, bytes */
};

/* Takes fd. Reading begins at once, into qp. Returns NULL with errno. */
struct conn *conn_new(struct lane *, int fd, const struct conn_params *, struct qpair *qp);
/* Closes at once; pending tx are dropped without sent(). The memory goes at the end of the turn. */
void	conn_free(struct conn *);
const struct conn_params *conn_params(const struct conn *);
bool	conn_is_paused(const struct conn *);	/* not reading: for want of a buffer */
void	conn_send(struct conn *, struct tx *);	/* leaves at the end of the turn */
bool	conn_turn_poll(struct lane *);	/* busy polling: did the last one get something more? */
void	conn_turn_begin(struct lane *);
void	conn_turn_flush(struct lane *);	/* end of a turn: everything that is ready leaves */
void	conn_turn_resume(struct lane *);	/* ... and paused connections read on */
void	conn_turn_reap(struct lane *);
/* C2HTermReq with the offending header, then half-close; what the host still sends is thrown away
 * until it closes or the linger time is over. The queue is told with qp_conn_lost. */
void	conn_fatal(struct conn *, uint16_t fes, uint32_t fei, const void *hdr, size_t hdr_len);
/* Everything queued is sent, then the connection is closed and qp_conn_lost called. */
void	conn_finish(struct conn *);

/* The pieces of one send. Headers and digests are copied into words. */
#define OUTBOX_PIECES 512u
struct outbox {
	struct iovec iov[OUTBOX_PIECES];
	unsigned n, used;
	uint8_t words[OUTBOX_PIECES * 32];
};

/* ---- rxbuf.c: receive buffers ---- */
#define RX_SIZE	262144u		/* bytes; larger data goes where it belongs */
uint8_t	*rxbuf_get(struct lane *);	/* NULL: no memory */
uint32_t rxbuf_room(const struct lane *);	/* how much of one may be filled now */
void	rxbuf_put(struct lane *, uint8_t *);	/* NULL is allowed */
void	rxbuf_trim(struct lane *);	/* all that nobody has go back to the kernel */

#endif
