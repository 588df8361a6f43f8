/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where there is no io_uring: Linux has engine_uring.c in this one's place.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "worker/engine_impl.h"

struct engine *
engine_uring_new(const struct engine_params *params)
{
	(void)params;
	errno = ENOSYS;
	return (NULL);
}
