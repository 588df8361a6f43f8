/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32C, the digest of NVMe/TCP headers and data. A thin cover over ISA-L, so that its start and
 * end conventions are known in one place only.
 */
#ifndef COMMON_CRC_H
#define COMMON_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *buf, size_t len);
/* Continues crc, which is that of the bytes before (0: there are none), over len bytes more. */
uint32_t crc32c_extend(uint32_t crc, const void *buf, size_t len);

#endif
