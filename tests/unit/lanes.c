/* SPDX-License-Identifier: BSD-2-Clause */
/* worker/lanes.c and mail.c: threads with engines of their own, and words between them. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "worker/worker.h"

#define LANES	4u
#define WORDS	1000u

static struct lane lanes[LANES_MAX];
static pthread_t threads[LANES];

static const struct ipc_hello hello = { .memory = 1 << 20, .max_transfer = 65536, .lanes = LANES,
	.engine = ENGINE_AUTO, .engine_threads = 1 };

struct engine *__real_engine_uring_new(const struct engine_params *);
struct engine *__wrap_engine_uring_new(const struct engine_params *);

/* One of the lanes gets no ring, not the first one to ask for it. */
struct engine *
__wrap_engine_uring_new(const struct engine_params *params)
{
	static unsigned asked;

	if (__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) != 3)
		return (__real_engine_uring_new(params));
	errno = EMFILE;
	return (NULL);
}

static void
test_engines_of_one_kind(void **state)
{
	unsigned said = 0;

	(void)state;
	for (unsigned i = 0; i < LANES; i++) {
		assert_int_equal(engine_kind(lanes[i].engine), ENGINE_THREADS);
		said += lanes[i].why_threads == EMFILE;
	}
	assert_int_equal(said, 1);
}

/* A word that goes from lane to lane, and what it saw there. */
struct traveller {
	struct mail mail;
	unsigned at, stops;
	bool home, elsewhere;
};

static void
travel(struct mail *m)
{
	struct traveller *t = m->arg;
	unsigned from = t->at;

	if (t->stops < LANES)
		threads[t->at] = pthread_self();
	else if (!pthread_equal(threads[t->at], pthread_self()))
		t->elsewhere = true;
	t->stops++;
	if (t->stops > 2 * LANES && t->at == 0) {
		t->home = true;
		return;
	}
	t->at = (t->at + 1) % LANES;
	mail_post(&lanes[from], &lanes[t->at], m);
}

static void
test_a_word_travels(void **state)
{
	struct traveller t = { .mail = { .deliver = travel } };

	(void)state;
	t.mail.arg = &t;
	travel(&t.mail);
	while (!t.home)
		assert_int_equal(lane_turn(&lanes[0], -1), 0);
	assert_false(t.elsewhere);
	for (unsigned i = 0; i < LANES; i++)
		for (unsigned k = 0; k < i; k++)
			assert_false(pthread_equal(threads[i], threads[k]));
}

/* Words from one lane to another are delivered in order, each once. */
static struct numbered { struct mail mail; unsigned n; } words[WORDS];
static unsigned next, back;

static void
came_back(struct mail *m)
{
	(void)m;
	back++;
}

static void
in_order(struct mail *m)
{
	struct numbered *w = m->arg;

	if (w->n == next)
		next++;
	m->deliver = came_back;
	mail_post(&lanes[2], &lanes[0], m);
}

static void
test_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORDS; i++) {
		words[i] = (struct numbered){ .mail = { .deliver = in_order, .arg = &words[i] },
		    .n = i };
		mail_post(&lanes[0], &lanes[2], &words[i].mail);
	}
	while (back < WORDS)
		assert_int_equal(lane_turn(&lanes[0], -1), 0);
	assert_int_equal(next, WORDS);
}

static void
test_at_once_within_a_lane(void **state)
{
	struct numbered w = { .mail = { .deliver = came_back } };
	unsigned before = back;

	(void)state;
	mail_post(&lanes[0], &lanes[0], &w.mail);
	assert_int_equal(back, before + 1);
}

static int
setup(void **state)
{
	(void)state;
	return (lanes_start(lanes, &hello));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engines_of_one_kind),
		cmocka_unit_test(test_a_word_travels),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_at_once_within_a_lane),
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
