/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Abort command. The queue of the command that it is for takes that one back: qp_abort.
 */
#ifndef WORKER_ABORT_H
#define WORKER_ABORT_H

#include <stdbool.h>
#include <stdint.h>

struct slot;

/* ---- abort.c ---- */
uint16_t abort_prepare(struct slot *);
void	abort_execute(struct slot *);
void	abort_over(struct slot *, bool aborted);	/* on the lane of the command that it was for */

#endif
