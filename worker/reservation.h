/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a controller keeps of reservations: the commands that wait for the broker's answer, and the
 * notices that its host has not read. What is in force is the broker's; what it forbids this host
 * stands in each namespace's row.
 */
#ifndef WORKER_RESERVATION_H
#define WORKER_RESERVATION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc_payload.h"
#include "worker/engine.h"
#include "worker/mail.h"
#include "worker/timer.h"

struct controller;
struct ns;
struct slot;

#define RESV_NOTICES 256u	/* unread; the oldest ones make room */

struct resv_notice {
	uint32_t nsid;
	uint32_t type;		/* enum nvme_resv_notice */
	uint64_t number;	/* LPC */
};

/* Lane 0's, but for what is on its way to the lane of a command. */
struct resv {
	TAILQ_HEAD(, slot) waiting;	/* by slot.held; the first one has been asked about */
	bool asked;
	struct ns *flushing;		/* answered; what was written there is made durable; or NULL */
	struct eng_op flush;
	uint32_t token;			/* of the question */
	struct timer again;		/* the channel had no room */
	struct mail word;		/* with an answer, to the lane of `to` and back */
	bool away;
	struct slot *to;
	uint16_t status;
	struct ipc_resv_report report;
	/* log 80h */
	uint64_t notices;		/* since the last reset: LPC of the newest */
	uint32_t first, n;
	struct resv_notice notice[RESV_NOTICES];
	uint8_t mask[ENGINE_FILES];	/* feature 82h: by slot of the namespace */
};

/* ---- reservation.c: the commands ---- */
/* Does somebody's reservation forbid this command to its host? */
bool	resv_forbids(const struct slot *);
void	resv_init(struct controller *);
void	resv_reset(struct controller *);	/* notices and masks */
uint16_t resv_report_prepare(struct slot *);
uint16_t resv_register_prepare(struct slot *);	/* and Acquire */
uint16_t resv_release_prepare(struct slot *);
void	resv_execute(struct slot *);	/* of all four; from any lane */
void	resv_set(struct slot *);	/* Set Features 83h and 84h */
/* From the broker. */
void	resv_answered(struct controller *, const struct ipc_resv_answer *);
void	resv_reported(struct controller *, const struct ipc_resv_report *);
void	resv_protected(struct controller *, uint16_t status);	/* from feature_protect.c */
void	resv_ask_again(struct controller *);	/* it is another one: what it does not answer is asked */

/* ---- reservation_log.c: notices; log 80h, features 82h and 83h ---- */
void	resv_notice(struct controller *, const struct ipc_resv_notice *);

#endif
