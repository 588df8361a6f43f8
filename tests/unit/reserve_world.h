/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stories of reservations in the broker have in common; see reserve_world.c.
 */
#ifndef TESTS_UNIT_RESERVE_WORLD_H
#define TESTS_UNIT_RESERVE_WORLD_H

#include "common/nvme.h"
#include "tests/unit/broker_world.h"
#include "tests/unit/unit.h"

#define REGISTER NVME_NVM_RESERVATION_REGISTER
#define ACQUIRE NVME_NVM_RESERVATION_ACQUIRE
#define RELEASE NVME_NVM_RESERVATION_RELEASE
#define CONFLICT (NVME_SC_RESERVATION_CONFLICT | NVME_SC_DNR)
#define PTPL (3u << 30)

extern struct fake_peer a, b;		/* the workers of two hosts, HOST and OTHER */

/* A controller of that host, whose identifier begins with this byte. */
struct fake_peer controller(const char *host, uint8_t hostid, uint32_t readonly, unsigned nns);
void	two_hosts(void);		/* from the start: a and b are there */
void	over(void);			/* ... and gone */
void	new_broker(void);
/* Everybody hears again what it may, and that it may ask again. */
void	hears_all(struct fake_peer *, uint32_t nsid, uint32_t no_read, uint32_t no_write);

void	ask(struct fake_peer *, uint32_t token, uint32_t nsid, uint32_t opc, uint32_t cdw10,
	    uint64_t crkey, uint64_t key2);
uint32_t answered(struct fake_peer *, uint32_t token);	/* the status */
struct ipc_resv_report report(struct fake_peer *, uint32_t token, uint32_t nsid);
/* The row of nsid is told, with this verdict; returns the fence. */
uint64_t told(struct fake_peer *, uint32_t nsid, uint32_t no_read, uint32_t no_write);
void	fenced(struct fake_peer *, uint64_t fence);
/* Both hear that reservations last now, or do not, and have seen it. */
void	all_told(uint32_t nsid, uint32_t ptpl);

/* What an opener is asked to store; and it has done so. */
struct ipc_store stores(struct fake_peer *opener);
void	stored(struct fake_peer *opener);

#endif
