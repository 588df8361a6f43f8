/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the sandbox: the steps that a platform has, in the order in which sandbox_enter() takes
 * them. Only common/sandbox*.c include this.
 */
#ifndef COMMON_SANDBOX_LAYERS_H
#define COMMON_SANDBOX_LAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "common/sandbox.h"

enum sandbox_outcome {
	STEP_DONE,
	STEP_KERNEL_LACKS,	/* this kernel cannot: never a reason to stop */
	STEP_NOT_ALLOWED,	/* we may not: a reason under `require` */
	STEP_FAILED,		/* it should have worked: always a reason, err says why */
};

struct sandbox_entry {
	const struct sandbox *s;
	char *err;
	size_t errsize;
};

struct sandbox_step {
	uint32_t layer;		/* SANDBOX_ bit that it belongs to, or 0 */
	uint32_t roles;		/* who takes it, as bits by enum role */
	enum sandbox_outcome (*enter)(struct sandbox_entry *);
};

#define ROLE_BIT(role)	(1u << (role))
#define ROLES_ALL	(ROLE_BIT(ROLE_BROKER) | ROLE_BIT(ROLE_LISTENER) | \
			ROLE_BIT(ROLE_WORKER) | ROLE_BIT(ROLE_OPENER))

/* The platform's table, ended by a step without a function. */
extern const struct sandbox_step sandbox_steps[];

/* sandbox.c: fills err with text and strerror(errno), if errno is not 0. */
enum sandbox_outcome sandbox_failed(struct sandbox_entry *, const char *what);

/* sandbox_basic.c: what every Unix has */
enum sandbox_outcome sandbox_root(struct sandbox_entry *);
enum sandbox_outcome sandbox_ids(struct sandbox_entry *);
enum sandbox_outcome sandbox_limits(struct sandbox_entry *);
enum sandbox_outcome sandbox_start(struct sandbox_entry *);
enum sandbox_outcome sandbox_last_limits(struct sandbox_entry *);

/* sandbox_caps.c, sandbox_landlock.c, sandbox_seccomp.c: Linux */
enum sandbox_outcome sandbox_caps_before_ids(struct sandbox_entry *);
enum sandbox_outcome sandbox_caps_after_ids(struct sandbox_entry *);
enum sandbox_outcome sandbox_landlock(struct sandbox_entry *);
enum sandbox_outcome sandbox_seccomp(struct sandbox_entry *);

#endif
