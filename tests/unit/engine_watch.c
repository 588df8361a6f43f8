/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that an engine watches, with both kinds: ready() comes when it may and never otherwise,
 * whatever the one before it did; and it comes when a device hangs, or a signal does.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/engine_world.h"

/* ---- descriptors ---- */

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

	assert_true(pthread_equal(pthread_self(), lane));
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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
	need_engine(engine);
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

/* ---- with what else happens ---- */

/* One thread is stuck in a device; everything else goes on. */
static void
test_slow_device(void **state)
{
	struct seen seen;
	int fd[2], i;

	(void)state;
	make_pair(fd);
	watch(&seen, fd[0], ENG_IN);
	seen.read_it = true;
	submit_slow(0);
	for (i = 1; i < OPS; i++) {
		engine_submit(engine, &ops[i]);
		assert_int_equal(write(fd[1], "x", 1), 1);
	}
	while (engine_in_flight(engine) > 1 || seen.calls < OPS - 1)
		assert_true(engine_wait(engine, -1) >= 0);
	assert_int_equal(fakes[0].calls, 0);
	assert_int_equal(norder, OPS - 1);
	sem_post(&fakes[0].go);
	finish_all();
	assert_int_equal(order[norder - 1], 0);
	engine_unwatch(engine, &seen.watch);
	close_pair(fd);
}

static volatile sig_atomic_t signals;

static void
on_signal(int sig)
{
	(void)sig;
	signals = signals + 1;
}

static void
test_signal(void **state)
{
	struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act = { .sa_handler = on_signal }, before;

	(void)state;
	need_engine(engine);
	assert_int_equal(sigaction(SIGALRM, &act, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (signals < 3)
		assert_int_equal(engine_wait(engine, -1), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

/* A signal that the lane does not want now stays pending: no thread takes it. */
static void
test_signal_is_the_lanes(void **state)
{
	struct sigaction act = { .sa_handler = on_signal }, before;
	sigset_t mask, pending;

	(void)state;
	need_engine(engine);
	signals = 0;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	assert_int_equal(sigaction(SIGUSR1, &act, &before), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &mask, NULL), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(engine_wait(engine, 20), 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_true(sigismember(&pending, SIGUSR1));
	assert_int_equal(signals, 0);
	assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &mask, NULL), 0);
	assert_int_equal(signals, 1);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH_KIND(test_level_triggered),
		EACH_KIND(test_rewatch),
		EACH_KIND(test_hang_up),
		EACH_KIND(test_unwatch_in_batch),
		EACH_KIND(test_unwatch_first),
		EACH_KIND(test_unwatch_itself),
		EACH_KIND(test_reuse_in_batch),
		EACH_KIND(test_rewatch_in_batch),
		EACH_KIND(test_many_watches),
		cmocka_unit_test_setup_teardown(test_slow_device, setup_two, teardown),
		EACH_KIND(test_signal),
		EACH_KIND(test_signal_is_the_lanes),
	};

	return (cmocka_run_group_tests_name("engine_watch", tests, NULL, NULL));
}
