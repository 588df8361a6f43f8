/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brokers from start to end. A first start, a reload, an upgrade and a crash are one way: start,
 * hear it out, let it be ready, see the old one off, tell it who lives, GO. While no broker is in
 * charge the workers serve on, and nothing that they need is lost: what is held, the ends of their
 * channels and the records of who they are stay here.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/warden.h"
#include "common/log.h"

#define SHARE 64		/* messages of one broker before the others' turn */

static void
broker_free(struct broker *b)
{
	outbox_free(&b->out);
	if (b->peer.fd != -1)
		close(b->peer.fd);
	for (size_t i = 0; i < b->npaths; i++)
		free(b->paths[i]);
	free(b->paths);
	programs_close(&b->programs);
	free(b);
}

static struct broker *
broker_new(struct warden *w, const struct programs *programs)
{
	struct broker *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return (NULL);
	b->warden = w;
	b->peer = (struct ipc_peer){ .fd = -1, .in = broker_messages, .ctx = b, .state = S_NEW };
	b->settings = w->settings;
	b->programs = *programs;
	b->since_ms = warden_now_ms();
	outbox_init(&b->out);
	return (b);
}

int
broker_start(struct warden *w, struct programs *programs)
{
	struct broker *b = broker_new(w, programs);
	struct spawn_request r = { .role = ROLE_BROKER, .programs = programs };
	struct child *c;
	int ends[2];

	if (b == NULL || (c = spawn_child(w, &r, ends)) == NULL) {
		log_err("no broker could be started");
		if (b != NULL)
			broker_free(b);
		else
			programs_close(programs);
		return (-1);
	}
	b->peer.fd = ends[0];
	b->number = c->number;
	b->pid = c->pid;
	w->next = b;
	hold_tell_all(w, b);
	log_debug("broker %u starts, pid %d", b->number, (int)b->pid);
	return (0);
}

void
broker_end(struct broker *b, const char *why)
{
	bool said = b->phase == BROKER_LEAVING || b->warden->stopping ||
	    strcmp(why, "end of file") == 0;	/* how it ended is said when it is reaped */

	if (b->peer.fd == -1)
		return;
	log_print(said ? LOG_DEBUG : LOG_ERR, "broker %u ends: %s", b->number, why);
	close(b->peer.fd);
	b->peer.fd = -1;
	if (b->pid != 0)
		kill(b->pid, SIGKILL);
}

void
broker_read(struct broker *b)
{
	int r = 1;

	for (int i = 0; i < SHARE && r == 1 && b->peer.fd != -1; i++)
		r = ipc_dispatch(&b->peer);
	if (r == -1)
		broker_end(b, b->peer.why);
}

/* ---- one goes, one comes ---- */

static void
take_over(struct broker *b)
{
	struct warden *w = b->warden;
	struct ipc_empty go = { 0 };

	w->current = b;
	w->next = NULL;
	w->settings = b->settings;
	hold_adopt(w, b->number);
	child_tell_all(w, b);
	BROKER_SEND(b, GO, &go);
	b->phase = BROKER_IN_CHARGE;
	b->peer.state = S_UP;
	b->since_ms = b->heard_ms = warden_now_ms();
	warden_went(w);
}

/* End of file tells it to exit. What it still says (RECORD, HOLD) is heard until it is reaped. */
static void
retire(struct broker *b)
{
	if (b->phase == BROKER_LEAVING)
		return;
	b->phase = BROKER_LEAVING;
	b->kill_ms = warden_now_ms() + BROKER_LEAVE_MS;
	if (b->peer.fd != -1)
		shutdown(b->peer.fd, SHUT_WR);
}

void
broker_is_ready(struct broker *b)
{
	struct warden *w = b->warden;

	b->phase = BROKER_WAITING;
	if (w->current != NULL)
		retire(w->current);
	else
		take_over(b);
}

static int
exit_status(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return (WEXITSTATUS(status));
	return (1);
}

/* One that never was in charge has said itself why it exits. */
static void
say_how(const struct broker *b, int status)
{
	bool expected = b->phase == BROKER_LEAVING || b->warden->stopping ||
	    (!b->warden->went && WIFEXITED(status));
	int level = expected ? LOG_DEBUG : LOG_ERR;

	if (WIFSIGNALED(status))
		log_print(level, "broker %u was ended by signal %d (%s)", b->number,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_print(level, "broker %u exited with status %d", b->number,
		    WEXITSTATUS(status));
}

/* The one that died before it was in charge. */
static void
next_is_gone(struct warden *w, uint32_t number, int status)
{
	hold_forget(w, number);
	if (w->stopping)
		return;		/* the one in charge goes on draining */
	if (!w->went)
		warden_finish(w, exit_status(status));
	else if (w->current != NULL && w->current->phase == BROKER_IN_CHARGE)
		warden_stays(w);
	else if (w->current == NULL)
		warden_restart(w, true);
}

/* The one in charge, or the one that left for another. */
static void
current_is_gone(struct warden *w, bool young)
{
	if (w->stopping)
		warden_finish(w, 0);
	else if (w->next == NULL)
		warden_restart(w, young);
	else if (w->next->phase == BROKER_WAITING)
		take_over(w->next);
}

void
broker_reaped(struct broker *b, int status)
{
	struct warden *w = b->warden;
	bool was_next = b == w->next;
	bool young = warden_now_ms() - b->since_ms < BROKER_YOUNG_MS;
	uint32_t number = b->number;

	b->pid = 0;
	say_how(b, status);
	while (!was_next && b->peer.fd != -1 && ipc_dispatch(&b->peer) == 1)
		;		/* its last words */
	child_kill_openers(w, number);
	if (b->phase != BROKER_LEAVING) {
		programs_close(&w->programs);
		w->programs = b->programs;
		for (int role = 0; role < ROLE_MAX; role++)
			b->programs.fd[role] = -1;
	}
	if (was_next)
		w->next = NULL;
	else
		w->current = NULL;
	broker_free(b);
	if (w->killed_ms != 0)
		return;
	if (was_next)
		next_is_gone(w, number, status);
	else
		current_is_gone(w, young);
}

/* ---- time ---- */

uint64_t
broker_due(const struct broker *b)
{
	uint64_t due = UINT64_MAX;

	if (b->peer.fd == -1)
		return (due);
	if (b->phase == BROKER_STARTING)
		due = b->since_ms + BROKER_READY_MS;
	if (b->phase == BROKER_IN_CHARGE)
		due = b->heard_ms + BROKER_SILENT_MS;
	if (b->kill_ms != 0)
		due = b->kill_ms;
	if (b->out.retry_ms != 0 && b->out.retry_ms < due)
		due = b->out.retry_ms;
	return (b->out.failed ? 0 : due);
}

void
broker_timers(struct broker *b, uint64_t now_ms)
{
	if (b->peer.fd == -1)
		return;
	if (b->out.retry_ms != 0 && now_ms >= b->out.retry_ms)
		outbox_flush(&b->out, b->peer.fd, now_ms);
	if (b->out.failed)
		broker_end(b, "it does not read, or memory is short");
	else if (b->phase == BROKER_STARTING && now_ms >= b->since_ms + BROKER_READY_MS)
		broker_end(b, "it was not ready in time");
	else if (b->phase == BROKER_IN_CHARGE && now_ms >= b->heard_ms + BROKER_SILENT_MS)
		broker_end(b, "it gave no sign of life");
	else if (b->kill_ms != 0 && now_ms >= b->kill_ms)
		broker_end(b, "it did not leave");
}
