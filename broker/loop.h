/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The broker's event loop: channels to other processes, and timers. A channel whose peer breaks a
 * rule is closed and its owner told; nothing a peer sends ends the broker. Rule of lifetimes: an
 * owner is never freed inside a handler of its own channel, only in closed() or elsewhere.
 */
#ifndef BROKER_LOOP_H
#define BROKER_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"

struct event;
struct event_base;

struct channel {
	struct ipc_peer peer;		/* fd -1: closed */
	struct event *event;
	void (*closed)(void *ctx, const char *why);
	void *ctx;
};

/* Before anything else of this room. Ends the process when the loop cannot be had. */
void	loop_init(void);
void	loop_run(void);		/* until loop_stop() */
void	loop_stop(void);

uint64_t loop_now_ms(void);	/* monotonic */
uint64_t loop_wall_ms(void);	/* CLOCK_REALTIME */

/* Takes fd, whatever it returns. Reading begins when the loop runs. closed() is called once, with
 * the channel closed already, when the peer ended or broke a rule; not after channel_close().
 * Returns 0, or -1 with errno. */
int	channel_open(struct channel *, int fd, const struct ipc_table *, uint32_t state, void *ctx,
	    void (*closed)(void *ctx, const char *why));
void	channel_init(struct channel *);		/* as if closed */
void	channel_close(struct channel *);	/* of a closed one: nothing */
bool	channel_is_open(const struct channel *);

/* Is this reason the peer's end, and no rule that it broke? */
bool	channel_ended(const char *why);

/* Handles everything that has arrived, now. */
void	channel_drain(struct channel *);

/* A callback when fd can be read, as long as the process lives. */
int	loop_watch(int fd, void (*ready)(int fd, void *ctx), void *ctx);

/* One-shot timers; setting one again moves it. timer_free(NULL) is permitted. */
struct timer;
struct timer *timer_new(void (*due)(void *ctx), void *ctx);
void	timer_set(struct timer *, uint64_t ms);
void	timer_stop(struct timer *);
void	timer_free(struct timer *);

#endif
