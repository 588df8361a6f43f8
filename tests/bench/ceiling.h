/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside of the ceiling: the process, and its connections.
 */
#ifndef TESTS_BENCH_CEILING_H
#define TESTS_BENCH_CEILING_H

#include "tests/bench/bench.h"
#include "tests/host/spec.h"

enum { BARE_MAX = 64, BARE_IOV = 1024, BARE_RX = 256 << 10, BARE_HEADS = BARE_IOV * 32 };

struct responder;

/* What a client says first: how the connection shall be. */
struct greeting { uint8_t hdgst, ddgst, lba_shift, copies; };

/* A write whose data was asked for, by command identifier. */
struct bare_write { uint8_t *to; uint32_t len; };

struct bare {
	struct responder *r;
	int		 fd;
	bool		 hdgst, ddgst;
	bool		 copies;		/* receives large data elsewhere, and copies it */
	bool		 watches_out;
	uint8_t		 lba_shift;

	struct iovec	 tx[BARE_IOV];
	unsigned	 tx_head, tx_tail;
	uint8_t		 head[BARE_HEADS];	/* headers and digests of what is in tx */
	size_t		 heads;

	uint8_t		*rx;
	size_t		 rx_head, rx_tail;
	uint8_t		*to;			/* data that is coming in, */
	uint32_t	 left, len;		/* what is left of it, and all of it */
	bool		 wants_ddgst;
	uint16_t	 cid;			/* whose it is */
	struct bare_write write[1 << 16];
};

struct responder {
	int		 listener, epoll;
	atomic_bool	*spin;
	uint8_t		*memory;
	uint64_t	 bytes;
	struct bare	 bare[BARE_MAX];
	unsigned	 nbare;
};

void	bare_open(struct bare *, struct responder *, int fd, const struct greeting *);
void	bare_turn(struct bare *);

/* bare_rx.c */
bool	bare_receive(struct bare *);
bool	bare_step(struct bare *);

/* bare.c: what is sent */
bool	bare_has_room(const struct bare *);
void	bare_send_data(struct bare *, uint16_t cid, const uint8_t *data, uint32_t len);
void	bare_send_response(struct bare *, uint16_t cid);
void	bare_send_r2t(struct bare *, uint16_t cid, uint32_t len);

#endif
