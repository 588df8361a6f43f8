/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The promise of worker/engine.h to the sandbox: after engine_new the engine and all its threads
 * get by with a short list of system calls and flags. In a process of its own, which any other call
 * would kill.
 */
#include "config.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "worker/engine.h"
#include "worker/pool.h"
#include "worker/timer.h"

#define SIZE	(1u << 20)

static const int permitted[] = {
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(read),
	SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fdatasync),
	SCMP_SYS(futex), SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(clock_gettime),
	SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
};

static int
permit_flags(scmp_filter_ctx ctx)
{
	int ret = 0;

	ret |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(preadv2), 1,
	    SCMP_A5(SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)RWF_NOWAIT, 0));
	ret |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(pwritev2), 1,
	    SCMP_A5(SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)RWF_DSYNC, 0));
	ret |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fallocate), 1,
	    SCMP_A1(SCMP_CMP_EQ, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0));
	ret |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fallocate), 1,
	    SCMP_A1(SCMP_CMP_EQ, FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE, 0));
	return (ret);
}

static int
filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret = 0;
	size_t i;

	if (ctx == NULL || seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
		return (-1);
	for (i = 0; i < ARRAY_LEN(permitted); i++)
		ret |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, permitted[i], 0);
	ret |= permit_flags(ctx);
	if (ret == 0)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	return (ret);
}

static const struct engine_params pool_of_four = { .kind = ENGINE_THREADS, .threads = 4 };
static unsigned calls, errors;

static void
op_done(struct eng_op *op)
{
	calls++;
	if (op->error != 0)
		errors++;
}

static void
each_verb(struct engine *engine, struct eng_op op)
{
	struct eng_op ops[ENG_VERB_MAX * 8];
	unsigned i;

	for (i = 0; i < ARRAY_LEN(ops); i++) {
		ops[i] = op;
		ops[i].verb = (enum eng_verb)(i % ENG_VERB_MAX);
		ops[i].fua = i & 1;
		ops[i].page_cache = i & 2;
		ops[i].may_unmap = i & 4;
		assert_int_equal(engine_file_set(engine, 0, op.fd), 0);
		engine_submit(engine, &ops[i]);
	}
	while (engine_in_flight(engine) > 0)
		if (engine_wait(engine, -1) == -1)
			_exit(3);
}

static void
fired(struct timer *timer)
{
	(void)timer;
	calls++;
}

static void
readable(struct eng_watch *watch, unsigned events)
{
	uint64_t n;

	(void)events;
	if (read(watch->fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		calls++;
}

/* What a lane does all day. Exits with 0 when all of it went well. */
static void
lane(int file, int ram)
{
	struct engine *engine = engine_new(&pool_of_four);
	struct pool *pool = pool_new(SIZE, SIZE / 4);
	struct eng_watch watch = { .fd = eventfd(1, 0), .events = ENG_IN, .ready = readable };
	struct timer timer = { .name = "filter", .fire = fired };
	struct timer_list timers;
	void *buf;

	if (engine == NULL || pool == NULL || filter() != 0)
		_exit(2);
	timer_list_init(&timers);
	timer_set(&timers, &timer, 5);
	if (engine_watch(engine, &watch) == -1 || (buf = pool_get(pool, SIZE / 4)) == NULL)
		_exit(3);
	each_verb(engine, (struct eng_op){ .fd = file, .buf = buf, .len = SIZE / 4, .hole = true,
	    .zero_range = true, .done = op_done });
	each_verb(engine, (struct eng_op){ .fd = ram, .buf = buf, .len = SIZE / 4,
	    .never_blocks = true, .done = op_done });
	engine_unwatch(engine, &watch);
	while (timer.set) {
		(void)engine_wait(engine, timer_next_ms(&timers));
		timer_run(&timers);
	}
	pool_put(pool, buf);
	pool_trim(pool);
	pool_free(pool);
	engine_free(engine);
	_exit(errors == 0 && calls == 2 * ENG_VERB_MAX * 8 + 2 ? 0 : 4);
}

static int
sized(int fd)
{
	assert_true(fd != -1);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	return (fd);
}

static void
test_filter(void **state)
{
	char path[] = "./engine_filter.XXXXXX";
	struct rlimit none = { 0, 0 };
	int file, ram, status;
	pid_t pid;

	(void)state;
	if (under_valgrind())
		skip();
	file = sized(mkstemp(path));
	unlink(path);
	ram = sized(memfd_create("ram", MFD_CLOEXEC));
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		lane(file, ram);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(file);
	close(ram);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_filter) };

	return (cmocka_run_group_tests_name("engine_filter", tests, NULL, NULL));
}
