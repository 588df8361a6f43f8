/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read, write, flush, zero, deallocate: one thing at a time, for people and shell scripts.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { SQE_FUA_BYTE = SQE_CDW12 + 3, FUA_BIT = 0x40, DEAC_BIT = 0x02 };

/* What is to be transferred: whole blocks, pieces of at most `piece` bytes. */
struct range {
	struct host_ns	 ns;
	uint64_t	 nlb;
	uint32_t	 piece;
	uint8_t		*buf;
};

static int
range_open(struct range *r, const struct settings *s, struct host_ctrl *h)
{
	memset(r, 0, sizeof(*r));
	if (host_ns_open(h->admin, (uint32_t)s->nsid, &r->ns) == -1)
		return (say_queue_error(h->admin));
	r->nlb = s->bytes == 0 ? 1 : (s->bytes + r->ns.block - 1) / r->ns.block;
	r->piece = s->max < h->mdts ? (uint32_t)s->max : h->mdts;
	r->piece -= r->piece % r->ns.block;
	if (r->piece == 0)
		return (say_usage("--max: the block size is %u", r->ns.block));
	if ((r->buf = malloc(r->piece)) == NULL)
		return (say_usage("out of memory"));
	return (EXIT_OK);
}

static FILE *
open_file(const char *path, const char *mode, FILE *std)
{
	FILE *f = strcmp(path, "-") == 0 ? std : fopen(path, mode);

	if (f == NULL)
		say_usage("%s: %s", path, strerror(errno));
	return (f);
}

static int
close_file(FILE *f)
{
	if (f == NULL || f == stdin)
		return (EXIT_OK);
	if ((f == stdout ? fflush(f) : fclose(f)) == 0)
		return (EXIT_OK);
	say_usage("writing: %s", strerror(errno));
	return (EXIT_FAULT);
}

/* One piece at a time; each() fills or drains the buffer. */
static int
transfer(struct settings *s, struct host_ctrl *h, struct range *r, bool writing, FILE *f)
{
	struct host_cmd cmd;

	for (uint64_t at = 0; at < r->nlb;) {
		uint64_t left = (r->nlb - at) * r->ns.block;
		uint32_t len = left < r->piece ? (uint32_t)left : r->piece, nlb = len / r->ns.block;

		memset(r->buf, 0, len);
		if (writing && f != NULL && fread(r->buf, 1, len, f) == 0 && at > 0)
			break;
		for (uint32_t i = 0; writing && f == NULL && i < nlb; i++)
			host_pattern_fill(r->buf + (size_t)i * r->ns.block, r->ns.block,
			    s->lba + at + i, s->seed, 1);
		(writing ? host_fill_write : host_fill_read)(
		    &cmd, r->ns.nsid, s->lba + at, nlb, r->buf, len);
		cmd.sqe[SQE_FUA_BYTE] |= s->fua ? FUA_BIT : 0;
		if (host_run(h->io[0], &cmd) == -1)
			return (say_queue_error(h->io[0]));
		if (!writing && f != NULL)
			fwrite(r->buf, 1, len, f);
		else if (!writing)
			dump_hex(r->buf, len);
		at += nlb;
	}
	return (EXIT_OK);
}

/* Feature 06h, when the command line says so. */
static int
switch_cache(const struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;

	if (!s->cache_off)
		return (EXIT_OK);
	host_fill_set_feature(&cmd, 6, 0);
	return (host_run(h->admin, &cmd) == -1 ? say_queue_error(h->admin) : EXIT_OK);
}

static int
read_or_write(struct settings *s, struct host_ctrl *h, bool writing)
{
	struct range r;
	FILE *f = NULL;
	int status;

	if ((status = range_open(&r, s, h)) == EXIT_OK)
		status = switch_cache(s, h);
	if (status == EXIT_OK && s->file != NULL &&
	    (f = open_file(s->file, writing ? "rb" : "wb", writing ? stdin : stdout)) == NULL)
		status = EXIT_USAGE;
	if (status == EXIT_OK)
		status = transfer(s, h, &r, writing, f);
	if (close_file(f) != EXIT_OK && status == EXIT_OK)
		status = EXIT_FAULT;
	free(r.buf);
	return (status);
}

int
cmd_read(struct settings *s, struct host_ctrl *h)
{
	return (read_or_write(s, h, false));
}

int
cmd_write(struct settings *s, struct host_ctrl *h)
{
	return (read_or_write(s, h, true));
}

static int
run_one(struct host_ctrl *h, struct host_cmd *cmd)
{
	return (host_run(h->io[0], cmd) == -1 ? say_queue_error(h->io[0]) : EXIT_OK);
}

int
cmd_flush(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;

	host_fill_flush(&cmd, (uint32_t)s->nsid);
	return (run_one(h, &cmd));
}

/* Up to 65536 blocks per command. */
int
cmd_zero(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;
	struct host_ns ns;
	uint64_t nlb;
	int status = EXIT_OK;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	if ((status = switch_cache(s, h)) != EXIT_OK)
		return (status);
	nlb = s->bytes == 0 ? 1 : (s->bytes + ns.block - 1) / ns.block;
	for (uint64_t at = 0; at < nlb && status == EXIT_OK; at += 65536) {
		host_fill_zeroes(&cmd, ns.nsid, s->lba + at,
		    nlb - at < 65536 ? (uint32_t)(nlb - at) : 65536);
		cmd.sqe[SQE_FUA_BYTE] |= (s->fua ? FUA_BIT : 0) | (s->deac ? DEAC_BIT : 0);
		status = run_one(h, &cmd);
	}
	return (status);
}

int
cmd_deallocate(struct settings *s, struct host_ctrl *h)
{
	uint8_t range[16];
	struct host_cmd cmd;
	struct host_ns ns;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	host_dsm_range(range, 0, s->lba, s->bytes == 0 ? 1 :
	    (uint32_t)((s->bytes + ns.block - 1) / ns.block));
	host_fill_deallocate(&cmd, ns.nsid, range, 1);
	return (run_one(h, &cmd));
}
