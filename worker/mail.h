/* SPDX-License-Identifier: BSD-2-Clause */
/* A word from one lane to another (mail.c). Its owner may not use it again before it was delivered. */
#ifndef WORKER_MAIL_H
#define WORKER_MAIL_H

#include <sys/queue.h>

struct mail {
	void (*deliver)(struct mail *);	/* on the thread of the lane that gets it */
	void *arg;
	STAILQ_ENTRY(mail) next;
};

#endif
