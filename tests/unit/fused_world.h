/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue with the real command set over memory and a file; see fused_world.c.
 */
#ifndef TESTS_UNIT_FUSED_WORLD_H
#define TESTS_UNIT_FUSED_WORLD_H

#include "tests/unit/transport_world.h"

enum { RAM = 1, FILE_NS = 2, BLOCKS = 128, BLOCK = 512, DEV = BLOCKS * BLOCK };
enum { WRITE = NVME_NVM_WRITE, COMPARE = NVME_NVM_COMPARE, READ = NVME_NVM_READ,
	ZERO = NVME_NVM_WRITE_ZEROES };
enum { FIRST = NVME_FUSE_FIRST, SECOND = NVME_FUSE_SECOND };

extern uint8_t ram[DEV];			/* namespace RAM */
extern uint8_t ones[2 * 4096], twos[2 * 4096];

/* Of a test: plain, or with both digests. teardown() sees that nothing is held and nothing waits. */
int	setup(void **state);
int	setup_digests(void **state);
int	teardown(void **state);

/* ---- what the host does ---- */
/* Its data is in the capsule, or, NULL, to be asked for. Returns how long the capsule is. */
size_t	put_cmd(uint8_t *out, uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba,
	    uint32_t nlb, const uint8_t *data);
void	send_cmd(uint8_t opc, unsigned fuse, uint16_t cid, uint32_t nsid, uint64_t slba, uint32_t nlb,
	    const uint8_t *data);
/* If these are ones, they become twos; cids 1 and 2. */
void	send_pair(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *is,
	    const uint8_t *becomes);
void	answered(uint16_t first, uint16_t second);	/* of that pair: the statuses */

/* ---- what the broker hears and says ---- */
uint64_t asked(unsigned nth, const char *what);		/* the token */
void	hold(uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len);
void	set_free(uint64_t token);
void	set_unknown_free(uint32_t nsid);	/* what is held for an earlier broker */
void	grant(unsigned nth, uint64_t token);	/* as the broker does when nobody else is there */
void	ended(unsigned nth, uint64_t token);

/* ---- what the namespaces hold ---- */
bool	stored(uint32_t nsid, uint64_t slba, uint32_t nlb, const uint8_t *what);
void	preset(uint32_t nsid, uint8_t with);

#endif
