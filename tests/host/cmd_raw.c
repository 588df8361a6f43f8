/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw: send bytes as they are, from a hexadecimal argument or a file, and print what comes back
 * until the target closes or falls silent for --timeout. Judges nothing.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"

enum { RAW_MAX = 4 << 20 };

/* Digits in pairs; blanks, colons and newlines between pairs. Returns the length, or -1. */
static ssize_t
parse_hex(const char *s, uint8_t *to, size_t size)
{
	size_t n = 0;
	char pair[3] = {0};

	for (; *s != '\0'; s++) {
		if (isspace((unsigned char)*s) || *s == ':')
			continue;
		if (n == size || !isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]))
			return (-1);
		memcpy(pair, s++, 2);
		to[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return ((ssize_t)n);
}

static ssize_t
read_file(const char *path, uint8_t *to, size_t size)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	size_t n;

	if (f == NULL) {
		say_usage("%s: %s", path, strerror(errno));
		return (-1);
	}
	n = fread(to, 1, size, f);
	if (f != stdin)
		fclose(f);
	return ((ssize_t)n);
}

static int
talk(const struct settings *s, struct host_conn *c, const uint8_t *bytes, size_t len)
{
	uint8_t buf[16384];
	ssize_t n;

	if (host_conn_open(c, &s->host) == -1 ||
	    (s->greet && host_conn_greet(c, &s->host) == -1) ||
	    host_conn_raw_send(c, bytes, len) == -1) {
		fprintf(stderr, "nvmehost: %s\n", c->error.text);
		return (EXIT_FAULT);
	}
	while ((n = host_conn_raw_receive(c, buf, sizeof(buf), s->host.timeout_ms)) > 0)
		dump_hex(buf, (size_t)n);
	puts(n == 0 ? "closed" : errno == ETIMEDOUT ? "silent" : "reset");
	return (EXIT_OK);
}

int
cmd_raw(struct settings *s, struct host_ctrl *h)
{
	struct host_conn *c = calloc(1, sizeof(*c));
	uint8_t *bytes = malloc(RAW_MAX);
	ssize_t len = -1;
	int status = EXIT_USAGE;

	(void)h;
	if (c == NULL || bytes == NULL)
		say_usage("out of memory");
	else if ((s->narg == 1) == (s->file != NULL))
		say_usage("raw: either HEX or --file");
	else if (s->file != NULL)
		len = read_file(s->file, bytes, RAW_MAX);
	else if ((len = parse_hex(s->arg[0], bytes, RAW_MAX)) == -1)
		say_usage("raw: not hexadecimal");
	if (len != -1) {
		c->fd = -1;
		status = talk(s, c, bytes, (size_t)len);
		host_conn_close(c);
	}
	free(bytes);
	free(c);
	return (status);
}
