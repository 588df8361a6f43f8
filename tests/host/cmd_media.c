/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare, copy, nvm-verify: what the target does with its media and sends no data for.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { FUA_BYTE = SQE_CDW12 + 3, FUA_BIT = 0x40, RANGES_MAX = 256, RANGE_LEN = 32,
	FORMAT_SNSID = 2, FID_BEHAVIOR = 0x16, BEHAVIOR_LEN = 512, BEHAVIOR_CDFE = 4 };

static int
finish(struct settings *s, struct host_queue *q, struct host_cmd *cmd)
{
	cmd->sqe[FUA_BYTE] |= s->fua ? FUA_BIT : 0;
	return (host_run(q, cmd) == -1 ? say_queue_error(q) : EXIT_OK);
}

static uint32_t
blocks(const struct settings *s, const struct host_ns *ns)
{
	return (s->bytes == 0 ? 1 : (uint32_t)((s->bytes + ns->block - 1) / ns->block));
}

/* With the file, or with the pattern that `write` leaves there; one command. */
int
cmd_compare(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;
	struct host_ns ns;
	uint32_t nlb, len;
	uint8_t *buf;
	FILE *f = NULL;
	int status;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	nlb = blocks(s, &ns);
	len = nlb * ns.block;
	if ((buf = calloc(nlb, ns.block)) == NULL)
		return (say_usage("out of memory"));
	if (s->file != NULL && ((f = fopen(s->file, "rb")) == NULL || fread(buf, 1, len, f) == 0)) {
		free(buf);
		return (say_usage("%s: cannot be read", s->file));
	}
	if (f != NULL)
		fclose(f);
	for (uint32_t i = 0; s->file == NULL && i < nlb; i++)
		host_pattern_fill(buf + (size_t)i * ns.block, ns.block, s->lba + i, s->seed, 1);
	host_fill_compare(&cmd, ns.nsid, s->lba, nlb, buf, len);
	status = finish(s, h->io[0], &cmd);
	free(buf);
	return (status);
}

/* The Verify of the specification; `verify` is something of this program's own. */
int
cmd_nvm_verify(struct settings *s, struct host_ctrl *h)
{
	struct host_cmd cmd;
	struct host_ns ns;

	if (host_ns_open(h->admin, (uint32_t)s->nsid, &ns) == -1)
		return (say_queue_error(h->admin));
	host_fill_verify(&cmd, ns.nsid, s->lba, blocks(s, &ns));
	return (finish(s, h->io[0], &cmd));
}

/* [NSID/]LBA+BLOCKS; *snsid is 0 when there is none. */
static bool
parse_range(const char *text, uint32_t *snsid, uint64_t *lba, uint32_t *nlb)
{
	unsigned long long at, n, ns = 0;
	int end = 0;

	if (strchr(text, '/') != NULL) {
		if (sscanf(text, "%llu/%llu+%llu%n", &ns, &at, &n, &end) != 3)
			return (false);
	} else if (sscanf(text, "%llu+%llu%n", &at, &n, &end) != 2)
		return (false);
	*snsid = (uint32_t)ns;
	*lba = at;
	*nlb = (uint32_t)n;
	return (text[end] == '\0' && n >= 1 && n <= 65536 && ns <= UINT32_MAX);
}

/* Host Behavior Support: this host knows the format that names a namespace in each range. */
static int
enable_snsid(struct host_ctrl *h)
{
	uint8_t behavior[BEHAVIOR_LEN] = { 0 };
	struct host_cmd cmd;

	put16(behavior, BEHAVIOR_CDFE, 1 << FORMAT_SNSID);
	host_fill(&cmd, OPC_SET_FEATURES, 0, HOST_TO_TARGET, behavior, sizeof(behavior));
	put32(cmd.sqe, SQE_CDW10, FID_BEHAVIOR);
	return (host_run(h->admin, &cmd) == -1 ? say_queue_error(h->admin) : EXIT_OK);
}

/* All ranges have a namespace, or none has. */
int
cmd_copy(struct settings *s, struct host_ctrl *h)
{
	uint8_t ranges[RANGES_MAX * RANGE_LEN] = { 0 };
	struct host_cmd cmd;
	bool snsids = strchr(s->arg[0], '/') != NULL;
	int status = snsids ? enable_snsid(h) : EXIT_OK;

	for (int i = 0; i < s->narg; i++) {
		uint32_t snsid, nlb;
		uint64_t lba;

		if (!parse_range(s->arg[i], &snsid, &lba, &nlb) || (snsid != 0) != snsids)
			return (say_usage("copy: '%s' is not [NSID/]LBA+BLOCKS", s->arg[i]));
		host_copy_range(ranges, (unsigned)i, snsid, lba, nlb);
	}
	if (status != EXIT_OK)
		return (status);
	host_fill_copy(&cmd, (uint32_t)s->nsid, s->lba, ranges, (unsigned)s->narg,
	    snsids ? FORMAT_SNSID : 0);
	status = finish(s, h->io[0], &cmd);
	if (cmd.complete && cmd.status != 0)
		printf("copied: %u ranges\n", cmd.dw0);
	return (status);
}
