/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forbid COMMAND...: runs it where io_uring cannot be had, as on hosts that forbid it.
 * forbid -p: whether it can be had here; says why not, and exits with 1 then.
 */
#include "config.h"

#include <sys/syscall.h>

#include <errno.h>
#include <linux/io_uring.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
permitted(void)
{
	struct io_uring_params params = { 0 };

	if (syscall(SYS_io_uring_setup, 1, &params) != -1)
		return (0);
	printf("io_uring: %s\n", strerror(errno));
	return (1);
}

static int
forbid(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = ctx == NULL ? -ENOMEM : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
	    SCMP_SYS(io_uring_setup), 0);

	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return (r);
}

int
main(int argc, char **argv)
{
	int r;

	if (argc < 2) {
		fprintf(stderr, "usage: forbid -p | forbid command ...\n");
		return (99);
	}
	if (strcmp(argv[1], "-p") == 0)
		return (permitted());
	if ((r = forbid()) < 0) {
		fprintf(stderr, "forbid: %s\n", strerror(-r));
		return (99);
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return (99);
}
