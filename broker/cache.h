/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Past the page cache or through it: what the configuration wants of a namespace, compared with
 * what its device or file can do. Nothing is changed behind anybody's back: blocks do not become
 * larger because a file lies elsewhere, and who asked for direct I/O gets that or nothing.
 */
#ifndef BROKER_CACHE_H
#define BROKER_CACHE_H

#include <stdbool.h>

#include "broker/configuration.h"
#include "common/ipc_payload.h"

enum cache_way {
	CACHE_DIRECT,
	CACHE_PAGE,
	CACHE_PAGE_INSTEAD,	/* a disk that cannot do what is usual for disks */
	CACHE_NO_BLOCKS,	/* refused: it would take blocks of dio_offset bytes */
	CACHE_NO_DIRECT,	/* refused: there is no direct I/O, or none that a worker can do */
	CACHE_WAY_MAX
};

enum cache_way cache_way(enum config_cache wanted, const struct ipc_claimed *);
/* May a power cut take what was written and not flushed? */
bool	cache_is_volatile(bool direct, const struct ipc_claimed *);

#endif
