/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small target in threads of this process, for the unit test of the test host: well behaved, with
 * RAM behind it, and with knobs for the shapes that its PDUs take.
 */
#ifndef TESTS_HOST_LOOP_H
#define TESTS_HOST_LOOP_H

#include <stdint.h>

struct loop_opts {
	uint8_t		 cpda;			/* dwords, 0's based */
	uint32_t	 maxh2cdata;		/* bytes */
	uint32_t	 r2t_len, c2h_len;	/* bytes of one R2T, of one C2HData */
	uint32_t	 ioccsz;		/* 16 bytes each */
	uint32_t	 flip_lba;		/* this block is wrong when read; 0: none */
};

enum { LOOP_BLOCK = 512, LOOP_BLOCKS = 8192 };

/* Returns the port on 127.0.0.1, or -1. One at a time; threads end with their connections. */
int	loop_start(const struct loop_opts *);
void	loop_stop(void);

#endif
