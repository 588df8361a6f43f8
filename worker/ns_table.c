/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which namespaces a controller has, and every change of that. Each lane has a table that never
 * changes; a change makes a new one, with a new row where something is different, and tells it to
 * each lane. The row that is left behind goes when, on every lane, the commands that had begun are
 * answered (then the broker is told), and what is sent from its memory is sent.
 */
#include "config.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/worker.h"

struct word { struct mail mail; void *of; struct lane *lane; };

/* What a row reads and writes; rows of one namespace that differ in other things share it. */
struct medium {
	struct controller *ctrl;
	unsigned rows;
	int fd;			/* -1: the engines have it */
	uint8_t *map;
	uint64_t map_len;
	unsigned file;
	struct losses losses;
	unsigned unclosed;	/* lanes, at its end */
	struct word words[LANES_MAX];
};

/* A change on its way. */
struct news {
	struct news *next;		/* younger */
	struct controller *ctrl;
	uint32_t nsid;
	bool finished, answered;	/* what began before; the broker was told */
	bool over;			/* nobody comes back to it */
	struct ns_table *table, *before;
	struct ns *old, *new;		/* either may be NULL */
	bool fresh;			/* the medium of the new row is new to the lanes */
	uint64_t fence;
	unsigned untold;		/* lanes */
	unsigned unfinished, unleft;	/* lanes, of the old row */
	struct word words[LANES_MAX];
};

struct ns_table ns_none;

/* ---- finding ---- */

/* The first entry with a larger nsid, or n. */
static uint32_t
index_after(const struct ns_table *table, uint32_t nsid)
{
	uint32_t low = 0, high = table->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (table->at[mid].nsid <= nsid)
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

struct ns *
ns_after(const struct ns_table *table, uint32_t nsid)
{
	uint32_t i = index_after(table, nsid);

	return (i < table->n ? table->at[i].ns : NULL);
}

struct ns *
ns_find(const struct ns_table *table, uint32_t nsid)
{
	uint32_t i = nsid == 0 ? table->n : index_after(table, nsid - 1);

	return (i < table->n && table->at[i].nsid == nsid ? table->at[i].ns : NULL);
}

/* ---- media ---- */

static int
take_file(struct controller *c)
{
	for (unsigned i = 0; i < ENGINE_FILES; i++)
		if ((c->files[i / 8] & 1u << i % 8) == 0) {
			c->files[i / 8] |= (uint8_t)(1u << i % 8);
			c->resv.mask[i] = 0;
			return ((int)i);
		}
	return (-1);
}

/* A RAM disk is sealed against shrinking, so what is mapped stays. Where it cannot be mapped it is
 * a file like any other. */
static void
map_ram(struct medium *m, const struct ipc_ns *id)
{
	uint64_t len = id->nlbas << ns_block_shift(id);
	void *map;

	if (!id->ram || len > SIZE_MAX)
		return;
	map = mmap(NULL, len, PROT_READ | (id->readonly ? 0 : PROT_WRITE), MAP_SHARED, m->fd, 0);
	if (map == MAP_FAILED)
		return;
	m->map = map;
	m->map_len = len;
}

/* Takes fd. NULL with errno. */
static struct medium *
medium_new(struct controller *c, const struct ipc_ns *id, int fd)
{
	struct medium *m = calloc(1, sizeof(*m));
	int file = m == NULL ? -1 : take_file(c);

	if (file == -1) {
		errno = m == NULL ? ENOMEM : ENOSPC;
		free(m);
		close(fd);
		return (NULL);
	}
	m->ctrl = c;
	m->fd = fd;
	m->file = (unsigned)file;
	map_ram(m, id);
	return (m);
}

static void
medium_close(struct medium *m)
{
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
}

static void
medium_free(struct medium *m)
{
	medium_close(m);
	if (m->map != NULL)
		munmap(m->map, m->map_len);
	m->ctrl->files[m->file / 8] &= (uint8_t)~(1u << m->file % 8);
	free(m);
}

static void
closed_here(struct mail *mail)
{
	struct medium *m = ((struct word *)mail->arg)->of;

	if (--m->unclosed == 0)
		medium_free(m);
}

static void
close_there(struct mail *mail)
{
	struct word *word = mail->arg;
	struct medium *m = word->of;

	(void)engine_file_set(word->lane->engine, m->file, -1);
	mail->deliver = closed_here;
	mail_post(word->lane, m->ctrl->lane, mail);
}

/* The word comes to each lane; the last one is delivered when this returns, or later. */
static void
tell(struct lane *lane0, struct word *words, void *of, void (*deliver)(struct mail *))
{
	for (unsigned i = lane0->nlanes; i-- > 0;) {	/* lane 0 last: it may be the end of `of` */
		words[i] = (struct word){ .mail = { .deliver = deliver, .arg = &words[i] },
		    .of = of, .lane = &lane0->all[i] };
		mail_post(lane0, words[i].lane, &words[i].mail);
	}
}

/* Nobody uses it any more: it is taken out of the engines, then closed. */
static void
medium_end(struct medium *m)
{
	m->unclosed = m->ctrl->lane->nlanes;
	tell(m->ctrl->lane, m->words, m, close_there);
}

/* ---- rows and tables ---- */

/* NULL: no memory. */
static struct ns *
row_new(const struct controller *c, const struct ipc_ns *id, struct medium *m)
{
	size_t size = sizeof(struct ns) + c->lane->nlanes * sizeof(struct ns_use);
	struct ns *ns = aligned_alloc(_Alignof(struct ns), size);

	if (ns == NULL)
		return (NULL);
	memset(ns, 0, size);
	ns->id = *id;
	ns->map = m->map;
	ns->map_len = m->map_len;
	ns->file = m->file;
	ns->lbads = ns_block_shift(id);
	ns->losses = &m->losses;
	ns->medium = m;
	m->rows++;
	return (ns);
}

static void
row_free(struct ns *ns)
{
	struct medium *m = ns->medium;

	free(ns);
	if (--m->rows == 0)
		medium_end(m);
}

/* The table with the row of nsid replaced, added (nsid was not there) or left out (ns is NULL). */
static struct ns_table *
table_with(const struct ns_table *before, uint32_t nsid, struct ns *ns)
{
	struct ns_table *t = malloc(sizeof(*t) + (before->n + 1) * sizeof(t->at[0]));
	uint32_t at = index_after(before, nsid - 1);
	uint32_t rest = at + (ns_find(before, nsid) != NULL);

	if (t == NULL)
		return (NULL);
	memcpy(t->at, before->at, at * sizeof(t->at[0]));
	t->n = at;
	if (ns != NULL)
		t->at[t->n++] = (struct ns_entry){ nsid, ns };
	memcpy(t->at + t->n, before->at + rest, (before->n - rest) * sizeof(t->at[0]));
	t->n += before->n - rest;
	t->version = before->version + 1;
	t->unreachable = 0;
	t->restricted = false;
	for (uint32_t i = 0; i < t->n; i++) {
		t->unreachable += ns_reach(t->at[i].ns) != 0;
		t->restricted |= t->at[i].ns->id.no_read != 0 || t->at[i].ns->id.no_write != 0;
	}
	return (t);
}

/* ---- the row that is left behind ---- */

static void
forget(struct news *news)
{
	struct news **at = &news->ctrl->news;

	while (*at != news)
		at = &(*at)->next;
	*at = news->next;
	free(news);
}

/* In the order of the changes of that namespace: an answer says that nothing is left of what began
 * before, whichever row it began under. */
static void
answer(struct controller *c, uint32_t nsid)
{
	struct news *news, *next;

	for (news = c->news; news != NULL; news = next) {
		next = news->next;
		if (news->nsid != nsid)
			continue;
		if (!news->finished)
			return;
		if (!news->answered && news->fence != 0)	/* somebody asked */
			ask_fenced(news->fence);
		news->answered = true;
		if (news->over)
			forget(news);
	}
}

/* Of what began before nothing is left, and of the news nothing is under way. */
static void
end(struct news *news)
{
	news->over = true;
	if (news->answered)
		forget(news);
}

static void
finish(struct news *news)
{
	news->finished = true;
	answer(news->ctrl, news->nsid);
}

static void
left_here(struct mail *m)
{
	struct news *news = m->arg;

	if (--news->unleft > 0)
		return;
	row_free(news->old);
	end(news);
}

static void
finished_here(struct mail *m)
{
	struct news *news = m->arg;

	if (--news->unfinished == 0)
		finish(news);
}

/* On a lane where the row is leaving. Nothing is touched after the word that it has left. */
void
ns_settle(struct lane *lane, struct ns *ns)
{
	struct ns_use *use = &ns->use[lane->index];
	struct news *news = ns->news;

	if (use->users == 0 && !use->is_finished) {
		use->is_finished = true;
		use->finished = (struct mail){ .deliver = finished_here, .arg = news };
		mail_post(lane, news->ctrl->lane, &use->finished);
	}
	if (use->users == 0 && use->senders == 0) {
		use->left = (struct mail){ .deliver = left_here, .arg = news };
		mail_post(lane, news->ctrl->lane, &use->left);
	}
}

/* ---- telling the lanes ---- */

static void
word_back(struct mail *m)
{
	struct news *news = ((struct word *)m->arg)->of;

	if (--news->untold > 0)
		return;
	if (news->before != &ns_none)
		free(news->before);
	if (news->fresh && !engine_needs_fd(news->ctrl->lane->engine))
		medium_close(news->new->medium);
	if (news->old != NULL)
		return;			/* lives on until that has left */
	news->over = true;
	finish(news);
}

static void
word_there(struct mail *m)
{
	struct word *word = m->arg;
	struct news *news = word->of;
	struct lane *lane = word->lane;
	struct ns *old = news->old;

	if (news->fresh)
		ns_stat_retire(lane, news->new->file);
	/* where it cannot be had, I/O of this lane to it fails with EBADF */
	if (lane->index != 0 && news->fresh)
		(void)engine_file_set(lane->engine, news->new->file, news->new->medium->fd);
	lane->ns = news->table;
	fused_changed(lane);
	m->deliver = word_back;
	mail_post(lane, news->ctrl->lane, m);
	if (old != NULL) {
		old->use[lane->index].leaving = true;
		ns_settle(lane, old);
	}
}

static void
append(struct controller *c, struct news *news)
{
	struct news **at = &c->news;

	while (*at != NULL)
		at = &(*at)->next;
	*at = news;
}

/* A change of what is not there, by a broker that does not know what the one before it said. All
 * that is left to wait for is what began when it was there. 0 or -1, errno. */
static int
no_news(struct controller *c, uint32_t nsid, uint64_t fence)
{
	struct news *news = calloc(1, sizeof(*news));

	if (news == NULL)
		return (-1);
	*news = (struct news){ .ctrl = c, .nsid = nsid, .fence = fence, .over = true };
	append(c, news);
	finish(news);
	return (0);
}

/* Takes the new row: NULL where the namespace goes. 0 or -1, errno. */
static int
make_news(struct controller *c, uint32_t nsid, struct ns *new, bool fresh, uint64_t fence)
{
	struct ns_table *before = c->lane->ns, *table = table_with(before, nsid, new);
	struct news *news = calloc(1, sizeof(*news));

	if (table == NULL || news == NULL) {
		free(table);
		free(news);
		if (new != NULL)
			row_free(new);
		errno = ENOMEM;
		return (-1);
	}
	*news = (struct news){ .ctrl = c, .nsid = nsid, .table = table, .before = before,
	    .new = new, .old = ns_find(before, nsid), .fresh = fresh, .fence = fence };
	if (new != NULL && news->old != NULL)
		new->was_writable = ns_has_to_flush(news->old);
	append(c, news);
	news->untold = news->unfinished = news->unleft = c->lane->nlanes;
	if (news->old != NULL)
		news->old->news = news;
	ns_told(c, news->old, new);
	tell(c->lane, news->words, news, word_there);
	return (0);
}

/* ---- changes ---- */

int
ns_add(struct controller *c, const struct ipc_ns *id, int fd)
{
	struct ns_table *table = c->lane->ns;
	struct medium *m;
	struct ns *ns;

	if (!ns_is_possible(id) ||
	    (table->n == IPC_MAX_NS && ns_find(table, id->nsid) == NULL)) {
		close(fd);
		errno = ns_is_possible(id) ? ENOSPC : EINVAL;
		return (-1);
	}
	if ((m = medium_new(c, id, fd)) == NULL)
		return (-1);
	if ((ns = row_new(c, id, m)) == NULL ||
	    engine_file_set(c->lane->engine, m->file, fd) == -1) {
		free(ns);
		medium_free(m);
		return (-1);
	}
	return (make_news(c, id->nsid, ns, true, id->fence));
}

int
ns_change(struct controller *c, const struct ipc_ns *id)
{
	struct ns *old = ns_find(c->lane->ns, id->nsid), *ns;

	if (old == NULL)
		return (no_news(c, id->nsid, id->fence));
	if (!ns_is_possible(id) || id->block_size != old->id.block_size ||
	    id->ram != old->id.ram || (old->map != NULL && id->nlbas != old->id.nlbas)) {
		errno = EINVAL;
		return (-1);
	}
	if ((ns = row_new(c, id, old->medium)) == NULL)
		return (-1);
	return (make_news(c, id->nsid, ns, false, id->fence));
}

int
ns_gone(struct controller *c, const struct ipc_ns_gone *m)
{
	if (ns_find(c->lane->ns, m->nsid) == NULL)
		return (no_news(c, m->nsid, m->fence));
	return (make_news(c, m->nsid, NULL, false, m->fence));
}

void
ns_free_all(struct controller *c)
{
	struct ns_table *table = c->lane->ns;

	for (uint32_t i = 0; i < table->n; i++)
		row_free(table->at[i].ns);
	if (table != &ns_none)
		free(table);
	c->lane->ns = &ns_none;
}
