/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM disks, and who carries an operation out: memory for what is mapped, else the engine.
 */
#ifndef WORKER_MEMORY_H
#define WORKER_MEMORY_H

#include <stdbool.h>

#include "worker/engine.h"

struct lane;

/* Operations on mapped memory that are under way. */
struct memory {
	struct eng_queue ready;		/* complete, done() not called yet */
	struct eng_queue slow;		/* being zeroed, in turns */
	unsigned in_flight;
	bool streamed;			/* since the last fence: stream.h */
};

/* ---- memory.c: RAM disks, and who carries an operation out ---- */
void	memory_init(struct memory *);
void	memory_turn(struct memory *);	/* a bounded part of what is slow */
void	memory_done(struct memory *);	/* calls done() of what is complete */
/* As engine_submit and engine_cancel. A write to memory has left its buffer when it returns; zeroing
 * of memory that is cancelled may have been done in part. */
void	lane_submit(struct lane *, struct eng_op *);
bool	lane_cancel(struct lane *, struct eng_op *);
/* Has nobody taken it back, and is it not carried out yet? Not when range.c holds it. */
bool	lane_has(const struct lane *, const struct eng_op *);
void	lane_fail(struct lane *, struct eng_op *, int error);	/* done() comes with it, later */

#endif
