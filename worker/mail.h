/* SPDX-License-Identifier: BSD-2-Clause */
/* A word from one lane to another (mail.c). Its owner may not use it again before it was delivered. */
#ifndef WORKER_MAIL_H
#define WORKER_MAIL_H

#include <sys/queue.h>

#include <stdbool.h>

struct lane;

#define LANES_MAX	16u

struct mail {
	void (*deliver)(struct mail *);	/* on the thread of the lane that gets it */
	void *arg;
	STAILQ_ENTRY(mail) next;
};

/* ---- mail.c: words between lanes ---- */
void	mail_init(struct lane *);
/* Within one lane it is delivered at once, to another one in its next turn; in order. */
void	mail_post(struct lane *from, struct lane *to, struct mail *);
bool	mail_is_there(struct lane *);
void	mail_turn(struct lane *);	/* delivers what came */

#endif
