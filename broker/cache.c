/* SPDX-License-Identifier: BSD-2-Clause */
/* Past the page cache or through it: see cache.h. */
#include "config.h"

#include "broker/cache.h"

/* Of a worker's buffers, and of the largest block that hosts can be expected to take. */
#define BUFFER_ALIGN	4096u
#define BLOCK_MAX	4096u

static enum cache_way
direct_way(const struct ipc_claimed *c)
{
	if (c->dio_mem == 0 || c->dio_offset == 0 || c->dio_mem > BUFFER_ALIGN)
		return (CACHE_NO_DIRECT);
	if (c->dio_offset <= c->block_size)
		return (CACHE_DIRECT);
	return (c->dio_offset <= BLOCK_MAX ? CACHE_NO_BLOCKS : CACHE_NO_DIRECT);
}

enum cache_way
cache_way(enum config_cache wanted, const struct ipc_claimed *c)
{
	enum cache_way way = direct_way(c);

	if (c->kind == BACKEND_RAM || wanted == CONFIG_CACHE_PAGE ||
	    (wanted == CONFIG_CACHE_DEFAULT && c->kind == BACKEND_FILE))
		return (CACHE_PAGE);
	if (wanted == CONFIG_CACHE_DEFAULT && way != CACHE_DIRECT)
		return (CACHE_PAGE_INSTEAD);
	return (way);
}

bool
cache_is_volatile(bool direct, const struct ipc_claimed *c)
{
	if (c->kind == BACKEND_RAM)	/* no Flush makes it last */
		return (false);
	return (!direct || c->volatile_cache != 0);
}
