/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Things that must all differ: collected, sorted, compared with their neighbours, so that a large
 * configuration takes no longer than a large file should.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "broker/config_parse.h"

void
entry_add(struct entries *all, const void *key, size_t len, struct config_mark at, bool shareable)
{
	if (all->n == all->room) {
		size_t room = all->room == 0 ? 64 : 2 * all->room;
		struct entry *e = parse_alloc(room, sizeof(*e));

		if (all->n > 0)
			memcpy(e, all->e, all->n * sizeof(*e));
		free(all->e);
		all->e = e;
		all->room = room;
	}
	all->e[all->n++] = (struct entry){key, len, at, shareable};
}

static int
entry_compare_key(const struct entry *a, const struct entry *b)
{
	if (a->len != b->len)
		return (a->len < b->len ? -1 : 1);
	return (memcmp(a->key, b->key, a->len));
}

/* Equal keys in the order of the files, so that the later one is reported. */
static int
entry_compare(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	int c = entry_compare_key(a, b);

	if (c != 0)
		return (c);
	if (a->at.file != b->at.file)
		return (a->at.file < b->at.file ? -1 : 1);
	return (a->at.line < b->at.line ? -1 : a->at.line > b->at.line);
}

const char *
place(const struct parse *p, struct config_mark at, char buf[CONFIG_ERROR_SIZE])
{
	const char *file = p->cfg->files[at.file];

	if (at.line == 0)
		return (file);
	snprintf(buf, CONFIG_ERROR_SIZE, "%s:%u", file, at.line);
	return (buf);
}

void
check_unique(struct parse *p, struct entries *all, const char *what)
{
	char buf[CONFIG_ERROR_SIZE];

	if (all->n > 1)
		qsort(all->e, all->n, sizeof(*all->e), entry_compare);
	for (size_t i = 1; i < all->n; i++) {
		const struct entry *a = &all->e[i - 1], *b = &all->e[i];

		if (entry_compare_key(a, b) == 0 && !(a->shareable && b->shareable))
			parse_error(p, b->at, "expected another %s, found the one of %s", what,
			    place(p, a->at, buf));
	}
	free(all->e);
	*all = (struct entries){NULL, 0, 0};
}
