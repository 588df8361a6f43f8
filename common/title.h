/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process says of itself in ps: "worker: nqn... cntlid 7, 4 queues". Works after the
 * sandbox: it writes into the space of argv and environment, no system call.
 */
#ifndef COMMON_TITLE_H
#define COMMON_TITLE_H

#include <stdint.h>

/* First thing in main(), with main's own arguments. role: "worker", a constant. */
void	title_init(const char *role, int argc, char **argv, char **envp);
void	title_set(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* hostnqn is the host's own text and is escaped here. */
void	title_set_host(const char *hostnqn, uint16_t cntlid, unsigned queues);

#endif
