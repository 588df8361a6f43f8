/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels that know less of io_uring than this one, or permit none: by what stands between
 * worker/ring.c and its system calls (-Wl,--wrap=syscall).
 */
#ifndef TESTS_UNIT_KERNELS_H
#define TESTS_UNIT_KERNELS_H

#include <sys/syscall.h>

#include <linux/io_uring.h>

#include <errno.h>
#include <stdbool.h>

#include "tests/unit/unit.h"

#define USE_REGISTERED_RING	(1u << 31)

enum kernel {
	KERNEL_OURS,
	KERNEL_6_1,		/* no ring without a descriptor */
	KERNEL_5_10,		/* nor one issuer, deferred work, threads' number, index */
	KERNEL_RESTRICTS_NOTHING,	/* 5.9 */
	KERNEL_ANCIENT,
	KERNEL_FORBIDS,
	KERNEL_HAS_NO_MEMORY,	/* for what is submitted */
	KERNEL_IS_WRONG,
};

static enum kernel kernel;
static int enters;		/* that were asked for */

long	__real_syscall(long, ...);
long	__wrap_syscall(long, long, long, long, long, long, long);

static bool
knows_setup(const struct io_uring_params *p)
{
	unsigned unknown = kernel == KERNEL_5_10 || kernel == KERNEL_RESTRICTS_NOTHING ?
	    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
	    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL : 0;

	if (kernel == KERNEL_RESTRICTS_NOTHING)
		unknown |= IORING_SETUP_R_DISABLED;
	return ((p->flags & unknown) == 0);
}

static bool
knows_register(unsigned op)
{
	if (kernel == KERNEL_6_1 || kernel == KERNEL_5_10)
		if ((op & USE_REGISTERED_RING) != 0)
			return (false);
	return (kernel != KERNEL_5_10 || op <= IORING_REGISTER_ENABLE_RINGS);
}

/* 0, or an errno. */
static int
refuses(long nr, long arg1, const void *params)
{
	if (nr == SYS_io_uring_setup) {
		if (kernel == KERNEL_FORBIDS)
			return (EPERM);
		if (kernel == KERNEL_ANCIENT)
			return (ENOSYS);
		return (knows_setup(params) ? 0 : EINVAL);
	}
	if (nr == SYS_io_uring_register)
		return (knows_register((unsigned)arg1) ? 0 : EINVAL);
	if (nr == SYS_io_uring_enter)
		enters++;
	if (nr == SYS_io_uring_enter && kernel == KERNEL_HAS_NO_MEMORY)
		return (EAGAIN);
	return (nr == SYS_io_uring_enter && kernel == KERNEL_IS_WRONG ? EBADF : 0);
}

long
__wrap_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	int error = refuses(nr, b, nr == SYS_io_uring_setup ? (const void *)b : NULL);

	if (error == 0)
		return (__real_syscall(nr, a, b, c, d, e, f));
	errno = error;
	return (-1);
}

static inline void
need_kernel(bool permitted)
{
	if (!permitted)
		skip();
}

#endif
