/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each block may hold when the power fails: what was durable last, or what any write since
 * then was to leave. That is every subset of the writes that were not durable, exactly, since a
 * block depends on no other. It must be what the host may find: what it was promised last, or what
 * it asked for since. Judged when one of the two changes; between that nothing can.
 */
#include "config.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/durable/replay.h"

enum { CONTENTS_MAX = 64 };

struct content { uint64_t hash; const struct entry *from; };	/* from NULL: the beginning */

struct spot {
	const struct block *plan;
	unsigned asked, answered;	/* versions: how many; the last one that was answered */
	unsigned promised;		/* the oldest that may be there */
	enum promise promise;
	const struct command *promised_by;
	struct content *may;		/* [0]: durable */
	unsigned n;
	bool dirty;
};

struct disk {
	const struct namespace *ns;
	struct spot *spot;
	uint64_t *dirty;		/* numbers of spots with more than one content */
	uint64_t ndirty;
};

/* What had been answered when a flush was asked for. */
struct seen {
	struct seen *next;
	const struct command *cmd;
	unsigned *answered[];		/* per disk; NULL: not of this one */
};

struct judge {
	const struct log *log;
	const struct history *h;
	const struct lies *lies;
	struct verdict *v;
	struct disk *disk;
	struct seen *seen;
	uint64_t at;
};

static void *
zeroed(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		err(2, "memory");
	return (p);
}

/* ---- judging ---- */

static const struct version *
find_version(const struct spot *s, unsigned from, uint64_t hash)
{
	for (unsigned i = s->asked; i-- > from;)
		if (s->plan->v[i].hash == hash)
			return (&s->plan->v[i]);
	return (NULL);
}

static void
name_version(char *text, size_t size, const struct version *v)
{
	if (v == NULL)
		snprintf(text, size, "what no command was to leave there");
	else if (v->by == NULL)
		snprintf(text, size, "what was there in the beginning");
	else
		snprintf(text, size, "what command %" PRIu64 " (%s) of host %u left", v->by->id,
		    v->by->what, v->by->run);
}

static void
complain(struct judge *j, const struct disk *d, const struct spot *s, const struct content *c)
{
	char found[96], wanted[96];

	if (j->v->first[0] != '\0')
		return;
	name_version(found, sizeof(found), find_version(s, 0, c->hash));
	name_version(wanted, sizeof(wanted), &s->plan->v[s->promised]);
	snprintf(j->v->first, sizeof(j->v->first),
	    "power cut at %" PRIu64 ": namespace %" PRIu32 ", block %zu may hold %s (written at "
	    "%" PRIu64 "), but %s was durable by the answer to command %" PRIu64 " (%s)", j->at,
	    d->ns->nsid, (size_t)(s - d->spot), found, c->from != NULL ? c->from->r.begin : 0, wanted,
	    s->promised_by != NULL ? s->promised_by->id : 0, promise_name[s->promise]);
}

static void
judge_content(struct judge *j, const struct disk *d, const struct spot *s, const struct content *c)
{
	j->v->states++;
	if (find_version(s, s->promised, c->hash) != NULL)
		return;
	complain(j, d, s, c);
	if (find_version(s, 0, c->hash) == NULL)
		j->v->foreign++;
	else
		j->v->broken[s->promise]++;
}

/* ---- the medium ---- */

static struct disk *
disk_of(const struct judge *j, const struct entry *e)
{
	for (unsigned i = 0; i < j->h->n; i++)
		if (j->h->ns[i].file == e->r.file)
			return (&j->disk[i]);
	return (NULL);
}

/* s->may[i] is durable: what was before it is gone. */
static void
settle(struct spot *s, unsigned i)
{
	memmove(s->may, s->may + i, (s->n - i) * sizeof(*s->may));
	s->n -= i;
}

/* A cache does not bring back what was replaced on the medium. */
static bool
is_replaced(const struct judge *j, const struct spot *s, const struct content *c)
{
	const struct version *v = find_version(s, 0, c->hash);

	return (j->log->late && v != NULL && v < find_version(s, 0, s->may[s->n - 1].hash));
}

static void
add_content(struct judge *j, struct disk *d, struct spot *s, const struct content *c)
{
	if (is_replaced(j, s, c))
		return;
	if (s->n == CONTENTS_MAX) {	/* more than memory is for: the oldest is judged by now */
		memmove(s->may + 1, s->may + 2, (s->n - 2) * sizeof(*s->may));
		s->n--;
	}
	s->may[s->n++] = *c;
	if (!s->dirty)
		d->dirty[d->ndirty++] = (uint64_t)(s - d->spot);
	s->dirty = true;
	judge_content(j, d, s, c);
}

static bool
is_whole(struct judge *j, const struct disk *d, const struct entry *e)
{
	if ((e->r.offset | e->r.len) % d->ns->block_size == 0)
		return (true);
	j->v->foreign++;
	if (j->v->first[0] == '\0')
		snprintf(j->v->first, sizeof(j->v->first), "a part of a block is written at %" PRIu64
		    ": offset %" PRIu64 ", length %" PRIu64, j->at, e->r.offset, e->r.len);
	return (false);
}

static void
write_begins(struct judge *j, struct disk *d, const struct entry *e)
{
	uint64_t lba = e->r.offset / d->ns->block_size, n = e->r.len / d->ns->block_size;

	if (!is_whole(j, d, e))
		return;
	for (uint64_t i = 0; i < n && lba + i < d->ns->nblocks; i++)
		add_content(j, d, &d->spot[lba + i],
		    &(struct content){ e->hash[e->r.type == RECORD_ZERO ? 0 : i], e });
}

static void
write_ends(struct judge *j, struct disk *d, const struct entry *e)
{
	uint64_t lba = e->r.offset / d->ns->block_size, n = e->r.len / d->ns->block_size;

	if (!is_durable_write(j->lies, e))
		return;
	for (uint64_t b = lba; b < lba + n && b < d->ns->nblocks; b++)
		for (unsigned i = d->spot[b].n; i-- > 1;)
			if (d->spot[b].may[i].from == e) {
				settle(&d->spot[b], i);
				break;
			}
}

/* Writes that were complete when it began. */
static void
fsync_ends(struct judge *j, struct disk *d, const struct entry *e)
{
	uint64_t left = 0;

	if (lies_about(j->lies, e))
		return;
	for (uint64_t k = 0; k < d->ndirty; k++) {
		struct spot *s = &d->spot[d->dirty[k]];

		for (unsigned i = s->n; i-- > 1;)
			if (s->may[i].from->r.end < e->r.begin) {
				settle(s, i);
				break;
			}
		if ((s->dirty = s->n > 1))
			d->dirty[left++] = d->dirty[k];
	}
	d->ndirty = left;
}

static void
on_medium(struct judge *j, const struct moment *m)
{
	struct disk *d = disk_of(j, m->e);
	enum record_type type = (enum record_type)m->e->r.type;

	if (d == NULL)
		return;
	if (type == RECORD_FSYNC && m->ends)
		fsync_ends(j, d, m->e);
	if (type != RECORD_WRITE && type != RECORD_ZERO)
		return;
	if (m->ends)
		write_ends(j, d, m->e);
	else
		write_begins(j, d, m->e);
}

/* ---- the host ---- */

static void
promise(struct judge *j, struct disk *d, struct spot *s, unsigned version, const struct command *c)
{
	if (d->ns->file == 0)
		return;
	/* deallocated: it may be what it was before */
	while (version > 0 && s->plan->v[version].maybe)
		version--;
	if (version <= s->promised)
		return;
	s->promised = version;
	s->promise = c->promise;
	s->promised_by = c;
	j->v->promises[c->promise]++;
	for (unsigned i = 0; i < s->n; i++)
		judge_content(j, d, s, &s->may[i]);
}

static struct disk *
disk_with(const struct judge *j, uint32_t nsid)
{
	for (unsigned i = 0; i < j->h->n; i++)
		if (j->h->ns[i].nsid == nsid)
			return (&j->disk[i]);
	errx(2, "no namespace %" PRIu32, nsid);
}

static void
flush_asked(struct judge *j, const struct command *c)
{
	struct seen *seen = zeroed(1, sizeof(*seen) + j->h->n * sizeof(seen->answered[0]));

	seen->cmd = c;
	for (unsigned i = 0; i < j->h->n; i++) {
		const struct disk *d = &j->disk[i];

		if (c->promise == PROMISE_FLUSH && c->nsid != UINT32_MAX && c->nsid != d->ns->nsid)
			continue;
		seen->answered[i] = zeroed(d->ns->nblocks, sizeof(unsigned));
		for (uint64_t b = 0; b < d->ns->nblocks; b++)
			seen->answered[i][b] = d->spot[b].answered;
	}
	seen->next = j->seen;
	j->seen = seen;
}

static void
seen_free(const struct judge *j, struct seen *seen)
{
	for (unsigned i = 0; i < j->h->n; i++)
		free(seen->answered[i]);
	free(seen);
}

/* Switching the cache off: also what was answered while it was on its way. */
static void
flush_answered(struct judge *j, const struct command *c)
{
	struct seen **at = &j->seen, *seen;

	while (*at != NULL && (*at)->cmd != c)
		at = &(*at)->next;
	if ((seen = *at) == NULL)
		errx(2, "flush %" PRIu64 " is answered twice", c->id);
	for (unsigned i = 0; i < j->h->n; i++)
		for (uint64_t b = 0; seen->answered[i] != NULL && b < j->disk[i].ns->nblocks; b++) {
			struct spot *s = &j->disk[i].spot[b];

			promise(j, &j->disk[i], s, c->promise == PROMISE_SWITCHED ? s->answered :
			    seen->answered[i][b], c);
		}
	*at = seen->next;
	seen_free(j, seen);
}

static void
on_step(struct judge *j, const struct step *step)
{
	const struct command *c = step->cmd;
	struct disk *d;

	if (c->is_flush) {
		(step->answer ? flush_answered : flush_asked)(j, c);
		return;
	}
	if (!c->is_write)
		return;
	d = disk_with(j, c->nsid);
	for (struct spot *s = d->spot + c->lba; s < d->spot + c->lba + c->nlb; s++) {
		if (!step->answer)
			s->asked++;
		else
			s->answered = s->asked - 1;
		if (step->answer && c->promise != PROMISE_NONE)
			promise(j, d, s, s->answered, c);
	}
}

/* ---- all of it ---- */

static void
disk_init(struct disk *d, const struct namespace *ns)
{
	d->ns = ns;
	d->spot = zeroed(ns->nblocks, sizeof(*d->spot));
	d->dirty = zeroed(ns->nblocks, sizeof(*d->dirty));
	for (uint64_t b = 0; b < ns->nblocks; b++) {
		d->spot[b].plan = &ns->block[b];
		d->spot[b].asked = d->spot[b].n = 1;
		if (ns->file == 0)
			continue;
		d->spot[b].may = zeroed(CONTENTS_MAX, sizeof(struct content));
		d->spot[b].may[0].hash = ns->block[b].v[0].hash;
	}
}

static void
judge_free(struct judge *j)
{
	for (unsigned i = 0; i < j->h->n; i++) {
		for (uint64_t b = 0; b < j->disk[i].ns->nblocks; b++)
			free(j->disk[i].spot[b].may);
		free(j->disk[i].spot);
		free(j->disk[i].dirty);
	}
	while (j->seen != NULL) {
		struct seen *seen = j->seen;

		j->seen = seen->next;
		seen_free(j, seen);
	}
	free(j->disk);
}

void
blocks_judge(const struct log *log, const struct history *h, const struct lies *lies,
    struct verdict *v)
{
	struct judge j = { log, h, lies, v, zeroed(h->n, sizeof(*j.disk)), NULL, 0 };
	size_t next = 0;

	for (unsigned i = 0; i < h->n; i++)
		disk_init(&j.disk[i], &h->ns[i]);
	for (size_t i = 0; i < 2 * log->n; i++) {
		const struct moment *m = &log->moment[i];

		j.at = m->at;
		v->cuts++;
		on_medium(&j, m);
		/* asked for after its mark, answered before it */
		if (next < h->nsteps && h->step[next].e == m->e && h->step[next].answer != m->ends)
			on_step(&j, &h->step[next++]);
	}
	judge_free(&j);
}

bool
verdict_is_good(const struct verdict *v)
{
	for (int i = 0; i < PROMISE_MAX; i++)
		if (v->broken[i] != 0)
			return (false);
	return (v->foreign == 0);
}
