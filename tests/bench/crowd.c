/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many controllers at once, which do nothing but be there.
 */
#include "config.h"

#include <sys/resource.h>

#include <err.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/host/host.h"

struct crowd {
	struct host_ctrl **member;
	unsigned n;
};

/* Each connection needs a descriptor here. */
static void
permit_descriptors(unsigned n)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		err(1, "RLIMIT_NOFILE");
	if (r.rlim_cur >= n + 100)
		return;
	r.rlim_cur = n + 100;
	if (r.rlim_max < r.rlim_cur)
		r.rlim_max = r.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1)
		err(1, "RLIMIT_NOFILE");
}

struct crowd *
crowd_new(void)
{
	struct crowd *c = calloc(1, sizeof(*c));

	if (c == NULL)
		err(1, "crowd");
	return (c);
}

/* Until there are n; each is connected, enabled, and has its I/O queues. */
void
crowd_grow(struct crowd *c, const struct target *t, const struct load *l, unsigned n)
{
	struct host_opts o;

	target_opts(t, l, &o);
	permit_descriptors(n * (l->queues + 1));
	if ((c->member = reallocarray(c->member, n, sizeof(*c->member))) == NULL)
		err(1, "crowd");
	for (; c->n < n; c->n++) {
		struct host_ctrl *h = malloc(sizeof(*h));

		if (h == NULL)
			err(1, "crowd");
		if (host_ctrl_open(h, &o) == -1 || host_ctrl_open_io(h) == -1)
			errx(1, "controller %u: %s", c->n + 1, h->error.text);
		c->member[c->n] = h;
		if (interrupted)
			errx(1, "interrupted");
	}
}

unsigned
crowd_cntlid(const struct crowd *c, unsigned i)
{
	return (c->member[i]->cntlid);
}

void
crowd_free(struct crowd *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		host_ctrl_close(c->member[i]);
		free(c->member[i]);
	}
	free(c->member);
	free(c);
}
