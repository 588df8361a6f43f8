/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "worker/stream.h"

#ifdef __SSE2__
enum { LINE = 64 };

static bool
can_stream(uintptr_t to, uintptr_t from, size_t len)
{
	return (len >= STREAM_MIN && (to | len) % LINE == 0 &&
	    (to + len <= from || from + len <= to));
}

/* A line at a time, so that none is begun and left. */
static void
copy_lines(uint8_t *to, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i += LINE) {
		__m128i part[4];

		for (unsigned k = 0; k < 4; k++)
			part[k] = _mm_loadu_si128((const void *)(from + i + k * sizeof(part[0])));
		for (unsigned k = 0; k < 4; k++)
			_mm_stream_si128((void *)(to + i + k * sizeof(part[0])), part[k]);
	}
}

bool
stream_copy(void *to, const void *from, size_t len)
{
	if (!can_stream((uintptr_t)to, (uintptr_t)from, len)) {
		memmove(to, from, len);
		return (false);
	}
	copy_lines(to, from, len);
	return (true);
}

void
stream_fence(void)
{
	_mm_sfence();
}
#else
bool
stream_copy(void *to, const void *from, size_t len)
{
	memmove(to, from, len);
	return (false);
}

void
stream_fence(void)
{
}
#endif
