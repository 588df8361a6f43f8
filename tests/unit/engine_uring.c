/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker/engine_uring.c: when operations go to the kernel, how many, and that the lane sleeps
 * neither too long nor while there is something to do. Pipes stand for slow devices: a read of one
 * is under way until the test writes. As this kernel, and as older ones.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/time.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/kernels.h"
#include "worker/engine.h"

#define OPS	2000u
#define SIZE	65536u
#define FILE_SLOT 0u	/* SIZE bytes of memory, each its offset */
#define PIPE_SLOT 1u
#define NO_SLOT	2u

static struct engine *engine;
static struct eng_op ops[OPS];
static uint8_t bytes[OPS][16];
static unsigned calls, order[OPS];
static int file, ends[2];

static void
note_done(struct eng_op *op)
{
	order[calls++ % OPS] = (unsigned)(op - ops);
}

static struct eng_op *
read_of(unsigned i, unsigned slot, uint64_t len)
{
	ops[i] = (struct eng_op){ .verb = ENG_READ, .file = slot, .buf = bytes[i], .len = len,
	    .offset = slot == FILE_SLOT ? i : 0, .done = note_done };
	return (&ops[i]);
}

static void
submit(unsigned i, unsigned slot, uint64_t len)
{
	engine_submit(engine, read_of(i, slot, len));
}

static void
feed(const char *text)
{
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
}

static void
finish_all(void)
{
	while (engine_in_flight(engine) > 0)
		assert_true(engine_wait(engine, -1) >= 0);
}

/* Begun, and nothing comes of it. */
static void
begin_slow(unsigned i)
{
	submit(i, PIPE_SLOT, 1);
	for (int k = 0; k < 3; k++)
		assert_int_equal(engine_wait(engine, 0), 0);
}

/* ---- one at a time ---- */

static void
test_kind(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	assert_int_equal(engine_kind(engine), ENGINE_URING);
	assert_int_equal(engine_why(engine), 0);
	assert_int_equal(engine_has_ring_fd(engine), kernel != KERNEL_OURS);
	assert_true(engine_kernel_threads(engine) > 2);
	assert_false(engine_needs_fd(engine));
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(engine_wait(engine, 1), 0);
}

/* No system call before the turn; the answer is not told before it either. */
static void
test_nothing_before_the_turn(void **state)
{
	int before = enters;

	(void)state;
	need_kernel(engine != NULL);
	for (unsigned i = 0; i < 50; i++)
		submit(i, FILE_SLOT, 4);
	assert_int_equal(enters, before);
	assert_int_equal(engine_in_flight(engine), 50);
	finish_all();
	assert_int_equal(calls, 50);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(ops[i].error, 0);
		assert_memory_equal(bytes[i], ((uint8_t[]){ (uint8_t)i, (uint8_t)(i + 1),
		    (uint8_t)(i + 2), (uint8_t)(i + 3) }), 4);
	}
}

/* The lane sleeps until the device answers. */
static void *
feed_later(void *arg)
{
	(void)arg;
	usleep(20000);
	feed("x");
	return (NULL);
}

static void
test_slow(void **state)
{
	pthread_t thread;

	(void)state;
	need_kernel(engine != NULL);
	begin_slow(0);
	assert_int_equal(pthread_create(&thread, NULL, feed_later, NULL), 0);
	finish_all();
	assert_int_equal(calls, 1);
	assert_int_equal(ops[0].error, 0);
	assert_int_equal(bytes[0][0], 'x');
	pthread_join(thread, NULL);
}

static void
test_slow_holds_nobody(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	begin_slow(0);
	for (unsigned i = 1; i < 100; i++)
		submit(i, FILE_SLOT, 1);
	while (calls < 99)
		assert_true(engine_wait(engine, -1) >= 0);
	assert_int_equal(engine_in_flight(engine), 1);
	feed("x");
	finish_all();
	assert_int_equal(order[99], 0);
}

/* What comes in pieces is complete with the last one. */
static void
test_pieces(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	submit(0, PIPE_SLOT, 6);
	feed("ab");
	for (int k = 0; k < 100; k++)
		assert_int_equal(engine_wait(engine, 1), 0);
	feed("cd");
	assert_int_equal(engine_wait(engine, 10), 0);
	assert_false(engine_cancel(engine, &ops[0]));
	feed("ef");
	finish_all();
	assert_int_equal(ops[0].error, 0);
	assert_memory_equal(bytes[0], "abcdef", 6);
}

static void
test_errors(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	submit(0, NO_SLOT, 1);
	read_of(1, FILE_SLOT, 16)->offset = SIZE - 8;
	read_of(2, FILE_SLOT, 16)->offset = INT64_MAX - 8;
	read_of(3, FILE_SLOT, 16)->offset = UINT64_MAX;
	read_of(4, FILE_SLOT, 0);
	*read_of(5, NO_SLOT, 0) = (struct eng_op){ .verb = ENG_FLUSH, .file = NO_SLOT,
	    .len = UINT64_MAX, .offset = 1, .done = note_done };
	for (unsigned i = 1; i < 6; i++)
		engine_submit(engine, &ops[i]);
	assert_int_equal(calls, 0);
	finish_all();
	assert_int_equal(calls, 6);
	assert_int_equal(ops[0].error, EBADF);
	assert_int_equal(ops[1].error, EIO);
	assert_int_equal(ops[2].error, EINVAL);
	assert_int_equal(ops[3].error, EINVAL);
	assert_int_equal(ops[4].error, 0);
	assert_int_equal(ops[5].error, EBADF);
}

/* ---- many ---- */

/* More than the queues hold: the rest waits here, in order, and is not begun. */
static void
test_more_than_fits(void **state)
{
	unsigned left = 0;
	char letter[2] = "a";

	(void)state;
	need_kernel(engine != NULL);
	for (unsigned i = 0; i < OPS; i++)
		submit(i, PIPE_SLOT, 1);
	assert_int_equal(engine_wait(engine, 0), 0);
	assert_int_equal(engine_wait(engine, 1), 0);
	while (engine_cancel(engine, &ops[OPS - 1 - left]))
		left++;
	assert_true(left >= OPS / 2 && left < OPS - 100);
	assert_int_equal(engine_in_flight(engine), OPS - left);
	for (unsigned i = OPS - left; i < OPS; i++)
		engine_submit(engine, &ops[i]);
	while (calls < OPS) {
		feed(letter);
		assert_true(engine_wait(engine, 0) >= 0);
	}
	assert_int_equal(engine_in_flight(engine), 0);
	for (unsigned i = 0; i < OPS; i++)
		assert_int_equal(bytes[i][0], 'a');
}

static void
test_big_batch(void **state)
{
	int before = enters;

	(void)state;
	need_kernel(engine != NULL);
	for (unsigned i = 0; i < OPS; i++)
		submit(i, FILE_SLOT, 1);
	finish_all();
	assert_int_equal(calls, OPS);
	for (unsigned i = 0; i < OPS; i++)
		assert_true(ops[i].error == 0 && bytes[i][0] == (uint8_t)i);
	assert_true(enters - before < (int)OPS);
}

static void
test_cancel(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	assert_false(engine_cancel(engine, &ops[9]));
	begin_slow(0);
	submit(1, FILE_SLOT, 1);
	submit(2, FILE_SLOT, 1);
	submit(3, FILE_SLOT, 1);
	assert_false(engine_cancel(engine, &ops[0]));
	assert_true(engine_cancel(engine, &ops[1]));
	assert_true(engine_cancel(engine, &ops[3]));
	assert_false(engine_cancel(engine, &ops[3]));
	assert_int_equal(engine_in_flight(engine), 2);
	submit(1, FILE_SLOT, 1);
	feed("x");
	finish_all();
	assert_int_equal(calls, 3);
	assert_false(engine_cancel(engine, &ops[2]));
}

static unsigned again;

static void
submit_again(struct eng_op *op)
{
	note_done(op);
	if (again > 0 && again-- > 0)
		engine_submit(engine, op);
}

/* A host that always has another command does not keep the turn from ending. */
static void
test_turn_ends(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	again = 10000;
	read_of(0, FILE_SLOT, 1)->done = submit_again;
	engine_submit(engine, &ops[0]);
	assert_true(engine_wait(engine, -1) < 100);
	read_of(1, FILE_SLOT, 0)->done = submit_again;	/* nothing to do, again and again */
	engine_submit(engine, &ops[1]);
	assert_true(engine_wait(engine, -1) < 100);
	finish_all();
	assert_int_equal(calls, 10002);
}

/* A wake-up that gets lost would end this in a sleep for ever. */
static void *
feed_many(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		feed("z");
	return (NULL);
}

static void
test_no_wake_up_is_lost(void **state)
{
	unsigned rounds = 20000;
	pthread_t thread;

	(void)state;
	need_kernel(engine != NULL);
	again = rounds - 8;
	for (unsigned i = 0; i < 8; i++) {
		read_of(i, PIPE_SLOT, 1)->done = submit_again;
		engine_submit(engine, &ops[i]);
	}
	assert_int_equal(pthread_create(&thread, NULL, feed_many, &rounds), 0);
	finish_all();
	assert_int_equal(calls, rounds);
	pthread_join(thread, NULL);
}

/* ---- from outside ---- */

static void
test_other_thread_wakes(void **state)
{
	(void)state;
	need_kernel(engine != NULL);
	begin_slow(0);
	engine_wake(engine);
	assert_int_equal(engine_wait(engine, -1), 0);
	assert_int_equal(engine_wait(engine, 1), 0);
	feed("x");
	finish_all();
}

static volatile int signals;

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
	need_kernel(engine != NULL);
	begin_slow(0);
	signals = 0;
	assert_int_equal(sigaction(SIGALRM, &act, &before), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (signals < 3)
		assert_int_equal(engine_wait(engine, -1), 0);
	feed("x");
	finish_all();
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
}

/* ---- a kernel that is short of memory, or wrong ---- */

/* What it does not take is kept, and tried again now and then. */
static void
test_no_memory(void **state)
{
	enum kernel ours = kernel;
	int before;

	(void)state;
	need_kernel(engine != NULL);
	kernel = KERNEL_HAS_NO_MEMORY;
	for (unsigned i = 0; i < 300; i++)
		submit(i, FILE_SLOT, 1);
	before = enters;
	for (int i = 0; i < 10; i++)
		assert_int_equal(engine_wait(engine, -1), 0);
	assert_true(enters - before <= 20);
	assert_int_equal(engine_in_flight(engine), 300);
	kernel = ours;
	finish_all();
	assert_int_equal(calls, 300);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(ops[i].error, 0);
}

static void
test_wrong(void **state)
{
	enum kernel ours = kernel;

	(void)state;
	need_kernel(engine != NULL);
	submit(0, FILE_SLOT, 1);
	kernel = KERNEL_IS_WRONG;
	assert_int_equal(engine_wait(engine, -1), -1);
	assert_int_equal(errno, EBADF);
	kernel = ours;
	finish_all();
}

/* ---- which kind ---- */

static void
test_forbidden(void **state)
{
	struct engine_params params = { .kind = ENGINE_AUTO, .threads = 1 };
	struct engine *other;

	(void)state;
	need_kernel(engine != NULL);
	kernel = KERNEL_FORBIDS;
	other = engine_new(&params);
	assert_non_null(other);
	assert_int_equal(engine_kind(other), ENGINE_THREADS);
	assert_int_equal(engine_why(other), EPERM);
	assert_int_equal(engine_kernel_threads(other), 0);
	engine_free(other);
	params.kind = ENGINE_URING;
	assert_null(engine_new(&params));
	assert_int_equal(errno, EPERM);
	params.kind = ENGINE_THREADS;
	other = engine_new(&params);
	assert_int_equal(engine_why(other), 0);
	engine_free(other);
}

static int
make_file(void)
{
	uint8_t all[SIZE];

	for (unsigned i = 0; i < SIZE; i++)
		all[i] = (uint8_t)i;
	file = memfd_create("engine", MFD_CLOEXEC);
	return (write(file, all, SIZE) == SIZE ? 0 : -1);
}

static int
setup_on(enum kernel which)
{
	kernel = which;
	calls = 0;
	memset(ops, 0, sizeof(ops));
	memset(bytes, 0, sizeof(bytes));
	engine = NULL;
	if (make_file() == -1 || pipe(ends) == -1)
		return (-1);
	if (!under_valgrind())
		engine = engine_new(&(struct engine_params){ .kind = ENGINE_URING, .threads = 2 });
	if (engine == NULL) {
		print_message("# io_uring: %s\n", strerror(errno));
		return (0);
	}
	return (engine_file_set(engine, FILE_SLOT, file) | engine_file_set(engine, PIPE_SLOT, ends[0]));
}

static int
setup(void **state)
{
	(void)state;
	return (setup_on(KERNEL_OURS));
}

static int
setup_6_1(void **state)
{
	(void)state;
	return (setup_on(KERNEL_6_1));
}

static int
setup_5_10(void **state)
{
	(void)state;
	return (setup_on(KERNEL_5_10));
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(engine);
	close(file);
	close(ends[0]);
	close(ends[1]);
	kernel = KERNEL_OURS;
	return (0);
}

#define ON_EACH(test) \
	{ "newest: " #test, (test), setup, teardown, NULL }, \
	{ "as 6.1: " #test, (test), setup_6_1, teardown, NULL }, \
	{ "as 5.10: " #test, (test), setup_5_10, teardown, NULL }

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ON_EACH(test_kind),
		ON_EACH(test_nothing_before_the_turn),
		ON_EACH(test_slow),
		ON_EACH(test_slow_holds_nobody),
		ON_EACH(test_pieces),
		ON_EACH(test_errors),
		ON_EACH(test_more_than_fits),
		ON_EACH(test_big_batch),
		ON_EACH(test_cancel),
		ON_EACH(test_turn_ends),
		ON_EACH(test_no_wake_up_is_lost),
		ON_EACH(test_other_thread_wakes),
		ON_EACH(test_signal),
		ON_EACH(test_no_memory),
		ON_EACH(test_wrong),
		ON_EACH(test_forbidden),
	};

	return (cmocka_run_group_tests_name("engine_uring", tests, NULL, NULL));
}
