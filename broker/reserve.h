/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reservations of a namespace in the broker, and its write protection, which is kept with them: what
 * is in force, the change that is under way, and who waits for it. A change goes through these steps,
 * one change of a namespace at a time: to the disk (what survives the loss of power), to the warden,
 * to every worker whose host may do less or more now (fence.c); only then the host that asked gets
 * its answer, and those concerned their notices.
 */
#ifndef BROKER_RESERVE_H
#define BROKER_RESERVE_H

#include "broker/broker.h"
#include "broker/reservation_file.h"

/* What the warden keeps, sealed: a new broker goes on from here. Written by brokers only. */
struct reserve_page {
	uint32_t version;		/* RESERVE_PAGE_VERSION */
	uint32_t unsure;		/* 1: the file may say something else */
	uint32_t child, token;		/* whose change was the last one: it may ask again */
	struct reservation now;
	struct reservation_effect effect;	/* of that change */
};

#define RESERVE_PAGE_VERSION 1u

enum reserve_step { RESERVE_IDLE, RESERVE_STORING, RESERVE_FENCING };

struct reserve {
	struct backend *be;
	uint8_t id[RESERVATION_ID];
	struct reserve_page page;	/* page.now is in force */
	bool has_page;			/* the warden has it */
	struct {			/* the last change of the broker before us */
		uint32_t child, token;
		struct reservation_effect effect;
	} before;
	TAILQ_HEAD(, session) waiting;	/* for their turn, by session.reserve.entry */
	enum reserve_step step;
	/* the change under way */
	uint32_t child, token;
	struct reservation next;	/* until it is in force */
	struct reservation_effect effect;
};

/* ---- reserve_page.c: what outlives a broker ---- */
struct reserve *reserve_of(struct backend *);	/* made when it is first needed; NULL: no memory */
void	reserve_refresh(struct broker *);	/* from what is held now */
int	reserve_keep(struct reserve *);		/* page, at the warden; 0 or -1 */

#endif
