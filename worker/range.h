/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of a namespace that one controller has for itself, so that fused commands are atomic
 * against every other host's. Lane 0 talks with the broker, each lane keeps out of what others have.
 */
#ifndef WORKER_RANGE_H
#define WORKER_RANGE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc_payload.h"
#include "worker/engine.h"
#include "worker/mail.h"
#include "worker/timer.h"

struct lane;
struct slot;

/* A range that some controller has for itself, as the broker said; lane 0's. */
struct range_hold {
	struct range_desk *desk;
	uint64_t token;			/* 0: of an earlier broker */
	uint32_t nsid;
	uint64_t offset, end;		/* bytes */
	bool answer;			/* the broker waits for HELD */
	bool freed;
	unsigned unheld;		/* lanes that still write there */
	unsigned out;			/* words that are to come back */
	void (*held)(struct mail *), (*gone)(struct mail *);	/* delivered to lane 0 */
	LIST_ENTRY(range_hold) next;
	struct range_part {		/* what each lane has of it */
		struct range_hold *hold;
		struct lane *lane;
		struct range_part *next;
		unsigned in_flight;	/* operations that were under way when it came */
		bool owes;		/* `held` has not been posted yet */
		struct mail mail, bye;
	} part[LANES_MAX];
};

/* A range that a lane wants for itself. It is lane 0's from range_want() to granted(), and again
 * from range_give_back() to over(); both are delivered to the lane, with arg the want. over() also
 * comes, and granted() does not, when it was given up before. */
struct range_want {
	struct mail mail;
	struct lane *lane;
	void *owner;
	uint32_t nsid;
	uint64_t offset, len;		/* bytes */
	void (*granted)(struct mail *), (*over)(struct mail *);
	bool given_up;			/* atomic: the lane does not want it any more */
	STAILQ_ENTRY(range_want) next;
};

/* Lane 0's side. */
struct range_desk {
	struct lane *lane;
	LIST_HEAD(, range_hold) holds;
	unsigned nholds;
	STAILQ_HEAD(, range_want) wants;
	struct range_want *asked;	/* what the broker is asked for, or NULL */
	bool said, granted;
	uint64_t token;			/* of that question */
	uint64_t unlock;		/* to be said; 0: nothing */
	bool reset;			/* RESET_DONE is to be said */
	struct timer again;
};

/* ---- range.c: ranges that one controller has for itself, on a lane ---- */
/* most: bytes of buffers that may wait; an operation waits wait_ms to twice as long, then it fails. */
void	range_lane_init(struct lane *, size_t most, uint32_t wait_ms);
/* Only while lane->holds is not NULL. True: it is not to be submitted now; it will be, or fails. */
bool	range_waits(struct lane *, struct eng_op *);
bool	range_take_back(struct lane *, struct eng_op *);	/* true: it waited, and does not now */
void	range_cancelled(struct lane *, struct eng_op *);
void	(**range_done(struct slot *))(struct eng_op *);	/* where done() is, for who replaces it */
void	range_part_comes(struct mail *);	/* from lane 0; arg is the part */
void	range_part_goes(struct mail *);

/* ---- range_desk.c: ... on lane 0, and what the broker says of them ---- */
void	range_desk_init(struct lane *);
int	range_hold(struct lane *, const struct ipc_range *);	/* 0, or -1: too many */
void	range_free(struct lane *, const struct ipc_range_ref *);
void	range_grant(struct lane *, uint64_t token);
void	range_reset(struct lane *);
/* By the lane that wants it; see struct range_want. */
void	range_want(struct range_want *);
void	range_give_back(struct range_want *);

#endif
