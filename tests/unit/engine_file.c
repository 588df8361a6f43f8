/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each engine as a lane uses it, with files: thousands of operations at random, many in flight,
 * against a model in memory, on each kind of backend; and what errors become.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/kinds.h"
#include "worker/pool.h"

#define PLACES		16u		/* parts of the file, an operation in flight in each */
#define PLACE_SIZE	65536u
#define SIZE		(PLACES * PLACE_SIZE)
#define ROUNDS		10000u

static struct engine *engine;
static struct pool *pool;

/* ---- one operation at a time ---- */

static void
note_done(struct eng_op *op)
{
	bool *done = op->arg;

	assert_false(*done);
	*done = true;
}

static int
run(struct eng_op op)
{
	bool done = false;

	op.done = note_done;
	op.arg = &done;
	if (engine_file_set(engine, op.file, op.fd) == -1)
		return (errno);
	engine_submit(engine, &op);
	assert_false(done);
	while (!done)
		assert_true(engine_wait(engine, -1) >= 0);
	return (op.error);
}

static int	temp_file(int flags);

/* Zeros that have to be written end behind the slice that they are at. */
static void
test_give_up(void **state)
{
	struct eng_op op = { .verb = ENG_ZERO, .len = SIZE, .fd = temp_file(O_RDWR),
	    .done = note_done };
	bool done = false;

	(void)state;
	need_engine(engine);
	op.arg = &done;
	assert_int_equal(engine_file_set(engine, op.file, op.fd), 0);
	engine_submit(engine, &op);
	engine_give_up(&op);
	while (!done)
		assert_true(engine_wait(engine, -1) >= 0);
	assert_true(op.error == ECANCELED || (op.error == 0 && op.moved == SIZE));
	if (kind == ENGINE_URING)	/* nothing is begun before the lane waits */
		assert_int_equal(op.error, ECANCELED);
	op.done = NULL;
	assert_int_equal(run(op), 0);	/* and only this once */
	close(op.fd);
}

/* SIZE bytes without a name, in the build directory; -1 when it cannot be opened like that. */
static int
temp_file(int flags)
{
	char path[] = "./engine_file.XXXXXX";
	int made = mkstemp(path), fd;

	assert_true(made != -1);
	assert_int_equal(ftruncate(made, SIZE), 0);
	fd = open(path, flags | O_CLOEXEC);
	close(made);
	unlink(path);
	return (fd);
}

/* ---- the model ---- */

struct place {
	struct eng_op op;
	uint64_t base;		/* offset of this part in the file */
	uint8_t *model;		/* what must be there, PLACE_SIZE bytes */
	uint8_t fill;		/* a write's bytes */
};

struct backend {
	struct eng_op traits;	/* flags of every operation, descriptor */
	uint32_t unit;		/* alignment of offsets and lengths */
	bool discard_zeros;	/* found by trying */
};

static const struct backend *backend;
static uint8_t model[SIZE];
static struct place places[PLACES];
static unsigned started, counts[ENG_VERB_MAX];

static void
choose_op(struct place *place)
{
	struct eng_op *op = &place->op;
	uint32_t units = PLACE_SIZE / backend->unit, at, n;

	at = (uint32_t)random() % units;
	n = 1 + (uint32_t)random() % (units - at);
	*op = backend->traits;
	op->verb = (enum eng_verb)((uint32_t)random() % ENG_VERB_MAX);
	op->fua = random() % 8 == 0;
	op->may_unmap = random() % 2 == 0;
	op->hole = op->hole && random() % 2 == 0;
	op->zero_range = op->zero_range && random() % 2 == 0;
	op->offset = place->base + (uint64_t)at * backend->unit;
	op->len = (uint64_t)n * backend->unit;
	op->buf = pool_get(pool, op->len);
	assert_non_null(op->buf);
}

static void	op_done(struct eng_op *);

static void
start(struct place *place)
{
	if (started == ROUNDS)
		return;
	started++;
	choose_op(place);
	place->op.done = op_done;
	place->op.arg = place;
	place->fill = (uint8_t)(1 + random() % 255);
	if (place->op.verb == ENG_WRITE)
		memset(place->op.buf, place->fill, place->op.len);
	else
		memset(place->op.buf, 0xee, place->op.len);
	assert_int_equal(engine_file_set(engine, place->op.file, place->op.fd), 0);
	engine_submit(engine, &place->op);
}

static void
op_done(struct eng_op *op)
{
	struct place *place = op->arg;
	uint8_t *want = place->model + (op->offset - place->base);

	assert_int_equal(op->error, 0);
	counts[op->verb]++;
	if (op->verb == ENG_READ)
		assert_memory_equal(op->buf, want, op->len);
	else if (op->verb == ENG_WRITE)
		memset(want, place->fill, op->len);
	else if (op->verb == ENG_ZERO || (op->verb == ENG_DISCARD && op->hole &&
	    backend->discard_zeros))
		memset(want, 0, op->len);
	pool_put(pool, op->buf);
	start(place);
}

/* Whether punching works here. Afterwards the file begins with 4 KiB of zeros, or else of 'x'. */
static bool
discard_makes_zeros(const struct backend *b)
{
	struct eng_op op = b->traits;
	char *buf = pool_get(pool, 4096);
	bool zeros;

	memset(buf, 'x', 4096);
	op.buf = buf;
	op.len = 4096;
	op.verb = ENG_WRITE;
	assert_int_equal(run(op), 0);
	op.verb = ENG_DISCARD;
	assert_int_equal(run(op), 0);
	op.verb = ENG_READ;
	assert_int_equal(run(op), 0);
	zeros = buf[0] == 0 && memcmp(buf, buf + 1, 4095) == 0;
	assert_true(zeros || (buf[0] == 'x' && memcmp(buf, buf + 1, 4095) == 0));
	pool_put(pool, buf);
	return (zeros);
}

static void
check_whole(void)
{
	struct eng_op op = backend->traits;
	unsigned i;

	op.verb = ENG_READ;
	op.len = PLACE_SIZE;
	op.buf = pool_get(pool, PLACE_SIZE);
	for (i = 0; i < PLACES; i++) {
		op.offset = places[i].base;
		assert_int_equal(run(op), 0);
		assert_memory_equal(op.buf, places[i].model, PLACE_SIZE);
	}
	pool_put(pool, op.buf);
}

static void
random_against_model(struct backend *b)
{
	unsigned i;

	if (b->traits.fd == -1)
		skip();
	b->discard_zeros = discard_makes_zeros(b);
	backend = b;
	started = 0;
	srandom(8009);
	memset(counts, 0, sizeof(counts));
	memset(model, 0, sizeof(model));
	if (!b->discard_zeros)
		memset(model, 'x', 4096);
	for (i = 0; i < PLACES; i++) {
		places[i].base = (uint64_t)i * PLACE_SIZE;
		places[i].model = model + places[i].base;
		start(&places[i]);
	}
	while (engine_in_flight(engine) > 0)
		assert_true(engine_wait(engine, -1) >= 0);
	for (i = 0; i < ENG_VERB_MAX; i++)
		assert_true(counts[i] > ROUNDS / ENG_VERB_MAX / 2);
	check_whole();
	assert_int_equal(pool_used(pool), 0);
	close(b->traits.fd);
}

static void
test_file(void **state)
{
	struct backend b = { .unit = 512, .traits = { .fd = temp_file(O_RDWR),
	    .page_cache = true, .hole = true, .zero_range = true } };

	(void)state;
	need_engine(engine);
	random_against_model(&b);
}

static void
test_direct(void **state)
{
	struct backend b = { .unit = 4096, .traits = { .fd = temp_file(O_RDWR |
	    O_DIRECT), .hole = true, .zero_range = true } };

	(void)state;
	need_engine(engine);
	random_against_model(&b);
}

static void
test_ram(void **state)
{
	struct backend b = { .unit = 512, .traits = { .fd = memfd_create("ram",
	    MFD_CLOEXEC), .never_blocks = true, .hole = true } };

	(void)state;
	need_engine(engine);
	assert_int_equal(ftruncate(b.traits.fd, SIZE), 0);
	random_against_model(&b);
}

/* ---- errors ---- */

static void
test_wrong_descriptor(void **state)
{
	char byte = 0;
	struct eng_op op = { .verb = ENG_WRITE, .buf = &byte, .len = 1, .fd = temp_file(O_RDONLY) };
	struct eng_op zero = op;

	(void)state;
	need_engine(engine);
	assert_int_equal(run(op), EBADF);
	zero.verb = ENG_ZERO;
	assert_int_equal(run(zero), EBADF);
	op.fua = true;
	assert_int_equal(run(op), EBADF);
	close(op.fd);
	op.verb = ENG_READ;
	op.page_cache = true;
	assert_int_equal(run(op), EBADF);
	op.verb = ENG_FLUSH;
	assert_int_equal(run(op), EBADF);
}

/* The device became shorter. */
static void
test_beyond_the_end(void **state)
{
	static char buf[8192];
	struct eng_op op = { .verb = ENG_READ, .buf = buf, .len = sizeof(buf),
	    .fd = temp_file(O_RDWR) };
	int cached;

	(void)state;
	need_engine(engine);
	for (cached = 0; cached < 2; cached++) {
		op.page_cache = cached;
		op.offset = SIZE - sizeof(buf);
		assert_int_equal(run(op), 0);
		op.offset++;
		assert_int_equal(run(op), EIO);
		op.offset = SIZE;
		assert_int_equal(run(op), EIO);
		op.offset = INT64_MAX;
		assert_int_equal(run(op), EINVAL);
	}
	close(op.fd);
}

static void
test_no_space(void **state)
{
	static char buf[4096];
	struct eng_op op = { .verb = ENG_WRITE, .buf = buf, .len = sizeof(buf),
	    .fd = open("/dev/full", O_RDWR | O_CLOEXEC) };

	(void)state;
	need_engine(engine);
	if (op.fd == -1)
		skip();
	assert_int_equal(run(op), ENOSPC);
	op.verb = ENG_ZERO;
	assert_int_equal(run(op), ENOSPC);
	close(op.fd);
}

/* Half of it fits; the rest is an error, and threads have no signal to die of. */
static void
test_file_size_limit(void **state)
{
	static char buf[8192];
	struct eng_op op = { .verb = ENG_WRITE, .buf = buf, .len = sizeof(buf),
	    .offset = SIZE - 4096, .fd = temp_file(O_RDWR) };
	struct rlimit before, limit;

	(void)state;
	need_engine(engine);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = SIZE;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	if (kind == ENGINE_URING)	/* which may write in the lane */
		signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(run(op), EFBIG);
	op.verb = ENG_ZERO;
	op.never_blocks = true;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(run(op), EFBIG);
	assert_true(signal(SIGXFSZ, SIG_DFL) == SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	close(op.fd);
}

static void
test_pipe(void **state)
{
	char byte = 0;
	struct eng_op op = { .verb = ENG_WRITE, .buf = &byte, .len = 1 };
	int fd[2];

	(void)state;
	need_engine(engine);
	assert_int_equal(pipe(fd), 0);
	op.fd = fd[1];
	assert_int_equal(run(op), ESPIPE);
	close(fd[0]);
	close(fd[1]);
}

int
setup_kind(enum engine_kind of)
{
	engine = new_engine(of, 4);
	pool = pool_new(PLACES * 2 * PLACE_SIZE, PLACE_SIZE);
	return (pool == NULL ? -1 : 0);
}

int
teardown(void **state)
{
	(void)state;
	engine_free(engine);
	pool_free(pool);
	return (0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH_KIND(test_file),
		EACH_KIND(test_direct),
		EACH_KIND(test_ram),
		EACH_KIND(test_wrong_descriptor),
		EACH_KIND(test_beyond_the_end),
		EACH_KIND(test_no_space),
		EACH_KIND(test_give_up),
		EACH_KIND(test_file_size_limit),
		{ "threads: test_pipe", test_pipe, setup_threads, teardown, NULL },
	};

	return (cmocka_run_group_tests_name("engine_file", tests, NULL, NULL));
}
