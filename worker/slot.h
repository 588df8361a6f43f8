/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command slot: what is known of one command from its capsule to its answer, and the rooms that
 * move its data.
 */
#ifndef WORKER_SLOT_H
#define WORKER_SLOT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pdu.h"
#include "common/sqe.h"
#include "worker/conn.h"
#include "worker/engine.h"
#include "worker/mail.h"

struct cmd_rule;
struct controller;
struct lane;
struct ns;
struct pair;
struct pool;
struct qpair;

#define SHORT_HEAD	(24 + PDU_DGST_BYTES)	/* R2T or CapsuleResp */

enum slot_state {
	SLOT_FREE,
	SLOT_WAIT_BUFFER,	/* for the pool */
	SLOT_RX,		/* in-capsule data is arriving */
	SLOT_WAIT_H2C,		/* R2T is out */
	SLOT_WAIT_FUSED,	/* for the other one of a fused pair, or for its range */
	SLOT_EXECUTE,		/* a device or an event has it */
	SLOT_TX,		/* the answer is on its way */
	SLOT_STATE_MAX
};

#define R2T_MAX		4u	/* R2Ts of a command that are out at a time */
/* What one asks for, beside the slot: most commands need none, and their slots stay small. */
struct window {
	uint32_t from, len, got;	/* bytes that it asked for, and that came */
	struct tx tx;
	uint8_t head[SHORT_HEAD];
};

struct slot {
	struct qpair *qp;
	uint16_t index;		/* also in the TTAG */
	enum slot_state state;
	struct cmd cmd;		/* host order */
	const struct cmd_rule *rule;
	uint32_t version;	/* of the table of namespaces by which it was judged */
	struct ns *ns;		/* I/O: held from its beginning; or NULL */
	struct ns *from;	/* a second one; only with ns, or NULL */
	struct pool *pool;	/* where buf is from */
	uint8_t *buf;
	uint32_t len_in;	/* bytes the host sends */
	uint32_t len_out;	/* bytes the host gets, at most */
	uint32_t got;		/* of len_in */
	uint32_t asked;		/* of len_in, by R2Ts so far */
	uint8_t r2ts, r2ts_sent;	/* bit w: window w is open; and its R2T is in the socket */
	uint8_t r2t_now;	/* the window whose data is being received */
	uint32_t c2h_from, c2h_len;	/* data sent in pieces: where the next begins; all of it */
	uint32_t icd;		/* in-capsule bytes of this command */
	/* The namespace is memory: in-capsule data is executed from where it was received, and what
	 * goes to the host is sent from src. Either needs no buffer. */
	bool in_place;
	const uint8_t *src;
	bool sends_memory;	/* src is being sent: ns is held for that only */
	uint16_t status;	/* decided before the data was complete */
	uint16_t ploc;		/* where its wrong field is, as log 01h says it; or PLOC_NONE */
	bool data_bad;		/* a data digest was wrong */
	bool owns_cid;		/* false: a duplicate, which is only answered */
	bool in_parts;		/* of several operations, or of one in steps: set by execute() */
	bool aborted;		/* between two operations: no more of them; aborter is there */
	struct pair *pair;	/* of a fused command; or NULL */
	uint64_t result;	/* CQE dword 0 and 1 */
	void (*after)(struct eng_op *);	/* done() of an operation that range.c counts */
	struct eng_op op;
	uint32_t parts;		/* how far a command of several engine operations has come: parts */
	uint64_t before, at;	/* ... bytes (of nvm_dsm.c: blocks) of the parts before, and of this one */
	uint8_t *bounce;	/* bounce.c; NULL whenever the slot is free */
	void (*go_on)(struct slot *, uint16_t status);	/* after what it waits for */
	void (*then)(struct slot *, uint16_t status);	/* of nvm_compare */
	struct tx tx_data, tx_resp;
	uint8_t head_data[PDU_HEADER_MAX], head_resp[SHORT_HEAD];
	uint32_t tx_out;	/* tx not yet sent */
	TAILQ_ENTRY(slot) wait;		/* for a buffer */
	TAILQ_ENTRY(slot) held;		/* AER; waiting for the broker (reservation.c) */
	struct mail mail;		/* Abort, reservations: to another lane and back */
	struct slot *aborter;		/* the Abort that waits for the outcome; if aborted */
	void (*op_done)(struct eng_op *);	/* ... what its op.done was */
};

/* Byte and bit of the SQE. */
#define PLOC(byte, bit)	((uint16_t)((byte) | (bit) << 8))
#define PLOC_NONE	0xffffu

/* ---- qpair.c: a slot of a queue ---- */
/* The namespace that a command is about: the one it holds, else the one that is there; or NULL. */
struct ns *slot_ns(const struct slot *);
void	slot_hold(struct slot *, struct ns *);	/* instead of the one it held */
void	slot_let_go(struct slot *);	/* of the namespaces that it holds */
void	slot_r2t(struct slot *);	/* asks the host for len_in bytes */
void	slot_free(struct slot *);	/* and its queue, if that is closing and it was the last one */

/* ---- answer.c ---- */
/* status as in the CQE without the phase bit (NVME_SC_ constants, DNR); len bytes of slot->buf go
 * first when status is 0. */
void	slot_done(struct slot *, uint16_t status);
void	slot_done_data(struct slot *, uint32_t len);
void	slot_answer(struct slot *, uint16_t status);	/* for nvm_fused.c: slot_done of one */
/* For r2t.c and c2h.c. A tx of the slot's that leaves; slot_sent, or what calls it at last, is told. */
void	slot_send(struct slot *, struct tx *, const uint8_t *head, size_t head_len,
	    void (*sent)(struct tx *));
void	slot_sent(struct tx *);
void	slot_respond(struct slot *, uint16_t status);

/* ---- qp_abort.c ---- */
/* It executes: true when nobody has it any more, so that it can be answered or freed. */
bool	slot_take_back(struct slot *);
void	slot_tell_aborter(struct slot *, bool aborted);	/* only if s->aborted */

/* ---- judge.c: before a command is executed ---- */
/* What can be said of a command without its data. 0 or a status. */
uint16_t slot_judge(struct slot *, bool duplicate, uint32_t icd);
/* An I/O command is about to be executed: its namespace is held from now on. False when
 * that is not as it was when the command came, and the command has been answered. */
bool	slot_begin(struct slot *);

/* ---- r2t.c: R2T windows ---- */
void	r2t_begin(struct slot *);	/* there is a buffer for all of len_in */
/* Whose window an H2CData header is for; or NULL with fes and fei. */
struct slot *r2t_judge(struct qpair *, const struct pdu_h2cdata *, uint32_t len,
	    struct pdu_verdict *);
bool	r2t_came(struct slot *, uint32_t len);	/* true: nothing that was asked for is missing */

/* ---- c2h.c: C2HData ---- */
void	c2h_send(struct slot *, uint32_t len);	/* and the answer, status 0; len is not 0 */

/* ---- xfer.c: moving a slot's data ---- */
void	xfer_begin(struct slot *);	/* after prepare(): buffer, R2T, then execute() */
void	xfer_turn(struct lane *);	/* end of a turn: slots that waited for a buffer */
bool	xfer_forget(struct slot *);	/* was waiting for a buffer, waits no more */

/* ---- bounce.c: buffers for data that neither comes from the host nor goes to it ---- */
#define BOUNCE_BYTES	131072u
#define BOUNCES		4u	/* per lane */
/* s->bounce becomes one of BOUNCE_BYTES, now or later: go_on(s, 0). */
void	bounce_get(struct slot *, void (*go_on)(struct slot *, uint16_t status));
void	bounce_put(struct slot *);	/* it may have none */
void	bounce_turn(struct lane *);	/* end of a turn: slots that waited for one */
bool	bounce_forget(struct slot *);	/* was waiting for one, waits no more */

/* ---- ploc.c: which field is wrong ---- */
/* Invalid Field with DNR; which byte and bit of the SQE, for log 01h. */
uint16_t slot_bad_field(struct slot *, unsigned byte, unsigned bit);
/* For an NSID that names no namespace here: inactive, or invalid. NVMe Base 2.0, NSID types. */
uint16_t slot_no_ns(struct slot *);
uint16_t ctrl_no_ns(const struct controller *, uint32_t nsid);	/* ... of another field than NSID */

#endif
