/* SPDX-License-Identifier: BSD-2-Clause */
/* libevent behind channels and timers: see loop.h. */
#include "config.h"

#include <event2/event.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "broker/loop.h"

#define CHANNEL_BATCH 16	/* messages of one peer before the others' turn */
#define CHANNEL_DRAIN 4096	/* more than a channel holds */

struct timer {
	struct event *event;
	void (*due)(void *ctx);
	void *ctx;
};

struct watch {
	void (*ready)(int fd, void *ctx);
	void *ctx;
};

static struct event_base *base;

void
loop_init(void)
{
	struct event_config *cfg = event_config_new();

	if (cfg == NULL || event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK) == -1 ||
	    event_config_set_flag(cfg, EVENT_BASE_FLAG_NO_CACHE_TIME) == -1 ||
	    (base = event_base_new_with_config(cfg)) == NULL)
		errx(1, "no event loop");
	event_config_free(cfg);
}

void
loop_run(void)
{
	/* Without a single event left there would be nobody to serve: that is an end, too. */
	if (event_base_dispatch(base) == -1)
		errx(1, "event loop failed");
}

void
loop_stop(void)
{
	event_base_loopbreak(base);
}

static uint64_t
clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

uint64_t
loop_now_ms(void)
{
	return (clock_ms(CLOCK_MONOTONIC));
}

uint64_t
loop_wall_ms(void)
{
	return (clock_ms(CLOCK_REALTIME));
}

/* Returns false when there is nothing more now, or no channel any more. */
static bool
channel_step(struct channel *ch)
{
	int r;

	if (ch->peer.fd == -1 || (r = ipc_dispatch(&ch->peer)) == 0)
		return (false);
	if (r == 1)
		return (ch->peer.fd != -1);
	channel_close(ch);
	ch->closed(ch->ctx, ch->peer.why);
	return (false);
}

static void
channel_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	for (int i = 0; i < CHANNEL_BATCH && channel_step(arg); i++)
		;
}

void
channel_drain(struct channel *ch)
{
	/* a peer that sends as fast as we read does not hold us */
	for (int i = 0; i < CHANNEL_DRAIN && channel_step(ch); i++)
		;
}

void
channel_init(struct channel *ch)
{
	memset(ch, 0, sizeof(*ch));
	ch->peer.fd = -1;
}

int
channel_open(struct channel *ch, int fd, const struct ipc_table *in, uint32_t state, void *ctx,
    void (*closed)(void *ctx, const char *why))
{
	channel_init(ch);
	ch->peer = (struct ipc_peer){ .fd = fd, .in = in, .ctx = ctx, .state = state };
	ch->closed = closed;
	ch->ctx = ctx;
	ch->event = event_new(base, fd, EV_READ | EV_PERSIST, channel_ready, ch);
	if (ch->event == NULL || event_add(ch->event, NULL) == -1) {
		channel_close(ch);
		errno = ENOMEM;
		return (-1);
	}
	return (0);
}

void
channel_close(struct channel *ch)
{
	if (ch->event != NULL)
		event_free(ch->event);
	ch->event = NULL;
	if (ch->peer.fd != -1)
		close(ch->peer.fd);
	ch->peer.fd = -1;
}

bool
channel_ended(const char *why)
{
	return (strcmp(why, "end of file") == 0);
}

bool
channel_is_open(const struct channel *ch)
{
	return (ch->peer.fd != -1);
}

static void
watch_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)what;
	w->ready(fd, w->ctx);
}

int
loop_watch(int fd, void (*ready)(int fd, void *ctx), void *ctx)
{
	struct watch *w = malloc(sizeof(*w));
	struct event *ev;

	if (w == NULL)
		return (-1);
	*w = (struct watch){ ready, ctx };
	ev = event_new(base, fd, EV_READ | EV_PERSIST, watch_ready, w);
	if (ev == NULL || event_add(ev, NULL) == -1) {
		free(w);
		return (-1);
	}
	return (0);
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;

	(void)fd;
	(void)what;
	t->due(t->ctx);
}

/* Ends the process when there is no memory: a deadline that is not kept is worse. */
struct timer *
timer_new(void (*due)(void *ctx), void *ctx)
{
	struct timer *t = malloc(sizeof(*t));

	if (t == NULL)
		err(1, "timer");
	t->due = due;
	t->ctx = ctx;
	if ((t->event = evtimer_new(base, timer_due, t)) == NULL)
		errx(1, "timer");
	return (t);
}

void
timer_set(struct timer *t, uint64_t ms)
{
	struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(t->event, &tv);
}

void
timer_stop(struct timer *t)
{
	event_del(t->event);
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	event_free(t->event);
	free(t);
}
