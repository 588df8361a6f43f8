/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An engine over a file layer that lasts as long as the test wants; see engine_world.c.
 */
#ifndef TESTS_UNIT_ENGINE_WORLD_H
#define TESTS_UNIT_ENGINE_WORLD_H

#include <pthread.h>
#include <semaphore.h>

#include "tests/unit/kinds.h"
#include "worker/engine_impl.h"

#define OPS	64

/* What the file layer is told of an operation, by op->buf. */
struct fake {
	sem_t begun, go;	/* slow: posted when a thread has it; waited for */
	bool slow;
	bool at_hand;		/* file_try will do */
	bool tried, done_in_lane;
	uint64_t moved_before;
	int calls;		/* of done() */
};

extern pthread_t lane;
extern struct engine *engine;
extern struct eng_op ops[OPS];		/* ready to be submitted; the error of each is its number */
extern struct fake fakes[OPS];		/* ... and what the file layer does with it */
extern int order[OPS], norder;		/* of done(), a ring */

/* So many threads. teardown() and setup_kind() are those of kinds.h. */
int	setup_none(void **state);
int	setup_one(void **state);
int	setup_two(void **state);

void	note_done(struct eng_op *);	/* done() of each */
void	finish_all(void);
void	submit_slow(int i);		/* and a thread has it: it waits for fakes[i].go */

#endif
