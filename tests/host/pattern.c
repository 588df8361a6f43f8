/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks that know where they belong: LBA, seed, generation, noise that depends on all three, and a
 * CRC32C over all of it. A block that is torn, stale, misplaced or another host's is told apart.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/host/spec.h"

enum { AT_LBA = 0, AT_SEED = 8, AT_GENERATION = 16, AT_BLOCK = 20, AT_NOISE = 24 };

void
host_pattern_fill(uint8_t *p, uint32_t block, uint64_t lba, uint64_t seed, uint32_t generation)
{
	uint64_t x = (lba + 1) * 0x9e3779b97f4a7c15u ^ seed * 0xbf58476d1ce4e5b9u ^ generation;

	put64(p, AT_LBA, lba);
	put64(p, AT_SEED, seed);
	put32(p, AT_GENERATION, generation);
	put32(p, AT_BLOCK, block);
	for (uint32_t i = AT_NOISE; i < block; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		put64(p, i, x);
	}
	put32(p, block - 4, host_crc32c(p, block - 4));
}

static bool
is_zero(const uint8_t *p, uint32_t len)
{
	return (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* false: why says in which way the block is wrong. */
bool
host_pattern_check(const uint8_t *p, uint32_t block, uint64_t lba, uint64_t seed,
    uint32_t generation, char *why, size_t size)
{
	uint32_t crc = host_crc32c(p, block - 4);

	if (get64(p, AT_LBA) == lba && get64(p, AT_SEED) == seed && get32(p, AT_BLOCK) == block &&
	    get32(p, AT_GENERATION) == generation && get32(p, block - 4) == crc)
		return (true);
	if (is_zero(p, block))
		snprintf(why, size, "LBA %" PRIu64 " is all zero", lba);
	else if (get32(p, block - 4) != crc)
		snprintf(why, size, "LBA %" PRIu64 " is torn or foreign: CRC %#x, its data has %#x "
		    "(it says LBA %" PRIu64 ", generation %u)", lba, get32(p, block - 4), crc,
		    get64(p, AT_LBA), get32(p, AT_GENERATION));
	else
		snprintf(why, size,
		    "LBA %" PRIu64 ", seed %" PRIu64 ", generation %u expected, found LBA %" PRIu64
		    ", seed %" PRIu64 ", generation %u, block %u",
		    lba, seed, generation, get64(p, AT_LBA), get64(p, AT_SEED),
		    get32(p, AT_GENERATION), get32(p, AT_BLOCK));
	return (false);
}
