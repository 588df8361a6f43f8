/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that outlive brokers: listening sockets, claims on devices, RAM disks. What a broker
 * that is not in charge yet hands in is marked with its number, and is adopted or forgotten with
 * it. What they mean is the brokers' business; keys are compared, nothing else.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"

struct held {
	LIST_ENTRY(held) entry;
	struct ipc_held what;
	uint32_t owner;		/* 0: in force */
	int fd;
};

static bool
same(const struct ipc_held *a, const struct ipc_held *b)
{
	return (a->kind == b->kind && memcmp(a->key, b->key, sizeof(a->key)) == 0);
}

static struct held *
find(struct warden *w, uint32_t owner, const struct ipc_held *what)
{
	struct held *h;

	LIST_FOREACH(h, &w->held, entry)
		if (h->owner == owner && same(&h->what, what))
			return (h);
	return (NULL);
}

static void
release(struct warden *w, struct held *h)
{
	LIST_REMOVE(h, entry);
	close(h->fd);
	free(h);
	w->nheld--;
}

int
hold_add(struct warden *w, uint32_t owner, const struct ipc_held *what, int fd)
{
	struct held *h = find(w, owner, what);

	if (h != NULL)
		release(w, h);
	if (w->nheld >= WARDEN_HELD_MAX || (h = malloc(sizeof(*h))) == NULL) {
		close(fd);
		errno = ENOMEM;
		return (-1);
	}
	*h = (struct held){ .what = *what, .owner = owner, .fd = fd };
	LIST_INSERT_HEAD(&w->held, h, entry);
	w->nheld++;
	return (0);
}

int
hold_drop(struct warden *w, const struct ipc_held *what)
{
	struct held *h = find(w, 0, what);

	if (h == NULL) {
		errno = ENOENT;
		return (-1);
	}
	release(w, h);
	return (0);
}

void
hold_adopt(struct warden *w, uint32_t owner)
{
	struct held *h, *old;

	LIST_FOREACH(h, &w->held, entry) {
		if (h->owner != owner)
			continue;
		if ((old = find(w, 0, &h->what)) != NULL)
			release(w, old);
		h->owner = 0;
	}
}

void
hold_forget(struct warden *w, uint32_t owner)
{
	struct held *h, *next;

	for (h = LIST_FIRST(&w->held); h != NULL; h = next) {
		next = LIST_NEXT(h, entry);
		if (h->owner == owner)
			release(w, h);
	}
}

void
hold_tell_all(struct warden *w, struct broker *b)
{
	struct ipc_empty end = { 0 };
	struct held *h;

	LIST_FOREACH(h, &w->held, entry)
		if (h->owner == 0)
			BROKER_SEND_FDS(b, HELD, &h->what, &h->fd, 1);
	BROKER_SEND(b, HELD_END, &end);
}

void
hold_free(struct warden *w)
{
	struct held *h;

	while ((h = LIST_FIRST(&w->held)) != NULL)
		release(w, h);
}
