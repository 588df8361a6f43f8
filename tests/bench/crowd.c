/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many controllers at once, which do nothing but be there.
 */
#include "config.h"

#include <sys/resource.h>

#include <err.h>
#include <pthread.h>
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/host/host.h"

enum { AT_ONCE = 16 };

struct crowd {
	struct host_ctrl **member;
	unsigned n;
};

/* What the threads that connect share. */
struct opening {
	const struct host_opts *opts;
	struct host_ctrl **member;
	unsigned next, n;
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

static void *
open_some(void *arg)
{
	struct opening *o = arg;
	unsigned i;

	while ((i = __atomic_fetch_add(&o->next, 1, __ATOMIC_RELAXED)) < o->n && !interrupted) {
		struct host_ctrl *h = malloc(sizeof(*h));

		if (h == NULL)
			err(1, "crowd");
		if (host_ctrl_open(h, o->opts) == -1 || host_ctrl_open_io(h) == -1)
			errx(1, "controller %u: %s", i + 1, h->error.text);
		o->member[i] = h;
	}
	return (NULL);
}

/* Until there are n, some at once; each is connected, enabled, and has its I/O queues. */
void
crowd_grow(struct crowd *c, const struct target *t, const struct load *l, unsigned n)
{
	pthread_t thread[AT_ONCE];
	struct host_opts opts;
	struct opening o = { .opts = &opts, .next = c->n, .n = n };

	target_opts(t, l, &opts);
	permit_descriptors(n * (l->queues + 1));
	if ((c->member = reallocarray(c->member, n, sizeof(*c->member))) == NULL)
		err(1, "crowd");
	o.member = c->member;
	for (unsigned i = 0; i < AT_ONCE; i++)
		if (pthread_create(&thread[i], NULL, open_some, &o) != 0)
			errx(1, "no thread to connect with");
	for (unsigned i = 0; i < AT_ONCE; i++)
		pthread_join(thread[i], NULL);
	if (interrupted)
		errx(1, "interrupted");
	c->n = n;
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
