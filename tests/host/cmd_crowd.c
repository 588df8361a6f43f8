/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd: many controllers of many hosts at once. So many threads (--parallel) connect one after the
 * other, each with a name and an identifier of its own; then all are held until stdin ends, SIGTERM
 * comes or --seconds are over. Says how long it took: in all, and what a host waits for each kind of
 * queue, from the first packet to the answer to its Connect.
 */
#include "config.h"

#include <sys/resource.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

enum { KEEP_ALIVE_EVERY_MS = 500, THREADS_MAX = 256 };

struct member {
	struct host_ctrl ctrl;
	char		 hostnqn[HOST_NQN_MAX + 1];
	uint32_t	 admin_us, *io_us;
	bool		 failed;
};

struct crowd {
	const struct settings *s;
	struct member	*member;
	unsigned	 n;
	atomic_uint	 next;			/* to be connected */
	atomic_bool	 give_up;
};

static volatile sig_atomic_t told_to_end;

static void
on_signal(int sig)
{
	(void)sig;
	told_to_end = 1;
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

/* ---- connecting ---- */

static void
name_member(const struct settings *s, struct member *m, unsigned i, struct host_opts *o)
{
	*o = s->host;
	snprintf(m->hostnqn, sizeof(m->hostnqn), "%.200s-%u", s->host.hostnqn, i);
	o->hostnqn = m->hostnqn;
	put32(o->hostid, 12, i);
}

static int
connect_member(const struct settings *s, struct member *m, unsigned i)
{
	struct host_opts o;
	uint64_t start = now_us();
	unsigned queues = s->host.queues;

	name_member(s, m, i, &o);
	if ((m->io_us = calloc(queues + 1, sizeof(*m->io_us))) == NULL)
		return (-1);
	if (host_ctrl_connect(&m->ctrl, &o) == -1)
		return (-1);
	m->admin_us = (uint32_t)(now_us() - start);
	if (host_ctrl_enable(&m->ctrl) == -1 ||
	    (queues > 0 && host_ctrl_ask_queues(&m->ctrl) == -1))
		return (-1);
	for (unsigned q = 0; q < queues; q++) {
		start = now_us();
		if (host_ctrl_add_queue(&m->ctrl, (uint16_t)(q + 1)) == NULL)
			return (-1);
		m->io_us[q] = (uint32_t)(now_us() - start);
	}
	return (0);
}

static void *
connect_some(void *arg)
{
	struct crowd *c = arg;
	unsigned i;

	while (!c->give_up && !told_to_end && (i = c->next++) < c->n) {
		struct member *m = &c->member[i];

		if (connect_member(c->s, m, i) == -1) {
			m->failed = true;
			c->give_up = true;
		}
	}
	return (NULL);
}

static int
connect_all(struct crowd *c, unsigned nthreads)
{
	pthread_t thread[THREADS_MAX];
	unsigned n;

	for (n = 0; n < nthreads; n++)
		if ((errno = pthread_create(&thread[n], NULL, connect_some, c)) != 0)
			break;
	if (n < nthreads)
		c->give_up = true;
	for (unsigned i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < c->n; i++)
		if (c->member[i].failed)
			return (say_error(&c->member[i].ctrl.error, &c->member[i].ctrl.refusal));
	return (n < nthreads ? say_usage("thread: %s", strerror(errno)) : EXIT_OK);
}

/* ---- what it took ---- */

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y ? -1 : x > y);
}

static void
say_times(const char *what, uint32_t *us, unsigned n)
{
	if (n == 0)
		return;
	qsort(us, n, sizeof(*us), compare);
	printf("crowd: %s queue, ms: median %.2f, 99%% %.2f, longest %.2f\n", what,
	    us[n / 2] / 1e3, us[n - 1 - n / 100] / 1e3, us[n - 1] / 1e3);
}

static int
say_all(const struct crowd *c, uint64_t took_us)
{
	unsigned queues = c->s->host.queues, n = 0;
	uint32_t *us = calloc((size_t)c->n * (queues + 1), sizeof(*us));

	if (us == NULL)
		return (say_usage("out of memory"));
	printf("crowd: %u controllers with %u queues in %.3f s, %.0f connections per second\n", c->n,
	    queues, (double)took_us / 1e6, c->n * (queues + 1) * 1e6 / (double)took_us);
	for (unsigned i = 0; i < c->n; i++)
		us[n++] = c->member[i].admin_us;
	say_times("admin", us, n);
	n = 0;
	for (unsigned i = 0; i < c->n; i++)
		for (unsigned q = 0; q < queues; q++)
			us[n++] = c->member[i].io_us[q];
	say_times("I/O", us, n);
	free(us);
	return (EXIT_OK);
}

/* ---- holding ---- */

/* Nothing is expected of an idle target: what can be read now is an answer to a Keep Alive or an end. */
static int
keep_alive(struct crowd *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		struct host_ctrl *h = &c->member[i].ctrl;

		if (host_ctrl_keep_alive(h) == -1)
			return (say_error(&h->error, &h->refusal));
		for (unsigned q = 0; q < h->nio; q++)
			if (host_queue_poll(h->io[q]) == -1)
				return (say_queue_error(h->io[q]));
	}
	return (EXIT_OK);
}

static int
hold_all(struct crowd *c)
{
	struct pollfd in = { .fd = c->s->seconds == 0 ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t end = c->s->seconds == 0 ? UINT64_MAX : now_us() + c->s->seconds * 1000000;
	char buf[64];
	int status = EXIT_OK;

	while (status == EXIT_OK && !told_to_end && now_us() < end) {
		if (poll(&in, 1, KEEP_ALIVE_EVERY_MS) == 1 &&
		    read(STDIN_FILENO, buf, sizeof(buf)) <= 0)
			break;
		status = keep_alive(c);
	}
	return (status);
}

/* Without a word: it is the beginning that is looked at here. */
static void
crowd_free(struct crowd *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		host_ctrl_close(&c->member[i].ctrl);
		free(c->member[i].io_us);
	}
	free(c->member);
}

static void
many_files(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

int
cmd_crowd(struct settings *s, struct host_ctrl *none)
{
	struct crowd c = { .s = s, .n = (unsigned)s->count };
	struct sigaction sa = { .sa_handler = on_signal };
	uint64_t start;
	int status;

	(void)none;
	if (s->count == 0 || s->count > 65535 || s->parallel == 0 || s->parallel > THREADS_MAX)
		return (say_usage("--count is 1 to 65535, --parallel 1 to %d", THREADS_MAX));
	if ((c.member = calloc(c.n, sizeof(*c.member))) == NULL)
		return (say_usage("out of memory"));
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	many_files();
	start = now_us();
	if ((status = connect_all(&c, (unsigned)s->parallel)) == EXIT_OK && !told_to_end &&
	    (status = say_all(&c, now_us() - start)) == EXIT_OK)
		status = hold_all(&c);
	crowd_free(&c);
	return (status);
}
