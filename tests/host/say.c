/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How nvmehost speaks and listens: one line per error, hexadecimal dumps, numbers with suffixes and
 * at random.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"

int
say_usage(const char *fmt, ...)
{
	va_list ap;

	fputs("nvmehost: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return (EXIT_USAGE);
}

/* The exit status tells a refused Connect from everything else. */
int
say_error(const struct host_error *e, const struct host_refusal *r)
{
	fprintf(stderr, "nvmehost: %s\n", e->text);
	return (e->fault == HOST_REFUSED && r->status != 0 ? EXIT_REFUSED : EXIT_FAULT);
}

int
say_queue_error(const struct host_queue *q)
{
	return (say_error(&q->conn.error, &q->refusal));
}

void
dump_hex(const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += 16) {
		size_t n = len - at < 16 ? len - at : 16;

		printf("%06zx ", at);
		for (size_t i = 0; i < 16; i++)
			i < n ? printf(" %02x", p[at + i]) : printf("   ");
		printf("  |");
		for (size_t i = 0; i < n; i++)
			putchar(isprint(p[at + i]) ? p[at + i] : '.');
		printf("|\n");
	}
}

/* Decimal or 0x, with K, M, G, T for powers of 1024. */
uint64_t
parse_number(const char *s, bool *ok)
{
	static const char suffix[] = "KMGT";
	const char *at;
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(s, &end, 0);
	*ok = errno == 0 && end != s && isdigit((unsigned char)*s);
	if (*end != '\0' && (at = strchr(suffix, toupper((unsigned char)*end))) != NULL) {
		unsigned shift = 10 * (unsigned)(at - suffix + 1);

		*ok = *ok && v <= UINT64_MAX >> shift;
		v <<= shift;
		end++;
	}
	*ok = *ok && *end == '\0';
	return (v);
}

/* A stream of numbers that depends only on its first state (splitmix64's constants). */
uint64_t
random_next(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31);
}
