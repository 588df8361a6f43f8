/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asynchronous events: the command that waits for them, and who has one to report. All on lane 0.
 */
#ifndef WORKER_AER_H
#define WORKER_AER_H

#include <stdbool.h>
#include <stdint.h>

struct controller;
struct slot;

enum aer_event {
	AER_EVENT_FAULT,	/* an error of no command: log 01h */
	AER_EVENT_HEALTH,	/* reliability, or media read-only: log 02h */
	AER_EVENT_NS,		/* log 04h */
	AER_EVENT_ANA,		/* log 0Ch */
	AER_EVENT_DISCOVERY,	/* log 70h */
	AER_EVENT_RESERVATION,	/* log 80h */
	AER_EVENT_MAX
};

/* ---- aer.c ---- */
uint16_t aer_prepare(struct slot *);
void	aer_execute(struct slot *);
uint32_t aer_supported(const struct controller *);	/* OAES, and what Feature 0Bh may set */
void	aer_event(struct controller *, enum aer_event);
bool	aer_is_pending(const struct controller *, enum aer_event);	/* not told yet */
/* Without RAE: its event may come again. whole: from its beginning, so that an event that was not
 * told yet has nothing new to say. */
void	aer_log_read(struct controller *, uint8_t lid, bool whole);
void	aer_reset(struct controller *);	/* Feature 0Bh as it is at first, and no event */
void	aer_drop_all(struct controller *);	/* answered as aborted */
bool	aer_abort(struct controller *, uint16_t cid);

#endif
