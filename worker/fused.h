/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fused commands: Compare and Write as one.
 */
#ifndef WORKER_FUSED_H
#define WORKER_FUSED_H

#include <stdbool.h>
#include <stdint.h>

struct lane;
struct slot;

/* ---- nvm_fused.c: Compare and Write as one ---- */
enum fusing { FUSING_NONE, FUSING_FIRST, FUSING_FAILED };	/* what came last on a queue */
#define FUSED_BYTES	4096u	/* at most, or one block: what ACWU and NACWU say */
static inline uint32_t
fused_blocks(uint8_t lbads)
{
	return (FUSED_BYTES >> lbads > 0 ? FUSED_BYTES >> lbads : 1);
}
/* In judge(): its FUSE field, where it stands, and its rule. 0 or status; sets s->rule, s->ploc. */
uint16_t fused_check(struct slot *);
/* It was taken from the queue; also every other command as long as qp->fusing says so. */
void	fused_arrived(struct slot *);
void	fused_done(struct slot *, uint16_t status);	/* slot_done of one with a pair */
void	fused_forget(struct slot *);		/* it is being freed */
bool	fused_may_abort(const struct slot *);	/* SLOT_WAIT_FUSED only */
void	fused_changed(struct lane *);		/* it has other namespaces from now on */

#endif
