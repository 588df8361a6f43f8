/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buddy allocator over one anonymous mapping. What is free is known from bitmaps beside the region,
 * never from the buffers: these hold a host's bytes. The lowest block that fits is taken, so that a
 * quiet lane touches few pages. An impossible pointer or a second pool_put ends the process.
 */
#include "config.h"

#include <sys/mman.h>

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/pool.h"

/* Sanitizer builds see a buffer used after pool_put, or past the length that was asked for. */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size)	((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size)	((void)(addr), (void)(size))
#endif

#define ORDERS	20u		/* 4 KiB .. 2 GiB */
#define BITS	64u

/* The free blocks of POOL_SMALLEST << order bytes: one bit per block. */
struct order {
	uint64_t *free;
	size_t words;
	size_t count;
	size_t lowest;		/* no free block in a word before this one */
};

struct pool {
	uint8_t *map, *base;	/* mapping with a guard before and behind; the region in it */
	size_t map_len, size;
	size_t guard;		/* bytes; also the system's page size */
	unsigned top;		/* order of `largest` */
	size_t used;
	bool touched;		/* since everything was given back */
	uint8_t *taken;		/* per 4 KiB: 1 + order of the buffer that begins here, or 0 */
	struct order orders[ORDERS];
};

static unsigned
order_of(size_t len)
{
	unsigned order = 0;

	while (order < ORDERS && len > (size_t)POOL_SMALLEST << order)
		order++;
	return (order);
}

static bool
is_free(const struct pool *pool, unsigned order, size_t block)
{
	return ((pool->orders[order].free[block / BITS] >> (block % BITS)) & 1);
}

static void
set_free(struct pool *pool, unsigned order, size_t block)
{
	struct order *o = &pool->orders[order];

	o->free[block / BITS] |= (uint64_t)1 << (block % BITS);
	o->count++;
	if (block / BITS < o->lowest)
		o->lowest = block / BITS;
}

static void
clear_free(struct pool *pool, unsigned order, size_t block)
{
	struct order *o = &pool->orders[order];

	o->free[block / BITS] &= ~((uint64_t)1 << (block % BITS));
	o->count--;
}

/* The lowest free block; there is one. */
static size_t
lowest_free(struct order *o)
{
	assert(o->count > 0);
	while (o->free[o->lowest] == 0)
		o->lowest++;
	return (o->lowest * BITS + (unsigned)__builtin_ctzll(o->free[o->lowest]));
}

/* A worker with few commands in flight stays in the low end, which must not cost it 2 MiB of
 * memory for the first byte; what lies above is only used under load and may have huge pages. */
static void
keep_low_end_small(const struct pool *pool)
{
#ifdef MADV_NOHUGEPAGE
	size_t low = (size_t)2 << 20;

	(void)madvise(pool->base, pool->size < low ? pool->size : low, MADV_NOHUGEPAGE);
#else
	(void)pool;
#endif
}

static int
map_region(struct pool *pool)
{
	pool->guard = (size_t)sysconf(_SC_PAGESIZE);
	pool->map_len = pool->size + 2 * pool->guard;
	pool->map = mmap(NULL, pool->map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool->map == MAP_FAILED) {
		pool->map = NULL;
		return (-1);
	}
	pool->base = pool->map + pool->guard;
	if (mprotect(pool->base, pool->size, PROT_READ | PROT_WRITE) == -1)
		return (-1);
	keep_low_end_small(pool);
	ASAN_POISON_MEMORY_REGION(pool->base, pool->size);
	return (0);
}

/* All of the region is free, in blocks of the top order. */
static int
make_maps(struct pool *pool)
{
	size_t pages = pool->size / POOL_SMALLEST, block;
	struct order *o;
	unsigned order;

	if ((pool->taken = calloc(pages, 1)) == NULL)
		return (-1);
	for (order = 0; order <= pool->top; order++) {
		o = &pool->orders[order];
		o->words = ((pages >> order) + BITS - 1) / BITS;
		if ((o->free = calloc(o->words, sizeof(*o->free))) == NULL)
			return (-1);
	}
	for (block = 0; block < pages >> pool->top; block++)
		set_free(pool, pool->top, block);
	return (0);
}

struct pool *
pool_new(size_t size, size_t largest)
{
	struct pool *pool;
	unsigned top = order_of(largest);

	if (top >= ORDERS || size < (size_t)POOL_SMALLEST << top || size > SIZE_MAX / 2) {
		errno = EINVAL;
		return (NULL);
	}
	if ((pool = calloc(1, sizeof(*pool))) == NULL)
		return (NULL);
	pool->top = top;
	pool->size = size & ~(((size_t)POOL_SMALLEST << top) - 1);
	if (map_region(pool) == -1 || make_maps(pool) == -1) {
		pool_free(pool);
		return (NULL);
	}
	return (pool);
}

void
pool_free(struct pool *pool)
{
	int saved = errno;
	unsigned order;

	if (pool == NULL)
		return;
	if (pool->map != NULL) {
		ASAN_UNPOISON_MEMORY_REGION(pool->base, pool->size);
		munmap(pool->map, pool->map_len);
	}
	for (order = 0; order < ORDERS; order++)
		free(pool->orders[order].free);
	free(pool->taken);
	free(pool);
	errno = saved;
}

void *
pool_get(struct pool *pool, size_t len)
{
	unsigned want = order_of(len), order;
	size_t block;
	uint8_t *buf;

	for (order = want; order <= pool->top && pool->orders[order].count == 0; order++)
		continue;
	if (order > pool->top)
		return (NULL);
	block = lowest_free(&pool->orders[order]);
	clear_free(pool, order, block);
	while (order > want) {
		order--;
		block *= 2;
		set_free(pool, order, block + 1);
	}
	pool->taken[block << order] = (uint8_t)(order + 1);
	pool->used += (size_t)POOL_SMALLEST << order;
	pool->touched = true;
	buf = pool->base + ((block * POOL_SMALLEST) << order);
	ASAN_UNPOISON_MEMORY_REGION(buf, len);
	return (buf);
}

void
pool_put(struct pool *pool, void *buf)
{
	uintptr_t at = (uintptr_t)buf - (uintptr_t)pool->base;
	unsigned order;
	size_t block;

	if (buf == NULL)
		return;
	assert(at < pool->size && at % POOL_SMALLEST == 0);
	assert(pool->taken[at / POOL_SMALLEST] != 0);
	order = pool->taken[at / POOL_SMALLEST] - 1u;
	pool->taken[at / POOL_SMALLEST] = 0;
	pool->used -= (size_t)POOL_SMALLEST << order;
	ASAN_POISON_MEMORY_REGION(buf, (size_t)POOL_SMALLEST << order);
	block = (at / POOL_SMALLEST) >> order;
	while (order < pool->top && is_free(pool, order, block ^ 1)) {
		clear_free(pool, order, block ^ 1);
		block /= 2;
		order++;
	}
	set_free(pool, order, block);
}

size_t
pool_used(const struct pool *pool)
{
	return (pool->used);
}

size_t
pool_largest(const struct pool *pool)
{
	return ((size_t)POOL_SMALLEST << pool->top);
}

/* Gives back the whole system pages of [from, to), in units of POOL_SMALLEST. */
static void
give_back(struct pool *pool, size_t from, size_t to)
{
	size_t begin = (from * POOL_SMALLEST + pool->guard - 1) & ~(pool->guard - 1);
	size_t end = (to * POOL_SMALLEST) & ~(pool->guard - 1);

	if (begin < end)
		(void)madvise(pool->base + begin, end - begin, MADV_DONTNEED);
}

void
pool_trim(struct pool *pool)
{
	size_t pages = pool->size / POOL_SMALLEST, page, from = 0;

	if (!pool->touched)
		return;
	for (page = 0; page < pages;) {
		if (pool->taken[page] == 0) {
			page++;
			continue;
		}
		give_back(pool, from, page);
		page += (size_t)1 << (pool->taken[page] - 1);
		from = page;
	}
	give_back(pool, from, pages);
	pool->touched = pool->used > 0;
}
