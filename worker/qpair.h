/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue pair: its state, its slots, flow control. It belongs to one lane.
 */
#ifndef WORKER_QPAIR_H
#define WORKER_QPAIR_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/pdu.h"
#include "worker/timer.h"

struct conn;
struct conn_params;
struct controller;
struct lane;
struct nvme_sqe;
struct slot;
struct window;

enum qp_state { QP_FREE, QP_RESERVED, QP_LIVE, QP_CLOSING, QP_STATE_MAX };

struct qpair {
	struct controller *ctrl;
	struct lane *lane;
	struct conn *conn;
	enum qp_state state;
	uint16_t qid;
	uint32_t sqsize;	/* entries */
	uint16_t sqhd;		/* commands taken, modulo sqsize */
	bool noflow;		/* SQ flow control is off */
	uint8_t fusing;		/* enum fusing */
	struct pdu_tx tx;	/* how its answers are framed */
	uint32_t c2h_max;	/* bytes in one C2HData */
	uint32_t r2t_max, r2t_size;	/* R2Ts of a command at a time; bytes that one asks for */
	struct slot *slots;	/* sqsize of them */
	struct window *windows;	/* R2T_MAX of each slot, in their order: r2t.c */
	uint32_t busy;		/* slots not free */
	uint16_t *free;		/* stack of free slots */
	uint32_t nfree;
	uint8_t *cids;		/* bitmap of the CIDs in use, 8 KiB */
	struct timer transfer;	/* R2Ts not answered */
	bool moving;		/* an R2T or H2CData since it was set */
	uint32_t waiting_h2c;	/* slots in SLOT_WAIT_H2C */
	uint64_t commands;
	bool disconnect;	/* Disconnect was answered: close when it is sent */
	struct slot *first;	/* FUSING_FIRST: the one that waits for its second */
	bool listed;		/* in lane->queues */
	LIST_ENTRY(qpair) of_lane;
};

/* ---- qpair.c: queue states, slots, flow control ---- */
int	qp_open(struct qpair *, struct lane *, struct controller *, uint16_t qid, uint32_t sqsize,
	    bool noflow);	/* slots are allocated here; 0 or -1, errno */
void	qp_start(struct qpair *, int fd, const struct conn_params *);	/* takes fd; QP_LIVE */
void	qp_close(struct qpair *, const char *why);	/* no new commands; free when all are back */
bool	qp_cid_in_use(const struct qpair *, uint16_t cid);

/* From conn.c. A capsule arrived: returns its slot with where the in-capsule data goes in *to (NULL:
 * nowhere), or NULL when reading must wait (and nothing has changed) or conn_fatal was called. here:
 * where all of the data lies already, until qp_capsule_complete returns, or NULL. */
struct slot *qp_capsule(struct qpair *, const struct nvme_sqe *, uint32_t icd, uint8_t *here,
	    uint8_t **to);
void	qp_capsule_complete(struct slot *, bool data_good);
/* An H2CData header: the slot and where its data goes; or NULL after conn_fatal. */
struct slot *qp_h2cdata(struct qpair *, const struct pdu_h2cdata *, uint32_t len, uint8_t **to);
void	qp_h2cdata_complete(struct slot *, uint32_t len, bool data_good);
void	qp_conn_lost(struct qpair *, const char *why);

/* ---- qp_abort.c ---- */
/* Takes the command with this CID back if that can be done. DONE: it is answered as aborted, now or
 * when data has come that it was asked for. LATER: abort_over(aborter) will say what became of it. */
enum abort_outcome { ABORT_NOT, ABORT_DONE, ABORT_LATER };
enum abort_outcome qp_abort(struct qpair *, uint16_t cid, struct slot *aborter);

#endif
