/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NVMe qualified names as they come from a host, and how any text from a host is made harmless
 * before a person or a terminal sees it. Never trusts a terminator to be there.
 */
#ifndef COMMON_NQN_H
#define COMMON_NQN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NQN_SIZE 224			/* 223 bytes of text and the NUL */
#define NQN_FIELD_SIZE 256		/* on the wire */

/* 1 to 223 bytes of UTF-8 before the first NUL, nothing in them that a terminal would obey. */
bool	nqn_valid(const uint8_t field[NQN_FIELD_SIZE]);
bool	nqn_valid_text(const char *);	/* the same of a string, as in a configuration */
/* Up to the first NUL, or all of the fields; what follows a NUL is not compared. */
bool	nqn_equal(const uint8_t a[NQN_FIELD_SIZE], const uint8_t b[NQN_FIELD_SIZE]);
bool	nqn_is_discovery(const char *);

/*
 * Printable ASCII as it is, a backslash doubled, any other byte as \xHH. Never writes more than
 * size bytes with the NUL (size is not 0) and never half of an escape. Returns strlen(dst).
 */
size_t	escape_text(char *dst, size_t size, const char *src);
/* The same of len bytes, NULs among them. */
size_t	escape_bytes(char *dst, size_t size, const uint8_t *src, size_t len);
/* The same, and the characters of `also` (not NULL) as \xHH. */
size_t	escape_also(char *dst, size_t size, const uint8_t *src, size_t len, const char *also);

#endif
