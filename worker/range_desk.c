/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges, on lane 0: what the broker says of ranges that are held is told to all lanes, and what
 * they answer to it; and those of our own fused commands stand in line here, since the broker takes
 * one request of a worker at a time. What the channel does not take is said a little later.
 */
#include "config.h"

#include <stdlib.h>

#include "worker/worker.h"

#define AGAIN_MS	100u	/* the channel was full: the broker is away, or slow */
#define HOLDS_MAX	4096u	/* RANGE_ACTIVE of the broker for each namespace, and more */

static void	say_all(struct range_desk *);
static void	part_held(struct mail *);
static void	part_gone(struct mail *);

/* ---- holds ---- */

static bool
is_told(const struct range_desk *d, const struct ipc_range *m)
{
	const struct range_hold *h;

	LIST_FOREACH(h, &d->holds, next)
		if (h->token == m->token && h->nsid == m->nsid && !h->freed &&
		    h->offset <= m->offset && m->offset < h->end &&
		    m->len <= h->end - m->offset)
			return (true);
	return (false);
}

/* Not before every lane has forgotten it. */
static void
drop_hold(struct range_hold *h)
{
	if (!h->freed || h->out > 0)
		return;
	LIST_REMOVE(h, next);
	h->desk->nholds--;
	free(h);
}

int
range_hold(struct lane *lane, const struct ipc_range *m)
{
	struct range_desk *d = &lane->desk;
	struct range_hold *h;

	if (is_told(d, m))
		return (0);
	if (m->len == 0 || d->nholds == HOLDS_MAX ||
	    (h = calloc(1, sizeof(*h))) == NULL)
		return (-1);
	h->desk = d;
	h->token = m->token;
	h->nsid = m->nsid;
	h->offset = m->offset;
	h->answer = m->answer != 0;
	h->held = part_held;
	h->gone = part_gone;
	if (__builtin_add_overflow(m->offset, m->len, &h->end))
		h->end = UINT64_MAX;
	LIST_INSERT_HEAD(&d->holds, h, next);
	d->nholds++;
	h->out = h->unheld = lane->nlanes;
	for (unsigned i = 0; i < lane->nlanes; i++) {
		struct range_part *p = &h->part[i];

		p->hold = h;
		p->lane = &lane->all[i];
		p->mail = (struct mail){ .deliver = range_part_comes, .arg = p };
		mail_post(lane, p->lane, &p->mail);
	}
	return (0);
}

static void
part_held(struct mail *m)
{
	struct range_hold *h = ((struct range_part *)m->arg)->hold;
	struct range_desk *d = h->desk;

	h->unheld--;
	h->out--;
	drop_hold(h);
	say_all(d);
}

static void
part_gone(struct mail *m)
{
	struct range_hold *h = ((struct range_part *)m->arg)->hold;

	h->out--;
	drop_hold(h);
}

static void
free_one(struct lane *lane, struct range_hold *h)
{
	h->freed = true;
	h->out += lane->nlanes + 1;	/* one: not dropped while we look at it */
	for (unsigned i = 0; i < lane->nlanes; i++) {
		struct range_part *p = &h->part[i];

		p->bye = (struct mail){ .deliver = range_part_goes, .arg = p };
		mail_post(lane, p->lane, &p->bye);
	}
	h->out--;
	drop_hold(h);
}

void
range_free(struct lane *lane, const struct ipc_range_ref *m)
{
	struct range_hold *h, *next;

	for (h = LIST_FIRST(&lane->desk.holds); h != NULL; h = next) {
		next = LIST_NEXT(h, next);
		if (!h->freed && h->token == m->token &&
		    (m->token != 0 || m->nsid == NVME_NSID_ALL || m->nsid == h->nsid))
			free_one(lane, h);
	}
}

/* ---- our own ---- */

/* One that was given up meanwhile is not asked for. */
static struct range_want *
next_want(struct range_desk *d)
{
	struct range_want *w;

	while ((w = STAILQ_FIRST(&d->wants)) != NULL) {
		STAILQ_REMOVE_HEAD(&d->wants, next);
		if (!__atomic_load_n(&w->given_up, __ATOMIC_ACQUIRE))
			return (w);
		w->mail.deliver = w->over;
		mail_post(d->lane, w->lane, &w->mail);
	}
	return (NULL);
}

static void
want_here(struct mail *m)
{
	struct range_want *w = m->arg;
	struct range_desk *d = &w->lane->all->desk;

	STAILQ_INSERT_TAIL(&d->wants, w, next);
	say_all(d);
}

void
range_want(struct range_want *w)
{
	w->given_up = false;
	w->mail = (struct mail){ .deliver = want_here, .arg = w };
	mail_post(w->lane, w->lane->all, &w->mail);
}

void
range_grant(struct lane *lane, uint64_t token)
{
	struct range_desk *d = &lane->desk;

	if (d->asked == NULL || d->granted || !d->said || token != d->token)
		return;			/* of an older question */
	d->granted = true;
	d->asked->mail.deliver = d->asked->granted;
	mail_post(lane, d->asked->lane, &d->asked->mail);
}

static void
given_back(struct mail *m)
{
	struct range_want *w = m->arg;
	struct range_desk *d = &w->lane->all->desk;

	d->unlock = d->reset ? 0 : d->token;
	d->asked = NULL;
	d->granted = d->said = false;
	m->deliver = w->over;
	mail_post(d->lane, w->lane, m);
	say_all(d);
}

void
range_give_back(struct range_want *w)
{
	w->mail.deliver = given_back;
	mail_post(w->lane, w->lane->all, &w->mail);
}

/* ---- a new broker ---- */

/* It does not know what the last one said; what is held stays so until it says FREE. */
void
range_reset(struct lane *lane)
{
	struct range_desk *d = &lane->desk;
	struct range_hold *h;

	LIST_FOREACH(h, &d->holds, next) {
		h->token = 0;
		h->answer = false;
	}
	d->unlock = 0;
	d->reset = true;
	if (d->asked != NULL && !d->granted) {
		STAILQ_INSERT_HEAD(&d->wants, d->asked, next);
		d->asked = NULL;
		d->said = false;
	}
	say_all(d);
}

/* ---- what is to be said ---- */

static int
say_held(struct range_desk *d)
{
	struct range_hold *h;

	LIST_FOREACH(h, &d->holds, next) {
		struct ipc_range_ref m = { .token = h->token };

		if (!h->answer || h->unheld > 0 || h->freed)
			continue;
		if (ask_range_held(&m) == -1)
			return (-1);
		h->answer = false;
	}
	return (0);
}

static int
say_unlock(struct range_desk *d)
{
	struct ipc_range_ref m = { .token = d->unlock };

	if (d->unlock != 0 && ask_range_unlock(&m) == -1)
		return (-1);
	d->unlock = 0;
	return (0);
}

static int
say_reset(struct range_desk *d)
{
	if (!d->reset || d->granted)
		return (0);
	if (ask_range_reset_done() == -1)
		return (-1);
	d->reset = false;
	return (0);
}

static int
say_lock(struct range_desk *d)
{
	struct ipc_range m = { 0 };

	if (d->reset || d->said)
		return (0);
	if (d->asked != NULL)		/* it may have been given up since the channel was full */
		STAILQ_INSERT_HEAD(&d->wants, d->asked, next);
	if ((d->asked = next_want(d)) == NULL)
		return (0);
	d->token++;
	m.token = d->token;
	m.nsid = d->asked->nsid;
	m.offset = d->asked->offset;
	m.len = d->asked->len;
	if (ask_range_lock(&m) == -1)
		return (-1);
	d->said = true;
	return (0);
}

static void
say_all(struct range_desk *d)
{
	if (say_held(d) == -1 || say_unlock(d) == -1 || say_reset(d) == -1 || say_lock(d) == -1)
		timer_set(&d->lane->timers, &d->again, AGAIN_MS);
}

static void
again(struct timer *t)
{
	say_all(t->arg);
}

void
range_desk_init(struct lane *lane)
{
	struct range_desk *d = &lane->desk;

	LIST_INIT(&d->holds);
	STAILQ_INIT(&d->wants);
	d->lane = lane;
	d->again = (struct timer){ .name = "range", .fire = again, .arg = d };
}
