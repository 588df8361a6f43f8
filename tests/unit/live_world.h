/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stories of controllers that are there already have in common; see live_world.c.
 */
#ifndef TESTS_UNIT_LIVE_WORLD_H
#define TESTS_UNIT_LIVE_WORLD_H

#include "tests/unit/broker_world.h"

extern struct ctl_done live_done;	/* what the control socket said last */

void	live_fenced(struct fake_peer *, uint64_t fence);
/* Its rows again, as every new broker says them. */
void	live_told_again(struct fake_peer *, uint32_t nsid);
/* A broker with the configuration as it is now, the listener and this controller. */
void	live_another_broker(struct fake_peer *);
void	live_let_go(void);		/* the lock of what was taken is looked at, and gone */
/* Connected to the control socket; what comes is in live_done. */
struct ipc_peer live_ctl(void);
/* Of the record that the warden has: entries of that namespace in that state. */
unsigned live_recorded(uint32_t child, uint32_t nsid, uint32_t state);

#define UNTIL_RECORDED(c, nsid, state, n) \
	FAKE_UNTIL(&w, live_recorded((c)->child, (nsid), RECORD_NS_##state) == (n))

#endif
