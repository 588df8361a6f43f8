/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory of small files when the power fails. What a file holds is durable by an fsync of it,
 * that it has its name by an fsync of its directory; of the rest anything may be there, in any
 * combination. A mark "state" says that the host was answered: between two of them every file is
 * what it was at the one or at the other. Names that end in ".new" are nobody's yet.
 */
#include "config.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/durable/replay.h"

enum {
	NAME_SIZE = 256,
	FILES_MAX = 256,
	ALL_SUBSETS = 10,		/* changes; of more than these some states are taken */
	RANDOM_STATES = 128,
	SIZE_MAX_KEPT = 1 << 20,	/* bytes of a file */
};

/* What changes something, as far as it is ours. */
struct change {
	const struct entry *e;
	bool durable;
	bool chosen;
};

struct file { uint64_t inode; uint8_t *bytes; size_t size; };
struct name { char name[NAME_SIZE]; uint64_t inode; };	/* 0: there is none */

struct world {
	struct file file[FILES_MAX];
	struct name name[FILES_MAX];
	unsigned nfiles, nnames;
	bool has_dir;
};

/* What is in each name; hash 0: nothing. */
struct picture {
	struct { char name[NAME_SIZE]; uint64_t hash; } of[FILES_MAX];
	unsigned n;
};

struct cutter {
	const char *dir;
	const struct lies *lies;
	struct verdict *v;
	struct change *change;
	size_t n;
	struct picture *picture;	/* at each mark; the last one is how it ends */
	size_t npictures, passed;
	struct world world;
	uint64_t at, random;
};

/* ---- a world, made of changes ---- */

static void
world_clear(struct world *w)
{
	for (unsigned i = 0; i < w->nfiles; i++)
		free(w->file[i].bytes);
	memset(w, 0, sizeof(*w));
}

static struct file *
file_of(struct world *w, uint64_t inode)
{
	for (unsigned i = 0; i < w->nfiles; i++)
		if (w->file[i].inode == inode)
			return (&w->file[i]);
	if (w->nfiles == FILES_MAX)
		errx(2, "too many files");
	w->file[w->nfiles].inode = inode;
	return (&w->file[w->nfiles++]);
}

static void
set_name(struct world *w, const char *name, size_t len, uint64_t inode)
{
	struct name *n = w->name;

	while (n < w->name + w->nnames &&
	    (strncmp(n->name, name, len) != 0 || n->name[len] != '\0'))
		n++;
	if (n == w->name + w->nnames) {
		if (w->nnames++ == FILES_MAX || len >= NAME_SIZE)
			errx(2, "too many names, or one is too long");
		memcpy(n->name, name, len);
	}
	n->inode = inode;
}

static void
set_size(struct file *f, size_t size)
{
	if (size > SIZE_MAX_KEPT || (f->bytes = realloc(f->bytes, size + 1)) == NULL)
		errx(2, "a file is too large");
	if (size > f->size)
		memset(f->bytes + f->size, 0, size - f->size);
	f->size = size;
}

static void
write_file(struct file *f, const struct entry *e)
{
	size_t end = e->r.offset + e->r.len;

	if (end > f->size)
		set_size(f, end);
	memcpy(f->bytes + e->r.offset, e->data, e->r.len);
}

/* An inode number is used again: what is created is empty. */
static void
apply(struct world *w, const struct entry *e)
{
	const char *name = (const char *)e->data;
	size_t len = strnlen(name, e->r.size);

	switch ((enum record_type)e->r.type) {
	case RECORD_MKDIR:
		w->has_dir = true;
		break;
	case RECORD_CREATE:
		set_name(w, name, len, e->r.file);
		break;
	case RECORD_UNLINK:
		set_name(w, name, len, 0);
		break;
	case RECORD_RENAME:
		set_name(w, name, len, 0);
		set_name(w, name + len + 1, e->r.size - len - 1, e->r.file);
		break;
	case RECORD_WRITE:
		write_file(file_of(w, e->r.file), e);
		break;
	case RECORD_TRUNCATE:
		set_size(file_of(w, e->r.file), e->r.offset);
		break;
	default:
		break;
	}
}

static void
take_picture(const struct world *w, struct picture *p)
{
	p->n = 0;
	for (unsigned i = 0; i < w->nnames && w->has_dir; i++) {
		const struct name *n = &w->name[i];
		size_t len = strlen(n->name);

		if (len > 4 && strcmp(n->name + len - 4, ".new") == 0)
			continue;
		memcpy(p->of[p->n].name, n->name, NAME_SIZE);
		p->of[p->n].hash = 0;
		for (unsigned k = 0; k < w->nfiles && n->inode != 0; k++)
			if (w->file[k].inode == n->inode)
				p->of[p->n].hash = hash_block(w->file[k].bytes, w->file[k].size);
		if (n->inode != 0 && p->of[p->n].hash == 0)
			p->of[p->n].hash = hash_block(NULL, 0);
		p->n++;
	}
}

static uint64_t
hash_in(const struct picture *p, const char *name)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->of[i].name, name) == 0)
			return (p->of[i].hash);
	return (0);
}

/* ---- judging ---- */

static void
complain(struct cutter *c, const char *name, uint64_t found)
{
	char text[128] = "something that it never was";
	bool known = false;

	for (size_t i = 0; i < c->npictures && !known; i++)
		if ((known = hash_in(&c->picture[i], name) == found))
			snprintf(text, sizeof(text), "what it was at mark %zu", i);
	if (known)
		c->v->broken[PROMISE_STATE]++;
	else
		c->v->foreign++;
	if (c->v->first[0] == '\0')
		snprintf(c->v->first, sizeof(c->v->first), "power cut at %" PRIu64
		    ", after mark %zu: %s may be %s%s", c->at, c->passed - 1, name,
		    found == 0 ? "missing, " : "", text);
}

static void
judge_names(struct cutter *c, const struct picture *now, const struct picture *names)
{
	const struct picture *old = &c->picture[c->passed - 1], *new = old;

	if (c->passed < c->npictures)
		new = &c->picture[c->passed];
	for (unsigned i = 0; i < names->n; i++) {
		const char *name = names->of[i].name;
		uint64_t hash = hash_in(now, name);

		if (hash != hash_in(old, name) && hash != hash_in(new, name))
			complain(c, name, hash);
	}
}

/* Made of what is durable and what is chosen. */
static void
judge_state(struct cutter *c)
{
	struct picture now;

	world_clear(&c->world);
	for (size_t i = 0; i < c->n; i++)
		if (c->change[i].durable || c->change[i].chosen)
			apply(&c->world, c->change[i].e);
	take_picture(&c->world, &now);
	c->v->states++;
	judge_names(c, &now, &now);
	judge_names(c, &now, &c->picture[c->passed - 1]);
}

static uint64_t
some_bits(struct cutter *c)
{
	c->random = c->random * 6364136223846793005u + 1442695040888963407u;
	return (c->random >> 33);
}

static void
judge_many(struct cutter *c, struct change **pending, size_t n)
{
	for (size_t i = 0; i < n; i++)		/* each prefix; all are chosen then */
		pending[i]->chosen = false;
	for (size_t i = 0; i < n; i++, judge_state(c))
		pending[i]->chosen = true;
	for (size_t i = 0; i < n; i++) {	/* each omission */
		pending[i]->chosen = false;
		judge_state(c);
		pending[i]->chosen = true;
	}
	for (unsigned k = 0; k < RANDOM_STATES; k++, judge_state(c))
		for (size_t i = 0; i < n; i++)
			pending[i]->chosen = (some_bits(c) & 1) != 0;
}

static void
cut(struct cutter *c)
{
	struct change **pending = calloc(c->n + 1, sizeof(struct change *));
	size_t n = 0;

	if (pending == NULL)
		err(2, "memory");
	c->v->cuts++;
	for (size_t i = 0; i < c->n; i++)
		if (!c->change[i].durable)
			pending[n++] = &c->change[i];
	if (n > ALL_SUBSETS)
		judge_many(c, pending, n);
	for (uint64_t set = 0; n <= ALL_SUBSETS && set < 1u << n; set++) {
		for (size_t i = 0; i < n; i++)
			pending[i]->chosen = (set >> i & 1) != 0;
		judge_state(c);
	}
	free(pending);
}

/* ---- the log ---- */

static bool
is_in(const char *dir, const struct entry *e)
{
	size_t len = strlen(dir);

	return (e->r.size >= len && memcmp(e->data, dir, len) == 0 &&
	    (e->r.size == len || e->data[len] == '/'));
}

/* Of a name, or of a file that was created here. */
static bool
is_ours(const struct cutter *c, const struct entry *e)
{
	switch ((enum record_type)e->r.type) {
	case RECORD_MKDIR:
	case RECORD_CREATE:
	case RECORD_RENAME:
	case RECORD_UNLINK:
		return (is_in(c->dir, e));
	case RECORD_WRITE:
	case RECORD_TRUNCATE:
		for (size_t i = 0; i < c->n; i++)
			if (c->change[i].e->r.type == RECORD_CREATE &&
			    c->change[i].e->r.file == e->r.file)
				return (true);
		return (false);
	default:
		return (false);
	}
}

/* May it have made anything of ours durable? */
static bool
is_concerned(const struct cutter *c, const struct entry *e)
{
	for (size_t i = 0; i < c->n; i++)
		if (e->r.type == RECORD_FSYNC && c->change[i].e->r.file == e->r.file)
			return (true);
	return (e->r.type == RECORD_FSYNCDIR);
}

static bool
is_settled_by(const struct cutter *c, const struct entry *change, const struct entry *sync)
{
	bool of_data = change->r.type == RECORD_WRITE || change->r.type == RECORD_TRUNCATE;

	if (change->r.end > sync->r.begin)
		return (false);
	if (sync->r.type == RECORD_FSYNC)
		return (of_data && change->r.file == sync->r.file);
	if (sync->r.type != RECORD_FSYNCDIR || of_data)
		return (false);
	/* that there is the directory is its parent's */
	return (is_in(c->dir, sync) == (change->r.type != RECORD_MKDIR));
}

static bool
is_state_mark(const struct entry *e)
{
	return (e->r.type == RECORD_MARK && e->r.size >= 5 && memcmp(e->data, "state", 5) == 0);
}

/* Returns how many changes became durable by e. */
static size_t
on_entry(struct cutter *c, const struct entry *e)
{
	size_t settled = 0;

	if (is_ours(c, e))
		c->change[c->n++] = (struct change){ e, is_durable_write(c->lies, e), false };
	for (size_t i = 0; i < c->n && !lies_about(c->lies, e); i++)
		if (!c->change[i].durable && is_settled_by(c, c->change[i].e, e)) {
			c->change[i].durable = true;
			settled++;
		}
	return (settled);
}

/* How it is at each mark when no power fails. */
static void
take_pictures(struct cutter *c, const struct log *log)
{
	for (size_t i = 0; i < 2 * log->n; i++) {
		const struct entry *e = log->moment[i].e;

		if (!log->moment[i].ends)
			continue;
		if (is_ours(c, e)) {
			c->change[c->n++] = (struct change){ e, true, true };
			apply(&c->world, e);
		}
		if (is_state_mark(e))
			take_picture(&c->world, &c->picture[c->npictures++]);
	}
	take_picture(&c->world, &c->picture[c->npictures++]);
	c->n = 0;
}

static struct cutter *
cutter_new(const struct log *log, const char *dir, const struct lies *lies, struct verdict *v)
{
	struct cutter *c = calloc(1, sizeof(*c));
	size_t marks = 1;

	for (size_t i = 0; i < log->n; i++)
		marks += is_state_mark(&log->entry[i]);
	if (c == NULL || (c->change = calloc(log->n + 1, sizeof(*c->change))) == NULL ||
	    (c->picture = calloc(marks, sizeof(*c->picture))) == NULL)
		err(2, "memory");
	c->dir = dir;
	c->lies = lies;
	c->v = v;
	return (c);
}

static void
cutter_free(struct cutter *c)
{
	world_clear(&c->world);
	free(c->change);
	free(c->picture);
	free(c);
}

bool
names_settles(const struct log *log, const char *dir, const struct entry *e)
{
	const struct lies none = { 0 };
	struct cutter *c = cutter_new(log, dir, &none, NULL);
	size_t settled = 0;

	for (size_t i = 0; i < 2 * log->n; i++)
		if (log->moment[i].ends) {
			settled = on_entry(c, log->moment[i].e);
			if (log->moment[i].e == e)
				break;
		}
	cutter_free(c);
	return (settled > 0);
}

void
names_judge(const struct log *log, const char *dir, const struct lies *lies, struct verdict *v)
{
	struct cutter *c = cutter_new(log, dir, lies, v);

	take_pictures(c, log);
	for (size_t i = 0; i < 2 * log->n; i++) {
		const struct entry *e = log->moment[i].e;
		bool mark = is_state_mark(e);

		if (!log->moment[i].ends || !(mark || is_ours(c, e) || is_concerned(c, e)))
			continue;
		c->at = log->moment[i].at;
		on_entry(c, e);
		c->passed += mark;
		v->promises[PROMISE_STATE] += mark;
		if (c->passed > 0)
			cut(c);
	}
	cutter_free(c);
}
