/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words between the lanes of a worker: rare ones, about queues and namespaces, never about I/O. The
 * lock is held for the time of a list operation.
 */
#include "config.h"

#include "worker/worker.h"

void
mail_init(struct lane *lane)
{
	pthread_mutex_init(&lane->inbox.lock, NULL);
	STAILQ_INIT(&lane->inbox.list);
}

void
mail_post(struct lane *from, struct lane *to, struct mail *m)
{
	if (from == to) {
		m->deliver(m);
		return;
	}
	pthread_mutex_lock(&to->inbox.lock);
	STAILQ_INSERT_TAIL(&to->inbox.list, m, next);
	__atomic_store_n(&to->inbox.any, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&to->inbox.lock);
	engine_wake(to->engine);
}

bool
mail_is_there(struct lane *lane)
{
	return (__atomic_load_n(&lane->inbox.any, __ATOMIC_ACQUIRE));
}

void
mail_turn(struct lane *lane)
{
	STAILQ_HEAD(, mail) list = STAILQ_HEAD_INITIALIZER(list);
	struct mail *m;

	if (!mail_is_there(lane))
		return;
	pthread_mutex_lock(&lane->inbox.lock);
	STAILQ_CONCAT(&list, &lane->inbox.list);
	__atomic_store_n(&lane->inbox.any, false, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&lane->inbox.lock);
	while ((m = STAILQ_FIRST(&list)) != NULL) {
		STAILQ_REMOVE_HEAD(&list, next);
		m->deliver(m);
	}
}
