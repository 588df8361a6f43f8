/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world around the transport of a worker; see transport_world.c.
 */
#ifndef TESTS_UNIT_TRANSPORT_WORLD_H
#define TESTS_UNIT_TRANSPORT_WORLD_H

#include "tests/unit/unit.h"
#include "worker/worker.h"

#define SQSIZE 8u
#define ASKED 16u

/* Of the broker: lock, unlock, held or reset. */
struct asked { const char *what; uint64_t token; struct ipc_range range; };

extern struct world {
	struct lane lane;
	struct controller ctrl;
	struct seat seat;		/* of queue 1 */
	struct qpair *qp;
	int host;			/* the other end */
	struct conn_params params;
	bool closed;			/* the queue is gone */
	unsigned errors, alive;		/* calls of ctrl_error, ctrl_alive */
	struct slot *held[SQSIZE];	/* by command 00h */
	unsigned nheld;
	uint8_t written[65536];		/* by command 01h */
	uint32_t nwritten;
	struct slot *aborter;		/* of the last abort_over() */
	bool aborted;			/* ... and what it said */
	struct asked asked[ASKED];
	unsigned nasked;
	bool broker_is_away;		/* the channel takes nothing */
} world;

struct world_opts {
	struct conn_params params;	/* 0: as in begin() */
	bool noflow;
	uint32_t r2t_size, c2h_data_max;
	enum engine_kind engine;
};

/* setup and teardown of a test: plain, or with both digests, HPDA 3 and no SQ flow control */
int	begin(void **state);
int	begin_digests(void **state);
int	begin_opts(void **state, const struct world_opts *);
int	end(void **state);

void	turns(unsigned n);
void	put(const void *, size_t);	/* and two turns */
void	get(void *, size_t);
void	nothing_comes(void);

/* A CapsuleCmd into out: data != NULL is in the capsule, else the SGL asks for len bytes. */
size_t	capsule(uint8_t *out, uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data);
size_t	capsule_of(uint8_t *out, const struct nvme_sqe *, uint32_t len, const uint8_t *data);
void	command(uint8_t opc, uint16_t cid, uint32_t len, const uint8_t *data);
void	h2cdata(uint16_t cid, uint16_t ttag, uint32_t datao, const uint8_t *data, uint32_t len,
	    bool last, bool good);

void	expect_response(uint16_t cid, uint16_t status);
uint16_t expect_r2t(uint16_t cid, uint32_t len);	/* returns the TTAG */
uint16_t expect_window(uint16_t cid, uint32_t from, uint32_t len);	/* one R2T of several */
void	expect_data(uint16_t cid, uint32_t len, bool success);
void	expect_piece(uint16_t cid, uint32_t from, uint32_t len, uint8_t flags);
void	expect_termreq(uint16_t fes, uint32_t fei);

#endif
