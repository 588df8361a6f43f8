/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The promise of worker/engine.h to the sandbox: after engine_new each kind of engine and all its
 * threads get by with the system calls and arguments that common/sandbox_rules.h has for it. In a
 * process of its own, which any other call would kill.
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

#include "common/sandbox_rules.h"
#include "tests/unit/unit.h"
#include "worker/engine.h"
#include "worker/pool.h"
#include "worker/timer.h"

#define SIZE	(1u << 20)
#define NO_RING	77	/* exit status */

static int
permit(scmp_filter_ctx ctx, const struct sandbox_rule *rule)
{
	struct scmp_arg_cmp cmp[2];
	unsigned n = 0;

	for (unsigned i = 0; i < 2; i++)
		if (rule->test[i].mask != 0)
			cmp[n++] = SCMP_CMP(rule->test[i].arg, SCMP_CMP_MASKED_EQ,
			    rule->test[i].mask, rule->test[i].value);
	return (seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, rule->nr, n, cmp));
}

static int
filter(uint32_t who)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int ret = 0;

	if (ctx == NULL || seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
		return (-1);
	for (size_t i = 0; i < ARRAY_LEN(sandbox_rules); i++)
		if ((sandbox_rules[i].roles & who) != 0 && sandbox_rules[i].nr >= 0)
			ret |= permit(ctx, &sandbox_rules[i]);
	if (ret == 0)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	return (ret);
}

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

	if (engine_file_set(engine, 0, op.fd) == -1)
		_exit(3);
	for (i = 0; i < ARRAY_LEN(ops); i++) {
		ops[i] = op;
		ops[i].verb = (enum eng_verb)(i % ENG_VERB_MAX);
		ops[i].fua = i & 1;
		ops[i].page_cache = i & 2;
		ops[i].may_unmap = i & 4;
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

static uint32_t
who(const struct engine *engine)
{
	uint32_t kind = SANDBOX_POOL;

	if (engine_kind(engine) == ENGINE_URING)
		kind = engine_has_ring_fd(engine) ? SANDBOX_RING_FD : SANDBOX_RING;
	return (1u << ROLE_WORKER | kind);
}

/* What a lane does all day. Exits with 0 when all of it went well. */
static void
lane(enum engine_kind kind, int file, int ram)
{
	struct engine *engine = engine_new(&(struct engine_params){ .kind = kind, .threads = 4 });
	struct pool *pool = pool_new(SIZE, SIZE / 4);
	struct eng_watch watch = { .fd = eventfd(1, 0), .events = ENG_IN, .ready = readable };
	struct timer timer = { .name = "filter", .fire = fired };
	struct timer_list timers;
	void *buf;

	if (engine == NULL && kind == ENGINE_URING)
		_exit(NO_RING);
	if (engine == NULL || pool == NULL || filter(who(engine)) != 0)
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
	if (kind == ENGINE_THREADS)	/* a worker's engine ends with it; threads could do so */
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
within_filter(enum engine_kind kind)
{
	char path[] = "./engine_filter.XXXXXX";
	struct rlimit none = { 0, 0 };
	int file, ram, status;
	pid_t pid;

	if (under_valgrind())
		skip();
	file = sized(mkstemp(path));
	unlink(path);
	ram = sized(memfd_create("ram", MFD_CLOEXEC));
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		lane(kind, file, ram);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(file);
	close(ram);
	if (status == W_EXITCODE(NO_RING, 0))
		skip();		/* no io_uring here */
	assert_false(WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
test_threads(void **state)
{
	(void)state;
	within_filter(ENGINE_THREADS);
}

static void
test_uring(void **state)
{
	(void)state;
	within_filter(ENGINE_URING);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_uring),
	};

	return (cmocka_run_group_tests_name("engine_filter", tests, NULL, NULL));
}
