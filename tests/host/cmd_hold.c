/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hold: keep a controller and its queues, with keep alives and, if asked, some reads, until stdin
 * ends or SIGTERM comes. Says in one line when all is connected; ends with an error when any of its
 * connections does. For tests that do something to the target meanwhile.
 */
#include "config.h"

#include <sys/stat.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/host/nvmehost.h"

enum { TICK_MS = 20 };

static volatile sig_atomic_t told_to_end;

static void
on_signal(int sig)
{
	(void)sig;
	told_to_end = 1;
}

struct hold {
	struct host_ctrl *ctrl;
	struct host_ns	 ns;
	struct host_cmd	 cmd;
	uint8_t		*buf;
	bool		 busy;
	uint64_t	 reads;
	unsigned	 per_second;
	uint64_t first;			/* block to begin at */
};

/* A shell gives /dev/null to what it starts in the background: that says nothing. */
static bool
stdin_counts(void)
{
	struct stat st;

	return (fstat(STDIN_FILENO, &st) == 0 &&
	    (!S_ISCHR(st.st_mode) || isatty(STDIN_FILENO)));
}

static bool
stdin_ended(void)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	char buf[256];

	return (poll(&pfd, 1, 0) == 1 && read(STDIN_FILENO, buf, sizeof(buf)) <= 0);
}

/* One read at a time, on the queues in turn; as many per second as asked for. */
static int
read_in_time(struct hold *k, int64_t start)
{
	struct host_queue *q = k->ctrl->io[k->reads % k->ctrl->nio];
	uint64_t due = (uint64_t)(host_now_ms() - start) * k->per_second / 1000;

	if (k->busy && k->cmd.complete) {
		k->busy = false;
		k->reads++;
		if (k->cmd.status != 0) {
			fprintf(stderr, "nvmehost: read: status %#x (%s)\n", k->cmd.status,
			    host_status_name(k->cmd.status));
			return (-1);
		}
		q = k->ctrl->io[k->reads % k->ctrl->nio];
	}
	if (k->busy || k->reads >= due || !host_queue_may_submit(q))
		return (0);
	host_fill_read(&k->cmd, k->ns.nsid, (k->first + k->reads) % k->ns.nlbas, 1,
	    k->buf, k->ns.block);
	k->busy = true;
	return (host_queue_submit(q, &k->cmd));
}

static int
hold_on(struct hold *k)
{
	int64_t start = host_now_ms();
	bool listen = stdin_counts();
	struct host_ctrl *h = k->ctrl;

	while (!told_to_end && !(listen && stdin_ended())) {
		if (host_ctrl_keep_alive(h) == -1)
			return (say_error(&h->error, &h->refusal));
		if (k->per_second > 0 && read_in_time(k, start) == -1)
			return (EXIT_FAULT);
		if (host_queue_wait(h->io, h->nio, TICK_MS) == -1)
			for (unsigned i = 0; i < h->nio; i++)
				if (h->io[i]->conn.error.fault != HOST_NONE)
					return (say_queue_error(h->io[i]));
	}
	/* The last read points into k: it has to come back, or its queue has to go. */
	start = host_now_ms();
	while (k->busy && !k->cmd.complete && host_now_ms() - start < h->opts.timeout_ms)
		if (host_queue_wait(h->io, h->nio, TICK_MS) == -1)
			return (EXIT_FAULT);
	return (EXIT_OK);
}

int
cmd_hold(struct settings *s, struct host_ctrl *h)
{
	struct hold k = {.ctrl = h, .per_second = (unsigned)s->io, .first = s->lba};
	struct sigaction sa = {.sa_handler = on_signal};
	int status;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (s->io > 0) {
		if (host_ns_open(h->admin, (uint32_t)s->nsid, &k.ns) == -1)
			return (say_queue_error(h->admin));
		if ((k.buf = malloc(k.ns.block)) == NULL)
			return (say_usage("out of memory"));
	}
	printf("hold: cntlid %u, %u queues\n", h->cntlid, h->nio);
	if ((status = hold_on(&k)) == EXIT_OK && s->io > 0)
		printf("hold: %llu reads\n", (unsigned long long)k.reads);
	free(k.buf);
	return (status);
}
