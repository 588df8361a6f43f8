/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every unit test needs: cmocka with the headers that it wants before it, the run of a table
 * of tests, and buffers that end exactly where the input does, so that sanitizers and valgrind see
 * a read of one byte too many.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* valgrind makes system calls of its own, and knows nothing of a ring without a descriptor. */
static inline bool
under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return (preload != NULL && strstr(preload, "vgpreload") != NULL);
}

/* A copy of len bytes in an allocation of len bytes; the caller frees it. */
static inline uint8_t *
exact_copy(const void *from, size_t len)
{
	uint8_t *p = malloc(len);

	if (len > 0) {
		assert_non_null(p);
		memcpy(p, from, len);
	}
	return (p);
}

#endif
