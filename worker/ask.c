/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every question to the broker and its words to us, and the door through which the one connection
 * comes. The broker may be away for a while (it is being replaced): what we say waits in the
 * channel. The end of the channel means that the warden is gone, and so are we.
 */
#include "config.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/title.h"
#include "worker/worker.h"

#define HELLO_WAIT_MS 30000
#define FENCES_MAX ENGINE_FILES	/* no more changes of namespaces can be under way */
#define FENCE_AGAIN_MS 10

static void	send_fenced(struct timer *);

IPC_RECEIVER(from_broker, IPC_BROKER_TO_WORKER)
IPC_RECEIVER(from_listener, IPC_LISTENER_TO_WORKER)

static struct {
	struct lane *lane;
	struct ipc_hello hello;
	struct controller *ctrl;
	struct ipc_peer broker, door;
	struct eng_watch broker_watch, door_watch;
	/* namespaces and log page that came before ADMIT */
	struct { struct ipc_ns id; int fd; } ns[IPC_MAX_NS];
	uint32_t nns;
	int page_fd;
	struct ipc_page page;
	/* FENCED that the channel had no room for */
	struct { uint64_t fence[FENCES_MAX]; unsigned n; struct timer again; } unsent;
	/* a PING on its way through all lanes: one that hangs is to be found */
	struct { struct ipc_ping latest; struct mail mail; unsigned at; bool away; } ping;
} a;

static void
broker_ready(struct eng_watch *w, unsigned events)
{
	int r;

	(void)w;
	(void)events;
	while ((r = ipc_dispatch(&a.broker)) == 1 && !a.lane->stop)
		;
	if (r == -1) {
		engine_unwatch(a.lane->engine, &a.broker_watch);
		lane_stop(a.lane, 1);
	}
}

static void
door_ready(struct eng_watch *w, unsigned events)
{
	int r = ipc_dispatch(&a.door);

	(void)events;
	if (r == 0)
		return;
	engine_unwatch(a.lane->engine, w);
	close(a.door.fd);
	a.door.fd = -1;
	if (r == -1)
		lane_stop(a.lane, 0);	/* the listener has no use for this spare */
}

int
ask_hello(struct ipc_hello *hello)
{
	a.page_fd = -1;
	a.broker = (struct ipc_peer){ .fd = IPC_CONTROL_FD, .in = &from_broker, .state = S_NEW };
	if (ipc_dispatch_wait(&a.broker, HELLO_WAIT_MS) != 1)
		return (-1);
	*hello = a.hello;
	return (0);
}

static void	send_fenced(struct timer *);

int
ask_start(struct lane *lane, int door)
{
	a.lane = lane;
	a.unsent.again = (struct timer){ .name = "fenced", .fire = send_fenced };
	range_desk_init(lane);
	a.broker.state = S_UP;
	a.door = (struct ipc_peer){ .fd = door, .in = &from_listener, .state = S_NEW };
	a.broker_watch = (struct eng_watch){ .fd = IPC_CONTROL_FD, .events = ENG_IN,
	    .ready = broker_ready };
	a.door_watch = (struct eng_watch){ .fd = door, .events = ENG_IN, .ready = door_ready };
	if (engine_watch(lane->engine, &a.broker_watch) == -1)
		return (-1);
	return (engine_watch(lane->engine, &a.door_watch));
}

void
ask_state(uint32_t state)
{
	a.broker.state = state;
}

void
ask_ctrl(struct controller *ctrl)
{
	a.ctrl = ctrl;
	ask_state(S_CTRL);
	if (a.page_fd != -1)
		ctrl_page(ctrl, a.page_fd, &a.page);
	a.page_fd = -1;
	for (uint32_t i = 0; i < a.nns; i++)
		ns_add(ctrl, &a.ns[i].id, a.ns[i].fd);
	a.nns = 0;
	ask_title();
}

void
ask_title(void)
{
	if (a.ctrl == NULL)
		title_set("spare");
	else
		title_set_host(a.ctrl->hostnqn, a.ctrl->admit.cntlid, ctrl_queues(a.ctrl));
}

int
ask_connect(const struct ipc_connect *req)
{
	return (IPC_SEND(IPC_CONTROL_FD, CONNECT, req));
}

int
ask_queue(const struct ipc_connect *req)
{
	return (IPC_SEND(IPC_CONTROL_FD, QUEUE, req));
}

int
ask_queue_hand(const struct ipc_queue_handoff *h, int fd)
{
	return (IPC_SEND_FD(IPC_CONTROL_FD, QUEUE_HAND, h, &fd));
}

int
ask_range_lock(const struct ipc_range *m)
{
	return (IPC_SEND(IPC_CONTROL_FD, RANGE_LOCK, m));
}

int
ask_range_unlock(const struct ipc_range_ref *m)
{
	return (IPC_SEND(IPC_CONTROL_FD, RANGE_UNLOCK, m));
}

int
ask_range_held(const struct ipc_range_ref *m)
{
	return (IPC_SEND(IPC_CONTROL_FD, RANGE_HELD, m));
}

int
ask_range_reset_done(void)
{
	struct ipc_empty m = { 0 };

	return (IPC_SEND(IPC_CONTROL_FD, RANGE_RESET_DONE, &m));
}

/* Lost when the channel is full: a log line is not worth a host's I/O. */
void
ask_log(uint32_t msg, const char *text, unsigned nargs, ...)
{
	struct ipc_log m = { .msg = msg, .nargs = nargs };
	va_list ap;

	va_start(ap, nargs);
	for (unsigned i = 0; i < nargs && i < 6; i++)
		m.arg[i] = va_arg(ap, uint64_t);
	va_end(ap);
	strlcpy(m.text, text, sizeof(m.text));
	(void)IPC_SEND(IPC_CONTROL_FD, WORKER_LOG, &m);
}

static int
send_stats(const struct controller *ctrl, uint32_t seq)
{
	struct lane_stats sum = ctrl_stats(ctrl);
	struct ipc_state st = { .seq = seq, .enabled = ctrl_enabled(ctrl),
	    .queues = (uint16_t)ctrl_queues(ctrl), .reads = sum.reads, .writes = sum.writes,
	    .read_bytes = sum.read_units * 512, .write_bytes = sum.write_units * 512,
	    .errors = stat_get(&ctrl->nerrors) };

	return (IPC_SEND(IPC_CONTROL_FD, STATE, &st));
}

void
ask_stats(const struct controller *ctrl)
{
	(void)send_stats(ctrl, 0);
	ask_title();
}

int
ask_reservation(const struct ipc_resv *m)
{
	return (IPC_SEND(IPC_CONTROL_FD, RESV, m));
}

/* Somebody waits for these: none may be lost. */
static void
send_fenced(struct timer *t)
{
	unsigned n = a.unsent.n, sent = 0;

	for (; sent < n; sent++) {
		struct ipc_fence m = { .fence = a.unsent.fence[sent] };

		if (IPC_SEND(IPC_CONTROL_FD, FENCED, &m) == -1)
			break;
	}
	a.unsent.n = n - sent;
	memmove(a.unsent.fence, a.unsent.fence + sent, a.unsent.n * sizeof(a.unsent.fence[0]));
	if (a.unsent.n > 0)
		timer_set(&a.lane->timers, t, FENCE_AGAIN_MS);
}

void
ask_fenced(uint64_t fence)
{
	if (a.unsent.n == FENCES_MAX) {
		lane_stop(a.lane, 1);
		return;
	}
	a.unsent.fence[a.unsent.n++] = fence;
	if (a.unsent.n == 1)
		send_fenced(&a.unsent.again);
}

/* ---- what is said to us ---- */

static int
on_connection(void *ctx, const struct ipc_empty *p, int *fds)
{
	(void)ctx;
	(void)p;
	if (greet_start(a.lane, fds[0], &a.hello) == -1)
		return (-1);
	fds[0] = -1;
	ask_state(S_GREET);
	title_set("greeting");
	return (0);
}

static int
on_hello(void *ctx, const struct ipc_hello *p, int *fds)
{
	(void)ctx;
	(void)fds;
	a.hello = *p;
	return (0);
}

static int
on_ns(void *ctx, const struct ipc_ns *p, int *fds)
{
	int fd = fds[0];

	(void)ctx;
	if (a.ctrl == NULL && a.nns == IPC_MAX_NS)
		return (-1);
	fds[0] = -1;
	if (a.ctrl != NULL)
		return (ns_add(a.ctrl, p, fd));
	a.ns[a.nns].id = *p;
	a.ns[a.nns++].fd = fd;
	return (0);
}

static int
on_ns_change(void *ctx, const struct ipc_ns *p, int *fds)
{
	(void)ctx;
	(void)fds;
	return (ns_change(a.ctrl, p));
}

static int
on_ns_gone(void *ctx, const struct ipc_ns_gone *p, int *fds)
{
	(void)ctx;
	(void)fds;
	return (ns_gone(a.ctrl, p));
}

static int
on_resv_answer(void *ctx, const struct ipc_resv_answer *p, int *fds)
{
	(void)ctx;
	(void)fds;
	resv_answered(a.ctrl, p);
	return (0);
}

static int
on_resv_report(void *ctx, const struct ipc_resv_report *p, int *fds)
{
	(void)ctx;
	(void)fds;
	resv_reported(a.ctrl, p);
	return (0);
}

static int
on_resv_notice(void *ctx, const struct ipc_resv_notice *p, int *fds)
{
	(void)ctx;
	(void)fds;
	resv_notice(a.ctrl, p);
	return (0);
}

static int
on_resv_again(void *ctx, const struct ipc_empty *p, int *fds)
{
	(void)ctx;
	(void)p;
	(void)fds;
	resv_ask_again(a.ctrl);
	return (0);
}

static int
on_page(void *ctx, const struct ipc_page *p, int *fds)
{
	int fd = fds[0];

	(void)ctx;
	fds[0] = -1;
	if (a.ctrl != NULL) {
		ctrl_page(a.ctrl, fd, p);
		return (0);
	}
	if (a.page_fd != -1)
		close(a.page_fd);
	a.page_fd = fd;
	a.page = *p;
	return (0);
}

static int
on_admit(void *ctx, const struct ipc_admit *p, int *fds)
{
	(void)ctx;
	(void)fds;
	greet_admitted(p);
	return (0);
}

static int
on_refuse(void *ctx, const struct ipc_refuse *p, int *fds)
{
	(void)ctx;
	(void)fds;
	greet_refused(p);
	return (0);
}

static int
on_queue_ok(void *ctx, const struct ipc_queue_ref *p, int *fds)
{
	(void)ctx;
	(void)fds;
	greet_queue_ok(p);
	return (0);
}

static int
on_queue_ask(void *ctx, const struct ipc_queue_ask *p, int *fds)
{
	struct ipc_queue_answer answer = { .token = p->token };

	(void)ctx;
	(void)fds;
	ctrl_queue_ask(a.ctrl, p, &answer.refuse);
	return (IPC_SEND(IPC_CONTROL_FD, QUEUE_ANSWER, &answer));
}

static int
on_queue_give(void *ctx, const struct ipc_queue_handoff *p, int *fds)
{
	int fd = fds[0];

	(void)ctx;
	fds[0] = -1;
	ctrl_queue_give(a.ctrl, p, fd);
	ask_stats(a.ctrl);
	return (0);
}

static int
on_queue_cancel(void *ctx, const struct ipc_queue_ref *p, int *fds)
{
	(void)ctx;
	(void)fds;
	ctrl_queue_cancel(a.ctrl, p->token);
	return (0);
}

static void
pong(void)
{
	if (a.ctrl != NULL && send_stats(a.ctrl, a.ping.latest.seq) == -1)
		return;
	(void)IPC_SEND(IPC_CONTROL_FD, PONG, &a.ping.latest);
}

static void	ping_here(struct mail *);

static void
ping_pass(struct mail *m)
{
	struct lane *from = &a.lane->all[a.ping.at];

	a.ping.at = (a.ping.at + 1) % a.lane->nlanes;
	m->deliver = ping_here;
	mail_post(from, &a.lane->all[a.ping.at], m);
}

/* On the lane that it has come to; from the last one back to the first. */
static void
ping_here(struct mail *m)
{
	if (a.ping.at != 0) {
		ping_pass(m);
		return;
	}
	a.ping.away = false;
	pong();
}

static int
on_ping(void *ctx, const struct ipc_ping *p, int *fds)
{
	(void)ctx;
	(void)fds;
	a.ping.latest = *p;
	if (a.ping.away)		/* the last one has not come back: neither will this one */
		return (0);
	a.ping.away = true;
	ping_pass(&a.ping.mail);
	return (0);
}

static int
on_range_hold(void *ctx, const struct ipc_range *p, int *fds)
{
	(void)ctx;
	(void)fds;
	return (range_hold(a.lane, p));
}

static int
on_range_free(void *ctx, const struct ipc_range_ref *p, int *fds)
{
	(void)ctx;
	(void)fds;
	range_free(a.lane, p);
	return (0);
}

static int
on_range_grant(void *ctx, const struct ipc_range_ref *p, int *fds)
{
	(void)ctx;
	(void)fds;
	range_grant(a.lane, p->token);
	return (0);
}

static int
on_range_reset(void *ctx, const struct ipc_empty *p, int *fds)
{
	(void)ctx;
	(void)p;
	(void)fds;
	range_reset(a.lane);
	return (0);
}

static int
on_leave(void *ctx, const struct ipc_empty *p, int *fds)
{
	(void)ctx;
	(void)p;
	(void)fds;
	if (a.ctrl != NULL)
		ctrl_leave(a.ctrl);
	else
		lane_stop(a.lane, 0);
	return (0);
}
