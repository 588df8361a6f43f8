/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integers as they lie on the wire: byte arrays in a struct, little-endian. They need no alignment
 * and no packing attribute, and a forgotten conversion does not compile.
 */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdbool.h>
#include <stdint.h>

struct le16 { uint8_t b[2]; };
struct le32 { uint8_t b[4]; };
struct le64 { uint8_t b[8]; };

_Static_assert(sizeof(struct le64) == 8 && _Alignof(struct le64) == 1, "wire integers");

static inline uint16_t
le16_get(struct le16 v)
{
	return ((uint16_t)(v.b[0] | v.b[1] << 8));
}

static inline uint32_t
le32_get(struct le32 v)
{
	return ((uint32_t)v.b[0] | (uint32_t)v.b[1] << 8 | (uint32_t)v.b[2] << 16 |
	    (uint32_t)v.b[3] << 24);
}

static inline uint64_t
le64_get(struct le64 v)
{
	uint64_t r = 0;

	for (int i = 7; i >= 0; i--)
		r = r << 8 | v.b[i];
	return (r);
}

static inline struct le16
le16(uint16_t v)
{
	return ((struct le16){{(uint8_t)v, (uint8_t)(v >> 8)}});
}

static inline struct le32
le32(uint32_t v)
{
	return ((struct le32){{(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 24)}});
}

static inline struct le64
le64(uint64_t v)
{
	struct le64 r = { { 0 } };

	for (int i = 0; i < 8; i++)
		r.b[i] = (uint8_t)(v >> (8 * i));
	return (r);
}

#endif
