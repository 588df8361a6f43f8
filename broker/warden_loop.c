/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The warden's loop: signals, timers and brokers, and what follows from each. Nothing in it waits
 * but ppoll.
 */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

#define TICK_MS 1000
#define ASLEEP_MS (5 * TICK_MS)	/* no turn of the loop takes so long */

static volatile sig_atomic_t got_chld, got_term, got_hup;

uint64_t
warden_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

/* ---- what brokers cause ---- */

void
warden_tell_parent(struct warden *w, int status)
{
	uint8_t byte = (uint8_t)status;

	if (w->parent == -1)
		return;
	if (write(w->parent, &byte, 1) == -1)
		log_debug("the process that started us is gone");
	close(w->parent);
	w->parent = -1;
}

void
warden_went(struct warden *w)
{
	w->restart_ms = 0;
	if (!w->went)
		warden_tell_parent(w, 0);
	w->went = true;
	notify_ready();
	log_info("broker %u is in charge, pid %d", w->current->number, (int)w->current->pid);
}

void
warden_stays(struct warden *w)
{
	log_errx("reload failed; broker %u stays in charge; see what the new one said",
	    w->current->number);
	notify_ready();
}

void
warden_restart(struct warden *w, bool quickly)
{
	if (!quickly)
		w->backoff_ms = 0;
	w->restart_ms = warden_now_ms() + w->backoff_ms;
	w->backoff_ms = w->backoff_ms == 0 ? BACKOFF_MIN_MS : w->backoff_ms * 2;
	if (w->backoff_ms > BACKOFF_MAX_MS)
		w->backoff_ms = BACKOFF_MAX_MS;
}

void
warden_finish(struct warden *w, int status)
{
	if (w->killed_ms != 0)
		return;
	w->status = status;
	w->killed_ms = warden_now_ms();
	child_kill_all(w);
}

/* ---- what signals cause ---- */

static void
start_again(struct warden *w)
{
	struct programs p = w->programs;

	w->restart_ms = 0;
	if (p.fd[ROLE_BROKER] == -1 && programs_open(w, &p) == -1) {
		warden_restart(w, true);
		return;
	}
	for (int role = 0; role < ROLE_MAX; role++)
		w->programs.fd[role] = -1;
	if (broker_start(w, &p) == -1)
		warden_restart(w, true);
}

/* A new broker, from the binaries as they are now. */
static void
reload(struct warden *w)
{
	if (w->stopping)
		return;
	w->reload = w->next != NULL;
	if (w->reload)
		return;		/* after that one */
	programs_close(&w->programs);
	if (w->current == NULL) {
		w->restart_ms = warden_now_ms();
		return;
	}
	notify_reloading();
	if (programs_open(w, &w->programs) == -1 || broker_start(w, &w->programs) == -1)
		warden_stays(w);
	for (int role = 0; role < ROLE_MAX; role++)
		w->programs.fd[role] = -1;	/* they are the broker's, or closed */
}

static void
stop(struct warden *w)
{
	struct ipc_empty none = { 0 };

	if (w->stopping) {
		/* the second time: at once, but not for a group and its leader told alike */
		if (warden_now_ms() >= w->stop_ms + STOP_TWICE_MS)
			warden_finish(w, 0);
		return;
	}
	w->stopping = true;
	w->stop_ms = warden_now_ms();
	w->restart_ms = 0;
	notify_stopping();
	log_info("stopping");
	if (w->next != NULL)
		broker_end(w->next, "stopping");
	if (w->current == NULL)
		warden_finish(w, 0);
	else if (w->current->phase == BROKER_IN_CHARGE)
		BROKER_SEND(w->current, SHUTDOWN, &none);
}

static void
on_signal(int sig)
{
	if (sig == SIGCHLD)
		got_chld = 1;
	else if (sig == SIGHUP)
		got_hup = 1;
	else
		got_term = 1;
}

/* They are taken only while ppoll waits. */
void
warden_catch_signals(sigset_t *while_waiting)
{
	static const int caught[] = { SIGCHLD, SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], &sa, NULL);
		sigaddset(&blocked, caught[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &blocked, while_waiting);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigdelset(while_waiting, caught[i]);
}

static void
handle_signals(struct warden *w)
{
	if (got_chld) {
		got_chld = 0;
		child_reap(w);
	}
	if (got_term) {
		got_term = 0;
		stop(w);
	}
	if (got_hup || (w->reload && w->next == NULL)) {
		got_hup = 0;
		reload(w);
	}
}

/* ---- the loop ---- */

/* We did not run for a while (frozen, stopped, starved), nor perhaps did they: not their silence. */
static void
forgive_silence(struct warden *w, uint64_t now)
{
	uint64_t asleep = now - w->awake_ms;

	w->awake_ms = now;
	if (asleep <= ASLEEP_MS)
		return;
	if (w->current != NULL)
		w->current->heard_ms = now;
	if (w->next != NULL && w->next->phase == BROKER_STARTING)
		w->next->since_ms = now;
}

static void
handle_timers(struct warden *w)
{
	uint64_t now = warden_now_ms();

	forgive_silence(w, now);
	if (w->current != NULL)
		broker_timers(w->current, now);
	if (w->next != NULL)
		broker_timers(w->next, now);
	if (w->restart_ms != 0 && now >= w->restart_ms && !w->stopping)
		start_again(w);
	/* without a broker nobody else would say that the workers serve on */
	if (w->went && w->current == NULL && now >= w->watchdog_ms + WATCHDOG_MS) {
		w->watchdog_ms = now;
		notify_watchdog();
	}
}

static int
timeout(const struct warden *w)
{
	uint64_t now = warden_now_ms(), due = now + TICK_MS;

	if (w->current != NULL && broker_due(w->current) < due)
		due = broker_due(w->current);
	if (w->next != NULL && broker_due(w->next) < due)
		due = broker_due(w->next);
	if (w->restart_ms != 0 && w->restart_ms < due)
		due = w->restart_ms;
	return (due <= now ? 0 : (int)(due - now));
}

static void
watch(const struct broker *b, struct pollfd *p)
{
	*p = (struct pollfd){ .fd = b == NULL ? -1 : b->peer.fd, .events = POLLIN };
	if (b != NULL && b->out.n > 0 && b->out.retry_ms == 0)
		p->events |= POLLOUT;
}

static void
serve(struct broker *b, const struct pollfd *p)
{
	if (b == NULL || p->fd == -1 || b->peer.fd != p->fd)
		return;
	if ((p->revents & POLLOUT) != 0)
		outbox_flush(&b->out, b->peer.fd, warden_now_ms());
	if ((p->revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		broker_read(b);
}

static bool
is_over(struct warden *w)
{
	struct child *c;

	if (w->killed_ms == 0)
		return (false);
	LIST_FOREACH(c, &w->children, entry)
		if (c->pid != 0)
			return (warden_now_ms() >= w->killed_ms + STOP_KILL_MS);
	return (true);
}

void
warden_loop(struct warden *w, const sigset_t *while_waiting)
{
	struct pollfd p[2];

	for (;;) {
		struct broker *current = w->current, *next = w->next;
		struct timespec ts;
		int ms = timeout(w);

		watch(current, &p[0]);
		watch(next, &p[1]);
		ts = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
		if (ppoll(p, 2, &ts, while_waiting) > 0) {
			serve(current, &p[0]);
			serve(next, &p[1]);
		}
		handle_signals(w);
		if (is_over(w))
			return;
		handle_timers(w);
	}
}
