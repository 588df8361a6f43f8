/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32C through ISA-L. Its crc32_iscsi() takes the register as it is, so both the inversion at
 * the start and the one at the end are done here.
 */
#include "config.h"

#include <isa-l/crc.h>

#include "common/crc.h"

#define CHUNK_MAX (1u << 30)	/* ISA-L counts in int */

uint32_t
crc32c_extend(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	crc = ~crc;
	while (len > 0) {
		size_t n = len < CHUNK_MAX ? len : CHUNK_MAX;

		/* The prototype lacks a const; the function only reads. */
		crc = crc32_iscsi((unsigned char *)(uintptr_t)p, (int)n, crc);
		p += n;
		len -= n;
	}
	return (~crc);
}

uint32_t
crc32c(const void *buf, size_t len)
{
	return (crc32c_extend(0, buf, len));
}
