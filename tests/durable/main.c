/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay LOG NSID=FILE...: judges the blocks of namespaces; replay LOG DIRECTORY: the files in
 * there. With -m also the judge: when flushes are taken for lies, it has to find what the host was
 * promised and would not have. Exit status 0: all is well; 1: it is not.
 */
#include "config.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/durable/replay.h"

enum { NS_MAX = 16, EACH_MAX = 100 };

struct task {
	struct log log;
	struct history h;
	const char *dir;		/* or blocks */
};

static struct verdict
judge(const struct task *t, const struct lies *lies)
{
	struct verdict v = { 0 };

	if (t->dir != NULL)
		names_judge(&t->log, t->dir, lies, &v);
	else
		blocks_judge(&t->log, &t->h, lies, &v);
	return (v);
}

static void
print(const char *what, const struct verdict *v)
{
	printf("%s: %" PRIu64 " power cuts, %" PRIu64 " states", what, v->cuts, v->states);
	for (int i = 0; i < PROMISE_MAX; i++)
		if (v->promises[i] != 0 || v->broken[i] != 0)
			printf(", %s %" PRIu64 " (%" PRIu64 " broken)", promise_name[i],
			    v->promises[i], v->broken[i]);
	if (v->foreign != 0)
		printf(", %" PRIu64 " foreign", v->foreign);
	printf("\n");
	if (v->first[0] != '\0')
		printf("  %s\n", v->first);
}

/* Every kind of promise that was made is broken when no flush is true. */
static bool
notices_all(const struct task *t, const struct verdict *good)
{
	struct lies lies = { .fsync = true, .dsync = true, .fsyncdir = true };
	struct verdict v = judge(t, &lies);
	bool all = true;

	print("without any flush", &v);
	for (int i = PROMISE_NONE + 1; i < PROMISE_MAX; i++)
		if (good->promises[i] != 0 && v.broken[i] == 0) {
			printf("  and nobody missed it: %s\n", promise_name[i]);
			all = false;
		}
	return (all);
}

/* Every single one of few is needed, where it made something durable. */
static bool
notices_one(const struct task *t)
{
	unsigned n = 0, missed = 0;

	for (size_t i = 0; i < t->log.n; i++) {
		struct lies lies = { .one = &t->log.entry[i] };
		struct verdict v;

		if ((lies.one->r.type != RECORD_FSYNC && lies.one->r.type != RECORD_FSYNCDIR) ||
		    !names_settles(&t->log, t->dir, lies.one))
			continue;
		v = judge(t, &lies);
		n++;
		missed += !verdict_is_good(&v);
	}
	printf("of %u flushes, left out one at a time, %u are missed\n", n, missed);
	return (n > 0 && missed == n);
}

/* What is written like this nothing else can have made durable: its data was never there before. */
static bool
is_new_and_durable(const struct task *t, const struct step *s)
{
	if (!s->answer || history_file(&t->h, s->cmd->nsid) == 0)
		return (false);
	return ((s->cmd->promise == PROMISE_FUA || s->cmd->promise == PROMISE_CACHE_OFF) &&
	    (strcmp(s->cmd->what, "write") == 0 || strcmp(s->cmd->what, "fused") == 0));
}

static const struct entry *
asked(const struct task *t, const struct step *answer)
{
	for (const struct step *s = answer; s >= t->h.step; s--)
		if (s->cmd == answer->cmd && !s->answer)
			return (s->e);
	errx(2, "an answer to nothing");
}

/* No flush between one durable write's being asked for and its answer: each is missed. */
static bool
notices_each(const struct task *t)
{
	unsigned n = 0, tried = 0, missed = 0, step;

	for (size_t i = 0; i < t->h.nsteps; i++)
		n += is_new_and_durable(t, &t->h.step[i]);
	step = n / EACH_MAX + 1;
	n = 0;
	for (size_t i = 0; i < t->h.nsteps; i++) {
		const struct step *s = &t->h.step[i];
		struct lies lies = { 0 };
		struct verdict v;

		if (!is_new_and_durable(t, s) || n++ % step != 0)
			continue;
		lies.from = asked(t, s)->r.begin;
		lies.to = s->e->r.begin;
		v = judge(t, &lies);
		tried++;
		missed += !verdict_is_good(&v);
		if (verdict_is_good(&v))
			printf("  nobody missed the flush of command %" PRIu64 " of host %u\n",
			    s->cmd->id, s->cmd->run);
	}
	printf("of %u durable writes %u were left without a flush, one at a time: %u are missed\n",
	    n, tried, missed);
	return (tried > 0 && missed == tried);
}

static bool
made_promises(const struct verdict *v)
{
	for (int i = PROMISE_NONE + 1; i < PROMISE_MAX; i++)
		if (v->promises[i] != 0)
			return (true);
	return (false);
}

static void
usage(void)
{
	errx(2, "usage: replay [-m] LOG NSID=FILE... | DIRECTORY");
}

static void
task_open(struct task *t, char **argv)
{
	struct ns_map map[NS_MAX];
	unsigned n = 0;
	char *end;

	log_read(&t->log, argv[0]);
	for (argv++; *argv != NULL && n < NS_MAX; argv++, n++) {
		map[n].nsid = (uint32_t)strtoul(*argv, &end, 10);
		map[n].name = end + 1;
		if (*end == '=')
			continue;
		if (n != 0 || argv[1] != NULL)
			usage();
		t->dir = *argv;
		return;
	}
	history_make(&t->h, &t->log, map, n);
}

int
main(int argc, char **argv)
{
	const struct lies none = { 0 };
	struct task t = { 0 };
	bool mutate = argc > 1 && strcmp(argv[1], "-m") == 0, good;
	struct verdict v;

	if (argc < 3 + mutate)
		usage();
	task_open(&t, argv + 1 + mutate);
	v = judge(&t, &none);
	print("replay", &v);
	good = verdict_is_good(&v);
	if (!made_promises(&v)) {
		printf("nothing was promised: this tests nothing\n");
		good = false;
	}
	if (mutate)
		good = notices_all(&t, &v) && good &&
		    (t.dir != NULL ? notices_one : notices_each)(&t);
	history_free(&t.h);
	log_free(&t.log);
	return (good ? 0 : 1);
}
