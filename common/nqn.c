/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from hosts. What is accepted as a name is more than what is printed as it is: a name may
 * be any decent UTF-8, a log line or a process title shows ASCII only.
 */
#include "config.h"

#include <string.h>

#include "common/nqn.h"
#include "common/nvme.h"

_Static_assert(NQN_FIELD_SIZE == NVME_NQN_FIELD, "NQN on the wire");

/* Length of the UTF-8 sequence that starts with c; 0 if none does. */
static size_t
utf8_len(uint8_t c)
{
	if (c < 0x80)
		return (1);
	if (c >= 0xc2 && c <= 0xdf)
		return (2);
	if (c >= 0xe0 && c <= 0xef)
		return (3);
	if (c >= 0xf0 && c <= 0xf4)
		return (4);
	return (0);
}

/* One code point of at most len bytes. Returns its length, or 0: cut, overlong, surrogate. */
static size_t
utf8_get(const uint8_t *p, size_t len, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = utf8_len(p[0]);
	uint32_t cp;

	if (n == 0 || n > len)
		return (0);
	cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return (0);
	*out = cp;
	return (n);
}

/* Controls, line and paragraph separators, and what turns the direction of text. */
static bool
is_control(uint32_t cp)
{
	return (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    cp == 0x200e || cp == 0x200f || (cp >= 0x2066 && cp <= 0x2069));
}

static bool
valid_bytes(const uint8_t *p, size_t len)
{
	size_t n;
	uint32_t cp;

	if (len == 0 || len >= NQN_SIZE)
		return (false);
	for (; len > 0; p += n, len -= n)
		if ((n = utf8_get(p, len, &cp)) == 0 || is_control(cp))
			return (false);
	return (true);
}

bool
nqn_valid(const uint8_t field[NQN_FIELD_SIZE])
{
	return (valid_bytes(field, strnlen((const char *)field, NQN_FIELD_SIZE)));
}

bool
nqn_valid_text(const char *s)
{
	return (valid_bytes((const uint8_t *)s, strnlen(s, NQN_FIELD_SIZE)));
}

bool
nqn_equal(const uint8_t a[NQN_FIELD_SIZE], const uint8_t b[NQN_FIELD_SIZE])
{
	return (strncmp((const char *)a, (const char *)b, NQN_FIELD_SIZE) == 0);
}

bool
nqn_is_discovery(const char *s)
{
	return (strcmp(s, NVME_DISCOVERY_NQN) == 0);
}

/* The escaped form of one byte into out. Returns its length. */
static size_t
escape_byte(char out[4], uint8_t c, const char *also)
{
	static const char hex[] = "0123456789abcdef";

	if (c >= 0x20 && c < 0x7f && c != '\\' && strchr(also, c) == NULL) {
		out[0] = (char)c;
		return (1);
	}
	out[0] = '\\';
	if (c == '\\') {
		out[1] = '\\';
		return (2);
	}
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 0xf];
	return (4);
}

size_t
escape_also(char *dst, size_t size, const uint8_t *src, size_t len, const char *also)
{
	char one[4];
	size_t at = 0, n;

	for (size_t i = 0; i < len; i++) {
		n = escape_byte(one, src[i], also);
		if (n >= size - at)
			break;
		memcpy(dst + at, one, n);
		at += n;
	}
	dst[at] = '\0';
	return (at);
}

size_t
escape_bytes(char *dst, size_t size, const uint8_t *src, size_t len)
{
	return (escape_also(dst, size, src, len, ""));
}

size_t
escape_text(char *dst, size_t size, const char *src)
{
	return (escape_bytes(dst, size, (const uint8_t *)src, strlen(src)));
}
