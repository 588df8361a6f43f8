/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before identity: a connection that is not a controller's yet.
 */
#ifndef WORKER_GREET_H
#define WORKER_GREET_H

struct ipc_admit;
struct ipc_hello;
struct ipc_queue_ref;
struct ipc_refuse;
struct lane;

/* ---- greet.c: before identity ---- */
int	greet_start(struct lane *, int fd, const struct ipc_hello *);	/* takes fd */
void	greet_admitted(const struct ipc_admit *);
void	greet_refused(const struct ipc_refuse *);
void	greet_queue_ok(const struct ipc_queue_ref *);

#endif
