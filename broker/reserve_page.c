/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What outlives a broker of a namespace's reservations and its write protection: a sealed page at the
 * warden, which survives everything but the end of the service, and for what shall last longer the
 * file, which is read when the service starts. A page or file that is there and cannot be believed keeps its namespace from everybody:
 * to go on without it might let a host write that was shut out.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/identity.h"
#include "broker/reserve.h"

struct reserve *
reserve_of(struct backend *be)
{
	struct reserve *r = be->reserve;

	if (r != NULL)
		return (r);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->be = be;
	r->page.version = RESERVE_PAGE_VERSION;
	reservation_id(r->id, be->subsystem->nqn, be->ns->nsid, be->ns->uuid);
	TAILQ_INIT(&r->waiting);
	be->reserve = r;
	return (r);
}

/* ---- the warden's page ---- */

static void
page_key(const struct reserve *r, uint8_t key[HELD_KEY_SIZE])
{
	char name[RESERVATION_NAME];

	reservation_name(name, r->id);
	held_key(key, HOLD_PAGE, name, 0, 0);
}

int
reserve_keep(struct reserve *r)
{
	struct broker *b = r->be->broker;
	uint8_t key[HELD_KEY_SIZE];
	struct held *h;
	int fd = ipc_sealed("cellblock-reservation", &r->page, sizeof(r->page));

	page_key(r, key);
	if (fd == -1 || (h = held_put(&b->held, HOLD_PAGE, key, fd)) == NULL)
		return (-1);
	h->wanted = true;
	warden_hold(b, h);
	r->has_page = true;
	return (0);
}

static bool
page_ok(const struct reserve_page *p)
{
	if (p->version != RESERVE_PAGE_VERSION || p->unsure > 1 || !reservation_ok(&p->now) ||
	    p->effect.n > RESERVATION_REGISTRANTS)
		return (false);
	for (uint32_t i = 0; i < p->effect.n; i++)
		if (p->effect.notice[i].type >= NVME_RESV_NOTICE_MAX)
			return (false);
	return (true);
}

/* 1: it was there; 0: there is none; -1: it cannot be believed. */
static int
read_page(struct reserve *r)
{
	struct reserve_page page;
	uint8_t key[HELD_KEY_SIZE];
	struct stat st;
	struct held *h;

	page_key(r, key);
	if ((h = held_find(&r->be->broker->held, HOLD_PAGE, key)) == NULL)
		return (0);
	h->wanted = true;
	if (fstat(h->fd, &st) == -1 || st.st_size != (off_t)sizeof(page) ||
	    pread(h->fd, &page, sizeof(page), 0) != (ssize_t)sizeof(page) || !page_ok(&page)) {
		errno = EBADMSG;
		return (-1);
	}
	r->page = page;
	r->has_page = true;
	r->before.child = page.child;
	r->before.token = page.token;
	r->before.effect = page.effect;
	return (1);
}

/* ---- the file ---- */

static void
say_read(const struct reserve *r)
{
	const struct backend *be = r->be;

	if (r->page.now.n > 0)
		log_info("namespace %u of %s: %u registrants, reservation type %u, from before",
		    be->ns->nsid, be->subsystem->nqn, r->page.now.n, r->page.now.type);
	if (r->page.now.wprotect)
		log_info("namespace %u of %s: write protected, from before", be->ns->nsid,
		    be->subsystem->nqn);
}

static void
say_damaged(const struct reserve *r, bool is_file)
{
	const struct backend *be = r->be;
	char name[RESERVATION_NAME];

	reservation_name(name, r->id);
	if (is_file)
		log_errx("namespace %u of %s is waiting: %s/%s: %s. Restore it from a copy and "
		    "reload; remove it only if no host relies on being alone there",
		    be->ns->nsid, be->subsystem->nqn, be->broker->config->service.state_dir, name,
		    errno == EBADMSG ? "cut off, altered or foreign" : strerror(errno));
	else
		log_errx("namespace %u of %s is waiting: what another version of this program kept "
		    "of its reservations and its write protection is not understood; restart the "
		    "service", be->ns->nsid, be->subsystem->nqn);
}

static void
damaged(struct backend *be, bool is_file)
{
	say_damaged(be->reserve, is_file);
	be->damaged = true;
	be->state = NS_WAITING;
}

/* As most of them: nothing was ever asked for. */
static void
forget_empty(struct reserve *r)
{
	if (r->has_page || r->page.now.n > 0 || r->page.now.ptpl != 0 ||
	    r->page.now.wprotect != 0)
		return;
	r->be->reserve = NULL;
	free(r);
}

static void
start_one(struct backend *be)
{
	struct broker *b = be->broker;
	struct reserve *r = reserve_of(be);
	int got;

	if (r == NULL)
		broker_fatal("out of memory");
	got = read_page(r);
	if (got == 0 && b->state_dir != -1 &&
	    reservation_read(&r->page.now, b->state_dir, r->id) == -1)
		got = -2;
	if (got < 0) {
		damaged(be, got == -2);
		return;
	}
	if (got == 0)
		say_read(r);
	forget_empty(r);
}

/* Where there is none and none can be made, nothing was ever kept. */
static int
open_state_dir(struct broker *b)
{
	const char *dir = b->config->service.state_dir;
	char wrong[256];
	int fd;

	if (dir == NULL)
		return (-1);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		fd = identity_state_dir(dir, wrong, sizeof(wrong));
	else if (fd == -1)
		broker_fatal("state-dir %s: %s (reservations are kept there)", dir,
		    strerror(errno));
	if (fd == -1)
		log_warnx("no reservation can survive the loss of power: state-dir %s: %s", dir,
		    wrong);
	return (fd);
}

void
reserve_init(struct broker *b)
{
	b->state_path = NO_PATH;
	if ((b->state_dir = open_state_dir(b)) == -1)
		return;
	b->state_path = b->npaths++;
	warden_path(b, b->state_path, b->config->service.state_dir);
}

/* The old broker went on while this one started. */
void
reserve_refresh(struct broker *b)
{
	for (size_t i = 0; i < b->nbackends; i++) {
		struct backend *be = &b->backends[i];
		struct reserve *r = reserve_of(be);

		if (r == NULL)
			broker_fatal("out of memory");
		if (!be->damaged && read_page(r) == -1)
			damaged(be, false);
		forget_empty(r);
	}
}

void
reserve_start(struct broker *b)
{
	for (size_t i = 0; i < b->nbackends; i++)
		start_one(&b->backends[i]);
	if (b->state_dir != -1)
		close(b->state_dir);	/* from now on an opener's affair */
	b->state_dir = -1;
}
