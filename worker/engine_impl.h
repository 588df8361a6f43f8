/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam inside the engine: engine.c is what all kinds have in common, engine_threads.c carries
 * operations to threads and back, engine_uring.c to a ring, wait_*.c waits for descriptors, file.c
 * does one operation with the system calls of file_*.c. Nobody else includes this.
 */
#ifndef WORKER_ENGINE_IMPL_H
#define WORKER_ENGINE_IMPL_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>

#include "worker/engine.h"

#define ENGINE_ZERO_SLICE 131072u	/* zeros that are written are written in pieces of this */

/* ---- what a kind of engine is ---- */
struct engine_type {
	enum engine_kind kind;
	bool needs_fd;
	void	(*free)(struct engine *);	/* also what is not complete yet */
	int	(*file_set)(struct engine *, unsigned slot, int fd);
	void	(*submit)(struct engine *, struct eng_op *);
	bool	(*cancel)(struct engine *, struct eng_op *);
	/* How long the lane may sleep, timeout_ms (-1: for ever) at most. Until `awake` whatever is
	 * done ends its sleep. */
	int	(*may_sleep)(struct engine *, int timeout_ms);
	void	(*awake)(struct engine *);
	/* Starts what waits, calls what is done. Returns how many were called, or -1 with errno. */
	int	(*run)(struct engine *);
};

/* What every kind begins with. */
struct engine {
	const struct engine_type *type;
	struct wait *wait;
	unsigned in_flight;		/* submitted, done() not called yet */
	int why;			/* errno: of two kinds the better one could not be had */
	bool has_ring_fd;
	unsigned kernel_threads;	/* that may be started for it */
};

struct engine *engine_threads_new(const struct engine_params *);	/* NULL with errno */
struct engine *engine_uring_new(const struct engine_params *);	/* ENOSYS where there is none */

/* ---- wait_epoll.c, wait_poll.c: the lane's thread only, but for wait_wake ---- */
struct wait;

struct wait *wait_new(void);	/* NULL with errno */
void	wait_free(struct wait *);	/* NULL is allowed */
int	wait_add(struct wait *, struct eng_watch *);	/* 0, or -1 with errno */
int	wait_change(struct wait *, struct eng_watch *);
void	wait_remove(struct wait *, struct eng_watch *);

/* Sleeps until something is ready, wait_wake, a signal, or the end of timeout_ms (-1: none).
 * Calls nothing. 0, or -1 with errno. */
int	wait_sleep(struct wait *, int timeout_ms);
/* Calls ready() of what wait_sleep found. Returns how many were called. */
int	wait_call(struct wait *);
/* From any thread: ends this wait_sleep, or the next one if there is none now. */
void	wait_wake(struct wait *);
/* wait_epoll.c: the eventfd behind it, for the kernel to write to. */
int	wait_eventfd(const struct wait *);

/* ---- file.c: one operation ---- */

/* Goes as far as it can without waiting. True when op is complete and good; else file_do is to go
 * on from op->moved. */
bool	file_try(struct eng_op *);
/* Carries out what is left of op, however long that takes, and sets op->error. */
void	file_do(struct eng_op *);

/* ---- file_linux.c, file_posix.c: one system call each; -1 with errno, EINTR too ---- */

/* now: EAGAIN or EOPNOTSUPP rather than waiting. */
ssize_t	file_sys_read(int fd, const struct iovec *, int n, off_t, bool now);
/* durable: what was written survives a power cut. */
ssize_t	file_sys_write(int fd, const struct iovec *, int n, off_t, bool durable);
int	file_sys_sync(int fd);
/* The range reads as zeros; EOPNOTSUPP where there is no such thing. */
int	file_sys_zero_range(int fd, off_t, off_t len);	/* stays allocated */
int	file_sys_punch_hole(int fd, off_t, off_t len);	/* is deallocated */

#endif
