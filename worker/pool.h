/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data buffers of a lane: contiguous powers of two from one region whose size is configured as
 * bytes in flight. When it is empty the caller waits; nothing here ever grows. A buddy allocator:
 * no call sizes anything by a number from the wire beyond `largest`.
 */
#ifndef WORKER_POOL_H
#define WORKER_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pool;

#define POOL_SMALLEST 4096u

/* size and largest in bytes. largest is rounded up to a power of two, size down to a multiple of
 * that. Returns NULL with errno; EINVAL when not one `largest` fits. Address space only: pages are
 * touched when used, the lowest ones first. */
struct pool *pool_new(size_t size, size_t largest);
void	pool_free(struct pool *);	/* NULL is allowed; all buffers are gone with it */

/* len bytes, 4 KiB-aligned, contents undefined; NULL when there is none now or len > largest. */
void	*pool_get(struct pool *, size_t len);
void	pool_put(struct pool *, void *buf);	/* NULL is allowed */

size_t	pool_used(const struct pool *);		/* bytes, whole buffers counted */
size_t	pool_largest(const struct pool *);

/* Gives the kernel back every page that nobody uses (an idle controller's). */
void	pool_trim(struct pool *);

#endif
