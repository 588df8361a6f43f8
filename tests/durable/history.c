/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's side, out of its marks: commands, in the order in which they were asked for and
 * answered, and for each block what they were to make of it.
 *
 *	namespace NSID BLOCK-SIZE BLOCKS SEED		a host begins
 *	submit ID WHAT NSID LBA BLOCKS FROM FUA
 *	answer ID					without an error
 *	state ...					names.c's
 */
#include "config.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/durable/replay.h"
#include "tests/host/host.h"

const char *const promise_name[PROMISE_MAX] = {
#define X(name, text) [PROMISE_##name] = text,
	PROMISES(X)
#undef X
};

/* While it is made. */
struct making {
	struct history *h;
	const struct log *log;
	const struct ns_map *map;
	unsigned nmap;
	uint64_t seed;
	unsigned run;
	bool cache_off;
};

/* FNV-1a, by words: of a block it is as good as the block. */
uint64_t
hash_block(const void *p, size_t size)
{
	uint64_t h = 0xcbf29ce484222325u ^ size, word;

	for (size_t i = 0; i < size; i += 8) {
		word = 0;
		memcpy(&word, (const uint8_t *)p + i, size - i < 8 ? size - i : 8);
		h = (h ^ word) * 0x100000001b3u;
		h ^= h >> 29;
	}
	return (h != 0 ? h : 1);
}

static void *
grow(void *p, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0 && (p = realloc(p, (n == 0 ? 1 : 2 * n) * size)) == NULL)
		err(2, "memory");
	return (p);
}

static struct namespace *
find_ns(const struct history *h, uint32_t nsid)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->ns[i].nsid == nsid)
			return (&h->ns[i]);
	return (NULL);
}

uint64_t
history_file(const struct history *h, uint32_t nsid)
{
	const struct namespace *ns = find_ns(h, nsid);

	return (ns != NULL ? ns->file : 0);
}

static uint64_t
zero_hash(uint32_t size)
{
	uint8_t *zeros = calloc(1, size);
	uint64_t hash;

	if (zeros == NULL)
		err(2, "memory");
	hash = hash_block(zeros, size);
	free(zeros);
	return (hash);
}

static void
add_version(struct block *b, uint64_t hash, const struct command *by, bool maybe)
{
	b->v = grow(b->v, b->n, sizeof(*b->v));
	b->v[b->n++] = (struct version){ hash, by, maybe };
}

/* ---- namespaces ---- */

/* 0: it is not asked for. */
static uint64_t
file_of(const struct making *m, uint32_t nsid)
{
	const char *name = NULL;

	for (unsigned i = 0; i < m->nmap; i++)
		if (m->map[i].nsid == nsid)
			name = m->map[i].name;
	for (size_t i = 0; name != NULL && i < m->log->n; i++)
		if (m->log->entry[i].r.type == RECORD_FILE &&
		    m->log->entry[i].r.size == strlen(name) &&
		    memcmp(m->log->entry[i].data, name, strlen(name)) == 0)
			return (m->log->entry[i].r.file);
	return (0);
}

static void
add_ns(struct making *m, uint32_t nsid, uint32_t block_size, uint64_t nblocks)
{
	struct history *h = m->h;
	struct namespace *ns;
	uint64_t hash = zero_hash(block_size);

	h->ns = grow(h->ns, h->n, sizeof(*h->ns));
	ns = &h->ns[h->n++];
	*ns = (struct namespace){ nsid, block_size, file_of(m, nsid), nblocks,
		calloc(nblocks, sizeof(*ns->block)) };
	if (ns->block == NULL)
		err(2, "memory");
	for (uint64_t i = 0; i < nblocks; i++)
		add_version(&ns->block[i], hash, NULL, false);
}

static void
on_namespace(struct making *m, const char *text)
{
	uint32_t nsid, block_size;
	uint64_t nblocks;

	if (sscanf(text, "namespace %" SCNu32 " %" SCNu32 " %" SCNu64 " %" SCNu64, &nsid,
	    &block_size, &nblocks, &m->seed) != 4)
		errx(2, "not understood: %s", text);
	m->run++;
	m->cache_off = false;
	if (find_ns(m->h, nsid) == NULL)
		add_ns(m, nsid, block_size, nblocks);
}

/* ---- commands ---- */

static uint64_t
new_hash(const struct making *m, const struct namespace *ns, const struct command *c, uint32_t i)
{
	const struct block *source;
	uint64_t hash;
	uint8_t *p;

	if (strcmp(c->what, "copy") == 0) {
		source = &ns->block[c->from + i];
		return (source->v[source->n - 1].hash);
	}
	if (strcmp(c->what, "write") != 0 && strcmp(c->what, "fused") != 0)
		return (zero_hash(ns->block_size));
	if ((p = malloc(ns->block_size)) == NULL)
		err(2, "memory");
	host_pattern_fill(p, ns->block_size, c->lba + i, m->seed, (uint32_t)c->id);
	hash = hash_block(p, ns->block_size);
	free(p);
	return (hash);
}

static void
plan_blocks(const struct making *m, const struct command *c)
{
	struct namespace *ns = find_ns(m->h, c->nsid);

	if (ns == NULL || c->lba + c->nlb > ns->nblocks || c->from + c->nlb > ns->nblocks)
		errx(2, "command %" PRIu64 " is not possible", c->id);
	for (uint32_t i = 0; i < c->nlb; i++)
		add_version(&ns->block[c->lba + i], new_hash(m, ns, c, i), c,
		    strcmp(c->what, "deallocate") == 0);
}

/* What its name says of it; what a write promises is known when it is answered. */
static void
understand(struct command *c)
{
	static const struct { const char *what; bool is_write; enum promise promise; } kinds[] = {
		{ "write", true, PROMISE_NONE }, { "fused", true, PROMISE_NONE },
		{ "zero", true, PROMISE_NONE },
		{ "copy", true, PROMISE_NONE }, { "deallocate", true, PROMISE_NONE },
		{ "flush", false, PROMISE_FLUSH }, { "shutdown", false, PROMISE_SHUTDOWN },
		{ "cache-off", false, PROMISE_SWITCHED }, { "cache-on", false, PROMISE_NONE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].what, c->what) == 0) {
			c->is_write = kinds[i].is_write;
			c->promise = kinds[i].promise;
			c->is_flush = c->promise != PROMISE_NONE;
			return;
		}
	errx(2, "no such command: %s", c->what);
}

static void
add_step(struct making *m, const struct entry *e, struct command *c, bool answer)
{
	struct history *h = m->h;

	h->step = grow(h->step, h->nsteps, sizeof(*h->step));
	h->step[h->nsteps++] = (struct step){ e, c, answer };
}

static void
on_submit(struct making *m, const struct entry *e, const char *text)
{
	struct history *h = m->h;
	struct command *c = calloc(1, sizeof(*c));
	int fua;

	if (c == NULL || sscanf(text, "submit %" SCNu64 " %15s %" SCNu32 " %" SCNu64 " %" SCNu32
	    " %" SCNu64 " %d", &c->id, c->what, &c->nsid, &c->lba, &c->nlb, &c->from, &fua) != 7)
		errx(2, "not understood: %s", text);
	c->fua = fua != 0;
	c->run = m->run;
	understand(c);
	h->command = grow(h->command, h->ncommands, sizeof(*h->command));
	h->command[h->ncommands++] = c;
	if (strcmp(c->what, "cache-on") == 0)
		m->cache_off = false;
	if (c->is_write)
		plan_blocks(m, c);
	add_step(m, e, c, false);
}

static struct command *
find_command(const struct making *m, uint64_t id)
{
	for (size_t i = m->h->ncommands; i-- > 0;)
		if (m->h->command[i]->id == id && m->h->command[i]->run == m->run)
			return (m->h->command[i]);
	errx(2, "command %" PRIu64 " is answered, and nobody asked for it", id);
}

/* A deallocated block may be what it was, so nothing is promised of it. */
static void
on_answer(struct making *m, const struct entry *e, const char *text)
{
	struct command *c = find_command(m, strtoull(text + strlen("answer "), NULL, 10));

	if (strcmp(c->what, "cache-off") == 0)
		m->cache_off = true;
	if (c->is_write && strcmp(c->what, "deallocate") != 0)
		c->promise = c->fua ? PROMISE_FUA : m->cache_off ? PROMISE_CACHE_OFF : PROMISE_NONE;
	add_step(m, e, c, true);
}

static void
on_mark(struct making *m, const struct entry *e)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)e->r.size, (const char *)e->data);
	if (strncmp(text, "namespace ", 10) == 0)
		on_namespace(m, text);
	else if (strncmp(text, "submit ", 7) == 0)
		on_submit(m, e, text);
	else if (strncmp(text, "answer ", 7) == 0)
		on_answer(m, e, text);
	else if (strncmp(text, "state", 5) != 0)
		errx(2, "not understood: %s", text);
}

/* So that judging many times is comparing. What is no whole block is nothing to compare. */
static void
hash_entry(struct entry *e, const struct namespace *ns)
{
	uint64_t n = e->r.type == RECORD_WRITE ? e->r.size / ns->block_size : 1;

	if (e->hash != NULL)		/* of a file that is a namespace twice */
		return;
	if ((e->hash = calloc(n + 1, sizeof(*e->hash))) == NULL)
		err(2, "memory");
	if (e->r.type == RECORD_ZERO)
		e->hash[0] = zero_hash(ns->block_size);
	for (uint64_t i = 0; e->r.type == RECORD_WRITE && i < n; i++)
		e->hash[i] = hash_block(e->data + i * ns->block_size, ns->block_size);
}

static void
hash_all(const struct history *h, const struct log *log)
{
	for (size_t i = 0; i < log->n; i++)
		for (unsigned k = 0; k < h->n; k++)
			if (h->ns[k].file == log->entry[i].r.file)
				hash_entry(&log->entry[i], &h->ns[k]);
}

void
history_make(struct history *h, const struct log *log, const struct ns_map *map, unsigned n)
{
	struct making m = { .h = h, .log = log, .map = map, .nmap = n };

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < 2 * log->n; i++)
		if (log->moment[i].ends && log->moment[i].e->r.type == RECORD_MARK)
			on_mark(&m, log->moment[i].e);
	hash_all(h, log);
}

void
history_free(struct history *h)
{
	for (unsigned i = 0; i < h->n; i++) {
		for (uint64_t b = 0; b < h->ns[i].nblocks; b++)
			free(h->ns[i].block[b].v);
		free(h->ns[i].block);
	}
	for (size_t i = 0; i < h->ncommands; i++)
		free(h->command[i]);
	free(h->command);
	free(h->step);
	free(h->ns);
}
