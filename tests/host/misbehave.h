/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misbehaviour by table: what a hostile host sends, row by row, and what a good target does then.
 * misbehave.c runs the rows; each misbehave_*.c is one table with the functions that it needs.
 */
#ifndef TESTS_HOST_MISBEHAVE_H
#define TESTS_HOST_MISBEHAVE_H

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

struct mis;
struct mis_row;

/* How far the connection has come when a row begins. */
enum mis_level { L_TCP, L_GREETED, L_CONNECTED, L_ENABLED, L_IO };

/* What the target does; SILENT, VIOLATION and SETUP are never expected. */
enum mis_kind {
	X_NONE, X_TERM, X_STATUS, X_CLOSE, X_SILENT, X_VIOLATION, X_SETUP, X_SKIP,
};

#define X_ANY	0xffffffffu

/* X_TERM: FES and FEI; X_STATUS: SCT and SC, and DW0 of the answer; X_ANY fits all. */
struct mis_outcome {
	enum mis_kind	 kind;
	uint32_t	 a, b;
};

#define TERM(fes, fei)		{X_TERM, fes, fei}
#define TERM_ANY		{X_TERM, X_ANY, X_ANY}
#define STATUS(status)		{X_STATUS, status, X_ANY}
#define REFUSED_AT(iattr, ipo)	{X_STATUS, ST_PARAMETER, (iattr) << 16 | (ipo)}
#define SUCCESS			{X_STATUS, 0, X_ANY}
#define CLOSE			{X_CLOSE, 0, 0}

enum { MIS_EXPECT = 5 };

enum {
	R_DIGEST = 1,		/* with header and data digests */
	R_GONE = 2,		/* the queue need not work after an answer with a status */
	R_SLOW = 4,		/* takes a minute: only by name or with --slow */
	R_MDTS = 8,		/* needs a target with an MDTS below our buffer */
	R_NVM = 16,		/* needs an I/O controller */
	R_DISCOVERY = 32,	/* needs a discovery controller */
};

/* send() uses at, width, value and extra as it likes: mostly a field to be changed. */
struct mis_row {
	const char	*name;
	enum mis_level	 level;
	int		(*send)(struct mis *, const struct mis_row *);
	unsigned	 at, width;
	uint64_t	 value;
	struct mis_outcome expect[MIS_EXPECT];
	unsigned	 flags, extra;
};

struct mis_table {
	const char	*name;
	const struct mis_row *row;
	unsigned	 nrows;
};

extern const struct mis_table mis_rows_icreq, mis_rows_header, mis_rows_digest, mis_rows_capsule,
    mis_rows_h2cdata, mis_rows_connect, mis_rows_property, mis_rows_admin, mis_rows_io;

enum { MIS_PDU_MAX = 8 << 20, MIS_BUF_MAX = 4 << 20 };

/* One row in progress. */
struct mis {
	struct host_opts opts;
	struct host_ctrl ctrl;		/* from L_CONNECTED on */
	struct host_queue *q;		/* where the row happens */
	struct host_queue *own;		/* to be freed: q, when it is not the controller's */
	struct host_ns	 ns;		/* L_IO */
	struct host_cmd	 cmd, other;
	struct host_cmd	*watch;		/* its answer is an outcome */
	bool		 watch_ready;	/* so is ICResp: SUCCESS */
	uint8_t		*buf;		/* MIS_BUF_MAX */
	uint8_t		*pdu;		/* MIS_PDU_MAX: what is sent, and what a TermReq quotes */
	size_t		 pdu_len;
	const uint8_t	*fei;		/* the FEI that a C2HTermReq must have, in pdu; or NULL */
	int		 wait_ms;
	char		 why[200];
};

/* send() returns 0, or one of these after having said why. */
enum { MIS_SETUP = -1, MIS_SKIP = -2 };

int	mis_fail(struct mis *, const char *, ...) __attribute__((format(printf, 2, 3)));
int	mis_skip(struct mis *, const char *);

/* misbehave_pdu.c: PDUs taken in hand. mis_capsule(): cmd is in flight, its PDU not yet sent. */
void	mis_patch(uint8_t *, const struct mis_row *);
void	mis_capsule(struct mis *, struct host_cmd *);
void	mis_seal(struct mis *);
int	mis_send(struct mis *);
int	mis_submit(struct mis *, struct host_cmd *);
int	mis_wait(struct mis *, const struct host_cmd *);
int	mis_gone(struct mis *);
int	mis_drain(struct mis *);
int	mis_long_write(struct mis *, uint32_t len);
int	mis_held_write(struct mis *, uint32_t len);
void	mis_h2cdata(struct mis *, uint32_t offset, uint32_t len, bool last);
struct host_queue *mis_second_queue(struct mis *, uint16_t qid, uint32_t size);

/* Shared by tables. */
int	mis_sqe(struct mis *, const struct mis_row *, struct host_cmd *);

#endif
