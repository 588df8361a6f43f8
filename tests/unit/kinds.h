/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that every kind of engine has to pass: each is in the table twice, with a setup per kind.
 * Where the kernel permits no ring, that half is skipped and says why.
 */
#ifndef TESTS_UNIT_KINDS_H
#define TESTS_UNIT_KINDS_H

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/unit.h"
#include "worker/engine.h"

/* To be defined by the test: sets up and takes down with an engine of the kind. */
int	setup_kind(enum engine_kind);
int	teardown(void **);

static enum engine_kind kind;

static inline int
setup_threads(void **state)
{
	(void)state;
	kind = ENGINE_THREADS;
	return (setup_kind(kind));
}

static inline int
setup_uring(void **state)
{
	(void)state;
	kind = ENGINE_URING;
	return (setup_kind(kind));
}

#define EACH_KIND(test) \
	{ "threads: " #test, (test), setup_threads, teardown, NULL }, \
	{ "uring: " #test, (test), setup_uring, teardown, NULL }

/* NULL where this kind cannot be had, for need_engine() to skip. */
static inline struct engine *
new_engine(enum engine_kind of, unsigned threads)
{
	struct engine *engine = NULL;

	if (of == ENGINE_URING && under_valgrind())
		errno = ENOTSUP;
	else
		engine = engine_new(&(struct engine_params){ .kind = of, .threads = threads });
	if (engine == NULL && of == ENGINE_URING)
		print_message("# io_uring: %s\n", strerror(errno));
	else
		assert_non_null(engine);
	return (engine);
}

static inline void
need_engine(const struct engine *engine)
{
	if (engine == NULL)
		skip();
}

#endif
