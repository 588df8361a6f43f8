/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "tests/unit/range_world.h"

struct host a, b, c;
struct range_book *book;

static struct said { struct host *who; uint32_t type; struct ipc_range range; } said[64];
static unsigned nsaid, nread;

static int
say(void *who, uint32_t type, const void *payload, size_t size)
{
	struct said *s = &said[nsaid++];
	struct host *h = who;

	if (h->deaf) {
		nsaid--;
		return (-1);
	}
	assert_true(nsaid < ARRAY_LEN(said));
	memset(s, 0, sizeof(*s));
	s->who = who;
	s->type = type;
	memcpy(&s->range, payload, type == IPC_RANGE_RESET ? 0 : size);
	return (0);
}

static void
kill_it(void *who, const char *why)
{
	assert_non_null(why);
	((struct host *)who)->killed++;
}

static const struct ipc_record *
record_of(void *who)
{
	return (&((struct host *)who)->record);
}

/* The next message is this one. Returns it. */
const struct ipc_range *
heard(struct host *who, uint32_t type)
{
	const struct said *s = &said[nread];

	if (nread == nsaid)
		fail_msg("nothing was said to %s", who->name);
	if (s->who != who || s->type != type)
		fail_msg("%s heard %u, not %s %u", s->who->name, s->type, who->name, type);
	nread++;
	return (&s->range);
}

/* The token of a HOLD. */
uint64_t
hold(struct host *who, uint32_t nsid, uint64_t offset, uint64_t len, bool answer)
{
	const struct ipc_range *r = heard(who, IPC_RANGE_HOLD);

	assert_int_equal(r->nsid, nsid);
	assert_int_equal(r->offset, offset);
	assert_int_equal(r->len, len);
	assert_int_equal(r->answer, answer);
	assert_int_not_equal(r->token, 0);
	return (r->token);
}

void
granted(struct host *who, uint64_t asked)
{
	assert_int_equal(heard(who, IPC_RANGE_GRANT)->token, asked);
}

void
freed(struct host *who, uint64_t token)
{
	assert_int_not_equal(token, 0);
	assert_int_equal(heard(who, IPC_RANGE_FREE)->token, token);
}

void
silence(void)
{
	if (nread != nsaid)
		fail_msg("%s heard %u", said[nread].who->name, said[nread].type);
	nread = nsaid = 0;
}

void
not_heard(void)
{
	nread = nsaid;
}

void
has(struct host *h, uint32_t nsid, uint8_t backend, bool readonly)
{
	struct ipc_record_ns *ns = &h->record.ns[h->record.nns++];

	ns->nsid = nsid;
	ns->readonly = readonly;
	ns->claim[31] = backend;
}

int
lock(struct host *h, uint64_t token, uint32_t nsid, uint64_t offset, uint64_t len)
{
	return (range_lock(h->m, &(struct ipc_range){ .token = token, .nsid = nsid,
	    .offset = offset, .len = len }));
}

void
joins(struct host *h)
{
	h->m = range_join(book, h, false);
	assert_non_null(h->m);
	assert_int_equal(range_tell(h->m, NULL), 0);
}

void
leaves(struct host *h)
{
	range_gone(h->m);
	range_drained(h->m);
	h->m = NULL;
}

int
range_setup(void **state)
{
	static const struct range_calls calls = { say, kill_it, record_of };

	(void)state;
	a = (struct host){ .name = "a" };
	b = (struct host){ .name = "b" };
	c = (struct host){ .name = "c" };
	has(&a, 1, DISK, false);
	has(&b, 7, DISK, false);	/* the same under another name */
	has(&c, 1, OTHER, false);
	has(&c, 2, DISK, true);
	nsaid = nread = 0;
	book = range_book_new(&calls, PATIENCE_MS, 1);
	assert_non_null(book);
	joins(&a);
	joins(&b);
	joins(&c);
	silence();
	return (0);
}

int
range_teardown(void **state)
{
	(void)state;
	if (a.m != NULL)
		leaves(&a);
	if (b.m != NULL)
		leaves(&b);
	if (c.m != NULL)
		leaves(&c);
	range_book_free(book);
	return (0);
}
