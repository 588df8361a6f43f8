/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait_*.c of this platform, through the engine: ready() comes for what is there, again and
 * again, and never for what was unwatched or is not wanted any more, even within one batch.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "worker/engine.h"

static struct engine *engine;

struct seen {
	struct eng_watch watch;
	unsigned events;	/* of all calls */
	int calls;
	bool read_it;
	struct seen *unwatch;	/* when called */
};

static void
note_ready(struct eng_watch *watch, unsigned events)
{
	struct seen *seen = watch->arg;
	char byte;

	seen->calls++;
	seen->events |= events;
	if (seen->read_it)
		assert_true(read(watch->fd, &byte, 1) >= 0);
	if (seen->unwatch != NULL)
		engine_unwatch(engine, &seen->unwatch->watch);
}

static void
watch(struct seen *seen, int fd, unsigned events)
{
	*seen = (struct seen){ .watch = { .fd = fd, .events = events, .ready = note_ready } };
	seen->watch.arg = seen;
	assert_int_equal(engine_watch(engine, &seen->watch), 0);
}

static void
make_pair(int fd[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
}

static void
close_pair(int fd[2])
{
	close(fd[0]);
	close(fd[1]);
}

static void
test_level_triggered(void **state)
{
	struct seen seen;
	int fd[2];

	(void)state;
	make_pair(fd);
	watch(&seen, fd[0], ENG_IN);
	assert_int_equal(engine_watch(engine, &seen.watch), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(write(fd[1], "xy", 2), 2);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	seen.read_it = true;
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(seen.events, ENG_IN);
	engine_unwatch(engine, &seen.watch);
	engine_unwatch(engine, &seen.watch);
	assert_int_equal(write(fd[1], "z", 1), 1);
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(engine_rewatch(engine, &seen.watch), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(seen.calls, 4);
	close_pair(fd);
}

static void
test_rewatch(void **state)
{
	struct seen seen;
	int fd[2];

	(void)state;
	make_pair(fd);
	watch(&seen, fd[0], 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(engine_wait(engine, 0), 0);
	seen.watch.events = ENG_IN | ENG_OUT;
	assert_int_equal(engine_rewatch(engine, &seen.watch), 0);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(seen.events, ENG_IN | ENG_OUT);
	seen.events = 0;
	seen.watch.events = ENG_OUT;
	assert_int_equal(engine_rewatch(engine, &seen.watch), 0);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(seen.events, ENG_OUT);
	engine_unwatch(engine, &seen.watch);
	close_pair(fd);
}

/* A half-close is something to read; a hang-up is an error, whether it was asked for or not. */
static void
test_hang_up(void **state)
{
	struct seen seen;
	int fd[2];

	(void)state;
	make_pair(fd);
	watch(&seen, fd[0], ENG_IN);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(seen.events, ENG_IN);
	seen.watch.events = 0;
	assert_int_equal(engine_rewatch(engine, &seen.watch), 0);
	assert_int_equal(engine_wait(engine, 0), 0);
	close(fd[1]);
	seen.events = 0;
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(seen.events, ENG_ERR);
	engine_unwatch(engine, &seen.watch);
	close(fd[0]);
}

/* All are ready in the same batch, and each unwatches its neighbour: half of them are called. */
static void
test_unwatch_in_batch(void **state)
{
	struct seen seen[20];
	int fd[20][2], i, calls = 0;

	(void)state;
	for (i = 0; i < 20; i++) {
		make_pair(fd[i]);
		watch(&seen[i], fd[i][0], ENG_IN);
		seen[i].unwatch = &seen[i ^ 1];
		assert_int_equal(write(fd[i][1], "x", 1), 1);
	}
	assert_int_equal(engine_wait(engine, -1), 10);
	for (i = 0; i < 20; i++) {
		assert_int_equal(seen[i].calls + seen[i ^ 1].calls, 1);
		calls += seen[i].calls;
	}
	assert_int_equal(calls, 10);
	assert_int_equal(engine_wait(engine, -1), 10);
	for (i = 0; i < 20; i++) {
		engine_unwatch(engine, &seen[i].watch);
		close_pair(fd[i]);
	}
}

static void
test_unwatch_itself(void **state)
{
	struct seen seen;
	int fd[2];

	(void)state;
	make_pair(fd);
	watch(&seen, fd[0], ENG_OUT);
	seen.unwatch = &seen;
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, 0), 0);
	close_pair(fd);
}

/* The others keep their own descriptors. */
static void
test_unwatch_first(void **state)
{
	struct seen seen[3];
	int fd[3][2], i;

	(void)state;
	for (i = 0; i < 3; i++) {
		make_pair(fd[i]);
		watch(&seen[i], fd[i][0], ENG_IN);
	}
	engine_unwatch(engine, &seen[0].watch);
	assert_int_equal(write(fd[0][1], "x", 1), 1);
	assert_int_equal(write(fd[2][1], "x", 1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(seen[2].calls, 1);
	for (i = 0; i < 3; i++) {
		engine_unwatch(engine, &seen[i].watch);
		close_pair(fd[i]);
	}
}

static struct seen first, second;
static int quiet[2];

/* The other's watch gets another descriptor, with nothing to read; its old event must not come. */
static void
reuse_the_other(struct eng_watch *self, unsigned events)
{
	struct seen *seen = self->arg, *other = seen == &first ? &second : &first;

	note_ready(self, events);
	if (other->watch.fd == quiet[0])
		return;
	engine_unwatch(engine, &other->watch);
	watch(other, quiet[0], ENG_IN);
}

static void
test_reuse_in_batch(void **state)
{
	int fd[2][2];

	(void)state;
	make_pair(quiet);
	make_pair(fd[0]);
	make_pair(fd[1]);
	watch(&first, fd[0][0], ENG_IN);
	watch(&second, fd[1][0], ENG_IN);
	first.watch.ready = second.watch.ready = reuse_the_other;
	assert_int_equal(write(fd[0][1], "x", 1), 1);
	assert_int_equal(write(fd[1][1], "x", 1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(first.calls + second.calls, 1);
	engine_unwatch(engine, &first.watch);
	engine_unwatch(engine, &second.watch);
	close_pair(fd[0]);
	close_pair(fd[1]);
	close_pair(quiet);
}

/* Wanted when the batch was gathered, not any more when its turn comes. */
static void
want_less(struct eng_watch *self, unsigned events)
{
	struct seen *seen = self->arg, *other = seen == &first ? &second : &first;

	note_ready(self, events);
	other->watch.events = 0;
	assert_int_equal(engine_rewatch(engine, &other->watch), 0);
}

static void
test_rewatch_in_batch(void **state)
{
	int fd[2];

	(void)state;
	make_pair(fd);
	watch(&first, fd[0], ENG_OUT);
	watch(&second, fd[1], ENG_OUT);
	first.watch.ready = second.watch.ready = want_less;
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(engine_wait(engine, -1), 1);
	assert_int_equal(first.calls + second.calls, 2);
	engine_unwatch(engine, &first.watch);
	engine_unwatch(engine, &second.watch);
	close_pair(fd);
}

static void
test_many_watches(void **state)
{
	struct seen seen[100];
	int fd[100][2], i, calls = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		make_pair(fd[i]);
		watch(&seen[i], fd[i][0], ENG_OUT);
		seen[i].unwatch = &seen[i];
	}
	while (calls < 100)
		calls += engine_wait(engine, -1);
	for (i = 0; i < 100; i++) {
		assert_int_equal(seen[i].calls, 1);
		close_pair(fd[i]);
	}
}

static int
setup(void **state)
{
	(void)state;
	engine = engine_new(0);
	return (engine == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(engine);
	return (0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_level_triggered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewatch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hang_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwatch_in_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwatch_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwatch_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse_in_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewatch_in_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_watches, setup, teardown),
	};

	return (cmocka_run_group_tests_name("wait", tests, NULL, NULL));
}
