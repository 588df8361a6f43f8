/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words with the broker.
 */
#ifndef WORKER_ASK_H
#define WORKER_ASK_H

#include <stdint.h>

struct controller;
struct ipc_connect;
struct ipc_hello;
struct ipc_queue_handoff;
struct ipc_range;
struct ipc_range_ref;
struct ipc_resv;
struct lane;

/* ---- ask.c: every question to the broker, and its words to us ---- */
int	ask_hello(struct ipc_hello *);		/* waits for it, before the sandbox; 0 or -1 */
int	ask_start(struct lane *, int door);	/* 0 or -1 */
void	ask_state(uint32_t state);		/* S_ bits of ipc.h */
int	ask_connect(const struct ipc_connect *);
int	ask_queue(const struct ipc_connect *);
int	ask_queue_hand(const struct ipc_queue_handoff *, int fd);
void	ask_log(uint32_t msg, const char *text, unsigned nargs, ...);	/* uint64_t arguments */
void	ask_stats(const struct controller *);	/* STATE to the broker */
void	ask_title(void);
int	ask_reservation(const struct ipc_resv *);	/* 0, or -1: there is no room now */
void	ask_fenced(uint64_t fence);	/* all that began before that change is finished */
/* 0, or -1 when the channel is full. */
int	ask_range_lock(const struct ipc_range *);
int	ask_range_unlock(const struct ipc_range_ref *);
int	ask_range_held(const struct ipc_range_ref *);
int	ask_range_reset_done(void);
void	ask_ctrl(struct controller *);		/* whom QUEUE_ASK and LEAVE are for */

#endif
